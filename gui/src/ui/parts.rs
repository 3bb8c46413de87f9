//! Small things that several panels draw.

use countersign::service::CallKind;
use egui::text::CCursorRange;
use egui::{
    Align, Align2, Button, Color32, FontSelection, Frame, Id, Key, Label, Layout, Margin, Painter, Popup,
    Pos2, Rect, Response, RichText, Sense, Shape, Spinner, Stroke, TextEdit, TextWrapMode, Ui, Vec2,
    WidgetText, vec2,
};

use super::facts::copy_button_ui;
use super::theme::{Palette, is_still, palette};
use crate::command::Command;
use crate::model::connection::Failure;
use crate::model::view::Page;

/// From the end of a longer line the eye does not find the next one.
pub(crate) const READABLE: f32 = 760.0;

/// The keys that mean a command, in words; empty where there are none.
pub(crate) fn keys_of(ui: &Ui, command: &Command) -> String {
    command.shortcut().map(|keys| ui.ctx().format_shortcut(&keys)).unwrap_or_default()
}

/// What a command does, or else what it is called, and its keys.
pub(crate) fn hint_of(ui: &Ui, command: &Command) -> String {
    let words = if command.meaning().is_empty() { command.text() } else { command.meaning() };
    hint_with_keys(ui, words, command)
}

/// What a button does, and the keys that mean its command.
pub(crate) fn hint_with_keys(ui: &Ui, words: &str, command: &Command) -> String {
    format!("{words}  {}", keys_of(ui, command)).trim().to_owned()
}

/// Pushes the command when its button is pressed; greyed out while it would do nothing.
pub(crate) fn command_button_ui(
    ui: &mut Ui,
    command: Command,
    allowed: bool,
    wishes: &mut Vec<Command>,
) -> Response {
    let mut response = ui.add_enabled(allowed, Button::new(command.text()));
    let hint = hint_with_keys(ui, command.meaning(), &command);
    if !hint.is_empty() {
        response = response.on_hover_text(&hint).on_disabled_hover_text(hint);
    }
    if response.clicked() {
        wishes.push(command);
    }
    response
}

/// Whether Escape was pressed, and meant nothing that lies over the page. Ask before any of that is drawn.
pub(crate) fn is_left(ui: &Ui) -> bool {
    let is_covered = Popup::is_any_open(ui.ctx()) || ui.memory(|memory| memory.top_modal_layer().is_some());
    !is_covered && ui.input(|input| input.key_pressed(Key::Escape))
}

/// Leads to the page of calls, from where one came.
pub(crate) fn back_button_ui(ui: &mut Ui, wishes: &mut Vec<Command>) -> Response {
    let response = ui.button("Back");
    if response.clicked() {
        wishes.push(Command::Show(Page::Calls));
    }
    response
}

/// The one button of a panel that matters most.
pub(crate) fn primary_button_ui(ui: &mut Ui, text: &str, enabled: bool) -> Response {
    let palette = palette(ui);
    let text = RichText::new(text).color(palette.on_accent).strong();
    ui.add_enabled(enabled, Button::new(text).fill(palette.accent).min_size(vec2(72.0, 28.0)))
}

/// A field to find something in a list. When it is wanted it gets the cursor, and what is typed next takes the place
/// of the last search.
pub(crate) fn filter_field_ui(
    ui: &mut Ui,
    filter: &mut String,
    (name, hint): (&str, &str),
    width: f32,
    is_wanted: bool,
) -> Response {
    let id = Id::unique(name).with(ui.scope_id());
    let edit = TextEdit::singleline(filter).id(id).hint_text(hint).desired_width(width);
    let response = ui.add(edit).accessible_name(name);
    if is_wanted {
        response.request_focus();
        let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
        state.cursor.set_char_range(Some(CCursorRange::select_all_str(filter)));
        state.store(ui.ctx(), id);
    }
    response
}

/// A coloured point that says how things are; the words beside it say the same.
pub(crate) fn dot_ui(ui: &mut Ui, color: Color32) {
    let (rect, _) = ui.allocate_exact_size(vec2(10.0, 14.0), Sense::hover());
    ui.painter().circle_filled(rect.center(), 4.5, color);
}

/// A word in a frame: `idempotent`, `deadline 500 ms`.
pub(crate) fn chip_ui(ui: &mut Ui, text: &str, color: Color32) -> Response {
    framed_ui(ui, RichText::new(text).small().color(color), color)
}

/// Such words in their frame.
pub(crate) fn framed_ui(ui: &mut Ui, words: impl Into<WidgetText>, color: Color32) -> Response {
    Frame::new()
        .stroke(Stroke::new(1.0, color.gamma_multiply(0.6)))
        .corner_radius(4)
        .inner_margin(Margin::symmetric(6, 1))
        .show(ui, |ui| ui.add(Label::new(words).extend()))
        .inner
}

/// What stands before a field, as wide as what stands before those above and below.
pub(crate) fn field_name_ui(ui: &mut Ui, name: &str, width: f32) -> Response {
    let size = vec2(width, ui.spacing().interact_size.y);
    let place = ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.label(name)
    });
    place.inner
}

/// What belongs to a field that has a name of this width before it: below it, and in line with it.
pub(crate) fn below_field_ui(ui: &mut Ui, name_width: f32, content: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.add_space(name_width + ui.spacing().item_spacing.x);
        content(ui);
    });
}

/// Text that explains.
pub(crate) fn muted(palette: &Palette, text: impl Into<String>) -> RichText {
    RichText::new(text).color(palette.muted)
}

/// The face of a panel that has nothing to show yet, and what would change that.
pub(crate) fn empty_ui(ui: &mut Ui, title: &str, hint: &str) {
    let palette = palette(ui);
    middle_ui(ui, |ui| {
        ui.label(RichText::new(title).size(15.0).color(palette.muted));
        ui.add(Label::new(muted(&palette, hint).small()).wrap());
    });
}

/// The face of a panel that is waiting for someone.
pub(crate) fn loading_ui(ui: &mut Ui, title: &str) {
    let palette = palette(ui);
    middle_ui(ui, |ui| {
        spinner_ui(ui, 22.0);
        ui.label(muted(&palette, title));
    });
}

/// What turns while one waits; the words beside it say for what.
pub(crate) fn spinner_ui(ui: &mut Ui, size: f32) {
    if !is_still(ui) {
        ui.add(Spinner::new().size(size).color(palette(ui).accent));
    }
}

/// The face of a panel whose content could not be had.
pub(crate) fn failed_ui(ui: &mut Ui, failure: &Failure) {
    middle_ui(ui, |ui| failure_card_ui(ui, failure));
}

/// A failure and its remedy, in a frame of the colour of errors.
pub(crate) fn failure_card_ui(ui: &mut Ui, failure: &Failure) {
    notice_ui(ui, palette(ui).error, |ui| {
        failure_words_ui(ui, failure);
        copy_failure_ui(ui, failure);
    });
}

/// What does not work, why, what to do about it, and the button that does the obvious.
pub(crate) fn failed_state_ui(
    ui: &mut Ui,
    state: &str,
    failure: &Failure,
    retry: Command,
    wishes: &mut Vec<Command>,
) {
    notice_ui(ui, palette(ui).error, |ui| {
        ui.add(Label::new(RichText::new(state).strong()).wrap());
        failure_words_ui(ui, failure);
        ui.add_space(2.0);
        let (text, command) = match failure.is_of_identity {
            true => ("Show certificates", Command::Show(Page::Certificates)),
            false => ("Try again", retry),
        };
        ui.horizontal(|ui| {
            if ui.button(text).clicked() {
                wishes.push(command);
            }
            copy_failure_ui(ui, failure);
        });
    });
}

fn failure_words_ui(ui: &mut Ui, failure: &Failure) {
    let color = palette(ui).error;
    ui.add(Label::new(RichText::new(&failure.reason).color(color)).wrap());
    if !failure.remedy.is_empty() {
        ui.add(Label::new(&failure.remedy).wrap());
    }
}

/// A button that copies what went wrong and what to do about it, for whoever is asked for help.
pub(crate) fn copy_failure_ui(ui: &mut Ui, failure: &Failure) {
    copy_button_ui(ui, "Error", format!("{}\n{}", failure.reason, failure.remedy).trim_end());
}

/// An entry of a menu that copies.
pub(crate) fn copy_entry_ui(ui: &mut Ui, name: &str, text: impl FnOnce() -> String) {
    if ui.button(name).clicked() {
        ui.copy_text(text());
        ui.close();
    }
}

/// Words in a frame of a colour that says how bad they are.
pub(crate) fn notice_ui(ui: &mut Ui, color: Color32, words: impl FnOnce(&mut Ui)) {
    Frame::new()
        .fill(color.gamma_multiply(0.10))
        .stroke(Stroke::new(1.0, color.gamma_multiply(0.7)))
        .corner_radius(6)
        .inner_margin(10)
        .show(ui, |ui| {
            ui.vertical(|ui| {
                ui.set_min_width(ui.available_width());
                prose_ui(ui, words);
            });
        });
}

/// Words in lines that are not too long to be read, however wide the window is.
pub(crate) fn prose_ui(ui: &mut Ui, words: impl FnOnce(&mut Ui)) {
    ui.scope(|ui| {
        ui.set_max_width(ui.available_width().min(READABLE));
        words(ui);
    });
}

/// In the middle of the room there is, and no wider than one reads.
pub(crate) fn middle_ui(ui: &mut Ui, content: impl FnOnce(&mut Ui)) {
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.35 - 20.0).max(8.0));
        ui.set_max_width(ui.available_width().min(420.0));
        content(ui);
    });
}

/// The mark of a kind of call: one message there and one back, waves that come, arrows that go up, or arrows both
/// ways. No font of ours has them.
pub(crate) fn kind_mark(painter: &Painter, center: Pos2, kind: CallKind, color: Color32) {
    let stroke = Stroke::new(1.2, color);
    let arrow = |x: f32, up: f32| {
        let [tail, head] = [4.5, -4.5].map(|y| center + vec2(x, y * up));
        painter.line_segment([tail, head], stroke);
        for side in [-2.5, 2.5] {
            painter.line_segment([head, head + vec2(side, 3.0 * up)], stroke);
        }
    };
    match kind {
        CallKind::ServerStream => {
            for y in [-3.5, 0.0, 3.5] {
                let wave = (0..=12).map(|i| {
                    let x = i as f32 - 6.0;
                    center + vec2(x, y + (x * std::f32::consts::TAU / 12.0).sin() * 1.4)
                });
                painter.line(wave.collect(), stroke);
            }
        }
        CallKind::ClientStream => [-3.5, 3.5].into_iter().for_each(|x| arrow(x, 1.0)),
        CallKind::BothWays => {
            arrow(-3.5, 1.0);
            arrow(3.5, -1.0);
        }
        _ => {
            for side in [-1.0, 1.0] {
                let [tail, head] = [vec2(-4.5, -2.0), vec2(4.5, -2.0)].map(|end| center + side * end);
                painter.line_segment([tail, head], stroke);
                painter.line_segment([head, head + side * vec2(-2.5, -2.0)], stroke);
            }
        }
    }
}

/// The mark of settings: a wheel with teeth. No font of ours has it.
pub(crate) fn cog_mark(painter: &Painter, center: Pos2, color: Color32) {
    painter.circle_stroke(center, 4.0, Stroke::new(1.6, color));
    for tooth in 0..8_u8 {
        let way = Vec2::angled(f32::from(tooth) * std::f32::consts::TAU / 8.0);
        painter.line_segment([center + way * 4.5, center + way * 6.6], Stroke::new(2.0, color));
    }
}

/// The mark of what one may not do: a bar in a ring.
pub(crate) fn no_entry_mark(painter: &Painter, center: Pos2, color: Color32) {
    let stroke = Stroke::new(1.2, color);
    painter.circle_stroke(center, 4.5, stroke);
    painter.line_segment([center - vec2(2.5, 0.0), center + vec2(2.5, 0.0)], stroke);
}

/// The square before what a colour means.
pub(crate) fn square_mark(painter: &Painter, center: Pos2, color: Color32) {
    painter.rect_filled(Rect::from_center_size(center, vec2(8.0, 8.0)), 2.0, color);
}

/// A shape with these corners, as seen from its centre, in one colour.
pub(crate) fn polygon(painter: &Painter, center: Pos2, corners: &[Vec2], color: Color32) {
    let corners = corners.iter().map(|corner| center + *corner).collect();
    painter.add(Shape::convex_polygon(corners, color, Stroke::NONE));
}

/// The triangle before something that folds: to the right when folded, down when not.
pub(crate) fn triangle(painter: &Painter, center: Pos2, is_folded: bool, color: Color32) {
    let corners = if is_folded {
        [vec2(-2.5, -4.0), vec2(3.0, 0.0), vec2(-2.5, 4.0)]
    } else {
        [vec2(-4.0, -2.5), vec2(4.0, -2.5), vec2(0.0, 3.0)]
    };
    polygon(painter, center, &corners, color);
}

/// Draws one line of text at the left of a place, and cuts it where the place ends. Says whether it did.
pub(crate) fn clipped_text(
    ui: &Ui,
    text: &str,
    place: Rect,
    font: impl Into<FontSelection>,
    color: Color32,
) -> bool {
    let text = WidgetText::from(RichText::new(text).color(color));
    let galley = text.into_galley(ui, Some(TextWrapMode::Truncate), place.width().max(0.0), font);
    let is_cut = galley.elided;
    let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), place).min;
    ui.painter_at(place).galley(at, galley, color);
    is_cut
}
