//! Runs over real TLS, against a handler that counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::{Arrivals, Ending, Pace, Phase, Plan, PlanError, Run, Target};
use crate::cbor::{Value, to_vec};
use crate::{CallError, Client, Code, Context, Status};

#[countersign::service(package = "acme")]
trait Till {
    /// Comes, and goes when it may.
    async fn pay(&self, cx: &Context) -> Result<(), Status>;
}

/// A till at which one stays until a permit is there.
#[derive(Clone)]
struct Counted {
    came: Arc<Semaphore>,
    may_go: Arc<Semaphore>,
    served: Arc<AtomicU64>,
    cashiers: Arc<Mutex<Vec<String>>>,
}

impl Counted {
    fn new() -> Self {
        let semaphore = || Arc::new(Semaphore::new(0));
        Self { came: semaphore(), may_go: semaphore(), served: Arc::default(), cashiers: Arc::default() }
    }

    /// Lets everybody go from now on.
    fn open(&self) {
        self.may_go.close();
    }

    /// Waits until so many more have come.
    async fn come(&self, calls: u32) {
        self.came.acquire_many(calls).await.expect("it is never closed").forget();
    }

    fn clients(&self, number: usize) -> Vec<Client> {
        (0..number).map(|_| crate::testing::in_process(TillServer::new(self.clone()))).collect()
    }
}

impl Till for Counted {
    async fn pay(&self, cx: &Context) -> Result<(), Status> {
        let cashier = cx.metadata().text("cashier").map(str::to_owned);
        self.cashiers.lock().expect("nobody panics with it").extend(cashier);
        self.came.add_permits(1);
        if let Ok(permit) = self.may_go.acquire().await {
            permit.forget();
        }
        self.served.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Three calls open at once on each connection, and time enough.
fn plan(pace: Pace, calls: Option<u64>) -> Plan {
    let arguments = to_vec(&Value::Map(Vec::new())).expect("it can be encoded");
    Plan {
        targets: vec![Target::new("acme.Till/pay", arguments)],
        pace,
        in_flight: 3,
        warm_up: Duration::ZERO,
        duration: Duration::from_secs(3600),
        calls,
    }
}

#[tokio::test]
async fn so_many_calls_are_made_as_were_asked_for_and_no_more() {
    for pace in [Pace::Closed, Pace::Open { rate: 1e5, arrivals: Arrivals::Random }] {
        let till = Counted::new();
        till.open();
        let mut run = Run::start(plan(pace, Some(100)), till.clients(2)).unwrap();
        run.ended().await.unwrap();
        let outcome = run.outcome();
        assert_eq!((outcome.total.latency.all.count(), outcome.ending), (100, Ending::AllMade), "{pace:?}");
        assert_eq!(till.served.load(Ordering::Relaxed), 100, "{pace:?}");
        assert!(outcome.elapsed > Duration::ZERO && run.reading().phase == Phase::Over);
        if let Some(kept) = outcome.schedule {
            assert_eq!((kept.due, kept.not_started, kept.unanswered), (100, 0, 0));
        }
    }
}

#[tokio::test]
async fn a_run_that_is_stopped_waits_for_open_calls_and_makes_no_more() {
    for pace in [Pace::Closed, Pace::Open { rate: 1e5, arrivals: Arrivals::Even }] {
        for calls in [None, Some(1_000)] {
            let till = Counted::new();
            let mut run = Run::start(plan(pace, calls), till.clients(2)).unwrap();
            till.come(6).await;
            assert_eq!(run.reading().phase, Phase::Measuring);
            run.stop();
            till.open();
            run.ended().await.unwrap();
            assert_eq!((till.served.load(Ordering::Relaxed), till.came.available_permits()), (6, 0));
            assert_eq!(run.outcome().ending, Ending::Stopped);
        }
    }
}

#[tokio::test]
async fn a_run_that_is_dropped_gives_its_calls_up() {
    let till = Counted::new();
    let run = Run::start(plan(Pace::Closed, None), till.clients(1)).unwrap();
    till.come(3).await;
    drop(run);
    till.open();
    assert_eq!(till.served.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_run_fails_with_its_connections() {
    for pace in [Pace::Closed, Pace::Open { rate: 1e5, arrivals: Arrivals::Even }] {
        let till = Counted::new();
        let clients = till.clients(2);
        let doomed = clients[1].clone();
        let mut run = Run::start(plan(pace, None), clients).unwrap();
        till.come(6).await;
        doomed.close();
        let error = run.ended().await.unwrap_err();
        assert!(matches!(error, CallError::Lost(_) | CallError::NotConnected(_)), "{error}");
        // It is over, and says what it came to until then.
        run.ended().await.unwrap();
        assert_eq!(run.outcome().ending, Ending::Stopped);
    }
}

#[tokio::test]
async fn each_call_has_the_metadata_and_the_timeout_of_its_target() {
    let till = Counted::new();
    let mut late = plan(Pace::Closed, Some(4));
    let mut greeted = late.clone();
    late.targets[0].timeout = Some(Duration::from_millis(1));
    let mut run = Run::start(late, till.clients(1)).unwrap();
    run.ended().await.unwrap();
    assert_eq!(run.outcome().total.errors, [(Code::DeadlineExceeded, 4)].into());

    till.open();
    greeted.targets[0].metadata = vec![("cashier".to_owned(), "alice".into())];
    let mut run = Run::start(greeted, till.clients(1)).unwrap();
    run.ended().await.unwrap();
    assert_eq!(*till.cashiers.lock().unwrap(), ["alice"; 4]);
}

#[tokio::test]
async fn what_warming_up_brought_does_not_count() {
    let till = Counted::new();
    till.open();
    let warm_up = Duration::from_secs(3600);
    let run = Run::start(Plan { warm_up, ..plan(Pace::Closed, Some(5)) }, till.clients(1)).unwrap();
    till.come(50).await;
    assert_eq!(run.reading().phase, Phase::WarmingUp);
    run.stop();
    assert_eq!((run.outcome().elapsed, run.outcome().total.latency.all.count()), (Duration::ZERO, 0));
}

#[tokio::test]
async fn a_plan_that_cannot_be_carried_out_is_refused() {
    let till = Counted::new();
    let refused = |plan, clients| Run::start(plan, clients).unwrap_err();
    let fine = plan(Pace::Closed, None);
    assert_eq!(refused(fine.clone(), Vec::new()), PlanError::Nobody);
    assert_eq!(refused(Plan { in_flight: 0, ..fine.clone() }, till.clients(1)), PlanError::Nobody);
    assert_eq!(refused(Plan { targets: Vec::new(), ..fine.clone() }, till.clients(1)), PlanError::Targets(0));
    for rate in [0.0, -1.0, 1e9] {
        let pace = Pace::Open { rate, arrivals: Arrivals::Even };
        assert_eq!(refused(Plan { pace, ..fine.clone() }, till.clients(1)), PlanError::Rate(rate));
    }
    assert_eq!(refused(Plan { duration: Duration::MAX, ..fine }, till.clients(1)), PlanError::Endless);
}
