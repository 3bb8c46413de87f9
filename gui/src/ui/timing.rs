//! Where the time of a call went, as one bar with a legend, and where the call lies among others.

use std::time::Duration;

use egui::{
    Color32, CornerRadius, Label, Rect, Response, RichText, Role, Sense, TextStyle, Ui, WidgetInfo, pos2,
    vec2,
};

use super::parts::{muted, square_mark};
use super::theme::{Palette, palette};
use crate::model::timing::{Part, Rank, Timing};
use crate::text;

const BAR_HEIGHT: f32 = 10.0;
/// A part that took any time is at least so wide.
const THINNEST: f32 = 2.0;

/// The bar, its legend and the rank; what is not known is left out.
pub(super) fn timing_ui(ui: &mut Ui, timing: &Timing, rank: Option<&Rank>) {
    let shares = timing.shares();
    if let Some(shares) = &shares {
        bar_ui(ui, shares);
    }
    if shares.is_some() || rank.is_some() {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(9.0, 0.0);
            for (part, took, share) in shares.iter().flatten() {
                part_hover(part_ui(ui, *part, *took), *part, *took, *share);
            }
            rank.into_iter().for_each(|rank| rank_ui(ui, rank));
        });
    }
    if timing.is_doubtful() {
        let words = "The server says that it took longer than the call did: its clock is not to be trusted.";
        ui.add(Label::new(RichText::new(words).small().color(palette(ui).warn)).wrap());
    }
}

fn bar_ui(ui: &mut Ui, shares: &[(Part, Duration, f64); 5]) {
    let colors = palette(ui);
    let (bar, _) = ui.allocate_exact_size(vec2(ui.available_width(), BAR_HEIGHT), Sense::hover());
    ui.painter().rect_filled(bar, CornerRadius::same(3), colors.line);
    let thin = shares.iter().filter(|(_, took, _)| !took.is_zero()).count() as f32 * THINNEST;
    let room = (bar.width() - thin).max(0.0);
    let mut left = bar.left();
    for (part, took, share) in shares {
        if took.is_zero() {
            continue;
        }
        let right = left + THINNEST + room * *share as f32;
        let place = Rect::from_min_max(pos2(left, bar.top()), pos2(right, bar.bottom()));
        ui.painter().rect_filled(place, 0.0, color(&colors, *part));
        let response = ui.interact(place, ui.scope_id().with(part.name()), Sense::hover());
        part_hover(response, *part, *took, *share);
        left = right;
    }
}

/// A part in the legend: its colour and its words, which a line's end does not part.
fn part_ui(ui: &mut Ui, part: Part, took: Duration) -> Response {
    let words = format!("{} {}", part.name(), text::latency(took.as_secs_f64()));
    let font = TextStyle::Small.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap(words.clone(), font, ui.visuals().text_color());
    let (place, response) = ui.allocate_exact_size(vec2(11.0 + galley.size().x, 18.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
    square_mark(ui.painter(), pos2(place.left() + 4.0, place.center().y), color(&palette(ui), part));
    let at = pos2(place.left() + 11.0, place.center().y - galley.size().y / 2.0);
    ui.painter().galley(at, galley, Color32::PLACEHOLDER);
    response
}

/// The exact figures of a part, on hovering.
fn part_hover(response: Response, part: Part, took: Duration, share: f64) {
    response.on_hover_ui(|ui| {
        let micros = text::count(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        ui.label(
            RichText::new(format!("{} {micros} µs, {:.1} % of the call", part.name(), share * 100.0))
                .strong(),
        );
        ui.label(part.words());
    });
}

fn rank_ui(ui: &mut Ui, rank: &Rank) {
    let calls = text::counted(rank.calls, ["call", "calls"]);
    let words = format!("{} of {calls} in 5 min", rank.words());
    let by = match rank.is_of_server {
        true => "by the server's own time",
        false => "by the whole time, since the server did not tell its own",
    };
    let words = muted(&palette(ui), text::capitalized(&words)).small();
    ui.add(Label::new(words).extend()).on_hover_text(format!(
        "Among the calls of this procedure that the server counted in the five minutes before, {by}"
    ));
}

/// No two neighbours alike, also for eyes that tell red and green apart badly.
fn color(colors: &Palette, part: Part) -> Color32 {
    match part {
        Part::Wire => colors.muted,
        Part::Decode => colors.codes[3],
        Part::Queue => colors.warn,
        Part::Handler => colors.accent,
        Part::Encode => colors.codes[2],
    }
}
