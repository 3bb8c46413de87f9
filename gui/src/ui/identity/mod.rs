//! The page of certificates: who we are, whom we trust, and who is at the other end.

mod own;
mod server;
mod trust;

use std::time::Duration;

use egui::{Align, Key, Label, Layout, RichText, ScrollArea, Ui, UiBuilder, vec2};

use super::facts::card_ui;
use super::parts::{command_button_ui, empty_ui, failure_card_ui, loading_ui, notice_ui};
use super::theme::palette;
use crate::command::Command;
use crate::model::Model;
use crate::model::identity::Found;
use crate::model::view::Page;

/// How wide the page gets in a wide window.
const WIDEST: f32 = 1240.0;
const GAP: f32 = 14.0;

/// The page in the middle of the window.
pub(crate) fn identity_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    if ui.input(|input| input.key_pressed(Key::Escape)) {
        wishes.push(Command::Show(Page::Calls));
    }
    // What counts down, is seen to.
    ui.ctx().request_repaint_after(Duration::from_secs(1));
    let room = ui.available_rect_before_wrap();
    let width = room.width().min(WIDEST);
    let middle = egui::Rect::from_center_size(room.center(), vec2(width, room.height()));
    ui.scope_builder(UiBuilder::new().max_rect(middle), |ui| {
        header_ui(ui, wishes);
        ui.add_space(6.0);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| certificates_ui(ui, model, wishes));
    });
}

fn header_ui(ui: &mut Ui, wishes: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.heading("Identity and trust");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            command_button_ui(ui, Command::Show(Page::Calls), true, wishes);
        });
    });
}

fn certificates_ui(ui: &mut Ui, model: &mut Model, _wishes: &mut Vec<Command>) {
    let now = model.clock.now();
    match &model.own.found {
        Found::Nothing if model.own.folder.is_empty() => {
            let hint = "Choose an identity folder where you connect, and come back.";
            empty_ui(ui, "No identity yet", hint);
        }
        Found::Nothing => loading_ui(ui, "Reading the identity's folder…"),
        Found::Failed(failure) => {
            card_ui(ui, "This dashboard", |ui| failure_card_ui(ui, failure));
        }
        Found::Identity(identity) => {
            if let Some(reason) = &identity.broken {
                warning_ui(ui, "The new files cannot be used; what is shown here stays in force", reason);
            }
            for warning in &identity.warnings {
                warning_ui(ui, "Warning", warning);
            }
            let column = (ui.available_width() - GAP) / 2.0;
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = GAP;
                ui.vertical(|ui| {
                    ui.set_width(column);
                    model.own.chosen = own::own_ui(ui, &model.own.folder, identity, model.own.chosen, now);
                });
                ui.vertical(|ui| {
                    ui.set_width(column);
                    if let Some(session) = model.connection.session() {
                        server::server_ui(ui, &session.peer, now);
                        ui.add_space(GAP - 6.0);
                    }
                    trust::trust_ui(ui, identity, now);
                });
            });
        }
    }
}

/// Something that should be changed, though all works.
fn warning_ui(ui: &mut Ui, title: &str, warning: &str) {
    let colors = palette(ui);
    notice_ui(ui, colors.warn, |ui| {
        ui.label(RichText::new(title).strong().color(colors.warn));
        ui.add(Label::new(warning).wrap());
    });
}
