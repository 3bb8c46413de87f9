//! The page of traces: the calls that were slow or failed, and where the time of one of them went.

use std::time::Instant;

use egui::{Align, CentralPanel, Label, Layout, Panel, RichText, Role, ScrollArea, Ui, UiBuilder, vec2};

use super::columns::{self, Column, cells_ui, copies_ui, header_ui, left_over, places, row_ui, width};
use super::facts::{copied_fact_ui, fact_ui, id_ui};
use super::pages::heading_ui;
use super::parts::{command_button_ui, empty_ui, is_left, loading_ui, muted};
use super::rows::rows_ui;
use super::theme::{Palette, palette};
use super::unanswered::unanswered_ui;
use super::waterfall::{bar_ui, legend_ui, waterfall_ui};
use super::{filling_ui, panel_frame};
use crate::command::Command;
use crate::model::preferences::Times;
use crate::model::tab::Tab;
use crate::model::traces::{Column as By, TRACES_MAX, Trace, Traces, Which};
use crate::model::view::{Moment, Page};
use crate::text;

const ROW_HEIGHT: f32 = 24.0;
/// The column in which the times of a call are drawn, which takes some of what a wide window has left.
const BAR_WIDTH: std::ops::RangeInclusive<f32> = 170.0..=560.0;
/// What is known of the chosen call, beside the waterfall.
const FACTS_WIDTH: f32 = 430.0;
const WATERFALL_WIDTH: f32 = 1800.0;
/// The procedure of a policy's rules.
const LIST: &str = "countersign.Trace/list";

/// The page, in all the room below the top bar.
pub(super) fn page_ui(ui: &mut Ui, tab: &mut Tab, now: Instant, wishes: &mut Vec<Command>) {
    let id = tab.id;
    if let Some(chosen) = &tab.traces.chosen {
        let times = tab.preferences.times;
        let can_go = tab.catalogue.procedure(&chosen.procedure).is_some();
        Panel::bottom("chosen trace")
            .resizable(true)
            .default_size(236.0_f32.min(ui.available_height() * 0.42))
            .size_range(100.0..=(ui.available_height() * 0.5).clamp(100.0, 420.0))
            .frame(panel_frame(ui, 12, 8))
            .show(ui, |ui| filling_ui(ui, id, |ui| chosen_ui(ui, (chosen, times), now, can_go, wishes)));
    }
    CentralPanel::default().frame(panel_frame(ui, 10, 8)).show(ui, |ui| {
        filling_ui(ui, id, |ui| {
            let words = summary(&tab.traces);
            let filter = &mut tab.traces.filter;
            let find = std::mem::take(&mut tab.find_wanted);
            if heading_ui(ui, Page::Traces, &words, (filter, "Filter traces", find), wishes) {
                tab.traces.arrange();
            }
            choice_ui(ui, &mut tab.traces, now, wishes);
            match &tab.traces.listed {
                None => loading_ui(ui, "Asking the server for slow and failed calls…"),
                Some(Err(why)) => unanswered_ui(ui, tab, ("see slow and failed calls", LIST), why, wishes),
                Some(Ok(_)) if tab.traces.shown() == 0 => nothing_ui(ui, &tab.traces, wishes),
                Some(Ok(_)) => table_ui(ui, &tab.traces, tab.preferences.times, wishes),
            }
        });
    });
}

fn summary(traces: &Traces) -> String {
    let Some(Ok(listed)) = &traces.listed else { return String::new() };
    let shown = traces.shown();
    let calls = if shown == 1 { "call" } else { "calls" };
    let bound = match listed.len() < TRACES_MAX as usize {
        true => String::new(),
        false => format!(" among the newest {TRACES_MAX}"),
    };
    format!("{} slow or failed {calls}{bound}", text::count(shown as u64))
}

/// Which of the calls are shown.
fn choice_ui(ui: &mut Ui, traces: &mut Traces, now: Instant, wishes: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        for which in [Which::All, Which::Slow, Which::Failed] {
            let command = Command::SetTraced(which);
            if ui.selectable_label(traces.ended == which, command.text()).clicked() {
                wishes.push(command);
            }
        }
        ui.add_space(8.0);
        match &traces.moment {
            Some(moment) => moment_ui(ui, moment, now, wishes),
            None => {
                let hint = "Calls of the built-in services, which the dashboard itself makes, too";
                let ticked = ui.checkbox(&mut traces.with_builtin, "Built-in services").on_hover_text(hint);
                if ticked.changed() {
                    traces.arrange();
                }
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), legend_ui);
    });
    ui.add_space(2.0);
}

/// The moment of the graphs that is looked into, and the way back.
fn moment_ui(ui: &mut Ui, moment: &Moment, now: Instant, wishes: &mut Vec<Command>) {
    let ago = text::span_of(now.saturating_duration_since(moment.stretch.to));
    let of = moment.procedure.as_deref().unwrap_or("all procedures");
    let words = format!("{of}, {} long, {ago} ago", text::elapsed(moment.stretch.length));
    command_button_ui(ui, Command::ShowAllTraces, true, wishes);
    ui.add(Label::new(RichText::new(words).color(palette(ui).accent)).truncate());
}

/// Nothing is to be seen, which mostly is good news.
fn nothing_ui(ui: &mut Ui, traces: &Traces, wishes: &mut Vec<Command>) {
    if traces.moment.is_some() {
        let hint = "The server keeps the four slowest calls of a procedure in each minute, \
                    and the last 32 that failed.";
        empty_ui(ui, "No call of that moment was kept", hint);
        ui.add_space(8.0);
        ui.vertical_centered(|ui| {
            if ui.button("Show those of other moments").clicked() {
                wishes.push(Command::ShowAllTraces);
            }
        });
    } else if traces.filter.trim().is_empty() && traces.ended == Which::All {
        empty_ui(
            ui,
            "No call was slow or has failed",
            "Slow is what took longer than a millisecond, and most in its minute.",
        );
    } else {
        empty_ui(
            ui,
            "Nothing matches",
            "Every word of the filter has to occur in procedure, peer, status or message.",
        );
    }
}

fn table_ui(ui: &mut Ui, traces: &Traces, times: Times, wishes: &mut Vec<Command>) {
    let columns = columns(ui);
    columns::table_ui(ui, row_width(&columns), |ui| {
        if let Some(by) = header_ui(ui, &columns, traces.sorted) {
            wishes.push(Command::SortTraces(by));
        }
        rows_ui(ui, "traces", ROW_HEIGHT, traces.shown(), None, |ui, range| {
            for row in range {
                if let Some(trace) = traces.row(row)
                    && trace_ui(ui, (trace, times), traces.is_chosen(trace), &columns)
                {
                    wishes.push(Command::LookAtTrace(row));
                }
            }
        });
    });
}

/// How wide a row is, with the shortest bar at its end.
fn row_width(columns: &[Column<By>]) -> f32 {
    width(columns) + *BAR_WIDTH.start() + 14.0
}

fn columns(ui: &Ui) -> [Column<By>; 5] {
    let mut columns = [
        Column::new(By::Time, "Time", 92.0, false, "When the request was complete, by the server's clock"),
        Column::new(
            By::Status,
            "Status",
            150.0,
            false,
            "The code that the call ended with; OK if it was only slow",
        ),
        Column::new(By::Procedure, "Procedure", 0.0, false, "What was called"),
        Column::new(By::Peer, "Peer", 0.0, false, "Who called"),
        Column::new(By::Took, "Took", 76.0, true, "From the complete request to the reply"),
    ];
    let others: Vec<f32> =
        [0, 1, 4].map(|at| columns[at].width).into_iter().chain([*BAR_WIDTH.start(), 0.0]).collect();
    let left = left_over(ui, &others, 300.0..=1300.0);
    (columns[2].width, columns[3].width) = (left * 0.5, left * 0.5);
    columns
}

/// Draws a call, and says whether it is to be looked into.
fn trace_ui(ui: &mut Ui, (trace, times): (&Trace, Times), is_chosen: bool, columns: &[Column<By>]) -> bool {
    let (colors, time) = (palette(ui), trace.time(times));
    let took = took(trace.total_us);
    let name = || format!("{time}, {}, {}, {took}, by {}", trace.code, trace.procedure, trace.peer);
    let size = (row_width(columns), ROW_HEIGHT);
    let mut response = row_ui(ui, size, Role::Button, is_chosen, name);
    let (places, text_color) = (places(response.rect, columns), ui.visuals().text_color());
    // That it is here says that it was slow, but not to everybody.
    let status = if trace.is_slow() { "OK, but slow" } else { &trace.code };
    let cells = [
        (time.as_str(), colors.muted),
        (status, status_color(&colors, trace)),
        (&*trace.procedure, text_color),
        (&*trace.peer, colors.muted),
        (&*took, text_color),
    ];
    let is_cut = cells_ui(ui, columns, &places, &cells);
    let end = places.last().map_or(response.rect.right(), |place| place.right()) + 14.0;
    let bar_width = (response.rect.right() - 8.0 - end).clamp(*BAR_WIDTH.start(), *BAR_WIDTH.end());
    let bar =
        egui::Rect::from_min_size(egui::pos2(end, response.rect.center().y - 5.0), vec2(bar_width, 10.0));
    bar_ui(ui, bar, trace);
    copies_ui(&response, || trace.record());
    if is_cut || trace.message.is_some() {
        response = response.on_hover_ui(|ui| {
            ui.strong(&trace.procedure);
            ui.label(&trace.peer);
            if let Some(message) = &trace.message {
                ui.label(text::line(message, 300));
            }
        });
    }
    response.clicked()
}

/// What is known of the chosen call.
fn chosen_ui(
    ui: &mut Ui,
    (trace, times): (&Trace, Times),
    now: Instant,
    can_go: bool,
    wishes: &mut Vec<Command>,
) {
    let colors = palette(ui);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let away = ui.button(Command::PutTraceAway.text()).on_hover_text("Esc").clicked();
            if away || is_left(ui) {
                wishes.push(Command::PutTraceAway);
            }
            let command = Command::ShowProcedure(trace.procedure.clone());
            let hint = "Opens its form and graphs on the page of calls";
            command_button_ui(ui, command, can_go, wishes).on_hover_text(hint);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.label(RichText::new(&trace.code).strong().color(status_color(&colors, trace)));
                ui.label(RichText::new(took(trace.total_us)).strong());
                ui.add(Label::new(RichText::new(&trace.procedure).strong()).truncate());
                let ago = trace.age(now).map(|age| format!(", {} ago", text::span_of(age)));
                let when = format!("{}{}", trace.time(times), ago.unwrap_or_default());
                ui.add(Label::new(muted(&colors, when)).truncate());
            });
        });
    });
    ui.add_space(4.0);
    let room = ui.available_rect_before_wrap();
    let (facts, waterfall) = room.split_left_right_at_x(room.left() + FACTS_WIDTH.min(room.width() * 0.4));
    let facts = facts.with_max_x(facts.right() - 16.0);
    ui.scope_builder(UiBuilder::new().max_rect(facts), |ui| {
        ScrollArea::vertical()
            .id_salt("facts")
            .auto_shrink(false)
            .show(ui, |ui| facts_ui(ui, trace, &colors));
    });
    let waterfall = waterfall.with_max_x(waterfall.right().min(waterfall.left() + WATERFALL_WIDTH));
    ui.scope_builder(UiBuilder::new().max_rect(waterfall), |ui| waterfall_ui(ui, trace));
}

fn facts_ui(ui: &mut Ui, trace: &Trace, colors: &Palette) {
    ui.spacing_mut().item_spacing.y = 2.0;
    if let Some(message) = &trace.message {
        ui.add(Label::new(RichText::new(message).color(colors.error)).wrap());
        ui.add_space(2.0);
    }
    let size = |bytes: u64| text::size(usize::try_from(bytes).unwrap_or(usize::MAX));
    id_ui(ui, "Peer", &trace.peer);
    copied_fact_ui(ui, "Procedure", &trace.procedure);
    copied_fact_ui(ui, "Request came", &trace.started.strftime("%Y-%m-%d %H:%M:%S%.6f UTC").to_string());
    fact_ui(ui, "Arguments", &size(trace.bytes_in));
    fact_ui(ui, if trace.is_slow() { "Result" } else { "Fault" }, &size(trace.bytes_out));
}

fn status_color(colors: &Palette, trace: &Trace) -> egui::Color32 {
    if trace.is_slow() { colors.warn } else { colors.error }
}

fn took(us: u64) -> String {
    text::latency(us as f64 / 1e6)
}
