//! The page of loads: many calls of a procedure, planned at the left, shown in the middle, kept in a list below.

mod list;
mod planning;
mod plot;
mod plots;
mod shown;
mod table;
mod times;

use egui::{CentralPanel, Label, Panel, RichText, ScrollArea, Ui, vec2};
use jiff::Timestamp;

use self::list::list_ui;
use self::planning::planning_ui;
pub(super) use self::times::times_ui;
use super::pages::pages_ui;
use super::parts::{command_button_ui, failure_card_ui, muted, notice_ui};
use super::theme::palette;
use super::{LOW, NARROW, filling_ui, panel_frame};
use crate::command::Command;
use crate::exchange::LoadOrder;
use crate::model::load::asked::LoadCommand;
use crate::model::load::record::RECORDS_MAX;
use crate::model::tab::Tab;
use crate::model::view::Page;
use crate::text;

/// How high what is shown of a run is where it stands below the plan.
const SHOWN_HEIGHT: f32 = 440.0;

/// The page, in all the room below the top bar.
pub(super) fn page_ui(ui: &mut Ui, tab: &mut Tab, now: Timestamp, wishes: &mut Vec<Command>) {
    let (id, room) = (tab.id, ui.available_size());
    if tab.load.running.is_some() || 0 < tab.load.records.len() {
        Panel::bottom("runs")
            .resizable(true)
            .default_size((room.y * 0.24).clamp(96.0, 340.0))
            .size_range(90.0..=(room.y * 0.5).max(90.0))
            .frame(panel_frame(ui, 10, 8))
            .show(ui, |ui| filling_ui(ui, id, |ui| list_ui(ui, tab, now, wishes)));
    } else {
        // The panels beside it keep their identity.
        ui.skip_ahead_auto_ids(1);
    }
    if room.x < NARROW || room.y < LOW {
        CentralPanel::default().frame(panel_frame(ui, 10, 8)).show(ui, |ui| {
            filling_ui(ui, id, |ui| column_ui(ui, tab, wishes));
        });
        return;
    }
    Panel::left("plan")
        .default_size((room.x * 0.15).clamp(300.0, 360.0))
        .size_range(260.0..=420.0)
        .frame(panel_frame(ui, 10, 8))
        .show(ui, |ui| {
            filling_ui(ui, id, |ui| {
                pages_ui(ui, Page::Load, false, wishes);
                ui.add_space(4.0);
                ScrollArea::vertical().id_salt("plan").auto_shrink(false).show(ui, |ui| {
                    planning_ui(ui, tab, wishes);
                });
            });
        });
    CentralPanel::default()
        .frame(panel_frame(ui, 14, 10))
        .show(ui, |ui| filling_ui(ui, id, |ui| shown_ui(ui, tab, wishes)));
}

/// What is planned and what came of it below each other, to be scrolled.
fn column_ui(ui: &mut Ui, tab: &mut Tab, wishes: &mut Vec<Command>) {
    pages_ui(ui, Page::Load, false, wishes);
    ScrollArea::vertical().id_salt("load").auto_shrink(false).show(ui, |ui| {
        planning_ui(ui, tab, wishes);
        ui.separator();
        let room = vec2(ui.available_width(), SHOWN_HEIGHT);
        ui.allocate_ui(room, |ui| shown_ui(ui, tab, wishes));
    });
}

/// What is shown of a run, and above it what has to be answered first.
fn shown_ui(ui: &mut Ui, tab: &Tab, wishes: &mut Vec<Command>) {
    notices_ui(ui, tab, wishes);
    let load = &tab.load;
    if let Some(run) = load.shown_run() {
        shown::run_ui(ui, run);
    } else if let Some(both) = load.compared() {
        shown::compared_ui(ui, both, wishes);
    } else if let Some(record) = load.shown_record() {
        shown::record_ui(ui, record, wishes);
    } else {
        shown::nothing_ui(ui);
    }
}

/// What has to be answered or mended before anything is started.
fn notices_ui(ui: &mut Ui, tab: &Tab, wishes: &mut Vec<Command>) {
    if let Some(order) = &tab.load.asked {
        let address =
            tab.connection.target().map(|target| text::line(&target.address, 80)).unwrap_or_default();
        let can_start = tab.allows(&Command::Load(LoadCommand::StartAnyway));
        notice_ui(ui, palette(ui).warn, |ui| confirm_ui(ui, order, &address, can_start, wishes));
        ui.add_space(8.0);
    }
    if let Some(failure) = &tab.load.refused {
        failure_card_ui(ui, failure);
        ui.add_space(8.0);
    }
    if tab.load.records.len() == RECORDS_MAX {
        let words = format!("{RECORDS_MAX} runs are kept: the next takes the place of the first.");
        ui.label(muted(&palette(ui), words).small());
    }
}

fn confirm_ui(ui: &mut Ui, order: &LoadOrder, address: &str, can_start: bool, wishes: &mut Vec<Command>) {
    let procedure = text::line(&order.procedure, 200);
    let question = match (order.plan.calls(), order.plan.span()) {
        (Some(calls), None) => {
            format!("Call {procedure} at {address} {}?", text::counted(calls, ["time", "times"]))
        }
        (Some(calls), Some(_)) => {
            format!("Call {procedure} at {address} about {}?", text::counted(calls, ["time", "times"]))
        }
        (None, Some(span)) => {
            let seconds = text::span_of(span.warm_up + span.duration);
            format!("Call {procedure} at {address} as often as it goes in {seconds}?")
        }
        (None, None) => format!("Call {procedure} at {address}?"),
    };
    ui.add(Label::new(RichText::new(question).strong()).wrap());
    let why = "The server does not say that it is idempotent: each of these calls may change something, as one that \
               is made by hand, and stopping takes none of them back.";
    ui.add(Label::new(why).wrap());
    ui.horizontal(|ui| {
        command_button_ui(ui, Command::Load(LoadCommand::StartAnyway), can_start, wishes);
        command_button_ui(ui, Command::Load(LoadCommand::DoNotStart), true, wishes);
    });
}
