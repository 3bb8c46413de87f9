//! A recording that is looked at: which moment of it, and how fast that moves on.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::format::Head;
use crate::model::calls::Mark;
use crate::model::catalogue::{Services, is_builtin};
use crate::model::connection::Failure;
use crate::model::history::Ticks;
use crate::text;

/// The most slices of an [`Activity`]: as many as are told apart in a window.
const SLICES_MAX: usize = 800;

/// What is in a recording beside the statistics themselves.
#[derive(Debug)]
pub(crate) struct Overview {
    /// The moment at which it begins. Nobody was there then: it is only what other moments are counted from.
    pub(crate) base: Instant,
    /// Which server, and when.
    pub(crate) head: Head,
    /// What the server could do, as it said last.
    pub(crate) services: Services,
    /// From the beginning to the end.
    pub(crate) length: Duration,
    /// The calls that were made from the dashboard, in the order in which they ended.
    pub(crate) marks: Vec<Mark>,
    /// When there was no connection.
    pub(crate) outages: Vec<Outage>,
    /// When the server was started anew.
    pub(crate) restarts: Vec<Duration>,
    /// How much was going on.
    pub(crate) activity: Activity,
    /// What is to be said of the file.
    pub(crate) remark: Option<String>,
}

/// A time without a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outage {
    /// Since when.
    pub(crate) from: Duration,
    /// Until when, if that was still recorded.
    pub(crate) to: Option<Duration>,
    /// Why the connection ended.
    pub(crate) why: String,
}

/// How many calls there were over the whole of a recording, in slices of equal length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Activity {
    /// How long a slice is.
    pub(crate) slice: Duration,
    /// The first one begins with the recording.
    pub(crate) slices: Vec<Slice>,
}

/// What happened in a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Slice {
    /// Calls that ended.
    pub(crate) calls: u64,
    /// Those that failed.
    pub(crate) failed: u64,
}

/// How fast a recording is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Speed {
    /// As fast as it was.
    #[default]
    One,
    /// Ten seconds in one.
    Ten,
    /// A minute in a second.
    Sixty,
}

/// A recording in a tab.
#[derive(Debug)]
pub(crate) struct Replay {
    /// What the file is called.
    pub(crate) file: String,
    /// How far it is.
    pub(crate) stage: Stage,
}

/// How far a recording is.
#[derive(Debug)]
pub(crate) enum Stage {
    /// So much of it was read, from 0 to 1.
    Opening(f32),
    /// It cannot be shown, or not any more.
    Failed(Failure),
    /// It can be looked at.
    Open(Box<Playing>),
}

/// A recording that is looked at.
#[derive(Debug)]
pub(crate) struct Playing {
    /// What is in it.
    pub(crate) overview: Overview,
    /// The moment that is wanted.
    pub(crate) wanted: Duration,
    /// The moment that the graphs show.
    pub(crate) shown: Duration,
    /// How fast it is played.
    pub(crate) speed: Speed,
    /// Whether the time line is to get the keys.
    pub(crate) focus_wanted: bool,
    /// The moment that the worker was asked for and has not told yet.
    asked: Option<Duration>,
    /// Since when it is played, and from where; `None` while it stands still.
    since: Option<(Instant, Duration)>,
}

impl Speed {
    /// Every speed, slowest first.
    pub(crate) const ALL: [Self; 3] = [Self::One, Self::Ten, Self::Sixty];

    /// Seconds of the recording in one of ours.
    pub(crate) fn factor(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Ten => 10,
            Self::Sixty => 60,
        }
    }

    /// As it is written in the window.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::One => "1×",
            Self::Ten => "10×",
            Self::Sixty => "60×",
        }
    }

    /// How often the moment is looked at while it moves: as often as there is something new, within reason.
    pub(crate) fn pace(self) -> Duration {
        Duration::from_millis(if self == Self::One { 500 } else { 100 })
    }
}

impl Replay {
    /// A recording that the worker is to open.
    pub(crate) fn of(file: String) -> Self {
        Self { file, stage: Stage::Opening(0.0) }
    }

    /// What can be looked at, once it can.
    pub(crate) fn playing(&self) -> Option<&Playing> {
        if let Stage::Open(playing) = &self.stage { Some(playing) } else { None }
    }

    /// The same, to go elsewhere.
    pub(crate) fn playing_mut(&mut self) -> Option<&mut Playing> {
        if let Stage::Open(playing) = &mut self.stage { Some(playing) } else { None }
    }

    /// What it is called: the server, or the file as long as that is not known.
    pub(crate) fn name(&self) -> &str {
        let name = self.playing().map_or("", |playing| playing.overview.head.name.as_str());
        if name.is_empty() { &self.file } else { name }
    }
}

impl Playing {
    /// A recording at its end, which the worker tells without being asked.
    pub(crate) fn new(overview: Overview) -> Self {
        let end = overview.length;
        Self {
            overview,
            wanted: end,
            shown: Duration::ZERO,
            speed: Speed::default(),
            focus_wanted: true,
            asked: Some(end),
            since: None,
        }
    }

    /// Whether it is played.
    pub(crate) fn is_playing(&self) -> bool {
        self.since.is_some()
    }

    /// Whether the graphs do not show yet what is wanted.
    pub(crate) fn is_behind(&self) -> bool {
        self.asked.is_some()
    }

    /// Plays it, from the beginning if it is at its end, or lets it stand still.
    pub(crate) fn toggle(&mut self, now: Instant) {
        if self.since.take().is_none() {
            let from = if self.wanted < self.overview.length { self.wanted } else { Duration::ZERO };
            (self.wanted, self.since) = (from, Some((now, from)));
        }
    }

    /// Plays it at this speed from now on.
    pub(crate) fn set_speed(&mut self, speed: Speed, now: Instant) {
        self.speed = speed;
        self.since = self.since.map(|_| (now, self.wanted));
    }

    /// Goes to a moment.
    pub(crate) fn go_to(&mut self, at: Duration, now: Instant) {
        self.wanted = at.min(self.overview.length);
        self.since = self.since.map(|_| (now, self.wanted));
    }

    /// Lets it move on, and says which moment the worker is to be asked for.
    pub(crate) fn pass(&mut self, now: Instant) -> Option<Duration> {
        if let Some((since, from)) = self.since {
            let passed = now.saturating_duration_since(since) * self.speed.factor();
            self.wanted = (from + passed).min(self.overview.length);
            if self.wanted == self.overview.length {
                self.since = None;
            }
        }
        self.ask()
    }

    /// The graphs show a moment now. Says which one the worker is to be asked for next.
    pub(crate) fn told(&mut self, at: Duration) -> Option<Duration> {
        (self.shown, self.asked) = (at, None);
        self.ask()
    }

    /// The moment that is shown, and its date.
    pub(crate) fn moment(&self) -> (Instant, Timestamp) {
        (self.overview.base + self.shown, self.overview.date(self.shown))
    }

    /// The calls that were made until the moment that is shown.
    pub(crate) fn marks(&self) -> &[Mark] {
        let now = self.overview.base + self.shown;
        let marks = &self.overview.marks;
        &marks[..marks.partition_point(|mark| mark.at <= now)]
    }

    /// One question at a time.
    fn ask(&mut self) -> Option<Duration> {
        if self.asked.is_some() || self.wanted == self.shown {
            return None;
        }
        self.asked = Some(self.wanted);
        self.asked
    }
}

impl Overview {
    /// The date of a moment.
    pub(crate) fn date(&self, at: Duration) -> Timestamp {
        self.head.began.checked_add(at).unwrap_or(self.head.began)
    }

    /// How far a moment is from the beginning: `2:05 of 1:02:05`.
    pub(crate) fn words(&self, at: Duration) -> String {
        format!("{} of {}", text::clock(at.as_secs()), text::clock(self.length.as_secs()))
    }

    /// The outage that a moment is in.
    pub(crate) fn outage(&self, at: Duration) -> Option<&Outage> {
        self.outages.iter().find(|outage| outage.from <= at && outage.to.is_none_or(|to| at < to))
    }
}

impl Default for Activity {
    fn default() -> Self {
        Self { slice: Duration::from_secs(1), slices: Vec::new() }
    }
}

impl Activity {
    /// Counts what happened until a moment.
    pub(crate) fn add(&mut self, at: Duration, ticks: &Ticks) {
        while self.place(at) >= SLICES_MAX {
            self.slices = self.slices.chunks(2).map(Slice::sum).collect();
            self.slice *= 2;
        }
        let place = self.place(at);
        if self.slices.len() <= place {
            self.slices.resize(place + 1, Slice::default());
        }
        for (name, tick) in ticks {
            if !is_builtin(name) {
                let happened = Slice { calls: tick.calls, failed: tick.failed() };
                self.slices[place] = Slice::sum(&[self.slices[place], happened]);
            }
        }
    }

    fn place(&self, at: Duration) -> usize {
        (at.as_nanos() / self.slice.as_nanos()) as usize
    }
}

impl Slice {
    fn sum(slices: &[Self]) -> Self {
        let sum = |of: fn(&Self) -> u64| slices.iter().map(of).fold(0, u64::saturating_add);
        Self { calls: sum(|slice| slice.calls), failed: sum(|slice| slice.failed) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::history::Tick;

    /// A recording of this length, in which nothing happened.
    pub(crate) fn playing(length: Duration) -> Playing {
        let word = || "x".to_owned();
        let head = Head {
            began: Timestamp::UNIX_EPOCH,
            name: word(),
            address: word(),
            peer: word(),
            recorder: word(),
        };
        Playing::new(Overview {
            base: Instant::now(),
            head,
            services: Services::default(),
            length,
            marks: Vec::new(),
            outages: Vec::new(),
            restarts: Vec::new(),
            activity: Activity::default(),
            remark: None,
        })
    }

    #[test]
    fn it_is_played_from_where_it_is_as_fast_as_was_asked_and_stops_at_the_end() {
        let second = Duration::from_secs(1);
        let (mut playing, start) = (playing(100 * second), Instant::now());
        assert_eq!(playing.told(100 * second), None);
        playing.toggle(start);
        assert_eq!(playing.pass(start), Some(Duration::ZERO), "at the end it begins anew");
        assert_eq!(playing.pass(start + 3 * second), None, "one question at a time");
        assert_eq!(playing.told(Duration::ZERO), Some(3 * second));
        playing.set_speed(Speed::Ten, start + 3 * second);
        playing.told(3 * second);
        assert_eq!(playing.pass(start + 5 * second), Some(23 * second));
        playing.go_to(90 * second, start + 5 * second);
        assert_eq!(playing.told(23 * second), Some(90 * second));
        playing.told(90 * second);
        assert_eq!(playing.pass(start + 60 * second), Some(100 * second));
        assert!(!playing.is_playing());
    }

    #[test]
    fn however_long_it_is_its_activity_has_so_many_slices() {
        let mut activity = Activity::default();
        let tick = Tick { calls: 2, errors: [(countersign::Code::Aborted, 1)].into(), ..Tick::default() };
        let ticks: Ticks = [(Arc::from("acme.Ledger/balance"), tick)].into();
        (0..10_000).for_each(|second| activity.add(Duration::from_secs(second), &ticks));
        assert!((400..=SLICES_MAX).contains(&activity.slices.len()));
        let calls: u64 = activity.slices.iter().map(|slice| slice.calls).sum();
        assert_eq!(calls, 20_000);
        assert_eq!(activity.slices[3], Slice { calls: 32, failed: 16 });
    }
}
