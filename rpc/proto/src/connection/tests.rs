//! The rules of the protocol, on values and with virtual time.

mod age;
mod parts;
mod reach;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::*;
use crate::violation::Violation;

const SECOND: Duration = Duration::from_secs(1);

/// A client and a server with nothing between them, and a clock that moves when told.
struct Pair {
    now: Instant,
    client: Connection<&'static str>,
    server: Connection<&'static str>,
    /// What the server's owner saw: id and procedure.
    opened: Vec<(CallId, String)>,
    /// What the client's owner saw, and the server's.
    ended: Vec<(&'static str, Result<Vec<u8>, Status>)>,
    stopped: Vec<(&'static str, Code)>,
}

impl Pair {
    fn connected() -> Self {
        Self::with(Limits::default(), Limits::default())
    }

    fn with(client: Limits, server: Limits) -> Self {
        let now = Instant::now();
        let mut pair = Self {
            now,
            client: Connection::client(client, "test client", now),
            server: Connection::server(server, "test server", None, now),
            opened: Vec::new(),
            ended: Vec::new(),
            stopped: Vec::new(),
        };
        pair.run();
        assert!(pair.client.peer().is_some() && pair.server.peer().is_some());
        pair
    }

    /// Frames travel until both sides rest.
    fn run(&mut self) {
        loop {
            let (to_server, to_client) = (self.client.take_outbox(), self.server.take_outbox());
            if to_server.is_empty() && to_client.is_empty() {
                return;
            }
            self.server_receives(&to_server).expect("a well-behaved client");
            self.client_receives(&to_client).expect("a well-behaved server");
        }
    }

    fn server_receives(&mut self, mut bytes: &[u8]) -> Result<(), Violation> {
        while let Received { taken: 1.., event } = {
            let received = self.server.receive(self.now, bytes)?;
            bytes = &bytes[received.taken..];
            received
        } {
            if let Some(Event::Opened(opened)) = event {
                self.opened.push((opened.id, opened.procedure.into_owned()));
            }
        }
        while let Some((user, status)) = self.server.poll_ended() {
            self.stopped.push((user, status.code));
        }
        Ok(())
    }

    fn client_receives(&mut self, mut bytes: &[u8]) -> Result<(), Violation> {
        while let Received { taken: 1.., event } = {
            let received = self.client.receive(self.now, bytes)?;
            bytes = &bytes[received.taken..];
            received
        } {
            if let Some(Event::Ended(ended)) = event {
                self.ended.push((ended.call, ended.result.map(Cow::into_owned).map_err(|status| *status)));
            }
        }
        self.client_polls();
        Ok(())
    }

    fn client_polls(&mut self) {
        while let Some((user, status)) = self.client.poll_ended() {
            self.ended.push((user, Err(status)));
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.client.handle_timeout(self.now);
        self.server.handle_timeout(self.now);
        self.client_polls();
        while let Some((user, status)) = self.server.poll_ended() {
            self.stopped.push((user, status.code));
        }
        self.run();
    }

    fn open(&mut self, user: &'static str) -> CallId {
        self.open_for(user, None)
    }

    fn open_for(&mut self, user: &'static str, timeout: Option<Duration>) -> CallId {
        let opening = Opening { timeout, ..Opening::new("test.Service/method", b"\xa0") };
        self.client.open(self.now, opening, user).expect("the limits allow it")
    }

    fn status_of(&self, user: &str) -> &Status {
        let ended = self.ended.iter().find(|(ended, _)| *ended == user);
        ended.expect("the call has ended").1.as_ref().expect_err("with a status")
    }
}

/// One frame with this header and payload.
fn frame(content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x5a];
    bytes.extend_from_slice(&(content.len() as u32).to_be_bytes());
    bytes.extend_from_slice(content);
    bytes
}

#[test]
fn a_call_is_answered_once_and_frees_its_place() {
    let mut pair = Pair::connected();
    let id = pair.open("first");
    pair.run();
    assert_eq!(pair.opened, [(id, "test.Service/method".to_owned())]);
    pair.server.reply(id, Ok(b"\x01"));
    pair.run();
    assert_eq!(pair.ended, [("first", Ok(vec![1]))]);
    assert_eq!((pair.client.calls_open(), pair.server.calls_open()), (0, 0));
}

#[test]
fn a_result_that_its_client_does_not_take_waits_until_the_deadline_of_its_call() {
    for has_task in [false, true] {
        let mut pair = Pair::connected();
        let id = pair.open("slow to read");
        pair.run();
        if has_task {
            pair.server.attach(id, "its handler").expect("it is open");
        }
        pair.server.reply(id, Ok(&[0; 400_000]));
        let begun = pair.server.take_outbox();
        pair.client_receives(&begun).expect("the first parts");
        pair.pass(Limits::default().deadline_max);
        let status = pair.status_of("slow to read");
        assert_eq!((status.code, status.handler_ran), (Code::DeadlineExceeded, HandlerRan::Yes));
        assert_eq!(pair.server.calls_open(), 0);
    }
}

#[test]
fn replies_may_overtake_each_other() {
    let mut pair = Pair::connected();
    let ids = [pair.open("a"), pair.open("b"), pair.open("c")];
    pair.run();
    for id in ids.into_iter().rev() {
        pair.server.reply(id, Ok(&[id as u8]));
    }
    pair.run();
    assert_eq!(pair.ended, [("c", Ok(vec![5])), ("b", Ok(vec![3])), ("a", Ok(vec![1]))]);
}

#[test]
fn a_status_arrives_with_all_that_it_says() {
    let mut pair = Pair::connected();
    let id = pair.open("call");
    pair.run();
    let mut status = Status::new(Code::NotFound, "no such ключ").with_details(&b"\xf6"[..]);
    status.retry_after_ms = Some(250);
    status.handler_ran = HandlerRan::Yes;
    pair.server.reply(id, Err(&status));
    pair.run();
    assert_eq!(pair.status_of("call"), &status);
}

#[test]
fn a_deadline_that_passes_ends_the_call_on_both_sides() {
    let mut pair = Pair::connected();
    let id = pair.open_for("slow", Some(SECOND));
    pair.run();
    assert_eq!(pair.server.attach(id, "handler"), Ok(()));
    pair.pass(SECOND / 2);
    assert_eq!(pair.ended, []);
    pair.pass(SECOND / 2);
    assert_eq!(pair.status_of("slow").code, Code::DeadlineExceeded);
    assert_eq!(pair.status_of("slow").handler_ran, HandlerRan::Unknown);
    assert_eq!(pair.stopped, [("handler", Code::DeadlineExceeded)]);
    assert_eq!(pair.server.calls_open(), 1, "the handler has not ended yet");
    pair.server.reply(id, Ok(b""));
    assert_eq!((pair.client.calls_open(), pair.server.calls_open()), (0, 0));
}

#[test]
fn a_server_sets_a_deadline_where_the_caller_has_none() {
    let mut pair = Pair::connected();
    let id = pair.open("patient");
    pair.run();
    assert_eq!(pair.server.attach(id, "handler"), Ok(()));
    pair.pass(Limits::default().deadline_max);
    assert_eq!(pair.status_of("patient").code, Code::DeadlineExceeded);
    assert_eq!(pair.status_of("patient").handler_ran, HandlerRan::Yes);
}

#[test]
fn a_cancelled_call_ends_at_the_server_and_keeps_its_place_until_the_handler_has_ended() {
    let one = Limits { calls_open: 1, ..Limits::default() };
    let mut pair = Pair::with(Limits::default(), one);
    let id = pair.open("call");
    pair.run();
    assert_eq!(pair.server.attach(id, "handler"), Ok(()));
    assert_eq!(pair.client.cancel(id), Some("call"));
    pair.run();
    assert_eq!(pair.stopped, [("handler", Code::Cancelled)]);

    pair.open("early");
    pair.run();
    assert_eq!(pair.status_of("early").code, Code::ResourceExhausted);
    assert_eq!(pair.status_of("early").handler_ran, HandlerRan::No);

    pair.server.reply(id, Ok(b"late"));
    let id = pair.open("in time");
    pair.run();
    pair.server.reply(id, Ok(b""));
    pair.run();
    assert_eq!(pair.ended.last(), Some(&("in time", Ok(vec![]))));
}

#[test]
fn a_reply_that_crosses_a_cancel_is_dropped() {
    let mut pair = Pair::connected();
    let id = pair.open("call");
    pair.run();
    pair.server.reply(id, Ok(b""));
    assert_eq!(pair.client.cancel(id), Some("call"));
    pair.run();
    assert_eq!(pair.ended, []);
}

#[test]
fn more_calls_than_the_server_takes_fail_at_the_client() {
    let mut pair = Pair::with(Limits::default(), Limits { calls_open: 2, ..Limits::default() });
    pair.open("a");
    pair.open("b");
    let refused = pair.client.open(pair.now, Opening::new("test.Service/method", b"\xa0"), "c");
    let status = refused.expect_err("a third one");
    assert_eq!((status.code, status.handler_ran), (Code::ResourceExhausted, HandlerRan::No));
}

#[test]
fn a_message_over_the_servers_limit_is_not_sent() {
    let mut pair = Pair::with(Limits::default(), Limits { message_len: 100, ..Limits::default() });
    let refused = pair.client.open(pair.now, Opening::new("test.Service/method", &[0; 101]), "big");
    assert_eq!(refused.expect_err("too long").code, Code::ResourceExhausted);
    assert!(pair.client.outbox().is_empty());
}

#[test]
fn a_result_over_the_clients_limit_becomes_a_status() {
    let mut pair = Pair::with(Limits { message_len: 100, ..Limits::default() }, Limits::default());
    let id = pair.open("call");
    pair.run();
    pair.server.reply(id, Ok(&[0; 101]));
    pair.run();
    assert_eq!(pair.status_of("call").code, Code::ResourceExhausted);
}

#[test]
fn a_server_that_goes_away_finishes_what_it_has_and_takes_nothing_new() {
    let mut pair = Pair::connected();
    let open = pair.open("open");
    pair.run();
    pair.open("crossing");
    pair.server.go_away(Code::Unavailable, "maintenance");
    pair.run();
    let status = pair.status_of("crossing");
    assert_eq!((status.code, status.handler_ran), (Code::Unavailable, HandlerRan::No));
    assert!(status.is_retryable());
    let refused = pair.client.open(pair.now, Opening::new("test.Service/method", b"\xa0"), "late");
    assert!(refused.expect_err("the server goes away").is_retryable());
    assert!(!pair.server.is_drained());
    pair.server.reply(open, Ok(b"\x01"));
    pair.run();
    assert_eq!(pair.ended.last(), Some(&("open", Ok(vec![1]))));
    assert!(pair.server.is_drained() && pair.client.is_drained());
}

#[test]
fn a_silent_peer_is_asked_once_and_then_given_up() {
    let mut pair = Pair::connected();
    let limits = Limits::default();
    pair.now += limits.keepalive;
    pair.client.handle_timeout(pair.now);
    assert!(!pair.client.outbox().is_empty(), "a ping");
    pair.client.outbox().clear();
    pair.client.handle_timeout(pair.now);
    assert!(pair.client.outbox().is_empty(), "one ping is enough");
    assert!(!pair.client.is_silent(pair.now));
    assert_eq!(pair.client.poll_timeout(), pair.now + (limits.silence_max - limits.keepalive));
    pair.now = pair.client.poll_timeout();
    assert!(pair.client.is_silent(pair.now));
}

#[test]
fn a_peer_has_until_its_deadline_for_a_hello_however_it_drips() {
    let begun = Instant::now();
    let mut client = Connection::<()>::client(Limits::default(), "slow client", begun);
    let mut server = Connection::<()>::server(Limits::default(), "server", None, begun);
    let by = begun + Duration::from_secs(10);
    server.expect_hello_by(by);
    assert_eq!(server.poll_timeout(), by);
    let hello = client.take_outbox();
    for (second, end) in (0..10).zip(1..hello.len()) {
        let now = begun + Duration::from_secs(second);
        let received = server.receive(now, &hello[..end]).unwrap();
        assert!(received.taken == 0 && !server.is_silent(now));
    }
    assert!(server.is_silent(by));

    assert!(matches!(server.receive(by, &hello).unwrap().event, Some(Event::Connected)));
    assert!(!server.is_silent(by) && by < server.poll_timeout(), "it came before anybody looked");
}

#[test]
fn a_peer_that_answers_is_not_given_up() {
    let mut pair = Pair::connected();
    for _ in 0..100 {
        pair.pass(Limits::default().keepalive);
        assert!(!pair.client.is_silent(pair.now) && !pair.server.is_silent(pair.now));
    }
}

#[test]
fn pings_far_above_the_announced_rate_end_the_connection() {
    let mut pair = Pair::connected();
    let ping = frame(&[0x83, 7, 0, 1]);
    let refused = (0..20).find_map(|_| pair.server_receives(&ping).err());
    assert_eq!(refused, Some(Violation::TooManyPings));
}

#[test]
fn the_first_frame_is_a_hello_and_it_comes_once() {
    let now = Instant::now();
    let mut server = Connection::<()>::server(Limits::default(), "test", None, now);
    assert!(matches!(server.receive(now, &frame(&[0x83, 7, 0, 1])), Err(Violation::Hello(_))));
    let hello = Connection::<()>::client(Limits::default(), "test", now).take_outbox();
    assert!(server.receive(now, &hello).is_ok());
    assert!(matches!(server.receive(now, &hello), Err(Violation::Hello(_))));
}

#[test]
fn ids_are_odd_and_rise() {
    let open = |id: u8| frame(&[0x83, 11, id, 0x63, b'a', b'/', b'b', 0xa0]);
    let mut pair = Pair::connected();
    assert!(pair.server_receives(&open(5)).is_ok());
    for id in [2, 4, 3, 5] {
        assert!(matches!(pair.server_receives(&open(id)), Err(Violation::Id { .. })), "{id}");
    }
    assert!(pair.server_receives(&open(9)).is_ok());
}

#[test]
fn frames_for_calls_that_never_were_end_the_connection() {
    let mut pair = Pair::connected();
    assert!(matches!(pair.server_receives(&frame(&[0x82, 23, 1])), Err(Violation::Id { id: 1, .. })));
    assert!(matches!(pair.client_receives(&frame(&[0x83, 21, 1, 0])), Err(Violation::Id { id: 1, .. })));
}

#[test]
fn a_peer_may_not_play_the_other_role() {
    let mut pair = Pair::connected();
    let open = frame(&[0x83, 11, 1, 0x63, b'a', b'/', b'b', 0xa0]);
    assert!(matches!(pair.client_receives(&open), Err(Violation::Id { .. })));
    assert!(matches!(pair.server_receives(&frame(&[0x83, 21, 1, 0])), Err(Violation::Id { .. })));
}

#[test]
fn an_unknown_odd_frame_ends_its_call_and_an_even_one_nothing() {
    let mut pair = Pair::connected();
    pair.open("call");
    pair.run();
    assert!(pair.client_receives(&frame(&[0x82, 14, 1])).is_ok());
    assert_eq!(pair.ended, []);
    assert!(pair.client_receives(&frame(&[0x82, 0x18, 27, 1])).is_ok());
    assert_eq!(pair.status_of("call").code, Code::Unimplemented);
    assert!(matches!(pair.client_receives(&frame(&[0x82, 0x18, 33, 0])), Err(Violation::Unknown(_))));
}

#[test]
fn an_unknown_odd_extension_ends_its_call_and_an_even_one_nothing() {
    let open = |id: u8, key: u8| frame(&[0x84, 11, id, 0x63, b'a', b'/', b'b', 0xa1, key, 0xf6, 0xa0]);
    let mut pair = Pair::connected();
    pair.open("calls the client has");
    pair.client.take_outbox();
    assert!(pair.server_receives(&open(1, 21)).is_ok());
    assert_eq!(pair.opened, []);
    pair.run();
    assert_eq!(pair.status_of("calls the client has").code, Code::Unimplemented);
    assert!(pair.server_receives(&open(3, 22)).is_ok());
    assert_eq!(pair.opened, [(3, "a/b".to_owned())]);
}

#[test]
fn bytes_that_are_no_frame_end_the_connection() {
    let mut pair = Pair::connected();
    let refused = pair.server_receives(b"GET / HTTP/1.1\r\n");
    assert_eq!(refused, Err(Violation::NotAFrame { first: b'G' }));
    assert!(matches!(pair.server_receives(&frame(b"\xa0")), Err(Violation::Header(_))));
    assert!(matches!(pair.server_receives(&frame(&[0x83, 11, 1])), Err(Violation::Header(_))));
    assert!(matches!(pair.server_receives(&frame(&[])), Err(Violation::Header(_))));
}

#[test]
fn headers_are_understood_in_any_encoding() {
    let mut pair = Pair::connected();
    // [_ 11_1, 1_3, (_ "a", "/b"), {_ 1: 1000_3}] and then an empty map.
    let mut bytes = vec![0x9f, 0x19, 0, 11, 0x1b, 0, 0, 0, 0, 0, 0, 0, 1];
    bytes.extend_from_slice(&[0x7f, 0x61, b'a', 0x62, b'/', b'b', 0xff]);
    bytes.extend_from_slice(&[0xbf, 1, 0x1b, 0, 0, 0, 0, 0, 0, 3, 0xe8, 0xff, 0xff, 0xa0]);
    assert_eq!(pair.server_receives(&frame(&bytes)), Ok(()));
    assert_eq!(pair.opened, [(1, "a/b".to_owned())]);
}
