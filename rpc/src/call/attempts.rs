//! The attempts of one call: over which connection, until when, and whether there is another one.

use std::sync::Arc;
use std::task::{self, Poll, ready};
use std::time::{Duration, Instant};

use countersign_proto::{Code, HandlerRan, Status};

use super::CallError;
use crate::backoff::{Backoff, jitter};
use crate::client::{Client, Found, Waiting};
use crate::link::ConnectionError;
use crate::link::client::{Handle, NotSent};

/// How long a call without a deadline waits for a connection, or for a server that has no room for it: longer
/// than it takes to restart a server, and not so long that a person would have given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// Between attempts of a call that the server refused or could not serve just now. The first wait is
/// about as long as calls take; the longest is one that a call with its turn come should not sleep through.
const CALLING: Backoff = Backoff { first: Duration::from_millis(10), longest: Duration::from_secs(1) };

/// How often a call is made again whose handler may have run, as long as the client's budget has something left: a
/// server that fails the same call for the fifth time is not likely to answer the sixth.
const REPEATS_MAX: u32 = 4;

/// A call that is made again has the same bytes, and what is left of its deadline.
///
/// It begins with [`poll_link`](Self::poll_link), and again after [`not_sent`](Self::not_sent),
/// [`lost`](Self::lost) or [`failed`](Self::failed) said `Ok`; an error is what the call ends with.
pub(crate) struct Attempts {
    client: Client,
    idempotent: bool,
    fail_fast: bool,
    timeout: Option<Duration>,
    /// Known from the first attempt on.
    deadline: Option<Instant>,
    /// What most calls never have, and therefore do not carry with them.
    trouble: Option<Box<Trouble>>,
}

/// What is known of a call whose first attempt did not go well.
#[derive(Default)]
struct Trouble {
    /// When waiting comes to an end; known from the first wait on.
    give_up: Option<Instant>,
    waiting: Option<Waiting>,
    /// Attempts after which there was a pause.
    paused: u32,
    /// Attempts after one whose handler may have run.
    repeats: u32,
    /// How an earlier attempt ended whose handler may have run. The call does not end with less than that.
    uncertain: Option<CallError>,
}

impl Attempts {
    pub(crate) fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
            idempotent: false,
            fail_fast: client.fails_fast(),
            timeout: None,
            deadline: None,
            trouble: None,
        }
    }

    pub(crate) fn set_idempotent(&mut self, idempotent: bool) {
        self.idempotent = idempotent;
    }

    pub(crate) fn set_fail_fast(&mut self) {
        self.fail_fast = true;
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = Some(timeout);
    }

    /// What the caller, or the call for which this one is made, allows in all.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// What is left of that, counted from the first time this is asked.
    pub(crate) fn time_left(&mut self, now: Instant) -> Option<Duration> {
        let timeout = self.timeout?;
        match self.deadline {
            Some(deadline) => Some(deadline.saturating_duration_since(now)),
            None => {
                self.deadline = now.checked_add(timeout);
                Some(timeout)
            }
        }
    }

    /// Waits no more. Says whether the handler may have run, in an attempt that is over.
    pub(crate) fn give_up(&mut self) -> bool {
        self.trouble.take().is_some_and(|trouble| trouble.uncertain.is_some())
    }

    /// The connection for the next attempt, once there is one.
    pub(crate) fn poll_link(&mut self, cx: &mut task::Context<'_>) -> Poll<Result<Found, CallError>> {
        loop {
            if let Some(trouble) = &mut self.trouble
                && let Some(waiting) = &mut trouble.waiting
            {
                let connected = ready!(waiting.as_mut().poll(cx));
                trouble.waiting = None;
                return Poll::Ready(connected.map_err(|error| self.ends_with(error)));
            }
            if let Some(link) = self.client.link() {
                return Poll::Ready(Ok((link, None)));
            }
            self.wait(Duration::ZERO);
        }
    }

    /// An attempt was not sent.
    pub(crate) fn not_sent(&mut self, link: &Arc<Handle>, why: NotSent) -> Result<(), CallError> {
        match why {
            NotSent::Leaving => {
                self.leave(link);
                Ok(())
            }
            NotSent::Full => {
                self.line_up(link);
                Ok(())
            }
            NotSent::Never(status) => Err(self.ends_with(CallError::Status(status))),
        }
    }

    /// The connection ended before the call. `sent` is whether any of it may have been.
    pub(crate) fn lost(
        &mut self,
        link: &Arc<Handle>,
        reason: Arc<ConnectionError>,
        sent: bool,
    ) -> Result<(), CallError> {
        if sent && !self.may_repeat() {
            return Err(CallError::Lost(reason));
        }
        if sent {
            self.trouble().uncertain = Some(CallError::Lost(reason));
        }
        self.leave(link);
        Ok(())
    }

    /// The call ended with a status.
    pub(crate) fn failed(&mut self, link: &Arc<Handle>, status: Status) -> Result<(), CallError> {
        match (status.code, self.timeout) {
            (Code::DeadlineExceeded, Some(timeout)) => Err(self.ends_with(CallError::Deadline(timeout))),
            _ if status.is_retryable() => self.pause(link, status),
            (Code::Unavailable, _) if self.may_repeat() => {
                self.trouble().uncertain = Some(CallError::Status(status.clone()));
                self.pause(link, status)
            }
            _ => Err(self.ends_with(CallError::Status(status))),
        }
    }

    /// Whether it may be made again although its handler may have run. If so, that is counted.
    fn may_repeat(&mut self) -> bool {
        if !self.idempotent || self.trouble().repeats == REPEATS_MAX || !self.client.spend_retry() {
            return false;
        }
        self.trouble().repeats += 1;
        true
    }

    /// Over another connection, as soon as there is one.
    fn leave(&mut self, link: &Arc<Handle>) {
        self.client.count_retry();
        self.client.leave(link);
    }

    /// Over the same connection, when it has room and those who came before were let in.
    fn line_up(&mut self, link: &Arc<Handle>) {
        let give_up = self.patience_ends();
        let waiting = self.client.wait_for_turn(link.line_up(), give_up);
        self.trouble().waiting = Some(waiting);
    }

    /// After a while, unless that is more than is left; over another connection, at once.
    fn pause(&mut self, link: &Arc<Handle>, status: Status) -> Result<(), CallError> {
        if link.leaving().is_some() {
            self.leave(link);
            return Ok(());
        }
        let trouble = self.trouble();
        trouble.paused += 1;
        let pause = CALLING.wait(trouble.paused, jitter());
        let asked = status.retry_after_ms.map_or(Duration::ZERO, Duration::from_millis);
        let pause = pause.max(asked);
        if self.patience_ends().saturating_duration_since(Instant::now()) <= pause {
            return Err(self.ends_with(CallError::Status(status)));
        }
        self.client.count_retry();
        self.wait(pause);
        Ok(())
    }

    fn wait(&mut self, pause: Duration) {
        let give_up = self.patience_ends();
        let waiting = self.client.wait_for_link(pause, give_up, self.fail_fast);
        self.trouble().waiting = Some(waiting);
    }

    fn patience_ends(&mut self) -> Instant {
        if let Some(give_up) = self.trouble().give_up {
            return give_up;
        }
        let now = Instant::now();
        let patience = self.time_left(now).unwrap_or(PATIENCE);
        // A timeout that no clock can hold is as good as none.
        let give_up = now.checked_add(patience).unwrap_or(now + PATIENCE);
        *self.trouble().give_up.insert(give_up)
    }

    fn ends_with(&mut self, error: CallError) -> CallError {
        match (error.handler_ran(), &mut self.trouble) {
            (HandlerRan::No, Some(trouble)) => trouble.uncertain.take().unwrap_or(error),
            _ => error,
        }
    }

    fn trouble(&mut self) -> &mut Trouble {
        self.trouble.get_or_insert_default()
    }
}
