//! One side of a stream as its application sees it: what it sent, what it got, and what it has not read.

use std::collections::VecDeque;

use super::dice::Dice;

/// What one application knows of the items of one call.
#[derive(Debug, Default)]
pub(super) struct Stream {
    token: u64,
    /// Items that were taken for sending.
    pub(super) sent: u64,
    /// It has said that no more items follow.
    pub(super) half_closed: bool,
    /// Items that arrived.
    pub(super) received: u64,
    /// Lengths of those that it has not read.
    unread: VecDeque<usize>,
    /// It waits for the next item.
    waits: bool,
    /// It does not read until all others have come to rest.
    pub(super) sleeps: bool,
}

/// What a reader tells the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Consumed(usize),
    Wants,
}

impl Stream {
    pub(super) fn of(token: u64) -> Self {
        Self { token, ..Self::default() }
    }

    /// The next item that it would send.
    pub(super) fn next_item(&self, dice: &mut Dice, is_bulky: bool, len_max: usize) -> Vec<u8> {
        let len = match dice.below(10) {
            0..7 if is_bulky => len_max - dice.below(20_000) as usize,
            0 => dice.below(len_max as u64) as usize,
            1..4 => dice.below(9_000) as usize,
            _ => dice.below(300) as usize,
        };
        let mut item = [self.token.to_be_bytes(), self.sent.to_be_bytes()].concat();
        item.resize(len.clamp(16, len_max), 0);
        item
    }

    /// An item arrived. What was waited for is read at once.
    pub(super) fn arrived(&mut self, item: &[u8]) -> Option<Reading> {
        let (token, rest) = item.split_first_chunk().expect("a token");
        let number = rest.first_chunk().expect("a number");
        assert_eq!(u64::from_be_bytes(*token), self.token, "an item of another call");
        assert_eq!(u64::from_be_bytes(*number), self.received, "items in their order");
        self.received += 1;
        if std::mem::take(&mut self.waits) {
            return Some(Reading::Consumed(item.len()));
        }
        self.unread.push_back(item.len());
        None
    }

    /// Reads an item, or waits for one.
    pub(super) fn read(&mut self) -> Option<Reading> {
        if self.sleeps {
            return None;
        }
        let read = self.unread.pop_front().map_or(Reading::Wants, Reading::Consumed);
        self.waits = read == Reading::Wants;
        Some(read)
    }

    /// Bytes that it was given and has not read, as they are counted.
    pub(super) fn held(&self) -> u64 {
        self.unread.iter().map(|len| *len as u64 + 32).sum()
    }
}
