//! What is shown of a run: how it goes, or what it came to, alone or beside another.

use std::collections::BTreeMap;

use countersign::Code;
use egui::{
    Align, Label, Layout, ProgressBar, Rect, RichText, Role, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo,
    vec2,
};

use super::plots::{latency_ui, percentiles_ui, rate_ui, run_color, run_name};
use super::table::{height, table_ui};
use crate::command::Command;
use crate::model::load::asked::LoadCommand;
use crate::model::load::compared::{failed_share, percent, runs, sides};
use crate::model::load::copies::CopyAs;
use crate::model::load::news::{Outcome, Phase};
use crate::model::load::record::Record;
use crate::model::load::run::{Run, Stage, What};
use crate::text;
use crate::ui::parts::{chip_ui, empty_ui, failed_ui, loading_ui, muted, notice_ui};
use crate::ui::theme::palette;

/// Between two graphs.
const GAP: f32 = 14.0;
/// No graph is lower, nor higher.
const GRAPH_MIN: f32 = 110.0;
/// The table takes this share of the width, within bounds.
const TABLE_WIDTH: std::ops::RangeInclusive<f32> = 330.0..=540.0;

/// A run that is under way.
pub(super) fn run_ui(ui: &mut Ui, run: &Run) {
    let colors = palette(ui);
    heading_ui(ui, &run.what, (&run.words(), colors.accent), |_| {});
    let progress = match &run.stage {
        Stage::Connecting(done, wanted) => {
            return loading_ui(ui, &format!("Opening connections: {done} of {wanted}"));
        }
        Stage::Going(progress) => progress,
    };
    let left = run
        .left()
        .map(|left| format!("{} left", text::span_of(left + std::time::Duration::from_millis(999))));
    let left = left.unwrap_or_default();
    let bar = ProgressBar::new(run.share() as f32).desired_height(18.0).corner_radius(4);
    let bar = bar.text(RichText::new(format!("{}, {left}", text::capitalized(&run.words()))).small());
    let response = ui.add(bar);
    response.accessible_name(format!("Progress: {:.0} %, {left}", run.share() * 100.0));
    ui.add_space(6.0);
    let quantile =
        |q| progress.latency.quantile(q).map_or("–".to_owned(), |took| text::latency(took.as_secs_f64()));
    let rate = run.timeline.samples().last().map_or("–".to_owned(), |sample| text::rate(sample.rate));
    let failed = progress.failed();
    ui.horizontal_wrapped(|ui| {
        let counted = if progress.phase == Phase::WarmingUp { "calls, not counted" } else { "calls" };
        figure_ui(ui, "calls/s", &rate, None);
        figure_ui(ui, counted, &text::count(progress.ended()), None);
        figure_ui(ui, "p50", &quantile(0.5), None);
        figure_ui(ui, "p99", &quantile(0.99), None);
        figure_ui(ui, "failed", &text::count(failed), (0 < failed).then_some(colors.error));
        if let Some(behind) = progress.behind {
            let color = (0 < behind).then_some(colors.warn);
            figure_ui(ui, "due, not started", &text::count(behind), color);
        }
    });
    errors_ui(ui, &progress.errors);
    ui.add_space(6.0);
    let room = ui.available_rect_before_wrap();
    let (left, right) = halves(room);
    let length = run.what.plan.span().map_or(run.timeline.length(), |span| {
        run.timeline.length().max((span.warm_up + span.duration).as_secs_f64())
    });
    latency_ui(ui, left, &run.timeline, length.max(1e-3));
    rate_ui(ui, right, &run.timeline, length.max(1e-3));
    ui.allocate_rect(room, Sense::empty());
}

/// A run that is over.
pub(super) fn record_ui(ui: &mut Ui, record: &Record, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let color = match &record.outcome {
        Ok(outcome) if outcome.stopped => colors.warn,
        Ok(_) => colors.ok,
        Err(_) => colors.error,
    };
    heading_ui(ui, &record.what, (record.verdict(), color), |ui| copies_ui(ui, wishes));
    let outcome = match &record.outcome {
        Ok(outcome) => outcome,
        Err(failure) => return failed_ui(ui, failure),
    };
    figures_ui(ui, record, outcome);
    doubts_ui(ui, record, outcome);
    errors_ui(ui, &outcome.errors);
    ui.add_space(6.0);
    let rows = sides(outcome);
    let room = ui.available_rect_before_wrap();
    let side = table_width(room);
    let (upper, lower) = stacked(room);
    let (left, right) = side_by_side(upper, side);
    percentiles_ui(ui, left, &[record]);
    ui.scope_builder(UiBuilder::new().max_rect(right), |ui| {
        ScrollArea::vertical().id_salt("numbers").auto_shrink(false).show(ui, |ui| {
            let series = [colors.series[0], colors.series[1]];
            table_ui(ui, ["client", "server", "between"], series, &rows);
            ui.add_space(8.0);
            server_ui(ui, outcome);
        });
    });
    let (left, right) = side_by_side(lower, side);
    let length = record.timeline.length().max(1e-3);
    latency_ui(ui, left, &record.timeline, length);
    rate_ui(ui, right, &record.timeline, length);
    ui.allocate_rect(room, Sense::empty());
}

/// Two runs beside each other.
pub(super) fn compared_ui(
    ui: &mut Ui,
    [(one, outcome), (other, beside)]: [(&Record, &Outcome); 2],
    wishes: &mut Vec<Command>,
) {
    let colors = palette(ui);
    ui.horizontal(|ui| {
        let words = format!("{} compared with {}", run_name(one), run_name(other));
        ui.label(RichText::new(words).strong());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let command = LoadCommand::CompareNothing;
            if ui.button("Show alone").on_hover_text(command.text()).clicked() {
                wishes.push(Command::Load(command));
            }
        });
    });
    for (i, record) in [one, other].into_iter().enumerate() {
        let What { server, request, plan, .. } = &record.what;
        let (procedure, address) = (text::line(&request.procedure, 200), text::line(&server.address, 80));
        ui.horizontal(|ui| {
            ui.label(RichText::new(run_name(record)).strong().color(run_color(&colors, i)));
            ui.add(Label::new(procedure).truncate());
            let words = format!("at {address}, {}", plan.words());
            ui.add(Label::new(muted(&colors, words)).truncate());
        });
    }
    doubts_ui(ui, one, outcome);
    doubts_ui(ui, other, beside);
    ui.add_space(6.0);
    let rows = runs(outcome, beside);
    let room = ui.available_rect_before_wrap();
    let side = table_width(room);
    let (plot, numbers) = side_by_side(room, side);
    percentiles_ui(ui, plot, &[one, other]);
    let names = [run_name(one), run_name(other)];
    ui.scope_builder(UiBuilder::new().max_rect(numbers), |ui| {
        ui.set_min_height(height(rows.len()).min(room.height()));
        ScrollArea::vertical().id_salt("numbers").auto_shrink(false).show(ui, |ui| {
            let series = [run_color(&colors, 0), run_color(&colors, 1)];
            table_ui(ui, [&names[0], &names[1], "difference"], series, &rows);
        });
    });
    ui.allocate_rect(room, Sense::empty());
}

/// Nothing was run yet.
pub(super) fn nothing_ui(ui: &mut Ui) {
    let hint = "Plan it at the left and start it, or press ×100 below a request to make that call so often.";
    empty_ui(ui, "No run to show", hint);
}

/// What a run is, how it stands, and at the right what can be done with it.
fn heading_ui(
    ui: &mut Ui,
    what: &What,
    (state, color): (&str, egui::Color32),
    buttons: impl FnOnce(&mut Ui),
) {
    let colors = palette(ui);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            buttons(ui);
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                chip_ui(ui, state, color);
                let path = text::line(&what.request.procedure, 200);
                ui.add(Label::new(RichText::new(path).strong()).truncate());
                let address = text::line(&what.server.address, 80);
                let words = format!("at {address}, {}", what.plan.words());
                ui.add(Label::new(muted(&colors, words)).truncate());
            });
        });
    });
    ui.add_space(4.0);
}

fn copies_ui(ui: &mut Ui, wishes: &mut Vec<Command>) {
    // From the right.
    for (name, what, hint) in [
        ("Command", CopyAs::Command, "The countersign bench that makes such a run"),
        ("JSON", CopyAs::Json, "With the names that countersign bench has for the same numbers"),
        ("Text", CopyAs::Text, "What is to be read here, as text"),
    ] {
        let button = ui.button(name).on_hover_text(hint);
        let command = LoadCommand::Copy(what);
        if button.accessible_name(command.text()).clicked() {
            wishes.push(Command::Load(command));
        }
    }
    ui.label(muted(&palette(ui), "Copy").small());
}

fn figures_ui(ui: &mut Ui, record: &Record, outcome: &Outcome) {
    let colors = palette(ui);
    let took =
        |q| outcome.client.quantile(q).map_or("–".to_owned(), |took| text::latency(took.as_secs_f64()));
    let failed = outcome.failed();
    ui.horizontal_wrapped(|ui| {
        figure_ui(ui, "calls/s", &text::rate(outcome.rate()), None);
        if let crate::model::load::plan::Pace::Open(schedule, _) = record.what.plan.pace {
            figure_ui(ui, "asked for", &text::rate(schedule.rate), None);
        }
        figure_ui(ui, "calls", &text::count(outcome.client.all.count()), None);
        figure_ui(ui, "p50", &took(0.5), None);
        figure_ui(ui, "p99", &took(0.99), None);
        let share = match failed {
            0 => "0".to_owned(),
            failed => format!("{} ({})", text::count(failed), percent(failed_share(outcome))),
        };
        figure_ui(ui, "failed", &share, (0 < failed).then_some(colors.error));
        if let Some(late) = outcome.offered.as_ref().and_then(|offered| offered.lateness.quantile(0.99)) {
            figure_ui(ui, "begun late, p99", &text::latency(late.as_secs_f64()), None);
        }
        figure_ui(ui, "measured", &text::elapsed(outcome.elapsed), outcome.stopped.then_some(colors.warn));
    });
}

/// A number and what it is.
fn figure_ui(ui: &mut Ui, name: &str, value: &str, color: Option<egui::Color32>) {
    let colors = palette(ui);
    let color = color.unwrap_or(ui.visuals().strong_text_color());
    let mut words = egui::text::LayoutJob::default();
    let fonts = [(name, 11.5, colors.muted), ("\n", 11.5, colors.muted), (value, 17.0, color)];
    for (text, size, color) in fonts {
        words.append(text, 0.0, egui::TextFormat::simple(egui::FontId::proportional(size), color));
    }
    let galley = ui.painter().layout_job(words);
    let (place, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {value}")));
    ui.painter().galley(place.min, galley, color);
    ui.add_space(10.0);
}

fn doubts_ui(ui: &mut Ui, record: &Record, outcome: &Outcome) {
    if outcome.doubts.is_empty() && !outcome.stopped {
        return;
    }
    ui.add_space(4.0);
    notice_ui(ui, palette(ui).warn, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        let name = run_name(record);
        if outcome.stopped {
            ui.label(format!("{name} was stopped after {}.", text::elapsed(outcome.elapsed)));
        }
        for doubt in &outcome.doubts {
            ui.add(Label::new(format!("{name}: {doubt}.")).wrap());
        }
    });
}

/// What calls ended with that were not answered with a result, the most frequent first.
fn errors_ui(ui: &mut Ui, errors: &BTreeMap<Code, u64>) {
    if errors.is_empty() {
        return;
    }
    let color = palette(ui).error;
    let mut errors: Vec<(&Code, &u64)> = errors.iter().collect();
    errors.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    ui.add_space(2.0);
    ui.horizontal_wrapped(|ui| {
        ui.label(muted(&palette(ui), "Failed with").small());
        for (code, count) in errors {
            chip_ui(ui, &format!("{} {}", text::count(*count), code.name()), color);
        }
    });
}

/// What is to be known of the server's numbers.
fn server_ui(ui: &mut Ui, outcome: &Outcome) {
    let colors = palette(ui);
    let words = match &outcome.server {
        Err(reason) => format!("The server's own numbers are not known: {}", text::line(reason, 300)),
        Ok(server) if outcome.client.all.count() + outcome.failed() < server.count() => {
            "The server counts all calls of this procedure: others called it, too, or their answers came late."
                .to_owned()
        }
        Ok(_) => "The server's time is from the complete request to the reply. What is between was spent on the \
                  way and in queues."
            .to_owned(),
    };
    ui.add(Label::new(muted(&colors, words).small()).wrap());
}

fn table_width(room: Rect) -> f32 {
    (room.width() * 0.4).clamp(*TABLE_WIDTH.start(), *TABLE_WIDTH.end())
}

fn halves(room: Rect) -> (Rect, Rect) {
    side_by_side(room, (room.width() - GAP) / 2.0)
}

/// What is at the right is so wide.
fn side_by_side(room: Rect, right: f32) -> (Rect, Rect) {
    let (left, right) = room.split_left_right_at_x(room.right() - right);
    (left.with_max_x(left.right() - GAP), right)
}

fn stacked(room: Rect) -> (Rect, Rect) {
    let upper = (room.height() * 0.55).max(GRAPH_MIN);
    let (upper, lower) = room.split_top_bottom_at_y(room.top() + upper);
    (
        upper.with_max_y(upper.bottom() - GAP),
        Rect::from_min_size(lower.min, lower.size().max(vec2(1.0, GRAPH_MIN))),
    )
}
