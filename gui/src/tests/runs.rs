//! Runs of many calls, against a real server: as the worker makes them, where the window is the test, and from a window.

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use countersign::builtin::connections::{ConnectionInfo, ConnectionsClient};
use countersign::builtin::stats::{ProcedureStats, StatsClient};
use countersign::cbor::{self, Value};
use countersign::{Client, Credentials, Policy, Schema};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedSender;

use super::flow::{Shop, Window};
use super::stage::desk;
use crate::exchange::{Generation, LoadOrder, Order, TabNews, TabOrder, Update};
use crate::form::Content;
use crate::model::connection::Failure;
use crate::model::load::RunNumber;
use crate::model::load::news::{LoadNews, Outcome, Phase};
use crate::model::load::plan::{Arrivals, OPEN_MAX, Pace, Plan, Schedule, Span};
use crate::model::tab::TabId;
use crate::worker::{self, Quiet};

/// Longer than anything here takes, and shorter than anybody waits for a hanging test.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longer than any test.
const AN_HOUR: Span = Span { warm_up: Duration::ZERO, duration: Duration::from_secs(3600) };

const TAB: TabId = TabId(7);

/// A worker that is connected to a server in one tab.
struct Yard {
    orders: UnboundedSender<Order>,
    updates: Receiver<Update>,
    quiet: Quiet,
    bell: Receiver<()>,
    watcher: Watcher,
}

/// Somebody who asks the server what it sees.
struct Watcher {
    runtime: Runtime,
    client: Client,
}

impl Yard {
    fn before(shop: &Shop) -> Self {
        let (ring, bell) = channel();
        let (orders, updates, quiet) = worker::start(desk(ring)).unwrap();
        let yard = Self { orders, updates, quiet, bell, watcher: Watcher::at(shop) };
        yard.order(TabOrder::Connect(shop.target(), Generation(1)));
        yard.wait_for(|news| matches!(news, TabNews::Connected(_)).then_some(()));
        yard
    }

    fn order(&self, order: TabOrder) {
        self.orders.send(Order::Tab(TAB, order)).unwrap();
    }

    /// Has calls made of a procedure that takes these arguments.
    fn run(&self, number: u64, procedure: &str, arguments: &[(&str, u64)], plan: Plan) {
        let arguments = arguments.iter().map(|(name, value)| ((*name).into(), Value::from(*value)));
        let arguments = cbor::to_vec(&Value::Map(arguments.collect())).unwrap();
        let order = LoadOrder {
            run: RunNumber(number),
            procedure: procedure.to_owned(),
            arguments: Content::Encoded(arguments),
            schema: Schema::default(),
            deadline: None,
            metadata: Vec::new(),
            plan,
        };
        self.order(TabOrder::StartLoad(Box::new(order)));
    }

    /// Waits until the worker says something of the kind.
    fn wait_for<T>(&self, picked: impl Fn(TabNews) -> Option<T>) -> T {
        loop {
            let updates = self.updates.try_iter().filter_map(|update| match update {
                Update::Tab(TAB, update) => Some(*update),
                _ => None,
            });
            let quiet = self.quiet.take_all().into_iter().map(|(_, update)| update);
            if let Some(found) = updates.chain(quiet).find_map(|update| picked(update.news)) {
                return found;
            }
            self.bell.recv_timeout(PATIENCE).expect("the worker says it");
        }
    }

    /// Waits until calls of this run were answered that count.
    fn wait_for_answers(&self, number: u64) {
        self.wait_for(|news| match news {
            TabNews::Load(RunNumber(run), LoadNews::Progress(progress)) if run == number => {
                (progress.phase == Phase::Measuring && progress.latency.count() > 0).then_some(())
            }
            TabNews::Load(_, LoadNews::Failed(failure)) => panic!("{failure:?}"),
            _ => None,
        });
    }

    /// What this run came to.
    fn end(&self, number: u64) -> Result<Outcome, Failure> {
        self.wait_for(|news| match news {
            TabNews::Load(RunNumber(run), LoadNews::Done(outcome)) if run == number => Some(Ok(*outcome)),
            TabNews::Load(RunNumber(run), LoadNews::Failed(failure)) if run == number => Some(Err(failure)),
            _ => None,
        })
    }
}

impl Watcher {
    fn at(shop: &Shop) -> Self {
        let runtime = Runtime::new().unwrap();
        let target = shop.target();
        let credentials = Credentials::load(&target.identity).unwrap();
        let client = runtime.block_on(Client::builder(credentials).connect(&target.address)).unwrap();
        Self { runtime, client }
    }

    /// What the server has counted of a procedure.
    fn counted(&self, procedure: &str) -> ProcedureStats {
        let snapshot = self.runtime.block_on(StatsClient::new(self.client.clone()).get()).unwrap();
        snapshot.procedures.into_iter().find(|row| row.procedure == procedure).unwrap()
    }

    /// Who is connected, but for the one who asks.
    fn connections(&self) -> Vec<ConnectionInfo> {
        let mut list = self.runtime.block_on(ConnectionsClient::new(self.client.clone()).list(None)).unwrap();
        list.retain(|connection| !connection.is_yours);
        list
    }

    /// Asks until so many are connected.
    fn wait_for_connections(&self, number: usize) {
        while self.connections().len() != number {}
    }
}

fn plan(pace: Pace, connections: u32, in_flight: u32) -> Plan {
    Plan { pace, connections, in_flight }
}

#[test]
fn a_run_makes_the_calls_that_were_asked_for_and_server_and_client_count_the_same() {
    let shop = Shop::open();
    let yard = Yard::before(&shop);
    yard.run(1, "demo.Clock/now", &[], plan(Pace::Times(500), 3, 4));
    let outcome = yard.end(1).unwrap();
    assert!(!outcome.stopped && outcome.doubts.is_empty() && outcome.offered.is_none());
    assert_eq!((outcome.client.all.count(), outcome.failed()), (500, 0));
    assert_eq!(yard.watcher.counted("demo.Clock/now").calls, 500);
    let server = outcome.server.unwrap();
    assert_eq!(server, yard.watcher.counted("demo.Clock/now").latency, "nobody else has called");
    // What the server measures is part of what the client does.
    assert!(server.mean() < outcome.client.all.mean());
    // The next one counts from there.
    yard.run(2, "demo.Clock/now", &[], plan(Pace::Times(20), 1, 1));
    assert_eq!(yard.end(2).unwrap().server.unwrap().count(), 20);
}

#[test]
fn of_a_schedule_every_call_is_accounted_for_and_warming_up_does_not_count() {
    let shop = Shop::open();
    let yard = Yard::before(&shop);
    let span = Span { warm_up: Duration::from_millis(200), duration: Duration::from_millis(300) };
    let schedule = Schedule { rate: 1000.0, arrivals: Arrivals::Even };
    yard.run(1, "demo.Clock/now", &[], plan(Pace::Open(schedule, span), 2, 8));
    let outcome = yard.end(1).unwrap();
    let offered = outcome.offered.clone().unwrap();
    assert_eq!((offered.due, outcome.elapsed), (300, span.duration));
    let became = outcome.client.all.count() + outcome.failed() + offered.not_started + offered.unanswered;
    assert_eq!(offered.due, became);
    let counted = outcome.server.unwrap().count();
    assert!(
        counted < yard.watcher.counted("demo.Clock/now").calls,
        "the server knows of the calls before, too: {counted}"
    );
}

#[test]
fn a_run_that_is_stopped_makes_no_more_calls() {
    let shop = Shop::open();
    let yard = Yard::before(&shop);
    yard.run(1, "demo.Clock/now", &[], plan(Pace::Closed(AN_HOUR), 2, 4));
    yard.wait_for_answers(1);
    yard.order(TabOrder::StopLoad(RunNumber(1)));
    let outcome = yard.end(1).unwrap();
    let counted = yard.watcher.counted("demo.Clock/now");
    assert!(outcome.stopped && outcome.client.all.count() > 0);
    // All of its connections are gone, so that nothing comes after this.
    yard.watcher.wait_for_connections(1);
    assert_eq!(yard.watcher.counted("demo.Clock/now"), counted);
}

#[test]
fn a_run_goes_over_connections_of_its_own_and_leaves_the_tabs_alone() {
    let shop = Shop::open();
    let yard = Yard::before(&shop);
    let own = yard.watcher.connections();
    let [own] = &own[..] else { panic!("{own:?}") };
    yard.run(1, "demo.Clock/sleep", &[("ms", 3_600_000)], plan(Pace::Closed(AN_HOUR), 3, 5));
    while yard.watcher.counted("demo.Clock/sleep").in_flight < 15 {}
    let connections = yard.watcher.connections();
    let loads: Vec<_> = connections.iter().filter(|connection| connection.number != own.number).collect();
    assert_eq!(loads.iter().map(|load| (load.calls_open, load.calls)).collect::<Vec<_>>(), [(5, 5); 3]);
    assert!(loads.iter().all(|load| load.peer == own.peer), "and as the same peer");
    // Nothing was measured, and what is open is given up after a second.
    yard.order(TabOrder::StopLoad(RunNumber(1)));
    assert!(yard.end(1).unwrap_err().reason.contains("before anything was measured"));
    yard.watcher.wait_for_connections(1);
    assert_eq!(yard.watcher.connections()[0].number, own.number);
}

#[test]
fn a_server_that_goes_down_fails_the_run_with_a_remedy() {
    let mut shop = Shop::open();
    let yard = Yard::before(&shop);
    yard.run(1, "demo.Clock/now", &[], plan(Pace::Closed(AN_HOUR), 2, 4));
    yard.wait_for_answers(1);
    shop.kill();
    let failure = yard.end(1).unwrap_err();
    assert!(failure.reason.contains("lost") && failure.remedy.contains("when it is back"), "{failure:?}");
}

#[test]
fn one_run_at_a_time_goes_on_in_a_tab_and_ends_with_its_connection() {
    let shop = Shop::open();
    let yard = Yard::before(&shop);
    yard.run(1, "demo.Clock/now", &[], plan(Pace::Closed(AN_HOUR), 1, 1));
    yard.wait_for_answers(1);
    yard.run(2, "demo.Clock/now", &[], plan(Pace::Times(1), 1, 1));
    assert!(yard.end(2).unwrap_err().reason.contains("Another run"));
    // Not this one.
    yard.order(TabOrder::StopLoad(RunNumber(2)));
    yard.wait_for_answers(1);
    yard.order(TabOrder::Disconnect);
    assert!(yard.end(1).unwrap().stopped);
    yard.run(3, "demo.Clock/now", &[], plan(Pace::Times(1), 1, 1));
    assert!(yard.end(3).unwrap_err().reason.contains("no connection"));
}

#[test]
fn a_tab_that_is_closed_gives_its_run_up() {
    let shop = Shop::open();
    let yard = Yard::before(&shop);
    yard.run(1, "demo.Clock/sleep", &[("ms", 3_600_000)], plan(Pace::Closed(AN_HOUR), 2, 3));
    while yard.watcher.counted("demo.Clock/sleep").in_flight < 6 {}
    yard.orders.send(Order::Close(TAB)).unwrap();
    yard.watcher.wait_for_connections(0);
    assert_eq!(yard.watcher.counted("demo.Clock/sleep").in_flight, 0);
}

#[test]
fn who_may_not_see_counters_still_measures_and_who_may_not_call_is_told_so() {
    let stats = ["countersign.Reflection/*", "demo.Clock/now"];
    let policy = Policy::builder().allow(&["*"], &stats).build().unwrap();
    let shop = Shop::open_under(policy);
    let yard = Yard::before(&shop);
    yard.run(1, "demo.Clock/now", &[], plan(Pace::Times(10), 1, 1));
    let outcome = yard.end(1).unwrap();
    assert_eq!(outcome.client.all.count(), 10);
    assert!(outcome.server.as_ref().unwrap_err().contains("policy"), "{:?}", outcome.server);
    yard.run(2, "demo.Clock/sleep", &[("ms", 1)], plan(Pace::Closed(AN_HOUR), 1, 1));
    let failure = yard.end(2).unwrap_err();
    assert!(failure.reason.contains("does not let") && failure.remedy.contains("policy"), "{failure:?}");
}

#[test]
fn what_nobody_could_bear_is_refused_before_anything_is_opened() {
    let shop = Shop::open();
    let yard = Yard::before(&shop);
    let too_many = plan(Pace::Times(1), 2, u32::try_from(OPEN_MAX).unwrap());
    for (number, plan, reason) in [
        (1, too_many, "131,072 calls would be open at once"),
        (2, plan(Pace::Times(1), 0, 1), "from 1 to 1,000 connections"),
        (3, plan(Pace::Times(1), 1, 0), "none may be in flight"),
    ] {
        yard.run(number, "demo.Clock/now", &[], plan);
        let failure = yard.end(number).unwrap_err();
        assert!(failure.reason.contains(reason), "{failure:?}");
    }
}

#[test]
fn a_run_is_started_in_the_window_and_the_server_has_counted_the_same() {
    let shop = Shop::open();
    let (mut window, watcher) = (Window::open(shop.target()), Watcher::at(&shop));
    window.wait_for("demo.Clock/now");
    window.find("demo.Clock/now");
    window.press("Load…");
    window.press("So many times");
    window.replace("Calls", "300");
    window.replace("Connections", "2");
    window.press("Start");
    window.wait_for("calls: client 300, server 300");
    assert_eq!(watcher.counted("demo.Clock/now").calls, 300);
}

#[test]
fn a_run_that_is_stopped_in_the_window_is_over_at_the_server() {
    let shop = Shop::open();
    let (mut window, watcher) = (Window::open(shop.target()), Watcher::at(&shop));
    window.wait_for("demo.Clock/now");
    window.find("demo.Clock/now");
    window.press("Load…");
    window.press("As fast as it goes");
    window.replace("Duration", "1 h");
    window.replace("Warm-up", "0");
    window.press("Start");
    window.wait_until("a call", |_| watcher.counted("demo.Clock/now").calls > 0);
    window.press("Stop");
    window.wait_for("was stopped after");
    watcher.wait_for_connections(1);
    let counted = watcher.counted("demo.Clock/now").calls;
    // Calls are made by hand as before, over the connection that is still there.
    window.press("Edit request");
    window.press("Call");
    window.wait_for("OK");
    assert_eq!(watcher.counted("demo.Clock/now").calls, counted + 1);
}
