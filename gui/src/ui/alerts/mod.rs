//! Alerts: the page that lists them beside the rules, the bell in the top bar, and what is shown of a new
//! one.

mod bell;
mod editor;
mod list;
mod rules;
mod told;

use std::time::{Duration, Instant};

use egui::{Align, Button, Label, Layout, Panel, RichText, Ui};

pub(super) use self::bell::{badge_ui, badge_width, bell_ui};
pub(super) use self::editor::editor_ui;
pub(super) use self::told::told_ui;
use super::parts::{back_button_ui, command_button_ui, is_left, muted};
use super::theme::palette;
use super::{filling_ui, panel_frame};
use crate::command::Command;
use crate::model::Model;
use crate::model::alerts::AlertCommand;
use crate::model::alerts::rule::Rule;
use crate::model::view::Page;
use crate::text;

/// Both lists take the room of a wide window within reason: a line is to be read from end to end.
const LIST_WIDTH: f32 = 1200.0;
const RULES_WIDTH: std::ops::RangeInclusive<f32> = 400.0..=620.0;
/// Where there is less room than this, the rules stand below the list.
const NARROW: f32 = 860.0;
/// What goes on is counted by the second.
const STEP: Duration = Duration::from_secs(1);

/// The page, in all the room below the top bar.
pub(super) fn page_ui(ui: &mut Ui, model: &Model, now: Instant, wishes: &mut Vec<Command>) {
    if !model.alerts.log.active.is_empty() {
        ui.ctx().request_repaint_after(STEP);
    }
    let frame = panel_frame(ui, 20, 14);
    Panel::top("alerts heading").show_separator_line(false).frame(frame).show(ui, |ui| {
        ui.set_max_width(ui.available_width().min(LIST_WIDTH + RULES_WIDTH.end()));
        heading_ui(ui, model, wishes);
    });
    if is_left(ui) {
        wishes.push(Command::Show(Page::Calls));
    }
    let frame = panel_frame(ui, 20, 8);
    let list = match ui.available_width() < NARROW {
        true => Panel::top("alerts").exact_size(ui.available_height() * 0.45),
        false => {
            let rules = (ui.available_width() * 0.34).clamp(*RULES_WIDTH.start(), *RULES_WIDTH.end());
            Panel::left("alerts").exact_size((ui.available_width() - rules).min(LIST_WIDTH))
        }
    };
    list.resizable(false)
        .frame(frame)
        .show(ui, |ui| filling_ui(ui, "alerts", |ui| list::list_ui(ui, model, now, wishes)));
    egui::CentralPanel::default().frame(frame).show(ui, |ui| {
        filling_ui(ui, "rules", |ui| {
            ui.set_max_width(ui.available_width().min(*RULES_WIDTH.end()));
            rules::rules_ui(ui, model, now, wishes);
        });
    });
}

fn heading_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            back_button_ui(ui, wishes).on_hover_text("Leads back to the calls  Esc");
            for command in [AlertCommand::ClearPast, AlertCommand::AcknowledgeAll] {
                let allowed = model.allows_alert(&command);
                command_button_ui(ui, Command::Alert(command), allowed, wishes);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(RichText::new("Alerts").heading().strong());
                ui.add(Label::new(muted(&palette(ui), summary(model))).truncate());
            });
        });
    });
}

/// A button beside others of its kind: its name says for which of them it is.
fn small_button_ui(
    ui: &mut Ui,
    command: AlertCommand,
    allowed: bool,
    name: String,
    wishes: &mut Vec<Command>,
) {
    let button = ui.add_enabled(allowed, Button::new(RichText::new(command.text()).small()));
    if button.accessible_name(name).clicked() {
        wishes.push(Command::Alert(command));
    }
}

/// What has a rule heard no more for a while, or heard again.
fn mute_of(model: &Model, rule: &Rule) -> AlertCommand {
    let is_muted = model.alerts.muted_until(rule).is_some();
    let rule = Box::new(rule.clone());
    if is_muted { AlertCommand::Unmute(rule) } else { AlertCommand::Mute(rule) }
}

/// `2 go on, 5 are over`.
fn summary(model: &Model) -> String {
    let log = &model.alerts.log;
    let over = |past: usize| match past {
        0 => String::new(),
        past => format!(", {} over", text::count(past as u64)),
    };
    let tabs = text::counted(model.tabs.len() as u64, ["server", "servers"]);
    match (log.active.len(), log.past.len()) {
        (0, 0) => format!("Nothing has happened at {tabs} that a rule is about"),
        (0, past) => format!("None goes on{}", over(past)),
        (active, past) => {
            let verb = if active == 1 { "goes on" } else { "go on" };
            format!("{} {verb}{}", text::count(active as u64), over(past))
        }
    }
}
