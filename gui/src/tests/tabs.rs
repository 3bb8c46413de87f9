//! Several servers side by side.

use std::time::{Duration, Instant};

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::stage::{Stage, ledger, session, target};
use crate::exchange::{Order, TabNews, TabOrder};
use crate::model::TABS_MAX;
use crate::model::connection::{Failure, Retry};
use crate::model::tab::TabId;

impl Stage {
    /// Another tab, in which this address is dialled.
    fn dial(&mut self, address: &str) -> TabId {
        self.click("New tab");
        self.window.state_mut().model.tab_mut().entry.target = target(address);
        self.settle();
        self.click("Connect");
        assert!(matches!(self.order(), Some(TabOrder::Connect(dialled, _)) if dialled.address == address));
        self.shown()
    }

    fn shown(&self) -> TabId {
        self.window.state().model.tab().id
    }

    /// What a tab says to those who do not see its colour.
    fn state_of(&self, tab: &str) -> String {
        let tab = self.window.get_by_role_and_label(Role::Tab, tab);
        tab.accesskit_node().description().unwrap_or_default()
    }

    fn tab(&mut self, name: &str) {
        self.window.get_by_role_and_label(Role::Tab, name).click();
        self.settle();
    }
}

#[test]
fn each_tab_keeps_its_own_server_procedure_and_what_was_typed() {
    let mut stage = Stage::connected(ledger());
    stage.click("acme.Ledger/rename");
    stage.fill("account", "17");
    stage.dial("stage:7443");
    assert!(!stage.shows("acme.Ledger/rename"));
    stage.tell(TabNews::Connected(session()));
    stage.tell(TabNews::Catalogue(Ok(ledger().into())));
    assert_eq!(stage.selected(), Some("acme.Ledger/balance"));
    stage.tab("localhost:7443");
    assert_eq!(stage.selected(), Some("acme.Ledger/rename"));
    let typed = stage.control("account").accesskit_node().value();
    assert_eq!(typed.as_deref(), Some("17"), "what was typed is still there");
}

#[test]
fn every_state_of_a_server_is_said_in_words_and_not_by_a_colour_alone() {
    let mut stage = Stage::connected(ledger());
    assert_eq!(stage.state_of("localhost:7443"), "connected");
    stage.tell(TabNews::Stats(Err(Failure::new("The policy does not allow it.", ""))));
    assert_eq!(stage.state_of("localhost:7443"), "degraded: No statistics");
    let next = Some(Instant::now() + Duration::from_millis(7500));
    let failure = Failure::new("The server is gone.", "");
    stage.tell(TabNews::Reconnecting(Retry { failure: failure.clone(), attempt: 2, next }));
    assert_eq!(stage.state_of("localhost:7443"), "reconnecting in 8 s");
    stage.dial("stage:7443");
    assert_eq!(stage.state_of("stage:7443"), "connecting");
    stage.tell(TabNews::Failed(failure));
    assert_eq!(stage.state_of("stage:7443"), "failed");
    stage.click("New tab");
    assert_eq!(stage.state_of("New tab"), "not connected");
}

#[test]
fn news_of_a_server_in_the_background_changes_its_tab_and_not_the_one_that_is_shown() {
    let mut stage = Stage::connected(ledger());
    let first = stage.shown();
    stage.dial("stage:7443");
    stage.tell_tab(first, TabNews::Failed(Failure::new("It fell over.", "")));
    assert_eq!(stage.state_of("localhost:7443"), "failed");
    assert_eq!(stage.state_of("stage:7443"), "connecting");
    assert!(!stage.shows("It fell over."));
}

#[test]
fn a_server_that_falls_silent_is_said_to_be_degraded() {
    let mut stage = Stage::connected(ledger());
    let model = &stage.window.state().model;
    let later = Instant::now() + Duration::from_secs(12);
    let state = model.tab().state(later, model.clock.now()).words();
    assert!(state.starts_with("degraded: No statistics for 1"), "{state}");
    stage.count("acme.Ledger/balance", 1, Duration::from_millis(1), None);
    assert_eq!(stage.state_of("localhost:7443"), "connected");
}

#[test]
fn closing_a_tab_leaves_its_server_and_shows_a_neighbour() {
    let mut stage = Stage::connected(ledger());
    let first = stage.shown();
    let second = stage.dial("stage:7443");
    stage.click("Close stage:7443");
    assert_eq!(stage.any_order(), Some(Order::Close(second)));
    assert_eq!(stage.shown(), first);
    stage.tell_tab(second, TabNews::Connected(session()));
    stage.click("Close localhost:7443");
    assert_eq!(stage.any_order(), Some(Order::Close(first)));
    assert!(stage.shows("Address"), "the last one leaves an empty tab behind");
}

#[test]
fn keys_open_turn_and_close_tabs() {
    let mut stage = Stage::connected(ledger());
    let first = stage.shown();
    stage.keys(Key::T);
    let second = stage.shown();
    assert_ne!(first, second);
    stage.keys(Key::PageDown);
    assert_eq!(stage.shown(), first, "after the last comes the first");
    stage.keys(Key::PageUp);
    assert_eq!(stage.shown(), second);
    stage.keys(Key::W);
    assert_eq!(stage.shown(), first);
}

#[test]
fn a_profile_names_its_tab_and_says_which_server_is_meant() {
    let mut stage = Stage::new();
    let id = "spiffe://acme.example/ledger";
    stage.type_into("Server ID", id);
    stage.type_into("Profile name", "prod");
    stage.click("Save as profile");
    assert!(
        matches!(stage.any_order(), Some(Order::Save(settings)) if settings.profiles[0].expect_peer == id)
    );
    stage.click("Connect");
    let dialled = stage.order();
    assert!(
        matches!(&dialled, Some(TabOrder::Connect(target, _)) if target.expect_peer == id),
        "{dialled:?}"
    );
    assert_eq!(stage.state_of("prod"), "connecting");
    stage.click("New tab");
    stage.click("prod");
    assert_eq!(stage.window.state().model.tab().entry.target.expect_peer, id);
}

#[test]
fn what_is_no_spiffe_id_is_refused_before_anything_is_dialled() {
    let mut stage = Stage::new();
    stage.type_into("Server ID", "ledger");
    stage.click("Connect");
    assert!(stage.order().is_none());
    assert!(stage.shows("The server's SPIFFE ID cannot be used"));
}

#[test]
fn there_are_only_so_many_tabs() {
    let mut stage = Stage::new();
    for _ in 0..TABS_MAX + 3 {
        stage.keys(Key::T);
    }
    assert_eq!(stage.window.state().model.tabs.len(), TABS_MAX);
}
