//! The servers side by side: one tab each, with a mark for how it stands.

use std::time::Duration;

use egui::{
    Color32, Painter, Pos2, Rect, Response, Role, ScrollArea, Sense, Stroke, TextStyle, Ui, UiBuilder,
    WidgetInfo, pos2, vec2,
};
use jiff::Timestamp;

use super::alerts::{badge_ui, badge_width};
use super::parts::{clipped_text, hint_with_keys, polygon};
use super::theme::{Palette, palette};
use crate::command::Command;
use crate::model::Model;
use crate::model::tab::Tab;
use crate::model::tab::state::State;
use crate::text;

/// A tab's size: a short name needs less room than a long one may take.
const WIDTH: std::ops::RangeInclusive<f32> = 84.0..=190.0;
const HEIGHT: f32 = 26.0;
/// The most of an address and of a folder that is shown in full.
const SHOWN: usize = 300;
/// The room before the name, for the mark, and behind it, for the cross.
const MARK_WIDTH: f32 = 22.0;
const CROSS_WIDTH: f32 = 22.0;

/// All tabs, each with how its server stands, and the button that opens another one.
pub(super) fn tabs_ui(ui: &mut Ui, model: &Model, states: &[State], wishes: &mut Vec<Command>) {
    let date = model.clock.now();
    ui.spacing_mut().item_spacing.x = 4.0;
    let room = ui.available_width() - 34.0;
    // One that is wider than all of them may be could not be seen whole.
    let widest = WIDTH.end().min(room).max(*WIDTH.start());
    ScrollArea::horizontal().id_salt("tabs").max_width(room).auto_shrink(true).show(ui, |ui| {
        ui.horizontal(|ui| {
            for (tab, state) in model.tabs.iter().zip(states) {
                if matches!(state, State::Reconnecting(Some(_))) {
                    ui.ctx().request_repaint_after(Duration::from_millis(500));
                }
                tab_ui(ui, model, (tab, state), date, widest, wishes);
            }
        });
    });
    let plus = ui.add_enabled(model.allows(&Command::NewTab), egui::Button::new("+"));
    let words = hint_with_keys(ui, "Another server in a new tab", &Command::NewTab);
    if plus.accessible_name(Command::NewTab.text()).on_hover_text(words).clicked() {
        wishes.push(Command::NewTab);
    }
}

fn tab_ui(
    ui: &mut Ui,
    model: &Model,
    (tab, state): (&Tab, &State),
    date: Timestamp,
    widest: f32,
    wishes: &mut Vec<Command>,
) {
    let colors = palette(ui);
    let name = tab.name(&model.settings);
    let font = TextStyle::Body.resolve(ui.style());
    let text_width = ui.painter().layout_no_wrap(name.clone(), font, colors.muted).size().x;
    let alerts = model.alerts.count(Some(tab.id));
    let badge = badge_width(alerts);
    let width = (MARK_WIDTH + text_width + badge + CROSS_WIDTH + 6.0).clamp(*WIDTH.start(), widest);
    let is_shown = tab.id == model.tab().id;
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, is_shown, &name));
    let words = match alerts {
        0 => state.words(),
        alerts => format!("{}, {}", state.words(), text::counted(alerts as u64, ["alert", "alerts"])),
    };
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(words));
    if is_shown {
        response.scroll_to_me(None);
    }
    let visuals = ui.visuals();
    let fill = match () {
        () if is_shown => visuals.selection.bg_fill,
        () if response.hovered() || response.has_focus() => visuals.widgets.hovered.weak_bg_fill,
        () => colors.card,
    };
    let painter = ui.painter_at(rect);
    painter.rect(rect, 5.0, fill, Stroke::new(1.0, colors.line), egui::StrokeKind::Inside);
    state_mark(&painter, pos2(rect.left() + 13.0, rect.center().y), state, &colors);
    let end = rect.right() - CROSS_WIDTH;
    let text_rect = Rect::from_x_y_ranges(rect.left() + MARK_WIDTH..=end - badge, rect.y_range());
    clipped_text(ui, &name, text_rect, TextStyle::Body, ui.visuals().text_color());
    badge_ui(ui, pos2(end, rect.center().y), alerts);
    if response.on_hover_ui(|ui| hover_ui(ui, tab, &name, state, date)).clicked() {
        wishes.push(Command::ShowTab(tab.id));
    }
    let cross =
        Rect::from_center_size(pos2(end + CROSS_WIDTH / 2.0 - 2.0, rect.center().y), vec2(16.0, 16.0));
    if cross_ui(ui, cross, &name).clicked() {
        wishes.push(Command::CloseTab(Some(tab.id)));
    }
}

fn cross_ui(ui: &mut Ui, rect: Rect, name: &str) -> Response {
    let mut ui = ui.new_child(UiBuilder::new().max_rect(rect));
    let response = ui.allocate_rect(rect, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Close {name}")));
    let colors = palette(&ui);
    let is_hot = response.hovered() || response.has_focus();
    if is_hot {
        ui.painter().rect_filled(rect, 3.0, ui.visuals().widgets.hovered.weak_bg_fill);
    }
    let color = if is_hot { ui.visuals().text_color() } else { colors.muted };
    cross(ui.painter(), rect.center(), 3.5, Stroke::new(1.2, color));
    response.on_hover_text("Leaves this server and closes the tab")
}

fn hover_ui(ui: &mut Ui, tab: &Tab, name: &str, state: &State, date: Timestamp) {
    ui.strong(name);
    if let Some(replay) = &tab.replay {
        ui.label(&replay.file);
    }
    if let Some(target) = tab.connection.target() {
        let [address, identity] = [&target.address, &target.identity].map(|it| text::line(it, SHOWN));
        ui.label(format!("{address}\nas {identity}"));
    }
    if let Some(session) = tab.connection.session() {
        let peer = &session.peer;
        let life = peer.life(date).words();
        ui.label(format!("{}\nTLS 1.3 · {} · {}, {life}", peer.id, peer.key_exchange, peer.cipher));
    }
    match state {
        State::Degraded(concerns) => {
            for concern in concerns {
                ui.colored_label(palette(ui).warn, format!("{}\n{}", concern.words, concern.why));
            }
        }
        state => drop(ui.weak(state.words())),
    }
}

/// A shape and a colour for each state: the shape alone says it, too.
pub(super) fn state_mark(painter: &Painter, center: Pos2, state: &State, colors: &Palette) {
    let ring = |color: Color32| {
        painter.circle_stroke(center, 4.0, Stroke::new(1.6, color));
    };
    match state {
        State::Blank => ring(colors.muted),
        State::Recording => {
            let place = Rect::from_center_size(center, vec2(8.0, 8.0));
            painter.rect_stroke(place, 1.0, Stroke::new(1.6, colors.accent), egui::StrokeKind::Middle);
        }
        State::Connecting => ring(colors.accent),
        State::Connected => {
            painter.circle_filled(center, 4.5, colors.ok);
        }
        State::Degraded(_) => {
            let corners = [vec2(0.0, -5.0), vec2(5.5, 4.5), vec2(-5.5, 4.5)];
            polygon(painter, center, &corners, colors.warn);
        }
        State::Failed => cross(painter, center, 4.0, Stroke::new(2.0, colors.error)),
        State::Reconnecting(_) => {
            ring(colors.error);
            painter.circle_filled(center, 1.8, colors.error);
        }
    }
}

fn cross(painter: &Painter, center: Pos2, reach: f32, stroke: Stroke) {
    for slope in [1.0, -1.0] {
        let reach = vec2(reach, slope * reach);
        painter.line_segment([center - reach, center + reach], stroke);
    }
}
