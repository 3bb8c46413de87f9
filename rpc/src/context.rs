//! What a handler knows of the call that it answers.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use countersign_proto::{Code, Metadata};

use crate::peer::Peer;
use crate::scope;

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
}

impl Context {
    #[cfg(any(feature = "tls", test))]
    pub(crate) fn new(
        peer: Arc<Peer>,
        procedure: Arc<str>,
        deadline: Option<Instant>,
        metadata: Metadata,
    ) -> Self {
        let (cancelled, watchers) = (AtomicU8::new(0), Mutex::default());
        Self(Arc::new(Inner { peer, procedure, deadline, metadata, cancelled, watchers }))
    }

    #[cfg(test)]
    pub(crate) fn of_a_test() -> Self {
        let peer = Peer {
            id: "spiffe://test.internal/client".parse().expect("it is an ID"),
            address: None,
            fingerprint: String::new(),
            not_after: jiff::Timestamp::MAX,
            key_exchange: String::new(),
            cipher: String::new(),
        };
        Self::new(Arc::new(peer), "test.Service/method".into(), None, Metadata::new())
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
        poll_fn(|task| scope::within(self, || future.as_mut().poll(task))).await
    }

    /// Wakes `waker` when the call is cancelled. To be asked again after every wake-up.
    pub(crate) fn watch(&self, waker: &Waker) {
        let mut watchers = self.0.watchers.lock().unwrap_or_else(PoisonError::into_inner);
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
        let watchers = std::mem::take(&mut *self.0.watchers.lock().unwrap_or_else(PoisonError::into_inner));
        for watcher in watchers {
            watcher.wake();
        }
    }
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
