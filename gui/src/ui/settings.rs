//! The page of settings: how everything looks, what a call does that says nothing else, what is kept, and where.

use std::time::Duration;

use egui::{Button, Checkbox, ComboBox, Label, Ui};

use super::cards::{BETWEEN, Part, Side, columns_ui, page_ui};
use super::facts::{card_ui, copied_fact_ui};
use super::journal::{KEPT, clear_ui};
use super::parts::{field_name_ui, hint_of, muted};
use super::theme::palette;
use crate::command::Command;
use crate::model::Model;
use crate::model::journal::asked::JournalCommand;
use crate::model::journal::recall::Reach;
use crate::model::preferences::{Preferences, Scale, Times};
use crate::model::settings::Profile;
use crate::model::view::{Page, Theme};
use crate::text;

/// How wide what stands before the choices is.
const NAME_WIDTH: f32 = 124.0;
/// The most of a profile's name or address that is shown.
const SHOWN: usize = 60;

/// The page in the middle of the window.
pub(super) fn settings_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    page_ui(ui, Page::Settings, "Settings", wishes, |ui, part, wishes| {
        if part == Part::Cards {
            columns_ui(ui, |ui, side| match side {
                Side::Left => {
                    preferences_ui(ui, model.settings.preferences, wishes);
                }
                Side::Right => {
                    history_ui(ui, model, wishes);
                    ui.add_space(BETWEEN);
                    files_ui(ui, model);
                }
            });
        }
    });
}

fn preferences_ui(ui: &mut Ui, before: Preferences, wishes: &mut Vec<Command>) {
    let mut now = before;
    card_ui(ui, "Appearance", |ui| {
        choice_ui(ui, "Theme", |ui| {
            for (theme, name) in
                [(Theme::System, "As the desktop"), (Theme::Light, "Light"), (Theme::Dark, "Dark")]
            {
                let choice = ui.selectable_value(&mut now.theme, theme, name);
                choice.accessible_name(format!("Theme {}", name.to_lowercase()));
            }
        });
        choice_ui(ui, "Scale", |ui| scale_ui(ui, &mut now.scale));
        choice_ui(ui, "Motion", |ui| {
            ui.checkbox(&mut now.still, "Nothing fades, slides or turns");
        });
    });
    ui.add_space(BETWEEN);
    card_ui(ui, "Calls and times", |ui| {
        choice_ui(ui, "Default deadline", |ui| deadline_ui(ui, &mut now));
        explained_ui(
            ui,
            "For calls with one reply where neither the request nor the procedure's author says one. Without it the \
             server's own limit holds, which is 60 s unless its operator says otherwise.",
        );
        choice_ui(ui, "Times", |ui| {
            for times in Times::ALL {
                ui.selectable_value(&mut now.times, times, times.text());
            }
        });
        explained_ui(
            ui,
            "In the history, the graphs and the traces. The dates of certificates are always in UTC, in which they \
             are written.",
        );
    });
    ui.add_space(BETWEEN);
    let reset = ui.add_enabled(now != Preferences::default(), Button::new("Reset to defaults"));
    let reset = reset.on_hover_text("Puts everything above back; profiles, history and open servers stay");
    if reset.on_disabled_hover_text("Everything above is as it was at first").clicked() {
        now = Preferences::default();
    }
    if now != before {
        wishes.push(Command::Prefer(now));
    }
}

fn scale_ui(ui: &mut Ui, scale: &mut Scale) {
    let shown = |scale: Scale| format!("{} %", scale.percent());
    let menu = ComboBox::from_id_salt("scale").width(76.0).selected_text(shown(*scale)).show_ui(ui, |ui| {
        for each in Scale::ALL {
            ui.selectable_value(scale, each, shown(each));
        }
    });
    let hint = [Command::Enlarge, Command::Shrink, Command::UsualSize].map(|command| hint_of(ui, &command));
    menu.response.accessible_name("Scale").on_hover_text(hint.join("\n"));
}

fn deadline_ui(ui: &mut Ui, preferences: &mut Preferences) {
    let words = |deadline: Option<Duration>| {
        deadline.map_or("The server's own".to_owned(), |deadline| {
            text::span_of(deadline).trim_end_matches(" 0 s").to_owned()
        })
    };
    let chosen = preferences.deadline();
    let menu = ComboBox::from_id_salt("deadline").width(140.0).selected_text(words(chosen));
    let menu = menu.show_ui(ui, |ui| {
        for each in Preferences::DEADLINES {
            if ui.selectable_label(each == chosen, words(each)).clicked() {
                *preferences = preferences.with_deadline(each);
            }
        }
    });
    let hint = "A call that takes longer is given up here and at the server";
    menu.response.accessible_name("Default deadline").on_hover_text(hint);
}

fn history_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    let (colors, pages) = (palette(ui), &model.journal.pages);
    card_ui(ui, "History on disk", |ui| {
        if let Some(file) = &pages.file {
            copied_fact_ui(ui, "File", &file.display().to_string());
            ui.add(Label::new(muted(&colors, KEPT).small()).wrap());
        } else {
            ui.label("In this run it is kept only until the window closes.");
        }
        ui.add_space(4.0);
        for (index, profile) in model.settings.profiles.iter().enumerate() {
            profile_ui(ui, index, profile, wishes);
        }
        if model.settings.profiles.is_empty() {
            let words = "To switch it off for a server, save that as a profile: then it is listed here.";
            ui.add(Label::new(words).wrap());
        }
        ui.add_space(4.0);
        let recall = &model.tab().recall;
        if recall.asks_to_clear && recall.reach == Reach::Everywhere {
            return clear_ui(ui, Reach::Everywhere, wishes);
        }
        ui.horizontal(|ui| {
            let pinned = pages.calls.iter().filter(|noted| noted.entry.pinned).count();
            let clear = ui.add_enabled(pinned < pages.calls.len(), Button::new("Clear history…"));
            if clear.on_hover_text("Forgets every call that is not pinned, of all servers").clicked() {
                for command in [JournalCommand::SetReach(Reach::Everywhere), JournalCommand::AskToClear] {
                    wishes.push(Command::Journal(command));
                }
            }
            let calls = text::counted(pages.calls.len() as u64, ["call", "calls"]);
            ui.label(muted(&colors, format!("{calls}, {} pinned", text::count(pinned as u64))));
        });
    });
}

fn profile_ui(ui: &mut Ui, index: usize, profile: &Profile, wishes: &mut Vec<Command>) {
    let name = text::line(&profile.name, SHOWN);
    let mut keeps = profile.keep_calls;
    let switch = ui.add(Checkbox::new(&mut keeps, format!("Keep the calls of {name}")));
    let hint =
        format!("{}\nas {}", text::line(&profile.address, SHOWN), text::line(&profile.identity, SHOWN));
    if switch.on_hover_text(hint).changed() {
        wishes.push(Command::KeepCallsOf(index, keeps));
    }
}

fn files_ui(ui: &mut Ui, model: &Model) {
    let settings = &model.settings;
    card_ui(ui, "Files", |ui| {
        if let Some(file) = &model.settings_file {
            copied_fact_ui(ui, "Settings", &file.display().to_string());
            let words = "JSON, to be read and edited while no dashboard runs. Profiles name the folders of identities; \
                         there is no key in it.";
            explained_ui(ui, words);
        } else {
            ui.label("In this run settings hold only until the window closes.");
        }
        if !settings.requests.is_empty() {
            copied_fact_ui(ui, "Saved requests", &settings.requests);
        }
    });
}

/// What stands before a choice, and the choice.
fn choice_ui(ui: &mut Ui, name: &str, choice: impl FnOnce(&mut Ui)) {
    ui.horizontal_wrapped(|ui| {
        field_name_ui(ui, name, NAME_WIDTH);
        choice(ui);
    });
}

fn explained_ui(ui: &mut Ui, words: &str) {
    let colors = palette(ui);
    ui.add(Label::new(muted(&colors, words).small()).wrap());
    ui.add_space(2.0);
}
