//! What one call sends and receives beside its opening and its end: messages, and the credit that they cost.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::budget::Queue;
use crate::frame::{End, Open, Times};
use crate::limits::{MESSAGE_COST, PART_LEN_MIN, REACH_GROWS_AFTER, REACH_GROWS_WITHIN, REACH_MAX};
use crate::{Metadata, Status, spare};

/// Both directions of a call with streams or long messages. Other calls have none of this.
#[derive(Debug)]
pub(super) struct Flow {
    pub(super) outgoing: Outgoing,
    pub(super) incoming: Incoming,
}

/// What we send.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// Bytes that the peer lets us send.
    pub(super) credit: u64,
    /// A message that is partly sent, and what follows it: at most an item, a half-close and an end.
    pub(super) waiting: VecDeque<Message>,
    /// It has its place among those that take turns.
    pub(super) has_turn: bool,
    /// Its owner waits to hear that there is room again.
    pub(super) is_owner_waiting: bool,
    pub(super) is_half_closed: bool,
    /// An item was sent, after which there is no response metadata any more.
    pub(super) has_begun: bool,
}

/// A message that waits for credit or for its turn.
#[derive(Debug)]
pub(super) struct Message {
    pub(super) kind: Kind,
    pub(super) payload: Bytes,
    /// How much of the payload was sent.
    pub(super) sent: usize,
    /// Its first frame was sent.
    pub(super) has_begun: bool,
}

#[derive(Debug)]
pub(super) enum Kind {
    /// What is left of the arguments.
    Arguments,
    Item,
    HalfClose,
    Result(Ending),
    /// Its payload is its own.
    Status(Box<Status>, Ending),
}

/// What goes beside an end that waits.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) metadata: Metadata,
    pub(super) times: Option<Times>,
}

/// How much of a message one frame to the peer holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// Of a message that is not cut.
    pub(super) whole_max: usize,
    /// Of one that is: less, since others want their turn.
    pub(super) part_max: usize,
}

/// What we receive.
#[derive(Debug)]
pub(super) struct Incoming {
    /// Bytes that the peer may still send.
    pub(super) credit: u64,
    /// The cost of what was received and that the application has not taken.
    pub(super) held: u64,
    /// What both come to when credit is granted for what was taken: the initial credit, and more for a reader that
    /// waits for a fast stream.
    pub(super) reach: u64,
    /// When that was the last time.
    refilled: Option<Instant>,
    /// How much came fast so far.
    fast: u64,
    /// The application has waited for an item since the last time.
    pub(super) has_waited: bool,
    /// The message that is being put together.
    pub(super) assembly: Option<Assembly>,
    /// Where that message waits to be admitted, if it does.
    pub(super) queued: Option<Queue>,
    /// The application waits for the next item.
    pub(super) is_awaited: bool,
    pub(super) is_half_closed: bool,
    /// Response metadata, or an item before which it would have had to come.
    pub(super) has_begun: bool,
}

/// A message of which not all parts are here.
#[derive(Debug)]
pub(super) struct Assembly {
    pub(super) what: Assembled,
    pub(super) total: usize,
    pub(super) bytes: Vec<u8>,
}

/// What is put together, with the header that came first.
#[derive(Debug)]
pub(super) enum Assembled {
    Arguments(Box<Open<'static>>),
    Item,
    Result(Box<End>),
}

impl Flow {
    pub(super) fn new(credit_out: u32, credit_in: u32) -> Self {
        Self {
            outgoing: Outgoing {
                credit: credit_out.into(),
                waiting: VecDeque::new(),
                has_turn: false,
                is_owner_waiting: false,
                is_half_closed: false,
                has_begun: false,
            },
            incoming: Incoming {
                credit: credit_in.into(),
                held: 0,
                reach: credit_in.into(),
                refilled: None,
                fast: 0,
                has_waited: false,
                assembly: None,
                queued: None,
                is_awaited: false,
                is_half_closed: false,
                has_begun: false,
            },
        }
    }
}

impl Parts {
    /// How long the next part of so many bytes is: all of them, where what would be left is not worth a frame.
    pub(super) fn next(self, rest: usize) -> usize {
        let is_last = rest < self.part_max + PART_LEN_MIN && rest <= self.whole_max;
        if is_last { rest } else { rest.min(self.part_max) }
    }
}

impl Outgoing {
    /// Whether more credit than there is may help, the calls of this peer beginning with so much.
    pub(super) fn needs_credit(&self, window: u64) -> bool {
        self.credit < window || !self.waiting.is_empty()
    }
}

impl Message {
    pub(super) fn new(kind: Kind, payload: Bytes) -> Self {
        Self { kind, payload, sent: 0, has_begun: false }
    }

    /// The bytes that have not been sent.
    pub(super) fn rest(&self) -> &[u8] {
        &self.payload[self.sent..]
    }

    /// How long the next part is, or `None` if there is not enough credit.
    ///
    /// A message waits for all of its credit if the peer will grant so much by itself once it has taken what came
    /// before, which is half of the window; a longer one is begun, so that the peer learns of it.
    pub(super) fn next_part(&self, credit: u64, window: u32, parts: Parts) -> Option<usize> {
        let rest = self.rest().len();
        if self.is_free(parts.whole_max) {
            return Some(rest);
        }
        let due = if self.has_begun { 0 } else { u64::from(MESSAGE_COST) };
        let affordable = credit.checked_sub(due)?;
        if !self.has_begun && rest as u64 <= affordable && rest <= parts.whole_max {
            return Some(rest);
        }
        let will_be_granted = 2 * cost(rest) <= u64::from(window);
        if affordable == 0 || (!self.has_begun && affordable < rest as u64 && will_be_granted) {
            return None;
        }
        let affordable = usize::try_from(affordable).unwrap_or(usize::MAX);
        Some(parts.next(rest).min(affordable))
    }

    /// Whether it costs no credit: whatever is neither an item nor cut.
    pub(super) fn is_free(&self, whole_max: usize) -> bool {
        match self.kind {
            Kind::Item | Kind::Arguments => false,
            Kind::HalfClose | Kind::Status(..) => true,
            Kind::Result(_) => !self.has_begun && self.payload.len() <= whole_max,
        }
    }
}

impl Incoming {
    /// Half of the reach was taken. It doubles where much came fast and the reader has waited all the same: more on
    /// the way might have saved it that. It need not begin anew where another stream has `proved` a reach.
    pub(super) fn half_was_taken(&mut self, now: Instant, proved: &mut u64) {
        let is_fast = self.refilled.replace(now).is_some_and(|last| now < last + REACH_GROWS_WITHIN);
        self.fast = if is_fast { self.fast + self.reach / 2 } else { 0 };
        if !std::mem::take(&mut self.has_waited) || !is_fast {
            return;
        }
        if REACH_GROWS_AFTER <= self.fast {
            *proved = (2 * self.reach).min(REACH_MAX).max(*proved);
        }
        self.reach = self.reach.max(*proved);
    }

    /// Bytes beyond the call's own window that it was granted.
    pub(super) fn beyond(&self, window: u32) -> u64 {
        (self.credit + self.held).saturating_sub(window.into())
    }

    /// What the peer still needs to be granted for the message that is being put together.
    pub(super) fn lacking(&self) -> u64 {
        let Some(assembly) = &self.assembly else { return 0 };
        ((assembly.total - assembly.bytes.len()) as u64).saturating_sub(self.credit)
    }
}

impl Assembly {
    pub(super) fn new(what: Assembled, total: usize) -> Self {
        Self { what, total, bytes: spare::take(total).unwrap_or_default() }
    }

    /// Adds the next part. Unless there was memory to spare, room is made as parts arrive, doubling, and never for
    /// more than there will be, nor for more than may come with the credit that is left: what was not granted has no
    /// place.
    pub(super) fn push(&mut self, part: &[u8], credit_left: u64) {
        let needed = self.bytes.len() + part.len();
        if self.bytes.capacity() < needed {
            let granted = needed.saturating_add(usize::try_from(credit_left).unwrap_or(usize::MAX));
            let room = (2 * needed).min(self.total).min(granted);
            self.bytes.reserve_exact(room - self.bytes.len());
        }
        self.bytes.extend_from_slice(part);
    }

    pub(super) fn is_complete(&self) -> bool {
        self.bytes.len() == self.total
    }
}

/// What a message of this length costs.
pub(super) fn cost(len: usize) -> u64 {
    len as u64 + u64::from(MESSAGE_COST)
}
