//! The page about a procedure: what it does, takes, returns and fails with, and who may call it.

use countersign::schema::OutlineLine;
use egui::{
    Align, Button, Frame, Label, Layout, RichText, ScrollArea, Sense, TextStyle, Ui, UiBuilder, pos2, vec2,
};

use super::parts::{READABLE, chip_ui, loading_ui, muted, prose_ui};
use super::theme::palette;
use crate::command::Command;
use crate::model::catalogue::Procedure;
use crate::model::manual::{Fault, Notation, Part, facts, rule};
use crate::model::tab::Tab;
use crate::text;

const LINE_HEIGHT: f32 = 18.0;
const INDENT: f32 = 16.0;
/// The width of a small letter on average, by which the height of text is guessed that is out of sight.
const LETTER_WIDTH: f32 = 6.2;
/// How much of a line is laid out; more is not in sight.
const LINE_SHOWN: usize = 400;

/// The page about a procedure.
pub(crate) fn manual_ui(ui: &mut Ui, tab: &Tab, procedure: &Procedure, wishes: &mut Vec<Command>) {
    let Some(manual) = tab.reading.page(&procedure.path) else {
        return loading_ui(ui, "Reading what the server says of it…");
    };
    let notation = tab.reading.notation;
    ui.horizontal(|ui| {
        for (each, text) in [(Notation::Types, "Types"), (Notation::JsonSchema, "JSON Schema")] {
            if ui.selectable_label(notation == each, text).clicked() {
                wishes.push(Command::SetNotation(each));
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            copy_ui(ui, "Copy page", || manual.text(procedure, notation));
        });
    });
    ui.add_space(2.0);
    ScrollArea::vertical().id_salt("manual").auto_shrink(false).show(ui, |ui| {
        introduction_ui(ui, procedure);
        for part in &manual.parts {
            part_ui(ui, part, notation);
        }
        faults_ui(ui, &manual.faults);
        section_ui(ui, "Who may call it", |_| {});
        let peer = tab.own.identity().map(|identity| identity.id.as_str());
        ui.label("You, and whoever else a rule of the server's policy allows it, such as");
        rule_ui(ui, &procedure.path, peer);
    });
}

/// The page about a procedure that one may not call.
pub(crate) fn forbidden_ui(ui: &mut Ui, path: &str, peer: Option<&str>) {
    ScrollArea::vertical().id_salt("forbidden").auto_shrink(false).show(ui, |ui| {
        ui.label(RichText::new(path).heading().strong());
        ui.add_space(4.0);
        let who = peer.map_or("this identity".to_owned(), |peer| text::line(peer, LINE_SHOWN));
        let words = format!("Not allowed: no rule of the server's policy lets {who} call it.");
        ui.add(Label::new(RichText::new(words).color(palette(ui).warn)).wrap());
        ui.add(Label::new("The server tells its name, and not what it takes or does.").wrap());
        section_ui(ui, "What its operator would add", |_| {});
        ui.label(
            "This rule in the server's policy file allows it at once; the server need not be restarted.",
        );
        rule_ui(ui, path, peer);
    });
}

fn introduction_ui(ui: &mut Ui, procedure: &Procedure) {
    let colors = palette(ui);
    if !procedure.documentation.is_empty() {
        prose_ui(ui, |ui| drop(ui.add(Label::new(&procedure.documentation).wrap())));
        ui.add_space(2.0);
    }
    for fact in facts(procedure) {
        ui.horizontal_top(|ui| {
            chip_ui(ui, &fact.words, colors.accent);
            ui.add(Label::new(muted(&colors, fact.meaning).small()).wrap());
        });
    }
}

/// A title with a line above it, and at its right what can be done with what follows.
fn section_ui(ui: &mut Ui, title: &str, actions: impl FnOnce(&mut Ui)) {
    ui.add_space(6.0);
    ui.separator();
    ui.horizontal(|ui| {
        ui.strong(title);
        ui.with_layout(Layout::right_to_left(Align::Center), actions);
    });
}

/// A button that copies what it is given, once it is pressed.
fn copy_ui(ui: &mut Ui, name: &str, text: impl FnOnce() -> String) {
    if ui.add(Button::new(name).small()).on_hover_text("Copies it to the clipboard").clicked() {
        ui.copy_text(text());
    }
}

fn part_ui(ui: &mut Ui, part: &Part, notation: Notation) {
    let name = format!("Copy {}", part.title.to_lowercase());
    section_ui(ui, part.title, |ui| copy_ui(ui, &name, || part.text(notation)));
    match notation {
        Notation::JsonSchema => json_ui(ui, &part.json),
        Notation::Types if part.lines.is_empty() => {
            ui.label(muted(&palette(ui), "Nothing"));
        }
        Notation::Types => {
            ui.spacing_mut().item_spacing.y = 1.0;
            part.lines.iter().for_each(|line| line_ui(ui, line));
            ui.spacing_mut().item_spacing.y = ui.ctx().global_style().spacing.item_spacing.y;
        }
    }
}

/// A place of a type: what it is called, what it is, and below that what its author says. Its height is guessed, so
/// that only what is in sight is laid out.
fn line_ui(ui: &mut Ui, line: &OutlineLine) {
    let left = INDENT * line.depth as f32;
    let width = (ui.available_width() - left).clamp(120.0, READABLE);
    let per_line = ((width - INDENT) / LETTER_WIDTH).max(10.0);
    let docs_lines = (line.docs.chars().count() as f32 / per_line).ceil();
    let size = vec2(ui.available_width(), LINE_HEIGHT + docs_lines * (LINE_HEIGHT - 3.0));
    let (_, rect) = ui.allocate_space(size);
    if !ui.is_rect_visible(rect) {
        return;
    }
    let from = rect.left() + left;
    let rect = rect.with_min_x(from).with_max_x(from + width);
    let colors = palette(ui);
    let builder = UiBuilder::new().max_rect(rect).layout(Layout::top_down(Align::LEFT));
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 0.0);
        ui.horizontal(|ui| {
            ui.set_height(LINE_HEIGHT);
            if !line.name.is_empty() {
                ui.label(RichText::new(text::line(&line.name, LINE_SHOWN)).monospace().strong());
            }
            if line.required {
                ui.label(RichText::new("*").color(colors.accent)).on_hover_text("Has to be there");
            }
            ui.add(Label::new(RichText::new(&line.what).color(colors.number_value)).truncate());
        });
        if !line.docs.is_empty() {
            ui.horizontal_top(|ui| {
                ui.add_space(INDENT);
                ui.add(Label::new(muted(&colors, &line.docs).small()).wrap());
            });
        }
    });
}

/// JSON as it is, of which only the lines in sight are laid out.
fn json_ui(ui: &mut Ui, json: &str) {
    let height = ui.text_style_height(&TextStyle::Monospace) + 1.0;
    let count = json.lines().count();
    Frame::new().fill(ui.visuals().code_bg_color).inner_margin(6).corner_radius(4).show(ui, |ui| {
        let size = vec2(ui.available_width(), height * count as f32);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let seen = ui.clip_rect().intersect(rect);
        if !seen.is_positive() {
            return;
        }
        let first = ((seen.top() - rect.top()) / height).floor() as usize;
        let shown = (seen.height() / height).ceil() as usize + 1;
        for (line, number) in json.lines().zip(0_usize..).skip(first).take(shown) {
            let top = rect.top() + height * number as f32;
            let place = egui::Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), height));
            let label = Label::new(RichText::new(text::line(line, LINE_SHOWN)).monospace()).truncate();
            ui.scope_builder(UiBuilder::new().max_rect(place), |ui| ui.add(label));
        }
    });
}

fn faults_ui(ui: &mut Ui, faults: &[Fault]) {
    if faults.is_empty() {
        return;
    }
    let colors = palette(ui);
    section_ui(ui, "Fails with", |_| {});
    for fault in faults {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(&fault.variant).monospace().strong());
            chip_ui(ui, &fault.code, colors.error).on_hover_text(fault.meaning);
            ui.label(&fault.message);
        });
        ui.label(muted(&colors, fault.meaning).small());
    }
    ui.add_space(2.0);
    ui.label(
        muted(&colors, "Besides these, any call may fail with a code of the network or of the policy.")
            .small(),
    );
}

/// A rule as it is written into a policy.
fn rule_ui(ui: &mut Ui, path: &str, peer: Option<&str>) {
    let Some(rule) = rule(path, peer) else {
        ui.label(muted(&palette(ui), "No rule can be written for a name such as this one."));
        return;
    };
    Frame::new().fill(ui.visuals().code_bg_color).inner_margin(6).corner_radius(4).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        ui.add(Label::new(RichText::new(rule.trim_end()).monospace()).wrap());
    });
    copy_ui(ui, "Copy rule", || rule.clone());
}
