//! How much a stream may have on its way: more where it is fast and its reader waits.

use super::*;
use crate::limits::{REACH_GROWS_AFTER, REACH_GROWS_WITHIN, REACH_MAX};

const ITEM_LEN: usize = 1000;

impl Pair {
    /// The server sends items until it is not let any more, and the client takes them all. Returns their cost.
    fn burst(&mut self, call: CallId) -> u64 {
        let mut items = 0;
        self.client.wants(call);
        self.run();
        while self.server.send(call, &[0; ITEM_LEN]).expect("it is short") == Sending::Done {
            items += 1;
            self.run();
        }
        self.client.consumed_many(call, items, items * ITEM_LEN);
        self.run();
        // The one that had to wait.
        self.client.consumed(call, ITEM_LEN);
        while self.server.poll_sendable().is_some() {}
        (items as u64 + 1) * cost(ITEM_LEN)
    }

    fn bursts(&mut self, call: CallId, every: Duration) -> u64 {
        let burst = |_| {
            let cost = self.burst(call);
            self.pass(every);
            cost
        };
        let enough = 2 * REACH_GROWS_AFTER / u64::from(Limits::default().initial_credit);
        (0..2 * enough).map(burst).last().expect("there were some")
    }
}

#[test]
fn a_fast_stream_whose_reader_waits_reaches_further() {
    let mut pair = Pair::connected();
    let call = pair.open("fast");
    let initial = u64::from(Limits::default().initial_credit);
    assert!(pair.burst(call) < initial + 2 * cost(ITEM_LEN));
    let last = pair.bursts(call, Duration::from_millis(1));
    assert!((REACH_MAX / 2..=REACH_MAX).contains(&last), "{last}");
    pair.client.cancel(call);
    assert_eq!(pair.client.budget_used(), 0);
}

#[test]
fn the_next_one_of_the_connection_reaches_as_far_at_once() {
    let mut pair = Pair::connected();
    let first = pair.open("fast");
    pair.bursts(first, Duration::from_millis(1));
    pair.client.cancel(first);
    pair.run();
    let (second, slow) = (pair.open("fast"), pair.open("slow"));
    for _ in 0..3 {
        pair.burst(second);
        pair.pass(Duration::from_millis(1));
    }
    assert!(REACH_MAX / 2 <= pair.burst(second));
    for _ in 0..3 {
        pair.burst(slow);
        pair.pass(REACH_GROWS_WITHIN);
    }
    assert!(pair.burst(slow) < u64::from(Limits::default().initial_credit) + 2 * cost(ITEM_LEN));
}

#[test]
fn a_slow_stream_does_not() {
    let mut pair = Pair::connected();
    let call = pair.open("slow");
    let last = pair.bursts(call, REACH_GROWS_WITHIN);
    assert!(last <= u64::from(Limits::default().initial_credit), "{last}");
    assert_eq!(pair.client.budget_used(), 0);
}

#[test]
fn nor_does_any_out_of_the_place_of_long_messages() {
    let limits = Limits { receive_budget: 0, ..Limits::default() };
    let mut pair = Pair::with(limits.clone(), Limits::default());
    let call = pair.open("fast");
    let last = pair.bursts(call, Duration::from_millis(1));
    assert!(last <= u64::from(limits.initial_credit), "{last}");
    assert_eq!(pair.client.budget_used(), 0);
}

#[test]
fn an_item_on_its_way_brings_the_credit_for_those_behind_it() {
    // Four of these cost a little more than a stream may reach.
    const LONG: usize = REACH_MAX as usize / 4;
    let mut pair = Pair::connected();
    let call = pair.open("fast");
    pair.bursts(call, Duration::from_millis(1));
    pair.client.wants(call);
    pair.run();
    for _ in 0..16 {
        assert_eq!(pair.server.send(call, &[0; LONG]), Ok(Sending::Queued));
        loop {
            let to_client = pair.server.take_outbox();
            if to_client.is_empty() {
                break;
            }
            pair.client_receives(&to_client).expect("a well-behaved server");
            let to_server = pair.client.take_outbox();
            pair.server_receives(&to_server).expect("a well-behaved client");
            let flow = pair.server.calls.get(call).and_then(|call| call.flow.as_ref());
            assert_ne!(flow.map(|flow| flow.outgoing.credit), Some(0), "it would have to wait");
        }
        assert_eq!(pair.server.poll_sendable(), Some(call));
        pair.client.consumed(call, LONG);
        pair.client.wants(call);
    }
}
