//! The list of procedures, and the page about one.

use std::time::Duration;

use countersign::Schema;
use egui::accesskit::Role;
use egui::{Event, Key};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use serde_json::json;

use super::stage::{Stage, ledger, procedure};
use crate::exchange::{TabNews, TabOrder};
use crate::model::catalogue::{DeclaredFault, Procedure, Service, Services};
use crate::model::manual::Manual;

impl Stage {
    fn press_key(&mut self, key: Key) {
        self.window.key_press(key);
        self.settle();
    }

    /// The row of this name.
    fn row<'s>(&'s self, name: &'s str) -> egui_kittest::Node<'s> {
        self.window.get_by_role_and_label(Role::Button, name)
    }

    fn lists(&self, name: &str) -> bool {
        self.window.query_by_role_and_label(Role::Button, name).is_some()
    }
}

/// Two services of a package, one of which has a procedure that may not be called.
fn shops() -> Services {
    let service = |name: &str, procedures: &[&str]| {
        let path = |procedure: &&str| procedure_of(&format!("{name}/{procedure}"));
        Service {
            name: name.to_owned(),
            procedures: procedures.iter().map(path).collect(),
            ..Service::default()
        }
    };
    let all = vec![service("tea.Shop", &["order", "rebate"]), service("tea.Stock", &["refill"])];
    Services::new(all, Some(vec!["tea.Stock/burn".to_owned()]))
}

fn procedure_of(path: &str) -> Procedure {
    let arguments = json!({ "type": "object", "required": ["grams"], "additionalProperties": false,
        "properties": { "grams": { "type": "integer", "minimum": 1, "maximum": 500, "description": "How much tea." } } });
    Procedure {
        deadline_ms: Some(500),
        result: Schema::try_from(json!({ "type": "boolean" })).unwrap(),
        faults: vec![DeclaredFault {
            variant: "SoldOut".to_owned(),
            code: "FAILED_PRECONDITION".to_owned(),
            message: "no {tea} left".to_owned(),
        }],
        ..procedure(path, arguments)
    }
}

#[test]
fn packages_and_services_hold_procedures_and_fold() {
    let mut stage = Stage::connected(shops());
    for name in ["tea", "tea.Shop", "tea.Shop/order", "tea.Stock", "tea.Stock/refill", "tea.Stock/burn"] {
        assert!(stage.lists(name), "{name}");
    }
    stage.click("tea.Shop");
    assert!(!stage.lists("tea.Shop/order") && stage.lists("tea.Stock/refill"));
    stage.click("tea");
    assert!(!stage.lists("tea.Shop") && !stage.lists("tea.Stock/refill"));
    stage.click("tea");
    assert!(stage.lists("tea.Stock/refill") && !stage.lists("tea.Shop/order"), "what was folded stays so");
    assert!(stage.shows("4 procedures") && !stage.shows("there may be more"));
}

#[test]
fn a_filter_finds_by_letters_and_puts_the_best_first() {
    let mut stage = Stage::connected(shops());
    stage.type_into("Filter procedures", "rb");
    assert!(stage.lists("tea.Shop/rebate") && !stage.lists("tea.Stock/refill"));
    assert!(stage.shows("1 of 4"));
    stage.press_key(Key::Escape);
    assert!(stage.shows("4 procedures"), "Escape clears the filter");
    stage.type_into("Filter procedures", "stock r");
    let rows: Vec<_> =
        stage.window.get_all_by_role(Role::Button).filter_map(|row| row.accesskit_node().label()).collect();
    let found: Vec<_> = rows.iter().filter(|name| name.starts_with("tea.")).collect();
    assert_eq!(found, ["tea.Stock/refill", "tea.Stock/burn"]);
}

#[test]
fn a_slash_goes_to_the_filter_and_is_not_typed_into_it() {
    let mut stage = Stage::connected(shops());
    stage.window.event(Event::Text("/".to_owned()));
    stage.settle();
    let filter = stage.window.get_by_role_and_label(Role::TextInput, "Filter procedures");
    assert!(filter.is_focused() && filter.value().unwrap_or_default().is_empty());
    stage.window.event(Event::Text("tea/".to_owned()));
    stage.settle();
    assert_eq!(stage.window.state().model.tab().listing.filter, "tea/", "there it is a letter like others");
}

#[test]
fn arrows_move_in_the_tree_and_return_selects() {
    let mut stage = Stage::connected(shops());
    stage.window.get_by_role_and_label(Role::Tree, "Procedures").focus();
    stage.settle();
    for key in [Key::Home, Key::ArrowDown, Key::ArrowDown, Key::ArrowDown, Key::Enter] {
        stage.press_key(key);
    }
    assert_eq!(stage.selected(), Some("tea.Shop/rebate"));
    stage.press_key(Key::ArrowLeft);
    stage.press_key(Key::ArrowLeft);
    assert!(!stage.lists("tea.Shop/rebate"), "left goes to the service, and folds it");
    stage.press_key(Key::ArrowRight);
    assert!(stage.lists("tea.Shop/rebate"));
    stage.press_key(Key::End);
    stage.press_key(Key::Enter);
    assert_eq!(stage.selected(), Some("tea.Stock/burn"));
}

#[test]
fn arrows_in_the_filter_choose_among_what_was_found() {
    let mut stage = Stage::connected(shops());
    stage.type_into("Filter procedures", "stock");
    stage.press_key(Key::ArrowDown);
    stage.press_key(Key::ArrowUp);
    stage.press_key(Key::Enter);
    assert_eq!(stage.selected(), Some("tea.Stock/refill"));
    assert!(stage.control("grams").is_focused());
}

#[test]
fn what_one_may_not_call_is_listed_with_the_reason_and_the_rule_that_is_missing() {
    let mut stage = Stage::connected(shops());
    assert_eq!(stage.row("tea.Stock/burn").accesskit_node().description().as_deref(), Some("not allowed"));
    stage.click("tea.Stock/burn");
    assert!(stage.shows("no rule of the server's policy lets this identity call it"));
    assert!(stage.shows("procedures = [\"tea.Stock/burn\"]"));
    assert!(stage.window.query_by_role_and_label(Role::Button, "Call").is_none());
}

#[test]
fn a_server_that_does_not_name_the_rest_is_said_to_have_perhaps_more() {
    let mut stage = Stage::connected(ledger());
    assert!(stage.shows("3 procedures") && stage.shows("there may be more"));
    stage.window.get_by_label_contains("there may be more").hover();
    stage.window.run_steps(60);
    assert!(stage.shows("countersign.Reflection/names"));
}

#[test]
fn a_procedure_has_its_trend_and_a_folded_service_its_failures_in_words() {
    let mut stage = Stage::connected(shops());
    stage.count("tea.Shop/order", 0, Duration::ZERO, None);
    stage.count("tea.Shop/order", 4, Duration::from_millis(2), None);
    stage.count("tea.Shop/order", 1, Duration::from_millis(2), Some("UNAVAILABLE"));
    stage.row("tea.Shop/order").hover();
    stage.window.run_steps(60);
    assert!(stage.shows("5 calls") && stage.shows("1 failed") && stage.shows("p50 2.0 ms"));
    assert!(stage.shows("Unary: one message there, and one back."), "tooltips teach");
    stage.click("tea.Shop");
    stage.row("tea.Shop").hover();
    stage.window.run_steps(60);
    assert!(stage.shows("1 failed"));
}

#[test]
fn the_page_about_a_procedure_has_its_types_faults_and_rule_and_can_be_copied() {
    let mut stage = Stage::connected(shops());
    stage.click("Documentation");
    let Some(TabOrder::Explain(asked)) = stage.order() else { panic!("no page was asked for") };
    assert!(stage.shows("Reading what the server says of it"));
    let page = Box::new(Manual::of(&asked));
    stage.tell(TabNews::Explained(asked.path.clone(), page));
    for words in [
        "grams",
        "integer from 1 to 500",
        "How much tea.",
        "idempotent",
        "deadline 500 ms",
        "SoldOut",
        "FAILED_PRECONDITION",
        "no {tea} left",
        "procedures = [\"tea.Shop/order\"]",
    ] {
        assert!(stage.shows(words), "{words}");
    }
    stage.click("JSON Schema");
    assert!(stage.shows("\"maximum\": 500"));
    let copied = stage.copied("Copy arguments");
    assert!(copied.contains("\"maximum\": 500") && !copied.contains("boolean"), "{copied}");
    stage.click("Types");
    assert!(stage.copied("Copy page").contains("grams*: integer from 1 to 500: How much tea."));
    stage.click("Documentation");
    assert!(stage.lists("Call"));
}

#[test]
fn a_server_without_procedures_and_a_filter_without_matches_say_so() {
    let stage = Stage::connected(Services::default());
    assert!(stage.shows("No procedures"));
    let mut stage = Stage::connected(shops());
    stage.type_into("Filter procedures", "zzz");
    assert!(stage.shows("Nothing matches") && stage.shows("0 of 4"));
}
