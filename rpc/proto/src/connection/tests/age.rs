//! Connections that are idle for too long, or too old.

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

fn pair(idle_limit: Option<Duration>, age_max: Option<Duration>) -> Pair {
    Pair::with(Limits::default(), Limits { idle_limit, age_max, ..Limits::default() })
}

impl Pair {
    /// Lets time pass as a driver does: no later than the next timeout.
    fn live(&mut self, time: Duration) {
        let until = self.now + time;
        while self.now < until {
            let next = self.client.poll_timeout().min(self.server.poll_timeout()).min(until);
            self.pass(next.saturating_duration_since(self.now));
        }
    }

    fn answer(&mut self) {
        let (id, _) = self.opened.pop().expect("a call");
        self.server.reply(id, Ok(b""));
        self.run();
    }

    fn goes_away(&self) -> bool {
        self.client.going_away.is_some()
    }
}

#[test]
fn without_limits_a_connection_lasts() {
    let mut pair = pair(None, None);
    pair.live(600 * MINUTE);
    assert!(!pair.goes_away());
}

#[test]
fn a_connection_without_calls_goes_away_at_its_limit() {
    let mut pair = pair(Some(5 * MINUTE), None);
    pair.live(5 * MINUTE - SECOND);
    assert!(!pair.goes_away());
    pair.live(SECOND);
    assert!(pair.goes_away() && pair.client.is_drained() && pair.server.is_drained());
}

#[test]
fn rest_begins_when_the_last_call_has_ended() {
    let mut pair = pair(Some(5 * MINUTE), None);
    pair.open("long");
    pair.run();
    let unary_max = Limits::default().deadline_max;
    pair.live(unary_max - SECOND);
    pair.answer();
    pair.live(5 * MINUTE - SECOND);
    assert!(!pair.goes_away());
    pair.live(5 * MINUTE);
    assert!(pair.goes_away());
}

#[test]
fn calls_in_between_keep_a_connection() {
    let mut pair = pair(Some(5 * MINUTE), None);
    for _ in 0..20 {
        pair.live(4 * MINUTE);
        pair.open("short");
        pair.run();
        pair.answer();
    }
    assert!(!pair.goes_away());
}

#[test]
fn an_old_connection_goes_away_and_lets_its_calls_end() {
    let mut pair = pair(None, Some(60 * MINUTE));
    pair.live(60 * MINUTE - SECOND);
    pair.open("late");
    pair.run();
    pair.live(SECOND);
    assert!(pair.goes_away() && !pair.client.is_drained());
    let refused = pair.client.open(pair.now, Opening::new("test.Service/method", b"\xa0"), "too late");
    assert_eq!(refused.expect_err("it goes away").code, Code::Unavailable);
    pair.answer();
    assert_eq!(pair.ended.pop().map(|(user, result)| (user, result.is_ok())), Some(("late", true)));
    assert!(pair.client.is_drained());
}

#[test]
fn ages_differ_by_chance() {
    for (jitter, minutes) in [(0.0, 54), (0.5, 60), (1.0, 66), (f64::NAN, 60)] {
        let mut pair = pair(None, Some(60 * MINUTE));
        pair.server.scatter_age(jitter);
        pair.live(minutes * MINUTE - SECOND);
        assert!(!pair.goes_away(), "{jitter}");
        pair.live(2 * SECOND);
        assert!(pair.goes_away(), "{jitter}");
    }
}

#[test]
fn limits_beyond_any_clock_are_none() {
    let mut pair = pair(Some(Duration::MAX), Some(Duration::MAX));
    pair.server.scatter_age(1.0);
    pair.live(600 * MINUTE);
    assert!(!pair.goes_away());
}

#[test]
fn a_connection_goes_away_when_it_is_told_to_make_room() {
    let mut pair = pair(None, None);
    pair.live(MINUTE);
    pair.server.retire_at(pair.now + 60 * MINUTE);
    pair.server.retire_at(pair.now + 10 * MINUTE);
    pair.live(10 * MINUTE - SECOND);
    pair.open("late");
    pair.run();
    assert!(!pair.goes_away());
    pair.live(SECOND);
    assert!(pair.goes_away() && !pair.client.is_drained());
    pair.answer();
    assert!(pair.client.is_drained());
}

#[test]
fn what_is_said_later_does_not_put_off_making_room() {
    let mut pair = pair(None, None);
    pair.server.retire_at(pair.now + 10 * MINUTE);
    pair.server.retire_at(pair.now + 60 * MINUTE);
    pair.live(10 * MINUTE - SECOND);
    assert!(!pair.goes_away());
    pair.live(2 * SECOND);
    assert!(pair.goes_away());
}

#[test]
fn a_client_that_goes_away_has_its_calls_answered() {
    let mut pair = pair(None, None);
    pair.open("early");
    pair.run();
    pair.client.go_away(Code::Ok, "there is another connection");
    pair.run();
    let refused = pair.client.open(pair.now, Opening::new("test.Service/method", b"\xa0"), "too late");
    assert_eq!(refused.expect_err("it goes away").code, Code::Unavailable);
    assert!(!pair.client.is_drained() && !pair.server.is_drained());
    pair.answer();
    assert_eq!(pair.ended.pop().map(|(user, result)| (user, result.is_ok())), Some(("early", true)));
    assert!(pair.client.is_drained() && pair.server.is_drained());
}
