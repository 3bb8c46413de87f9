//! A recording in the place of a server: its procedures, its graphs as they were, and the time line below.

use std::time::{Duration, Instant};

use egui::{Align, Button, CentralPanel, Label, Layout, Panel, ProgressBar, RichText, Ui};
use jiff::Timestamp;

use super::timeline::timeline_ui;
use crate::command::Command;
use crate::model::catalogue::Procedure;
use crate::model::connection::Failure;
use crate::model::manual::kind_meaning;
use crate::model::preferences::Times;
use crate::model::recording::RecordingCommand;
use crate::model::recording::replay::{Replay, Stage};
use crate::model::tab::Tab;
use crate::model::view::Page;
use crate::ui::parts::{chip_ui, command_button_ui, failure_card_ui, middle_ui, muted};
use crate::ui::theme::palette;
use crate::ui::{filling_ui, graphs, panel_frame, procedures};

/// Why nothing can be done here that takes a server.
const NO_SERVER: &str = "This is a recording: there is no server to call. Connect with it in another tab.";

/// Where there is less room than this, the procedures and the graphs take turns.
const NARROW: f32 = 700.0;

/// Who recorded is left out where there is less room than this.
const BY_WIDTH: f32 = 150.0;

/// The recording of a tab.
pub(crate) fn page_ui(ui: &mut Ui, tab: &mut Tab, now: (Instant, Timestamp), wishes: &mut Vec<Command>) {
    match &tab.replay {
        Some(Replay { file, stage: Stage::Opening(share) }) => {
            CentralPanel::default().show(ui, |ui| opening_ui(ui, file, *share));
        }
        Some(Replay { stage: Stage::Failed(failure), .. }) => {
            CentralPanel::default().show(ui, |ui| failed_ui(ui, failure, wishes));
        }
        Some(Replay { stage: Stage::Open(_), .. }) => open_ui(ui, tab, now, wishes),
        None => {}
    }
}

fn opening_ui(ui: &mut Ui, file: &str, share: f32) {
    middle_ui(ui, |ui| {
        ui.label(format!("Reading {file}"));
        ui.add_space(4.0);
        let bar = ui.add(ProgressBar::new(share).desired_width(280.0).show_percentage());
        bar.accessible_name("Read so far");
    });
}

fn failed_ui(ui: &mut Ui, failure: &Failure, wishes: &mut Vec<Command>) {
    middle_ui(ui, |ui| {
        failure_card_ui(ui, failure);
        ui.add_space(4.0);
        command_button_ui(ui, Command::Recording(RecordingCommand::Browse), true, wishes);
    });
}

fn open_ui(ui: &mut Ui, tab: &mut Tab, now: (Instant, Timestamp), wishes: &mut Vec<Command>) {
    let id = tab.id;
    Panel::bottom("time line").frame(panel_frame(ui, 12, 8)).show(ui, |ui| {
        timeline_ui(ui, tab, wishes);
    });
    if tab.page != Page::Graphs {
        if ui.available_width() < NARROW {
            let frame = panel_frame(ui, 12, 8);
            CentralPanel::default().frame(frame).show(ui, |ui| {
                command_button_ui(ui, Command::Show(Page::Graphs), true, wishes);
                filling_ui(ui, id, |ui| procedures::procedures_ui(ui, tab, wishes));
            });
            return;
        }
        Panel::left("procedures")
            .default_size(270.0)
            .size_range(180.0..=480.0)
            .frame(panel_frame(ui, 10, 8))
            .show(ui, |ui| filling_ui(ui, id, |ui| procedures::procedures_ui(ui, tab, wishes)));
    }
    let moment = tab.moment(now);
    CentralPanel::default().frame(panel_frame(ui, 14, 8)).show(ui, |ui| {
        if tab.page != Page::Graphs {
            heading_ui(ui, tab.procedure());
        }
        graphs::page_ui(ui, tab, moment, wishes);
    });
}

/// The procedure that is selected, and why it cannot be called.
fn heading_ui(ui: &mut Ui, procedure: Option<&Procedure>) {
    let Some(procedure) = procedure else { return };
    let colors = palette(ui);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_enabled(false, Button::new(Command::Call.text())).on_disabled_hover_text(NO_SERVER);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(&procedure.path).heading().strong()).truncate());
                if procedure.streams() {
                    let shown = chip_ui(ui, &procedure.kind.to_string(), colors.accent);
                    shown.on_hover_text(kind_meaning(procedure.kind));
                }
                if procedure.idempotent {
                    chip_ui(ui, "idempotent", colors.ok);
                }
                let documentation = procedure.documentation.lines().next().unwrap_or_default();
                let shown = ui.add(Label::new(muted(&colors, documentation)).truncate());
                shown.on_hover_text(&procedure.documentation);
            });
        });
    });
    ui.add_space(2.0);
}

/// Which server was recorded and when, for the line at the top.
pub(crate) fn facts_ui(ui: &mut Ui, replay: &Replay, times: Times) {
    let Some(playing) = replay.playing() else { return };
    let (colors, overview) = (palette(ui), &playing.overview);
    let zoned = |at| overview.date(at).to_zoned(times.zone());
    let (from, to) = (zoned(Duration::ZERO), zoned(overview.length));
    let pattern = if from.date() == to.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
    let when = format!("{} – {}", from.strftime("%Y-%m-%d %H:%M:%S"), to.strftime(pattern));
    ui.separator();
    ui.add(Label::new(&overview.head.peer).truncate());
    ui.add(Label::new(muted(&colors, when).small()).truncate());
    if ui.available_width() < BY_WIDTH {
        return;
    }
    let by = format!("{} · recorded by {}", overview.head.address, overview.head.recorder);
    ui.add(Label::new(muted(&colors, by).small()).truncate());
}
