//! What the last call of the selected procedure came back with.

use std::time::Instant;

use egui::{
    Align, Align2, Label, Layout, RichText, ScrollArea, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use super::parts::{command_button_ui, empty_ui, muted, triangle};
use super::stream::stream_ui;
use super::theme::{Palette, palette};
use crate::command::Command;
use crate::model::calls::{Ended, OwnCall};
use crate::model::reply::{Body, Listing, Problem, ProblemKind};
use crate::model::tab::Tab;
use crate::model::tree::{Kind, Row, Tree};
use crate::model::view::Lens;
use crate::text;

const ROW_HEIGHT: f32 = 20.0;
/// The most of a row that its tooltip shows.
const TOOLTIP_SHOWN: usize = 600;
/// A longer line is shown up to here; the copy has it all.
const LINE_SHOWN: usize = 2000;

/// The panel at the right.
pub(crate) fn reply_ui(ui: &mut Ui, tab: &Tab, now: Instant, wishes: &mut Vec<Command>) {
    let Some(call) = tab.selected.as_deref().and_then(|path| tab.calls.last(path)) else {
        return empty_ui(ui, "No call yet", "Fill in the form and press Call. The reply appears here.");
    };
    if let Some(stream) = &call.stream {
        return stream_ui(ui, call, stream, tab.lens, now, wishes);
    }
    match &call.ended {
        None => waiting_ui(ui, call, now, wishes),
        Some(ended) => ended_ui(ui, call, ended, tab.lens, wishes),
    }
}

fn waiting_ui(ui: &mut Ui, call: &OwnCall, now: Instant, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let waited = now.saturating_duration_since(call.started).as_secs();
    ui.horizontal(|ui| {
        ui.label(muted(&colors, format!("#{}", call.number.0)));
        ui.add(egui::Spinner::new().size(14.0).color(colors.accent));
        ui.label(format!("Waiting for the reply, {waited} s"));
        command_button_ui(ui, Command::CancelCall, true, wishes);
    });
}

fn ended_ui(ui: &mut Ui, call: &OwnCall, ended: &Ended, lens: Lens, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    ui.horizontal(|ui| {
        ui.label(muted(&colors, format!("#{}", call.number.0)));
        let (word, color) = match &ended.outcome {
            Ok(_) => ("OK", colors.ok),
            Err(problem) => (problem.kind.text(), colors.error),
        };
        ui.label(RichText::new(word).strong().color(color));
        if !matches!(&ended.outcome, Err(problem) if problem.is_local()) {
            ui.label(text::latency(ended.took.as_secs_f64()));
        }
        if let Ok(answer) = &ended.outcome {
            ui.label(text::size(answer.body.bytes));
        }
    });
    ui.separator();
    match &ended.outcome {
        Ok(answer) => body_ui(ui, "Result", &answer.body, lens, wishes),
        Err(problem) => problem_ui(ui, problem, lens, wishes),
    }
}

fn lenses_ui(ui: &mut Ui, body: &Body, lens: Lens, wishes: &mut Vec<Command>) {
    if ui.button("Copy").on_hover_text("Copies the diagnostic notation").clicked() {
        ui.ctx().copy_text(body.diagnostic.text().to_owned());
    }
    for (choice, text) in [(Lens::Diagnostic, "Diagnostic"), (Lens::Tree, "Tree")] {
        if ui.selectable_label(lens == choice, text).clicked() {
            wishes.push(Command::SetLens(choice));
        }
    }
}

fn problem_ui(ui: &mut Ui, problem: &Problem, lens: Lens, wishes: &mut Vec<Command>) {
    problem_words_ui(ui, problem);
    if let Some(fault) = &problem.fault {
        ui.add_space(6.0);
        body_ui(ui, "Fault", fault, lens, wishes);
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

/// A value, and the choice of how it is looked at.
pub(super) fn body_ui(ui: &mut Ui, title: &str, body: &Body, lens: Lens, wishes: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).strong());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| lenses_ui(ui, body, lens, wishes));
    });
    match lens {
        Lens::Tree => tree_ui(ui, &body.tree, wishes),
        Lens::Diagnostic => listing_ui(ui, &body.diagnostic),
    }
}

fn tree_ui(ui: &mut Ui, tree: &Tree, wishes: &mut Vec<Command>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::both().auto_shrink(false).show_rows(ui, ROW_HEIGHT, tree.len(), |ui, range| {
        for place in range {
            if row_ui(ui, tree.row(place)) {
                wishes.push(Command::ToggleRow(place));
            }
        }
    });
}

/// Draws a row of the tree, and says whether it is to be folded or unfolded.
fn row_ui(ui: &mut Ui, row: &Row) -> bool {
    let colors = palette(ui);
    let font = TextStyle::Monospace.resolve(ui.style());
    let key = if row.key.is_empty() { String::new() } else { format!("{}  ", row.key) };
    let key = ui.painter().layout_no_wrap(key, font.clone(), ui.visuals().text_color());
    let value = ui.painter().layout_no_wrap(row.summary.clone(), font, value_color(&colors, row.kind));
    let indent = 14.0 * row.depth as f32 + 16.0;
    let width = (indent + key.size().x + value.size().x + 4.0).max(ui.available_width());
    let sense = if row.has_more() { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW_HEIGHT), sense);
    let role = if row.has_more() { egui::Role::Button } else { egui::Role::Label };
    response.widget_info(|| WidgetInfo::labeled(role, true, format!("{} {}", row.key, row.summary).trim()));
    let painter = ui.painter_at(rect);
    if row.has_more() {
        if response.hovered() {
            painter.rect_filled(rect, 3.0, ui.visuals().widgets.hovered.weak_bg_fill);
        }
        let center = pos2(rect.left() + indent - 9.0, rect.center().y);
        triangle(&painter, center, row.is_folded(), colors.muted);
    }
    let mut at = pos2(rect.left() + indent, rect.center().y);
    for galley in [key, value] {
        let placed = Align2::LEFT_CENTER.anchor_size(at, galley.size());
        at.x += galley.size().x;
        painter.galley(placed.min, galley, colors.muted);
    }
    if ui.clip_rect().width() < width {
        let words = RichText::new(text::line(&row.summary, TOOLTIP_SHOWN)).monospace();
        return response.on_hover_text(words).clicked();
    }
    response.clicked()
}

pub(super) fn value_color(colors: &Palette, kind: Kind) -> egui::Color32 {
    match kind {
        Kind::Container | Kind::Remark => colors.muted,
        Kind::Text => colors.text_value,
        Kind::Number => colors.number_value,
        Kind::Bytes | Kind::Word => colors.word_value,
    }
}

fn listing_ui(ui: &mut Ui, listing: &Listing) {
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::both().auto_shrink(false).show_rows(ui, 17.0, listing.len(), |ui, range| {
        for index in range {
            let line = RichText::new(text::line(listing.line(index), LINE_SHOWN)).monospace();
            ui.add(Label::new(line).extend().selectable(true));
        }
    });
}
