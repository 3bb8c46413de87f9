//! Latencies as a picture: how they are distributed, and what share of the calls took no longer than what.
//!
//! The picture brings its own colours, one set for light surroundings and one for dark.

use std::fmt::Write as _;
use std::time::Duration;

use countersign::builtin::stats::Histogram;
use countersign::load::{Latencies, Outcome};

use super::bars::bins;
use super::words::{PERCENTILES, grouped, how, what};
use crate::args::Bench;
use crate::time::{latency, shown};

const WIDTH: f64 = 760.0;
const LEFT: f64 = 80.0;
const RIGHT: f64 = WIDTH - 30.0;

/// Where the two plots are, from top to bottom.
const BARS: (f64, f64) = (110.0, 290.0);
const CURVES: (f64, f64) = (350.0, 570.0);
const HEIGHT: f64 = 650.0;

/// More bars than these are too thin, and more labels would touch each other.
const BARS_MAX: u32 = 64;
const LABELS_MAX: u32 = 9;

/// More curves than these cannot be told apart.
const CURVES_MAX: usize = 6;

const STYLE: &str = "\
text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-size:16px;font-weight:600}.dim{fill:#57606a}\
.paper{fill:#fff}.grid{stroke:#d0d7de}.bar{fill:#0969da}\
.c0{stroke:#0969da}.c1{stroke:#bc4c00}.c2{stroke:#1a7f37}.c3{stroke:#8250df}.c4{stroke:#bf3989}.c5{stroke:#9a6700}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.dim{fill:#9198a1}.paper{fill:#0d1117}.grid{stroke:#3d444d}\
.bar{fill:#4493f8}.c0{stroke:#4493f8}.c1{stroke:#f0883e}.c2{stroke:#3fb950}.c3{stroke:#ab7df8}.c4{stroke:#f778ba}\
.c5{stroke:#d29922}}";

pub(super) fn of(bench: &Bench, outcome: &Outcome) -> String {
    let mut svg = Svg(String::new());
    svg.add(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\"><style>{STYLE}</style><rect class=\"paper\" width=\"100%\" height=\"100%\"/>"
    ));
    let total = &outcome.total;
    svg.text("title", "start", (LEFT, 34.0), &what(outcome));
    svg.text("dim", "start", (LEFT, 56.0), &how(bench, outcome));
    let quantile = |q| shown(total.latency.quantile(q));
    let line = format!(
        "{} calls/s · p50 {} · p99 {} · p99.9 {} · max {} · {} failed",
        grouped(outcome.per_second(total)),
        quantile(0.5),
        quantile(0.99),
        quantile(0.999),
        shown(total.latency.max()),
        grouped(total.failed() as f64)
    );
    svg.text("", "start", (LEFT, 76.0), &line);
    if total.latency.max().is_some() {
        svg.bars(&total.latency.all);
        svg.curves(outcome);
    }
    svg.add(format_args!("</svg>"));
    svg.0
}

/// A picture that is being written.
struct Svg(String);

impl Svg {
    /// How many calls took how long.
    fn bars(&mut self, latencies: &Histogram) {
        let (top, bottom) = BARS;
        let bins = bins(latencies, BARS_MAX);
        let most = bins.iter().map(|bin| bin.calls).max().unwrap_or(1) as f64;
        let width = (RIGHT - LEFT) / bins.len() as f64;
        let every = (bins.len() as u32).div_ceil(LABELS_MAX);
        let all = latencies.count() as f64;
        self.text("dim", "end", (LEFT - 8.0, top + 5.0), &format!("{:.1} %", 100.0 * most / all));
        self.line((LEFT, top), (RIGHT, top));
        self.line((LEFT, bottom), (RIGHT, bottom));
        for (nth, bin) in (0_u32..).zip(&bins) {
            let x = LEFT + f64::from(nth) * width;
            let height = (bottom - top) * bin.calls as f64 / most;
            let y = bottom - height;
            self.add(format_args!(
                "<rect class=\"bar\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
                width - 1.0
            ));
            if nth % every == 0 {
                self.text("dim", "middle", (x, bottom + 18.0), &latency(bin.from));
            }
        }
    }

    /// What share of the calls took no longer than what, for each procedure and for all together. Each nine more of
    /// them is as far from the last one.
    fn curves(&mut self, outcome: &Outcome) {
        let (top, bottom) = CURVES;
        let mut curves = vec![("together", &outcome.total.latency)];
        if let several @ [_, _, ..] = outcome.parts.as_slice() {
            let shown = several.iter().take(CURVES_MAX - 1);
            curves.extend(shown.map(|part| (part.procedure.as_str(), &part.tally.latency)));
        }
        let longest = outcome.total.latency.longest;
        let shortest = curves.iter().filter_map(|(_, of)| of.quantile(0.0)).min().unwrap_or(longest);
        let scale = Scale::new(shortest, longest);
        for (y, took) in scale.marks() {
            let y = y_of(y);
            self.line((LEFT, y), (RIGHT, y));
            self.text("dim", "end", (LEFT - 8.0, y + 5.0), &latency(took));
        }
        for (name, q) in PERCENTILES {
            let x = x_of(q);
            self.line((x, top), (x, bottom));
            self.text("dim", "middle", (x, bottom + 18.0), name);
        }
        for (nth, (name, latencies)) in curves.iter().enumerate() {
            self.curve(nth, latencies, &scale);
            if curves.len() > 1 {
                let (column, row) = ((nth % 3) as f64, (nth / 3) as f64);
                let (x, y) = (LEFT + column * 220.0, bottom + 44.0 + row * 20.0);
                self.path(nth, &format!("M{x} {:.1}h18", y - 4.0));
                self.text("", "start", (x + 24.0, y), name);
            }
        }
    }

    fn curve(&mut self, nth: usize, latencies: &Latencies, scale: &Scale) {
        let count = latencies.all.count() as f64;
        let beyond = (0..=100).map(|step| 10_f64.powf(-f64::from(step) / 100.0 * NINES));
        // Beyond the last call there is nothing to know.
        let points = beyond.take_while(|beyond| beyond * count >= 1.0).filter_map(|beyond| {
            let took = latencies.quantile(1.0 - beyond)?;
            Some(format!("{:.1} {:.1}", x_of(1.0 - beyond), y_of(scale.place(took))))
        });
        self.path(nth, &format!("M{}", points.collect::<Vec<_>>().join("L")));
    }

    fn path(&mut self, nth: usize, path: &str) {
        self.add(format_args!("<path class=\"c{nth}\" fill=\"none\" stroke-width=\"2\" d=\"{path}\"/>"));
    }

    fn line(&mut self, (x, y): (f64, f64), (to_x, to_y): (f64, f64)) {
        self.add(format_args!(
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{to_x:.1}\" y2=\"{to_y:.1}\"/>"
        ));
    }

    fn text(&mut self, class: &str, anchor: &str, (x, y): (f64, f64), text: &str) {
        self.add(format_args!(
            "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>",
            in_markup(text)
        ));
    }

    fn add(&mut self, what: std::fmt::Arguments<'_>) {
        // Writing to a `String` cannot fail.
        let _ = self.0.write_fmt(what);
        self.0.push('\n');
    }
}

/// Nines from the left edge of the curves to the right one: up to 99.999 %.
const NINES: f64 = 5.0;

/// Where this share is, by its distance from all.
fn x_of(q: f64) -> f64 {
    LEFT - (1.0 - q).log10() / NINES * (RIGHT - LEFT)
}

/// Where among the curves this part of their height is.
fn y_of(part: f64) -> f64 {
    let (top, bottom) = CURVES;
    bottom - part * (bottom - top)
}

/// Durations on a scale of logarithms, from one power of ten to another.
struct Scale {
    /// Nanoseconds, as powers of ten.
    from: f64,
    to: f64,
}

impl Scale {
    fn new(shortest: Duration, longest: Duration) -> Self {
        let from = power_of_ten(shortest).floor();
        Self { from, to: power_of_ten(longest).ceil().max(from + 1.0) }
    }

    /// From 0 to 1.
    fn place(&self, took: Duration) -> f64 {
        (power_of_ten(took) - self.from) / (self.to - self.from)
    }

    fn marks(&self) -> impl Iterator<Item = (f64, Duration)> {
        (self.from as i32..=self.to as i32).map(|power| {
            let took = Duration::from_secs_f64(10_f64.powi(power - 9));
            (self.place(took), took)
        })
    }
}

fn power_of_ten(took: Duration) -> f64 {
    (took.as_nanos().max(1) as f64).log10()
}

/// Text as it may stand in markup.
fn in_markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_become_markup() {
        assert_eq!(in_markup("a<b>&c"), "a&lt;b&gt;&amp;c");
    }

    #[test]
    fn each_nine_is_as_far_from_the_last_one() {
        let steps = [x_of(0.99) - x_of(0.9), x_of(0.999) - x_of(0.99), x_of(0.9999) - x_of(0.999)];
        assert!(steps.iter().all(|step| (step - steps[0]).abs() < 1e-6), "{steps:?}");
        assert_eq!((x_of(0.0), x_of(0.9) < x_of(0.99)), (LEFT, true));
    }

    #[test]
    fn a_scale_goes_from_one_power_of_ten_to_another() {
        let scale = Scale::new(Duration::from_micros(20), Duration::from_micros(300));
        let marks: Vec<_> = scale.marks().collect();
        assert_eq!(marks.len(), 3);
        assert_eq!((marks[0].1, marks[2].1), (Duration::from_micros(10), Duration::from_millis(1)));
        let same = Scale::new(Duration::from_micros(1), Duration::from_micros(1));
        assert_eq!(same.place(Duration::from_micros(10)), 1.0);
    }
}
