//! What is told while it is looked at: connections, traces, identities; and many servers at once.

use std::time::Instant;

use countersign::builtin::connections::ConnectionInfo;
use countersign::builtin::identity::ServerIdentity;
use countersign::builtin::trace::TracedCall;
use countersign_certs::authority::Request;
use countersign_certs::{Authority, TrustDomain, Watched};
use serde_json::{Value as Json, json};

use super::super::{Rehearsal, Watch, session, told};
use super::cases::{Case, act, come, rest, window};
use super::{count_on, counters, megabyte};
use crate::command::Command;
use crate::exchange::TabNews;
use crate::model::TABS_MAX;
use crate::model::connections::{self, CONNECTIONS_MAX, Listing};
use crate::model::history::MOST_PROCEDURES;
use crate::model::identity::Identity;
use crate::model::server::Server;
use crate::model::tab::TabId;
use crate::model::traces::{self, TRACES_MAX, Trace};
use crate::model::view::Page;
use crate::worker;

pub(super) const CONNECTIONS: Case = Case { name: "10,000 connections of hostile peers", run: connections };
pub(super) const TRACES: Case = Case { name: "traces with messages of megabytes", run: traces };
pub(super) const IDENTITY: Case = Case { name: "an identity full of warnings", run: identity };
pub(super) const TABS: Case = Case { name: "counters of 32 servers in one frame", run: tabs };

/// A moment that is one.
const MOMENT: &str = "2026-11-22T12:00:00Z";

/// What a server says of so many connections.
pub(crate) fn peers(count: usize) -> Vec<ConnectionInfo> {
    let text = format!("spiffe://{}", megabyte().chars().take(300).collect::<String>());
    let peer = |i: usize| {
        json!({
            "number": i, "peer": format!("{text}{i}"), "address": "[::1]:1", "age_ms": u64::MAX - i as u64,
            "cipher": text, "key_exchange": text, "fingerprint": text, "not_after": text,
            "calls_open": u64::MAX, "calls": u64::MAX, "bytes_in": u64::MAX, "bytes_out": i % 7,
        })
    };
    (0..count).filter_map(|i| serde_json::from_value(peer(i)).ok()).collect()
}

/// What a server says of so many slow and failed calls, each with a text of megabytes where it can have one.
pub(crate) fn calls(count: usize) -> Vec<TracedCall> {
    let text: String = megabyte().chars().take(8000).collect();
    let call = |i: usize| {
        json!({
            "procedure": text, "peer": text, "code": text, "message": text, "started": MOMENT,
            "age_us": i * 1000, "total_us": u64::MAX, "queue_us": u64::MAX, "handler_us": i, "decode_us": 0,
            "write_us": u64::MAX, "bytes_in": u64::MAX, "bytes_out": u64::MAX,
        })
    };
    (0..count).filter_map(|i| serde_json::from_value(call(i)).ok()).collect()
}

/// What a server says of itself that has nothing good to say.
pub(crate) fn confession() -> Option<ServerIdentity> {
    let text = megabyte();
    let list = json!({ "issuer": text, "this_update": MOMENT, "next_update": MOMENT, "revoked": u64::MAX });
    let domain = json!({ "domain": text, "roots": 1, "crls": vec![list; 20], "accepts_stale_crls": false });
    let reloads: Json = json!({ "since": MOMENT, "replaced": 0, "failed": 1, "failure": text });
    let said = json!({
        "id": text, "fingerprint": text, "not_before": MOMENT, "not_after": MOMENT,
        "domains": vec![domain; 20], "warnings": vec![text; 100], "credentials": reloads, "policy": reloads,
    });
    serde_json::from_value(said).ok()
}

fn connections(watch: &mut Watch) {
    use connections::Column;

    let mut window = window();
    act(&mut window, watch, Command::Show(Page::Connections));
    for _ in 0..3 {
        watch.note(&"listed");
        let said = peers(CONNECTIONS_MAX + 1000);
        let listed = watch.work(|| Listing::new(said, Instant::now()));
        come(&mut window, watch, TabNews::Connections(Ok(listed)));
    }
    for column in [Column::Peer, Column::Address, Column::Expiry, Column::Sent, Column::Age] {
        act(&mut window, watch, Command::SortConnections(column));
    }
    look_through(&mut window, watch, "Filter connections");
    act(&mut window, watch, Command::AskToClose(7));
    let found = window.dashboard.model.tab().connections.shown();
    assert!(found > 0, "some were found");
}

fn traces(watch: &mut Watch) {
    use traces::Column;

    let mut window = window();
    act(&mut window, watch, Command::Show(Page::Traces));
    for _ in 0..3 {
        watch.note(&"listed");
        let said = calls(TRACES_MAX as usize * 2);
        let listed = watch.work(|| {
            let now = Instant::now();
            said.iter().take(TRACES_MAX as usize).map(|call| Trace::of(call, now)).collect()
        });
        come(&mut window, watch, TabNews::Traces(None, Ok(listed)));
    }
    for column in [Column::Status, Column::Procedure, Column::Peer, Column::Took, Column::Time] {
        act(&mut window, watch, Command::SortTraces(column));
    }
    act(&mut window, watch, Command::LookAtTrace(3));
    look_through(&mut window, watch, "Filter traces");
    assert!(window.dashboard.model.tab().traces.chosen.is_some(), "one is looked into");
}

/// Somebody scrolls through the table, and filters it by letters and by far too many of them.
fn look_through(window: &mut Rehearsal, watch: &mut Watch, filter: &str) {
    for by in [-3000.0, -1e7, 1e7] {
        watch.frame(|| window.scroll_at(egui::pos2(600.0, 400.0), by));
    }
    assert!(window.click(filter), "{filter} is there");
    for letters in ["e", "v", "i", "l", " ", "u", "2", &"evil \u{301}".repeat(20_000)] {
        watch.note(&letters);
        watch.frame(|| window.type_text(letters));
        rest(window, watch);
    }
    (0..20).for_each(|_| watch.frame(|| window.press(egui::Key::Backspace)));
    watch.frame(|| window.press_with_command(egui::Key::A));
    watch.frame(|| window.press(egui::Key::Backspace));
    rest(window, watch);
}

/// Our own identity, which is asked for where that of the server is shown.
pub(crate) fn own() -> TabNews {
    let request = Request::client("alice".parse().expect("it is a name"));
    let authority = Authority::in_memory(&TrustDomain::default()).expect("it takes no file");
    let issued = authority.issue(&request).expect("it may");
    let credentials = issued.credentials().clone();
    let identity = Identity::of(&credentials, &Watched::fixed(credentials.clone()).report());
    TabNews::Identity("pki/alice".to_owned(), Ok(Box::new(identity)), Vec::new())
}

fn identity(watch: &mut Watch) {
    let mut window = window();
    window.tell(Instant::now(), own());
    let said = confession().expect("it is an identity");
    let server = watch.work(|| Box::new(Server::of(&said)));
    come(&mut window, watch, TabNews::Server(Ok(server)));
    act(&mut window, watch, Command::Show(Page::Certificates));
    for _ in 0..3 {
        watch.frame(|| window.scroll_at(egui::pos2(600.0, 400.0), -3000.0));
    }
}

fn tabs(watch: &mut Watch) {
    let mut window = window();
    let mut counters = counters(MOST_PROCEDURES);
    for tab in 1..TABS_MAX as u64 {
        window.wish(Command::NewTab);
        let target = &mut window.dashboard.model.tab_mut().entry.target;
        target.address = format!("{}:{tab}", "W\u{202e}".repeat(500));
        target.identity = "\u{202e}".repeat(500);
        window.wish(Command::Connect);
        window.tell_window(told(TabId(tab), Instant::now(), TabNews::Connected(session())));
    }
    watch.note(&"counters");
    for _ in 0..4 {
        count_on(&mut counters, 30);
        let tame = worker::tame(counters.clone());
        for tab in 0..TABS_MAX as u64 {
            window.send(told(TabId(tab), Instant::now(), TabNews::Stats(Ok(tame.clone()))));
        }
        for _ in 0..TABS_MAX {
            watch.frame(|| window.rest());
        }
    }
    for _ in 0..TABS_MAX {
        act(&mut window, watch, Command::NextTab);
    }
}
