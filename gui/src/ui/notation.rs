//! A value in diagnostic notation, of which only the visible lines are laid out.

use std::ops::Range;

use egui::text::LayoutJob;
use egui::{AsIdSalt, Color32, Label, TextFormat, TextStyle, Ui};

use super::rows::{Chosen, rows_ui};
use super::theme::{palette, value_color};
use crate::lens::notation::Listing;
use crate::lens::outline::Outline;
use crate::model::tree::Kind;

const ROW_HEIGHT: f32 = 17.0;
/// A longer line is shown up to here, in bytes; the copy has it all.
const LINE_SHOWN: usize = 2000;

/// Draws the lines in sight, and says which item was clicked.
pub(super) fn notation_ui(
    ui: &mut Ui,
    name: impl AsIdSalt,
    listing: &Listing,
    outline: &Outline,
    selected: Option<usize>,
) -> Option<usize> {
    let span = selected.and_then(|item| outline.item(item).text);
    let chosen =
        selected.zip(span).map(|(item, span)| Chosen { item, row: listing.line_at(span.of_value().start) });
    let mut clicked = None;
    rows_ui(ui, name, ROW_HEIGHT, listing.len(), chosen, |ui, range| {
        for line in range {
            let at = line_ui(ui, listing, outline, span.map(|span| span.all()), line);
            clicked = at.and_then(|at| outline.at_text(at)).or(clicked);
        }
    });
    clicked
}

/// Draws a line, and says which place of the text was clicked.
fn line_ui(
    ui: &mut Ui,
    listing: &Listing,
    outline: &Outline,
    selected: Option<Range<usize>>,
    line: usize,
) -> Option<usize> {
    let (start, text) = (listing.start(line), listing.line(line));
    let shown = &text[..text.floor_char_boundary(LINE_SHOWN)];
    let pen = Pen { text: listing.text(), selected: selected.unwrap_or_default(), job: LayoutJob::default() };
    let mut job = pen.line(ui, outline, start..start + shown.len());
    if shown.len() < text.len() {
        let format = TextFormat::simple(TextStyle::Monospace.resolve(ui.style()), palette(ui).muted);
        job.append("…", 0.0, format);
    }
    job.wrap.max_width = f32::INFINITY;
    let galley = ui.painter().layout_job(job);
    let response = ui.add(Label::new(galley.clone()).selectable(true));
    let pointer = response.interact_pointer_pos().filter(|_| response.clicked())?;
    let cursor = galley.cursor_from_pos(pointer - response.rect.min);
    let before = shown.chars().take(cursor.index.into()).map(char::len_utf8).sum::<usize>();
    Some(start + before)
}

/// Puts a line together, in the colours of what is in it.
struct Pen<'t> {
    text: &'t str,
    selected: Range<usize>,
    job: LayoutJob,
}

impl Pen<'_> {
    fn line(mut self, ui: &Ui, outline: &Outline, line: Range<usize>) -> LayoutJob {
        let (colors, plain) = (palette(ui), ui.visuals().text_color());
        let mut at = line.start;
        for (item, span) in outline.in_text(line.clone()) {
            if matches!(item.kind, Kind::Container | Kind::Remark) {
                continue;
            }
            let value = span.of_value();
            let (from, to) = (value.start.min(line.end), value.end.min(line.end));
            self.write(ui, at..from, plain);
            self.write(ui, from..to, value_color(&colors, item.kind));
            at = to;
        }
        self.write(ui, at..line.end, plain);
        self.job
    }

    /// Writes a part of the text, on the ground of the selection where it is selected.
    fn write(&mut self, ui: &Ui, part: Range<usize>, color: Color32) {
        let font = TextStyle::Monospace.resolve(ui.style());
        let clamp = |at: usize| at.clamp(part.start, part.end);
        let (from, to) = (clamp(self.selected.start), clamp(self.selected.end));
        for (part, is_selected) in [(part.start..from, false), (from..to, true), (to..part.end, false)] {
            if part.is_empty() {
                continue;
            }
            let mut format = TextFormat::simple(font.clone(), color);
            if is_selected {
                format.background = ui.visuals().selection.bg_fill;
            }
            self.job.append(&self.text[part], 0.0, format);
        }
    }
}
