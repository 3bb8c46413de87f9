//! The plan of the next run: what is called, how fast, for how long, and the button that starts it.

use countersign::service::CallKind;
use egui::{Label, RichText, TextEdit, Ui};

use crate::command::Command;
use crate::model::load::Load;
use crate::model::load::asked::LoadCommand;
use crate::model::load::plan::{Arrivals, Plan};
use crate::model::load::typed::{Field, Typed, Way};
use crate::model::tab::Tab;
use crate::model::view::Page;
use crate::text;
use crate::ui::form::mistake_ui;
use crate::ui::parts::{
    below_field_ui, chip_ui, empty_ui, field_name_ui, keys_of, muted, notice_ui, primary_button_ui,
};
use crate::ui::theme::palette;

const NAME_WIDTH: f32 = 92.0;
const FIELD_WIDTH: f32 = 84.0;

/// What stands at the left, or above the rest.
pub(super) fn planning_ui(ui: &mut Ui, tab: &mut Tab, wishes: &mut Vec<Command>) {
    let Some(procedure) = tab.procedure() else {
        return empty_ui(ui, "No procedure selected", "Select one on the page of calls.");
    };
    let colors = palette(ui);
    ui.add(Label::new(RichText::new(&procedure.path).heading().strong()).truncate());
    ui.horizontal(|ui| {
        if procedure.kind != CallKind::Unary {
            chip_ui(ui, &procedure.kind.to_string(), colors.accent);
        } else if procedure.idempotent {
            chip_ui(ui, "idempotent", colors.ok).on_hover_text("A call more or less changes nothing");
        } else {
            let hint = "Each call may change something: you are asked before any is made";
            chip_ui(ui, "not idempotent", colors.warn).on_hover_text(hint);
        }
        let edit = ui.button("Edit request").on_hover_text("Each call sends what is in its form");
        if edit.clicked() {
            wishes.push(Command::Show(Page::Calls));
        }
    });
    ui.add_space(6.0);
    if procedure.kind != CallKind::Unary {
        return notice_ui(ui, colors.muted, |ui| {
            ui.strong("Load is for calls with one result");
            let words = "Items of a stream come when they come: how long one takes says nothing of the next. \
                         Select a procedure that does not stream.";
            ui.add(Label::new(words).wrap());
        });
    }
    let (can_start, is_connected) =
        (tab.allows(&Command::Load(LoadCommand::Start)), tab.connection.is_connected());
    let load = &mut tab.load;
    fields_ui(ui, &mut load.typed);
    ui.add_space(8.0);
    if let Some(plan) = load.plan() {
        ui.add(Label::new(muted(&colors, in_words(&plan)).small()).wrap());
        ui.add_space(4.0);
    }
    buttons_ui(ui, load, can_start, wishes);
    if !is_connected {
        ui.label(RichText::new("Not connected just now").small().color(colors.warn));
    }
}

/// What the plan comes to.
fn in_words(plan: &Plan) -> String {
    let warm_up = plan.span().is_some_and(|span| !span.warm_up.is_zero());
    let with = if warm_up { " with warming up" } else { "" };
    let calls = match (plan.calls(), plan.span()) {
        (Some(calls), Some(_)) => format!(": about {} calls{with}", text::count(calls)),
        _ => String::new(),
    };
    format!("{}{calls}.", text::capitalized(&plan.words()))
}

fn fields_ui(ui: &mut Ui, typed: &mut Typed) {
    for way in Way::ALL {
        ui.radio_value(&mut typed.way, way, way.text()).on_hover_text(way.hint());
    }
    ui.add_space(6.0);
    match typed.way {
        Way::AtARate => {
            field_ui(ui, typed, Field::Rate, |typed| &mut typed.rate);
            ui.horizontal(|ui| {
                field_name_ui(ui, "Arrivals", NAME_WIDTH);
                let even = "At fixed intervals";
                ui.selectable_value(&mut typed.arrivals, Arrivals::Even, "Even").on_hover_text(even);
                let random = "Independent of each other, as those of many users are: a Poisson process";
                ui.selectable_value(&mut typed.arrivals, Arrivals::Random, "Random").on_hover_text(random);
            });
        }
        Way::AsFastAsItGoes => {}
        Way::Times => field_ui(ui, typed, Field::Calls, |typed| &mut typed.calls),
    }
    if typed.way != Way::Times {
        field_ui(ui, typed, Field::Duration, |typed| &mut typed.duration);
        field_ui(ui, typed, Field::WarmUp, |typed| &mut typed.warm_up);
    }
    field_ui(ui, typed, Field::Connections, |typed| &mut typed.connections);
    field_ui(ui, typed, Field::InFlight, |typed| &mut typed.in_flight);
}

/// What a field is called, its unit, and what it is.
fn said(field: Field, way: Way) -> [&'static str; 3] {
    match field {
        Field::Rate => ["Rate", "calls/s", "Calls a second, on all connections together"],
        Field::Calls => ["Calls", "in all", "How many calls are made; all of them count"],
        Field::Duration => ["Duration", "", "How long is measured"],
        Field::WarmUp => {
            ["Warm-up", "not counted", "How long calls are made before they count; 0 for not at all"]
        }
        Field::Connections => ["Connections", "", "Connections of the run's own, beside that of this window"],
        Field::InFlight if way == Way::AtARate => [
            "In flight",
            "at most, on each",
            "Calls that may be open at once on each connection; more have to wait",
        ],
        Field::InFlight => ["In flight", "on each", "Calls that are open at once on each connection"],
    }
}

fn field_ui(ui: &mut Ui, typed: &mut Typed, field: Field, text: fn(&mut Typed) -> &mut String) {
    let colors = palette(ui);
    let [name, unit, hint] = said(field, typed.way);
    let mistake = typed.mistake(field);
    ui.horizontal(|ui| {
        let label = field_name_ui(ui, name, NAME_WIDTH).on_hover_text(hint);
        let edit = TextEdit::singleline(text(typed)).desired_width(FIELD_WIDTH);
        let edit = if mistake.is_some() { edit.text_color(colors.error) } else { edit };
        ui.add(edit).labelled_by(label.id).on_hover_text(hint);
        ui.label(muted(&colors, unit).small());
    });
    if let Some(mistake) = mistake {
        below_field_ui(ui, NAME_WIDTH, |ui| mistake_ui(ui, &mistake));
    }
}

fn buttons_ui(ui: &mut Ui, load: &Load, can_start: bool, wishes: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        let (name, command, enabled) = match &load.running {
            None => ("Start", LoadCommand::Start, can_start),
            Some(run) => ("Stop", LoadCommand::Stop, !run.is_stopping),
        };
        let command = Command::Load(command);
        let keys = keys_of(ui, &command);
        let is_running = load.running.is_some();
        let pressed = match is_running {
            false => primary_button_ui(ui, name, enabled).on_hover_text(&keys).clicked(),
            true => stop_ui(ui, enabled).clicked(),
        };
        ui.label(muted(&palette(ui), keys).small());
        if pressed {
            wishes.push(command);
        }
    });
}

/// As large as the button that started it, which it takes the place of.
fn stop_ui(ui: &mut Ui, enabled: bool) -> egui::Response {
    let button = egui::Button::new(RichText::new("Stop").strong()).min_size(egui::vec2(72.0, 28.0));
    ui.add_enabled(enabled, button).on_hover_text("No call more is made; what was measured is told")
}
