//! Numbers beside each other: of both sides of a run, or of two runs.

use egui::{Align2, Color32, Role, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use crate::model::load::compared::{Change, Row};
use crate::ui::theme::palette;

const ROW_HEIGHT: f32 = 20.0;
const NAME_WIDTH: f32 = 84.0;
/// A column of numbers is no wider than one reads across.
const COLUMN_MAX: f32 = 150.0;

/// How high a table of so many rows is.
pub(super) fn height(rows: usize) -> f32 {
    ROW_HEIGHT * (rows + 1) as f32
}

/// Draws it. The first two columns have a colour each, which is that of their line.
pub(super) fn table_ui(ui: &mut Ui, titles: [&str; 3], colors: [Color32; 2], rows: &[Row]) {
    let palette = palette(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let width = ((ui.available_width() - NAME_WIDTH) / 3.0).min(COLUMN_MAX);
    let right = |column: usize| NAME_WIDTH + (column + 1) as f32 * width;
    let size = vec2(right(2), ROW_HEIGHT);
    let (head, _) = ui.allocate_exact_size(size, Sense::hover());
    let heads = [colors[0], colors[1], palette.muted];
    let small = TextStyle::Small.resolve(ui.style());
    for (column, (title, color)) in titles.into_iter().zip(heads).enumerate() {
        let at = pos2(head.left() + right(column), head.center().y);
        ui.painter().text(at, Align2::RIGHT_CENTER, title, small.clone(), color);
    }
    ui.painter().hline(head.x_range(), head.bottom(), ui.visuals().window_stroke);
    let (body, text) = (TextStyle::Body.resolve(ui.style()), ui.visuals().text_color());
    for row in rows {
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        response.widget_info(|| {
            let [one, other] = &row.values;
            let difference = match row.difference.as_str() {
                "" | "–" => String::new(),
                difference => format!(", {} {difference}", titles[2]),
            };
            let name = format!("{}: {} {one}, {} {other}{difference}", row.name, titles[0], titles[1]);
            WidgetInfo::labeled(Role::Label, true, name)
        });
        let middle = rect.center().y;
        let left = pos2(rect.left(), middle);
        ui.painter().text(left, Align2::LEFT_CENTER, row.name, small.clone(), palette.muted);
        let change = match row.change {
            Change::None => palette.muted,
            Change::Better => palette.ok,
            Change::Worse => palette.error,
        };
        let cells = [(&row.values[0], text), (&row.values[1], text), (&row.difference, change)];
        for (column, (words, color)) in cells.into_iter().enumerate() {
            let at = pos2(rect.left() + right(column), middle);
            ui.painter().text(at, Align2::RIGHT_CENTER, words, body.clone(), color);
        }
    }
}
