//! Every page, control by control: what it is called, where it is, what it says of itself, and whether keys reach it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use countersign::Code;
use egui::accesskit::{Action, ActionRequest, NodeId, Role, TreeId};
use egui::{Event, Key, LayerId, Rect, Shape, Vec2, vec2};
use egui_kittest::kittest::NodeT as _;

use super::stage::{Stage, ledger, target};
use super::streams::feed;
use super::watching::{connection, trace};
use super::{alerts, identity, journal, load, recording};
use crate::command::Command;
use crate::exchange::TabNews;
use crate::model::connection::{Failure, Retry};

/// What can be worked with.
#[derive(Debug, Clone)]
struct Control {
    node: NodeId,
    layer: LayerId,
    role: Role,
    name: String,
    /// What its tooltip says.
    hint: String,
    rect: Rect,
    /// What of it is not clipped.
    seen: Rect,
    enabled: bool,
}

impl Stage {
    /// All that can be worked with, in the order in which it was drawn.
    fn controls(&self) -> Vec<Control> {
        let mut rects = HashMap::new();
        self.window.ctx.viewport(|viewport| {
            for widget in viewport.prev_pass.widgets.layers().flat_map(|(_, widgets)| widgets) {
                if widget.sense.senses_click() || widget.sense.is_focusable() {
                    rects.insert(widget.id.accesskit_id(), *widget);
                }
            }
        });
        let nodes = self.window.root().children_recursive();
        let control = |node: egui_kittest::Node<'_>| {
            let node = node.accesskit_node();
            let widget = rects.get(&node.locate().0)?;
            let role = node.role();
            let name = node.label().unwrap_or_default();
            // Text that can be selected, and the grounds of panels and windows, take the mouse as well.
            let grounds = [Role::Label, Role::TextRun, Role::GenericContainer, Role::Window, Role::Unknown];
            (!grounds.contains(&role)).then(|| Control {
                node: node.locate().0,
                layer: widget.layer_id,
                role,
                name,
                hint: node.description().unwrap_or_default(),
                rect: widget.rect,
                seen: widget.interact_rect,
                enabled: widget.enabled,
            })
        };
        nodes.filter_map(control).collect()
    }
}

/// Every page in one of its richer states.
fn pages() -> Vec<(&'static str, Stage)> {
    let mut pages = Vec::new();
    let mut add = |name, mut stage: Stage| {
        let now = stage.now();
        stage.window.state_mut().still = Some(now);
        pages.push((name, stage));
    };
    let mut first = Stage::new();
    first.window.state_mut().model.settings.keep("stage", &target("stage:7443"));
    first.click("Connect");
    first.order();
    first.tell(TabNews::Failed(Failure::new("The server's certificate has expired.", "Renew it.")));
    add("connect", first);

    let answer = r#"{"lines": [{"price": 7}, "sugar"], "note": "two cups"}"#;
    let mut answered = Stage::answered(answer);
    answered.call_and_answer(r#"{"lines": [{"price": 8}, "sugar"], "note": "two cups"}"#);
    add("calls", answered);
    let mut refused = Stage::connected(ledger());
    refused.click("Call");
    let call = refused.call();
    refused.refuse(&call, Code::PermissionDenied, "alice may read and not write");
    add("refused", refused);
    let mut lost = Stage::connected(ledger());
    let failure = Failure::new("The server closed the connection.", "Its log says why.");
    let retry = Retry { attempt: 3, next: Some(lost.now() + Duration::from_secs(4)), failure };
    lost.tell(TabNews::Reconnecting(retry));
    add("lost", lost);
    let mut stream = Stage::connected(feed());
    stream.click("acme.Feed/talk");
    let call = stream.start();
    stream.receive(&call, 1, 40);
    add("stream", stream);
    let mut written = Stage::answered(answer);
    written.command(Command::WriteIn(crate::model::draft::Lens::Notation));
    written.command(Command::SetLens(crate::model::view::Lens::Hex));
    add("notation", written);
    let mut manual = Stage::answered(answer);
    manual.keys(Key::U);
    manual.tell_page();
    manual.keys(Key::F);
    manual.type_into("Find in the documentation", "account");
    add("documentation", manual);
    let mut history = Stage::with_history(journal::made());
    history.command(Command::Journal(crate::model::journal::asked::JournalCommand::SetReach(
        crate::model::journal::recall::Reach::Everywhere,
    )));
    add("history", history);
    let mut shelf = Stage::answered(answer);
    shelf.with_files(&[("one.json", Ok("acme.Ledger/balance")), ("two.json", Err("It is no request."))]);
    add("saved requests", shelf);
    let mut graphs = Stage::connected(ledger());
    for _ in 0..5 {
        graphs.count("acme.Ledger/balance", 10, Duration::from_millis(3), None);
    }
    graphs.keys(Key::G);
    add("graphs", graphs);
    add("connections", Stage::with_connections((1..12).map(|number| connection(number, "ann")).collect()));
    let traces = [("acme.Ledger/balance", "OK"), ("acme.Ledger/rename", "NOT_FOUND")];
    let said = traces.map(|(procedure, code)| trace(procedure, code, 2500, Duration::from_secs(1)));
    let mut traces = Stage::with_traces(said.to_vec());
    traces.command(Command::LookAtTrace(0));
    add("traces", traces);
    let mut certificates = Stage::connected(ledger());
    certificates.tell_identity(&identity::server());
    certificates.keys(Key::I);
    add("certificates", certificates);
    add("new identity", Stage::in_office(&["alice", "bob"]));
    let mut settings = Stage::connected(ledger());
    settings.window.state_mut().model.settings.keep("stage", &target("stage:7443"));
    settings.keys(Key::Comma);
    add("settings", settings);
    for (page, load) in load::pages() {
        add(page, load);
    }
    let mut alerts = Stage::connected(ledger());
    alerts.keys(Key::B);
    add("alerts", alerts);
    let mut load = Stage::connected(ledger());
    load.keys(Key::L);
    add("load", load);
    let mut palette = Stage::connected(ledger());
    palette.keys(Key::K);
    add("commands", palette);
    let more = alerts::pages().into_iter().chain(recording::pages());
    more.for_each(|(name, stage)| add(name, stage));
    pages
}

/// How much of a control may be cut without anybody missing it.
const CUT: f32 = 1.5;

impl Control {
    /// Whether all of it is in sight, or of something wide as much as tells what it is.
    fn is_in_sight(&self) -> bool {
        let [missing_x, missing_y] =
            [self.rect.width() - self.seen.width(), self.rect.height() - self.seen.height()];
        missing_y <= CUT && (missing_x <= CUT || (self.rect.width() > 240.0 && self.seen.width() > 120.0))
    }

    /// Whether it lies over another one in part. One that is within another belongs to it.
    fn collides(&self, other: &Self) -> bool {
        let common = self.seen.intersect(other.seen);
        self.layer == other.layer
            && common.width() > CUT
            && common.height() > CUT
            && !self.seen.expand(CUT).contains_rect(other.seen)
            && !other.seen.expand(CUT).contains_rect(self.seen)
    }

    /// Bars that belong to panels, at whose edges they are, and not to what is in them.
    fn is_of_panel(&self) -> bool {
        matches!(self.role, Role::ScrollBar | Role::Splitter)
    }
}

impl Stage {
    /// The controls that cannot be seen whole even when one scrolls to them, and those that lie over each other.
    fn misplaced(&mut self) -> Vec<String> {
        let controls: Vec<Control> = self.controls().into_iter().filter(|it| !it.is_of_panel()).collect();
        let mut wrong = Vec::new();
        for (i, one) in controls.iter().enumerate() {
            for other in controls[..i].iter().filter(|other| one.collides(other)) {
                wrong.push(format!("{:?} {} lies over {:?} {}", one.name, one.seen, other.name, other.seen));
            }
        }
        for hidden in controls.into_iter().filter(|control| !control.is_in_sight()) {
            self.window.event(Event::AccessKitActionRequest(ActionRequest {
                action: Action::ScrollIntoView,
                target_node: hidden.node,
                target_tree: TreeId::ROOT,
                data: None,
            }));
            self.window.run_steps(3);
            // A row that is scrolled away may be drawn no more.
            let now = self.controls().into_iter().find(|control| control.node == hidden.node);
            if let Some(now) = now.filter(|now| !now.is_in_sight()) {
                wrong.push(format!("of {:?} {} only {} is seen", now.name, now.rect, now.seen));
            }
        }
        wrong
    }

    /// What is painted in words, and where.
    fn painted(&self) -> Vec<Rect> {
        fn collect(shape: &Shape, found: &mut Vec<Rect>) {
            match shape {
                Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, found)),
                Shape::Text(text) if !text.galley.text().trim().is_empty() => {
                    found.push(text.visual_bounding_rect());
                }
                _ => {}
            }
        }
        let mut found = Vec::new();
        self.window.output().shapes.iter().for_each(|clipped| collect(&clipped.shape, &mut found));
        found
    }
}

/// Draws every page in a window of so many pixels, at this scale.
fn draw_pages(pixels: Vec2, scale: f32) {
    let mut wrong = Vec::new();
    for (page, mut stage) in pages() {
        stage.window.set_pixels_per_point(scale);
        stage.window.set_size(pixels / scale);
        stage.settle();
        wrong.extend(stage.misplaced().into_iter().map(|words| format!("{page}: {words}")));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The window as it is opened.
const USUAL: Vec2 = vec2(1280.0, 800.0);

#[test]
fn nothing_is_cut_off_or_lies_over_another_in_the_usual_window() {
    draw_pages(USUAL, 1.0);
}

#[test]
fn nothing_is_cut_off_or_lies_over_another_at_twice_the_size() {
    draw_pages(USUAL, 2.0);
}

#[test]
fn nothing_is_cut_off_or_lies_over_another_at_half_as_much_again() {
    draw_pages(USUAL, 1.5);
}

#[test]
fn nothing_is_cut_off_or_lies_over_another_at_four_fifths_of_the_size() {
    draw_pages(USUAL, 0.8);
}

#[test]
fn nothing_is_cut_off_or_lies_over_another_on_all_of_a_large_screen() {
    draw_pages(vec2(2560.0, 1440.0), 1.0);
}

#[test]
fn every_control_has_a_name_and_what_has_no_words_on_it_says_what_it_does() {
    let mut wrong = Vec::new();
    for (page, stage) in pages() {
        let words = stage.painted();
        for control in stage.controls().into_iter().filter(|it| !it.is_of_panel() && it.is_in_sight()) {
            if control.name.is_empty() {
                wrong.push(format!("{page}: {:?} at {} has no name", control.role, control.rect));
            }
            let has_words = words.iter().any(|words| control.rect.contains(words.center()));
            let is_field = matches!(control.role, Role::TextInput | Role::MultilineTextInput);
            if !has_words && !is_field && control.hint.is_empty() {
                wrong.push(format!("{page}: {:?} says nothing", control.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{:#?}", wrong);
}

#[test]
fn the_tab_key_reaches_every_control_and_comes_around() {
    let mut wrong = Vec::new();
    for (page, mut stage) in pages() {
        let mut reached = BTreeSet::new();
        // Each once, and some that come into sight on the way.
        for _ in 0..3 * stage.controls().len() {
            stage.window.key_press(Key::Tab);
            stage.window.step();
            let focused = stage.window.ctx.memory(|memory| memory.focused());
            if let Some(focused) = focused
                && !reached.insert(focused.accesskit_id().0)
            {
                break;
            }
        }
        let controls = stage.controls();
        // In a tree, which is one control, arrows go on from there.
        let trees: Vec<Rect> =
            controls.iter().filter(|it| it.role == Role::Tree).map(|tree| tree.rect).collect();
        let is_in_tree =
            |it: &Control| it.role != Role::Tree && trees.iter().any(|tree| tree.contains_rect(it.rect));
        // Nothing below a dialog can be worked with.
        let layer = stage.window.ctx.memory(|memory| memory.top_modal_layer());
        for control in
            controls.iter().filter(|it| !is_in_tree(it) && layer.is_none_or(|layer| layer == it.layer))
        {
            if control.enabled && !control.is_of_panel() && !reached.contains(&control.node.0) {
                wrong.push(format!("{page}: {:?} {:?} is not reached", control.role, control.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{:#?}", wrong);
}
