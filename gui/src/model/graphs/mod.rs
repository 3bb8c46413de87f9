//! What the graphs draw, kept until something changes: percentiles of a day are not worked out sixty times a second.

pub(crate) mod csv;
pub(crate) mod export;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use self::export::Exporting;
use super::catalogue::is_builtin;
use super::history::{History, Percentile, Point, Scale, Trend};
use super::view::{Stretch, TimeRange};

/// What can be compared at most: more lines than this cannot be told apart.
pub(crate) const MOST_COMPARED: usize = 8;

/// The shortest stretch that can be zoomed to: a few points of the finest scale.
const SHORTEST: Duration = Duration::from_secs(5);

/// How many buckets are looked at in a frame: what takes some eight milliseconds. Points that are made of more, as those
/// of another range may be, are worked out over several frames.
const BUCKETS_A_FRAME: usize = 300_000;

/// The graphs of one server: what they show, and how.
#[derive(Debug, Default)]
pub(crate) struct Graphs {
    /// What is drawn, once any statistics came.
    pub(crate) sheet: Option<Sheet>,
    /// The small trends of the procedure list, by the procedure's path.
    pub(crate) trends: BTreeMap<String, Trend>,
    /// The stretch that is shown instead of the latest time, if there is one.
    pub(crate) zoom: Option<Stretch>,
    /// The moment under the pointer: every graph says what it was then.
    pub(crate) cursor: Option<Instant>,
    /// What is drawn beside the selected procedure.
    pub(crate) comparison: Comparison,
    /// Which percentile is drawn where several things are compared.
    pub(crate) percentile: Percentile,
    /// What is typed into the filter of what can be compared.
    pub(crate) filter: String,
    /// Where the graphs are to be written, while that is asked.
    pub(crate) exporting: Option<Exporting>,
    shown: Option<Shown>,
    /// What is to be drawn next, as far as it is worked out.
    coming: Option<(Shown, Vec<Series>)>,
    trends_version: Option<u64>,
}

/// What is drawn beside the selected procedure.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Comparison {
    /// Nothing.
    #[default]
    Nothing,
    /// Other procedures of the same server.
    Procedures(Vec<String>),
    /// The same procedure on the other servers that are open.
    Servers,
}

/// Everything that the graphs draw but the calls made here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sheet {
    /// What is drawn in lines; the first is what heatmap and errors are of.
    pub(crate) series: Vec<Series>,
    /// When the server was seen to have started anew.
    pub(crate) restarts: Vec<Instant>,
    /// What is in view.
    pub(crate) stretch: Stretch,
    /// Whether the right edge is now, whenever that is.
    pub(crate) is_live: bool,
    /// How much time a point stands for.
    pub(crate) point: Duration,
    /// Which percentile stands for the latency of each of several series.
    pub(crate) percentile: Percentile,
}

/// One procedure of one server, or all of them, over time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Series {
    /// What it is called beside the others.
    pub(crate) name: String,
    /// The procedure, unless it is all of them.
    pub(crate) procedure: Option<String>,
    /// Oldest first.
    pub(crate) points: Vec<Point>,
}

/// A server whose numbers can be drawn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source<'a> {
    /// What it is called.
    pub(crate) name: &'a str,
    /// What it counted.
    pub(crate) history: &'a History,
}

/// What the graphs are asked to show.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// The procedure; without it, all but the built-in ones.
    pub(crate) procedure: Option<&'a str>,
    /// How far back.
    pub(crate) range: TimeRange,
    /// When the view was frozen, if it is.
    pub(crate) frozen: Option<Instant>,
}

/// What the points were worked out from.
#[derive(Debug, PartialEq)]
struct Shown {
    subjects: Vec<Subject>,
    scale: Scale,
    /// A stretch that does not move on is worked out once.
    still: Option<Stretch>,
    versions: Vec<u64>,
}

/// What one series is of.
#[derive(Debug, Clone, PartialEq)]
struct Subject {
    source: usize,
    procedure: Option<String>,
    name: String,
}

impl Graphs {
    /// Works the points out again if what they show has changed. The first source is the server itself.
    pub(crate) fn refresh(&mut self, sources: &[Source<'_>], wanted: Wanted<'_>, now: Instant) {
        let Some(own) = sources.first() else { return };
        let to = wanted.frozen.unwrap_or(now);
        if self.trends_version != Some(own.history.version()) {
            self.trends_version = Some(own.history.version());
            self.trends = own.history.trends(to);
        }
        if own.history.is_empty() {
            (self.sheet, self.coming) = (None, None);
            return;
        }
        let stretch = self.zoom.unwrap_or(Stretch { to, length: wanted.range.duration() });
        let is_live = self.zoom.is_none() && wanted.frozen.is_none();
        let subjects = self.subjects(sources, wanted.procedure);
        let shown = Shown {
            scale: own.history.scale(stretch, to),
            still: (!is_live).then_some(stretch),
            versions: subjects.iter().map(|of| sources[of.source].history.version()).collect(),
            subjects,
        };
        let coming = self.coming.take();
        if self.sheet.is_none() || self.shown.as_ref().is_none_or(|before| before.is_outdated(&shown)) {
            let (mut series, mut room) = self.begun(coming, &shown);
            for (series, subject) in series.iter_mut().zip(&shown.subjects) {
                series.go_on(sources[subject.source].history, shown.scale, stretch, &mut room);
            }
            if room == 0 {
                self.coming = Some((shown, series));
            } else {
                self.sheet = Some(Sheet {
                    series,
                    restarts: own.history.restarts().to_vec(),
                    stretch,
                    is_live,
                    point: Duration::from_secs(shown.scale.seconds),
                    percentile: self.percentile,
                });
                self.shown = Some(shown);
            }
        }
        if let Some(sheet) = &mut self.sheet {
            (sheet.stretch, sheet.is_live, sheet.percentile) = (stretch, is_live, self.percentile);
        }
    }

    /// Whether something else is to be drawn than what is, and the next frame works on it.
    pub(crate) fn is_behind(&self) -> bool {
        self.coming.is_some()
    }

    /// Works everything out again, since what lies in the past has changed, too.
    pub(crate) fn forget_points(&mut self) {
        (self.shown, self.coming, self.trends_version) = (None, None, None);
    }

    /// What is known already of what is wanted, and how much there is room for in this frame.
    fn begun(&mut self, coming: Option<(Shown, Vec<Series>)>, wanted: &Shown) -> (Vec<Series>, usize) {
        // The end alone is never much.
        if let (Some(sheet), Some(shown)) = (&mut self.sheet, &self.shown)
            && shown.goes_on_as(wanted)
        {
            return (std::mem::take(&mut sheet.series), usize::MAX);
        }
        let is_meant = |shown: &Shown| !shown.is_outdated(wanted) || shown.goes_on_as(wanted);
        let series = match coming {
            Some((shown, series)) if is_meant(&shown) => series,
            _ => wanted.subjects.iter().map(Series::new).collect(),
        };
        (series, BUCKETS_A_FRAME)
    }

    /// Which share of the last minute's calls failed, of one procedure or of all but the built-in ones.
    pub(crate) fn failed_share(&self, procedure: Option<&str>) -> f64 {
        let is_meant =
            |path: &str| procedure.map_or_else(|| !is_builtin(path), |procedure| path == procedure);
        let meant = self.trends.iter().filter(|(path, _)| is_meant(path));
        let (calls, failed) = meant.fold((0_u64, 0_u64), |(calls, failed), (_, trend)| {
            (calls.saturating_add(trend.calls), failed.saturating_add(trend.failed))
        });
        failed as f64 / calls.max(1) as f64
    }

    /// Shows this stretch, or as much as there can be something in it.
    pub(crate) fn zoom_to(&mut self, stretch: Stretch) {
        let length = stretch.length.clamp(SHORTEST, TimeRange::LONGEST);
        self.zoom = Some(Stretch { length, ..stretch });
    }

    /// Draws a procedure beside the selected one, or does no longer.
    pub(crate) fn compare(&mut self, procedure: String) {
        let mut procedures = match std::mem::take(&mut self.comparison) {
            Comparison::Procedures(procedures) => procedures,
            _ => Vec::new(),
        };
        match procedures.iter().position(|known| *known == procedure) {
            Some(at) => drop(procedures.remove(at)),
            // The selected one is drawn, too.
            None if procedures.len() + 1 < MOST_COMPARED => procedures.push(procedure),
            None => {}
        }
        if !procedures.is_empty() {
            self.comparison = Comparison::Procedures(procedures);
        }
    }

    /// Draws the same procedure of all servers, or does no longer.
    pub(crate) fn toggle_servers(&mut self) {
        self.comparison = match self.comparison {
            Comparison::Servers => Comparison::Nothing,
            _ => Comparison::Servers,
        };
    }

    fn subjects(&self, sources: &[Source<'_>], procedure: Option<&str>) -> Vec<Subject> {
        let of = |source: usize, procedure: Option<&str>, name: &str| Subject {
            source,
            procedure: procedure.map(str::to_owned),
            name: name.to_owned(),
        };
        let own = of(0, procedure, procedure.unwrap_or("All procedures"));
        let subjects: Vec<Subject> = match &self.comparison {
            Comparison::Nothing => vec![own],
            Comparison::Procedures(others) => {
                let others = others.iter().filter(|other| Some(other.as_str()) != procedure);
                std::iter::once(own).chain(others.map(|other| of(0, Some(other), other))).collect()
            }
            Comparison::Servers => {
                sources.iter().enumerate().map(|(i, source)| of(i, procedure, source.name)).collect()
            }
        };
        subjects.into_iter().take(MOST_COMPARED).collect()
    }
}

impl Shown {
    fn is_outdated(&self, wanted: &Self) -> bool {
        let is_same = self.subjects == wanted.subjects && self.scale == wanted.scale;
        // What lies in the past stays as it is, whatever comes.
        !is_same || self.still != wanted.still || (self.still.is_none() && self.versions != wanted.versions)
    }

    /// Whether only the end of every series is to be worked out.
    fn goes_on_as(&self, wanted: &Self) -> bool {
        let only_grew = self.versions.iter().zip(&wanted.versions).all(|(before, now)| before <= now);
        let is_live = self.still.is_none() && wanted.still.is_none();
        is_live && only_grew && self.subjects == wanted.subjects && self.scale == wanted.scale
    }
}

impl Series {
    fn new(subject: &Subject) -> Self {
        Self { name: subject.name.clone(), procedure: subject.procedure.clone(), points: Vec::new() }
    }

    /// Drops what has left the view and adds what has come and there is room for; the last point may have grown.
    fn go_on(&mut self, history: &History, scale: Scale, stretch: Stretch, room: &mut usize) {
        if *room == 0 {
            return;
        }
        let first = self.points.pop().map_or(0, |last| last.number);
        self.points.retain(|point| stretch.meets(point.from, point.to));
        self.points.extend(history.points(self.procedure.as_deref(), scale, stretch, first, room));
    }

    /// The point that tells of a moment, or the last one.
    pub(crate) fn point(&self, moment: Option<Instant>) -> Option<&Point> {
        let Some(moment) = moment else { return self.points.last() };
        let after = self.points.partition_point(|point| point.to < moment);
        self.points.get(after).filter(|point| point.from <= moment)
    }
}

impl Sheet {
    /// The series that heatmap and errors are of.
    pub(crate) fn main(&self) -> &Series {
        &self.series[0]
    }

    /// Whether there was any call in view.
    pub(crate) fn shows_calls(&self) -> bool {
        let mut points = self.series.iter().flat_map(|series| &series.points);
        points.any(|point| point.calls > 0 || point.in_flight > 0)
    }

    /// Whether the calls of a procedure belong to what is drawn.
    pub(crate) fn includes(&self, procedure: &str) -> bool {
        let shown = |series: &Series| series.procedure.as_deref().is_none_or(|shown| shown == procedure);
        self.series.iter().any(shown)
    }

    /// Whether several things are compared.
    pub(crate) fn is_comparison(&self) -> bool {
        self.series.len() > 1
    }
}
