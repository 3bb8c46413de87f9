//! The bell in the top bar, and the mark of a server's tab: how many alerts go on that nobody has
//! acknowledged.

use egui::{
    Align2, Color32, FontId, Painter, Pos2, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use crate::command::Command;
use crate::model::Model;
use crate::model::view::Page;
use crate::text;
use crate::ui::parts::hint_with_keys;
use crate::ui::theme::palette;

const HEIGHT: f32 = 24.0;
/// The bell alone, and what a number beside it takes.
const WIDTH: f32 = 28.0;
const BADGE: f32 = 16.0;
/// More than this is only more.
const COUNTED: usize = 99;

/// The bell, which leads to the page.
pub(in crate::ui) fn bell_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    let (colors, count) = (palette(ui), model.alerts.count(None));
    let width = WIDTH + badge_width(count);
    let is_shown = model.tab().page == Page::Alerts;
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    let words = match count {
        0 => "no alert goes on".to_owned(),
        count => text::counted(count as u64, ["alert goes on", "alerts go on"]),
    };
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_shown, "Alerts"));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(words.clone()));
    let style = ui.style().interact_selectable(&response, is_shown);
    ui.painter().rect(
        rect,
        style.corner_radius,
        style.weak_bg_fill,
        style.bg_stroke,
        egui::StrokeKind::Inside,
    );
    let color = if count == 0 { style.text_color() } else { colors.error };
    bell(ui.painter(), pos2(rect.left() + WIDTH / 2.0, rect.center().y), color);
    badge_ui(ui, pos2(rect.right() - 5.0, rect.center().y), count);
    let hint = hint_with_keys(ui, &text::capitalized(&words), &Command::Show(Page::Alerts));
    if response.on_hover_text(hint).clicked() {
        wishes.push(Command::Show(if is_shown { Page::Calls } else { Page::Alerts }));
    }
}

/// How wide the mark of so many alerts is; none has no mark.
pub(in crate::ui) fn badge_width(count: usize) -> f32 {
    match count {
        0 => 0.0,
        1..10 => BADGE,
        _ => BADGE + 7.0,
    }
}

/// Draws the mark of so many alerts, with its right edge there.
pub(in crate::ui) fn badge_ui(ui: &Ui, right: Pos2, count: usize) {
    if count == 0 {
        return;
    }
    let (colors, size) = (palette(ui), vec2(badge_width(count), BADGE));
    let place = Align2::RIGHT_CENTER.anchor_size(right, size);
    let words = if count > COUNTED { format!("{COUNTED}+") } else { count.to_string() };
    ui.painter().rect_filled(place, BADGE / 2.0, colors.error);
    let font = FontId::new(11.0, TextStyle::Small.resolve(ui.style()).family);
    ui.painter().text(place.center(), Align2::CENTER_CENTER, words, font, colors.on_error);
}

/// A bell, which no font of ours has in one colour.
fn bell(painter: &Painter, center: Pos2, color: Color32) {
    let at = |x: f32, y: f32| center + vec2(x, y);
    let mut dome = vec![at(-6.0, 3.5), at(-4.5, 1.5), at(-4.5, -1.0)];
    dome.extend((0..=8).map(|step| {
        let angle = std::f32::consts::PI * (1.0 - step as f32 / 8.0);
        at(4.5 * angle.cos(), -1.5 - 4.5 * angle.sin())
    }));
    dome.extend([at(4.5, -1.0), at(4.5, 1.5), at(6.0, 3.5)]);
    painter.add(Shape::closed_line(dome, Stroke::new(1.3, color)));
    painter.line_segment([at(-1.6, 6.0), at(1.6, 6.0)], Stroke::new(1.6, color));
}
