//! The controls of a form that hold nothing below them.

use countersign::schema::{Format, Shape};
use egui::{ComboBox, TextEdit, Ui};

use super::form::{Pen, mistake_ui};
use super::parts::muted;
use super::theme::palette;
use crate::command::Command;
use crate::exchange::Purpose;
use crate::form::{BytesInput, Encoding, Line, Place, check};
use crate::text;

/// A tick.
pub(super) fn checkbox_ui(pen: &mut Pen<'_>, ui: &mut Ui, flag: &mut bool, place: &Place) {
    let word = if *flag { "true" } else { "false" };
    let response = ui.checkbox(flag, word);
    pen.note(response.changed());
    response.accessible_name(&place.path);
}

/// A number, a text, or JSON.
pub(super) fn line_ui(pen: &mut Pen<'_>, ui: &mut Ui, shape: &Shape<'_>, line: &mut Line, place: &Place) {
    let (hint, width) = match shape {
        Shape::Integer { min, max } => (check::bounds(*min, *max), 150.0),
        Shape::Float(range) => (check::float_bounds(range), 150.0),
        Shape::Text(text) => match text.format {
            Format::Date => ("2026-01-31".to_owned(), 150.0),
            Format::DateTime => ("2026-01-31T12:00:00Z".to_owned(), 220.0),
            Format::Time => ("12:00:00".to_owned(), 150.0),
            Format::LocalDateTime => ("2026-01-31T12:00:00".to_owned(), 220.0),
            Format::Uuid => ("67e55044-10b1-426f-9247-bb680e5fe0c8".to_owned(), 300.0),
            Format::Ip | Format::Ipv4 => ("127.0.0.1".to_owned(), 220.0),
            Format::Ipv6 => ("::1".to_owned(), 220.0),
            Format::Other(name) => (text::line(name, 40), 260.0),
            _ => (text.pattern.map(|pattern| text::line(pattern, 40)).unwrap_or_default(), 260.0),
        },
        _ => ("JSON".to_owned(), 260.0),
    };
    let is_number = matches!(shape, Shape::Integer { .. } | Shape::Float(_));
    let edit = if matches!(shape, Shape::Text(text) if text.format == Format::Plain && text.max_len > 80) {
        // A text may have several lines. Return begins a new one; the call has its own keys.
        TextEdit::multiline(&mut line.text).desired_rows(1)
    } else {
        TextEdit::singleline(&mut line.text)
    };
    let hint_text = if is_number { String::new() } else { hint.clone() };
    let response = ui.add(edit.hint_text(hint_text).desired_width(width));
    let changed = response.changed();
    pen.place_cursor(&response);
    response.accessible_name(&place.path);
    line.touched |= changed;
    pen.note(changed);
    let checked = match shape {
        Shape::Integer { min, max } => check::integer(&line.text, *min, *max),
        Shape::Float(range) => check::float(&line.text, range),
        Shape::Text(text) => check::text(&line.text, text),
        _ => check::json(&line.text),
    };
    match checked {
        Err(wrong) if pen.tried || line.touched => mistake_ui(ui, &wrong),
        _ if is_number => drop(ui.label(muted(&palette(ui), hint).small())),
        _ => {}
    }
    if matches!(shape, Shape::Text(text) if text.format == Format::DateTime) {
        let now = ui.small_button("Now").accessible_name(format!("Now for {}", place.path));
        if now.clicked() {
            *line = Line::typed(format!("{:.0}", jiff::Timestamp::now()));
            pen.note(true);
        }
    }
}

/// A byte string.
pub(super) fn bytes_ui(
    pen: &mut Pen<'_>,
    ui: &mut Ui,
    shape: &Shape<'_>,
    bytes: &mut BytesInput,
    place: &Place,
) {
    let Shape::Bytes { min_len, max_len } = *shape else { return };
    let before = bytes.encoding;
    let menu =
        ComboBox::from_id_salt(&place.pointer).selected_text(before.text()).width(72.0).show_ui(ui, |ui| {
            for encoding in Encoding::ALL {
                ui.selectable_value(&mut bytes.encoding, encoding, encoding.text());
            }
        });
    menu.response.accessible_name(format!("Encoding of {}", place.path));
    let hint = match bytes.encoding {
        Encoding::Text => "",
        Encoding::Hex => "00 ff",
        Encoding::Base64 => "AP8=",
        Encoding::File => "path of a file",
    };
    let response = ui.add(TextEdit::singleline(&mut bytes.line.text).hint_text(hint).desired_width(170.0));
    pen.place_cursor(&response);
    let changed = response.changed() || bytes.encoding != before;
    response.accessible_name(&place.path);
    bytes.line.touched |= changed;
    pen.note(changed);
    if bytes.encoding == Encoding::File
        && ui.small_button("Browse…").accessible_name(format!("Browse for {}", place.path)).clicked()
    {
        let (procedure, path) = (pen.procedure.to_owned(), place.path.clone());
        pen.wishes.push(Command::Browse(Purpose::Bytes { procedure, part: pen.part, path }));
    }
    if let Err(wrong) = check::bytes(bytes, min_len, max_len)
        && (pen.tried || bytes.line.touched)
    {
        mistake_ui(ui, &wrong);
    }
}
