//! What is being recorded, where to, and how that ended.

use std::time::{Duration, Instant};

use egui::{Align2, Button, Id, Label, Modal, RichText, Sense, TextEdit, Ui, Window, vec2};

use crate::command::Command;
use crate::model::connection::Failure;
use crate::model::recording::{Recorded, Recording, RecordingCommand, Running};
use crate::model::tab::Tab;
use crate::text;
use crate::ui::parts::{command_button_ui, failure_card_ui, hint_with_keys, muted, primary_button_ui};
use crate::ui::theme::palette;

/// How wide the question is, and what is said at the end.
const WIDTH: f32 = 460.0;
const NOTICE_WIDTH: f32 = 360.0;

/// The button in the top bar: it begins a recording or, while there is one, says how long it is and ends it.
pub(crate) fn button_ui(ui: &mut Ui, tab: &Tab, now: Instant, is_narrow: bool, wishes: &mut Vec<Command>) {
    if let Some(running) = &tab.recording.running {
        return running_ui(ui, running, now, is_narrow, wishes);
    }
    let command = Command::Recording(RecordingCommand::Ask);
    let hint = "Writes what the server counts to a file, to be looked at again later";
    let hint = hint_with_keys(ui, hint, &command);
    let button = ui.add_enabled(tab.allows(&command), Button::new(command.text()));
    let button = button.on_disabled_hover_text(match tab.replay {
        Some(_) => "This is a recording already",
        None => "Only what a server tells can be recorded: connect first",
    });
    if button.on_hover_text(hint).clicked() {
        wishes.push(command);
    }
}

fn running_ui(ui: &mut Ui, running: &Running, now: Instant, is_narrow: bool, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let command = Command::Recording(RecordingCommand::Stop);
    let words = running.words(now);
    let path = running.path.display();
    let hint = format!("{words}\n{path}\n{}", hint_with_keys(ui, command.text(), &command));
    let shown = if is_narrow { running.clock(now) } else { format!("Recording {words}") };
    let text = RichText::new(format!("     {shown}")).color(colors.error);
    let button = ui.add(Button::new(text)).accessible_name(command.text());
    ui.ctx().accesskit_node_builder(button.id, |node| node.set_description(format!("Recording {words}")));
    let dot = button.rect.left_center() + vec2(15.0, 0.0);
    ui.painter().circle_filled(dot, 4.5, colors.error);
    if button.on_hover_text(hint).clicked() {
        wishes.push(command);
    }
    ui.ctx().request_repaint_after(Duration::from_secs(1));
}

/// Asks where to record to, while that is wanted, and says how the last recording ended.
pub(crate) fn dialogs_ui(ui: &Ui, tab: &mut Tab, wishes: &mut Vec<Command>) {
    if tab.recording.asking.is_some() {
        ask_ui(ui, &mut tab.recording, wishes);
    } else if let Some(ended) = &tab.recording.ended {
        ended_ui(ui, ended, wishes);
    }
}

fn ask_ui(ui: &Ui, recording: &mut Recording, wishes: &mut Vec<Command>) {
    let is_starting = recording.is_starting();
    let Some(file) = &mut recording.asking else { return };
    let modal = Modal::new(Id::unique("record")).show(ui.ctx(), |ui| {
        ui.set_width(WIDTH);
        let colors = palette(ui);
        ui.heading("Record this server");
        let words = "From now on, what the server counts is written to this file each second, with the names of its \
                     procedures and when calls were made here. It holds no arguments, replies, metadata or keys.";
        ui.add(Label::new(muted(&colors, words)).wrap());
        ui.add_space(4.0);
        let edit = ui.add(TextEdit::singleline(file).desired_width(f32::INFINITY)).accessible_name("Recording file");
        let is_entered = edit.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        match &recording.ended {
            Some(Err(failure)) => failure_card_ui(ui, failure),
            // The buttons do not move once there is something to say.
            _ => drop(ui.label(" ")),
        }
        ui.add_space(4.0);
        ui.horizontal(|ui| {
            let start = Command::Recording(RecordingCommand::Start);
            let can_start = !file.trim().is_empty() && !is_starting;
            if primary_button_ui(ui, start.text(), can_start).clicked() || (is_entered && can_start) {
                wishes.push(start);
            }
            if ui.button("Close").clicked() {
                wishes.push(Command::Recording(RecordingCommand::Ask));
            }
        });
    });
    if modal.should_close() {
        wishes.push(Command::Recording(RecordingCommand::Ask));
    }
}

fn ended_ui(ui: &Ui, ended: &Result<Recorded, Failure>, wishes: &mut Vec<Command>) {
    let place = ui.max_rect().right_bottom() - vec2(16.0, 16.0);
    let title = match ended {
        Ok(recorded) if !recorded.is_full => "Recording saved",
        _ => "The recording ended",
    };
    let window = Window::new(title).id(Id::unique("recording ended")).collapsible(false).resizable(false);
    window.pivot(Align2::RIGHT_BOTTOM).fixed_pos(place).show(ui.ctx(), |ui| {
        ui.set_max_width(NOTICE_WIDTH);
        match ended {
            Ok(Recorded { path, bytes, length, is_full }) => {
                let words = format!("{} · {}", text::clock(length.as_secs()), text::size(*bytes as usize));
                ui.add(Label::new(words).sense(Sense::hover()));
                if *is_full {
                    let words = "That is as much as one recording may have. All of it is kept; start another one to \
                                 go on.";
                    ui.add(Label::new(RichText::new(words).color(palette(ui).warn)).wrap());
                }
                ui.add(Label::new(muted(&palette(ui), path.display().to_string())).wrap());
            }
            Err(failure) => failure_card_ui(ui, failure),
        }
        ui.horizontal(|ui| {
            if let Ok(recorded) = ended {
                let open = RecordingCommand::Open(recorded.path.clone());
                command_button_ui(ui, Command::Recording(open), true, wishes);
            }
            command_button_ui(ui, Command::Recording(RecordingCommand::Dismiss), true, wishes);
        });
    });
}
