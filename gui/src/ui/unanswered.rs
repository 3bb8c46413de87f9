//! The faces of a page whose content the server did not tell.

use egui::{Align, Label, Layout, RichText, Ui};

use super::facts::copy_button_ui;
use super::parts::{command_button_ui, failed_ui, middle_ui, muted, notice_ui};
use super::theme::palette;
use crate::command::Command;
use crate::model::manual::rule;
use crate::model::tab::Tab;
use crate::model::unanswered::Unanswered;

/// Why there is nothing to show, what would change that, and a way to ask again.
pub(super) fn unanswered_ui(
    ui: &mut Ui,
    tab: &Tab,
    (what, procedure): (&str, &str),
    why: &Unanswered,
    wishes: &mut Vec<Command>,
) {
    match why {
        Unanswered::Denied => middle_ui(ui, |ui| denied_ui(ui, tab, (what, procedure), "")),
        Unanswered::Failed(failure) => failed_ui(ui, failure),
    }
    ui.add_space(8.0);
    ui.vertical_centered(|ui| command_button_ui(ui, Command::AskAgain, true, wishes));
}

/// That the policy does not allow this identity something, and the rule that would.
pub(super) fn denied_ui(ui: &mut Ui, tab: &Tab, (what, procedure): (&str, &str), hint: &str) {
    let colors = palette(ui);
    let own = tab.own.identity().map(|identity| identity.id.as_str());
    let rule = rule(procedure, own).unwrap_or_default();
    let own = own.unwrap_or("this identity");
    notice_ui(ui, colors.warn, |ui| {
        ui.add(Label::new(RichText::new(format!("Not allowed to {what}")).strong()).wrap());
        ui.add(Label::new(format!("The server's policy does not let {own} call {procedure}.")).wrap());
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                copy_button_ui(ui, "Rule", &rule);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let words = "With this rule in the policy's file it would:";
                    ui.add(Label::new(muted(&colors, words)).wrap());
                });
            });
        });
        ui.add(Label::new(RichText::new(rule.trim_end()).monospace()).wrap());
        if !hint.is_empty() {
            ui.add(Label::new(muted(&colors, hint).small()).wrap());
        }
    });
}
