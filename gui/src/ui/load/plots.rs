//! The graphs of a run: latency and rate over its time, and percentiles of both sides laid over each other.

use egui::{Rect, Ui};

use super::plot::{Line, Plot, plot_ui};
use crate::model::load::curve::{DEPTH, PERCENTILES, depth, share};
use crate::model::load::record::Record;
use crate::model::load::timeline::{Sample, Timeline};
use crate::text;
use crate::ui::graphs::axis::{Axis, Mark, most};
use crate::ui::graphs::chart::{Pen, Style};
use crate::ui::theme::{Palette, palette};

/// Distances between lines of the time of a run, in seconds.
const STEPS: [f64; 16] =
    [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0];
/// Two of them are so far apart at least.
const SPACING: f32 = 64.0;

/// Latency over the time of a run, which takes so many seconds in all.
pub(super) fn latency_ui(ui: &mut Ui, place: Rect, timeline: &Timeline, length: f64) {
    let colors = palette(ui);
    let line = |name: &str, i: usize, pen: Pen| Line {
        name: name.to_owned(),
        pen,
        is_filled: false,
        runs: runs(timeline, length, |sample| sample.latency.map(|latency| latency[i])),
    };
    let [p50, _, p99, _] = colors.percentiles;
    let lines = vec![
        line("p50", 0, Pen { color: p50, width: 2.4, style: Style::Solid }),
        line("p99", 1, Pen { color: p99, width: 1.5, style: Style::Dashed }),
    ];
    let values = timeline.samples().iter().filter_map(|sample| sample.latency).flatten();
    over_time_ui(ui, place, timeline, length, ("Latency", Axis::latency(values), lines));
}

/// Calls a second over the time of a run.
pub(super) fn rate_ui(ui: &mut Ui, place: Rect, timeline: &Timeline, length: f64) {
    let colors = palette(ui);
    let line = |name: &str, value: fn(&Sample) -> f64, color, style, is_filled| Line {
        name: name.to_owned(),
        pen: Pen { color, width: 1.8, style },
        is_filled,
        runs: runs(timeline, length, |sample| Some(value(sample))),
    };
    let lines = vec![
        line("answered", |sample| sample.rate, colors.percentiles[0], Style::Solid, true),
        line("failed", |sample| sample.failures, colors.error, Style::Dashed, false),
    ];
    let values = timeline.samples().iter().flat_map(|sample| [sample.rate, sample.failures]);
    over_time_ui(ui, place, timeline, length, ("Calls/s", Axis::count(most(values)), lines));
}

fn over_time_ui(
    ui: &mut Ui,
    place: Rect,
    timeline: &Timeline,
    length: f64,
    (title, axis, lines): (&str, Axis, Vec<Line>),
) {
    let begin = timeline.measured_from().filter(|begin| 0.0 < *begin);
    let words = |at: Option<f64>| match at.map(|at| at * length) {
        None => "latest".to_owned(),
        Some(at) if begin.is_some_and(|begin| at < begin) => format!("{at:.1} s, warming up"),
        Some(at) => format!("{at:.1} s"),
    };
    let plot = Plot {
        title: title.to_owned(),
        axis,
        across: marks(length, place.width()),
        lines,
        event: begin.map(|begin| begin / length),
        is_stepped: false,
    };
    plot_ui(ui, place, &plot, None, words);
}

/// The values of a run's moments, in pieces without a gap, each from its beginning to its end.
fn runs(timeline: &Timeline, length: f64, value: impl Fn(&Sample) -> Option<f64>) -> Vec<Vec<(f64, f64)>> {
    let mut runs = Vec::new();
    for piece in timeline.samples().split(|sample| value(sample).is_none()) {
        let (Some(first), Some(last)) = (piece.first(), piece.last()) else { continue };
        let middles = piece.iter().map(|sample| ((sample.from + sample.to) / 2.0, value(sample)));
        let whole = [(first.from, value(first))].into_iter().chain(middles).chain([(last.to, value(last))]);
        runs.push(whole.filter_map(|(at, value)| Some((at / length, value?))).collect());
    }
    runs
}

/// Lines at round times since the beginning, from the last one on.
fn marks(length: f64, width: f32) -> Vec<Mark> {
    let fits = |step: &f64| length / step <= f64::from((width / SPACING).max(2.0));
    let step = STEPS.into_iter().find(fits).unwrap_or(STEPS[STEPS.len() - 1]);
    let mark = |i: u32| {
        let at = f64::from(i) * step;
        let text =
            if at < 120.0 { format!("{} s", (at * 100.0).round() / 100.0) } else { text::clock(at as u64) };
        Mark { at: (at / length) as f32, text: Some(text) }
    };
    (0..=(length / step) as u32).rev().map(mark).collect()
}

/// What was waited for here over what the server took: of one run, or of two.
pub(super) fn percentiles_ui(ui: &mut Ui, place: Rect, records: &[&Record]) {
    let colors = palette(ui);
    let mut lines = Vec::new();
    for (i, record) in records.iter().enumerate() {
        let sides = ["client", "server"].into_iter().zip(&record.curves).enumerate();
        for (side, (name, curve)) in sides.filter(|(_, (_, curve))| !curve.is_empty()) {
            let runs = vec![curve.iter().map(|(depth, seconds)| (depth / DEPTH, *seconds)).collect()];
            let name = match records.len() {
                1 => name.to_owned(),
                _ => format!("{} {name}", run_name(record)),
            };
            lines.push(Line { name, pen: pen(&colors, i, side, records.len()), is_filled: false, runs });
        }
    }
    let values = lines.iter().flat_map(|line| line.runs.iter().flatten().map(|point| point.1));
    let axis = Axis::latency(values);
    let mark = |(name, q): (&str, f64)| {
        let at = (depth(q) / DEPTH) as f32;
        // p95 has no room beside p90.
        Mark { at, text: (name != "p95").then(|| name.to_owned()) }
    };
    let across = PERCENTILES.into_iter().rev().map(mark).collect();
    let plot = Plot { title: "Percentiles".to_owned(), axis, across, lines, event: None, is_stepped: true };
    let words = |at: Option<f64>| share_in_words(share(at.unwrap_or_default() * DEPTH));
    plot_ui(ui, place, &plot, Some(depth(0.99) / DEPTH), words);
}

/// What a run is called beside another.
pub(super) fn run_name(record: &Record) -> String {
    format!("#{}", record.number.0)
}

/// Of one run, each side has a colour of its own; of two, each run has one, and the server's line is dashed.
fn pen(colors: &Palette, run: usize, side: usize, runs: usize) -> Pen {
    let style = if side == 0 { Style::Solid } else { Style::Dashed };
    let color = if runs == 1 { colors.series[side] } else { run_color(colors, run) };
    Pen { color, width: if run == 0 { 2.2 } else { 1.6 }, style }
}

/// The colour of the run that is shown, and of the one beside it.
pub(super) fn run_color(colors: &Palette, run: usize) -> egui::Color32 {
    colors.series[run % colors.series.len()]
}

/// `p99`, `p99.5`: with as many nines as there are.
fn share_in_words(share: f64) -> String {
    let digits = match share {
        s if s < 0.9 => 0,
        s if s < 0.999 => 1,
        s if s < 0.9999 => 2,
        _ => 3,
    };
    let percent = format!("{:.digits$}", share * 100.0);
    let percent =
        if percent.contains('.') { percent.trim_end_matches('0').trim_end_matches('.') } else { &percent };
    format!("p{percent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_as_many_digits_as_say_something() {
        let shares = [0.0, 0.5, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999].map(share_in_words);
        assert_eq!(shares, ["p0", "p50", "p90", "p95", "p99", "p99.5", "p99.9", "p99.99"]);
    }

    #[test]
    fn the_time_of_a_run_has_a_few_round_lines() {
        for (length, last) in
            [(0.05, "0.05 s"), (2.0, "2 s"), (6.0, "6 s"), (61.0, "60 s"), (3600.0, "1:00:00")]
        {
            let marks = marks(length, 400.0);
            assert!((1..=8).contains(&marks.len()), "{length}: {marks:?}");
            assert_eq!(marks[0].text.as_deref(), Some(last), "{length}");
        }
    }
}
