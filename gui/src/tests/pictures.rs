//! Where looks matter: what the window shows, compared with a picture that somebody has looked at. After a change that is meant,
//! `UPDATE_SNAPSHOTS=1 cargo test -p countersign-gui --features snapshots pictures` makes the pictures anew.

use countersign::Code;
use countersign::cbor::Value;
use egui_kittest::SnapshotOptions;
use jiff::{SignedDuration, Timestamp};

use super::stage::{Stage, ledger, session};
use crate::exchange::TabNews;
use crate::model::clock::Clock;
use crate::model::connection::Failure;

impl Stage {
    /// Compares the window with the picture of this name: graphics drivers differ in the last bit of an edge.
    fn looks_like(&mut self, name: &str) {
        let options =
            SnapshotOptions::new().threshold(1.0).max_failed_pixels(10).output_path("tests/snapshots");
        self.window.snapshot_options(name, &options);
    }
}

/// A window whose dates stand still, without graphs that move.
fn ledger_at_rest() -> Stage {
    let mut stage = Stage::new();
    let not_after = Timestamp::from_second(1_900_000_000).unwrap();
    stage.window.state_mut().model.clock = Clock::At(not_after - SignedDuration::from_hours(24 * 29 + 1));
    stage.click("Connect");
    stage.order();
    let mut session = session();
    session.peer.not_before = not_after - SignedDuration::from_hours(24 * 30);
    session.peer.not_after = not_after;
    stage.tell(TabNews::Connected(session));
    stage.tell(TabNews::Catalogue(Ok(ledger().into())));
    let failure =
        Failure::new("The server does not tell its statistics.", "Its policy has no rule for them.");
    stage.tell(TabNews::Stats(Err(failure)));
    stage
}

#[test]
fn the_window_before_it_is_connected() {
    let mut stage = Stage::new();
    stage.looks_like("connect");
}

#[test]
fn a_refusal_with_its_remedy() {
    let mut stage = Stage::new();
    stage.click("Connect");
    stage.order();
    let failure =
        Failure::new("The server's certificate has expired.", "Renew it: countersign certs renew pki server");
    stage.tell(TabNews::Failed(failure));
    stage.looks_like("refused");
}

#[test]
fn a_call_that_was_answered_and_one_that_was_not() {
    let mut stage = ledger_at_rest();
    stage.fill("account", "17");
    stage.click("Call");
    let call = stage.call();
    let money = [("amount", Value::Integer(1200_u64.into())), ("currency", Value::Text("EUR".to_owned()))]
        .map(|(key, value)| (Value::Text(key.to_owned()), value));
    stage.answer(&call, &Value::Map(money.to_vec()));
    stage.looks_like("answered-dark");
    stage.click("acme.Ledger/rename");
    stage.click("Call");
    let call = stage.call();
    stage.refuse(&call, Code::PermissionDenied, "alice may read and not write");
    stage.looks_like("refused-dark");
}

#[test]
fn the_same_window_by_day() {
    let mut stage = ledger_at_rest();
    stage.click("Light");
    stage.looks_like("light");
    stage.click("All commands");
    stage.looks_like("commands");
}
