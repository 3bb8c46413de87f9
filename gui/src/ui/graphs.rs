//! Latency, errors, rate: what the server counted, with the calls made here marked on it.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::time::Instant;

use countersign::Code;
use egui::{Align, Color32, FontId, Layout, RichText, Ui, UiBuilder, vec2};
use egui_plot::{
    AxisHints, Bar, BarChart, GridMark, HoverPosition, Line, LineStyle, MarkerShape, Plot, PlotPoints,
    PlotUi, Points, VLine,
};

use super::parts::{empty_ui, failed_ui, loading_ui, muted};
use super::theme::{Palette, palette};
use crate::command::Command;
use crate::model::history::{Percentiles, Point};
use crate::model::tab::Tab;
use crate::model::view::Scope;
use crate::text;

/// The panel at the bottom.
pub(crate) fn graphs_ui(ui: &mut Ui, tab: &Tab, now: Instant, wishes: &mut Vec<Command>) {
    let now = tab.view_now(now);
    ui.horizontal(|ui| heading_ui(ui, tab, wishes));
    ui.add_space(2.0);
    if let Some(failure) = &tab.no_stats {
        return failed_ui(ui, failure);
    }
    if tab.graphs.is_empty {
        return loading_ui(ui, "Waiting for the server's counters…");
    }
    if tab.scope == Scope::Selected && tab.selected.is_none() {
        return empty_ui(ui, "No procedure selected", "Select one, or graph all procedures.");
    }
    let scene = Scene { tab, now, colors: palette(ui), span: tab.range.duration().as_secs_f64() };
    let (height, gap) = (ui.available_height(), 14.0);
    let width = (ui.available_width() - 2.0 * gap) / 3.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        // In a place of its own, so that none grows with its legend and pushes the next one out of the window.
        let column_ui = |ui: &mut Ui, draw: fn(&mut Ui, &Scene<'_>)| {
            let (_, place) = ui.allocate_space(vec2(width, height));
            let column = UiBuilder::new().max_rect(place).layout(Layout::top_down(Align::Min));
            draw(&mut ui.new_child(column), &scene);
        };
        column_ui(ui, latency_ui);
        column_ui(ui, errors_ui);
        column_ui(ui, rate_ui);
    });
}

/// What the three graphs share.
struct Scene<'m> {
    tab: &'m Tab,
    now: Instant,
    colors: Palette,
    span: f64,
}

impl Scene<'_> {
    /// Seconds before the right edge, as a number that is not above zero.
    fn x(&self, at: Instant) -> f64 {
        -self.now.saturating_duration_since(at).as_secs_f64()
    }

    fn points(&self) -> &[Point] {
        &self.tab.graphs.points
    }

    /// Two points further apart than this have a gap between them.
    fn gap(&self) -> f64 {
        5.0_f64.max(3.0 * self.tab.graphs.seconds_per_point)
    }

    /// The runs of points without a gap between them, with their places.
    fn runs(&self, value: impl Fn(&Point) -> Option<f64>) -> Vec<Vec<[f64; 2]>> {
        let places: Vec<[f64; 2]> =
            self.points().iter().filter_map(|point| Some([self.x(point.to), value(point)?])).collect();
        places.chunk_by(|a, b| b[0] - a[0] <= self.gap()).map(<[_]>::to_vec).collect()
    }
}

fn heading_ui(ui: &mut Ui, tab: &Tab, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let selected = tab.selected.as_deref().unwrap_or("Selected procedure");
    let mut scope_ui = |ui: &mut Ui, scope: Scope, text: &str| {
        let response = ui.selectable_label(tab.scope == scope, text);
        if response.on_hover_text(Command::SetScope(scope).text()).clicked() {
            wishes.push(Command::SetScope(scope));
        }
    };
    scope_ui(ui, Scope::Selected, &format!("Graph {selected}"));
    scope_ui(ui, Scope::All, "All procedures");
    ui.separator();
    if let Some(last) = tab.graphs.points.last() {
        let latency = last.latency.map_or_else(
            || "no call just now".to_owned(),
            |latency| format!("p50 {}  p99 {}", text::latency(latency.p50), text::latency(latency.p99)),
        );
        ui.label(muted(
            &colors,
            format!("{} calls/s  {} in flight  {latency}", text::rate(last.rate), last.in_flight),
        ));
    }
    if tab.frozen.is_some() {
        ui.label(RichText::new("paused").color(colors.warn));
    }
}

fn latency_ui(ui: &mut Ui, scene: &Scene<'_>) {
    let colors = scene.colors;
    legend_ui(
        ui,
        &colors,
        "Latency",
        &[("p50", colors.p50), ("p90", colors.p90), ("p99", colors.p99), ("my calls", colors.ok)],
    );
    let marks = || scene.tab.calls.marks(scene.procedure()).map(|mark| mark.took.as_secs_f64());
    let shown = scene.points().iter().filter_map(|point| point.latency).flat_map(|l| [l.p50, l.p99]);
    let (low, high) = decades(shown.chain(marks()));
    plot(ui, "latency plot", scene.span, Axis::Latency).show(ui, |plot| {
        plot.set_plot_bounds_x(scene.bounds());
        plot.set_plot_bounds_y(low..=high);
        let mut draw = |name: &str, color, pick: fn(Percentiles) -> f64| {
            for run in scene.runs(|point| point.latency.map(|latency| pick(latency).max(1e-9).log10())) {
                run_ui(plot, name, run, color);
            }
        };
        draw("p99", colors.p99, |latency| latency.p99);
        draw("p90", colors.p90, |latency| latency.p90);
        draw("p50", colors.p50, |latency| latency.p50);
        own_calls_ui(plot, scene);
        restarts_ui(plot, scene);
    });
}

impl Scene<'_> {
    /// The time that is shown; a little of the future leaves room for the word at the right edge.
    fn bounds(&self) -> RangeInclusive<f64> {
        -self.span..=self.span * 0.035
    }

    fn procedure(&self) -> Option<&str> {
        match self.tab.scope {
            Scope::Selected => self.tab.selected.as_deref(),
            Scope::All => None,
        }
    }
}

/// The calls made here: a circle for an answer, a diamond for an error.
fn own_calls_ui(plot: &mut PlotUi<'_>, scene: &Scene<'_>) {
    for (answered, shape, color) in
        [(true, MarkerShape::Circle, scene.colors.ok), (false, MarkerShape::Diamond, scene.colors.error)]
    {
        let marks = scene.tab.calls.marks(scene.procedure()).filter(|mark| mark.answered == answered);
        let places: Vec<[f64; 2]> =
            marks.map(|mark| [scene.x(mark.at), mark.took.as_secs_f64().max(1e-9).log10()]).collect();
        plot.points(Points::new("my calls", places).shape(shape).radius(4.5).color(color));
    }
}

fn errors_ui(ui: &mut Ui, scene: &Scene<'_>) {
    let colors = scene.colors;
    let codes: BTreeSet<Code> =
        scene.points().iter().flat_map(|point| point.errors.keys().copied()).collect();
    let legend: Vec<(&str, Color32)> =
        codes.iter().map(|code| (code.name(), code_color(&colors, *code))).collect();
    legend_ui(ui, &colors, "Errors per second", &legend);
    let sum = |point: &Point| point.errors.values().sum::<f64>();
    let top = scene.points().iter().map(sum).fold(1.0, f64::max);
    let width = scene.tab.graphs.seconds_per_point;
    plot(ui, "errors plot", scene.span, Axis::Count).show(ui, |plot| {
        plot.set_plot_bounds_x(scene.bounds());
        plot.set_plot_bounds_y(0.0..=top * 1.1);
        let mut below: Vec<BarChart> = Vec::new();
        for code in codes {
            let color = code_color(&colors, code);
            let bar = |point: &Point| {
                let rate = point.errors.get(&code).copied().unwrap_or(0.0);
                Bar::new(scene.x(point.to), rate).width(width).fill(color)
            };
            let bars = scene.points().iter().map(bar).collect();
            let chart =
                BarChart::new(code.name(), bars).color(color).element_formatter(Box::new(move |bar, _| {
                    format!("{}\n{:.1} per second\n{}", code.name(), bar.value, ago(bar.argument))
                }));
            below.push(chart.stack_on(&below.iter().collect::<Vec<_>>()));
        }
        for chart in below {
            plot.bar_chart(chart);
        }
        restarts_ui(plot, scene);
    });
}

fn rate_ui(ui: &mut Ui, scene: &Scene<'_>) {
    let colors = scene.colors;
    legend_ui(ui, &colors, "Load", &[("calls per second", colors.p50), ("in flight", colors.p90)]);
    let largest = |point: &Point| point.rate.max(point.in_flight as f64);
    let top = scene.points().iter().map(largest).fold(1.0, f64::max);
    plot(ui, "rate plot", scene.span, Axis::Count).show(ui, |plot| {
        plot.set_plot_bounds_x(scene.bounds());
        plot.set_plot_bounds_y(0.0..=top * 1.1);
        for run in scene.runs(|point| Some(point.rate)) {
            plot.line(
                Line::new("calls per second", run).color(colors.p50).width(1.6).fill(0.0).fill_alpha(0.12),
            );
        }
        for run in scene.runs(|point| Some(point.in_flight as f64)) {
            run_ui(plot, "in flight", run, colors.p90);
        }
        restarts_ui(plot, scene);
    });
}

fn run_ui(plot: &mut PlotUi<'_>, name: &str, run: Vec<[f64; 2]>, color: Color32) {
    if run.len() == 1 {
        plot.points(Points::new(name, run).radius(1.6).color(color));
    } else {
        plot.line(Line::new(name, PlotPoints::from(run)).color(color).width(1.6));
    }
}

fn restarts_ui(plot: &mut PlotUi<'_>, scene: &Scene<'_>) {
    for restart in &scene.tab.graphs.restarts {
        let line = VLine::new("server started", scene.x(*restart)).style(LineStyle::dashed_dense());
        plot.vline(line.color(scene.colors.warn).width(1.0));
    }
}

fn legend_ui(ui: &mut Ui, colors: &Palette, title: &str, entries: &[(&str, Color32)]) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(10.0, 0.0);
        ui.label(RichText::new(title).strong());
        for (text, color) in entries {
            ui.label(RichText::new(*text).small().color(*color));
        }
        if entries.is_empty() {
            ui.label(muted(colors, "none").small());
        }
    });
}

fn plot<'a>(ui: &Ui, id: &'static str, span: f64, y: Axis) -> Plot<'a> {
    let colors = palette(ui);
    let hints = |hints: AxisHints<'a>| {
        hints.tick_label_font(FontId::proportional(11.0)).tick_label_color(colors.muted)
    };
    let x_axis = AxisHints::new_x().label_spacing(36.0..=44.0).formatter(|mark, _| ago(mark.value));
    let y_axis = AxisHints::new_y().label_spacing(8.0..=12.0).min_thickness(y.width());
    let y_axis = y_axis.formatter(move |mark, _| y.tick(mark));
    Plot::new(id)
        .height(ui.available_height())
        .allow_zoom(false)
        .allow_drag(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .show_crosshair(false)
        .set_margin_fraction(vec2(0.0, 0.0))
        .grid_color(colors.muted.gamma_multiply(0.6))
        .custom_x_axes(vec![hints(x_axis)])
        .x_grid_spacer(move |_| time_marks(span))
        .custom_y_axes(vec![hints(y_axis)])
        .y_grid_spacer(move |input| y.marks(input.bounds))
        .label_formatter(move |at| hover(at, y))
}

/// What the vertical axis of a graph counts.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Axis {
    /// Seconds, as powers of ten.
    Latency,
    /// Things, from zero.
    Count,
}

impl Axis {
    fn width(self) -> f32 {
        match self {
            Self::Latency => 54.0,
            Self::Count => 34.0,
        }
    }

    fn marks(self, bounds: (f64, f64)) -> Vec<GridMark> {
        match self {
            Self::Latency => decade_marks(bounds),
            Self::Count => count_marks(bounds.1),
        }
    }

    fn tick(self, mark: GridMark) -> String {
        match self {
            Self::Latency if mark.step_size >= 1.0 => decade(mark.value),
            Self::Latency => String::new(),
            Self::Count => mark.value.to_string(),
        }
    }

    fn value(self, y: f64) -> String {
        match self {
            Self::Latency => text::latency(10_f64.powf(y)),
            Self::Count => format!("{y:.1}"),
        }
    }
}

/// Grid lines at round times. The left edge has none: its label would run into those of the other axis.
fn time_marks(span: f64) -> Vec<GridMark> {
    let step = match span {
        s if s <= 60.0 => 15.0,
        s if s <= 300.0 => 60.0,
        s if s <= 900.0 => 180.0,
        s => s / 5.0,
    };
    let count = (span / step).ceil() as usize;
    (0..count).map(|i| GridMark { value: -(i as f64) * step, step_size: step }).collect()
}

fn ago(x: f64) -> String {
    match -x {
        s if s < 0.5 => "now".to_owned(),
        s if s < 60.0 => format!("-{s:.0} s"),
        s if s < 3600.0 => format!("-{:.0} min", s / 60.0),
        s => format!("-{:.1} h", s / 3600.0),
    }
}

/// Two to five grid lines at round numbers from zero.
fn count_marks(top: f64) -> Vec<GridMark> {
    let decade = 10_f64.powf((top / 2.0).log10().floor());
    let step = [5.0, 2.0, 1.0].into_iter().map(|factor| factor * decade).find(|step| top / step >= 2.0);
    let step = step.unwrap_or(decade);
    (0..=(top / step) as usize).map(|i| GridMark { value: i as f64 * step, step_size: step }).collect()
}

/// The powers of ten that hold all values, at least two of them.
fn decades(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .filter(|value| *value > 0.0)
        .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return (-4.0, -1.0);
    }
    let (low, high) = ((low.log10() - 0.1).floor(), (high.log10() + 0.25).ceil());
    (low, high.max(low + 2.0))
}

/// A power of ten of seconds, as short as it goes.
fn decade(exponent: f64) -> String {
    match exponent.round() as i32 {
        e if e >= 0 => format!("{} s", 10_f64.powi(e)),
        e if e >= -3 => format!("{} ms", 10_f64.powi(e + 3)),
        e if e >= -6 => format!("{} µs", 10_f64.powi(e + 6)),
        e => format!("{} ns", 10_f64.powi(e + 9)),
    }
}

/// Grid lines at powers of ten, and thinner ones at twice and five times those. Where there are many, every
/// second power of ten is a thin one, too.
fn decade_marks((low, high): (f64, f64)) -> Vec<GridMark> {
    let (low, high) = (low.floor() as i32, high.ceil() as i32);
    let stride = if high - low > 5 { 2 } else { 1 };
    let marks = |exponent: i32| {
        let main = if (exponent - low) % stride == 0 { 1.0 } else { 0.3 };
        [(1.0, main), (2.0, 0.3), (5.0, 0.3)].map(|(factor, step_size): (f64, f64)| GridMark {
            value: f64::from(exponent) + factor.log10(),
            step_size,
        })
    };
    (low..=high).flat_map(marks).collect()
}

/// A colour for a code: the same wherever and whenever it is drawn.
fn code_color(colors: &Palette, code: Code) -> Color32 {
    colors.codes[usize::from(code.number()) % colors.codes.len()]
}

fn hover(at: &HoverPosition<'_>, y: Axis) -> Option<String> {
    match at {
        HoverPosition::NearDataPoint { plot_name, position, .. } => {
            Some(format!("{plot_name}\n{}\n{}", y.value(position.y), ago(position.x)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::view::TimeRange;

    #[test]
    fn every_range_is_marked_up_to_now_but_not_at_its_edge() {
        for range in TimeRange::ALL {
            let span = range.duration().as_secs_f64();
            let marks = time_marks(span);
            assert_eq!(ago(marks[0].value), "now");
            assert!(marks.iter().all(|mark| mark.value > -span), "{range:?}");
            assert!((4..=5).contains(&marks.len()), "{range:?}");
        }
    }

    #[test]
    fn an_axis_of_counts_has_a_few_round_numbers() {
        for (top, last) in [(1.1, 1.0), (5.0, 4.0), (85.0, 80.0), (110.0, 100.0), (4321.0, 4000.0)] {
            let marks = count_marks(top);
            assert!((3..=6).contains(&marks.len()), "{top}: {}", marks.len());
            assert_eq!(marks[marks.len() - 1].value, last, "{top}");
        }
    }

    #[test]
    fn a_latency_axis_shows_whole_decades() {
        assert_eq!(decades([0.002, 0.15].into_iter()), (-3.0, 0.0));
        assert_eq!(decades([0.002].into_iter()), (-3.0, -1.0));
        assert_eq!(decades(std::iter::empty()), (-4.0, -1.0));
    }
}
