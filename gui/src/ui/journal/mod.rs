//! The calls that were made here, in the place of the request: listed, searched, looked into, made again.

mod row;
mod shown;

use egui::{Frame, Label, Panel, RichText, ScrollArea, TextEdit, Ui};

use self::row::{ROW_HEIGHT, call_ui};
use self::shown::shown_ui;
use super::parts::{command_button_ui, empty_ui, muted};
use super::theme::palette;
use crate::command::Command;
use crate::model::calls::OwnCall;
use crate::model::journal::Remark;
use crate::model::journal::asked::{CopyAs, JournalCommand};
use crate::model::journal::entry::EntryId;
use crate::model::journal::recall::{Reach, Recall};
use crate::model::tab::Tab;
use crate::text;

/// What lands on disk, and what does not.
pub(super) const KEPT: &str = "Only you can read the file. It has at most 2,000 calls and 8 MiB; the oldest go, pinned ones stay. \
    Metadata that looks like a secret (authorization, cookie, token, secret, password, api-key…) is neither written \
    down nor copied. Arguments and replies are kept as they are: where they are secret, switch this off.";

/// All of it.
pub(super) fn journal_ui(ui: &mut Ui, tab: &mut Tab, wishes: &mut Vec<Command>) {
    let place = tab.place();
    tab.recall.refresh(place);
    let (id, recall) = (tab.id, &mut tab.recall);
    search_ui(ui, recall, wishes);
    Panel::bottom("kept")
        .show_separator_line(false)
        .frame(Frame::new())
        .show(ui, |ui| kept_ui(ui, recall, wishes));
    if recall.shown().is_some() {
        let height = (ui.available_height() * 0.55).max(120.0);
        Panel::bottom("shown call")
            .resizable(true)
            .default_size(height)
            .size_range(100.0..=height.max(140.0))
            .frame(Frame::new())
            .show(ui, |ui| super::filling_ui(ui, id, |ui| shown_ui(ui, recall, wishes)));
    }
    list_ui(ui, recall, wishes);
}

fn search_ui(ui: &mut Ui, recall: &mut Recall, wishes: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        for reach in Reach::ALL {
            if ui.selectable_label(recall.reach == reach, reach.text()).clicked() {
                wishes.push(Command::Journal(JournalCommand::SetReach(reach)));
            }
        }
        let edit = TextEdit::singleline(&mut recall.query).hint_text("Search arguments, replies, codes…");
        ui.add(edit.desired_width(f32::INFINITY)).accessible_name("Search calls");
    });
}

fn list_ui(ui: &mut Ui, recall: &Recall, wishes: &mut Vec<Command>) {
    if recall.found.is_empty() {
        return match recall.query.trim() {
            "" => {
                empty_ui(ui, "No calls yet", "Each call that you make is listed here, also in the next run.")
            }
            _ => empty_ui(ui, "Nothing matches", "Every word has to occur in a call or in its reply."),
        };
    }
    let chosen = recall.chosen.as_ref().map(|chosen| &chosen.id);
    ui.spacing_mut().item_spacing.y = 1.0;
    ScrollArea::vertical().id_salt("calls").auto_shrink(false).show_rows(
        ui,
        ROW_HEIGHT,
        recall.found.len(),
        |ui, range| {
            for noted in &recall.found[range] {
                let is_chosen = chosen == Some(&noted.entry.id);
                if call_ui(ui, noted, recall, is_chosen) {
                    wishes.push(Command::Journal(JournalCommand::Choose(noted.entry.id.clone())));
                }
            }
        },
    );
}

/// Where the calls are kept, and what can be done about that.
fn kept_ui(ui: &mut Ui, recall: &mut Recall, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    ui.add_space(4.0);
    for remark in &recall.pages.remarks {
        let color = if matches!(remark, Remark::Trouble(_)) { colors.error } else { colors.warn };
        ui.add(Label::new(RichText::new(text::paragraph(&remark.text(), 400)).small().color(color)).wrap());
    }
    if recall.asks_to_clear {
        return clear_ui(ui, recall.reach, wishes);
    }
    ui.horizontal(|ui| {
        match &recall.pages.file {
            Some(file) => {
                let mut keeps = recall.keeps.unwrap_or(true);
                let keep = JournalCommand::KeepCalls(!keeps);
                let switch = egui::Checkbox::new(&mut keeps, keep.text());
                let switch = ui.add_enabled(recall.keeps.is_some(), switch);
                let why = "To switch it off, save this server as a profile first.";
                if switch.on_disabled_hover_text(why).clicked() {
                    wishes.push(Command::Journal(keep));
                }
                let words = ui.label(muted(&colors, "What is kept?").small());
                words.on_hover_text(format!("{}\n\n{KEPT}", file.display()));
            }
            None => {
                ui.label(muted(&colors, "Kept until this window closes").small());
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let clear = JournalCommand::AskToClear;
            let can_clear = recall.pages.calls.iter().any(|noted| !noted.entry.pinned);
            if ui.add_enabled(can_clear, egui::Button::new(clear.text()).small()).clicked() {
                wishes.push(Command::Journal(clear));
            }
        });
    });
}

pub(super) fn clear_ui(ui: &mut Ui, reach: Reach, wishes: &mut Vec<Command>) {
    let whose = if reach == Reach::Everywhere { "of all servers" } else { "of this server" };
    ui.horizontal(|ui| {
        ui.label(format!("Forget every call {whose} that is not pinned?"));
        for command in [JournalCommand::Clear, JournalCommand::KeepAll] {
            command_button_ui(ui, Command::Journal(command), true, wishes);
        }
    });
}

/// At the foot of a reply: the ways to copy its call, once that has ended.
pub(super) fn last_copies_ui(ui: &mut Ui, tab: &Tab, call: &OwnCall, wishes: &mut Vec<Command>) {
    if call.ended.is_some() {
        Panel::bottom("copy call").show_separator_line(false).frame(Frame::new()).show(ui, |ui| {
            ui.add_space(6.0);
            ui.horizontal_wrapped(|ui| copies_ui(ui, None, tab.recall.is_noted, wishes));
        });
    }
}

/// The ways to copy a call, as buttons.
fn copies_ui(ui: &mut Ui, id: Option<&EntryId>, enabled: bool, wishes: &mut Vec<Command>) {
    for what in CopyAs::ALL {
        let command = Command::Journal(JournalCommand::Copy(id.cloned(), what));
        command_button_ui(ui, command, enabled, wishes);
    }
}
