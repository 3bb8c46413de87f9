//! A value as rows to unfold.

use egui::{Align2, AsIdSalt, Rect, Role, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::body::item_menu_ui;
use super::parts::triangle;
use super::rows::{Chosen, row_ui, rows_ui};
use super::theme::{palette, value_color};
use crate::command::Command;
use crate::lens::difference::Mark;
use crate::model::reply::Body;

const ROW_HEIGHT: f32 = 20.0;
const INDENT: f32 = 14.0;
/// The longest value in a row; the notation has it all.
const SHOWN: usize = 240;

/// Draws the rows in sight, and says which item was clicked.
pub(super) fn tree_ui(
    ui: &mut Ui,
    name: impl AsIdSalt,
    body: &Body,
    wishes: &mut Vec<Command>,
) -> Option<usize> {
    let row_of = |item| Some(Chosen { item, row: body.tree.row_of(item)? });
    let mut clicked = None;
    rows_ui(ui, name, ROW_HEIGHT, body.tree.len(), body.selected.and_then(row_of), |ui, range| {
        for row in range {
            let item = body.tree.item(row);
            let is_clicked = ui.push_id(item, |ui| item_ui(ui, body, item, wishes)).inner;
            clicked = clicked.or(is_clicked.then_some(item));
        }
    });
    clicked
}

/// Draws a row, and says whether it was clicked.
fn item_ui(ui: &mut Ui, body: &Body, item: usize, wishes: &mut Vec<Command>) -> bool {
    let (outline, colors) = (&body.outline, palette(ui));
    let entry = outline.item(item);
    let (key, summary) = (outline.key(item, &body.bytes), outline.summary(item, &body.bytes, SHOWN));
    let mark = body.compared.as_ref().and_then(|compared| compared.changes.mark(item));
    let font = TextStyle::Monospace.resolve(ui.style());
    let gap = if key.is_empty() { "" } else { "  " };
    let key_galley =
        ui.painter().layout_no_wrap(format!("{key}{gap}"), font.clone(), ui.visuals().text_color());
    let value_galley = ui.painter().layout_no_wrap(summary.clone(), font, value_color(&colors, entry.kind));
    let indent = INDENT * entry.depth as f32 + 18.0;
    let width = (indent + key_galley.size().x + value_galley.size().x + 4.0).max(ui.available_width());
    let name = || format!("{key} {summary}{}", mark.map_or("", mark_words)).trim().to_owned();
    let response = row_ui(ui, vec2(width, ROW_HEIGHT), 3.0, body.selected == Some(item), name);
    let (rect, painter) = (response.rect, ui.painter_at(response.rect));
    if let Some(mark) = mark {
        let color = match mark {
            Mark::Added => colors.ok,
            Mark::Changed => colors.warn,
            Mark::Within => colors.line,
        };
        painter.rect_filled(Rect::from_min_size(rect.min, vec2(3.0, ROW_HEIGHT)), 0.0, color);
    }
    let mut at = pos2(rect.left() + indent, rect.center().y);
    for galley in [key_galley, value_galley] {
        let placed = Align2::LEFT_CENTER.anchor_size(at, galley.size());
        at.x += galley.size().x;
        painter.galley(placed.min, galley, colors.muted);
    }
    let is_toggled = entry.within > 0 && fold_ui(ui, body, item, &key, rect.with_max_x(rect.left() + indent));
    if is_toggled || (entry.within > 0 && response.double_clicked()) {
        wishes.push(Command::ToggleItem(item));
    }
    response.context_menu(|ui| item_menu_ui(ui, body, item));
    if response.clicked() {
        response.request_focus();
    }
    response.clicked() && !is_toggled
}

/// Draws the triangle at the right of a place, and says whether it was clicked.
fn fold_ui(ui: &Ui, body: &Body, item: usize, key: &str, place: Rect) -> bool {
    let is_folded = body.tree.is_folded(item);
    let place = place.with_min_x(place.right() - 18.0);
    let response = ui.interact(place, ui.scope_id().with("fold"), Sense::click());
    response.widget_info(|| {
        let verb = if is_folded { "Unfold" } else { "Fold" };
        WidgetInfo::labeled(Role::Button, true, format!("{verb} {key}").trim())
    });
    let response = response.on_hover_text("Shows or hides what is within");
    let colors = palette(ui);
    let color = if response.hovered() { ui.visuals().text_color() } else { colors.muted };
    triangle(ui.painter(), place.center(), is_folded, color);
    response.clicked()
}

/// How what is different is said, not only coloured.
fn mark_words(mark: Mark) -> &'static str {
    match mark {
        Mark::Added => ", added",
        Mark::Changed => ", changed",
        Mark::Within => ", changed within",
    }
}
