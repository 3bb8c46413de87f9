//! What each graph shows: its lines, bars and cells, and what it says of one moment.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use countersign::Code;
use egui::{Color32, Ui};
use jiff::Timestamp;

use super::axis::{Axis, TimeAxis, most};
use super::chart::{Block, Entry, Graph, Layer, Pen, Style, in_words};
use crate::model::calls::Mark;
use crate::model::graphs::{Series, Sheet};
use crate::model::history::{Percentile, Point};
use crate::model::preferences::Times;
use crate::text;
use crate::ui::theme::{Palette, palette};

/// What is said where nothing was counted.
const NOTHING: &str = "–";

/// Two values further apart than this have a gap between them, even if points are narrow.
const GAP: Duration = Duration::from_secs(5);

/// The graphs that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Latency,
    Heat,
    Errors,
    Rate,
    InFlight,
    Bytes,
}

/// What all graphs share.
pub(super) struct Scene<'a> {
    pub(super) sheet: &'a Sheet,
    /// The calls made here that belong to what is drawn.
    pub(super) marks: Vec<&'a Mark>,
    pub(super) colors: Palette,
    pub(super) time: TimeAxis,
    /// The moment that all graphs tell of, instead of the latest.
    pub(super) cursor: Option<Instant>,
    /// Whether all of it is of a recording: what is clicked leads to its moment.
    pub(super) is_recorded: bool,
}

impl<'a> Scene<'a> {
    /// A scene in the colours of this `Ui`, with nobody pointing at it.
    pub(super) fn new(
        ui: &Ui,
        sheet: &'a Sheet,
        marks: Vec<&'a Mark>,
        now: (Instant, Timestamp),
        times: Times,
    ) -> Self {
        let (stretch, is_live, zone) = (sheet.stretch, sheet.is_live, times.zone());
        let time = TimeAxis { stretch, is_live, now, zone };
        Self { sheet, marks, colors: palette(ui), time, cursor: None, is_recorded: false }
    }
}

impl Scene<'_> {
    /// What a graph draws and says. A pointer may be so high up in it, from 0 to 1.
    pub(super) fn graph(&self, kind: Kind, pointer: Option<f32>) -> Graph {
        match kind {
            Kind::Latency if self.sheet.is_comparison() => self.compared_latency(),
            Kind::Latency => self.latency(),
            Kind::Heat => self.heat(pointer),
            Kind::Errors if self.sheet.is_comparison() => {
                self.compared("Errors per second", Axis::count, Point::failed)
            }
            Kind::Errors => self.errors(),
            Kind::Rate => self.lines("Calls per second", Axis::count, &[("calls/s", |point| point.rate)]),
            Kind::InFlight => {
                self.lines("In flight", Axis::whole, &[("at most", |point| point.in_flight as f64)])
            }
            Kind::Bytes => {
                let lines: [Line; 2] = [("in", |point| point.bytes_in), ("out", |point| point.bytes_out)];
                self.lines("Bytes per second", Axis::bytes, &lines)
            }
        }
    }

    /// A graph in words, for those who do not see it.
    pub(super) fn words(&self, graph: &Graph) -> String {
        let when = self.cursor.map_or_else(|| "latest".to_owned(), |at| self.time.words(at));
        in_words(&graph.title, &when, &graph.entries)
    }

    fn latency(&self) -> Graph {
        let series = self.sheet.main();
        let mut layers = Vec::new();
        let mut entries = Vec::new();
        for (percentile, pen) in Percentile::ALL.into_iter().zip(self.percentile_pens()) {
            let value = |point: &Point| point.latency.map(|latency| percentile.of(latency));
            layers.push(Layer::Line { runs: self.runs(series, value), pen, is_filled: false });
            let now = series.point(self.cursor).and_then(value);
            let value = said(now, text::latency);
            entries.push(Entry { name: percentile.text().to_owned(), value, pen });
        }
        let shown = series.points.iter().filter_map(|point| point.latency).flat_map(|l| [l.p50, l.p999]);
        Graph {
            title: "Latency".to_owned(),
            axis: Axis::latency(shown.chain(self.own_latencies())),
            layers,
            entries,
        }
    }

    fn compared_latency(&self) -> Graph {
        let percentile = self.sheet.percentile;
        let value = |point: &Point| point.latency.map(|latency| percentile.of(latency));
        let values = self.sheet.series.iter().flat_map(|series| series.points.iter().filter_map(value));
        let axis = Axis::latency(values.chain(self.own_latencies()));
        let (layers, entries) = self.each_series(value, text::latency);
        Graph { title: format!("Latency {}", percentile.text()), axis, layers, entries }
    }

    /// The calls made here that are in view.
    pub(super) fn own(&self) -> impl Iterator<Item = &Mark> {
        self.marks.iter().copied().filter(|mark| self.sheet.stretch.meets(mark.at, mark.at))
    }

    fn own_latencies(&self) -> impl Iterator<Item = f64> {
        self.own().map(|mark| mark.took.as_secs_f64())
    }

    fn heat(&self, pointer: Option<f32>) -> Graph {
        let series = self.sheet.main();
        let cells =
            || series.points.iter().flat_map(|point| point.heat.iter().map(move |heat| (point, *heat)));
        let most = cells().map(|(_, heat)| heat.calls).max().unwrap_or(1);
        // As loudness is heard: among thousands of calls a single slow one must still be seen.
        let share = |calls: u64| if most > 1 { (calls as f64).ln() / (most as f64).ln() } else { 0.5 };
        let seconds = |duration: &Duration| duration.as_secs_f64();
        let block = |(point, heat): (&Point, crate::model::history::Heat)| {
            let bounds = heat.bounds();
            Block {
                from: point.from,
                to: point.to,
                low: seconds(bounds.start()),
                high: seconds(bounds.end()) + 1e-9,
                color: self.colors.heat(share(heat.calls) as f32),
            }
        };
        let blocks: Vec<Block> = cells().map(block).collect();
        let axis = Axis::latency(blocks.iter().flat_map(|block| [block.low * 1.3, block.high / 1.3]));
        let now = series.point(self.cursor);
        let cell = now.zip(pointer).and_then(|(now, height)| self.cell(now, axis.value(height), share));
        let entry = cell.unwrap_or_else(|| Entry {
            name: "calls".to_owned(),
            value: now.map_or_else(|| NOTHING.to_owned(), |now| text::count(now.calls)),
            pen: Pen { color: self.colors.heat[4], width: 1.0, style: Style::Filled },
        });
        let layers = vec![Layer::Boxes(blocks)];
        Graph { title: "Latency heatmap".to_owned(), axis, layers, entries: vec![entry] }
    }

    /// The calls that took about as long as where the pointer is.
    fn cell(&self, point: &Point, level: f64, share: impl Fn(u64) -> f64) -> Option<Entry> {
        let took = Duration::try_from_secs_f64(level).ok()?;
        let heat = point.heat.iter().find(|heat| heat.bounds().contains(&took))?;
        let [low, high] =
            [*heat.bounds().start(), *heat.bounds().end()].map(|d| text::latency(d.as_secs_f64()));
        let color = self.colors.heat(share(heat.calls) as f32);
        let pen = Pen { color, width: 1.0, style: Style::Filled };
        Some(Entry { name: format!("{low} to {high}"), value: text::count(heat.calls), pen })
    }

    fn errors(&self) -> Graph {
        let series = self.sheet.main();
        let codes: BTreeSet<Code> =
            series.points.iter().flat_map(|point| point.errors.keys().copied()).collect();
        let now = series.point(self.cursor);
        let entry = |code: &Code| {
            let rate = now.map(|point| point.errors.get(code).copied().unwrap_or(0.0));
            let pen = Pen { color: self.code_color(*code), width: 1.0, style: Style::Filled };
            Entry { name: code.name().to_owned(), value: said(rate, text::rate), pen }
        };
        let entries = codes.iter().map(entry).collect();
        let mut blocks = Vec::new();
        for point in &series.points {
            let mut low = 0.0;
            for (code, rate) in &point.errors {
                let color = self.code_color(*code);
                blocks.push(Block { from: point.from, to: point.to, low, high: low + rate, color });
                low += rate;
            }
        }
        let axis = Axis::count(most(series.points.iter().map(Point::failed)));
        Graph { title: "Errors per second".to_owned(), axis, layers: vec![Layer::Boxes(blocks)], entries }
    }

    /// Lines of one procedure, or the sum of them for each that is compared.
    fn lines(&self, title: &str, axis: fn(f64) -> Axis, lines: &[Line]) -> Graph {
        if self.sheet.is_comparison() {
            return self.compared(title, axis, |point| lines.iter().map(|(_, value)| value(point)).sum());
        }
        let series = self.sheet.main();
        let values = lines.iter().flat_map(|(_, value)| series.points.iter().map(value));
        let axis = axis(most(values));
        let (mut layers, mut entries) = (Vec::new(), Vec::new());
        let styles = [Style::Solid, Style::Dashed];
        for ((name, value), (i, style)) in lines.iter().zip(styles.into_iter().enumerate()) {
            let pen = Pen { color: self.colors.percentiles[i], width: 1.8, style };
            let runs = self.runs(series, |point| Some(value(point)));
            layers.push(Layer::Line { runs, pen, is_filled: i == 0 });
            let value = said(series.point(self.cursor).map(value), |value| axis.text(value));
            entries.push(Entry { name: (*name).to_owned(), value, pen });
        }
        Graph { title: title.to_owned(), axis, layers, entries }
    }

    fn compared(&self, title: &str, axis: fn(f64) -> Axis, value: impl Fn(&Point) -> f64) -> Graph {
        let values = self.sheet.series.iter().flat_map(|series| series.points.iter().map(&value));
        let axis = axis(most(values));
        let (layers, entries) = self.each_series(|point| Some(value(point)), |value| axis.text(value));
        Graph { title: title.to_owned(), axis, layers, entries }
    }

    fn each_series(
        &self,
        value: impl Fn(&Point) -> Option<f64>,
        text: impl Fn(f64) -> String,
    ) -> (Vec<Layer>, Vec<Entry>) {
        let line = |(i, series): (usize, &Series)| {
            let style = if i % 2 == 0 { Style::Solid } else { Style::Dashed };
            let pen = Pen { color: self.colors.series[i % self.colors.series.len()], width: 1.8, style };
            let now = series.point(self.cursor).and_then(&value);
            let layer = Layer::Line { runs: self.runs(series, &value), pen, is_filled: false };
            (layer, Entry { name: series.name.clone(), value: said(now, &text), pen })
        };
        self.sheet.series.iter().enumerate().map(line).unzip()
    }

    /// The values of a series without a gap between them.
    fn runs(&self, series: &Series, value: impl Fn(&Point) -> Option<f64>) -> Vec<Vec<(Instant, f64)>> {
        let gap = GAP.max(3 * self.sheet.point);
        let mut runs: Vec<Vec<(Instant, f64)>> = Vec::new();
        let mut last_to = None;
        for point in &series.points {
            let Some(value) = value(point) else { continue };
            let goes_on = last_to.is_some_and(|to| point.from.saturating_duration_since(to) <= gap);
            if !goes_on {
                runs.push(Vec::new());
            }
            last_to = Some(point.to);
            let Some(run) = runs.last_mut() else { continue };
            // While nothing happened nobody told anything, and one point tells of it all.
            if point.to.saturating_duration_since(point.from) > gap {
                run.extend([(point.from, value), (point.to, value)]);
            } else {
                run.push((point.middle(), value));
            }
        }
        runs
    }

    /// A lower percentile has a wider line and is further back: where two are equal, both can be seen.
    fn percentile_pens(&self) -> [Pen; 4] {
        let [p50, p90, p99, p999] = self.colors.percentiles;
        let pen = |color, width, style| Pen { color, width, style };
        [
            pen(p50, 3.6, Style::Solid),
            pen(p90, 2.0, Style::Solid),
            pen(p99, 1.5, Style::Dashed),
            pen(p999, 1.5, Style::Dotted),
        ]
    }

    /// A colour for a code: the same wherever and whenever it is drawn.
    fn code_color(&self, code: Code) -> Color32 {
        self.colors.codes[usize::from(code.number()) % self.colors.codes.len()]
    }
}

/// What a line is called, and how high it is at a point.
type Line = (&'static str, fn(&Point) -> f64);

/// A value in words, if there is one.
fn said(value: Option<f64>, text: impl FnOnce(f64) -> String) -> String {
    value.map_or_else(|| NOTHING.to_owned(), text)
}
