//! The selected procedure: what it is for, and the form for its arguments.

use std::time::Duration;

use egui::{Align, Button, Label, Layout, Panel, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::journal::journal_ui;
use super::load::times_ui;
use super::manual::{forbidden_ui, manual_ui};
use super::metadata::metadata_ui;
use super::parts::{
    chip_ui, command_button_ui, empty_ui, hint_of, keys_of, loading_ui, muted, notice_ui, primary_button_ui,
};
use super::shelf::shelf_ui;
use super::theme::palette;
use super::writing::{lenses_ui, piece_ui, writing_ui};
use crate::command::Command;
use crate::form::Part;
use crate::model::catalogue::{Catalogue, Listed, Procedure};
use crate::model::draft::Draft;
use crate::model::load::asked::LoadCommand;
use crate::model::manual::kind_meaning;
use crate::model::tab::Tab;
use crate::text;

/// Below this height there is no room for more than the form.
const LOW: f32 = 300.0;
/// How much of the list of faults is shown; the page about the procedure has them all.
const FAULTS_SHOWN: usize = 400;
/// So many things that have no place any more are listed; all of them are put aside.
const DROPPED_SHOWN: usize = 8;
/// What the deadline and its name take.
const DEADLINE_WIDTH: f32 = 150.0;

/// The panel in the middle.
pub(crate) fn request_ui(ui: &mut Ui, tab: &mut Tab, wishes: &mut Vec<Command>) {
    if matches!(tab.catalogue, Catalogue::Loading) {
        return loading_ui(ui, "Loading…");
    }
    let procedure = match tab.selected.as_deref().and_then(|path| tab.catalogue.listed(path)) {
        Some(Listed::Offered(procedure)) => procedure,
        Some(Listed::Forbidden(forbidden)) => {
            let peer = tab.own.identity().map(|identity| identity.id.as_str());
            return forbidden_ui(ui, &forbidden.path, peer);
        }
        None => return empty_ui(ui, "No procedure selected", "Select one at the left to see its form."),
    };
    if tab.reading.is_open {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(&procedure.path).heading().strong());
            documentation_button_ui(ui, true, wishes);
        });
        return manual_ui(ui, tab, procedure, wishes);
    }
    heading_ui(ui, procedure, wishes);
    if let Some(draft) = tab.drafts.get(&procedure.path) {
        lenses_ui(ui, draft, tab.recall.is_open, tab.shelf.is_open, wishes);
    }
    if tab.shelf.is_open {
        let procedure = procedure.path.clone();
        return shelf_ui(ui, &mut tab.shelf, &procedure, wishes);
    }
    if tab.recall.is_open {
        return journal_ui(ui, tab, wishes);
    }
    let buttons = Buttons::of(tab, procedure);
    let path = procedure.path.clone();
    let Some(draft) = tab.drafts.get_mut(&path) else { return };
    Panel::bottom("call").show_separator_line(false).frame(egui::Frame::new()).show(ui, |ui| {
        ui.add_space(6.0);
        mistakes_ui(ui, draft);
        call_ui(ui, draft, &buttons, wishes);
    });
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        dropped_ui(ui, draft, wishes);
        writing_ui(ui, &path, draft, Part::Arguments, wishes);
        if draft.whole.item.is_some() {
            ui.add_space(4.0);
            ui.label(RichText::new("Item to send").strong());
            // Its places may be called like those of the arguments.
            ui.push_id("item", |ui| writing_ui(ui, &path, draft, Part::Item, wishes));
        }
        ui.add_space(6.0);
        metadata_ui(ui, draft);
    });
}

fn heading_ui(ui: &mut Ui, procedure: &Procedure, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&procedure.path).heading().strong());
        if procedure.streams() {
            let shown = chip_ui(ui, &procedure.kind.to_string(), colors.accent);
            shown.on_hover_text(kind_meaning(procedure.kind));
        }
        if procedure.idempotent {
            let shown = chip_ui(ui, "idempotent", colors.ok);
            shown.on_hover_text(
                "Calling it twice does what calling it once does: clients try again by themselves",
            );
        }
        if let Some(ms) = procedure.deadline_ms {
            let shown = chip_ui(ui, &format!("deadline {ms} ms"), colors.muted);
            shown.on_hover_text("Its author's deadline, which holds where none is written below");
        }
        documentation_button_ui(ui, false, wishes);
    });
    // The form needs what there is; the page about the procedure has all of it.
    if ui.available_height() < LOW {
        return;
    }
    if !procedure.documentation.is_empty() {
        ScrollArea::vertical().id_salt("docs").max_height(64.0).show(ui, |ui| {
            ui.add(Label::new(muted(&colors, &procedure.documentation)).wrap());
        });
    }
    if !procedure.faults.is_empty() {
        let faults: Vec<String> =
            procedure.faults.iter().map(|fault| format!("{} ({})", fault.variant, fault.code)).collect();
        let faults = text::line(&format!("May fail with {}", faults.join(", ")), FAULTS_SHOWN);
        ui.add(Label::new(muted(&colors, faults).small()).wrap());
    }
    ui.add_space(4.0);
}

/// What was typed and has no place in what the server takes now.
fn dropped_ui(ui: &mut Ui, draft: &Draft, wishes: &mut Vec<Command>) {
    let Some(dropped) = &draft.dropped else { return };
    notice_ui(ui, palette(ui).warn, |ui| {
        ui.label(RichText::new("The server describes these arguments differently now.").strong());
        let words = if dropped.is_empty() {
            "Everything that was typed still has a place."
        } else {
            "What still has a place was kept. This has none any more:"
        };
        ui.add(Label::new(words).wrap());
        dropped.iter().take(DROPPED_SHOWN).for_each(|piece| piece_ui(ui, &piece.path, &piece.text));
        if dropped.len() > DROPPED_SHOWN {
            ui.label(format!("and {} more, under “Put aside”", dropped.len() - DROPPED_SHOWN));
        }
        command_button_ui(ui, Command::DismissDropped, true, wishes);
    });
    ui.add_space(4.0);
}

/// Shows the page about the procedure in place of the form, or the form again.
fn documentation_button_ui(ui: &mut Ui, is_open: bool, wishes: &mut Vec<Command>) {
    let command = Command::ToggleManual;
    let hint = hint_of(ui, &command);
    if ui.selectable_label(is_open, command.text()).on_hover_text(hint).clicked() {
        wishes.push(command);
    }
}

/// What keeps a call or an item from being sent, once it was tried.
fn mistakes_ui(ui: &mut Ui, draft: &Draft) {
    let mistakes = draft.mistakes();
    let Some(first) = mistakes.first() else { return };
    let more = match mistakes.len() {
        1 => String::new(),
        2 => " (and 1 more)".to_owned(),
        count => format!(" (and {} more)", count - 1),
    };
    let words = format!("Not sent. {}{more}", text::line(&first.to_string(), 300));
    ui.add(Label::new(RichText::new(words).color(palette(ui).error)).wrap());
}

/// What the buttons below the form are for just now.
#[derive(Clone, Copy)]
enum Phase {
    /// A call with one reply: to be made, or given up.
    Unary,
    /// A streaming call that has not begun.
    Idle,
    /// One over which items can be sent.
    Sending,
    /// One over which nothing more is sent.
    Receiving,
}

impl Phase {
    fn of(tab: &Tab, procedure: &Procedure) -> Self {
        match tab.running() {
            _ if !procedure.streams() => Self::Unary,
            None => Self::Idle,
            Some(_) if tab.allows(&Command::HalfClose) => Self::Sending,
            Some(_) => Self::Receiving,
        }
    }
}

/// The buttons below the form.
struct Buttons {
    phase: Phase,
    /// Whether the one that matters most can be pressed.
    enabled: bool,
    is_running: bool,
    /// What holds where no deadline is typed.
    usual_deadline: String,
    /// How many times the call is made that is made many times, and whether that can be done.
    times: (u64, bool),
}

impl Buttons {
    fn of(tab: &Tab, procedure: &Procedure) -> Self {
        let phase = Phase::of(tab, procedure);
        let first = if matches!(phase, Phase::Sending) { Command::SendItem } else { Command::Call };
        let times = (tab.load.times, tab.allows(&Command::Load(LoadCommand::Repeat)));
        let usual = tab.preferences.deadline().filter(|_| !procedure.streams());
        let usual_deadline = match procedure.deadline_ms.map(Duration::from_millis).or(usual) {
            Some(deadline) => text::latency(deadline.as_secs_f64()),
            None if procedure.streams() => "none".to_owned(),
            None => "default".to_owned(),
        };
        let (enabled, is_running) = (tab.allows(&first), tab.running().is_some());
        Self { phase, enabled, is_running, usual_deadline, times }
    }

    fn buttons_ui(&self, ui: &mut Ui, wishes: &mut Vec<Command>) {
        match self.phase {
            Phase::Unary => {
                self.first_ui(ui, "Call", Command::Call, wishes);
                if self.is_running {
                    command_button_ui(ui, Command::CancelCall, true, wishes);
                }
                times_ui(ui, self.times.0, self.times.1, wishes);
            }
            Phase::Idle => self.first_ui(ui, "Start", Command::Call, wishes),
            Phase::Sending => {
                self.first_ui(ui, "Send", Command::SendItem, wishes);
                let done = ui.button("Done").on_hover_text("Tells the server that no items follow");
                if done.clicked() {
                    wishes.push(Command::HalfClose);
                }
                cancel_ui(ui, wishes);
            }
            Phase::Receiving => cancel_ui(ui, wishes),
        }
    }

    fn first_ui(&self, ui: &mut Ui, name: &str, command: Command, wishes: &mut Vec<Command>) {
        let (keys, hint) = (keys_of(ui, &command), hint_of(ui, &command));
        if primary_button_ui(ui, name, self.enabled).on_hover_text(hint).clicked() {
            wishes.push(command);
        }
        ui.label(muted(&palette(ui), keys).small());
    }
}

/// The button that ends a stream, as large as the one that began it.
fn cancel_ui(ui: &mut Ui, wishes: &mut Vec<Command>) {
    let button = Button::new(RichText::new("Cancel").strong()).min_size(vec2(72.0, 28.0));
    let pressed = ui.add(button).on_hover_text("Ends the call here and at the server").clicked();
    ui.label(muted(&palette(ui), keys_of(ui, &Command::CancelCall)).small());
    if pressed {
        wishes.push(Command::CancelCall);
    }
}

fn call_ui(ui: &mut Ui, draft: &mut Draft, buttons: &Buttons, wishes: &mut Vec<Command>) {
    ui.horizontal_wrapped(|ui| {
        buttons.buttons_ui(ui, wishes);
        command_button_ui(ui, Command::FillExample, true, wishes);
        command_button_ui(ui, Command::ResetForm, true, wishes);
        // It is that of the next call: while a stream is open, its buttons need the room.
        if matches!(buttons.phase, Phase::Unary | Phase::Idle) {
            if ui.available_size_before_wrap().x < DEADLINE_WIDTH {
                ui.end_row();
            }
            deadline_ui(ui, draft, &buttons.usual_deadline);
        }
    });
}

fn deadline_ui(ui: &mut Ui, draft: &mut Draft, hint: &str) {
    // As one that goes to the next line together.
    let size = vec2(142.0, ui.spacing().interact_size.y);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        let label = ui.label("Deadline");
        let edit = TextEdit::singleline(&mut draft.whole.deadline).hint_text(hint).desired_width(76.0);
        let hint =
            "How long the call may take: 500 ms, 5 s or 2 min. What takes longer is given up at both ends.";
        ui.add(edit).labelled_by(label.id).on_hover_text(hint);
    });
    if let Err(wrong) = draft.deadline() {
        ui.label(RichText::new(wrong).small().color(palette(ui).error));
    }
}
