//! Every command in one list, with a filter.

use egui::{Button, FocusDirection, Id, Key, Modal, ScrollArea, TextEdit, Ui};

use super::parts::keys_of;
use crate::command::Command;
use crate::model::Model;
use crate::text;

/// The list over everything else, while it is wanted.
pub(crate) fn palette_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    let Some(mut filter) = model.palette.take() else { return };
    let mut chosen = None;
    let modal = Modal::new(Id::unique("palette")).show(ui.ctx(), |ui| {
        ui.set_width(380.0);
        let edit = TextEdit::singleline(&mut filter)
            .hint_text("Type to filter commands")
            .desired_width(f32::INFINITY);
        let response = ui.add(edit).accessible_name("Filter commands");
        // It has just been opened. Later whoever goes on from there to the list, goes on in it.
        if ui.memory(|memory| memory.top_modal_layer()) != Some(ui.layer_id()) {
            response.request_focus();
        }
        let listed = || Command::LISTED.iter().filter(|command| is_listed(model, &filter, command));
        if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            chosen = listed().next().cloned();
        }
        if response.has_focus() && ui.input(|input| input.key_pressed(Key::ArrowDown)) {
            ui.memory_mut(|memory| memory.move_focus(FocusDirection::Next));
        }
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for command in listed() {
                // Also an empty text at the right keeps the name at the left.
                let keys = keys_of(ui, command);
                let button = Button::new(command.text()).frame_when_inactive(false).shortcut_text(keys);
                let button = ui.add_sized([ui.available_width(), 24.0], button);
                if button.gained_focus() {
                    button.scroll_to_me(None);
                }
                let meaning = command.meaning();
                let button = if meaning.is_empty() { button } else { button.on_hover_text(meaning) };
                if button.clicked() {
                    chosen = Some(command.clone());
                }
            }
        });
    });
    let is_done = chosen.is_some() || modal.should_close();
    wishes.extend(chosen);
    if !is_done {
        model.palette = Some(filter);
    }
}

fn is_listed(model: &Model, filter: &str, command: &Command) -> bool {
    let matches = text::has_words(&command.text().to_lowercase(), &filter.to_lowercase());
    matches && *command != Command::TogglePalette && model.allows(command)
}
