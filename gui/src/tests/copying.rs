//! What is shown can be taken along: tables, rows, and what went wrong.

use std::time::Duration;

use countersign::Code;
use egui::PointerButton;

use super::forms::first_containing;
use super::stage::{Stage, ledger};
use super::watching::{connection, trace};
use crate::exchange::TabNews;
use crate::model::connection::Failure;

impl Stage {
    /// What an entry of a row's menu puts on the clipboard.
    fn copied_of(&mut self, row: &str, entry: &str) -> String {
        let row = first_containing(&self.window, row).rect();
        self.press_at(row.left_center() + egui::vec2(20.0, 0.0), PointerButton::Secondary);
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
