//! Tables of rows of one height: where their columns are, and the line above them, which sorts.

use egui::text::LayoutJob;
use egui::{
    Align2, Color32, FontId, Rect, Response, Role, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use super::parts::{clipped_text, copy_entry_ui, polygon};
use super::theme::palette;
use crate::model::sorted::Sorted;
use crate::model::table::{self, Record};

/// How high the line above the rows is.
const HEADER_HEIGHT: f32 = 24.0;
/// Between two columns.
const GAP: f32 = 14.0;
/// What the bar at the right of the rows takes.
const SCROLL_BAR: f32 = 12.0;
/// How many times as wide as they need to be columns get in a wide window.
const WIDEST: f32 = 2.2;
/// Between the first column and the edge of the row.
const MARGIN: f32 = 8.0;

/// A column of a table that can be sorted by `C`.
pub(super) struct Column<C> {
    pub(super) by: C,
    pub(super) title: &'static str,
    pub(super) width: f32,
    /// Whether what is in it stands at its right, as numbers do.
    pub(super) is_number: bool,
    pub(super) hint: &'static str,
}

impl<C> Column<C> {
    /// A column of this width.
    pub(super) fn new(by: C, title: &'static str, width: f32, is_number: bool, hint: &'static str) -> Self {
        Self { by, title, width, is_number, hint }
    }
}

/// The width that is left for one column beside others, within bounds.
pub(super) fn left_over(ui: &Ui, others: &[f32], bounds: std::ops::RangeInclusive<f32>) -> f32 {
    // One gap for each column but the last, which is the one that is asked for.
    let taken = others.iter().sum::<f32>() + GAP * others.len() as f32 + 2.0 * MARGIN + SCROLL_BAR;
    (ui.available_width() - taken).clamp(*bounds.start(), *bounds.end())
}

/// Gives one column what the others and what stands at their right leave of the width, within bounds.
pub(super) fn fill<C>(
    ui: &Ui,
    columns: &mut [Column<C>],
    column: usize,
    bounds: std::ops::RangeInclusive<f32>,
    beside: f32,
) {
    let others = columns.iter().enumerate().filter(|(at, _)| *at != column).map(|(_, other)| other.width);
    let others: Vec<f32> = others.chain([beside]).collect();
    columns[column].width = left_over(ui, &others, bounds);
    widen(ui, columns, beside);
}

/// Lets columns share what a wide window has to spare beside what stands at their right, within reason.
fn widen<C>(ui: &Ui, columns: &mut [Column<C>], others: f32) {
    let sum: f32 = columns.iter().map(|column| column.width).sum();
    let spare = ui.available_width() - width(columns) - GAP - others - SCROLL_BAR;
    let factor = 1.0 + (spare / sum).clamp(0.0, WIDEST - 1.0);
    columns.iter_mut().for_each(|column| column.width *= factor);
}

/// The places of columns in a row.
pub(super) fn places<C>(row: Rect, columns: &[Column<C>]) -> Vec<Rect> {
    let mut left = row.left() + MARGIN;
    let of = |column: &Column<C>| {
        let place = Rect::from_min_size(pos2(left, row.top()), vec2(column.width, row.height()));
        left = place.right() + GAP;
        place
    };
    columns.iter().map(of).collect()
}

/// How wide a row is.
pub(super) fn width<C>(columns: &[Column<C>]) -> f32 {
    columns.iter().map(|column| column.width + GAP).sum::<f32>() - GAP + 2.0 * MARGIN
}

/// A table as wide as its rows are, which is moved sideways where there is no room for them.
pub(super) fn table_ui<R>(ui: &mut Ui, row_width: f32, draw: impl FnOnce(&mut Ui) -> R) -> R {
    let width = ui.available_width().max(row_width + SCROLL_BAR);
    let table = ScrollArea::horizontal().id_salt("table").auto_shrink(false);
    table
        .show(ui, |ui| {
            ui.set_width(width);
            draw(ui)
        })
        .inner
}

/// The line above the rows, and the column by which they are to be sorted now.
pub(super) fn header_ui<C: Copy + PartialEq>(
    ui: &mut Ui,
    columns: &[Column<C>],
    sorted: Sorted<C>,
) -> Option<C> {
    let colors = palette(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEADER_HEIGHT), Sense::hover());
    let mut chosen = None;
    for (column, place) in columns.iter().zip(places(rect, columns)) {
        let is_sorted = column.by == sorted.by;
        // A name for each: they are not numbered by what stands above them.
        let id = ui.scope_id().with(("sort by", column.title));
        let response = ui.interact(place.expand2(vec2(GAP / 2.0 - 1.0, 0.0)), id, Sense::click());
        response.widget_info(|| {
            WidgetInfo::selected(
                Role::Button,
                true,
                is_sorted,
                format!("Sort by {}", column.title.to_lowercase()),
            )
        });
        if is_sorted {
            let words = if sorted.descending { "largest first" } else { "smallest first" };
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(words));
        }
        let is_hot = response.hovered() || response.has_focus();
        if is_hot {
            ui.painter().rect_filled(
                response.rect.shrink2(vec2(0.0, 2.0)),
                4.0,
                ui.visuals().widgets.hovered.weak_bg_fill,
            );
        }
        let color = if is_sorted || is_hot { ui.visuals().text_color() } else { colors.muted };
        let galley =
            ui.painter().layout_job(LayoutJob::simple_singleline(column.title.to_owned(), small(ui), color));
        let align = if column.is_number { Align2::RIGHT_CENTER } else { Align2::LEFT_CENTER };
        let text = align.align_size_within_rect(galley.size(), place);
        ui.painter().galley(text.min, galley, color);
        if is_sorted {
            // In the gap, so that the title stays above what is in its column.
            let center = match column.is_number {
                true => pos2(text.left() - 7.0, place.center().y),
                false => pos2(text.right() + 7.0, place.center().y),
            };
            arrow(ui, center, sorted.descending);
        }
        if response.on_hover_text(column.hint).clicked() {
            chosen = Some(column.by);
        }
    }
    ui.painter().hline(rect.x_range(), rect.bottom(), ui.visuals().window_stroke);
    chosen
}

/// The ground of a row, with its name for those who do not see it.
pub(super) fn row_ui(
    ui: &mut Ui,
    size: (f32, f32),
    role: Role,
    is_chosen: bool,
    name: impl Fn() -> String,
) -> Response {
    // Also what leads nowhere has a menu at the other button of the mouse.
    let sense = if role == Role::Button { Sense::click() } else { Sense::CLICK };
    let (rect, response) = ui.allocate_exact_size(vec2(size.0.max(ui.available_width()), size.1), sense);
    response.widget_info(|| WidgetInfo::selected(role, true, is_chosen, name()));
    let painter = ui.painter_at(rect);
    if is_chosen {
        painter.rect_filled(rect, 3.0, ui.visuals().selection.bg_fill);
    } else if response.contains_pointer() || response.has_focus() {
        painter.rect_filled(rect, 3.0, ui.visuals().faint_bg_color);
    }
    response
}

/// What can be copied of a row, at its right mouse button.
pub(super) fn copies_ui(response: &Response, record: impl Fn() -> Record) {
    response.context_menu(|ui| {
        let record = record();
        for (name, value) in record.iter().filter(|(_, value)| !value.is_empty()) {
            copy_entry_ui(ui, &format!("Copy {name}"), || value.clone());
        }
        copy_entry_ui(ui, "Copy row", || table::line(&record));
        copy_entry_ui(ui, "Copy row as JSON", || table::json(&record));
    });
}

/// What is in the columns of a row, each with its colour. Says whether any of it was cut.
pub(super) fn cells_ui<C>(
    ui: &Ui,
    columns: &[Column<C>],
    places: &[Rect],
    cells: &[(&str, Color32)],
) -> bool {
    let mut is_cut = false;
    for ((words, color), (column, place)) in cells.iter().zip(columns.iter().zip(places)) {
        is_cut |= cell_ui(ui, words, *place, column.is_number, *color);
    }
    is_cut
}

/// What is in a column of a row, at its left or, for numbers, at its right. Says whether it was cut.
fn cell_ui(ui: &Ui, words: &str, place: Rect, is_number: bool, color: Color32) -> bool {
    if is_number {
        ui.painter_at(place).text(
            place.right_center(),
            Align2::RIGHT_CENTER,
            words,
            TextStyle::Body.resolve(ui.style()),
            color,
        );
        return false;
    }
    clipped_text(ui, words, place, TextStyle::Body, color)
}

fn arrow(ui: &Ui, center: egui::Pos2, is_down: bool) {
    let down = if is_down { 1.0 } else { -1.0 };
    let corners = [vec2(-3.5, -2.0 * down), vec2(3.5, -2.0 * down), vec2(0.0, 2.5 * down)];
    polygon(ui.painter(), center, &corners, palette(ui).accent);
}

fn small(ui: &Ui) -> FontId {
    TextStyle::Small.resolve(ui.style())
}
