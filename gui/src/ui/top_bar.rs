//! Where we are connected, how it is protected, and the controls of the graphs.

use std::time::Instant;

use egui::{Align, Button, ComboBox, Label, Layout, RichText, Ui};
use jiff::Timestamp;

use super::facts::health_color;
use super::parts::{command_button_ui, dot_ui, muted};
use super::theme::palette;
use crate::command::Command;
use crate::model::Model;
use crate::model::connection::{Connection, Retry, Session};
use crate::model::life::Health;
use crate::model::view::{Page, TimeRange};

/// The most that an address takes.
const ADDRESS_WIDTH: f32 = 260.0;

/// The line at the top of the window.
pub(crate) fn top_bar_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    ui.horizontal(|ui| {
        let address = model.connection.target().map_or("", |target| target.address.as_str());
        match &model.connection {
            Connection::Connected(..) => dot_ui(ui, colors.ok),
            _ => dot_ui(ui, colors.error),
        }
        ui.scope(|ui| {
            ui.set_max_width(ADDRESS_WIDTH);
            ui.add(Label::new(RichText::new(address).strong()).truncate());
        });
        command_button_ui(ui, Command::Disconnect, true, wishes);
        ui.separator();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            controls_ui(ui, model, wishes);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| match &model.connection {
                Connection::Connected(_, session) => {
                    own_trouble_ui(ui, model, wishes);
                    session_ui(ui, session, model.clock.now(), wishes);
                }
                _ => {
                    ui.label(RichText::new("Not connected").color(colors.error));
                }
            });
        });
    });
}

fn session_ui(ui: &mut Ui, session: &Session, now: Timestamp, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let peer = &session.peer;
    let life = peer.life(now);
    let shown = ui.scope(|ui| {
        ui.set_max_width(ui.available_width().min(360.0));
        let button = ui.add(Button::new(&peer.id).truncate());
        button.on_hover_text(format!("{}\n{}", peer.id, Command::ToggleIdentity.text()))
    });
    if shown.inner.clicked() {
        wishes.push(Command::ToggleIdentity);
    }
    let color =
        if life.health() == Health::Fine { colors.muted } else { health_color(&colors, life.health()) };
    ui.add(Label::new(RichText::new(life.words()).small().color(color)).truncate());
    let protection = format!("TLS 1.3 · {} · {}", peer.key_exchange, peer.cipher);
    ui.separator();
    ui.add(Label::new(muted(&colors, protection).small()).truncate());
}

/// That our own identity wants looking at, if it does.
fn own_trouble_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    let Some(identity) = model.own.identity() else { return };
    let colors = palette(ui);
    let life = identity.life(model.clock.now());
    let (words, color, why) = match &identity.reload.failure {
        Some(reason) => ("New identity not usable".to_owned(), colors.warn, reason.as_str()),
        None if life.health() == Health::Fine => return,
        None => {
            let words = format!("Your certificate {}", life.words());
            (words, health_color(&colors, life.health()), life.advice())
        }
    };
    if ui.add(Button::new(RichText::new(words).color(color))).on_hover_text(why).clicked() {
        wishes.push(Command::Show(Page::Certificates));
    }
}

fn controls_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    command_button_ui(ui, Command::TogglePalette, true, wishes);
    let theme = ui.button(if model.is_dark { "Light" } else { "Dark" });
    if theme.on_hover_text(Command::ToggleTheme.text()).clicked() {
        wishes.push(Command::ToggleTheme);
    }
    let range =
        ComboBox::from_id_salt("range").selected_text(model.range.text()).width(64.0).show_ui(ui, |ui| {
            for range in TimeRange::ALL {
                if ui.selectable_label(model.range == range, range.text()).clicked() {
                    wishes.push(Command::SetRange(range));
                }
            }
        });
    range.response.accessible_name("Time range").on_hover_text("How far back the graphs go");
    let is_paused = model.frozen.is_some();
    let pause = ui.selectable_label(is_paused, if is_paused { "Paused" } else { "Pause" });
    if pause.on_hover_text("Freezes the graphs; counting goes on").clicked() {
        wishes.push(Command::TogglePause);
    }
}

/// The line that says that the connection is lost, and what is being done about it.
pub(crate) fn lost_ui(ui: &mut Ui, model: &Model, retry: &Retry, now: Instant, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let next = match retry.next {
        Some(at) => format!("next attempt in {} s", at.saturating_duration_since(now).as_secs() + 1),
        None => "trying again…".to_owned(),
    };
    let failure = &retry.failure;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            command_button_ui(ui, Command::RetryNow, retry.next.is_some(), wishes);
            if failure.is_of_identity && model.page == Page::Calls && ui.button("Show certificates").clicked()
            {
                wishes.push(Command::Show(Page::Certificates));
            }
            ui.label(muted(&colors, format!("attempt {}, {next}", retry.attempt)));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(RichText::new("Connection lost").strong().color(colors.error));
                ui.add(Label::new(RichText::new(&failure.reason).color(colors.error)).truncate());
            });
        });
    });
    if !failure.remedy.is_empty() {
        ui.add(Label::new(&failure.remedy).truncate());
    }
    if retry.next.is_some() {
        ui.ctx().request_repaint_after(std::time::Duration::from_millis(500));
    }
}
