//! The selected procedure: what it is for, and the form for its arguments.

use egui::{Label, Panel, RichText, ScrollArea, TextEdit, Ui};

use super::form::form_ui;
use super::parts::{chip_ui, command_button_ui, empty_ui, loading_ui, muted, primary_button_ui};
use super::theme::palette;
use crate::command::Command;
use crate::model::Model;
use crate::model::catalogue::{Catalogue, Procedure};
use crate::model::draft::Draft;
use crate::text;

/// The panel in the middle.
pub(crate) fn request_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    if matches!(model.catalogue, Catalogue::Loading) {
        return loading_ui(ui, "Loading…");
    }
    let Some(procedure) = model.procedure() else {
        return empty_ui(ui, "No procedure selected", "Select one at the left to see its form.");
    };
    heading_ui(ui, procedure);
    if !procedure.unary {
        return empty_ui(ui, "A streaming procedure", "This dashboard calls procedures with one reply.");
    }
    let can_call = model.allows(&Command::Call) && !model.allows(&Command::CancelCall);
    let can_cancel = model.allows(&Command::CancelCall);
    let path = procedure.path.clone();
    let Some(draft) = model.drafts.get_mut(&path) else { return };
    Panel::bottom("call").show_separator_line(false).frame(egui::Frame::new()).show(ui, |ui| {
        ui.add_space(6.0);
        mistakes_ui(ui, draft);
        call_ui(ui, draft, can_call, can_cancel, wishes);
    });
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if draft.outdated {
            let notice = "The server describes these arguments differently now. Reset the form to follow.";
            ui.label(RichText::new(notice).color(ui.visuals().warn_fg_color));
        }
        form_ui(ui, &path, draft, wishes);
    });
}

fn heading_ui(ui: &mut Ui, procedure: &Procedure) {
    let colors = palette(ui);
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&procedure.path).heading().strong());
        if procedure.idempotent {
            chip_ui(ui, "idempotent", colors.ok);
        }
        if let Some(ms) = procedure.deadline_ms {
            chip_ui(ui, &format!("deadline {ms} ms"), colors.muted);
        }
    });
    if !procedure.documentation.is_empty() {
        ScrollArea::vertical().id_salt("docs").max_height(64.0).show(ui, |ui| {
            ui.add(Label::new(muted(&colors, &procedure.documentation)).wrap());
        });
    }
    if !procedure.faults.is_empty() {
        let faults: Vec<String> =
            procedure.faults.iter().map(|fault| format!("{} ({})", fault.variant, fault.code)).collect();
        ui.add(Label::new(muted(&colors, format!("May fail with {}", faults.join(", "))).small()).wrap());
    }
    ui.add_space(4.0);
}

/// What keeps a call from being sent, once it was tried.
fn mistakes_ui(ui: &mut Ui, draft: &Draft) {
    if !draft.tried {
        return;
    }
    if let Err(mistakes) = draft.form.arguments() {
        let first = mistakes.first().map(|mistake| format!("{}: {}", mistake.path, mistake.message));
        let more = match mistakes.len() {
            0 | 1 => String::new(),
            2 => " (and 1 more)".to_owned(),
            count => format!(" (and {} more)", count - 1),
        };
        let words = format!("Not sent. {}{more}", text::line(&first.unwrap_or_default(), 300));
        ui.add(Label::new(RichText::new(words).color(palette(ui).error)).wrap());
    }
}

fn call_ui(ui: &mut Ui, draft: &mut Draft, can_call: bool, can_cancel: bool, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    ui.horizontal_wrapped(|ui| {
        let keys = Command::Call.shortcut().map(|keys| ui.ctx().format_shortcut(&keys)).unwrap_or_default();
        if primary_button_ui(ui, Command::Call.text(), can_call).on_hover_text(&keys).clicked() {
            wishes.push(Command::Call);
        }
        ui.label(muted(&colors, keys).small());
        if can_cancel {
            command_button_ui(ui, Command::CancelCall, true, wishes);
        }
        command_button_ui(ui, Command::FillExample, true, wishes);
        command_button_ui(ui, Command::ResetForm, true, wishes);
        ui.horizontal(|ui| {
            let label = ui.label("Deadline");
            let edit = TextEdit::singleline(&mut draft.deadline).hint_text("default").desired_width(76.0);
            ui.add(edit).labelled_by(label.id);
        });
        if let Err(wrong) = draft.deadline() {
            ui.label(RichText::new(wrong).small().color(colors.error));
        }
    });
}
