//! What is shown can be taken along: tables, rows, and what went wrong.

use std::time::Duration;

use countersign::Code;
use countersign::cbor::{Value, to_vec};
use countersign_certs::Watched;
use egui::{Key, PointerButton, vec2};
use egui_kittest::kittest::Queryable as _;

use super::forms::first_containing;
use super::identity::server;
use super::journal::made;
use super::stage::{Stage, ledger};
use super::streams::feed;
use super::watching::{connection, trace};
use crate::exchange::TabNews;
use crate::model::calls::Ended;
use crate::model::connection::Failure;
use crate::model::identity::Identity;
use crate::model::reply::{Body, Problem, ProblemKind};

impl Stage {
    /// What an entry of a row's menu puts on the clipboard.
    fn copied_of(&mut self, row: &str, entry: &str) -> String {
        let row = first_containing(&self.window, row).rect();
        self.press_at(row.left_center() + vec2(20.0, 0.0), PointerButton::Secondary);
        self.copied(entry)
    }
}

#[test]
fn tables_are_copied_as_they_are_sorted_and_filtered() {
    let mut stage = Stage::with_connections(vec![connection(1, "ann"), connection(2, "me")]);
    stage.type_into("Filter connections", "ann");
    let table = stage.copied("Copy table");
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    assert!(lines[0].starts_with("SPIFFE ID\taddress\tfingerprint\t"), "{table}");
    assert!(lines[1].starts_with("spiffe://acme.internal/ann\t127.0.0.1:4001\t9f9f"), "{table}");
}

#[test]
fn ids_addresses_fingerprints_and_rows_are_copied_by_the_right_button() {
    let mut stage = Stage::with_connections(vec![connection(1, "ann")]);
    for (entry, copied) in [
        ("Copy SPIFFE ID", "spiffe://acme.internal/ann".to_owned()),
        ("Copy address", "127.0.0.1:4001".to_owned()),
        ("Copy fingerprint", "9f".repeat(32)),
    ] {
        assert_eq!(stage.copied_of("spiffe://acme.internal/ann from", entry), copied);
    }
    let json = stage.copied_of("spiffe://acme.internal/ann from", "Copy row as JSON");
    assert!(json.contains(r#""SPIFFE ID":"spiffe://acme.internal/ann""#), "{json}");
    let mut stage =
        Stage::with_traces(vec![trace("acme.Ledger/rename", "NOT_FOUND", 2500, Duration::from_secs(1))]);
    let row = stage.copied_of("acme.Ledger/rename, 2.5 ms", "Copy row");
    assert!(row.starts_with("acme.Ledger/rename\tspiffe://acme.internal/ann\tNOT_FOUND\tno such"), "{row}");
}

#[test]
fn an_item_of_a_stream_is_copied_by_the_right_button() {
    let mut stage = Stage::connected(feed());
    let call = stage.start();
    stage.receive(&call, 1, 3);
    for (entry, copied) in [
        ("Copy value", "{\"n\": 2}"),
        ("Copy bytes in hex", "a1616e02"),
        ("Copy row", "2\t0.00 s\t{\"n\": 2}\ta1616e02"),
    ] {
        assert_eq!(stage.copied_of("Item 2, 0.00 s", entry), copied);
    }
    assert_eq!(stage.order(), None, "nothing is looked into for that");
}

#[test]
fn a_call_of_the_history_is_copied_by_the_right_button_and_its_request_and_reply_by_themselves() {
    let mut stage = Stage::with_history(made());
    // High enough for all of a call.
    stage.window.set_size(vec2(1280.0, 1400.0));
    stage.settle();
    let row = stage.copied_of("acme.Ledger/balance NOT_FOUND", "Copy row");
    assert!(row.starts_with("acme.Ledger/balance\tlocalhost:7443\t/home/me/pki/alice\t2026-11-20T"), "{row}");
    assert!(row.contains("\tNOT_FOUND\tno such account\t{\"account\": \"Zürich\"}"), "{row}");
    stage.window.get_by_label_contains("acme.Ledger/balance NOT_FOUND").click();
    stage.settle();
    assert_eq!(stage.copied("Copy Request"), "{\"account\": \"Zürich\"}");
    assert_eq!(stage.copied("Copy Error"), "NOT_FOUND: no such account");
    stage.window.get_by_label_contains("acme.Ledger/balance OK").click();
    stage.settle();
    assert_eq!(stage.copied("Copy Reply"), "3.5");
}

#[test]
fn a_root_that_is_trusted_is_copied_with_its_fingerprint() {
    let mut stage = Stage::connected(ledger());
    let alice = server();
    stage.tell_identity(&alice);
    stage.keys(Key::I);
    let root = stage.copied("Copy Root of countersign.internal");
    let fingerprint = Identity::of(&alice, &Watched::fixed(alice.clone()).report()).domains[0].roots[0]
        .fingerprint()
        .to_owned();
    assert!(root.starts_with("A certificate of the authority") && root.contains(&fingerprint), "{root}");
}

#[test]
fn a_stream_that_failed_is_copied_with_its_status_message_and_details() {
    let mut stage = Stage::connected(feed());
    let call = stage.start();
    stage.receive(&call, 1, 3);
    let fault = Body::new(to_vec(&Value::Text("sold out".to_owned())).unwrap(), None).unwrap();
    let problem = Problem {
        fault: Some(Box::new(fault)),
        advice: "Trying again may help.".to_owned(),
        ..Problem::new(ProblemKind::Status(Code::Unavailable), "no tea is left")
    };
    stage.tell(TabNews::Ended(call.number, Ended::alone(Duration::from_secs(2), Err(problem))));
    let copied = "UNAVAILABLE: no tea is left\nTrying again may help.\nFault: \"sold out\"";
    assert_eq!(stage.copied("Copy Error"), copied);
}

#[test]
fn what_went_wrong_is_copied_with_what_to_do_about_it() {
    let mut stage = Stage::new();
    stage.click("Connect");
    stage.order();
    stage.tell(TabNews::Failed(Failure::new("The server's certificate has expired.", "Renew it.")));
    assert_eq!(stage.copied("Copy Error"), "The server's certificate has expired.\nRenew it.");
    let mut stage = Stage::connected(ledger());
    stage.click("Call");
    let call = stage.call();
    stage.refuse(&call, Code::PermissionDenied, "alice may read and not write");
    assert!(stage.copied("Copy Error").starts_with("PERMISSION_DENIED: alice may read and not write"));
}
