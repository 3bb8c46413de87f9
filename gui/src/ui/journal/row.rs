//! A call as a row of the list.

use egui::{Align2, Rect, TextStyle, Ui, pos2, vec2};
use jiff::Timestamp;

use crate::model::journal::Noted;
use crate::model::journal::entry::{End, Entry};
use crate::model::journal::recall::{Reach, Recall};
use crate::text;
use crate::ui::columns::copies_ui;
use crate::ui::parts::{clipped_text, polygon};
use crate::ui::rows::row_ui;
use crate::ui::theme::palette;

/// Two lines: what was called, and with what.
pub(super) const ROW_HEIGHT: f32 = 40.0;
/// The most of an address that is shown.
const ADDRESS_SHOWN: usize = 40;

/// Draws it, and says whether it was clicked.
pub(super) fn call_ui(ui: &mut Ui, noted: &Noted, recall: &Recall, is_chosen: bool) -> bool {
    let Entry { server, end, at, .. } = &noted.entry;
    let (time, took) = (moment(*at, recall), took(end));
    let pinned = if noted.entry.pinned { "pinned, " } else { "" };
    let words = || format!("{pinned}{} {} {time} {}", noted.procedure, noted.word, noted.summary);
    let response = row_ui(ui, vec2(ui.available_width(), ROW_HEIGHT), 4.0, is_chosen, words);
    let (rect, colors, painter) = (response.rect, palette(ui), ui.painter_at(response.rect));
    let small = TextStyle::Small.resolve(ui.style());
    let (upper, lower) = (rect.top() + 12.0, rect.top() + 29.0);
    let color = if end.verdict.is_ok() { colors.ok } else { colors.error };
    painter.circle_filled(pos2(rect.left() + 10.0, upper), 3.5, color);
    if noted.entry.pinned {
        let diamond = [vec2(0.0, -4.5), vec2(4.5, 0.0), vec2(0.0, 4.5), vec2(-4.5, 0.0)];
        polygon(&painter, pos2(rect.left() + 10.0, lower), &diamond, colors.accent);
    }
    let right = rect.right() - 8.0;
    let drawn = painter.text(
        pos2(right, upper),
        Align2::RIGHT_CENTER,
        format!("{took}   {time}"),
        small.clone(),
        colors.muted,
    );
    let verdict = if end.verdict.is_ok() { "" } else { &noted.word };
    let below = match recall.reach {
        Reach::Everywhere => text::line(&server.address, ADDRESS_SHOWN),
        _ => String::new(),
    };
    let address = painter.text(pos2(right, lower), Align2::RIGHT_CENTER, below, small, colors.muted);
    let line = |middle: f32, end: f32| {
        Rect::from_min_max(pos2(rect.left() + 22.0, middle - 9.0), pos2(end - 10.0, middle + 9.0))
    };
    let mut name = line(upper, drawn.left());
    if !verdict.is_empty() {
        let font = TextStyle::Small.resolve(ui.style());
        let at = pos2(drawn.left() - 12.0, upper);
        name.max.x = painter.text(at, Align2::RIGHT_CENTER, verdict, font, colors.error).left() - 8.0;
    }
    clipped_text(ui, &noted.procedure, name, TextStyle::Body, ui.visuals().text_color());
    clipped_text(ui, &noted.summary, line(lower, address.left()), TextStyle::Small, colors.muted);
    copies_ui(&response, || noted.record());
    response.clicked()
}

/// A moment as a clock on the wall shows it, with its day unless that is today.
pub(super) fn moment(at: Timestamp, recall: &Recall) -> String {
    recall.times.clock(at, recall.now, "%Y-%m-%d %H:%M")
}

/// How long a call took.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(super) fn took(end: &End) -> String {
    text::latency(end.took_us as f64 / 1e6)
}
