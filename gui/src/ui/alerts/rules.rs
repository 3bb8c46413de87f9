//! The rules: which are in force, and where.

use std::time::Instant;

use egui::{Align, Label, Layout, RichText, ScrollArea, Ui};

use super::{mute_of, small_button_ui};
use crate::command::Command;
use crate::model::Model;
use crate::model::alerts::AlertCommand;
use crate::model::alerts::kept::RULES_MAX;
use crate::model::alerts::rule::Rule;
use crate::model::connection::Target;
use crate::text;
use crate::ui::parts::{command_button_ui, failure_card_ui, muted};
use crate::ui::theme::palette;

pub(super) fn rules_ui(ui: &mut Ui, model: &Model, now: Instant, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let rules = model.settings.alerts.rules();
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let write = AlertCommand::Write;
            let allowed = model.allows_alert(&write);
            let button = command_button_ui(ui, Command::Alert(write), allowed, wishes);
            button.on_disabled_hover_text(format!("There are {RULES_MAX} rules, and no room for more"));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(RichText::new("Rules").strong());
            });
        });
    });
    ui.add_space(4.0);
    if rules.is_empty() {
        ui.add(Label::new(muted(&colors, "There is no rule: nothing is worth an alert.")).wrap());
    }
    ScrollArea::vertical().id_salt("rules").auto_shrink([false, true]).show(ui, |ui| {
        for (at, rule) in rules.iter().enumerate() {
            ui.push_id(at, |ui| rule_ui(ui, model, at, rule, now, wishes));
        }
        ui.add_space(10.0);
        desktop_ui(ui, model, wishes);
    });
}

fn rule_ui(ui: &mut Ui, model: &Model, at: usize, rule: &Rule, now: Instant, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let words = rule.condition.words();
    ui.horizontal_top(|ui| {
        let mut is_on = rule.is_on;
        let switch = ui.checkbox(&mut is_on, "").accessible_name(format!("In force: {words}"));
        let hint = if rule.is_on { "In force: click to switch it off" } else { "Off: click to switch it on" };
        if switch.on_hover_text(hint).clicked() {
            wishes.push(Command::Alert(AlertCommand::Switch(at)));
        }
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 3.0;
            ui.add_space(3.0);
            let shown = RichText::new(&words);
            ui.add(Label::new(if rule.is_on { shown } else { shown.color(colors.muted) }).wrap());
            ui.horizontal(|ui| {
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    buttons_ui(ui, model, at, rule, &words, wishes);
                    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                        ui.add(Label::new(muted(&colors, place(model, rule, now)).small()).truncate());
                    });
                });
            });
        });
    });
    ui.add_space(2.0);
    ui.separator();
}

fn buttons_ui(ui: &mut Ui, model: &Model, at: usize, rule: &Rule, words: &str, wishes: &mut Vec<Command>) {
    for (command, allowed) in
        [(AlertCommand::Delete(at), true), (AlertCommand::Edit(at), true), (mute_of(model, rule), rule.is_on)]
    {
        let name = format!("{} rule: {words}", command.text());
        small_button_ui(ui, command, allowed, name, wishes);
    }
}

/// Where it is in force, and whether anything is heard of it.
fn place(model: &Model, rule: &Rule, now: Instant) -> String {
    let server = server_name(model, rule.server.as_ref());
    match model.alerts.muted_until(rule) {
        _ if !rule.is_on => format!("{server} · off"),
        Some(until) => {
            let left = until.saturating_duration_since(now).as_secs().div_ceil(60);
            format!("{server} · muted for {left} min")
        }
        None => server,
    }
}

/// What a server is called here that a rule is about.
pub(super) fn server_name(model: &Model, server: Option<&Target>) -> String {
    let Some(server) = server else { return "All servers".to_owned() };
    let profile = model.settings.profile_of(server).map(|profile| profile.name.as_str());
    text::line(profile.unwrap_or(&server.address), 60)
}

/// The switch for what is told outside the window.
fn desktop_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    let mut is_on = model.settings.alerts.on_desktop;
    let hint =
        "Also while this window is hidden. Of muted rules nothing is told, and of many alerts the first.";
    if ui.checkbox(&mut is_on, "Tell new alerts as desktop notifications").on_hover_text(hint).clicked() {
        wishes.push(Command::Alert(AlertCommand::ToggleDesktop));
    }
    if let Some(failure) = model.alerts.untold.as_ref().filter(|_| model.settings.alerts.on_desktop) {
        failure_card_ui(ui, failure);
    }
}
