//! The page of loads: many calls of a procedure, planned at the left, shown in the middle, kept in a list below.

mod list;
mod planning;
mod plot;
mod plots;
mod shown;
mod table;
mod times;

use egui::{CentralPanel, Label, Panel, RichText, Ui};
use jiff::Timestamp;

pub(super) use self::times::times_ui;
use super::pages::pages_ui;
use super::parts::{command_button_ui, failure_card_ui, muted, notice_ui};
use super::theme::palette;
use super::{filling_ui, panel_frame};
use crate::command::Command;
use crate::exchange::LoadOrder;
use crate::model::load::asked::LoadCommand;
use crate::model::load::record::RECORDS_MAX;
use crate::model::tab::Tab;
use crate::model::view::Page;
use crate::text;

/// The page, in all the room below the top bar.
pub(super) fn page_ui(ui: &mut Ui, tab: &mut Tab, now: Timestamp, wishes: &mut Vec<Command>) {
    let id = tab.id;
    if tab.load.running.is_some() || 0 < tab.load.records.len() {
        Panel::bottom("runs")
            .resizable(true)
            .default_size(190.0)
            .size_range(90.0..=420.0)
            .frame(panel_frame(ui, 10, 8))
            .show(ui, |ui| filling_ui(ui, id, |ui| list::list_ui(ui, &tab.load, now, wishes)));
    } else {
        // The panels beside it keep their identity.
        ui.skip_ahead_auto_ids(1);
    }
    Panel::left("plan").default_size(300.0).size_range(260.0..=420.0).frame(panel_frame(ui, 10, 8)).show(
        ui,
        |ui| {
            filling_ui(ui, id, |ui| {
                pages_ui(ui, Page::Load, false, wishes);
                ui.add_space(4.0);
                planning::planning_ui(ui, tab, wishes);
            });
        },
    );
    CentralPanel::default().frame(panel_frame(ui, 14, 10)).show(ui, |ui| {
        filling_ui(ui, id, |ui| {
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
        });
    });
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
