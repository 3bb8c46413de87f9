//! What somebody does before a window that is rehearsed, and what the server of it does.

use std::time::Instant;

use egui::accesskit::{Action, ActionRequest, TreeId};
use egui::{Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, TouchPhase, Vec2, pos2};

use super::Rehearsal;
use crate::command::Command;
use crate::exchange::{CallOrder, Order, TabOrder, Update};

/// A place in the list of procedures, in the form, and in the reply.
pub(super) const PROCEDURES: Pos2 = pos2(120.0, 300.0);
pub(super) const FORM: Pos2 = pos2(500.0, 300.0);
pub(super) const REPLY: Pos2 = pos2(1100.0, 350.0);

impl Rehearsal {
    /// Nothing happens, and a frame is drawn.
    pub fn rest(&mut self) {
        self.frame(Vec::new());
    }

    /// The cursor goes into the filter, and what is there is marked.
    pub fn go_to_filter(&mut self) {
        self.wish(Command::FindProcedure);
        self.rest();
        self.rest();
    }

    /// Somebody types, and sees what comes of it at once.
    pub fn type_text(&mut self, text: &str) {
        self.frame(vec![Event::Text(text.to_owned())]);
    }

    /// Somebody presses a key.
    pub fn press(&mut self, key: Key) {
        let event = |pressed| {
            let (physical_key, repeat, modifiers) = (None, false, Modifiers::NONE);
            Event::Key { key, physical_key, pressed, repeat, modifiers }
        };
        self.frame(vec![event(true), event(false)]);
    }

    /// Somebody turns the wheel over the list of procedures.
    pub fn scroll(&mut self, by: f32) {
        self.scroll_at(PROCEDURES, by);
    }

    /// How many rows the list has now.
    pub fn rows(&self) -> usize {
        self.dashboard.model.tab().listing.rows().len()
    }

    /// Somebody turns the wheel there.
    pub(super) fn scroll_at(&mut self, place: Pos2, by: f32) {
        let (unit, modifiers, phase) = (MouseWheelUnit::Point, Modifiers::NONE, TouchPhase::Move);
        let source = MouseWheelSource::Wheel;
        let wheel = Event::MouseWheel { unit, delta: Vec2::new(0.0, by), modifiers, phase, source };
        self.frame(vec![Event::PointerMoved(place), wheel]);
    }

    /// Somebody presses a key together with the one for commands.
    pub(super) fn press_with_command(&mut self, key: Key) {
        let (physical_key, pressed, repeat) = (None, true, false);
        self.frame(vec![Event::Key { key, physical_key, pressed, repeat, modifiers: Modifiers::COMMAND }]);
    }

    /// Has everything read aloud from now on, which costs every frame something.
    pub(super) fn read_aloud(&mut self) {
        self.context.enable_accesskit();
        self.rest();
    }

    /// Somebody who has it read aloud clicks what begins with these words, if it is there, and draws.
    pub(super) fn click(&mut self, words: &str) -> bool {
        let named = self.aloud.iter().find(|(_, label)| label.starts_with(words));
        let Some((target_node, _)) = named.cloned() else { return false };
        let request = |action| ActionRequest { action, target_node, target_tree: TreeId::ROOT, data: None };
        let actions = [Action::Focus, Action::Click].map(request);
        self.frame(actions.map(Event::AccessKitActionRequest).to_vec());
        true
    }

    /// Calls the selected procedure with the example of its arguments.
    pub(super) fn call(&mut self) -> CallOrder {
        self.wish(Command::FillExample);
        match self.dashboard.model.obey(Command::Call, Instant::now()) {
            Some(Order::Tab(_, TabOrder::Call(call))) => *call,
            other => panic!("no call was made: {other:?}"),
        }
    }

    /// The worker says something, which is taken in at once.
    pub(super) fn tell_window(&mut self, update: Update) {
        self.send(update);
        self.dashboard.learn();
    }

    /// The worker says something.
    pub(super) fn send(&mut self, update: Update) {
        // The dashboard holds the other end.
        let _ = self.updates.send(update);
    }
}
