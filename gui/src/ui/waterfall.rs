//! Where the time of a traced call went: its phases one below the other on one scale, with exact figures; or
//! all in one bar.

use egui::text::LayoutJob;
use egui::{Align2, Color32, Rect, Role, Sense, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::parts::{clipped_text, muted, square_mark};
use super::theme::{Palette, palette};
use crate::model::traces::{Phase, Span, Trace};
use crate::text;

const ROW_HEIGHT: f32 = 22.0;
const BAR_HEIGHT: f32 = 12.0;
/// The name at the left, and the figure and its share at the right.
const NAME_WIDTH: f32 = 66.0;
const FIGURE_WIDTH: f32 = 112.0;
const SHARE_WIDTH: f32 = 58.0;
/// What took any time at all is seen, if only as a line.
const THINNEST: f32 = 1.5;

/// All phases, each in its row, from the complete request to the last byte of the reply.
pub(super) fn waterfall_ui(ui: &mut Ui, trace: &Trace) {
    let colors = palette(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let spans = trace.waterfall();
    let whole = trace.total_us.max(1) as f64;
    let top = ui.cursor().top();
    let mut scale = Rect::NOTHING;
    for span in &spans {
        scale = phase_ui(ui, span, whole, &colors);
    }
    let bottom = ui.cursor().top();
    // The reply is ready where the handler's result was encoded; what follows is not the call's own time.
    let ready = scale.left() + scale.width() * trace.ready() as f32;
    ui.painter().vline(ready, top..=bottom + 4.0, Stroke::new(1.0, colors.muted));
    axis_ui(ui, scale, ready, trace, &colors);
}

/// A row: name, bar on the scale, exact figure, share. Says where the scale is.
fn phase_ui(ui: &mut Ui, span: &Span, whole: f64, colors: &Palette) -> Rect {
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::hover());
    let (name, figure) = (span.phase.name(), figure(span));
    let share = match span.us {
        Some(us) if span.phase != Phase::Write => format!("{:.1} %", us as f64 / whole * 100.0),
        _ => String::new(),
    };
    response
        .widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {figure} {share}").trim()));
    let scale = row.with_min_x(row.left() + NAME_WIDTH).with_max_x(row.right() - FIGURE_WIDTH - SHARE_WIDTH);
    let text_color = if span.us.is_some_and(|us| us > 0) { ui.visuals().text_color() } else { colors.muted };
    clipped_text(ui, name, row.with_max_x(scale.left()), TextStyle::Body, text_color);
    let painter = ui.painter_at(row);
    painter.hline(scale.x_range(), row.center().y, Stroke::new(1.0, colors.line));
    if let Some(bar) = bar(span, scale, row.center().y, BAR_HEIGHT) {
        painter.rect_filled(bar, 2.0, color(colors, span.phase));
    }
    let font = TextStyle::Monospace.resolve(ui.style());
    let figure_at = pos2(row.right() - SHARE_WIDTH, row.center().y);
    painter.text(figure_at, Align2::RIGHT_CENTER, figure, font, text_color);
    let small = TextStyle::Small.resolve(ui.style());
    painter.text(row.right_center(), Align2::RIGHT_CENTER, share, small, colors.muted);
    response.on_hover_text(span.phase.words());
    scale
}

/// The ends of the scale, and where the reply was ready.
fn axis_ui(ui: &mut Ui, scale: Rect, ready: f32, trace: &Trace, colors: &Palette) {
    let (row, response) = ui.allocate_exact_size(vec2(ui.available_width(), 18.0), Sense::hover());
    let reply = format!("reply after {} µs", text::count(trace.total_us));
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &reply));
    let font = TextStyle::Small.resolve(ui.style());
    let put = |x: f32, words: String| {
        let galley = ui.painter().layout_job(LayoutJob::simple_singleline(words, font.clone(), colors.muted));
        // Within the scale, wherever on it the moment is.
        let left = (x - galley.size().x / 2.0)
            .clamp(scale.left(), (scale.right() - galley.size().x).max(scale.left()));
        ui.painter().galley(pos2(left, row.top() + 4.0), galley, colors.muted);
    };
    put(ready, reply.clone());
    if ready - scale.left() > 140.0 {
        put(scale.left(), "request".to_owned());
    }
}

/// All phases in one bar.
pub(super) fn bar_ui(ui: &Ui, place: Rect, trace: &Trace) {
    let colors = palette(ui);
    let painter = ui.painter_at(place);
    painter.rect_filled(place, 2.0, colors.line);
    for span in trace.waterfall() {
        if let Some(bar) = bar(&span, place, place.center().y, place.height()) {
            painter.rect_filled(bar, 0.0, color(&colors, span.phase));
        }
    }
}

/// What the colours mean, from right to left.
pub(super) fn legend_ui(ui: &mut Ui) {
    let colors = palette(ui);
    ui.spacing_mut().item_spacing.x = 4.0;
    for phase in Phase::ALL.into_iter().rev() {
        ui.label(muted(&colors, phase.name()).small()).on_hover_text(phase.words());
        let (place, _) = ui.allocate_exact_size(vec2(8.0, 14.0), Sense::hover());
        square_mark(ui.painter(), place.center(), color(&colors, phase));
        ui.add_space(8.0);
    }
}

fn bar(span: &Span, scale: Rect, middle: f32, height: f32) -> Option<Rect> {
    span.us.filter(|us| *us > 0)?;
    let [from, to] = [span.from, span.to].map(|share| scale.left() + scale.width() * share as f32);
    let to = to.max(from + THINNEST).min(scale.right());
    Some(Rect::from_x_y_ranges(from.min(to - THINNEST)..=to, middle - height / 2.0..=middle + height / 2.0))
}

fn figure(span: &Span) -> String {
    match span.us {
        Some(us) => format!("{} µs", text::count(us)),
        None => span.phase.absence().to_owned(),
    }
}

/// No two neighbours alike, also for eyes that tell red and green apart badly.
fn color(colors: &Palette, phase: Phase) -> Color32 {
    match phase {
        Phase::Queue => colors.warn,
        Phase::Decode => colors.codes[3],
        Phase::Handler => colors.accent,
        Phase::Encode => colors.codes[2],
        Phase::Write => colors.muted,
    }
}
