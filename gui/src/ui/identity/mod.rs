//! The page of certificates: who we are, whom we trust, and who is at the other end.

mod issue;
mod issued;
mod own;
mod server;
mod trust;
mod words;

use std::time::Duration;

use egui::{Label, RichText, Ui};
use jiff::Timestamp;

use super::cards::{BETWEEN, Part, Side, columns_ui, page_ui};
use super::parts::{empty_ui, failure_card_ui, loading_ui, notice_ui};
use super::theme::palette;
use crate::command::Command;
use crate::model::Model;
use crate::model::identity::{Found, Own};
use crate::model::tab::Tab;
use crate::model::view::Page;

/// The page in the middle of the window.
pub(crate) fn identity_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    // What counts down, is seen to.
    ui.ctx().request_repaint_after(Duration::from_secs(1));
    let (page, now) = (model.tab().page, model.clock.now());
    page_ui(ui, page, "Identity and trust", wishes, |ui, part, wishes| match (part, page) {
        (Part::Heading, _) => choice_ui(ui, page, wishes),
        (Part::Cards, Page::NewIdentity) => office_ui(ui, model, wishes),
        (Part::Cards, _) => certificates_ui(ui, model.tab_mut(), now),
    });
}

/// The two pages about identities, to choose from.
fn choice_ui(ui: &mut Ui, page: Page, wishes: &mut Vec<Command>) {
    ui.add_space(12.0);
    for tab in [Page::Certificates, Page::NewIdentity] {
        let command = Command::Show(tab);
        if ui.selectable_label(page == tab, command.text()).clicked() {
            wishes.push(command);
        }
    }
}

fn certificates_ui(ui: &mut Ui, tab: &mut Tab, now: Timestamp) {
    match &tab.own.found {
        Found::Nothing if tab.own.folder.is_empty() => {
            let hint = "Choose an identity folder where you connect, and come back.";
            empty_ui(ui, "No identity yet", hint);
        }
        Found::Nothing => loading_ui(ui, "Reading the identity's folder…"),
        Found::Failed(failure) => {
            ui.add(Label::new(RichText::new("This identity cannot be used").strong()).wrap());
            // The check knows more than the first thing that went wrong.
            if !remarks_ui(ui, &tab.own) {
                failure_card_ui(ui, failure);
            }
        }
        Found::Identity(identity) => {
            if let Some(reason) = &identity.reload.failure {
                let title = "The new files cannot be used; what is shown here stays in force";
                // The check knows the remedy, too.
                let errors = tab.own.remarks.iter().filter(|remark| remark.is_error);
                let words: Vec<&str> = errors.map(|remark| remark.words.as_str()).collect();
                let words = if words.is_empty() { reason.clone() } else { words.join("\n") };
                remark_ui(ui, title, &words, palette(ui).warn);
            } else {
                remarks_ui(ui, &tab.own);
            }
            let own = &tab.own;
            let mut chosen = own.chosen;
            columns_ui(ui, |ui, side| match side {
                Side::Left => chosen = own::own_ui(ui, &own.folder, identity, chosen, now),
                Side::Right => {
                    server::server_ui(ui, tab, now);
                    trust::trust_ui(ui, identity, now);
                }
            });
            tab.own.chosen = chosen;
        }
    }
}

fn office_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    columns_ui(ui, |ui, side| match side {
        Side::Left => issue::issue_ui(ui, model, wishes),
        Side::Right => {
            issue::made_ui(ui, model);
            issued::issued_ui(ui, &model.office, model.clock.now(), wishes);
        }
    });
}

/// What the check of the files says. Returns whether there is an error among it.
fn remarks_ui(ui: &mut Ui, own: &Own) -> bool {
    let colors = palette(ui);
    for remark in &own.remarks {
        let (title, color) = if remark.is_error { ("Error", colors.error) } else { ("Warning", colors.warn) };
        remark_ui(ui, title, &remark.words, color);
    }
    own.remarks.iter().any(|remark| remark.is_error)
}

fn remark_ui(ui: &mut Ui, title: &str, words: &str, color: egui::Color32) {
    notice_ui(ui, color, |ui| {
        ui.label(RichText::new(title).strong().color(color));
        ui.add(Label::new(words).wrap());
    });
    ui.add_space(BETWEEN);
}
