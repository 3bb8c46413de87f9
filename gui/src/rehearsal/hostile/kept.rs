//! Recordings that somebody else has made, and rules that are watched while a server counts what cannot be.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::Code;
use countersign::builtin::stats::Histogram;
use countersign::service::CallKind;
use jiff::Timestamp;

use super::super::{Rehearsal, Watch, told};
use super::cases::{Case, act, hear, hear_update, rest, window};
use super::{confusing, count_on, counters, megabyte};
use crate::command::Command;
use crate::exchange::{Order, TabNews};
use crate::model::alerts::rule::{Condition, Errors, Latency, Rule};
use crate::model::history::{MOST_PROCEDURES, Percentile, Step, Tick, Ticks};
use crate::model::recording::format::{Called, Encoder, Event, Head, Listed, ListedProcedure, MAGIC};
use crate::model::recording::{RecordingCommand, RecordingNews};
use crate::model::view::{Page, TimeRange};
use crate::worker;
use crate::worker::recording::reel::Reel;

pub(super) const RECORDING: Case = Case { name: "a hostile recording", run: recording };
pub(super) const ALERTS: Case = Case { name: "50 alert rules of hostile procedures", run: alerts };

const SECOND: Duration = Duration::from_secs(1);

/// A recording with so many of each thing that can be in one.
pub(crate) fn film(count: usize) -> Vec<u8> {
    let text: String = megabyte().chars().take(5000).collect();
    let word = || text.clone();
    let head =
        Head { began: Timestamp::UNIX_EPOCH, name: word(), address: word(), peer: word(), recorder: word() };
    let mut events = vec![Event::Head(head), Event::Listing { names_forbidden: true }];
    for service in 0..count / 500 + 1 {
        let listed = |i: usize| ListedProcedure {
            name: confusing(i),
            documentation: "\u{202e}".to_owned(),
            kind: CallKind::BothWays,
            idempotent: true,
            deadline_ms: Some(u64::MAX),
        };
        let procedures = (0..500).map(listed).collect();
        let name = format!("evil{service}.{text}");
        events.push(Event::Service(Listed {
            name,
            documentation: word(),
            procedures,
            forbidden: Vec::new(),
        }));
    }
    events.push(Event::Step(SECOND, Step::Began { monotonic_ns: 0 }));
    let mut latency = Histogram::default();
    (0..400).for_each(|i| latency.record(Duration::from_nanos((16 + i % 16) << (6 + i / 16))));
    for second in 2..(2 + count as u32 / 1000) {
        let ticks = (0..MOST_PROCEDURES / 4).map(|i| {
            let tick = Tick {
                calls: u64::MAX,
                in_flight: u64::MAX,
                errors: [(Code::Internal, u64::MAX)].into(),
                latency: latency.clone(),
                ..Tick::default()
            };
            (Arc::from(format!("evil0.Crowd/{}", confusing(i))), tick)
        });
        let ticks: Ticks = ticks.collect();
        events.push(Event::Step(SECOND * second, Step::Passed { elapsed_ns: 1_000_000_000, ticks }));
    }
    for i in 0..count as u64 {
        // Spread over the whole of it, and far beyond.
        let at_ns = i * 1_000_000;
        let at = Duration::from_nanos(at_ns);
        let (procedure, took_ns) = (word().chars().take(500).collect(), u64::MAX);
        events.push(Event::Called(Called { number: 7, procedure, at_ns, took_ns, answered: false }));
        events.push(Event::Lost(at, word().chars().take(300).collect()));
    }
    let end = SECOND * (2 + count as u32);
    events.extend((0..count).map(|_| Event::Step(end, Step::Restarted { monotonic_ns: u64::MAX })));
    let mut encoder = Encoder::default();
    let frames = events.into_iter().filter_map(|event| encoder.frame(event));
    frames.fold(MAGIC.to_vec(), |mut file, frame| {
        file.extend(frame);
        file
    })
}

fn recording(watch: &mut Watch) {
    let folder = tempfile::tempdir().expect("there is room for temporary files");
    let path = folder.path().join("hostile.csrec");
    std::fs::write(&path, film(100_000)).expect("the folder is ours");
    let mut window = window();
    watch.note(&"open");
    let command = Command::Recording(RecordingCommand::Open(path.clone()));
    let Some(Order::Tab(tab, _)) = window.dashboard.model.obey(command, Instant::now()) else {
        panic!("nothing was opened");
    };
    rest(&mut window, watch);
    let base = Instant::now();
    let opened = watch.work(|| Reel::open(&path, base, &mut |_| true));
    let (mut reel, overview) = opened.expect("it is a recording").expect("somebody waits for it");
    let end = overview.length;
    let come = |window: &mut Rehearsal, watch: &mut Watch, news: RecordingNews| {
        hear_update(window, watch, told(tab, Instant::now(), TabNews::Recording(news)));
        rest(window, watch);
    };
    come(&mut window, watch, RecordingNews::Opened(Box::new(overview)));
    for (share, range) in [(1.0, 0), (0.5, 5), (0.01, 3), (0.001, 0), (1.0, 5)] {
        let at = end.mul_f64(share);
        watch.note(&("moment", share));
        act(&mut window, watch, Command::Recording(RecordingCommand::GoTo(at)));
        let history = watch.work(|| reel.go_to(at).expect("it is whole").clone());
        come(&mut window, watch, RecordingNews::At(at, Box::new(history)));
        act(&mut window, watch, Command::SetRange(TimeRange::ALL[range]));
        act(&mut window, watch, Command::Show(Page::Graphs));
        act(&mut window, watch, Command::Show(Page::Calls));
    }
}

/// Rules of procedures that a hostile server has, as many as there may be.
pub(crate) fn rules(count: usize) -> Vec<Rule> {
    let rule = |i: usize| {
        let procedure = Some(crate::text::line(&format!("evil.Crowd/{}", confusing(i)), 400));
        let (lasts_s, calls) = (1 + i as u64 % 60, 1);
        let condition = match i % 2 {
            0 => Condition::Latency(Latency {
                procedure,
                percentile: Percentile::P99,
                above_us: 1,
                lasts_s,
                calls,
            }),
            _ => Condition::Errors(Errors { procedure, code: None, percent: 0.1, lasts_s, calls }),
        };
        Rule::new(None, condition)
    };
    (0..count).map(rule).collect()
}

fn alerts(watch: &mut Watch) {
    let (mut window, mut counters) = (window(), counters(MOST_PROCEDURES));
    window.dashboard.model.settings.alerts.rules.known = rules(50);
    act(&mut window, watch, Command::Show(Page::Alerts));
    watch.note(&"counters");
    for _ in 0..30 {
        count_on(&mut counters, 30);
        let counters = worker::tame(counters.clone());
        hear(&mut window, watch, TabNews::Stats(Ok(counters)));
        watch.frame(|| window.rest());
    }
    let count = window.dashboard.model.alerts.count(None);
    assert!(count > 0, "there are alerts");
}
