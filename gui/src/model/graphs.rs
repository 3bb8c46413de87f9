//! What the graphs draw, kept until something changes: percentiles of a quarter of an hour are not worked
//! out sixty times a second.

use std::collections::BTreeMap;
use std::time::Instant;

use super::history::{History, Point, Trend};
use super::view::{Stretch, TimeRange};

/// The points of the three graphs, and the small trends of the procedure list.
#[derive(Debug, Default)]
pub(crate) struct Graphs {
    /// Oldest first.
    pub(crate) points: Vec<Point>,
    /// The last minute, by the procedure's path.
    pub(crate) trends: BTreeMap<String, Trend>,
    /// When the server was seen to have started anew.
    pub(crate) restarts: Vec<Instant>,
    /// How much time a point stands for.
    pub(crate) seconds_per_point: f64,
    /// Whether any statistics came yet.
    pub(crate) is_empty: bool,
    shown: Option<Shown>,
}

/// What the points were worked out from.
#[derive(Debug, PartialEq)]
struct Shown {
    version: u64,
    procedure: Option<String>,
    range: TimeRange,
}

impl Graphs {
    /// Works the points out again if what they show has changed.
    pub(crate) fn refresh(
        &mut self,
        history: &History,
        procedure: Option<&str>,
        range: TimeRange,
        now: Instant,
    ) {
        let wanted = Shown { version: history.version(), procedure: procedure.map(str::to_owned), range };
        if self.shown.as_ref() == Some(&wanted) {
            return;
        }
        let stretch = Stretch { to: now, length: range.duration() };
        let scale = history.scale(stretch, now);
        self.points = history.points(procedure, scale, stretch, 0);
        self.seconds_per_point = scale.seconds as f64;
        if self.shown.as_ref().is_none_or(|shown| shown.version != wanted.version) {
            self.trends = history.trends(now);
        }
        self.restarts = history.restarts().to_vec();
        self.is_empty = history.is_empty();
        self.shown = Some(wanted);
    }
}
