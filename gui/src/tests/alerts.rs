//! Alerts: told, listed, and led back to what happened; rules written, changed and switched off.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::{SignedDuration, Timestamp};

use super::stage::{Stage, desk, ledger, session, target};
use crate::exchange::{Order, TabNews, Update};
use crate::model::alerts::rule::{Condition, Latency, Rule};
use crate::model::alerts::{Notice, TOLD_FOR};
use crate::model::clock::Clock;
use crate::model::connection::{Failure, Retry};
use crate::model::history::Percentile;
use crate::model::settings::Settings;
use crate::model::tab::TabId;
use crate::model::view::{Page, Scope};
use crate::worker;
use crate::{Dashboard, Desk, Opening};

const BALANCE: &str = "acme.Ledger/balance";
const LOST: &str = "Connection lost for 10 s";

impl Stage {
    /// A window that is connected, where time passes when it is told to.
    fn still() -> Self {
        let mut stage = Self::connected(ledger());
        let now = Instant::now();
        stage.window.state_mut().still = Some(now);
        stage.window.state_mut().model.clock = Clock::At(Timestamp::now());
        stage
    }

    fn pass(&mut self, time: Duration) {
        let still = self.now() + time;
        self.window.state_mut().still = Some(still);
        let date = self.window.state().model.clock.now() + SignedDuration::try_from(time).unwrap();
        self.window.state_mut().model.clock = Clock::At(date);
        self.settle();
    }

    /// The server goes away, and stays away.
    fn lose(&mut self, tab: TabId) {
        let failure = Failure::new("The server is gone.", "");
        self.tell_tab(tab, TabNews::Reconnecting(Retry { failure, attempt: 1, next: None }));
        self.pass(Duration::from_secs(10));
    }

    fn shown_tab(&self) -> TabId {
        self.window.state().model.tab().id
    }

    /// So many seconds, in each of which calls took so long.
    fn slow(&mut self, seconds: u64, took_ms: u64) {
        for _ in 0..seconds {
            self.pass(Duration::from_secs(1));
            self.count(BALANCE, 10, Duration::from_millis(took_ms), None);
        }
    }

    /// What the bell says to those who do not see it.
    fn bell(&self) -> String {
        let bell = self.window.get_by_role_and_label(Role::Button, "Alerts");
        bell.accesskit_node().description().unwrap_or_default()
    }

    fn described_tab(&self, tab: &str) -> String {
        let tab = self.window.get_by_role_and_label(Role::Tab, tab);
        tab.accesskit_node().description().unwrap_or_default()
    }

    fn has_button(&self, words: &str) -> bool {
        self.window
            .query_all_by_role(Role::Button)
            .any(|button| button.accesskit_node().label().is_some_and(|label| label.contains(words)))
    }

    /// The rules that were saved last, if any were.
    fn saved_rules(&mut self) -> Option<Vec<Rule>> {
        let mut saved = None;
        while let Some(order) = self.any_order() {
            if let Order::Save(settings) = order {
                saved = Some(settings.alerts.rules().to_vec());
            }
        }
        saved
    }

    fn notices(&mut self) -> Vec<Notice> {
        let orders = std::iter::from_fn(|| self.any_order());
        orders
            .filter_map(|order| if let Order::Notify(notice) = order { Some(notice) } else { None })
            .collect()
    }

    fn rules(&self) -> &[Rule] {
        self.window.state().model.settings.alerts.rules()
    }
}

fn slower_than_100_ms() -> Rule {
    Rule::new(
        None,
        Condition::Latency(Latency {
            procedure: Some(BALANCE.to_owned()),
            percentile: Percentile::P99,
            above_us: 100_000,
            lasts_s: 5,
            calls: 0,
        }),
    )
}

/// Pages with alerts on them: those that go on and those that are over beside the rules, a rule that is written, and a
/// new alert over everything else.
pub(super) fn pages() -> [(&'static str, Stage); 3] {
    let mut listed = slow_stage();
    listed.slow(20, 20);
    let tab = listed.shown_tab();
    listed.lose(tab);
    listed.keys(Key::B);
    let mut written = Stage::still();
    written.keys(Key::B);
    written.click("New alert rule…");
    written.fill("Procedure", "bal");
    [("alerts", listed), ("alert rule", written), ("new alert", slow_stage())]
}

/// A stage on which a latency has been an alert for a while.
fn slow_stage() -> Stage {
    let mut stage = Stage::still();
    stage.window.state_mut().model.settings.alerts.rules.known.push(slower_than_100_ms());
    stage.slow(8, 200);
    stage
}

#[test]
fn a_connection_that_stays_away_is_told_over_everything_by_the_bell_and_by_its_tab() {
    let mut stage = Stage::still();
    assert_eq!(stage.bell(), "no alert goes on");
    let tab = stage.shown_tab();
    stage.lose(tab);
    assert_eq!(stage.bell(), "1 alert goes on");
    assert_eq!(stage.described_tab("localhost:7443"), "reconnecting, 1 alert");
    assert!(stage.shows(LOST), "a new one is shown over everything else");
    stage.pass(TOLD_FOR);
    assert!(!stage.shows(LOST), "for a while");
    assert_eq!(stage.bell(), "1 alert goes on");
    stage.tell(TabNews::Connected(session()));
    assert_eq!(stage.bell(), "no alert goes on");
    stage.click("Alerts");
    assert!(stage.has_button(&format!("{LOST}, localhost:7443 · ")), "what is over stays listed");
    assert!(stage.has_button(", over, lasted 20 s"));
}

#[test]
fn a_connection_that_is_back_in_time_is_not_told() {
    let mut stage = Stage::still();
    let failure = Failure::new("The server is gone.", "");
    stage.tell(TabNews::Reconnecting(Retry { failure, attempt: 1, next: None }));
    stage.pass(Duration::from_secs(9));
    stage.tell(TabNews::Connected(session()));
    stage.pass(Duration::from_secs(9));
    stage.click("Alerts");
    assert!(stage.shows("No alert so far"));
}

#[test]
fn a_server_in_the_background_is_watched_too_and_its_alert_leads_there() {
    let mut stage = Stage::still();
    let first = stage.shown_tab();
    stage.click("New tab");
    stage.lose(first);
    assert_eq!(stage.described_tab("localhost:7443"), "reconnecting, 1 alert");
    stage.click(&format!("Show what happened: {LOST}"));
    let tab = stage.window.state().model.tab();
    assert_eq!((tab.id, tab.page, tab.scope), (first, Page::Graphs, Scope::All));
}

#[test]
fn a_latency_above_its_limit_is_told_with_the_worst_and_leads_to_the_graphs_of_that_moment() {
    let mut stage = slow_stage();
    assert!(stage.shows("p99 of acme.Ledger/balance above 100 ms for 5 s"));
    stage.slow(1, 400);
    stage.slow(15, 20);
    assert_eq!(stage.bell(), "no alert goes on");
    stage.keys(Key::B);
    let row = "p99 of acme.Ledger/balance above 100 ms for 5 s, localhost:7443 · ";
    let ended = stage.window.state().model.alerts.log.past[0].clone();
    assert!((0.39..0.41).contains(&ended.worst), "{}", ended.worst);
    let worst = format!(", over, {}, lasted", ended.worst_words());
    assert!(stage.has_button(row) && stage.has_button(&worst), "the worst is listed");
    assert_eq!(ended.lasted(stage.now()), Duration::from_secs(8), "from the first second to the last");
    let label = stage
        .window
        .query_all_by_role(Role::Button)
        .find_map(|button| button.accesskit_node().label().filter(|label| label.starts_with(row)));
    stage.click(&label.unwrap());
    let tab = stage.window.state().model.tab();
    assert_eq!(
        (tab.page, tab.scope, tab.selected.as_deref()),
        (Page::Graphs, Scope::Selected, Some(BALANCE))
    );
    let zoom = tab.graphs.zoom.unwrap();
    assert!(
        zoom.meets(ended.began, ended.ended.unwrap()) && zoom.length < Duration::from_secs(120),
        "{zoom:?}"
    );
}

#[test]
fn failing_calls_are_told_once_most_of_enough_fail() {
    let mut stage = Stage::still();
    for _ in 0..4 {
        stage.pass(Duration::from_secs(1));
        stage.count(BALANCE, 4, Duration::from_millis(1), Some("UNAVAILABLE"));
    }
    assert_eq!(stage.bell(), "no alert goes on", "sixteen calls are few");
    stage.pass(Duration::from_secs(1));
    stage.count(BALANCE, 4, Duration::from_millis(1), Some("UNAVAILABLE"));
    assert_eq!(stage.bell(), "1 alert goes on");
    assert!(stage.shows("More than 50 % of all calls fail over 30 s, of at least 20 calls"));
    assert!(stage.shows("100 % failed"));
}

#[test]
fn a_certificate_that_ends_soon_is_told_and_leads_to_the_certificates() {
    let mut stage = Stage::still();
    let mut session = session();
    let date = stage.window.state().model.clock.now();
    session.peer.not_after = date + SignedDuration::from_mins(1);
    session.peer.not_before = date - SignedDuration::from_hours(24);
    stage.tell(TabNews::Connected(session));
    let words = "A certificate ends within 7 d, in the last 25 % of its life";
    assert!(stage.shows(words) && stage.shows("1 min 0 s left"));
    stage.click(&format!("Show what happened: {words}"));
    assert_eq!(stage.window.state().model.tab().page, Page::Certificates);
}

#[test]
fn an_alert_is_acknowledged_muted_and_cleared() {
    let mut stage = slow_stage();
    stage.click("Alerts");
    let words = "p99 of acme.Ledger/balance above 100 ms for 5 s";
    stage.click(&format!("Acknowledge: {words}"));
    assert_eq!(stage.bell(), "no alert goes on");
    assert!(stage.has_button(", acknowledged, p99 "), "it goes on, and is listed");
    stage.slow(20, 20);
    stage.slow(8, 200);
    assert_eq!(stage.bell(), "1 alert goes on", "the next one is another one");
    stage.click(&format!("Mute for 1 h: {words}"));
    assert_eq!(stage.bell(), "no alert goes on");
    assert!(stage.shows("All servers · muted for 60 min"));
    stage.slow(20, 20);
    stage.click("Back");
    stage.slow(8, 200);
    assert!(!stage.shows(words), "of a muted rule nothing is shown");
    stage.click("Alerts");
    stage.click(&format!("Unmute rule: {words}"));
    assert_eq!(stage.bell(), "1 alert goes on");
    stage.click("Clear past alerts");
    assert!(stage.window.state().model.alerts.log.past.is_empty());
    assert!(stage.shows("1 goes on"));
}

#[test]
fn a_rule_is_muted_for_an_hour_and_no_longer() {
    let mut stage = Stage::still();
    let tab = stage.shown_tab();
    stage.lose(tab);
    stage.click("Alerts");
    stage.click(&format!("Mute for 1 h rule: {LOST}"));
    assert_eq!(stage.bell(), "no alert goes on");
    stage.pass(Duration::from_secs(3599));
    assert_eq!(stage.bell(), "no alert goes on");
    stage.pass(Duration::from_secs(1));
    assert_eq!(stage.bell(), "1 alert goes on");
}

#[test]
fn one_click_where_one_looks_begins_a_rule_with_twice_what_is_there() {
    let mut stage = Stage::still();
    stage.slow(5, 20);
    stage.saved_rules();
    stage.click("Alert me…");
    let words = "p99 of acme.Ledger/balance above 41 ms for 10 s, of at least 10 calls · localhost:7443";
    assert!(stage.shows(words), "what it means is said");
    stage.click("Save rule");
    let saved = stage.saved_rules().unwrap();
    let rule = saved.last().unwrap();
    assert_eq!(rule.server, Some(target("localhost:7443")));
    stage.slow(11, 100);
    assert_eq!(stage.bell(), "1 alert goes on");
}

#[test]
fn a_rule_about_failures_begins_with_twice_the_share_that_fails() {
    let mut stage = Stage::still();
    stage.slow(3, 20);
    stage.pass(Duration::from_secs(1));
    stage.count(BALANCE, 10, Duration::from_millis(1), Some("ABORTED"));
    stage.click("Alert me…");
    stage.click("Errors");
    assert!(stage.shows("More than 50 % of acme.Ledger/balance calls fail over 10 s"), "a quarter fails");
}

#[test]
fn a_mistake_in_a_rule_is_told_at_its_field_and_cannot_be_saved() {
    let mut stage = Stage::still();
    stage.click("Alerts");
    stage.click("New alert rule…");
    stage.window.state_mut().model.alerts.draft.as_mut().unwrap().above.clear();
    stage.settle();
    stage.fill("Above", "five");
    assert!(stage.shows("Write a time with its unit, such as 500 ms"));
    assert!(stage.control("Save rule").accesskit_node().is_disabled());
    stage.window.state_mut().model.alerts.draft.as_mut().unwrap().above.clear();
    stage.settle();
    stage.fill("Above", "5 ms");
    assert!(!stage.shows("Write a time with its unit"));
    stage.click("Save rule");
    assert_eq!(stage.rules().len(), Rule::usual().len() + 1);
}

#[test]
fn rules_are_changed_switched_off_and_deleted_and_their_alerts_end_with_them() {
    let mut stage = Stage::still();
    let tab = stage.shown_tab();
    stage.lose(tab);
    stage.click("Alerts");
    stage.saved_rules();
    stage.press(&format!("In force: {LOST}"));
    assert_eq!((stage.bell(), stage.saved_rules().unwrap()[0].is_on), ("no alert goes on".to_owned(), false));
    stage.press(&format!("In force: {LOST}"));
    stage.click(&format!("Edit… rule: {LOST}"));
    stage.window.state_mut().model.alerts.draft.as_mut().unwrap().lasts.clear();
    stage.settle();
    stage.fill("Longer than", "1 min");
    stage.click("Save rule");
    assert!(stage.shows("Connection lost for 1 min"));
    let before = stage.saved_rules().unwrap().len();
    stage.click("Delete rule: Connection lost for 1 min");
    assert_eq!(stage.saved_rules().unwrap().len(), before - 1);
    stage.pass(Duration::from_secs(600));
    assert_eq!(stage.bell(), "no alert goes on");
}

#[test]
fn a_rule_of_one_server_says_nothing_of_another() {
    let mut stage = Stage::still();
    for rule in &mut stage.window.state_mut().model.settings.alerts.rules.known {
        rule.server = Some(target("elsewhere:1"));
    }
    let tab = stage.shown_tab();
    stage.lose(tab);
    assert_eq!(stage.bell(), "no alert goes on");
}

#[test]
fn whoever_leaves_a_server_or_closes_its_tab_hears_no_more_of_it() {
    let mut stage = Stage::still();
    let tab = stage.shown_tab();
    stage.lose(tab);
    assert_eq!(stage.bell(), "1 alert goes on");
    stage.click("Disconnect");
    assert_eq!(stage.bell(), "no alert goes on");
    stage.click("Connect");
    while stage.any_order().is_some() {}
    stage.tell(TabNews::Connected(session()));
    stage.lose(tab);
    assert_eq!(stage.bell(), "1 alert goes on");
    stage.click("New tab");
    stage.click("Close localhost:7443");
    assert_eq!(stage.bell(), "no alert goes on");
}

#[test]
fn the_desktop_is_told_only_where_that_is_switched_on() {
    let mut stage = Stage::still();
    let tab = stage.shown_tab();
    stage.lose(tab);
    assert_eq!(stage.notices(), [], "it is off until somebody switches it on");
    stage.tell(TabNews::Connected(session()));
    stage.click("Alerts");
    stage.press("Tell new alerts as desktop notifications");
    let first = stage.notices();
    assert_eq!(first.len(), 1, "whoever switches it on sees at once whether it works");
    stage.lose(tab);
    let told = Notice { title: "Alert: localhost:7443".to_owned(), body: LOST.to_owned() };
    assert_eq!(stage.notices(), [told]);
    stage.tell_window(Update::Untold(Failure::new("Nobody listens.", "")));
    assert!(stage.shows("Nobody listens."));
}

#[test]
fn what_the_desktop_is_told_of_a_server_is_escaped_and_clipped() {
    let mut stage = Stage::still();
    let hostile = format!("{}/{}", "\u{202e}evil\n".repeat(9), "x".repeat(380));
    let settings = &mut stage.window.state_mut().model.settings;
    settings.alerts.on_desktop = true;
    let condition = Condition::Latency(Latency {
        procedure: Some(crate::text::line(&hostile, 400)),
        percentile: Percentile::P50,
        above_us: 1,
        lasts_s: 1,
        calls: 0,
    });
    settings.alerts.rules.known = vec![Rule::new(None, condition)];
    for _ in 0..3 {
        stage.pass(Duration::from_secs(1));
        stage.count(&hostile, 10, Duration::from_millis(5), None);
    }
    let told = stage.notices();
    assert_eq!(told.len(), 1);
    assert!(!told[0].body.contains('\u{202e}') && told[0].body.lines().count() == 2, "{told:?}");
    assert!(told[0].body.chars().count() < 300, "{told:?}");
}

#[test]
fn the_worker_tells_the_desktop_and_says_once_that_it_does_not_listen() {
    let (said, heard) = (Arc::new(Mutex::new(Vec::new())), channel());
    let record = said.clone();
    let desk = Desk {
        notify: Arc::new(move |notice: &Notice| {
            record.lock().unwrap().push(notice.body.clone());
            Err("no service\u{202e}".to_owned())
        }),
        ..desk(heard.0)
    };
    let (orders, updates, _quiet) = worker::start(desk).unwrap();
    for body in ["first", "second"] {
        let notice = Notice { title: "Alert: stage".to_owned(), body: body.to_owned() };
        orders.send(Order::Notify(notice)).unwrap();
    }
    let failure = loop {
        heard.1.recv().unwrap();
        if let Ok(Update::Untold(failure)) = updates.try_recv() {
            break failure;
        }
    };
    assert_eq!(failure.reason, "The desktop cannot be told of alerts: no service\\u{202e}.");
    // The demo is what the worker tells of next: by then it would have said it twice.
    while said.lock().unwrap().len() < 2 {
        std::thread::yield_now();
    }
    drop(orders);
    let more = std::iter::from_fn(|| updates.recv().ok());
    assert!(!more.into_iter().any(|update| matches!(update, Update::Untold(_))));
}

#[test]
fn an_idle_window_is_drawn_for_nothing_but_what_is_due() {
    let mut stage = Stage::still();
    assert!(stage.window.state().due().is_none_or(|due| due > Duration::from_secs(3000)));
    let failure = Failure::new("The server is gone.", "");
    stage.tell(TabNews::Reconnecting(Retry { failure, attempt: 1, next: None }));
    assert_eq!(stage.window.state().due(), Some(Duration::from_secs(10)), "until it is an alert");
    stage.pass(Duration::from_secs(10));
    assert_eq!(stage.window.state().due(), Some(TOLD_FOR), "until it is shown no longer");
}

#[test]
fn rules_and_the_switch_come_back_in_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dashboard.json");
    let mut settings = Settings::default();
    settings.alerts.rules.known = vec![slower_than_100_ms()];
    settings.alerts.on_desktop = true;
    settings.save(&file).unwrap();
    assert_eq!(Settings::load(&file).unwrap(), settings);
    let target = target("");
    let (ring, _bell) = channel();
    let desk = Desk { settings_file: Some(file), ..desk(ring) };
    let dashboard = Dashboard::start(desk, Opening::Server(target)).unwrap();
    assert_eq!(dashboard.model.settings.alerts, settings.alerts);
}
