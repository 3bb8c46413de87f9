//! Whether the peer is still there, and whether it asks that of us too often.

use std::time::{Duration, Instant};

use super::later;
use crate::limits::{Limits, PINGS_FORGIVEN};

#[derive(Debug)]
pub(super) struct Liveness {
    keepalive: Duration,
    silence_max: Duration,
    heard: Instant,
    /// When its hello must have come, until it has.
    hello_by: Option<Instant>,
    /// The ping that was sent since we heard from the peer.
    asked: bool,
    token: u64,
    /// Each ping of the peer uses up one interval; this is how far they have come.
    pings_until: Instant,
    ping_interval_min: Duration,
}

impl Liveness {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        Self {
            keepalive: limits.keepalive,
            silence_max: limits.silence_max.max(limits.keepalive),
            heard: now,
            hello_by: None,
            asked: false,
            token: 0,
            pings_until: now,
            ping_interval_min: limits.ping_interval_min,
        }
    }

    /// The peer announced how often it may be asked.
    pub(super) fn ask_at_most_every(&mut self, interval: Duration) {
        // An absurd interval must not switch the question off.
        const INTERVAL_MAX: Duration = Duration::from_secs(300);
        let gap = self.silence_max.saturating_sub(self.keepalive);
        self.keepalive = self.keepalive.max(interval.min(INTERVAL_MAX));
        self.silence_max = self.silence_max.max(self.keepalive.saturating_add(gap));
    }

    /// Something arrived.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.asked = false;
    }

    /// When that was the last time.
    pub(super) fn last_heard(&self) -> Instant {
        self.heard
    }

    /// Whatever else arrives, without a hello by then the peer counts as silent.
    pub(super) fn expect_hello_by(&mut self, by: Instant) {
        self.hello_by = Some(by);
    }

    /// The hello came.
    pub(super) fn greeted(&mut self) {
        self.hello_by = None;
    }

    pub(super) fn next(&self) -> Instant {
        let silence = later(self.heard, if self.asked { self.silence_max } else { self.keepalive });
        self.hello_by.map_or(silence, |by| by.min(silence))
    }

    /// The token of a ping that is due now.
    pub(super) fn ping(&mut self, now: Instant) -> Option<u64> {
        if self.asked || now < later(self.heard, self.keepalive) {
            return None;
        }
        self.asked = true;
        self.token += 1;
        Some(self.token)
    }

    pub(super) fn is_silent(&self, now: Instant) -> bool {
        self.hello_by.is_some_and(|by| by <= now)
            || (self.asked && later(self.heard, self.silence_max) <= now)
    }

    /// The peer asked; `false` if it does so too often.
    pub(super) fn asked_by_peer(&mut self, now: Instant) -> bool {
        let ahead = self.pings_until.saturating_duration_since(now);
        self.pings_until = later(self.pings_until.max(now), self.ping_interval_min);
        ahead <= self.ping_interval_min.saturating_mul(PINGS_FORGIVEN)
    }
}
