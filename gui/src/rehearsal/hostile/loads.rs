//! Runs of loads against a server that answers as late as it likes, fails in every way, and counts what cannot be: as
//! many as are kept.

use std::time::{Duration, Instant};

use countersign::builtin::stats::Histogram;
use countersign::load::Latencies;
use countersign::{Code, Schema};
use egui::pos2;
use jiff::Timestamp;

use super::super::{Rehearsal, Watch, told};
use super::cases::{Case, act, hear_update, rest, window};
use super::{confusing, megabyte};
use crate::command::Command;
use crate::exchange::{LoadOrder, TabNews};
use crate::form::Content;
use crate::model::catalogue::NAME_SHOWN;
use crate::model::connection::{Failure, Target};
use crate::model::journal::entry::{Kept, Server};
use crate::model::load::asked::LoadCommand;
use crate::model::load::copies::CopyAs;
use crate::model::load::news::{LoadNews, Offered, Outcome, Phase, Progress};
use crate::model::load::plan::{
    Arrivals, CONNECTIONS, DURATION, Pace, Plan, RATES, Schedule, Span, WARM_UP_MAX,
};
use crate::model::load::record::{Column, RECORDS_MAX};
use crate::model::load::run::Run;
use crate::model::load::{Load, RunNumber};
use crate::model::tab::TabId;
use crate::model::view::Page;
use crate::text;

pub(super) const LOADS: Case = Case { name: "100 runs of a load that a server spoils", run: loads };

/// Pieces of news of a run: more than it keeps moments, so that those are made fewer and fewer.
const PIECES: u32 = 500;

/// Runs in all: some that are kept no more.
const ALL: usize = RECORDS_MAX + 5;

/// A procedure of the longest name that is kept.
fn procedure(i: usize) -> String {
    text::line(&format!("evil.{}/{i}", confusing(2).repeat(100)), NAME_SHOWN)
}

/// A run as long, as fast and as wide as one can be.
pub(crate) fn order(run: RunNumber) -> Box<LoadOrder> {
    let schedule = Schedule { rate: *RATES.end(), arrivals: Arrivals::Random };
    let span = Span { warm_up: WARM_UP_MAX, duration: *DURATION.end() };
    Box::new(LoadOrder {
        run,
        procedure: procedure(run.0 as usize % 2),
        arguments: Content::Encoded(Vec::new()),
        schema: Schema::default(),
        deadline: Some(Duration::MAX),
        metadata: Vec::new(),
        plan: Plan { pace: Pace::Open(schedule, span), connections: *CONNECTIONS.end(), in_flight: 65 },
    })
}

/// Latencies from some microseconds to half a minute, spread as wide as they are told apart; every second one, so
/// that those of two moments that follow one another have nothing in common.
fn latencies(moment: u32) -> Histogram {
    let mut latencies = Histogram::default();
    for power in 9..30 {
        for part in (moment % 2..32).step_by(2) {
            latencies.record(Duration::from_nanos((32 + u64::from(part)) << power));
        }
    }
    latencies
}

/// How such a run goes on.
pub(crate) fn progress() -> impl Iterator<Item = LoadNews> {
    let mut latency = Histogram::default();
    (1..=PIECES).map(move |moment| {
        latency.merge(&latencies(moment));
        let phase = if moment < 20 { Phase::WarmingUp } else { Phase::Measuring };
        LoadNews::Progress(Box::new(Progress {
            phase,
            elapsed: *DURATION.end() * moment / PIECES,
            latency: latency.clone(),
            errors: Code::ALL.map(|code| (code, (1 << 40) * u64::from(moment))).into(),
            behind: Some(u64::MAX),
        }))
    })
}

/// What it comes to.
pub(crate) fn end(number: usize) -> LoadNews {
    // As much as the worker tells of what a server says.
    let words = || text::paragraph(&megabyte(), 2000);
    if number.is_multiple_of(7) {
        return LoadNews::Failed(Failure::new(words(), words()));
    }
    let mut all = latencies(0);
    all.merge(&latencies(1));
    let counted: Vec<(u32, u64)> = all.buckets().iter().map(|(bucket, _)| (*bucket, u64::MAX)).collect();
    let server = Histogram::from_buckets(counted).ok_or_else(words);
    let client = Latencies { all, longest: Duration::MAX };
    let offered = Offered {
        due: u64::MAX,
        held_up: u64::MAX,
        not_started: u64::MAX,
        unanswered: u64::MAX,
        lateness: client.clone(),
    };
    LoadNews::Done(Box::new(Outcome {
        elapsed: *DURATION.end(),
        stopped: number.is_multiple_of(2),
        client,
        server: if number.is_multiple_of(3) { Err(words()) } else { server },
        errors: Code::ALL.map(|code| (code, 1 << 50)).into(),
        offered: Some(offered),
        doubts: vec!["the server or this machine did not keep up; try a lower rate".repeat(3); 4],
        arguments: Kept::Whole(format!("\"{}\"", "evil ".repeat(12_000))),
    }))
}

/// Starts a run, as if its connections stood at once.
pub(crate) fn start(load: &mut Load) -> RunNumber {
    let order = order(load.next_number());
    let target = Target { address: "W\u{202e}".repeat(500), ..Target::default() };
    load.running = Some(Run::new(&order, Server::of(&target), Timestamp::UNIX_EPOCH));
    load.shown = Some(order.run);
    order.run
}

fn loads(watch: &mut Watch) {
    let mut window = window();
    let services = window.dashboard.model.tab().catalogue.services().iter();
    let longest = services.flat_map(|service| &service.procedures).max_by_key(|it| it.path.len());
    let longest = longest.expect("there are some").path.clone();
    act(&mut window, watch, Command::Select(longest));
    act(&mut window, watch, Command::Show(Page::Load));
    let told = |number, news| told(TabId::default(), Instant::now(), TabNews::Load(number, news));
    for i in 1..=ALL {
        let load = &mut window.dashboard.model.tab_mut().load;
        let number = start(load);
        watch.note(&("run", i));
        match i {
            1 | ALL => progress().for_each(|news| hear_update(&mut window, watch, told(number, news))),
            // They go as the first one went.
            _ => progress().for_each(|news| load.learn(number, news)),
        }
        watch.note(&("end of run", i));
        hear_update(&mut window, watch, told(number, end(i)));
    }
    look(&mut window, watch);
    let load = &mut window.dashboard.model.tab_mut().load;
    assert_eq!(load.records.len(), RECORDS_MAX);
    load.asked = Some(order(load.next_number()));
    watch.note(&"asked");
    rest(&mut window, watch);
}

/// By what they are sorted.
const COLUMNS: [Column; 7] =
    [Column::Procedure, Column::Plan, Column::Rate, Column::P50, Column::P99, Column::Failed, Column::Time];

/// Somebody looks at runs, alone and beside each other, sorts them, scrolls and copies.
fn look(window: &mut Rehearsal, watch: &mut Watch) {
    let [last, other, failed] = [104, 103, 98].map(RunNumber);
    for run in [last, other, failed] {
        act(window, watch, Command::Load(LoadCommand::Look(run)));
        for what in [CopyAs::Text, CopyAs::Json, CopyAs::Command] {
            act(window, watch, Command::Load(LoadCommand::Copy(what)));
        }
    }
    act(window, watch, Command::Load(LoadCommand::Look(last)));
    act(window, watch, Command::Load(LoadCommand::Compare(other)));
    for column in COLUMNS {
        act(window, watch, Command::Load(LoadCommand::Sort(column)));
    }
    watch.note(&"scroll");
    for by in [-500.0, -1e7, 1e7] {
        watch.frame(|| window.scroll_at(pos2(600.0, 740.0), by));
    }
}
