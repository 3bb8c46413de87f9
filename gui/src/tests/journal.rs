//! The calls that were made: listed, searched, made again, copied, kept and forgotten.

use std::sync::Arc;

use countersign::{MetadataValue, cbor};
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;

use super::forms::typed;
use super::stage::{Stage, ledger};
use crate::exchange::Order;
use crate::model::journal::asked::JournalOrder;
use crate::model::journal::entry::{Entry, EntryId, Said, Verdict};
use crate::model::journal::tests::entry;
use crate::model::journal::{Noted, Pages, Remark};
use crate::model::settings::Profile;

/// A call of this number, made so many seconds after the others.
fn call(number: u8, procedure: &str, account: &str) -> Entry {
    let mut entry = entry(procedure, &format!("{{\"account\": \"{account}\"}}"));
    entry.id = EntryId(number.to_string());
    entry.at += jiff::SignedDuration::from_secs(number.into());
    entry
}

/// Calls as the worker tells them, the newest first.
fn pages(calls: impl IntoIterator<Item = Entry>) -> Pages {
    let mut calls: Vec<_> = calls.into_iter().map(|entry| Arc::new(Noted::new(entry))).collect();
    calls.reverse();
    Pages::new(calls, Vec::new(), Some("/home/me/.config/countersign/calls.jsonl".into()))
}

/// Two calls of a procedure, one of another, and one on another server.
pub(super) fn made() -> Vec<Entry> {
    let mut elsewhere = call(4, "acme.Billing/pay", "Basel");
    elsewhere.server.address = "stage:7443".to_owned();
    let mut failed = call(2, "acme.Ledger/balance", "Zürich");
    failed.end.verdict = Verdict::failed("NOT_FOUND", "no such account", None);
    vec![call(1, "acme.Ledger/balance", "17"), failed, call(3, "acme.Ledger/rename", "Bern"), elsewhere]
}

impl Stage {
    /// A window that shows the calls that were made.
    pub(super) fn with_history(calls: Vec<Entry>) -> Self {
        let mut stage = Self::connected(ledger());
        stage.tell_of_calls(pages(calls));
        stage.click("acme.Ledger/balance");
        stage.press("History");
        assert_eq!(stage.journal_order(), JournalOrder::Read, "another dashboard may have added some");
        stage
    }

    /// The rows of the calls, by their words.
    fn listed(&self) -> Vec<String> {
        let rows = self.window.query_all_by_label_contains("acme.");
        let words = rows.filter_map(|node| egui_kittest::kittest::NodeT::accesskit_node(&node).label());
        words.filter(|words| words.contains(" {\"account\"")).collect()
    }

    fn journal_order(&mut self) -> JournalOrder {
        match self.any_order() {
            Some(Order::Journal(order)) => order,
            other => panic!("expected an order for the journal: {other:?}"),
        }
    }
}

#[test]
fn each_call_is_listed_with_its_request_reply_server_and_time() {
    let mut stage = Stage::with_history(made());
    let listed = stage.listed();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(listed[0].starts_with("acme.Ledger/balance NOT_FOUND 2026-11-20 "), "{listed:?}");
    assert!(listed[1].ends_with("{\"account\": \"17\"}"), "{listed:?}");
    stage.press(&listed[1]);
    for words in ["localhost:7443 as /home/me/pki/alice", "{\"account\": \"17\"}", "3.5", "3.1 ms"] {
        assert!(stage.shows(words), "{words}");
    }
    stage.press(&listed[0]);
    assert!(stage.shows("no such account"));
    stage.press("Write the request in a form");
    assert!(stage.listed().is_empty());
    stage.control("account");
}

#[test]
fn calls_are_searched_here_or_on_all_servers() {
    let mut stage = Stage::with_history(made());
    stage.press("This server");
    assert_eq!(stage.listed().len(), 3);
    stage.press("All servers");
    assert_eq!(stage.listed().len(), 4);
    assert!(stage.listed()[0].starts_with("acme.Billing/pay"), "the newest first");
    stage.type_into("Search calls", "ledger not_found ZÜRICH");
    assert_eq!(stage.listed().len(), 1);
    stage.type_into("Search calls", " genf");
    assert!(stage.shows("Nothing matches"));
}

#[test]
fn a_call_is_repeated_as_it_was() {
    let mut calls = made();
    calls[0].request.deadline_us = Some(1_500_000);
    let mut stage = Stage::with_history(calls);
    stage.press(&stage.listed()[1].clone());
    stage.click("Repeat");
    let order = stage.call();
    assert_eq!(
        (order.procedure.as_str(), order.deadline.unwrap().as_millis()),
        ("acme.Ledger/balance", 1500)
    );
    assert_eq!(typed(&order.arguments).json, serde_json::json!({ "account": "17" }));
    let note = order.note.unwrap();
    assert!(
        note.on_disk
            && note.server.address == "localhost:7443"
            && note.server.identity.ends_with("pki/alice")
    );
    assert!(stage.shows("Waiting for the reply"));
}

#[test]
fn a_call_is_edited_before_it_is_repeated() {
    let mut stage = Stage::with_history(made());
    stage.press("All servers");
    stage.press(&stage.listed()[1].clone());
    stage.click("Edit and repeat");
    assert!(stage.window.query_by_label("Search calls").is_none(), "the form is shown");
    assert_eq!(stage.control("account").value().as_deref(), Some("Bern"));
    stage.window.event(egui::Event::Text("!".to_owned()));
    stage.settle();
    stage.click("Call");
    let order = stage.call();
    assert_eq!(order.procedure, "acme.Ledger/rename");
    let account = typed(&order.arguments);
    let account = account.json["account"].as_str().unwrap();
    assert!(account.contains('!'), "the cursor is there: {account}");
}

#[test]
fn a_secret_that_was_not_kept_is_the_one_that_is_typed_now_or_asked_for() {
    let mut calls = made();
    calls[0].request.metadata =
        vec![("authorization".to_owned(), Said::text("authorization", "Bearer 4f2a"))];
    let mut stage = Stage::with_history(calls);
    stage.press(&stage.listed()[1].clone());
    assert!(stage.shows("not kept: it looks like a secret"));
    stage.click("Repeat");
    assert!(stage.shows("authorization was not kept. Edit the call"));
    assert_eq!(stage.any_order(), None);
    stage.click("Edit and repeat");
    assert!(stage.shows("Type it again before you make the call."));
    let draft = stage.window.state_mut().model.tab_mut().drafts.get_mut("acme.Ledger/balance").unwrap();
    draft.whole.metadata[0].value.line.text = "Bearer 77".to_owned();
    stage.press("History");
    assert_eq!(stage.journal_order(), JournalOrder::Read);
    stage.click("Repeat");
    let sent = stage.call().metadata;
    assert_eq!(sent, [("authorization".to_owned(), MetadataValue::from("Bearer 77"))]);
}

#[test]
fn a_call_that_this_server_does_not_offer_says_so() {
    let mut stage = Stage::with_history(made());
    stage.press("All servers");
    stage.press(&stage.listed()[0].clone());
    stage.click("Repeat");
    assert!(stage.shows("This server offers no such procedure to this identity."));
    assert_eq!(stage.any_order(), None);
}

#[test]
fn calls_are_pinned_and_forgotten() {
    let mut stage = Stage::with_history(made());
    stage.press(&stage.listed()[1].clone());
    stage.click("Pin");
    assert_eq!(stage.journal_order(), JournalOrder::Pin(EntryId("1".to_owned()), true));
    let mut calls = made();
    calls[0].pinned = true;
    stage.tell_of_calls(pages(calls));
    let listed = stage.listed();
    assert!(
        listed[0].starts_with("pinned, ") && listed[0].contains("17"),
        "pinned ones come first: {listed:?}"
    );
    stage.click("Unpin");
    assert_eq!(stage.journal_order(), JournalOrder::Pin(EntryId("1".to_owned()), false));
    stage.click("Forget");
    assert_eq!(stage.journal_order(), JournalOrder::Forget(EntryId("1".to_owned())));
    stage.tell_of_calls(pages(made().split_off(1)));
    assert!(!stage.shows("Edit and repeat"), "what is forgotten is not shown any more");
}

#[test]
fn clearing_asks_first_and_says_whose_calls_go() {
    let mut stage = Stage::with_history(made());
    stage.click("Clear…");
    assert!(stage.shows("Forget every call of this server that is not pinned?"));
    stage.click("Keep");
    assert_eq!(stage.any_order(), None);
    stage.click("Clear…");
    stage.click("Clear");
    assert_eq!(stage.journal_order(), JournalOrder::Clear(Some("localhost:7443".to_owned())));
    stage.press("All servers");
    stage.click("Clear…");
    assert!(stage.shows("of all servers"));
    stage.click("Clear");
    assert_eq!(stage.journal_order(), JournalOrder::Clear(None));
}

#[test]
fn what_is_kept_is_said_and_can_be_switched_off_for_a_profile() {
    let mut stage = Stage::with_history(made());
    let switch = "Keep this server's calls on disk";
    let is_disabled = |stage: &Stage| {
        let node = stage.window.get_by_role_and_label(Role::CheckBox, switch);
        egui_kittest::kittest::NodeT::accesskit_node(&node).is_disabled()
    };
    assert!(is_disabled(&stage), "without a profile there is nothing to remember it by");
    let target = stage.window.state().model.tab().connection.target().unwrap().clone();
    let model = &mut stage.window.state_mut().model;
    model.settings.keep("prod", &target);
    stage.settle();
    assert!(!is_disabled(&stage));
    stage.press(switch);
    let saved = |profiles: &[Profile]| profiles.iter().map(|profile| profile.keep_calls).collect::<Vec<_>>();
    assert!(matches!(stage.any_order(), Some(Order::Save(settings)) if saved(&settings.profiles) == [false]));
    stage.press(&stage.listed()[1].clone());
    stage.click("Repeat");
    assert!(!stage.call().note.unwrap().on_disk);
    stage.window.get_by_label("What is kept?").hover();
    stage.settle();
    for words in
        ["calls.jsonl", "authorization, cookie, token, secret, password, api-key", "Only you can read"]
    {
        assert!(stage.shows(words), "{words}");
    }
}

#[test]
fn what_is_wrong_with_the_file_is_said() {
    let mut stage = Stage::with_history(made());
    let remarks = vec![Remark::Trouble("calls.jsonl could not be read".to_owned()), Remark::Broken(2)];
    stage.tell_of_calls(Pages::new(pages(made()).calls, remarks, None));
    assert!(stage.shows("calls.jsonl could not be read"));
    assert!(stage.shows("2 lines of the file cannot be read, and are skipped."));
}

#[test]
fn a_reply_is_copied_as_command_and_as_rust_once_its_call_was_noted() {
    let mut stage = Stage::connected(ledger());
    stage.click("acme.Ledger/balance");
    stage.fill("account", "17");
    stage.click("Call");
    let order = stage.call();
    stage.answer(&order, &cbor::from_diagnostic("{\"amount\": 1200}").unwrap());
    let mut entry = call(1, "acme.Ledger/balance", "17");
    entry.id = order.note.unwrap().id;
    stage.tell_of_calls(pages([entry]));
    let command = stage.copied("Copy as command");
    assert!(command.starts_with("countersign call localhost:7443 acme.Ledger/balance "), "{command}");
    assert!(stage.copied("Copy as Rust").contains(".call_raw(\"acme.Ledger/balance\", arguments)"));
    stage.keys(Key::H);
    stage.press(&stage.listed()[0].clone());
    let buttons = stage.window.query_all_by_role_and_label(Role::Button, "Copy as command").count();
    assert_eq!(buttons, 2, "that of the reply, and that of the call in the history");
}

#[test]
fn a_call_whose_request_was_not_kept_whole_can_be_looked_at_and_no_more() {
    let mut calls = made();
    calls[0].request.arguments = crate::model::journal::entry::Kept::TooLong(3 << 20);
    let mut stage = Stage::connected(ledger());
    stage.tell_of_calls(pages(calls));
    stage.click("acme.Ledger/balance");
    stage.press("History");
    let row = stage.window.get_by_label_contains("3.0 MiB");
    row.click();
    stage.settle();
    assert!(stage.shows("Its arguments were too long to be kept."));
    let repeat = stage.window.get_by_role_and_label(Role::Button, "Repeat");
    assert!(egui_kittest::kittest::NodeT::accesskit_node(&repeat).is_disabled());
}
