//! The runs that were made, to look at and to compare.

use egui::{Button, Color32, Rect, RichText, Role, Ui, UiBuilder, pos2, vec2};
use jiff::Timestamp;

use super::plots::run_color;
use crate::command::Command;
use crate::model::load::asked::LoadCommand;
use crate::model::load::compared::{failed_share, percent};
use crate::model::load::record::{Column as By, Record};
use crate::model::load::run::{Run, What};
use crate::model::load::{Load, RunNumber};
use crate::model::preferences::Times;
use crate::model::tab::Tab;
use crate::text;
use crate::ui::columns::{Column, cells_ui, fill, header_ui, places, row_ui, table_ui, width};
use crate::ui::parts::square_mark;
use crate::ui::rows::rows_ui;
use crate::ui::theme::palette;

const ROW_HEIGHT: f32 = 26.0;
/// The buttons at the end of a row: compare, and forget.
const COMPARE_WIDTH: f32 = 64.0;
const FORGET_WIDTH: f32 = 52.0;
const BUTTONS_WIDTH: f32 = COMPARE_WIDTH + 6.0 + FORGET_WIDTH;

/// All of them, the one under way first.
pub(super) fn list_ui(ui: &mut Ui, tab: &Tab, now: Timestamp, wishes: &mut Vec<Command>) {
    let load = &tab.load;
    let columns = columns(ui);
    let running = load.running.iter().map(Listed::Running);
    let rows: Vec<Listed<'_>> =
        running.chain(load.records.listed().map(|record| Listed::Over(record))).collect();
    let times = tab.preferences.times;
    table_ui(ui, row_width(&columns), |ui| {
        if let Some(by) = header_ui(ui, &columns, load.records.sorted) {
            wishes.push(Command::Load(LoadCommand::Sort(by)));
        }
        rows_ui(ui, "runs", ROW_HEIGHT, rows.len(), None, |ui, range| {
            for row in &rows[range] {
                listed_ui(ui, load, row, &columns, (now, times), wishes);
            }
        });
    });
}

/// How wide a row is, with its buttons.
fn row_width(columns: &[Column<By>]) -> f32 {
    width(columns) + BUTTONS_WIDTH + 14.0
}

/// A row of the list.
enum Listed<'l> {
    Running(&'l Run),
    Over(&'l Record),
}

impl Listed<'_> {
    fn number(&self) -> RunNumber {
        match self {
            Self::Running(run) => run.number,
            Self::Over(record) => record.number,
        }
    }

    fn what(&self) -> &What {
        match self {
            Self::Running(run) => &run.what,
            Self::Over(record) => &record.what,
        }
    }
}

fn columns(ui: &Ui) -> [Column<By>; 7] {
    let mut columns = [
        Column::new(By::Time, "Time", 92.0, false, "When it was started"),
        Column::new(By::Procedure, "Procedure", 120.0, false, "What was called, and where"),
        Column::new(By::Plan, "Plan", 0.0, false, "How the calls were made"),
        Column::new(By::Rate, "Calls/s", 62.0, true, "Calls a second that were answered with a result"),
        Column::new(By::P50, "p50", 60.0, true, "Half of the calls took no longer, as waited for here"),
        Column::new(By::P99, "p99", 60.0, true, "Ninety-nine in a hundred took no longer"),
        Column::new(By::Failed, "Failed", 60.0, true, "Calls that were not answered with a result"),
    ];
    fill(ui, &mut columns, 2, 90.0..=420.0, BUTTONS_WIDTH);
    columns
}

fn listed_ui(
    ui: &mut Ui,
    load: &Load,
    listed: &Listed<'_>,
    columns: &[Column<By>],
    (now, times): (Timestamp, Times),
    wishes: &mut Vec<Command>,
) {
    let (colors, text_color) = (palette(ui), ui.visuals().text_color());
    let (number, what) = (listed.number(), listed.what());
    let is_shown = load.shown == Some(number);
    let is_beside = load.beside == Some(number) && !is_shown;
    let time = format!("#{} {}", number.0, times.clock(what.at, now, "%d %b %H:%M"));
    let (plan, procedure) = (what.plan.words(), text::line(&what.request.procedure, 200));
    let numbers = numbers(listed, text_color, colors.error);
    let name = || {
        let words: Vec<&str> = numbers.iter().map(|(words, _)| words.as_str()).collect();
        let [rate, p50, p99, failed] = [0, 1, 2, 3].map(|i| words[i]);
        let state = match listed {
            Listed::Running(run) => run.words(),
            Listed::Over(record) => record.verdict().to_owned(),
        };
        format!(
            "Run {}, {state}: {procedure}, {plan}, {rate} calls/s, p50 {p50}, p99 {p99}, {failed} failed",
            number.0
        )
    };
    let size = (row_width(columns), ROW_HEIGHT);
    let response = row_ui(ui, size, Role::Button, is_shown, name);
    let mut places = places(response.rect, columns);
    if is_shown || is_beside {
        let color = run_color(&colors, usize::from(!is_shown));
        square_mark(ui.painter(), pos2(places[0].left() + 4.0, places[0].center().y), color);
    }
    places[0].min.x += 14.0;
    let plan_color = match listed {
        Listed::Over(record) if record.outcome.is_err() => colors.error,
        _ => colors.muted,
    };
    let plan = match listed {
        Listed::Running(run) => format!("{plan}: {}", run.words()),
        Listed::Over(record) if record.verdict() == "done" => plan,
        Listed::Over(record) => format!("{}: {plan}", record.verdict()),
    };
    let mut cells =
        vec![(time.as_str(), colors.muted), (procedure.as_str(), text_color), (plan.as_str(), plan_color)];
    cells.extend(numbers.iter().map(|(words, color)| (words.as_str(), *color)));
    cells_ui(ui, columns, &places, &cells);
    let end = places.last().map_or(response.rect.right(), |place| place.right()) + 14.0;
    if let Listed::Over(record) = listed {
        let place =
            Rect::from_min_size(pos2(end, response.rect.top() + 2.0), vec2(BUTTONS_WIDTH, ROW_HEIGHT - 4.0));
        buttons_ui(ui, place, record, (is_shown, is_beside), wishes);
    }
    let hint = format!("{procedure} at {}", text::line(&what.server.address, 80));
    if response.on_hover_text(hint).clicked() {
        wishes.push(Command::Load(LoadCommand::Look(number)));
    }
}

/// Rate, p50, p99 and failures, each with its colour.
fn numbers(listed: &Listed<'_>, color: Color32, error: Color32) -> [(String, Color32); 4] {
    let nothing = || "–".to_owned();
    let Listed::Over(Record { outcome: Ok(outcome), .. }) = listed else {
        return [0; 4].map(|_| (nothing(), color));
    };
    let took = |q| outcome.client.quantile(q).map_or_else(nothing, |took| text::latency(took.as_secs_f64()));
    let failed = match outcome.failed() {
        0 => ("0".to_owned(), color),
        _ => (percent(failed_share(outcome)), error),
    };
    [(text::rate(outcome.rate()), color), (took(0.5), color), (took(0.99), color), failed]
}

fn buttons_ui(
    ui: &mut Ui,
    place: Rect,
    record: &Record,
    (is_shown, is_beside): (bool, bool),
    wishes: &mut Vec<Command>,
) {
    let number = record.number;
    let small = |text: &str| RichText::new(text).small();
    let mut ui = ui.new_child(UiBuilder::new().max_rect(place).id_salt(("buttons", number)));
    ui.spacing_mut().item_spacing.x = 6.0;
    ui.spacing_mut().interact_size.y = place.height();
    ui.spacing_mut().button_padding.y = 0.0;
    ui.horizontal(|ui| {
        let button = Button::selectable(is_beside, small("Compare")).frame(true);
        let button = button.min_size(vec2(COMPARE_WIDTH, place.height()));
        let can_compare = record.outcome.is_ok() && !is_shown;
        let compare = ui.add_enabled(can_compare, button);
        let hint =
            if is_beside { "Show the other run alone" } else { "Lay this run beside the one that is shown" };
        if compare.accessible_name(format!("Compare with run {}", number.0)).on_hover_text(hint).clicked() {
            wishes.push(Command::Load(LoadCommand::Compare(number)));
        }
        let forget = ui.add_sized(vec2(FORGET_WIDTH, place.height()), Button::new(small("Forget")));
        if forget.accessible_name(format!("Forget run {}", number.0)).clicked() {
            wishes.push(Command::Load(LoadCommand::Forget(number)));
        }
    });
}
