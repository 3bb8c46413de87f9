//! The form, drawn: the schema says what belongs at a place, the input what was typed there.

use std::mem;

use egui::{Align, ComboBox, Label, Layout, Response, RichText, TextEdit, TextWrapMode, Ui, vec2};

use countersign::schema::{Choice, List, Map, Node, Record, Shape};

use super::field::{bytes_ui, checkbox_ui, line_ui};
use super::parts::{below_field_ui, muted};
use super::theme::{Palette, palette};
use crate::command::Command;
use crate::form::{Form, Input, Line, Part, Place, Slot, check, content, without_null};
use crate::text;

/// How wide the names of the outermost fields are.
const NAME_WIDTH: f32 = 132.0;
/// Each level is this much further in, and its names are this much narrower.
const INDENT: f32 = 16.0;
/// More variants than this are not listed.
const MOST_VARIANTS: usize = 300;

/// What drawing a form needs beside its place and input.
pub(super) struct Pen<'a> {
    /// Whose form it is, and which of theirs.
    pub(super) procedure: &'a str,
    pub(super) part: Part,
    /// Whether mistakes are shown where nobody has typed yet.
    pub(super) tried: bool,
    /// Whether anything was changed.
    pub(super) edited: &'a mut bool,
    /// What the user wishes.
    pub(super) wishes: &'a mut Vec<Command>,
    /// Whether the next field that takes text gets the cursor.
    pub(super) cursor_wanted: bool,
    /// How far in we are.
    depth: usize,
}

/// What stands beside a control.
struct Title<'a> {
    name: &'a str,
    required: bool,
    docs: &'a str,
}

/// What became of a form while it was drawn.
pub(super) struct Drawn {
    /// Whether anything was changed.
    pub(super) edited: bool,
    /// Whether a field got the cursor that was wanted.
    pub(super) has_cursor: bool,
}

/// Draws a form.
pub(super) fn form_ui(
    ui: &mut Ui,
    procedure: &str,
    form: &mut Form,
    tried: bool,
    cursor_wanted: bool,
    wishes: &mut Vec<Command>,
) -> Drawn {
    let part = form.part();
    let mut edited = false;
    let (node, input) = form.parts();
    let mut pen = Pen { procedure, part, tried, edited: &mut edited, wishes, cursor_wanted, depth: 0 };
    let root = Place::root(part);
    match (node.shape(), input) {
        (Shape::Record(record), Input::Fields(slots)) if record.fields.is_empty() && slots.is_empty() => {
            let words = match part {
                Part::Arguments => "This procedure takes no arguments.",
                Part::Item => "There is nothing to fill in.",
            };
            ui.label(muted(&palette(ui), words));
        }
        (Shape::Record(record), Input::Fields(slots)) => pen.fields_ui(ui, &record, slots, &root),
        (_, input) => pen.value_ui(ui, &node, input, &root),
    }
    let has_cursor = cursor_wanted && !pen.cursor_wanted;
    if edited {
        form.note_edit();
    }
    Drawn { edited, has_cursor }
}

impl Pen<'_> {
    /// Notes that something was changed.
    pub(super) fn note(&mut self, changed: bool) {
        *self.edited |= changed;
    }

    /// Gives the cursor to the first field that takes text, if it is wanted in this form.
    pub(super) fn place_cursor(&mut self, field: &Response) {
        if mem::take(&mut self.cursor_wanted) {
            field.request_focus();
        }
    }

    fn fields_ui(&mut self, ui: &mut Ui, record: &Record<'_>, slots: &mut [Slot], here: &Place) {
        for (field, slot) in record.fields.iter().zip(slots) {
            let (node, nullable) = without_null(&field.node);
            let title =
                Title { name: field.name, required: field.required && !nullable, docs: field.node.docs() };
            let hint = field.node.default().filter(|default| !default.is_null());
            let hint = hint.map(|default| format!("default {}", text::line(&default.to_string(), 40)));
            self.slot_ui(ui, &title, &node, slot, &here.field(field.name), hint.as_deref());
        }
    }

    /// A value that may be absent: its name has a box to tick, unless it is required.
    fn slot_ui(
        &mut self,
        ui: &mut Ui,
        title: &Title<'_>,
        node: &Node<'_>,
        slot: &mut Slot,
        place: &Place,
        hint: Option<&str>,
    ) {
        if slot.set {
            slot.input.get_or_insert_with(|| Input::new(node));
        }
        let Slot { set, input } = slot;
        let mut input = input.as_mut().filter(|_| *set);
        // What is a line of text has its documentation below, where it does not crowd the mistakes.
        let below = matches!(input, Some(Input::Line(_) | Input::Bytes(_)));
        ui.horizontal(|ui| {
            self.name_ui(ui, title, set, place);
            match &mut input {
                Some(input) => self.head_ui(ui, node, input, place),
                None => drop(ui.label(muted(&palette(ui), hint.unwrap_or("not set")).small())),
            }
            if !below {
                let of_variant = input.as_deref().and_then(|input| variant_docs(node, input));
                docs_ui(ui, of_variant.unwrap_or(title.docs), TextWrapMode::Truncate);
            }
        });
        if below {
            self.docs_below_ui(ui, title.docs);
        }
        if let Some(input) = input {
            self.body_ui(ui, node, input, place);
        }
    }

    fn docs_below_ui(&self, ui: &mut Ui, docs: &str) {
        if docs.is_empty() {
            return;
        }
        ui.add_space(-4.0);
        ui.scope(|ui| {
            ui.spacing_mut().interact_size.y = 0.0;
            below_field_ui(ui, self.name_width(), |ui| docs_ui(ui, docs, TextWrapMode::Wrap));
        });
    }

    fn name_width(&self) -> f32 {
        (NAME_WIDTH - INDENT * self.depth as f32).max(72.0)
    }

    fn name_ui(&mut self, ui: &mut Ui, title: &Title<'_>, set: &mut bool, place: &Place) {
        let colors = palette(ui);
        let size = vec2(self.name_width(), ui.spacing().interact_size.y);
        ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
            ui.set_min_size(size);
            ui.spacing_mut().item_spacing.x = 4.0;
            let name = text::line(title.name, 60);
            if title.required {
                ui.add(Label::new(name).truncate());
                ui.label(RichText::new("*").color(colors.accent)).on_hover_text("Required");
            } else {
                let response = ui.checkbox(set, name).on_hover_text("Optional: tick to send it");
                let changed = response.changed();
                response.accessible_name(format!("Send {}", place.path));
                self.note(changed);
            }
        });
    }

    /// The part of a value that stands beside its name.
    fn head_ui(&mut self, ui: &mut Ui, node: &Node<'_>, input: &mut Input, place: &Place) {
        let colors = palette(ui);
        let shape = node.shape();
        match (input, &shape) {
            (Input::Fixed, Shape::Null) => drop(ui.label(muted(&colors, "null"))),
            (Input::Fixed, _) => drop(ui.label(RichText::new("No value fits here").color(colors.error))),
            (Input::Flag(flag), _) => checkbox_ui(self, ui, flag, place),
            (Input::Line(line), shape) => line_ui(self, ui, shape, line, place),
            (Input::Bytes(bytes), shape) => bytes_ui(self, ui, shape, bytes, place),
            (Input::Choice { chosen, .. }, Shape::Choice(choice)) => {
                self.choose_ui(ui, choice, chosen, place)
            }
            (Input::Optional(slot), Shape::Optional(_)) => {
                let response = ui.checkbox(&mut slot.set, "a value, not null");
                self.note(response.changed());
                response.accessible_name(format!("Send {}", place.path));
            }
            (Input::Items(items), Shape::List(list)) => self.list_head_ui(ui, list, items, place),
            (Input::Entries(entries), Shape::Map(map)) => self.map_head_ui(ui, map, entries, place),
            (Input::Items(_), Shape::Tuple(_)) | (Input::Fields(_), Shape::Record(_)) => {}
            _ => {
                let notice = "The form does not fit the schema; reset it";
                ui.label(RichText::new(notice).color(colors.error));
            }
        }
    }

    /// The part of a value that stands below its name.
    fn body_ui(&mut self, ui: &mut Ui, node: &Node<'_>, input: &mut Input, place: &Place) {
        match (input, node.shape()) {
            (Input::Choice { chosen, contents }, Shape::Choice(choice)) => {
                let Some(variant) = choice.variants.get(*chosen) else { return };
                let Some((node, place)) = content(variant, place) else { return };
                let input = contents.entry(*chosen).or_insert_with(|| Input::new(&node));
                self.inside_ui(ui, &place, |pen, ui| pen.content_ui(ui, &node, input, &place));
            }
            (Input::Optional(slot), Shape::Optional(inner)) if slot.set => {
                let input = slot.input.get_or_insert_with(|| Input::new(&inner));
                self.inside_ui(ui, place, |pen, ui| pen.content_ui(ui, &inner, input, place));
            }
            (Input::Items(items), Shape::List(list)) if !items.is_empty() => {
                self.inside_ui(ui, place, |pen, ui| pen.items_ui(ui, &list, items, place));
            }
            (Input::Items(items), Shape::Tuple(nodes)) => self.inside_ui(ui, place, |pen, ui| {
                for (i, (item, node)) in items.iter_mut().zip(&nodes).enumerate() {
                    pen.item_ui(ui, &format!("[{i}]"), node, item, &place.item(i), |_| {});
                }
            }),
            (Input::Entries(entries), Shape::Map(map)) if !entries.is_empty() => {
                self.inside_ui(ui, place, |pen, ui| pen.entries_ui(ui, &map, entries, place));
            }
            (Input::Fields(slots), Shape::Record(record)) if !slots.is_empty() => {
                self.inside_ui(ui, place, |pen, ui| pen.fields_ui(ui, &record, slots, place));
            }
            _ => {}
        }
    }

    /// A value without a name: what a variant or an optional holds.
    fn content_ui(&mut self, ui: &mut Ui, node: &Node<'_>, input: &mut Input, place: &Place) {
        match (node.shape(), input) {
            (Shape::Record(record), Input::Fields(slots)) => self.fields_ui(ui, &record, slots, place),
            (_, input) => self.value_ui(ui, node, input, place),
        }
    }

    fn value_ui(&mut self, ui: &mut Ui, node: &Node<'_>, input: &mut Input, place: &Place) {
        ui.horizontal(|ui| self.head_ui(ui, node, input, place));
        self.body_ui(ui, node, input, place);
    }

    fn inside_ui(&mut self, ui: &mut Ui, place: &Place, draw: impl FnOnce(&mut Self, &mut Ui)) {
        self.depth += 1;
        ui.indent(&place.pointer, |ui| draw(self, ui));
        self.depth -= 1;
    }

    fn choose_ui(&mut self, ui: &mut Ui, choice: &Choice<'_>, chosen: &mut usize, place: &Place) {
        let name = |index: usize| choice.variants.get(index).map(|variant| text::line(&variant.name, 60));
        let before = *chosen;
        let shown = name(before).unwrap_or_default();
        let menu =
            ComboBox::from_id_salt(&place.pointer).selected_text(shown).width(180.0).show_ui(ui, |ui| {
                for (index, variant) in choice.variants.iter().enumerate().take(MOST_VARIANTS) {
                    let response = ui.selectable_value(chosen, index, text::line(&variant.name, 60));
                    if !variant.docs.is_empty() {
                        response.on_hover_text(text::paragraph(variant.docs, 600));
                    }
                }
            });
        menu.response.accessible_name(&place.path);
        self.note(*chosen != before);
    }

    fn list_head_ui(&mut self, ui: &mut Ui, list: &List<'_>, items: &mut Vec<Input>, place: &Place) {
        if ui.small_button("Add").accessible_name(format!("Add to {}", place.path)).clicked() {
            items.push(Input::new(&list.item));
            self.note(true);
        }
        count_ui(ui, self.tried, items.len(), list.min, list.max);
    }

    fn items_ui(&mut self, ui: &mut Ui, list: &List<'_>, items: &mut Vec<Input>, place: &Place) {
        let mut removed = None;
        for (i, item) in items.iter_mut().enumerate() {
            let at = place.item(i);
            self.item_ui(ui, &format!("[{i}]"), &list.item, item, &at, |ui| {
                if remove_ui(ui, &at).clicked() {
                    removed = Some(i);
                }
            });
        }
        if let Some(index) = removed {
            items.remove(index);
            self.note(true);
        }
    }

    fn item_ui(
        &mut self,
        ui: &mut Ui,
        name: &str,
        node: &Node<'_>,
        input: &mut Input,
        place: &Place,
        extra: impl FnOnce(&mut Ui),
    ) {
        ui.horizontal(|ui| {
            ui.label(muted(&palette(ui), name));
            self.head_ui(ui, node, input, place);
            extra(ui);
        });
        self.body_ui(ui, node, input, place);
    }

    fn map_head_ui(&mut self, ui: &mut Ui, map: &Map<'_>, entries: &mut Vec<(Line, Input)>, place: &Place) {
        if ui.small_button("Add").accessible_name(format!("Add to {}", place.path)).clicked() {
            entries.push((Line::default(), Input::new(&map.value)));
            self.note(true);
        }
        count_ui(ui, self.tried, entries.len(), map.min, map.max);
    }

    fn entries_ui(&mut self, ui: &mut Ui, map: &Map<'_>, entries: &mut Vec<(Line, Input)>, place: &Place) {
        let mut removed = None;
        for (i, (key, value)) in entries.iter_mut().enumerate() {
            // The index and not the key: the cursor must stay where it is while the key is typed.
            let at = place.item(i);
            ui.horizontal(|ui| {
                let edit = TextEdit::singleline(&mut key.text).hint_text("key").desired_width(96.0);
                let response = ui.add(edit);
                key.touched |= response.changed();
                self.note(response.changed());
                response.accessible_name(format!("Key {}", at.path));
                if let Err(wrong) = check::key(&key.text, map.key)
                    && (key.touched || self.tried)
                {
                    mistake_ui(ui, &wrong);
                }
                self.head_ui(ui, &map.value, value, &at);
                if remove_ui(ui, &at).clicked() {
                    removed = Some(i);
                }
            });
            self.body_ui(ui, &map.value, value, &at);
        }
        if let Some(index) = removed {
            entries.remove(index);
            self.note(true);
        }
    }
}

/// What is wrong, beside the field.
pub(super) fn mistake_ui(ui: &mut Ui, wrong: &str) {
    ui.add(Label::new(RichText::new(wrong).small().color(palette(ui).error)).wrap());
}

fn remove_ui(ui: &mut Ui, place: &Place) -> Response {
    ui.small_button("Remove").accessible_name(format!("Remove {}", place.path))
}

fn count_ui(ui: &mut Ui, tried: bool, count: usize, min: u64, max: u64) {
    let colors: Palette = palette(ui);
    let count = count as u64;
    let wanted = match (min, max) {
        (0, u64::MAX) => String::new(),
        (0, max) => format!(" (at most {max})"),
        (min, u64::MAX) => format!(" (at least {min})"),
        (min, max) => format!(" ({min} to {max})"),
    };
    let words = format!("{count} {}{wanted}", if count == 1 { "item" } else { "items" });
    let is_wrong = tried && !(min..=max).contains(&count);
    ui.label(RichText::new(words).small().color(if is_wrong { colors.error } else { colors.muted }));
}

/// The documentation of the variant that is chosen, if it has some.
fn variant_docs<'s>(node: &Node<'s>, input: &Input) -> Option<&'s str> {
    match (input, node.shape()) {
        (Input::Choice { chosen, .. }, Shape::Choice(choice)) => {
            choice.variants.get(*chosen).map(|variant| variant.docs).filter(|docs| !docs.is_empty())
        }
        _ => None,
    }
}

/// The first line of the documentation; all of it on hovering.
fn docs_ui(ui: &mut Ui, docs: &str, wrap: TextWrapMode) {
    let docs = text::paragraph(docs, 1000);
    let mut lines = docs.lines();
    if let Some(first) = lines.next() {
        let shown = ui.add(Label::new(muted(&palette(ui), first).small()).wrap_mode(wrap));
        // A line that was cut short says the rest of itself on hovering.
        if lines.next().is_some() {
            shown.on_hover_text(&docs);
        }
    }
}
