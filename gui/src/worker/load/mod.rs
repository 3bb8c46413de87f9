//! Runs: many calls of one procedure, made to measure them, over connections of their own.

mod counters;
mod engine;
mod words;

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::load::{self, Ending, NotAll, Run, Target};
use countersign::{CallError, Client, Code};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{MissedTickBehavior, interval, sleep};

use self::counters::Counters;
pub(super) use self::engine::Engine;
use super::link::{self, Link};
use super::seat::Voice;
use crate::exchange::{LoadOrder, TabNews};
use crate::model::connection::Failure;
use crate::model::journal::entry::Kept;
use crate::model::load::RunNumber;
use crate::model::load::news::{LoadNews, Outcome, PROGRESS_EVERY, Progress};
use crate::model::load::plan::{CONNECTIONS, DURATION, OPEN_MAX, Pace, Plan, Schedule};
use crate::model::reply::{Problem, ProblemKind};
use crate::text;

/// How long so many calls may take: as long as the longest run of any other kind.
const TIMES_WITHIN: Duration = *DURATION.end();

/// A run that goes on. Dropped, it is given up at once.
pub(super) struct Load {
    number: RunNumber,
    stop: Arc<Notify>,
    task: AbortOnDrop<LoadNews>,
}

impl Load {
    /// Begins a run against the server to which this link goes.
    pub(super) fn start(order: LoadOrder, link: Option<Link>, engine: Arc<Engine>, voice: Voice) -> Self {
        let (number, stop) = (order.run, Arc::new(Notify::new()));
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let ended = match link {
                Some(link) => Course { order, link, voice, stopped }.take(&engine).await,
                None => Err(no_connection()),
            };
            ended.map_or_else(LoadNews::Failed, |outcome| LoadNews::Done(Box::new(outcome)))
        });
        Self { number, stop, task: AbortOnDrop(task) }
    }

    /// Which one it is.
    pub(super) fn number(&self) -> RunNumber {
        self.number
    }

    /// Makes no more calls. What was measured until then is its outcome.
    pub(super) fn stop(&self) {
        self.stop.notify_one();
    }

    /// How a run ended, if there is one, once it has. This may be dropped and begun again.
    pub(super) async fn ended(load: &mut Option<Self>) -> Option<(RunNumber, LoadNews)> {
        let load = load.as_mut()?;
        let ended = (&mut load.task.0).await;
        Some((load.number, ended.unwrap_or_else(|error| LoadNews::Failed(broken_off(&error)))))
    }
}

/// What is said of a second run in a tab.
pub(super) fn one_at_a_time() -> Failure {
    Failure::new("Another run goes on in this tab.", "Stop it first, or wait until it is over.")
}

fn no_connection() -> Failure {
    Failure::new("There is no connection to the server.", "It comes back by itself; run it then.")
}

fn stopped_early() -> Failure {
    Failure::new("It was stopped before anything was measured.", "")
}

/// What a run needs on its way.
struct Course {
    order: LoadOrder,
    link: Link,
    voice: Voice,
    stopped: Arc<Notify>,
}

impl Course {
    async fn take(self, engine: &Engine) -> Result<Outcome, Failure> {
        let engine = engine.handle().map_err(|error| {
            Failure::new(format!("No threads could be started for it: {error}."), "Close other programs.")
        })?;
        let ready = async {
            let LoadOrder { arguments, schema, plan, procedure, .. } = &self.order;
            check(plan)?;
            let arguments = link::encoded(arguments.clone(), schema).await.map_err(not_sent)?;
            let clients = self.connect(&engine).await?;
            // Without warming up, measuring begins with the first call.
            let before = match warm_up(plan) {
                Duration::ZERO => Some(counters::now(&self.link, procedure).await),
                _ => None,
            };
            Ok((arguments, clients, before))
        };
        let (arguments, clients, before) = tokio::select! {
            ready = ready => ready?,
            () = self.stopped.notified() => return Err(stopped_early()),
        };
        self.measure(&engine, arguments, clients, before).await
    }

    /// As many connections as are to be loaded, on the engine's threads.
    async fn connect(&self, engine: &Handle) -> Result<Vec<Client>, Failure> {
        let wanted = self.order.plan.connections;
        let (number, voice) = (self.order.run, self.voice.clone());
        let connecting =
            move |done| voice.say_latest(TabNews::Load(number, LoadNews::Connecting { done, wanted }));
        connecting(0);
        let mut told = Instant::now();
        let told_of = move |done: usize| {
            if told.elapsed() >= PROGRESS_EVERY {
                told = Instant::now();
                connecting(u32::try_from(done).unwrap_or(u32::MAX));
            }
        };
        let link = self.link.clone();
        let dial = move || link.another();
        let clients =
            AbortOnDrop(engine.spawn(load::connect(wanted as usize, dial, told_of))).joined().await?;
        clients.map_err(|NotAll { stood, error, .. }| {
            let failure = link::failure(&error);
            if stood == 0 {
                return failure;
            }
            let reason =
                format!("Connection {} of {wanted} could not be opened: {}", stood + 1, failure.reason);
            Failure { reason, remedy: format!("Ask for {stood} or fewer. {}", failure.remedy), ..failure }
        })
    }

    /// Has the calls made, tells how that goes, and says what it came to.
    async fn measure(
        &self,
        engine: &Handle,
        arguments: Vec<u8>,
        clients: Vec<Client>,
        mut before: Option<Counters>,
    ) -> Result<Outcome, Failure> {
        let LoadOrder { run: number, procedure, deadline, metadata, plan, .. } = &self.order;
        let kept = Kept::encoded(&arguments);
        let target =
            Target { timeout: *deadline, metadata: metadata.clone(), ..Target::new(procedure, arguments) };
        let mut run = {
            // Whatever is spawned here is spawned there.
            let _there = engine.enter();
            Run::start(load_plan(plan, target), clients)
                .map_err(|error| Failure::new(format!("It cannot be run: {error}."), ""))?
        };
        let mut warmed_up = pin!(async {
            sleep(warm_up(plan)).await;
            counters::now(&self.link, procedure).await
        });
        let mut ticks = interval(PROGRESS_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ended = run.ended() => match ended {
                    Ok(()) => break,
                    Err(error) => return Err(broken(&error)),
                },
                counters = &mut warmed_up, if before.is_none() => before = Some(counters),
                () = self.stopped.notified() => run.stop(),
                _ = ticks.tick() => {
                    let progress = Box::new(words::progress(run.reading()));
                    if is_denied(&progress) {
                        return Err(denied(procedure));
                    }
                    self.voice.say_latest(TabNews::Load(*number, LoadNews::Progress(progress)));
                }
            }
        }
        let after = counters::now(&self.link, procedure).await;
        let outcome = run.outcome();
        if outcome.ending == Ending::Stopped && outcome.total.ended() == 0 {
            return Err(stopped_early());
        }
        Ok(words::outcome(outcome, plan, counters::between(before, after), kept))
    }
}

/// What a run never exceeds, whoever asks for it.
fn check(plan: &Plan) -> Result<(), Failure> {
    let open = u64::from(plan.connections) * u64::from(plan.in_flight);
    if !CONNECTIONS.contains(&plan.connections) {
        let limit = text::count((*CONNECTIONS.end()).into());
        return Err(Failure::new(format!("A run has from 1 to {limit} connections."), "Ask for fewer."));
    }
    if open > OPEN_MAX {
        let reason = format!("{} calls would be open at once: too many.", text::count(open));
        let remedy = format!("At most {} go, on all connections together.", text::count(OPEN_MAX));
        return Err(Failure::new(reason, remedy));
    }
    Ok(())
}

fn warm_up(plan: &Plan) -> Duration {
    plan.span().map_or(Duration::ZERO, |span| span.warm_up)
}

fn load_plan(plan: &Plan, target: Target) -> load::Plan {
    let (pace, calls) = match plan.pace {
        Pace::Times(calls) => (load::Pace::Closed, Some(calls)),
        Pace::Closed(_) => (load::Pace::Closed, None),
        Pace::Open(Schedule { rate, arrivals }, _) => (load::Pace::Open { rate, arrivals }, None),
    };
    load::Plan {
        targets: vec![target],
        pace,
        in_flight: plan.in_flight,
        warm_up: warm_up(plan),
        duration: plan.span().map_or(TIMES_WITHIN, |span| span.duration),
        calls,
    }
}

/// Whether the server lets nobody call this, as far as is known. It would go on saying so in its log.
fn is_denied(progress: &Progress) -> bool {
    let denied = progress.errors.get(&Code::PermissionDenied);
    denied.is_some_and(|denied| *denied == progress.ended())
}

fn denied(procedure: &str) -> Failure {
    let reason =
        format!("The server's policy does not let this identity call {}.", text::line(procedure, 200));
    Failure::new(reason, "Ask whoever keeps the policy, or run it as somebody who may.")
}

fn broken(error: &CallError) -> Failure {
    let remedy =
        "The server went away or closed the connection. Run it again when it is back, perhaps with less.";
    Failure::new(format!("A connection of the run was lost: {}", link::message(error)), remedy)
}

fn not_sent(problem: Problem) -> Failure {
    let place = match &problem.kind {
        ProblemKind::NotSent { path } if !path.is_empty() => format!("{path}: "),
        _ => String::new(),
    };
    Failure::new(format!("{place}{}", problem.message), "Mend the arguments.")
}

/// A task on the engine's threads, given up when nobody waits for it any more.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn joined(mut self) -> Result<T, Failure> {
        (&mut self.0).await.map_err(|error| broken_off(&error))
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn broken_off(error: &JoinError) -> Failure {
    Failure::new(format!("The run broke off: {error}."), "")
}
