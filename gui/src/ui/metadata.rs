//! What travels beside the arguments: keys, each with text or bytes.

use egui::{CollapsingHeader, ComboBox, TextEdit, Ui};

use super::form::mistake_ui;
use super::parts::muted;
use super::theme::palette;
use crate::model::draft::{Draft, MOST_ROWS, MetadataRow};

/// Draws the metadata, folded away while there is none.
pub(super) fn metadata_ui(ui: &mut Ui, draft: &mut Draft) {
    let count = draft.whole.metadata.iter().filter(|row| !row.is_empty()).count();
    let title = if count == 0 { "Metadata".to_owned() } else { format!("Metadata ({count})") };
    CollapsingHeader::new(title).id_salt("metadata").default_open(false).show(ui, |ui| {
        let tried = draft.tried;
        let rows = &mut draft.whole.metadata;
        let mut removed = None;
        for (index, row) in rows.iter_mut().enumerate() {
            if row_ui(ui, row, index + 1, tried) {
                removed = Some(index);
            }
        }
        if let Some(index) = removed {
            draft.remove_metadata(index);
        }
        let rows = &mut draft.whole.metadata;
        ui.horizontal(|ui| {
            let add = ui.add_enabled(rows.len() < MOST_ROWS, egui::Button::new("Add").small());
            if add.clicked() {
                rows.push(MetadataRow::default());
            }
            add.accessible_name("Add metadata");
            ui.label(muted(&palette(ui), "Travels beside the arguments; the handler may read it").small());
        });
    });
}

/// Draws a row, and says whether it is to be removed.
fn row_ui(ui: &mut Ui, row: &mut MetadataRow, number: usize, tried: bool) -> bool {
    let mut is_removed = false;
    ui.horizontal(|ui| {
        let key = ui.add(TextEdit::singleline(&mut row.key.text).hint_text("key").desired_width(120.0));
        row.key.touched |= key.changed();
        key.accessible_name(format!("Metadata key {number}"));
        let menu = ComboBox::from_id_salt(("metadata encoding", number))
            .selected_text(row.value.encoding.text())
            .width(72.0)
            .show_ui(ui, |ui| {
                for encoding in MetadataRow::ENCODINGS {
                    ui.selectable_value(&mut row.value.encoding, encoding, encoding.text());
                }
            });
        menu.response.accessible_name(format!("Encoding of metadata {number}"));
        let value = ui.add(TextEdit::singleline(&mut row.value.line.text).desired_width(200.0));
        row.value.line.touched |= value.changed();
        value.accessible_name(format!("Metadata value {number}"));
        let remove = ui.small_button("Remove");
        is_removed = remove.clicked();
        remove.accessible_name(format!("Remove metadata {number}"));
    });
    let is_worth_saying = tried || row.value.line.touched;
    if let Err(wrong) = row.entry()
        && is_worth_saying
        && !row.is_empty()
    {
        mistake_ui(ui, &wrong);
    }
    is_removed
}
