use std::time::{Duration, Instant};

use countersign::Code;
use countersign::builtin::stats::{ProcedureStats, Snapshot};
use jiff::{SignedDuration, Timestamp};

use super::draft::{Draft, Field, Kind};
use super::kept::{Kept, RULES_MAX};
use super::log::{Alert, AlertId, Log, PAST_MAX};
use super::notice::{Budget, NOTICES_A_MINUTE, Notice};
use super::rule::{Condition, Errors, Expiry, Latency, Lost, Rule, Whose};
use super::watch::{Facts, Turn, Watch};
use crate::model::history::{History, Percentile};
use crate::model::life::Life;
use crate::model::tab::TabId;
use crate::tests::stage::target;

const BALANCE: &str = "acme.Ledger/balance";

/// A server, a rule, and a clock that is turned by hand.
struct Post {
    watch: Watch,
    began: Instant,
    now: Instant,
    date: Timestamp,
    counters: Snapshot,
    history: History,
    is_lost: bool,
    own: Option<Life>,
    server: Option<Life>,
}

impl Post {
    fn with(condition: Condition) -> Self {
        let now = Instant::now();
        let mut post = Self {
            watch: Watch::new(Rule::new(None, condition)),
            began: now,
            now,
            date: Timestamp::UNIX_EPOCH,
            counters: Snapshot { start_id: 1, ..Snapshot::default() },
            history: History::default(),
            is_lost: false,
            own: None,
            server: None,
        };
        post.history.record(post.counters.clone(), now);
        post
    }

    /// A second passes, in which so many calls took so long, of which some failed.
    fn second(&mut self, calls: u64, took_ms: u64, failed: u64) -> Option<Turn> {
        self.counters.monotonic_ns += 1_000_000_000;
        if self.counters.procedures.is_empty() {
            let procedure = BALANCE.to_owned();
            self.counters.procedures.push(ProcedureStats { procedure, ..ProcedureStats::default() });
        }
        let stats = &mut self.counters.procedures[0];
        stats.calls += calls;
        (0..calls).for_each(|_| stats.latency.record(Duration::from_millis(took_ms)));
        *stats.errors.entry("UNAVAILABLE".to_owned()).or_default() += failed;
        self.pass(1);
        self.history.record(self.counters.clone(), self.now);
        self.look(true)
    }

    /// So many seconds alike; what turned, and in which of them.
    fn seconds(&mut self, seconds: u64, calls: u64, took_ms: u64, failed: u64) -> Vec<(u64, Turn)> {
        let one = |second| Some((second, self.second(calls, took_ms, failed)?));
        (1..=seconds).filter_map(one).collect()
    }

    fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.date += SignedDuration::from_secs(seconds as i64);
    }

    fn look(&mut self, is_news: bool) -> Option<Turn> {
        let Self { now, is_lost, own, server, .. } = *self;
        let counted = is_news.then_some(&self.history);
        self.watch.look(&Facts { now, is_lost, own, server, counted })
    }

    fn at(&self, second: u64) -> Instant {
        self.began + Duration::from_secs(second)
    }
}

fn latency(procedure: Option<&str>, lasts_s: u64, calls: u64) -> Condition {
    Condition::Latency(Latency {
        procedure: procedure.map(str::to_owned),
        percentile: Percentile::P99,
        above_us: 100_000,
        lasts_s,
        calls,
    })
}

fn errors(percent: f64, lasts_s: u64, calls: u64) -> Errors {
    Errors { procedure: None, code: None, percent, lasts_s, calls }
}

fn life(date: Timestamp, whole_h: i64, left_h: i64) -> Life {
    let hours = SignedDuration::from_hours;
    Life::new(date - hours(whole_h - left_h), date + hours(left_h), date)
}

#[test]
fn a_latency_is_an_alert_once_it_has_been_above_for_as_long_as_the_rule_says() {
    let mut post = Post::with(latency(Some(BALANCE), 10, 0));
    assert_eq!(post.seconds(30, 5, 20, 0), []);
    let turns = post.seconds(15, 5, 200, 0);
    let [(second, Turn::Raised { since, worst })] = turns[..] else { panic!("{turns:?}") };
    assert_eq!((second, since), (11, post.at(31)), "the first and ten more");
    assert!((0.19..0.21).contains(&worst), "{worst}");
}

#[test]
fn a_second_that_is_fast_again_begins_the_count_anew_and_one_without_calls_does_not() {
    let mut post = Post::with(latency(None, 10, 0));
    assert_eq!(post.seconds(10, 5, 200, 0), []);
    assert_eq!(post.second(5, 20, 0), None);
    assert_eq!(post.seconds(5, 5, 200, 0), []);
    assert_eq!(post.seconds(4, 0, 0, 0), []);
    let turns = post.seconds(3, 5, 200, 0);
    assert!(matches!(turns[..], [(2, Turn::Raised { since, .. })] if since == post.at(12)), "{turns:?}");
}

#[test]
fn an_alert_goes_on_over_a_short_calm_gets_worse_and_ends_with_when_it_was_last_so() {
    let mut post = Post::with(latency(None, 5, 0));
    assert_eq!(post.seconds(6, 5, 200, 0).len(), 1);
    assert_eq!(post.seconds(9, 5, 20, 0), [], "a calm of nine seconds");
    let turns = post.seconds(1, 5, 400, 0);
    assert!(matches!(turns[..], [(1, Turn::Worse(worst))] if worst > 0.39), "{turns:?}");
    assert_eq!(post.seconds(20, 5, 20, 0), [(10, Turn::Over { last: post.at(16) })]);
    assert_eq!(post.watch.due, None);
}

#[test]
fn an_alert_of_a_server_that_nobody_calls_any_more_ends_by_the_clock() {
    let mut post = Post::with(latency(None, 5, 0));
    post.seconds(6, 5, 200, 0);
    assert_eq!(post.watch.due, Some(post.at(16)), "it says when it is to be looked at");
    post.pass(10);
    assert_eq!(post.look(false), Some(Turn::Over { last: post.at(6) }));
}

#[test]
fn a_latency_of_few_calls_is_no_alert() {
    let mut post = Post::with(latency(None, 3, 20));
    assert_eq!(post.seconds(9, 2, 200, 0), []);
    assert_eq!(post.second(2, 200, 0), Some(Turn::Raised { since: post.at(1), worst: worst(&post) }));
}

fn worst(post: &Post) -> f64 {
    Percentile::P99.of_histogram(&post.history.latest(None).unwrap().latency).unwrap()
}

#[test]
fn one_failure_of_one_call_is_no_alert() {
    let mut post = Post::with(Condition::Errors(errors(5.0, 30, 10)));
    assert_eq!(post.second(1, 1, 1), None);
    assert_eq!(post.seconds(8, 1, 1, 0), [], "one of nine");
    assert_eq!(post.second(1, 1, 0), Some(Turn::Raised { since: post.at(10), worst: 10.0 }), "one of ten");
}

#[test]
fn a_share_at_the_edge_does_not_flap() {
    let mut post = Post::with(Condition::Errors(errors(10.0, 5, 1)));
    let mut turns = Vec::new();
    // 10.9 % and 9 %, which is below the limit and above four fifths of it.
    for failed in [12, 9, 12, 9, 9, 9, 12, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9] {
        turns.extend(post.second(100, 1, failed));
    }
    assert!(matches!(turns[..], [Turn::Raised { .. }]), "{turns:?}");
    let turns = post.seconds(60, 100, 1, 0);
    assert!(matches!(turns[..], [(_, Turn::Over { .. })]), "{turns:?}");
}

#[test]
fn failures_are_counted_by_code_and_by_procedure() {
    let of_code = |code| Condition::Errors(Errors { code: Some(code), ..errors(5.0, 30, 10) });
    assert!(Post::with(of_code(Code::Unavailable)).second(20, 1, 5).is_some());
    assert!(Post::with(of_code(Code::NotFound)).second(20, 1, 5).is_none());
    let of =
        |path: &str| Condition::Errors(Errors { procedure: Some(path.to_owned()), ..errors(5.0, 30, 10) });
    assert!(Post::with(of(BALANCE)).second(20, 1, 5).is_some());
    assert!(Post::with(of("acme.Ledger/rename")).second(20, 1, 5).is_none());
}

#[test]
fn a_connection_that_is_back_in_time_is_no_alert_and_one_that_stays_away_is() {
    let mut post = Post::with(Condition::Lost(Lost { lasts_s: 10 }));
    post.is_lost = true;
    assert_eq!(post.look(false), None);
    assert_eq!(post.watch.due, Some(post.at(10)));
    post.pass(9);
    post.is_lost = false;
    assert_eq!((post.look(false), post.watch.due), (None, None));
    post.is_lost = true;
    post.look(false);
    post.pass(10);
    assert!(matches!(post.look(false), Some(Turn::Raised { since, .. }) if since == post.at(9)));
    post.pass(30);
    assert_eq!(post.look(false), None, "it is told once");
    post.is_lost = false;
    assert_eq!(post.look(false), Some(Turn::Over { last: post.at(49) }));
}

#[test]
fn a_certificate_is_an_alert_by_its_date_and_by_what_is_left_of_its_life() {
    let rule = Expiry { whose: Whose::Either, within_s: 7 * 86_400, percent_left: 25.0 };
    let looked = |own: Option<(i64, i64)>, server: Option<(i64, i64)>| {
        let mut post = Post::with(Condition::Expiry(rule.clone()));
        let date = post.date;
        let life = |(whole, left)| life(date, whole, left);
        (post.own, post.server) = (own.map(life), server.map(life));
        matches!(post.look(false), Some(Turn::Raised { .. }))
    };
    assert!(!looked(Some((30 * 24, 8 * 24)), None), "a week and a day of thirty");
    assert!(looked(Some((30 * 24, 7 * 24)), None), "a week of thirty days");
    assert!(!looked(Some((24, 8)), None), "one that lives for a day always ends within a week");
    assert!(looked(Some((24, 6)), None), "a quarter of a day");
    assert!(looked(Some((30 * 24, 29 * 24)), Some((30 * 24, 24))), "the server's ends first");
    assert!(looked(Some((24, -1)), None), "it has ended");
}

#[test]
fn a_certificate_is_looked_at_again_in_time_and_the_alert_ends_when_it_is_renewed() {
    let mut post =
        Post::with(Condition::Expiry(Expiry { whose: Whose::Own, within_s: 3600, percent_left: 100.0 }));
    let until = post.date + SignedDuration::from_mins(70);
    let from = post.date;
    post.own = Some(Life::new(from, until, post.date));
    assert_eq!((post.look(false), post.watch.due), (None, Some(post.at(600))));
    post.pass(600);
    post.own = Some(Life::new(from, until, post.date));
    assert!(matches!(post.look(false), Some(Turn::Raised { worst: -3600.0, .. })));
    post.own = None;
    assert_eq!(post.look(false), None, "what is not known is no news");
    post.own = Some(Life::new(post.date, post.date + SignedDuration::from_hours(24), post.date));
    assert!(matches!(post.look(false), Some(Turn::Over { .. })));
}

#[test]
fn the_usual_rules_say_nothing_of_a_server_that_is_well() {
    for rule in Rule::usual() {
        assert!(rule.is_sound());
        let mut post = Post::with(rule.condition);
        post.own = Some(life(post.date, 30 * 24, 29 * 24));
        post.server = Some(life(post.date, 24, 20));
        // Like the demo: every tenth call fails, and some take long.
        assert_eq!(post.seconds(120, 30, 400, 3), []);
    }
}

#[test]
fn a_rule_says_what_it_means() {
    let code = Errors { code: Some(Code::NotFound), percent: 2.5, ..errors(0.0, 90, 1) };
    let expiry = |whose, percent_left| Condition::Expiry(Expiry { whose, within_s: 604_800, percent_left });
    for (condition, words) in [
        (
            latency(Some(BALANCE), 10, 20),
            "p99 of acme.Ledger/balance above 100 ms for 10 s, of at least 20 calls",
        ),
        (latency(None, 60, 0), "p99 of all calls above 100 ms for 1 min"),
        (Condition::Errors(code), "More than 2.5 % of all calls fail with NOT_FOUND over 90 s"),
        (expiry(Whose::Own, 100.0), "My certificate ends within 7 d"),
        (expiry(Whose::Either, 25.0), "A certificate ends within 7 d, in the last 25 % of its life"),
        (Condition::Lost(Lost { lasts_s: 10 }), "Connection lost for 10 s"),
    ] {
        assert_eq!(condition.words(), words);
    }
    let hostile = latency(Some("a/\u{202e}b\n"), 10, 0);
    assert!(hostile.words().contains("a/\\u{202e}b\\n"));
}

#[test]
fn rules_come_back_as_they_were_saved_and_those_of_a_later_version_stay_in_the_file() {
    let mut kept = Kept::default();
    kept.rules
        .known
        .push(Rule { is_on: false, ..Rule::new(Some(target("a:1")), latency(Some(BALANCE), 10, 5)) });
    kept.rules.known.push(Rule::new(
        None,
        Condition::Errors(Errors { code: Some(Code::Aborted), ..errors(2.5, 30, 10) }),
    ));
    let saved = serde_json::to_string(&kept).unwrap();
    assert_eq!(serde_json::from_str::<Kept>(&saved).unwrap(), kept);
    let later = r#"{"rules": [{"alert_of": "phase_of_the_moon", "full": true},
        {"alert_of": "lost", "lasts_s": 5, "new": 1},
        {"alert_of": "lost", "lasts_s": 0}, 7], "loudness": 11}"#;
    let read: Kept = serde_json::from_str(later).unwrap();
    assert_eq!(read.rules(), [Rule::new(None, Condition::Lost(Lost { lasts_s: 5 }))]);
    let again = serde_json::to_string(&read).unwrap();
    assert!(again.contains("phase_of_the_moon"), "{again}");
    assert_eq!(
        serde_json::from_str::<Kept>("{}").unwrap(),
        Kept::default(),
        "a file of before has the usual ones"
    );
    assert_eq!(
        serde_json::from_str::<Kept>(r#"{"rules": []}"#).unwrap().rules(),
        [],
        "who deleted them meant it"
    );
    let many =
        serde_json::json!({ "rules": vec![serde_json::json!({ "alert_of": "lost", "lasts_s": 5 }); 999] });
    assert_eq!(serde_json::from_value::<Kept>(many).unwrap().rules().len(), RULES_MAX);
}

#[test]
fn what_is_typed_becomes_a_rule_or_is_told_at_its_field() {
    let mut draft = Draft { kind: Kind::Latency, ..Draft::default() };
    assert_eq!(
        draft.rule(&[]).unwrap().condition.words(),
        "p99 of all calls above 500 ms for 10 s, of at least 10 calls"
    );
    for (above, lasts, calls, procedure, wrong) in [
        ("5", "10 s", "1", "", Field::Above),
        ("2 h", "10 s", "1", "", Field::Above),
        ("5 ms", "10 ms", "1", "", Field::Lasts),
        ("5 ms", "1 d", "1", "", Field::Lasts),
        ("5 ms", "10 s", "-1", "", Field::Calls),
        ("5 ms", "10 s", "1", "balance", Field::Procedure),
    ] {
        let [above, lasts, calls, procedure] = [above, lasts, calls, procedure].map(str::to_owned);
        let draft = Draft { above, lasts, calls, procedure, ..Draft::default() };
        let told: Vec<Field> = draft.rule(&[]).unwrap_err().into_iter().map(|(field, _)| field).collect();
        assert_eq!(told, [wrong], "{draft:?}");
    }
    draft.kind = Kind::Errors;
    for (percent, is_share) in [("5", true), ("0.5 %", true), ("101", false), ("-1", false), ("NaN", false)] {
        draft.percent = percent.to_owned();
        assert_eq!(draft.rule(&[]).is_ok(), is_share, "{percent}");
    }
}

#[test]
fn a_rule_that_is_edited_begins_as_it_was_and_there_are_no_two_alike() {
    let mut rules = Rule::usual();
    rules.push(Rule::new(Some(target("a:1")), latency(Some(BALANCE), 90, 5)));
    for (at, rule) in rules.iter().enumerate() {
        let draft = Draft::of(rule, at);
        assert_eq!(draft.rule(&rules), Ok(rule.clone()));
        let copy = Draft { replaces: None, ..draft };
        assert_eq!(copy.rule(&rules).unwrap_err()[0].0, Field::Rule);
    }
}

#[test]
fn a_rule_about_what_is_seen_begins_with_twice_that() {
    for (seconds, above) in [(0.0123, "25 ms"), (0.0004, "800 µs"), (1.9, "3800 ms"), (1e9, "3600 s")] {
        let draft = Draft::about(None, Some(BALANCE), Percentile::P50, Some(seconds), 0.031);
        assert_eq!((&*draft.above, &*draft.percent, &*draft.procedure), (above, "7", BALANCE));
        assert!(draft.rule(&[]).is_ok());
    }
    assert!(Draft::about(None, None, Percentile::P99, None, 0.0).rule(&[]).is_ok(), "nobody called it yet");
}

#[test]
fn what_is_over_is_listed_latest_first_and_so_many_at_most() {
    let mut log = Log::default();
    let now = Instant::now();
    for number in 0..PAST_MAX as u64 + 10 {
        let alert = Alert {
            id: AlertId::default(),
            rule: Rule::new(None, Condition::Lost(Lost { lasts_s: 1 })),
            tab: TabId(number),
            server: String::new(),
            began: now,
            date: Timestamp::UNIX_EPOCH,
            worst: 0.0,
            ended: None,
            is_known: false,
        };
        log.raise(alert);
        log.end(now, |alert| alert.tab == TabId(number));
    }
    assert_eq!((log.active.len(), log.past.len()), (0, PAST_MAX));
    assert!(log.past.iter().is_sorted_by_key(|alert| std::cmp::Reverse(alert.id)));
}

#[test]
fn the_desktop_is_told_so_much_in_a_minute_and_no_more() {
    let (mut budget, now) = (Budget::default(), Instant::now());
    let notice = Notice { title: "Alert: stage".to_owned(), body: "Connection lost for 10 s".to_owned() };
    let told: Vec<Notice> = (0..20).filter_map(|_| budget.spend(now, notice.clone())).collect();
    assert_eq!(told.len(), NOTICES_A_MINUTE);
    assert_eq!(told[0], notice);
    assert!(told[NOTICES_A_MINUTE - 1].body.contains("in the window alone"));
    assert_eq!(budget.spend(now + Duration::from_secs(59), notice.clone()), None);
    assert_eq!(budget.spend(now + Duration::from_secs(60), notice.clone()), Some(notice));
}
