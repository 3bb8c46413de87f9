//! The alerts that go on, and then those that are over: two lines each.

use std::time::Instant;

use egui::{
    Align, Align2, Color32, Layout, Rect, Role, Sense, Stroke, TextStyle, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};

use super::{mute_of, small_button_ui};
use crate::command::Command;
use crate::model::Model;
use crate::model::alerts::AlertCommand;
use crate::model::alerts::log::Alert;
use crate::text;
use crate::ui::parts::{clipped_text, empty_ui, polygon};
use crate::ui::rows::rows_ui;
use crate::ui::theme::palette;

const ROW_HEIGHT: f32 = 50.0;
/// Before the words, for the mark.
const MARK_WIDTH: f32 = 26.0;
/// At the right, for the worst that was seen and how long it went on.
const WORST_WIDTH: f32 = 150.0;
/// At the right of what goes on, for its buttons.
const BUTTONS_WIDTH: f32 = 196.0;

pub(super) fn list_ui(ui: &mut Ui, model: &Model, now: Instant, wishes: &mut Vec<Command>) {
    let log = &model.alerts.log;
    let count = log.active.len() + log.past.len();
    if count == 0 {
        return empty_ui(
            ui,
            "No alert so far",
            "What the rules at the right are about is listed here, and stays listed when it is over.",
        );
    }
    let buttons = if log.active.is_empty() { 0.0 } else { BUTTONS_WIDTH };
    rows_ui(ui, "alerts", ROW_HEIGHT, count, None, |ui, rows| {
        for alert in log.all().skip(rows.start).take(rows.len()) {
            alert_ui(ui, model, alert, buttons, now, wishes);
        }
    });
}

fn alert_ui(
    ui: &mut Ui,
    model: &Model,
    alert: &Alert,
    buttons: f32,
    now: Instant,
    wishes: &mut Vec<Command>,
) {
    let (colors, is_over, is_loud) = (palette(ui), alert.ended.is_some(), model.alerts.is_loud(alert));
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    let (words, worst, lasted) = (alert.rule.condition.words(), alert.worst_words(), lasted(alert, now));
    let when = format!("{} · {}", alert.server, began(model, alert));
    let state = match () {
        () if is_over => "over",
        () if alert.is_known => "acknowledged",
        () if !is_loud => "muted",
        () => "goes on",
    };
    response.widget_info(|| {
        let worst = if worst.is_empty() { String::new() } else { format!(", {worst}") };
        WidgetInfo::labeled(Role::Button, true, format!("{words}, {when}, {state}{worst}, {lasted}"))
    });
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, 5.0, ui.visuals().faint_bg_color);
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, colors.line.gamma_multiply(0.6)));
    let color = if is_loud { colors.error } else { colors.muted };
    mark(ui, pos2(rect.left() + 13.0, rect.top() + 17.0), is_over, color);
    let right = rect.right() - buttons - 8.0;
    let [first, second] = [rect.top() + 6.0, rect.top() + 26.0];
    let text_color = if is_over { colors.muted } else { ui.visuals().text_color() };
    let line = |top: f32, left: f32, right: f32| Rect::from_min_max(pos2(left, top), pos2(right, top + 20.0));
    let left = rect.left() + MARK_WIDTH;
    let cut =
        clipped_text(ui, &words, line(first, left, right - WORST_WIDTH - 12.0), TextStyle::Body, text_color);
    let note = if is_loud || is_over { when.clone() } else { format!("{when} · {state}") };
    clipped_text(ui, &note, line(second, left, right - WORST_WIDTH - 12.0), TextStyle::Small, colors.muted);
    let at_right = |y: f32, words: &str, style: TextStyle, color: Color32| {
        let font = style.resolve(ui.style());
        ui.painter().text(pos2(right, y + 10.0), Align2::RIGHT_CENTER, words, font, color);
    };
    at_right(first, &worst, TextStyle::Body, if is_loud { colors.error } else { text_color });
    at_right(second, &lasted, TextStyle::Small, colors.muted);
    let look = AlertCommand::LookInto(alert.id);
    let hint = match model.allows_alert(&look) {
        true => "Click to see what the server did at the time",
        false => "Its tab was closed: what happened there is in no graph any more",
    };
    let response = response.on_hover_ui(|ui| {
        if cut {
            ui.strong(&words);
        }
        ui.label(hint);
    });
    if response.clicked() && model.allows_alert(&look) {
        wishes.push(Command::Alert(look));
    }
    if !is_over {
        let place = Rect::from_min_max(pos2(right + 16.0, rect.top()), rect.max - vec2(4.0, 0.0));
        buttons_ui(ui, model, alert, place, wishes);
    }
}

fn buttons_ui(ui: &mut Ui, model: &Model, alert: &Alert, place: Rect, wishes: &mut Vec<Command>) {
    // Beside the row, as far as egui goes on from here.
    let layout = Layout::right_to_left(Align::Center);
    let mut ui = ui.new_child(UiBuilder::new().id_salt(alert.id).max_rect(place).layout(layout));
    let words = alert.rule.condition.words();
    let acknowledge = AlertCommand::Acknowledge(alert.id);
    for (command, allowed) in [(mute_of(model, &alert.rule), true), (acknowledge, !alert.is_known)] {
        let name = format!("{}: {words}", command.text());
        small_button_ui(&mut ui, command, allowed, name, wishes);
    }
}

/// A triangle for what goes on and a ring for what is over: the shape alone says it, too.
fn mark(ui: &Ui, center: egui::Pos2, is_over: bool, color: Color32) {
    if is_over {
        ui.painter().circle_stroke(center, 4.0, Stroke::new(1.4, color));
    } else {
        polygon(ui.painter(), center, &[vec2(0.0, -5.5), vec2(6.0, 5.0), vec2(-6.0, 5.0)], color);
    }
}

/// `for 32 s`, `lasted 2 min 5 s`.
fn lasted(alert: &Alert, now: Instant) -> String {
    let span = text::span_of(alert.lasted(now));
    if alert.ended.is_some() { format!("lasted {span}") } else { format!("for {span}") }
}

/// The time, and the day if it is another one.
fn began(model: &Model, alert: &Alert) -> String {
    model.settings.preferences.times.clock(alert.date, model.clock.now(), "%Y-%m-%d %H:%M:%S")
}
