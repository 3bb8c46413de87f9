//! What a handler knows of the call that it answers.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

#[cfg(any(feature = "tls", test))]
use countersign_proto::Times;
use countersign_proto::{Code, HandlerRan, Metadata, MetadataValue, Status};

use crate::peer::Peer;
use crate::scope;
use crate::stream::Lane;

/// One call, as its handler sees it: who calls, for how long, and whether the caller is still there.
///
/// Cheap to clone, so that work which a handler spawns can watch the call too.
#[derive(Clone)]
pub struct Context(Arc<Inner>);

struct Inner {
    peer: Arc<Peer>,
    procedure: Arc<str>,
    deadline: Option<Instant>,
    metadata: Metadata,
    /// The number of the code that the call ended with before its handler did; 0 while it has not.
    cancelled: AtomicU8,
    watchers: Mutex<Vec<Waker>>,
    /// Where the items of a streaming call are.
    lane: Option<Arc<Lane>>,
    /// What goes beside the reply; most calls have nothing.
    beside: OnceLock<Box<Mutex<Beside>>>,
}

/// What goes to the caller beside items and result.
#[derive(Debug, Default)]
struct Beside {
    /// Before the first item.
    response: Metadata,
    /// With the end.
    trailing: Metadata,
    /// With the end too, if the caller asked.
    #[cfg(any(feature = "tls", test))]
    times: Option<Times>,
}

impl Context {
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn new(
        peer: Arc<Peer>,
        procedure: Arc<str>,
        deadline: Option<Instant>,
        metadata: Metadata,
        lane: Option<Arc<Lane>>,
    ) -> Self {
        let (cancelled, watchers, beside) = (AtomicU8::new(0), Mutex::default(), OnceLock::new());
        Self(Arc::new(Inner { peer, procedure, deadline, metadata, cancelled, watchers, lane, beside }))
    }

    /// As `new`, for another call of the same peer. Where nobody else holds this one any more, it becomes that.
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn renewed(
        mut self,
        procedure: &Arc<str>,
        deadline: Option<Instant>,
        metadata: Metadata,
        lane: Option<Arc<Lane>>,
    ) -> Self {
        let Some(inner) = Arc::get_mut(&mut self.0) else {
            return Self::new(self.0.peer.clone(), procedure.clone(), deadline, metadata, lane);
        };
        // Every field is named here, so that nothing of the call before can be forgotten.
        let Inner {
            peer: _,
            procedure: name,
            deadline: due,
            metadata: sent,
            cancelled,
            watchers,
            lane: items,
            beside,
        } = inner;
        if !Arc::ptr_eq(name, procedure) {
            name.clone_from(procedure);
        }
        (*due, *sent, *items) = (deadline, metadata, lane);
        *cancelled.get_mut() = 0;
        watchers.get_mut().unwrap_or_else(PoisonError::into_inner).clear();
        beside.take();
        self
    }

    #[cfg(test)]
    pub(crate) fn of_a_test() -> Self {
        Self::of_a_streaming_test(None)
    }

    #[cfg(test)]
    pub(crate) fn of_a_streaming_test(lane: Option<Arc<Lane>>) -> Self {
        let peer = Peer {
            id: "spiffe://test.internal/client".parse().expect("it is an ID"),
            address: None,
            fingerprint: String::new(),
            not_before: jiff::Timestamp::MIN,
            not_after: jiff::Timestamp::MAX,
            key_exchange: String::new(),
            cipher: String::new(),
        };
        Self::new(Arc::new(peer), "test.Service/method".into(), None, Metadata::new(), lane)
    }

    /// Who calls.
    pub fn peer(&self) -> &Peer {
        &self.0.peer
    }

    /// The procedure that is called, `package.Service/method`.
    pub fn procedure(&self) -> &str {
        &self.0.procedure
    }

    /// What is left until the deadline; zero once it has passed, `None` if there is no deadline.
    pub fn time_left(&self) -> Option<Duration> {
        self.0.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// What the caller sent beside the arguments.
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }

    /// Adds text or bytes to what the caller is told before the first item, or with the result of a call
    /// without items.
    ///
    /// # Errors
    ///
    /// `INTERNAL` for a key that is none or was given before, and after the first item.
    pub fn respond_metadata(
        &self,
        key: impl Into<String>,
        value: impl Into<MetadataValue>,
    ) -> Result<(), Status> {
        if self.0.lane.as_ref().is_some_and(|lane| lane.begun().is_some()) {
            return Err(unfit("response metadata goes before the first item"));
        }
        self.with_beside(|beside| beside.response.insert(key, value)).map_err(unfit)
    }

    /// Adds text or bytes to what the caller is told with the end of the call.
    ///
    /// # Errors
    ///
    /// `INTERNAL` for a key that is none or was given before.
    pub fn trailing_metadata(
        &self,
        key: impl Into<String>,
        value: impl Into<MetadataValue>,
    ) -> Result<(), Status> {
        self.with_beside(|beside| beside.trailing.insert(key, value)).map_err(unfit)
    }

    /// Whether nobody waits for the reply any more: the caller gave up, the deadline passed, or the
    /// connection ended.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled_with().is_some()
    }

    /// Waits until nobody waits for the reply any more.
    ///
    /// The handler's own future is dropped then; this is for work that it spawned.
    pub async fn cancelled(&self) {
        poll_fn(|cx| {
            self.watch(cx.waker());
            if self.is_cancelled() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Does work of this call elsewhere: calls made within `future` inherit the deadline and the end of this
    /// call, also on a task of their own.
    ///
    /// What a handler does itself is in the scope of its call already.
    pub async fn scope<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|task| scope::within(self.clone(), || future.as_mut().poll(task)).1).await
    }

    /// Where the items of this call are. To be asked for by what answers streaming procedures only.
    pub(crate) fn lane(&self) -> Arc<Lane> {
        self.0.lane.clone().expect("a procedure with items was described as one")
    }

    /// Where the items of this call are, if it has any.
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn items(&self) -> Option<&Arc<Lane>> {
        self.0.lane.as_ref()
    }

    /// Takes what goes before the first item.
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn take_response_metadata(&self) -> Option<Metadata> {
        let metadata = std::mem::take(&mut lock(self.0.beside.get()?).response);
        (!metadata.is_empty()).then_some(metadata)
    }

    /// Takes what goes with the end.
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn take_closing(&self) -> Option<(Metadata, Option<Times>)> {
        let mut beside = lock(self.0.beside.get()?);
        Some((std::mem::take(&mut beside.trailing), beside.times))
    }

    /// Where the time went, which goes with the end.
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn set_times(&self, times: Times) {
        self.with_beside(|beside| beside.times = Some(times));
    }

    fn with_beside<T>(&self, change: impl FnOnce(&mut Beside) -> T) -> T {
        change(&mut lock(self.0.beside.get_or_init(Box::default)))
    }

    /// Wakes `waker` when the call is cancelled. To be asked again after every wake-up.
    pub(crate) fn watch(&self, waker: &Waker) {
        let mut watchers = lock(&self.0.watchers);
        if !watchers.iter().any(|watcher| watcher.will_wake(waker)) {
            watchers.push(waker.clone());
        }
    }

    /// What the call ended with before its handler did.
    pub(crate) fn cancelled_with(&self) -> Option<Code> {
        match self.0.cancelled.load(Ordering::Acquire) {
            0 => None,
            number => Some(Code::from_number(number.into())),
        }
    }

    #[cfg(any(feature = "tls", test))]
    pub(crate) fn cancel(&self, code: Code) {
        self.0.cancelled.store(code.number(), Ordering::Release);
        let watchers = std::mem::take(&mut *lock(&self.0.watchers));
        for watcher in watchers {
            watcher.wake();
        }
    }
}

/// A mistake of the handler, which its caller cannot mend.
fn unfit(why: impl ToString) -> Status {
    Status::internal(why.to_string()).with_handler_ran(HandlerRan::Yes)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("procedure", &self.0.procedure)
            .field("peer", &self.0.peer)
            .field("time_left", &self.time_left())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn response_metadata_goes_before_the_first_item() {
        let lane = Arc::new(Lane::new(16 << 10, || {}));
        let cx = Context::of_a_streaming_test(Some(lane.clone()));
        assert!(cx.take_response_metadata().is_none() && cx.take_closing().is_none());
        assert_eq!(cx.respond_metadata("before", "1"), Ok(()));
        assert!(lane.poll_send(&mut vec![1].into(), Waker::noop()).is_ready());
        assert_eq!(cx.respond_metadata("after", "1").map_err(|status| status.code), Err(Code::Internal));
        assert_eq!(cx.trailing_metadata("after", "1"), Ok(()));
        let response = cx.take_response_metadata().expect("what came before");
        assert_eq!((response.text("before"), response.text("after")), (Some("1"), None));
        let (trailing, times) = cx.take_closing().expect("what comes after");
        assert_eq!((trailing.text("after"), times), (Some("1"), None));
    }

    #[test]
    fn nothing_of_a_call_is_left_in_the_context_of_the_next() {
        let cx = Context::of_a_test();
        cx.watch(Waker::noop());
        assert_eq!(cx.trailing_metadata("once", "1"), Ok(()));
        cx.cancel(Code::Cancelled);
        let next = cx.renewed(&"test.Service/next".into(), None, Metadata::new(), None);
        assert_eq!(next.procedure(), "test.Service/next");
        assert!(!next.is_cancelled() && next.take_closing().is_none() && lock(&next.0.watchers).is_empty());
    }

    #[test]
    fn a_context_that_somebody_holds_stays_as_it_is() {
        let cx = Context::of_a_test();
        let held = cx.clone();
        cx.renewed(&"test.Service/next".into(), None, Metadata::new(), None).cancel(Code::Cancelled);
        assert_eq!((held.procedure(), held.is_cancelled()), ("test.Service/method", false));
    }

    #[test]
    fn a_key_that_is_none_is_a_mistake_of_the_handler() {
        let cx = Context::of_a_test();
        assert_eq!(cx.trailing_metadata("once", "1"), Ok(()));
        for key in ["Upper", "once", ""] {
            assert_eq!(cx.trailing_metadata(key, "1").map_err(|status| status.code), Err(Code::Internal));
        }
        assert_eq!(cx.respond_metadata("Upper", "1").map_err(|status| status.code), Err(Code::Internal));
    }
}
