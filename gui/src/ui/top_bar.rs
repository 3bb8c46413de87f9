//! Where we are connected, how it is protected, and the controls of the graphs.

use std::time::Instant;

use egui::{Align, Button, ComboBox, Label, Layout, RichText, Ui, vec2};
use jiff::Timestamp;

use super::alerts::bell_ui;
use super::facts::health_color;
use super::parts::{cog_mark, command_button_ui, copy_failure_ui, hint_of, muted};
use super::recording;
use super::tabs::tabs_ui;
use super::theme::palette;
use crate::command::Command;
use crate::model::Model;
use crate::model::connection::{Connection, Retry, Session};
use crate::model::life::Health;
use crate::model::tab::Tab;
use crate::model::tab::state::{Concern, State};
use crate::model::view::{Page, TimeRange};

/// Facts of the session are left out where there is less room than this: the tab's tooltip has them, too.
const FACTS_WIDTH: f32 = 150.0;
/// Also what wants looking at: the mark on the tab says that there is something.
const CONCERNS_WIDTH: f32 = 64.0;
/// In a window so narrow a button is left out that the settings have, too.
const NARROW: f32 = 800.0;
/// The most that the tabs take of the line, so that something of the facts is seen.
const TABS_SHARE: f32 = 0.5;

/// The line at the top of the window.
pub(crate) fn top_bar_ui(ui: &mut Ui, model: &Model, now: Instant, wishes: &mut Vec<Command>) {
    let (tab, date) = (model.tab(), model.clock.now());
    let states: Vec<State> = model.tabs.iter().map(|tab| tab.state(now, date)).collect();
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            controls_ui(ui, model, now, wishes);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let share = if tab.is_blank() { 1.0 } else { TABS_SHARE };
                let width = ui.available_width() * share;
                ui.scope(|ui| {
                    ui.set_max_width(width);
                    tabs_ui(ui, model, &states, wishes);
                });
                if tab.allows(&Command::Disconnect) {
                    command_button_ui(ui, Command::Disconnect, true, wishes);
                }
                if let Some(replay) = &tab.replay {
                    recording::facts_ui(ui, replay, tab.preferences.times);
                }
                match &tab.connection {
                    Connection::Connected(_, session) => {
                        if ui.available_width() >= CONCERNS_WIDTH {
                            ui.separator();
                        }
                        if let Some(State::Degraded(concerns)) = states.get(model.shown())
                            && ui.available_width() >= CONCERNS_WIDTH
                        {
                            concerns_ui(ui, concerns, wishes);
                        }
                        if ui.available_width() >= FACTS_WIDTH {
                            session_ui(ui, session, date, wishes);
                        }
                    }
                    Connection::Reconnecting(..) => {
                        ui.separator();
                        ui.label(RichText::new("Not connected").color(palette(ui).error));
                    }
                    _ => {}
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
    if ui.available_width() >= FACTS_WIDTH {
        ui.separator();
        ui.add(Label::new(muted(&colors, protection).small()).truncate());
    }
}

/// The most urgent of what wants looking at, and all of it when it is pointed at.
fn concerns_ui(ui: &mut Ui, concerns: &[Concern], wishes: &mut Vec<Command>) {
    let Some(first) = concerns.first() else { return };
    let colors = palette(ui);
    let color = if first.is_urgent { colors.error } else { colors.warn };
    let all: Vec<String> = concerns.iter().map(|it| format!("{}: {}", it.words, it.why)).collect();
    let shown = ui.add(Button::new(RichText::new(&first.words).color(color)).truncate());
    let more = concerns.len() - 1;
    if more > 0 {
        ui.label(muted(&colors, format!("+{more}")).small()).on_hover_text(all.join("\n"));
    }
    if shown.on_hover_text(all.join("\n")).clicked() && first.is_of_identity {
        wishes.push(Command::Show(Page::Certificates));
    }
}

fn controls_ui(ui: &mut Ui, model: &Model, now: Instant, wishes: &mut Vec<Command>) {
    let is_narrow = ui.available_width() < NARROW;
    if is_narrow {
        let more = ui.button("…").accessible_name(Command::TogglePalette.text());
        if more.on_hover_text(hint_of(ui, &Command::TogglePalette)).clicked() {
            wishes.push(Command::TogglePalette);
        }
    } else {
        command_button_ui(ui, Command::TogglePalette, true, wishes);
    }
    let cog = Button::selectable(model.tab().page == Page::Settings, "")
        .frame_when_inactive(true)
        .min_size(vec2(28.0, 0.0));
    let cog = ui.add(cog);
    cog_mark(ui.painter(), cog.rect.center(), ui.style().interact(&cog).text_color());
    let hint = hint_of(ui, &Command::ToggleSettings);
    if cog.accessible_name(Command::ToggleSettings.text()).on_hover_text(hint).clicked() {
        wishes.push(Command::ToggleSettings);
    }
    bell_ui(ui, model, wishes);
    if !is_narrow {
        let theme = ui.button(if model.is_dark { "Light" } else { "Dark" });
        if theme.on_hover_text(hint_of(ui, &Command::ToggleTheme)).clicked() {
            wishes.push(Command::ToggleTheme);
        }
    }
    // Where no graphs are, there is nothing to set about them.
    ui.add_enabled_ui(!model.tab().is_blank(), |ui| {
        graph_controls_ui(ui, model.tab(), wishes);
        if !is_narrow || model.tab().recording.running.is_some() {
            recording::button_ui(ui, model.tab(), now, is_narrow, wishes);
        }
    });
}

fn graph_controls_ui(ui: &mut Ui, tab: &Tab, wishes: &mut Vec<Command>) {
    let range =
        ComboBox::from_id_salt("range").selected_text(tab.range.text()).width(64.0).show_ui(ui, |ui| {
            for range in TimeRange::ALL {
                if ui.selectable_label(tab.range == range, range.text()).clicked() {
                    wishes.push(Command::SetRange(range));
                }
            }
        });
    range.response.accessible_name("Time range").on_hover_text("How far back the graphs go");
    let is_paused = tab.frozen.is_some();
    let text = if is_paused { "Paused" } else { "Pause" };
    let pause = ui.add_enabled(tab.replay.is_none(), Button::selectable(is_paused, text));
    let pause = pause.on_disabled_hover_text("A recording stands still by itself: its time line moves it");
    if pause.on_hover_text("Freezes the graphs; counting goes on").clicked() {
        wishes.push(Command::TogglePause);
    }
}

/// The line that says that the connection is lost, and what is being done about it.
pub(crate) fn lost_ui(ui: &mut Ui, tab: &Tab, retry: &Retry, now: Instant, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let next = match retry.next {
        Some(at) => format!("next attempt in {} s", at.saturating_duration_since(now).as_secs() + 1),
        None => "trying again…".to_owned(),
    };
    let failure = &retry.failure;
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            command_button_ui(ui, Command::RetryNow, retry.next.is_some(), wishes);
            if failure.is_of_identity
                && !tab.page.is_of_identity()
                && ui.button("Show certificates").clicked()
            {
                wishes.push(Command::Show(Page::Certificates));
            }
            copy_failure_ui(ui, failure);
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
