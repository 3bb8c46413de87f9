//! How long a connection lasts, for those who keep a client connected: from the server's hello to the next one.

use std::sync::Arc;
use std::task::{Poll, Waker};
use std::time::Instant;

use countersign_proto::Code;

use super::{Handle, Phase, wake};
use crate::link::{ConnectionError, Lapse};

/// Why another connection should take the place of one.
#[derive(Debug)]
pub(crate) enum Worn {
    /// Its certificates end soon.
    Due,
    /// It takes no more calls.
    Out(Arc<ConnectionError>),
}

impl Handle {
    /// Waits until the server's hello was read: the proof that it accepted us.
    pub(crate) fn poll_connected(&self, waker: &Waker) -> Poll<Result<(), Arc<ConnectionError>>> {
        let mut state = self.0.lock();
        match &state.phase {
            Phase::Open => Poll::Ready(Ok(())),
            Phase::Ended(reason) => Poll::Ready(Err(reason.clone())),
            Phase::Connecting | Phase::Closing => {
                state.waiting.push(waker.clone());
                Poll::Pending
            }
        }
    }

    /// Waits until the connection takes no more calls: it is over, or the server goes away.
    pub(crate) fn poll_leaving(&self, waker: &Waker) -> Poll<Arc<ConnectionError>> {
        let mut state = self.0.lock();
        match (&state.phase, &state.left) {
            (Phase::Ended(reason), _) | (_, Some(reason)) => Poll::Ready(reason.clone()),
            _ => {
                state.waiting.push(waker.clone());
                Poll::Pending
            }
        }
    }

    /// Waits until another connection should take the place of this one, or has to.
    pub(crate) fn poll_worn(&self, waker: &Waker) -> Poll<Worn> {
        if let Poll::Ready(reason) = self.poll_leaving(waker) {
            return Poll::Ready(Worn::Out(reason));
        }
        // The waker waits since it asked for the leaving.
        if self.0.lock().is_due { Poll::Ready(Worn::Due) } else { Poll::Pending }
    }

    /// Another connection is to take the place of this one, then or earlier.
    pub(crate) fn retire_at(&self, due: Instant) {
        let mut state = self.0.lock();
        if let Some(tenure) = &mut state.tenure {
            tenure.due = Some(tenure.due.map_or(due, |earlier| earlier.min(due)));
        }
        let driver = state.driver.take();
        drop(state);
        wake(driver);
    }

    /// Takes no more calls, and ends when those that are open have.
    pub(crate) fn drain(&self) {
        let mut state = self.0.lock();
        if state.left.is_none() && matches!(state.phase, Phase::Open) {
            state.proto.go_away(Code::Ok, "another connection took the place of this one");
            state.left = Some(Arc::new(ConnectionError::ClosedHere));
            let mut waiting = Vec::new();
            state.disband(&mut waiting);
            let driver = state.driver.take();
            drop(state);
            wake(driver);
            waiting.into_iter().for_each(Waker::wake);
        }
    }

    /// Ends now, and tells the server why.
    pub(crate) fn lapse(&self, lapse: Lapse) {
        let mut state = self.0.lock();
        state.lapse.get_or_insert(lapse);
        let driver = state.driver.take();
        drop(state);
        wake(driver);
    }

    /// Why the connection takes no more calls, if that is so.
    pub(crate) fn leaving(&self) -> Option<Arc<ConnectionError>> {
        let state = self.0.lock();
        match &state.phase {
            Phase::Ended(reason) => Some(reason.clone()),
            Phase::Closing => Some(Arc::new(ConnectionError::ClosedHere)),
            Phase::Connecting | Phase::Open => state.left.clone(),
        }
    }

    /// Closes the connection in any case.
    pub(crate) fn close(&self) {
        let mut state = self.0.lock();
        if !matches!(state.phase, Phase::Ended(_)) {
            state.phase = Phase::Closing;
            let driver = state.driver.take();
            drop(state);
            wake(driver);
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.close();
    }
}
