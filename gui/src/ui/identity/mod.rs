//! The page of certificates: who we are, whom we trust, and who is at the other end.

mod issue;
mod issued;
mod own;
mod server;
mod trust;
mod words;

use std::time::Duration;

use egui::{Align, Key, Label, Layout, RichText, ScrollArea, Ui, UiBuilder, vec2};
use jiff::Timestamp;

use super::parts::{back_button_ui, empty_ui, failure_card_ui, loading_ui, notice_ui};
use super::theme::palette;
use crate::command::Command;
use crate::model::Model;
use crate::model::identity::{Found, Own};
use crate::model::tab::Tab;
use crate::model::view::Page;

/// How wide the page gets in a wide window.
const WIDEST: f32 = 1240.0;
/// The room between two columns; and between two cards of one, beside the usual spacing.
const GAP: f32 = 14.0;
const BETWEEN: f32 = 8.0;

/// The page in the middle of the window.
pub(crate) fn identity_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    if ui.input(|input| input.key_pressed(Key::Escape)) {
        wishes.push(Command::Show(Page::Calls));
    }
    // What counts down, is seen to.
    ui.ctx().request_repaint_after(Duration::from_secs(1));
    let (page, now) = (model.tab().page, model.clock.now());
    let room = ui.available_rect_before_wrap();
    let width = room.width().min(WIDEST);
    let middle = egui::Rect::from_center_size(room.center(), vec2(width, room.height()));
    ui.scope_builder(UiBuilder::new().max_rect(middle), |ui| {
        header_ui(ui, page, wishes);
        ui.add_space(8.0);
        ScrollArea::vertical().id_salt(page).auto_shrink(false).show(ui, |ui| match page {
            Page::NewIdentity => office_ui(ui, model, wishes),
            _ => certificates_ui(ui, model.tab_mut(), now),
        });
    });
}

fn header_ui(ui: &mut Ui, page: Page, wishes: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.heading("Identity and trust");
        ui.add_space(12.0);
        for tab in [Page::Certificates, Page::NewIdentity] {
            let command = Command::Show(tab);
            if ui.selectable_label(page == tab, command.text()).clicked() {
                wishes.push(command);
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            back_button_ui(ui, wishes).on_hover_text("Esc");
        });
    });
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
            let chosen = columns_ui(ui, |left, right| {
                server::server_ui(right, tab, now);
                trust::trust_ui(right, identity, now);
                own::own_ui(left, &own.folder, identity, own.chosen, now)
            });
            tab.own.chosen = chosen;
        }
    }
}

fn office_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    columns_ui(ui, |left, right| {
        issue::issue_ui(left, model, wishes);
        issue::made_ui(right, model);
        issued::issued_ui(right, &model.office, model.clock.now(), wishes);
    });
}

/// Two columns of the same width.
fn columns_ui<R>(ui: &mut Ui, content: impl FnOnce(&mut Ui, &mut Ui) -> R) -> R {
    let within = ui.spacing().item_spacing.x;
    ui.spacing_mut().item_spacing.x = GAP;
    ui.columns_const(|[left, right]| {
        for column in [&mut *left, &mut *right] {
            column.spacing_mut().item_spacing.x = within;
        }
        left.vertical(|left| right.vertical(|right| content(left, right)).inner).inner
    })
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
