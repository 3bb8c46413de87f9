//! One handler at work: polled once where its call arrived, and on a task of its own if that was not enough.

use std::future::{Future, poll_fn, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{self, Poll, Waker};
use std::time::{Duration, Instant};

use countersign_proto::{Code, HandlerRan, Status, cbor};
use tokio::task::coop::unconstrained;

use crate::audit;
use crate::builtin::trace::{Outcome, Spans};
use crate::context::Context;
use crate::peer::Peer;
use crate::scope;
use crate::server::Route;
use crate::service::{Handling, Reply};
use crate::{stopwatch, text};

/// A handler that is not done.
pub(super) type Handler = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// What is told of a handler's end: the reply unless it was stopped, and the call as it is traced if it is.
pub(super) trait Done: FnOnce(Option<Reply>, Option<Arc<Outcome>>) {}

impl<F: FnOnce(Option<Reply>, Option<Arc<Outcome>>)> Done for F {}

/// What came of the first look at a call.
pub(super) enum First {
    Ready(Reply),
    Pending(Handler),
}

/// Arguments of so many bytes are worth a look at the clock when they are decoded: it takes a small part of the
/// time that they do.
pub(super) const LONG: usize = 4 << 10;

/// A call while it is counted as in flight. Dropped before its end, it counts as cancelled.
pub(super) struct InFlight {
    route: Arc<Route>,
    arrived: Instant,
    /// When its turn came, after those that arrived with it.
    started: Instant,
    /// Whether the caller asked where the time goes.
    times: bool,
    /// From there until its arguments were decoded, where that was measured.
    decode: Option<Duration>,
    /// Since when it waits for a task of its own, if its handler begins there, and for how long it did.
    waits_since: Option<Instant>,
    waited: Duration,
    encode: Option<Duration>,
    bytes_in: usize,
    /// Whose call it is, if every call is told of in the audit.
    audited: Option<Arc<Peer>>,
    ended: bool,
}

impl InFlight {
    pub(super) fn begin(
        route: Arc<Route>,
        arrived: Instant,
        started: Instant,
        times: bool,
        bytes_in: usize,
        audited: Option<Arc<Peer>>,
    ) -> Self {
        route.counters().begin();
        Self {
            route,
            arrived,
            started,
            times,
            decode: None,
            waits_since: None,
            waited: Duration::ZERO,
            encode: None,
            bytes_in,
            audited,
            ended: false,
        }
    }

    fn dispatch(&self, cx: &Context, arguments: &[u8]) -> std::thread::Result<Handling> {
        catch_unwind(AssertUnwindSafe(|| self.route.dispatch(cx.clone(), arguments)))
    }

    pub(super) fn route(&self) -> &Arc<Route> {
        &self.route
    }

    pub(super) fn arrived(&self) -> Instant {
        self.arrived
    }

    /// Whether nobody wants to know more of its end than how many calls ended, and when.
    pub(super) fn is_plain(&self) -> bool {
        !self.times && self.decode.is_none() && self.audited.is_none()
    }

    /// Leaves it to others to count the call.
    pub(super) fn end_together(mut self) -> usize {
        self.ended = true;
        self.bytes_in
    }

    /// Counts the call. Returns it as it is traced, if it is.
    pub(super) fn end(&mut self, cx: &Context, reply: &Reply, now: Instant) -> Option<Arc<Outcome>> {
        match reply {
            Ok(payload) => self.count(cx, Code::Ok, "", payload.len(), now),
            Err(status) => self.count(cx, status.code, &status.message, status.details.len(), now),
        }
    }

    fn count(
        &mut self,
        cx: &Context,
        code: Code,
        message: &str,
        bytes_out: usize,
        now: Instant,
    ) -> Option<Arc<Outcome>> {
        self.ended = true;
        let took = now.saturating_duration_since(self.arrived);
        // A call with items was answered with the first of them.
        let is_answered = cx.items().is_some_and(|lane| lane.begun().is_some());
        if !is_answered {
            self.route.counters().answered(took);
        }
        self.route.counters().end(code, self.bytes_in as u64, bytes_out as u64);
        self.tell(code, took);
        if self.times {
            cx.set_times(self.spans(took).times());
        }
        let is_worth_a_look = match code {
            // To leave a stream that goes on and on is how such streams end.
            Code::Ok | Code::Cancelled if is_answered => false,
            Code::Ok => self.route.traces().is_slow(took),
            _ => true,
        };
        is_worth_a_look.then(|| self.keep(cx, code, message, bytes_out, took))
    }

    /// Tells the audit, if it wants to know.
    fn tell(&self, code: Code, took: Duration) {
        if let Some(peer) = &self.audited {
            audit::call(peer, self.route.name(), code, took);
        }
    }

    #[cold]
    fn keep(
        &self,
        cx: &Context,
        code: Code,
        message: &str,
        bytes_out: usize,
        took: Duration,
    ) -> Arc<Outcome> {
        let outcome = Arc::new(Outcome {
            procedure: self.route.name().clone(),
            peer: cx.peer().id().clone(),
            code,
            message: (!message.is_empty()).then(|| text::escaped(message)),
            arrived: self.arrived,
            spans: self.spans(took),
            write: OnceLock::new(),
            bytes_in: self.bytes_in as u64,
            bytes_out: bytes_out as u64,
        });
        self.route.traces().keep(outcome.clone());
        outcome
    }

    fn spans(&self, total: Duration) -> Spans {
        let queue = self.started.saturating_duration_since(self.arrived) + self.waited;
        Spans { total, queue, decode: self.decode, encode: self.encode }
    }
}

/// A call was answered with its first item.
pub(super) fn answered(route: &Route, cx: &Context, arrived: Instant, begun: Instant) {
    let latency = begun.saturating_duration_since(arrived);
    route.counters().answered(latency);
    if route.traces().is_slow(latency) {
        route.traces().keep(Arc::new(Outcome {
            procedure: route.name().clone(),
            peer: cx.peer().id().clone(),
            code: Code::Ok,
            message: None,
            arrived,
            spans: Spans { total: latency, ..Spans::default() },
            write: OnceLock::new(),
            bytes_in: 0,
            bytes_out: 0,
        }));
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if !self.ended {
            let took = self.arrived.elapsed();
            self.route.counters().answered(took);
            self.route.counters().end(Code::Cancelled, self.bytes_in as u64, 0);
            self.tell(Code::Cancelled, took);
        }
    }
}

/// Decodes the arguments and polls the handler once, which is all that most of them need. Gives back the context.
pub(super) fn first_poll(call: &mut InFlight, cx: Context, arguments: &[u8]) -> (Context, First) {
    let dispatched = call.dispatch(&cx, arguments);
    if call.times || LONG <= arguments.len() {
        call.decode = Some(call.started.elapsed());
    }
    let route = &call.route;
    match dispatched {
        Ok(Handling::Ready(reply)) => (cx, First::Ready(reply)),
        Ok(Handling::Running(handler)) if route.is_inline() => {
            let poll = || scope::within(cx, || poll_inline(route, handler));
            if call.times {
                let (polled, encode) = stopwatch::watch(poll);
                call.encode = encode;
                polled
            } else {
                poll()
            }
        }
        Ok(Handling::Running(handler)) => {
            call.waits_since = Some(Instant::now());
            (cx, First::Pending(handler))
        }
        Err(_) => (cx, First::Ready(Err(panicked(route)))),
    }
}

fn poll_inline(route: &Route, mut handler: Handler) -> First {
    // Tokio's budget is for tasks; without this, each handler after the first hundred or so of a burst would
    // be told to come back later.
    let polled = poll_once(unconstrained(handler.as_mut()), &mut task::Context::from_waker(Waker::noop()));
    match polled {
        Ok(Poll::Ready(reply)) => First::Ready(reply),
        Ok(Poll::Pending) => First::Pending(handler),
        Err(_) => First::Ready(Err(panicked(route))),
    }
}

/// As `run`, for a call whose arguments are long: they are decoded on its task, so that no other call waits for that.
pub(super) async fn decode_and_run(arguments: Vec<u8>, mut call: InFlight, cx: Context, done: impl Done) {
    let began = Instant::now();
    let waited = began.saturating_duration_since(call.started);
    let dispatched = cbor::sharing(arguments, |arguments| call.dispatch(&cx, arguments));
    call.decode = Some(began.elapsed());
    let handler: Handler = match dispatched {
        Ok(Handling::Running(handler)) => handler,
        Ok(Handling::Ready(reply)) => Box::pin(ready(reply)),
        Err(_) => Box::pin(ready(Err(panicked(&call.route)))),
    };
    call.waited = waited;
    run(handler, call, cx, done).await;
}

/// Runs a handler to its end, or to that of its call, and tells `done`.
pub(super) async fn run(mut handler: Handler, mut call: InFlight, cx: Context, done: impl Done) {
    if let Some(since) = call.waits_since {
        call.waited = since.elapsed();
    }
    let ended = poll_fn(|task| {
        cx.watch(task.waker());
        if let Some(code) = cx.cancelled_with() {
            return Poll::Ready(Err(code));
        }
        let poll = || scope::within(cx.clone(), || poll_once(handler.as_mut(), task));
        let ((_, polled), encode) = stopwatch::watch(poll);
        call.encode = encode;
        polled.unwrap_or_else(|_| Poll::Ready(Err(panicked(&call.route)))).map(Ok)
    })
    .await;
    // What the handler holds is let go before its place is given to another call.
    drop(handler);
    match ended {
        Ok(reply) => {
            let outcome = call.end(&cx, &reply, Instant::now());
            done(Some(reply), outcome);
        }
        Err(code) => {
            call.count(&cx, code, "", 0, Instant::now());
            done(None, None);
        }
    }
}

fn poll_once<F: Future>(future: F, cx: &mut task::Context<'_>) -> std::thread::Result<Poll<F::Output>> {
    let future = pin!(future);
    catch_unwind(AssertUnwindSafe(|| future.poll(cx)))
}

/// The panic's message was printed by the panic hook, and is none of the peer's business.
fn panicked(route: &Route) -> Status {
    tracing::error!(procedure = %route.name(), "a handler panicked");
    Status::internal("the handler panicked").with_handler_ran(HandlerRan::Yes)
}
