//! Bytes in hex: the items among them in the colours of their kinds, one of them highlighted.

use std::ops::Range;

use egui::text::LayoutJob;
use egui::{Align2, AsIdSalt, Color32, Rect, Role, Sense, TextFormat, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::rows::{Chosen, rows_ui};
use super::theme::{palette, value_color};
use crate::lens::hex::{Grid, ascii, common, offset};
use crate::lens::outline::Outline;
use crate::model::tree::Kind;

const ROW_HEIGHT: f32 = 18.0;

/// Draws bytes, and says which item of theirs was clicked. Bytes that are no value have an empty outline.
pub(super) fn hex_ui(
    ui: &mut Ui,
    name: impl AsIdSalt,
    bytes: &[u8],
    outline: &Outline,
    selected: Option<usize>,
) -> Option<usize> {
    let font = TextStyle::Monospace.resolve(ui.style());
    let step = ui.fonts_mut(|fonts| fonts.glyph_width(&font, '0'));
    let room = ui.available_width() - ui.spacing().scroll.bar_width - 4.0;
    let grid = Grid::fitting((room / step) as usize);
    let chosen = selected.map(|item| {
        let row = grid.row_of(outline.item(item).bytes.of_value().start);
        Chosen { item, row }
    });
    let mut clicked = None;
    rows_ui(ui, name, ROW_HEIGHT, grid.rows(bytes.len()), chosen, |ui, range| {
        for row in range {
            clicked = row_ui(ui, Row { grid, row, step, bytes, outline, selected }).or(clicked);
        }
    });
    clicked
}

/// A row to draw.
struct Row<'v> {
    grid: Grid,
    row: usize,
    /// How wide a character is.
    step: f32,
    bytes: &'v [u8],
    outline: &'v Outline,
    selected: Option<usize>,
}

fn row_ui(ui: &mut Ui, row: Row<'_>) -> Option<usize> {
    let Row { grid, step, bytes, outline, .. } = row;
    let range = grid.row(row.row, bytes.len());
    let width = (grid.columns() as f32 * step).max(ui.available_width());
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW_HEIGHT), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, grid.words(row.row, bytes)));
    let at = |column: usize| rect.left() + column as f32 * step;
    row.highlight_ui(ui, &range, rect, at);
    let font = TextStyle::Monospace.resolve(ui.style());
    let colors = palette(ui);
    let place = |column| pos2(at(column), rect.center().y);
    let painter = ui.painter();
    painter.text(place(0), Align2::LEFT_CENTER, offset(range.start), font.clone(), colors.muted);
    let (mut hex, mut text) = (LayoutJob::default(), LayoutJob::default());
    for byte in range.clone() {
        let format = TextFormat::simple(font.clone(), row.color(ui, byte));
        let gap = grid.hex_column(byte) - grid.hex_column(range.start) - hex.text.len();
        hex.append(&format!("{:gap$}{:02x}", "", bytes[byte]), 0.0, format.clone());
        text.append(ascii(bytes[byte]).encode_utf8(&mut [0; 4]), 0.0, format);
    }
    for (job, column) in [(hex, grid.hex_column(0)), (text, grid.ascii_column(0))] {
        let galley = painter.layout_job(job);
        let rect = Align2::LEFT_CENTER.anchor_size(place(column), galley.size());
        painter.galley(rect.min, galley, colors.muted);
    }
    if !response.clicked() {
        return None;
    }
    response.request_focus();
    // Other ways to click have no place: they mean the row.
    let column = response.interact_pointer_pos().map(|pos| ((pos.x - rect.left()) / step) as usize);
    let byte = column.map_or(Some(0), |column| grid.byte_at(column))?;
    outline.at_byte(range.start + byte)
}

impl Row<'_> {
    /// The ground of what is selected: its value, and in a weaker tone its key.
    fn highlight_ui(&self, ui: &Ui, range: &Range<usize>, rect: Rect, at: impl Fn(usize) -> f32) {
        let Some(item) = self.selected else { return };
        let (span, fill) = (self.outline.item(item).bytes, ui.visuals().selection.bg_fill);
        let key = span.all().start..span.of_value().start;
        for (part, fill) in [(key, fill.gamma_multiply(0.5)), (span.of_value(), fill)] {
            let Some(part) = common(&part, range) else { continue };
            let last = part.end - 1;
            let grid = self.grid;
            for (from, to) in [
                (grid.hex_column(part.start), grid.hex_column(last) + 2),
                (grid.ascii_column(part.start), grid.ascii_column(last) + 1),
            ] {
                let ground = Rect::from_x_y_ranges(at(from) - 1.0..=at(to) + 1.0, rect.y_range());
                ui.painter().rect_filled(ground, 2.0, fill);
            }
        }
    }

    fn color(&self, ui: &Ui, byte: usize) -> Color32 {
        let colors = palette(ui);
        match self.outline.at_byte(byte).map(|item| self.outline.item(item)) {
            Some(item) if item.kind != Kind::Remark && item.bytes.of_value().contains(&byte) => {
                value_color(&colors, item.kind)
            }
            // Keys, and what is not told apart.
            _ => ui.visuals().text_color(),
        }
    }
}
