//! The page about a procedure: what it does, takes, returns and fails with, and who may call it.

use countersign::schema::OutlineLine;
use egui::{
    Align, Button, Color32, Frame, Label, Layout, Rect, Response, RichText, ScrollArea, Sense, TextStyle, Ui,
    UiBuilder, vec2,
};

use super::find::find_ui;
use super::parts::{READABLE, framed_ui, hint_with_keys, loading_ui, prose_ui};
use super::reader::Reader;
use super::theme::palette;
use crate::command::Command;
use crate::model::catalogue::Procedure;
use crate::model::find::Within;
use crate::model::manual::{
    ALLOWED, BESIDES, FAILS_WITH, Fault, NO_RULE, NOTHING, Notation, Part, WHO_MAY, facts, rule, start, words,
};
use crate::model::tab::Tab;
use crate::text;

const LINE_HEIGHT: f32 = 18.0;
const INDENT: f32 = 16.0;
/// The width of a small letter on average, by which the height of text is guessed that is out of sight.
const LETTER_WIDTH: f32 = 6.2;
/// The longest name of a peer that is shown.
const PEER_SHOWN: usize = 400;

/// The page about a procedure.
pub(crate) fn manual_ui(ui: &mut Ui, tab: &Tab, procedure: &Procedure, wishes: &mut Vec<Command>) {
    let Some(manual) = tab.reading.page(&procedure.path) else {
        return loading_ui(ui, "Reading what the server says of it…");
    };
    let (notation, find) = (tab.reading.notation, tab.finding(Within::Page));
    ui.horizontal(|ui| {
        for (each, text) in [(Notation::Types, "Types"), (Notation::JsonSchema, "JSON Schema")] {
            if ui.selectable_label(notation == each, text).clicked() {
                wishes.push(Command::SetNotation(each));
            }
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            copy_ui(ui, "Copy page", || manual.text(procedure, notation));
            find_button_ui(ui, find.is_some(), wishes);
        });
    });
    if let Some(find) = find {
        find_ui(ui, find, wishes);
    }
    ui.add_space(2.0);
    let mut reader = Reader::new(ui, find);
    ScrollArea::vertical().id_salt("manual").auto_shrink(false).show(ui, |ui| {
        introduction_ui(ui, &mut reader, procedure);
        for part in &manual.parts {
            part_ui(ui, &mut reader, part, notation);
        }
        faults_ui(ui, &mut reader, &manual.faults);
        section_ui(ui, &mut reader, WHO_MAY, |_| {});
        let peer = tab.own.identity().map(|identity| identity.id.as_str());
        reader.label_ui(ui, ALLOWED, plain);
        rule_ui(ui, &mut reader, &procedure.path, peer);
    });
}

/// Opens and closes the line in which one finds something on the page.
fn find_button_ui(ui: &mut Ui, is_open: bool, wishes: &mut Vec<Command>) {
    let command = Command::FindOnPage;
    let button = ui.selectable_label(is_open, "Find").accessible_name(command.text());
    // While the page is open, the keys that find a procedure elsewhere find on it.
    let hint = hint_with_keys(ui, command.meaning(), &Command::FindProcedure);
    if button.on_hover_text(hint).clicked() {
        wishes.push(if is_open { Command::FindNothing } else { command });
    }
}

/// The page about a procedure that one may not call.
pub(crate) fn forbidden_ui(ui: &mut Ui, path: &str, peer: Option<&str>) {
    ScrollArea::vertical().id_salt("forbidden").auto_shrink(false).show(ui, |ui| {
        ui.label(RichText::new(path).heading().strong());
        ui.add_space(4.0);
        let who = peer.map_or("this identity".to_owned(), |peer| text::line(peer, PEER_SHOWN));
        let words = format!("Not allowed: no rule of the server's policy lets {who} call it.");
        ui.add(Label::new(RichText::new(words).color(palette(ui).warn)).wrap());
        ui.add(Label::new("The server tells its name, and not what it takes or does.").wrap());
        let reader = &mut Reader::new(ui, None);
        section_ui(ui, reader, "What its operator would add", |_| {});
        ui.label(
            "This rule in the server's policy file allows it at once; the server need not be restarted.",
        );
        rule_ui(ui, reader, path, peer);
    });
}

fn introduction_ui(ui: &mut Ui, reader: &mut Reader<'_>, procedure: &Procedure) {
    let colors = palette(ui);
    if !procedure.documentation.is_empty() {
        prose_ui(ui, |ui| drop(reader.label_ui(ui, &procedure.documentation, plain)));
        ui.add_space(2.0);
    }
    for fact in facts(procedure) {
        ui.horizontal_top(|ui| {
            marked_chip_ui(ui, reader, &fact.words, colors.accent);
            reader.label_ui(ui, fact.meaning, |words| words.small().color(colors.muted));
        });
    }
}

/// Words as they are.
fn plain(words: RichText) -> RichText {
    words
}

/// A passage in a frame.
fn marked_chip_ui(ui: &mut Ui, reader: &mut Reader<'_>, words: &str, color: Color32) -> Response {
    let part = reader.pass(words);
    let marked = reader.marked(ui, part.clone(), words, |words| words.small().color(color));
    let chip = framed_ui(ui, marked, color);
    reader.show(ui, &part, chip.rect);
    chip
}

/// A title with a line above it, and at its right what can be done with what follows.
fn section_ui(ui: &mut Ui, reader: &mut Reader<'_>, title: &str, actions: impl FnOnce(&mut Ui)) {
    ui.add_space(6.0);
    ui.separator();
    ui.horizontal(|ui| {
        reader.label_ui(ui, title, RichText::strong);
        ui.with_layout(Layout::right_to_left(Align::Center), actions);
    });
}

/// A button that copies what it is given, once it is pressed.
fn copy_ui(ui: &mut Ui, name: &str, text: impl FnOnce() -> String) {
    if ui.add(Button::new(name).small()).on_hover_text("Copies it to the clipboard").clicked() {
        ui.copy_text(text());
    }
}

fn part_ui(ui: &mut Ui, reader: &mut Reader<'_>, part: &Part, notation: Notation) {
    let name = format!("Copy {}", part.title.to_lowercase());
    section_ui(ui, reader, part.title, |ui| copy_ui(ui, &name, || part.text(notation)));
    let colors = palette(ui);
    match notation {
        Notation::JsonSchema => json_ui(ui, reader, &part.json),
        Notation::Types if part.lines.is_empty() => {
            reader.label_ui(ui, NOTHING, |words| words.color(colors.muted));
        }
        Notation::Types => {
            ui.spacing_mut().item_spacing.y = 1.0;
            part.lines.iter().for_each(|line| line_ui(ui, reader, line));
            ui.spacing_mut().item_spacing.y = ui.ctx().global_style().spacing.item_spacing.y;
        }
    }
}

/// A place of a type: what it is called, what it is, and below that what its author says. Its height is guessed, so
/// that only what is in sight is laid out.
fn line_ui(ui: &mut Ui, reader: &mut Reader<'_>, line: &OutlineLine) {
    let left = INDENT * line.depth as f32;
    let width = (ui.available_width() - left).clamp(120.0, READABLE);
    let per_line = ((width - INDENT) / LETTER_WIDTH).max(10.0);
    let docs_lines = (line.docs.chars().count() as f32 / per_line).ceil();
    let size = vec2(ui.available_width(), LINE_HEIGHT + docs_lines * (LINE_HEIGHT - 3.0));
    let (_, rect) = ui.allocate_space(size);
    let [name, what, docs] = words(line);
    let parts = [name, what, docs].map(|words| reader.pass(words));
    parts.iter().for_each(|part| reader.show(ui, part, rect));
    if !ui.is_rect_visible(rect) {
        return;
    }
    let from = rect.left() + left;
    let rect = rect.with_min_x(from).with_max_x(from + width);
    let colors = palette(ui);
    let builder = UiBuilder::new().max_rect(rect).layout(Layout::top_down(Align::LEFT));
    let [name_at, what_at, docs_at] = parts;
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 0.0);
        ui.horizontal(|ui| {
            ui.set_height(LINE_HEIGHT);
            if !name.is_empty() {
                ui.label(reader.marked(ui, name_at, name, |words| words.monospace().strong()));
            }
            if line.required {
                ui.label(RichText::new("*").color(colors.accent)).on_hover_text("Has to be there");
            }
            let what = reader.marked(ui, what_at, what, |words| words.color(colors.number_value));
            ui.add(Label::new(what).truncate());
        });
        if !docs.is_empty() {
            ui.horizontal_top(|ui| {
                ui.add_space(INDENT);
                let docs = reader.marked(ui, docs_at, docs, |words| words.small().color(colors.muted));
                ui.add(Label::new(docs).wrap());
            });
        }
    });
}

/// JSON as it is, of which only the lines in sight are laid out.
fn json_ui(ui: &mut Ui, reader: &mut Reader<'_>, json: &str) {
    let height = ui.text_style_height(&TextStyle::Monospace) + 1.0;
    let part = reader.pass(json);
    Frame::new().fill(ui.visuals().code_bg_color).inner_margin(6).corner_radius(4).show(ui, |ui| {
        let size = vec2(ui.available_width(), height * json.lines().count() as f32);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let place = |line: usize| {
            let min = rect.min + vec2(0.0, height * line as f32);
            Rect::from_min_size(min, vec2(rect.width(), height))
        };
        if let Some(at) = reader.sought_in(&part) {
            let line = json[..at - part.start].matches('\n').count();
            reader.show(ui, &part, place(line));
        }
        let seen = ui.clip_rect().intersect(rect);
        if !seen.is_positive() {
            return;
        }
        let first = ((seen.top() - rect.top()) / height).floor() as usize;
        let shown = (seen.height() / height).ceil() as usize + 1;
        let mut start_of_line = part.start;
        for (number, line) in json.split('\n').enumerate().take(first + shown) {
            let at = start_of_line..start_of_line + line.len();
            start_of_line = at.end + 1;
            if number < first {
                continue;
            }
            let words = reader.marked(ui, at, start(line), RichText::monospace);
            let builder = UiBuilder::new().max_rect(place(number));
            ui.scope_builder(builder, |ui| ui.add(Label::new(words).truncate()));
        }
    });
}

fn faults_ui(ui: &mut Ui, reader: &mut Reader<'_>, faults: &[Fault]) {
    if faults.is_empty() {
        return;
    }
    let colors = palette(ui);
    section_ui(ui, reader, FAILS_WITH, |_| {});
    for fault in faults {
        ui.horizontal_wrapped(|ui| {
            reader.label_ui(ui, &fault.variant, |words| words.monospace().strong());
            marked_chip_ui(ui, reader, &fault.code, colors.error).on_hover_text(fault.meaning);
            reader.label_ui(ui, &fault.message, plain);
        });
        reader.label_ui(ui, fault.meaning, |words| words.small().color(colors.muted));
    }
    ui.add_space(2.0);
    reader.label_ui(ui, BESIDES, |words| words.small().color(colors.muted));
}

/// A rule as it is written into a policy.
fn rule_ui(ui: &mut Ui, reader: &mut Reader<'_>, path: &str, peer: Option<&str>) {
    let Some(rule) = rule(path, peer) else {
        let color = palette(ui).muted;
        reader.label_ui(ui, NO_RULE, |words| words.color(color));
        return;
    };
    Frame::new().fill(ui.visuals().code_bg_color).inner_margin(6).corner_radius(4).show(ui, |ui| {
        ui.set_min_width(ui.available_width());
        reader.label_ui(ui, rule.trim_end(), RichText::monospace);
    });
    copy_ui(ui, "Copy rule", || rule.clone());
}
