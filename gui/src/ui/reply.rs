//! What the last call of the selected procedure came back with.

use std::time::Instant;

use egui::{CollapsingHeader, Label, RichText, ScrollArea, Ui};

use super::body::{Glass, body_ui};
use super::facts::copy_made_ui;
use super::hex::hex_ui;
use super::journal::last_copies_ui;
use super::parts::{command_button_ui, empty_ui, muted, spinner_ui};
use super::stream::stream_ui;
use super::theme::palette;
use super::timing::timing_ui;
use crate::command::Command;
use crate::lens::outline::Outline;
use crate::model::calls::{Ended, OwnCall};
use crate::model::find::Within;
use crate::model::manual::meaning;
use crate::model::reply::{Problem, ProblemKind};
use crate::model::tab::Tab;
use crate::model::timing::Timing;
use crate::text;

/// Metadata is scrolled beyond this.
const METADATA_HEIGHT: f32 = 120.0;

/// The panel at the right.
pub(crate) fn reply_ui(ui: &mut Ui, tab: &Tab, now: Instant, wishes: &mut Vec<Command>) {
    let Some(call) = tab.selected.as_deref().and_then(|path| tab.calls.last(path)) else {
        return empty_ui(ui, "No call yet", "Fill in the form and press Call. The reply appears here.");
    };
    let glass = Glass { lens: tab.lens, find: tab.finding(Within::Reply) };
    last_copies_ui(ui, tab, call, wishes);
    if let Some(stream) = &call.stream {
        return stream_ui(ui, call, stream, glass, now, wishes);
    }
    match &call.ended {
        None => waiting_ui(ui, call, now, wishes),
        Some(ended) => ended_ui(ui, call, ended, glass, wishes),
    }
}

fn waiting_ui(ui: &mut Ui, call: &OwnCall, now: Instant, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let waited = now.saturating_duration_since(call.started).as_secs();
    ui.horizontal(|ui| {
        ui.label(muted(&colors, format!("#{}", call.number.0)));
        spinner_ui(ui, 14.0);
        ui.label(format!("Waiting for the reply, {waited} s"));
        command_button_ui(ui, Command::CancelCall, true, wishes);
    });
}

fn ended_ui(ui: &mut Ui, call: &OwnCall, ended: &Ended, glass: Glass<'_>, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    ui.horizontal(|ui| {
        ui.label(muted(&colors, format!("#{}", call.number.0)));
        let (word, color) = match &ended.outcome {
            Ok(_) => ("OK", colors.ok),
            Err(problem) => (problem.kind.text(), colors.error),
        };
        let shown = ui.label(RichText::new(word).strong().color(color));
        if let Err(Problem { kind: ProblemKind::Status(code), .. }) = &ended.outcome {
            shown.on_hover_text(meaning(*code));
        }
        if !matches!(&ended.outcome, Err(problem) if problem.is_local()) {
            ui.label(text::latency(ended.took.as_secs_f64()));
        }
        if let Ok(body) = &ended.outcome {
            ui.label(text::size(body.bytes.len()));
        }
        if let Err(problem) = &ended.outcome {
            copy_made_ui(ui, "Error", call.number, || problem.text());
        }
    });
    beside_ui(ui, call, ended);
    ui.separator();
    match &ended.outcome {
        Ok(body) => body_ui(ui, "Result", body, glass, wishes),
        Err(problem) => problem_ui(ui, problem, glass, wishes),
    }
}

/// What came beside the end: where the time went, how the call compares, metadata.
pub(super) fn beside_ui(ui: &mut Ui, call: &OwnCall, Ended { took, beside, .. }: &Ended) {
    timing_ui(ui, &Timing::new(*took, beside.times), call.rank.as_ref());
    metadata_ui(ui, "Metadata", &beside.response);
    metadata_ui(ui, "Trailing metadata", &beside.trailing);
}

/// Keys and values to unfold; nothing where there are none.
fn metadata_ui(ui: &mut Ui, title: &str, entries: &[(String, String)]) {
    if entries.is_empty() {
        return;
    }
    let words = RichText::new(format!("{title} ({})", entries.len())).small();
    CollapsingHeader::new(words).id_salt(title).show_unindented(ui, |ui| {
        ScrollArea::vertical().id_salt(title).max_height(METADATA_HEIGHT).show(ui, |ui| {
            for (key, value) in entries {
                ui.horizontal_wrapped(|ui| {
                    ui.label(muted(&palette(ui), key).monospace());
                    ui.add(Label::new(RichText::new(value).monospace()).wrap());
                });
            }
        });
    });
}

fn problem_ui(ui: &mut Ui, problem: &Problem, glass: Glass<'_>, wishes: &mut Vec<Command>) {
    problem_words_ui(ui, problem);
    if let Some(fault) = &problem.fault {
        ui.add_space(6.0);
        body_ui(ui, "Fault", fault, glass, wishes);
    }
    if let Some(bytes) = &problem.unread {
        ui.add_space(6.0);
        let words = format!("As it came, {}", text::size(bytes.len()));
        ui.label(RichText::new(words).strong());
        hex_ui(ui, "unread", bytes, &Outline::default(), None);
    }
}

/// What went wrong, without the fault that came with it.
pub(super) fn problem_words_ui(ui: &mut Ui, problem: &Problem) {
    let colors = palette(ui);
    if let ProblemKind::NotSent { path } = &problem.kind
        && !path.is_empty()
    {
        ui.label(RichText::new(path).monospace());
    }
    if problem.message.is_empty() {
        ui.label(muted(&colors, "No message came with it."));
    } else {
        ui.add(Label::new(&problem.message).wrap());
    }
    if !problem.advice.is_empty() {
        ui.add(Label::new(muted(&colors, &problem.advice)).wrap());
    }
}
