//! Saved requests, in the place of the request: saved to a folder, listed, opened.

use egui::{Button, Label, RichText, ScrollArea, TextEdit, Ui};

use super::parts::{command_button_ui, empty_ui, failure_card_ui, field_name_ui, loading_ui, muted};
use super::theme::palette;
use crate::command::Command;
use crate::model::shelf::{SavedFile, Shelf, ShelfCommand};
use crate::text;

/// The widths of the names in front of the fields, and of the buttons behind them.
const NAME_WIDTH: f32 = 56.0;
const BUTTONS_WIDTH: f32 = 240.0;

/// All of it.
pub(super) fn shelf_ui(ui: &mut Ui, shelf: &mut Shelf, procedure: &str, wishes: &mut Vec<Command>) {
    ui.add_space(4.0);
    folder_ui(ui, shelf, wishes);
    save_ui(ui, shelf, procedure, wishes);
    match &shelf.remark {
        Some(Ok(words)) => drop(ui.add(Label::new(muted(&palette(ui), text::line(words, 400))).wrap())),
        Some(Err(failure)) => failure_card_ui(ui, failure),
        None => {}
    }
    ui.separator();
    match &shelf.files {
        None => loading_ui(ui, "Looking into the folder…"),
        Some(Err(failure)) => failure_card_ui(ui, failure),
        Some(Ok(files)) if files.is_empty() => {
            empty_ui(
                ui,
                "No saved requests",
                "Give the request a name and save it. Each is a small text file.",
            );
        }
        Some(Ok(files)) => {
            ScrollArea::vertical()
                .auto_shrink(false)
                .show(ui, |ui| {
                    let (own, others): (Vec<_>, Vec<_>) =
                        files.iter().partition(|file| file.procedure.as_deref() == Ok(procedure));
                    for (title, files) in [("Of this procedure", own), ("Others", others)] {
                        if !files.is_empty() {
                            ui.label(muted(&palette(ui), title).small());
                            files.into_iter().for_each(|file| file_ui(ui, file, wishes));
                            ui.add_space(6.0);
                        }
                    }
                })
                .inner
        }
    }
}

fn folder_ui(ui: &mut Ui, shelf: &mut Shelf, wishes: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        field_name_ui(ui, "Folder", NAME_WIDTH);
        let edit = TextEdit::singleline(&mut shelf.folder).desired_width(field_width(ui));
        let edit = ui.add(edit);
        let is_typed = edit.lost_focus();
        edit.accessible_name("Folder of saved requests");
        command_button_ui(ui, Command::Shelf(ShelfCommand::Choose), true, wishes);
        if ui.button(ShelfCommand::Look.text()).clicked() || is_typed {
            wishes.push(Command::Shelf(ShelfCommand::Look));
        }
    });
}

fn save_ui(ui: &mut Ui, shelf: &mut Shelf, procedure: &str, wishes: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        field_name_ui(ui, "Name", NAME_WIDTH);
        let hint = text::line(procedure.rsplit('/').next().unwrap_or_default(), 60);
        let edit = TextEdit::singleline(&mut shelf.name).hint_text(hint).desired_width(field_width(ui));
        ui.add(edit).accessible_name("Name of the saved request");
        let name = shelf.name_of(procedure);
        let mistake = Shelf::mistake_in(name);
        let word = if shelf.has(name) { "Replace" } else { ShelfCommand::Save.text() };
        let save = ui.add_enabled(mistake.is_none(), Button::new(word));
        let save = save.on_disabled_hover_text(mistake.unwrap_or_default());
        if save.clicked() {
            wishes.push(Command::Shelf(ShelfCommand::Save));
        }
    });
}

/// What name and buttons leave of a row.
fn field_width(ui: &Ui) -> f32 {
    // In a row that may go on below, what is available is all of it.
    (ui.available_size_before_wrap().x - BUTTONS_WIDTH).max(120.0)
}

fn file_ui(ui: &mut Ui, file: &SavedFile, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    ui.horizontal(|ui| {
        let name = text::line(&file.name, 60);
        let open = ui.add_enabled(file.procedure.is_ok(), Button::new("Open").small());
        if open.clicked() {
            wishes.push(Command::Shelf(ShelfCommand::Open(file.name.clone())));
        }
        open.accessible_name(format!("Open {name}"));
        ui.label(RichText::new(name).strong());
        match &file.procedure {
            Ok(procedure) => ui.add(Label::new(muted(&colors, text::line(procedure, 80))).truncate()),
            Err(wrong) => {
                let words = RichText::new(text::line(wrong, 300)).small().color(colors.error);
                ui.add(Label::new(words).truncate())
            }
        };
    });
}
