//! A value that came, under one of its lenses, and what can be done with the item of it that is selected.

use egui::{Id, Label, Panel, Rect, RichText, Ui};

use super::changes::changes_ui;
use super::find::find_ui;
use super::hex::hex_ui;
use super::notation::notation_ui;
use super::parts::{copy_entry_ui, hint_of, muted};
use super::theme::palette;
use super::tree::tree_ui;
use super::{filling_ui, panel_frame};
use crate::command::Command;
use crate::lens::hex;
use crate::model::find::Find;
use crate::model::reply::Body;
use crate::model::view::Lens;
use crate::text;

/// The most of a path that is shown; the copy has it all.
const PATH_SHOWN: usize = 300;

/// How a value is looked at, and what is looked for in it.
#[derive(Clone, Copy)]
pub(super) struct Glass<'m> {
    pub(super) lens: Lens,
    pub(super) find: Option<&'m Find>,
}

/// A value, and the choice of how it is looked at. An empty title is left out.
pub(super) fn body_ui(ui: &mut Ui, title: &str, body: &Body, glass: Glass<'_>, wishes: &mut Vec<Command>) {
    let Glass { lens, find } = glass;
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        if !title.is_empty() {
            ui.label(RichText::new(title).strong());
            ui.add_space(4.0);
        }
        lenses_ui(ui, body, glass, wishes);
    });
    if let Some(find) = find {
        find_ui(ui, find, wishes);
    }
    Panel::bottom("selected item")
        .show_separator_line(false)
        .frame(panel_frame(ui, 0, 0))
        .show(ui, |ui| selected_ui(ui, body));
    note_place(ui);
    let name = ("lens", lens.text());
    let clicked = filling_ui(ui, name, |ui| match lens {
        Lens::Tree => tree_ui(ui, name, body, wishes),
        Lens::Diagnostic => notation_ui(ui, name, &body.diagnostic, &body.outline, body.selected),
        Lens::Hex => hex_ui(ui, name, &body.bytes, &body.outline, body.selected),
        Lens::Changes => changes_ui(ui, name, body),
    });
    if let Some(item) = clicked {
        // What is selected already is let go of.
        wishes.push(Command::SelectItem(Some(item).filter(|item| body.selected != Some(*item))));
    }
}

/// Under which name it is remembered where the reply is.
const PLACE: &str = "reply's place";

/// Remembers where the reply is, for [`has_focus`].
fn note_place(ui: &Ui) {
    let place = (ui.ctx().cumulative_pass_nr(), ui.available_rect_before_wrap());
    ui.data_mut(|data| data.insert_temp(Id::unique(PLACE), place));
}

/// Whether something of a reply has the focus.
pub(super) fn has_focus(ui: &Ui) -> bool {
    let place: Option<(u64, Rect)> = ui.data(|data| data.get_temp(Id::unique(PLACE)));
    // Another page may be there instead by now.
    let place = place.filter(|(pass, _)| pass + 2 >= ui.ctx().cumulative_pass_nr()).map(|(_, place)| place);
    let focused = ui.memory(|memory| memory.focused());
    let rect = focused.and_then(|id| ui.ctx().viewport(|it| it.prev_pass.widgets.get(id).map(|it| it.rect)));
    place.zip(rect).is_some_and(|(place, rect)| place.contains(rect.center()))
}

fn lenses_ui(ui: &mut Ui, body: &Body, Glass { lens, find }: Glass<'_>, wishes: &mut Vec<Command>) {
    for choice in Lens::ALL {
        let text = match (choice, &body.compared) {
            (Lens::Changes, Some(compared)) => {
                format!("Changes {}", text::count(compared.changes.count() as u64))
            }
            _ => choice.text().to_owned(),
        };
        let response = ui.selectable_label(lens == choice, text);
        let command = Command::SetLens(choice);
        let response = response.on_hover_text(hint_of(ui, &command));
        if response.clicked() {
            wishes.push(command);
        }
        // The request has lenses of the same names.
        response.accessible_name(format!("Reply as {}", choice.text()));
    }
    let (hint, copied): (_, fn(&Body) -> String) = match lens {
        Lens::Hex => ("Copies the bytes in hex", |body| hex::all(&body.bytes)),
        Lens::Changes => ("Copies what changed, line by line", |body| {
            body.compared.as_ref().map(|compared| compared.changes.to_string()).unwrap_or_default()
        }),
        _ => ("Copies the diagnostic notation", |body| body.diagnostic.text().to_owned()),
    };
    if ui.button("Copy").on_hover_text(hint).accessible_name("Copy reply").clicked() {
        ui.ctx().copy_text(copied(body));
    }
    let command = Command::FindInReply;
    let button = ui.selectable_label(find.is_some(), "Find").accessible_name(command.text());
    if button.on_hover_text(hint_of(ui, &command)).clicked() {
        wishes.push(if find.is_some() { Command::FindNothing } else { command });
    }
}

/// The line below the lens: where the selected item is, and buttons to copy it.
fn selected_ui(ui: &mut Ui, body: &Body) {
    let colors = palette(ui);
    ui.separator();
    ui.horizontal(|ui| {
        let Some(item) = body.selected else {
            ui.label(muted(&colors, "Click an item to see where it is, and to copy it").small());
            return;
        };
        if ui.button("Copy path").clicked() {
            ui.ctx().copy_text(body.outline.path(item, &body.bytes));
        }
        if ui.button("Copy value").clicked() {
            ui.ctx().copy_text(body.copied(item));
        }
        let path = match body.outline.path(item, &body.bytes) {
            path if path.is_empty() => RichText::new("the whole value").color(colors.muted),
            path => RichText::new(text::line(&path, PATH_SHOWN)).monospace(),
        };
        let span = body.outline.item(item).bytes.of_value();
        let size = text::size(span.len());
        let place = format!("{size}, from byte {} on", text::count(span.start as u64));
        ui.add(Label::new(path).truncate()).on_hover_text(place);
    });
}

/// What can be copied of an item, at its right mouse button.
pub(super) fn item_menu_ui(ui: &mut Ui, body: &Body, item: usize) {
    let encoded = || &body.bytes[body.outline.item(item).bytes.of_value()];
    copy_entry_ui(ui, "Copy path", || body.outline.path(item, &body.bytes));
    copy_entry_ui(ui, "Copy value", || body.copied(item));
    copy_entry_ui(ui, "Copy in hex", || hex::all(encoded()));
}
