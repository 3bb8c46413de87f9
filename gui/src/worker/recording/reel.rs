//! A recording that can be gone to and fro in.
//!
//! What a window showed at a moment is a history of what had been told until then. To come by it, all that was told is told
//! again to an empty one, which would take seconds for a day. So the first reading puts histories away, one for each quarter
//! of an hour, and from those it goes on. They have no single seconds: of those only the last quarter of an hour is ever
//! shown, and that much is told again.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::frames::{Frames, Next};
use super::survey::Survey;
use crate::model::history::{History, Packed, Step};
use crate::model::recording::format::{Event, FILE_MAX};
use crate::model::recording::replay::Overview;

/// Between one history that is left behind and the next.
const SPACING: Duration = Duration::from_secs(15 * 60);

/// How many bytes these take at most: a day of fifty procedures that are all called in each second has a hundred million.
/// Beyond it, moments take longer to get to.
const HEAVIEST: usize = 160 << 20;

/// Told how much of a file was read, from 0 to 1; says whether anybody still waits for it.
pub(crate) type Progress<'a> = &'a mut dyn FnMut(f32) -> bool;

/// A recording, and what its server had counted by some moment of it.
pub(crate) struct Reel {
    frames: Frames<File>,
    /// The moment at which the recording begins for those who look at it.
    base: Instant,
    stops: Vec<Stop>,
    history: History,
    /// How far it has been told.
    at: Duration,
    /// What comes next, if it was read already.
    next: Option<(Duration, Step)>,
}

/// Where to go on from.
struct Stop {
    at: Duration,
    offset: u64,
    history: Packed,
}

impl Reel {
    /// Reads a recording once, and says what is in it; `None` if nobody waits for it any more.
    pub(crate) fn open(
        path: &Path,
        base: Instant,
        progress: Progress<'_>,
    ) -> Result<Option<(Self, Overview)>, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let found = file.metadata().map_err(|error| error.to_string())?;
        if !found.is_file() {
            return Err("it is no file".to_owned());
        }
        if FILE_MAX < found.len() {
            return Err(format!("it has {} MiB, more than was ever recorded", found.len() >> 20));
        }
        let mut frames = Frames::new(file, found.len())?;
        let mut survey = Survey::new(base);
        let mut history = History::without_seconds();
        let mut stops = Vec::new();
        let (mut weight, mut told) = (0, 0.0);
        let torn = loop {
            let offset = frames.offset();
            let event = match frames.next()? {
                Next::Event(event) => event,
                Next::End { torn } => break torn,
            };
            if let Event::Step(at, step) = event {
                let last: Option<&Stop> = stops.last();
                if last.is_none_or(|last| at >= last.at + SPACING) && weight < HEAVIEST {
                    let history = Packed::of(&history, last.map(|last| &last.history));
                    weight += history.own_bytes;
                    stops.push(Stop { at, offset, history });
                }
                survey.step(at, &step);
                history.go_on(step, base + at);
            } else {
                survey.note(event).map_err(|what| format!("at byte {offset}: {what}"))?;
            }
            let share = frames.offset() as f32 / found.len() as f32;
            if share - told > 0.01 {
                told = share;
                if !progress(share) {
                    return Ok(None);
                }
            }
        };
        let overview = survey.overview(torn)?;
        if stops.is_empty() {
            let history = Packed::of(&history, None);
            stops.push(Stop { at: Duration::ZERO, offset: frames.offset(), history });
        }
        drop(history);
        let (history, at) = (History::default(), Duration::ZERO);
        let mut reel = Self { frames, base, stops, history, at, next: None };
        reel.begin_at(0).map_err(|error| error.to_string())?;
        Ok(Some((reel, overview)))
    }

    /// What had been told by a moment.
    pub(crate) fn go_to(&mut self, at: Duration) -> Result<&History, String> {
        let before = at.saturating_sub(History::SECONDS_REACH);
        let stop = self.stops.partition_point(|stop| stop.at <= before).saturating_sub(1);
        if at < self.at || self.at < self.stops[stop].at {
            self.begin_at(stop).map_err(|error| error.to_string())?;
        }
        while let Some((moment, step)) = self.step()? {
            if moment > at {
                self.next = Some((moment, step));
                break;
            }
            self.history.go_on(step, self.base + moment);
        }
        self.at = at;
        Ok(&self.history)
    }

    fn begin_at(&mut self, stop: usize) -> io::Result<()> {
        let Stop { at, offset, history } = &self.stops[stop];
        (self.history, self.at, self.next) = (history.unpack().with_seconds(), *at, None);
        self.frames.go_to(*offset)
    }

    /// What was told next.
    fn step(&mut self) -> Result<Option<(Duration, Step)>, String> {
        if let Some(next) = self.next.take() {
            return Ok(Some(next));
        }
        loop {
            match self.frames.next()? {
                Next::Event(Event::Step(at, step)) => return Ok(Some((at, step))),
                Next::Event(_) => {}
                Next::End { .. } => return Ok(None),
            }
        }
    }
}
