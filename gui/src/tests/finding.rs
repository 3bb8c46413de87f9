//! What is found on the page about a procedure.

use egui::accesskit::Role;
use egui::epaint::text::cursor::CCursor;
use egui::{Color32, Key, Modifiers, Shape};
use egui_kittest::kittest::Queryable as _;
use serde_json::json;

use super::stage::{Stage, procedure};
use crate::exchange::{TabNews, TabOrder};
use crate::model::catalogue::{DeclaredFault, Procedure, Service};
use crate::model::manual::Manual;

const FIELD: &str = "Find in the documentation";

/// A service with a procedure whose documentation is higher than the window, and one with little to say.
fn shop() -> Vec<Service> {
    let arguments = json!({ "type": "object", "required": ["grams"], "additionalProperties": false,
        "properties": { "grams": { "type": "integer", "description": "How much Oolong." } } });
    let lines: Vec<String> = (1..=150).map(|number| format!("Line {number}.")).collect();
    let order = Procedure {
        documentation: format!("{}\nOolong is for patience.", lines.join("\n")),
        faults: vec![DeclaredFault {
            variant: "SoldOut".to_owned(),
            code: "FAILED_PRECONDITION".to_owned(),
            message: "no oolong left".to_owned(),
        }],
        ..procedure("tea.Shop/order", arguments)
    };
    let other = procedure("tea.Shop/rebate", json!({ "type": "object" }));
    vec![Service { name: "tea.Shop".to_owned(), procedures: vec![order, other], ..Service::default() }]
}

impl Stage {
    /// A window that shows the page about a procedure.
    fn with_page() -> Self {
        let mut stage = Self::connected(shop());
        stage.keys(Key::U);
        stage.tell_page();
        stage
    }

    /// The worker tells the page that was asked for.
    pub(super) fn tell_page(&mut self) {
        let Some(TabOrder::Explain(asked)) = self.order() else { panic!("no page was asked for") };
        self.tell(TabNews::Explained(asked.path.clone(), Box::new(Manual::of(&asked))));
    }

    /// The marked words in sight, those that were gone to between brackets.
    fn marked(&self) -> Vec<String> {
        let mut marked = Vec::new();
        for clipped in &self.window.output().shapes {
            let Shape::Text(text) = &clipped.shape else { continue };
            let job = &text.galley.job;
            for section in job.sections.iter().filter(|section| 0.0 < section.format.underline.width) {
                let [before, words] =
                    [0..section.byte_range.start.0, section.byte_range.start.0..section.byte_range.end.0]
                        .map(|part| &job.text[part]);
                let at = CCursor::new(before.chars().count());
                let place = text.galley.pos_from_cursor(at).translate(text.pos.to_vec2());
                if clipped.clip_rect.contains_rect(place) {
                    let is_gone_to = section.format.background != Color32::TRANSPARENT;
                    marked.push(if is_gone_to { format!("[{words}]") } else { words.to_owned() });
                }
            }
        }
        marked
    }

    fn press_with(&mut self, modifiers: Modifiers, key: Key) {
        self.window.key_press_modifiers(modifiers, key);
        self.settle();
    }
}

#[test]
fn what_is_found_on_the_page_about_a_procedure_is_counted_marked_and_brought_into_sight() {
    let mut stage = Stage::with_page();
    stage.click(FIELD);
    assert!(stage.window.get_by_role_and_label(Role::TextInput, FIELD).is_focused());
    stage.type_into(FIELD, "OOLONG");
    assert!(stage.shows("1 of 3") && stage.marked()[0] == "[Oolong]", "{:?}", stage.marked());
    for (modifiers, key, place) in [
        (Modifiers::NONE, Key::Enter, 2),
        (Modifiers::NONE, Key::F3, 3),
        (Modifiers::NONE, Key::Enter, 1),
        (Modifiers::SHIFT, Key::Enter, 3),
        (Modifiers::SHIFT, Key::F3, 2),
    ] {
        stage.press_with(modifiers, key);
        assert!(stage.shows(&format!("{place} of 3")), "{key:?}");
        let gone_to = stage.marked().into_iter().filter(|words| words.starts_with('[')).count();
        assert_eq!(gone_to, 1, "the match is in sight after {key:?}");
    }
    stage.click("Previous match");
    assert!(stage.shows("1 of 3"));
    stage.type_into(FIELD, " tea");
    assert!(stage.shows("Not found") && stage.marked().is_empty());
    stage.press_with(Modifiers::NONE, Key::Escape);
    assert!(!stage.shows("Not found"), "Escape closes it");
}

#[test]
fn all_that_is_on_the_page_is_found_as_types_and_as_json() {
    let mut stage = Stage::with_page();
    stage.click(FIELD);
    for words in [
        "unary",
        "calling it twice",
        "arguments",
        "grams",
        "integer",
        "how much",
        "fails with",
        "soldout",
        "failed_precondition",
        "no oolong",
        "besides these",
        "who may",
        "whoever else",
        "[[allow]]",
    ] {
        stage.command(crate::command::Command::Find(words.to_owned()));
        assert!(stage.shows("1 of ") && !stage.marked().is_empty(), "{words}");
    }
    stage.click("JSON Schema");
    stage.command(crate::command::Command::Find("\"description\"".to_owned()));
    assert!(stage.shows("1 of 1") && stage.marked() == ["[\"description\"]"]);
    stage.click("Types");
    assert!(stage.shows("Not found"));
}

#[test]
fn the_keys_that_find_a_procedure_find_on_the_page_while_that_is_open() {
    let mut stage = Stage::with_page();
    stage.keys(Key::F);
    stage.type_into(FIELD, "rebate");
    assert!(stage.shows("Not found"));
    stage.click("tea.Shop/rebate");
    stage.tell_page();
    assert!(stage.shows("1 of 1"), "what is looked for is looked for on the next page, too");
    stage.keys(Key::U);
    stage.keys(Key::F);
    let filter = stage.window.get_by_role_and_label(Role::TextInput, "Filter procedures");
    assert!(filter.is_focused(), "without a page they find a procedure");
}
