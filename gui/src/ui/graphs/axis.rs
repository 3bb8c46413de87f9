//! What the axes of a graph count, where they have lines, and what is written beside those.

use std::time::{Duration, Instant};

use egui::{Rangef, Rect};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::view::Stretch;
use crate::text;

/// Labels of the time axis are at least this far apart.
const TIME_SPACING: f32 = 56.0;

/// A line across a graph.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::ui) struct Mark {
    /// How far along its axis, from 0 to 1.
    pub(in crate::ui) at: f32,
    /// What is written beside it, if it is one of the thicker ones.
    pub(in crate::ui) text: Option<String>,
}

/// What the vertical axis of a graph counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::ui) enum Axis {
    /// Seconds, from one power of ten to another.
    Latency(i32, i32),
    /// How often something happens, from zero to so many.
    Count(f64),
    /// Things of which there are no halves, from zero to so many.
    Whole(f64),
    /// Bytes, from zero to so many.
    Bytes(f64),
}

impl Axis {
    /// The powers of ten that hold all these seconds, at least two of them.
    pub(in crate::ui) fn latency(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .filter(|value| value.is_finite() && *value > 0.0)
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        if low > high {
            return Self::Latency(-4, -1);
        }
        let (low, high) = ((low.log10() - 0.1).floor() as i32, (high.log10() + 0.1).ceil() as i32);
        Self::Latency(low, high.max(low + 2))
    }

    /// From zero to a little more than this.
    pub(in crate::ui) fn count(most: f64) -> Self {
        Self::Count(most.max(1.0) * 1.1)
    }

    /// The same for things of which there are no halves.
    pub(super) fn whole(most: f64) -> Self {
        Self::Whole(most.max(1.0) * 1.1)
    }

    /// The same for bytes.
    pub(super) fn bytes(most: f64) -> Self {
        Self::Bytes(most.max(64.0) * 1.1)
    }

    /// How far up a value is, from 0 to 1.
    pub(in crate::ui) fn fraction(self, value: f64) -> f32 {
        let fraction = match self {
            Self::Latency(low, high) => (value.max(1e-9).log10() - f64::from(low)) / f64::from(high - low),
            Self::Count(top) | Self::Whole(top) | Self::Bytes(top) => value / top,
        };
        if fraction.is_finite() { fraction.clamp(0.0, 1.0) as f32 } else { 0.0 }
    }

    /// The value so far up.
    pub(super) fn value(self, fraction: f32) -> f64 {
        match self {
            Self::Latency(low, high) => {
                10_f64.powf(f64::from(low) + f64::from(fraction) * f64::from(high - low))
            }
            Self::Count(top) | Self::Whole(top) | Self::Bytes(top) => f64::from(fraction) * top,
        }
    }

    /// A value in words.
    pub(in crate::ui) fn text(self, value: f64) -> String {
        match self {
            Self::Latency(..) => text::latency(value),
            Self::Count(_) => text::rate(value),
            Self::Whole(_) => text::count(value as u64),
            Self::Bytes(_) => text::size(value.max(0.0) as usize),
        }
    }

    /// The lines of a graph that is so high.
    pub(in crate::ui) fn marks(self, height: f32) -> Vec<Mark> {
        match self {
            Self::Latency(low, high) => decade_marks(low, high, height),
            Self::Count(top) => even_marks(top, step(top, &[1.0, 2.0, 5.0], 10.0, height), short_count),
            Self::Whole(top) => {
                even_marks(top, step(top, &[1.0, 2.0, 5.0], 10.0, height).max(1.0), short_count)
            }
            Self::Bytes(top) => {
                let steps = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
                even_marks(top, step(top, &steps, 1024.0, height), short_size)
            }
        }
    }
}

/// The largest of these, or zero. What a server claims may be no number at all.
pub(in crate::ui) fn most(values: impl Iterator<Item = f64>) -> f64 {
    values.filter(|value| value.is_finite()).fold(0.0, f64::max)
}

/// The least step of `factors` times a power of `base` that leaves room for what is written at each.
fn step(top: f64, factors: &[f64], base: f64, height: f32) -> f64 {
    let most = f64::from((height / 20.0).clamp(2.0, 6.0));
    let mut power = base.powf((top / most).max(1e-9).log(base).floor());
    loop {
        if let Some(factor) = factors.iter().find(|factor| top / (*factor * power) <= most) {
            return factor * power;
        }
        power *= base;
    }
}

fn even_marks(top: f64, step: f64, text: fn(f64) -> String) -> Vec<Mark> {
    let mark = |i: u32| {
        let value = f64::from(i) * step;
        Mark { at: (value / top) as f32, text: Some(text(value)) }
    };
    (0..=(top / step) as u32).map(mark).collect()
}

/// Lines at powers of ten, and thinner ones at twice and five times those. Where there is little room, not every
/// power of ten is written out.
fn decade_marks(low: i32, high: i32, height: f32) -> Vec<Mark> {
    let each = height / (high - low) as f32;
    let stride = (16.0 / each).ceil().max(1.0) as i32;
    let factors: &[f64] = if each >= 24.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
    let marks = |exponent: i32| {
        factors.iter().map(move |factor| Mark {
            at: (f64::from(exponent - low) + factor.log10()) as f32 / (high - low) as f32,
            text: (*factor == 1.0 && (exponent - low) % stride == 0).then(|| decade(exponent)),
        })
    };
    (low..=high).flat_map(marks).filter(|mark| mark.at <= 1.0).collect()
}

/// A power of ten of seconds, as short as it goes.
fn decade(exponent: i32) -> String {
    match exponent {
        e if e >= 0 => format!("{} s", 10_f64.powi(e)),
        e if e >= -3 => format!("{} ms", 10_f64.powi(e + 3)),
        e if e >= -6 => format!("{} µs", 10_f64.powi(e + 6)),
        e => format!("{} ns", 10_f64.powi(e + 9)),
    }
}

fn short_count(count: f64) -> String {
    match count {
        c if c >= 1e9 => format!("{c:.0e}"),
        c if c >= 1e6 => format!("{} M", c / 1e6),
        c if c >= 1e4 => format!("{} k", c / 1e3),
        // Steps have one digit: the second decimal is that of the computer.
        c => ((c * 100.0).round() / 100.0).to_string(),
    }
}

fn short_size(bytes: f64) -> String {
    let (unit, name) = match bytes {
        b if b >= 1_073_741_824.0 => (1_073_741_824.0, "GiB"),
        b if b >= 1_048_576.0 => (1_048_576.0, "MiB"),
        b if b >= 1024.0 => (1024.0, "KiB"),
        _ => (1.0, "B"),
    };
    format!("{} {name}", bytes / unit)
}

/// The horizontal axis, which all graphs of a panel share.
#[derive(Debug, Clone)]
pub(in crate::ui) struct TimeAxis {
    /// What is in view.
    pub(in crate::ui) stretch: Stretch,
    /// Whether the right edge moves with the time.
    pub(in crate::ui) is_live: bool,
    /// A moment and its date.
    pub(in crate::ui) now: (Instant, Timestamp),
    /// Where clocks hang by which dates are told.
    pub(in crate::ui) zone: TimeZone,
}

impl TimeAxis {
    /// Where a moment is within a graph.
    pub(in crate::ui) fn x(&self, at: Instant, plot: Rect) -> f32 {
        let before = self.stretch.to.saturating_duration_since(at).as_secs_f64();
        let after = at.saturating_duration_since(self.stretch.to).as_secs_f64();
        let share = (after - before) / self.stretch.length.as_secs_f64().max(1e-3);
        plot.right() + share as f32 * plot.width()
    }

    /// The moment at a place, if the machine already ran then.
    pub(in crate::ui) fn moment(&self, x: f32, plot: Rect) -> Option<Instant> {
        let share = ((plot.right() - x) / plot.width()).clamp(0.0, 1.0);
        self.stretch.to.checked_sub(self.stretch.length.mul_f32(share))
    }

    /// What is between two places.
    pub(in crate::ui) fn between(&self, range: Rangef, plot: Rect) -> Option<Stretch> {
        let [from, to] = [range.min, range.max].map(|x| self.moment(x, plot));
        Some(Stretch { to: to?, length: to?.saturating_duration_since(from?) })
    }

    /// Lines at round times: before now, or of the clock if the view stands still.
    pub(in crate::ui) fn marks(&self, width: f32) -> Vec<Mark> {
        let length = self.stretch.length.as_secs_f64().max(1e-3);
        let most = f64::from((width / TIME_SPACING).max(2.0));
        let fits = |step: &f64| length / step <= most;
        let step = STEPS.into_iter().find(fits).unwrap_or(STEPS[STEPS.len() - 1]);
        // The last round time of the clock was so long before the right edge.
        let since = if self.is_live { 0.0 } else { self.clock_seconds() % step };
        let count = ((length - since) / step).floor() as u32;
        let mark = |i: u32| {
            let before = since + f64::from(i) * step;
            let text = if self.is_live { ago(before) } else { self.clock(before, step < 60.0) };
            Mark { at: (1.0 - before / length) as f32, text: Some(text) }
        };
        (0..=count).map(mark).collect()
    }

    /// A moment in words: the time, and how long ago that was.
    pub(in crate::ui) fn words(&self, at: Instant) -> String {
        let before = self.stretch.to.saturating_duration_since(at).as_secs_f64();
        let since = self.now.0.saturating_duration_since(at);
        format!("{} · {} ago", self.clock(before, true), text::span_of(since))
    }

    /// From when to when, with the date.
    pub(in crate::ui) fn date(&self) -> String {
        let length = self.stretch.length;
        let from = self.right().checked_sub(length).unwrap_or(self.now.1).to_zoned(self.zone.clone());
        let to = self.right().to_zoned(self.zone.clone());
        format!("{} – {}", from.strftime("%Y-%m-%d %H:%M:%S"), to.strftime("%H:%M:%S %:z"))
    }

    /// The date at the right edge.
    fn right(&self) -> Timestamp {
        let ago = self.now.0.saturating_duration_since(self.stretch.to);
        self.now.1.checked_sub(ago).unwrap_or(self.now.1)
    }

    /// The seconds of the day at the right edge, where the clock hangs.
    fn clock_seconds(&self) -> f64 {
        let time = self.right().to_zoned(self.zone.clone()).time();
        let whole = i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second());
        f64::from(whole) + f64::from(time.subsec_nanosecond()) / 1e9
    }

    fn clock(&self, before: f64, with_seconds: bool) -> String {
        // Half a second more: rounding must not show the second before a round one.
        let before = Duration::from_secs_f64(before.max(0.0));
        let then = self.right().checked_sub(before).unwrap_or(self.now.1);
        let then = then.checked_add(Duration::from_millis(1)).unwrap_or(then);
        let pattern = if with_seconds { "%H:%M:%S" } else { "%H:%M" };
        then.to_zoned(self.zone.clone()).strftime(pattern).to_string()
    }
}

/// Distances between lines of the time axis, in seconds.
const STEPS: [f64; 18] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0,
    14_400.0, 21_600.0, 43_200.0,
];

fn ago(seconds: f64) -> String {
    match seconds {
        s if s < 0.5 => "now".to_owned(),
        s if s < 60.0 => format!("-{s:.0} s"),
        s if s < 3600.0 && s % 60.0 > 0.5 => format!("-{:.0}:{:02.0}", (s / 60.0).floor(), s % 60.0),
        s if s < 3600.0 => format!("-{:.0} min", s / 60.0),
        s if s % 3600.0 > 0.5 => format!("-{:.0}:{:02.0} h", (s / 3600.0).floor(), s % 3600.0 / 60.0),
        s => format!("-{:.0} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use egui::{pos2, vec2};

    use super::*;
    use crate::model::view::TimeRange;

    fn axis(length: Duration, is_live: bool) -> TimeAxis {
        let to = Instant::now();
        let date = "2026-11-23T14:05:07.25Z".parse().unwrap();
        TimeAxis { stretch: Stretch { to, length }, is_live, now: (to, date), zone: TimeZone::UTC }
    }

    fn texts(marks: Vec<Mark>) -> Vec<String> {
        marks.into_iter().filter_map(|mark| mark.text).collect()
    }

    #[test]
    fn every_range_has_a_few_round_times() {
        for range in TimeRange::ALL {
            for (width, least) in [(240.0, 3), (1200.0, 7)] {
                let marks = axis(range.duration(), true).marks(width);
                assert!((least..=21).contains(&marks.len()), "{range:?}: {marks:?}");
                assert_eq!(marks[0], Mark { at: 1.0, text: Some("now".to_owned()) });
                assert!(marks.iter().all(|mark| (0.0..=1.0).contains(&mark.at)), "{range:?}");
            }
        }
        assert_eq!(
            texts(axis(Duration::from_secs(60), true).marks(260.0)),
            ["now", "-15 s", "-30 s", "-45 s", "-1 min"]
        );
    }

    #[test]
    fn a_view_that_stands_still_tells_the_time_of_the_clock() {
        let marks = axis(Duration::from_secs(60), false).marks(260.0);
        assert!((marks[0].at - (1.0 - 7.25 / 60.0)).abs() < 1e-4);
        assert_eq!(texts(marks), ["14:05:00", "14:04:45", "14:04:30", "14:04:15"]);
        assert_eq!(
            texts(axis(Duration::from_secs(3600), false).marks(260.0)),
            ["14:00", "13:45", "13:30", "13:15"]
        );
    }

    #[test]
    fn places_and_moments_are_each_others_inverse() {
        let plot = Rect::from_min_size(pos2(40.0, 10.0), vec2(600.0, 100.0));
        let axis = axis(Duration::from_secs(60), true);
        let moment = axis.stretch.to - Duration::from_secs(15);
        assert!((axis.x(moment, plot) - 490.0).abs() < 0.01);
        let back = axis.moment(490.0, plot).unwrap();
        assert!(back.duration_since(moment) < Duration::from_millis(1));
        let between = axis.between(Rangef::new(340.0, 490.0), plot).unwrap();
        assert!(between.length.abs_diff(Duration::from_secs(15)) < Duration::from_millis(1));
        assert_eq!(axis.words(moment), "14:04:52 · 15 s ago");
    }

    #[test]
    fn an_axis_of_counts_has_a_few_round_numbers() {
        for (top, last) in
            [(1.1, "1"), (5.5, "5"), (93.5, "80"), (121.0, "100"), (4321.0, "4000"), (9e5, "800 k")]
        {
            let marks = texts(Axis::Count(top).marks(110.0));
            assert!((2..=6).contains(&marks.len()), "{top}: {marks:?}");
            assert_eq!(marks[marks.len() - 1], last, "{top}");
        }
        assert_eq!(texts(Axis::whole(0.0).marks(110.0)), ["0", "1"]);
        let sizes = texts(Axis::bytes(3e6).marks(110.0));
        assert_eq!(sizes, ["0 B", "1 MiB", "2 MiB", "3 MiB"]);
    }

    #[test]
    fn a_latency_axis_shows_whole_decades() {
        assert_eq!(Axis::latency([0.002, 0.15].into_iter()), Axis::Latency(-3, 0));
        assert_eq!(Axis::latency([0.002].into_iter()), Axis::Latency(-3, -1));
        assert_eq!(Axis::latency(std::iter::empty()), Axis::Latency(-4, -1));
        assert_eq!(texts(Axis::Latency(-3, 0).marks(90.0)), ["1 ms", "10 ms", "100 ms", "1 s"]);
    }

    #[test]
    fn what_is_no_number_is_drawn_at_an_edge() {
        let axis = Axis::latency([f64::NAN, f64::INFINITY, 0.1].into_iter());
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 0.0] {
            assert!((0.0..=1.0).contains(&axis.fraction(value)), "{value}");
            assert!((0.0..=1.0).contains(&Axis::count(most([value].into_iter())).fraction(value)), "{value}");
        }
    }
}
