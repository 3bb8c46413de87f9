//! What is different in a reply from the one before.

use egui::{Align2, AsIdSalt, Label, RichText, TextStyle, Ui, pos2, vec2};

use super::parts::{clipped_text, empty_ui, muted};
use super::rows::{Chosen, row_ui, rows_ui};
use super::theme::palette;
use crate::lens::difference::{Change, ChangeKind, Changes};
use crate::model::reply::{Body, Compared};
use crate::text;

const ROW_HEIGHT: f32 = 20.0;

/// Draws the changes in sight, and says which item was clicked.
pub(super) fn changes_ui(ui: &mut Ui, name: impl AsIdSalt, body: &Body) -> Option<usize> {
    let Some(Compared { with, changes }) = &body.compared else {
        empty_ui(ui, "Nothing to compare with", "Call again: what is different then is listed here.");
        return None;
    };
    if changes.is_empty() {
        empty_ui(ui, &format!("The same as {with}"), "Every item has the value that it had.");
        return None;
    }
    ui.add(Label::new(muted(&palette(ui), summary(with, changes)).small()).wrap());
    let row = body.selected.and_then(|item| changes.list.iter().position(|change| change.item == Some(item)));
    let chosen = body.selected.zip(row).map(|(item, row)| Chosen { item, row });
    let mut clicked = None;
    rows_ui(ui, name, ROW_HEIGHT, changes.list.len(), chosen, |ui, range| {
        for change in &changes.list[range] {
            if change_ui(ui, change, change.item.is_some() && change.item == body.selected) {
                clicked = change.item;
            }
        }
    });
    clicked
}

/// How many changes of which kind: `Compared with #41: 1 added, 2 changed`.
fn summary(with: &str, changes: &Changes) -> String {
    let counts = [(changes.added, "added"), (changes.removed, "removed"), (changes.changed, "changed")];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| 0 < *count)
        .map(|(count, word)| format!("{} {word}", text::count(*count as u64)))
        .collect();
    let shown = match changes.count() - changes.list.len() {
        0 => String::new(),
        _ => format!("; the first {} are listed", text::count(changes.list.len() as u64)),
    };
    format!("Compared with {with}: {}{shown}", counts.join(", "))
}

/// Draws a change, and says whether it was clicked.
fn change_ui(ui: &mut Ui, change: &Change, is_selected: bool) -> bool {
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let response = row_ui(ui, size, 3.0, is_selected, || change.to_string());
    let (rect, colors, painter) = (response.rect, palette(ui), ui.painter_at(response.rect));
    let color = match change.kind {
        ChangeKind::Added => colors.ok,
        ChangeKind::Removed => colors.error,
        ChangeKind::Changed => colors.warn,
    };
    let font = TextStyle::Monospace.resolve(ui.style());
    let at = |x: f32| pos2(rect.left() + x, rect.center().y);
    painter.text(at(10.0), Align2::CENTER_CENTER, change.kind.sign(), font.clone(), color);
    let path = if change.path.is_empty() { "the whole value" } else { &change.path };
    let path = painter.text(at(22.0), Align2::LEFT_CENTER, path, font.clone(), ui.visuals().text_color());
    let place = rect.with_min_x((path.right() + 12.0).min(rect.right() - 40.0));
    if clipped_text(ui, &change.values(), place, font, colors.muted) {
        let words = RichText::new(change.to_string()).monospace();
        return response.on_hover_text(words).clicked();
    }
    response.clicked()
}
