//! A request through its lenses: the form, or a text that says the same value.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat};
use egui::{Button, FontId, Galley, Label, RichText, TextBuffer, TextEdit, TextStyle, Ui};

use super::form::form_ui;
use super::parts::{hint_of, muted, notice_ui};
use super::theme::palette;
use crate::command::Command;
use crate::form::Part;
use crate::model::draft::{Draft, Lens, SheetMistake, Writing};
use crate::model::journal::asked::JournalCommand;
use crate::model::shelf::ShelfCommand;
use crate::text;

/// The choice of the lens or of the calls that were made before, and what has been put aside.
pub(super) fn lenses_ui(
    ui: &mut Ui,
    draft: &Draft,
    is_history: bool,
    is_shelf: bool,
    wishes: &mut Vec<Command>,
) {
    ui.horizontal_wrapped(|ui| {
        for lens in Lens::ALL {
            let shown = ui.selectable_label(draft.lens == lens && !is_history && !is_shelf, lens.text());
            if shown.clicked() {
                wishes.push(Command::WriteIn(lens));
            }
            let hint = match lens {
                Lens::Form => "A field for each argument, made of what the server says of them",
                Lens::Notation => "The same value as text, in the notation of RFC 8949 for CBOR",
                Lens::Hex => "The same value as bytes, as they go over the wire",
            };
            shown.accessible_name(Command::WriteIn(lens).text()).on_hover_text(hint);
        }
        let toggle = Command::Journal(JournalCommand::Toggle);
        let history = ui.selectable_label(is_history, toggle.text()).on_hover_text(hint_of(ui, &toggle));
        if history.clicked() && !is_history {
            wishes.push(toggle);
        }
        let toggle = Command::Shelf(ShelfCommand::Toggle);
        let saved = ui.selectable_label(is_shelf, "Saved");
        if saved.clicked() && !is_shelf {
            wishes.push(toggle.clone());
        }
        saved.accessible_name(toggle.text()).on_hover_text(hint_of(ui, &toggle));
        asides_ui(ui, draft, wishes);
    });
    ui.add_space(2.0);
}

/// What gave way to something else, to read, copy and put back.
fn asides_ui(ui: &mut Ui, draft: &Draft, wishes: &mut Vec<Command>) {
    let asides = draft.asides.list();
    if asides.is_empty() {
        return;
    }
    let menu = ui.menu_button(format!("Put aside ({})", asides.len()), |ui| {
        ui.set_max_width(420.0);
        egui::ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
            for (index, aside) in asides.iter().enumerate().rev() {
                ui.horizontal(|ui| {
                    ui.label(RichText::new(&aside.what).strong());
                    if aside.whole.is_some() {
                        let put_back = ui.small_button("Put back");
                        if put_back.clicked() {
                            wishes.push(Command::PutBack(index));
                            ui.close();
                        }
                        put_back.accessible_name(format!("Put back {}", index + 1));
                    }
                });
                aside.pieces.iter().for_each(|piece| piece_ui(ui, &piece.path, &piece.text));
                ui.add_space(6.0);
            }
        });
    });
    menu.response.on_hover_text("What you typed and what something else has replaced since");
}

/// Something that was typed, and its copy.
pub(super) fn piece_ui(ui: &mut Ui, path: &str, typed: &str) {
    let colors = palette(ui);
    ui.horizontal(|ui| {
        let copy = ui.small_button("Copy");
        if copy.clicked() {
            ui.ctx().copy_text(typed.to_owned());
        }
        copy.accessible_name(format!(
            "Copy what was typed at {}",
            if path.is_empty() { "the whole" } else { path }
        ));
        if !path.is_empty() {
            ui.label(muted(&colors, text::line(path, 60)).small());
        }
        ui.add(Label::new(RichText::new(text::line(typed, 200)).monospace()).truncate());
    });
}

/// Draws what is sent in one part of a call through the lens that is chosen.
pub(super) fn writing_ui(
    ui: &mut Ui,
    procedure: &str,
    draft: &mut Draft,
    part: Part,
    wishes: &mut Vec<Command>,
) {
    let (lens, tried) = (draft.lens, if part == Part::Item { draft.item_tried } else { draft.tried });
    let wanted = draft.cursor_wanted == Some(part);
    let Some(writing) = draft.writing_mut(part) else { return };
    broken_ui(ui, writing, lens);
    let has_cursor = match lens {
        Lens::Form => {
            misfit_ui(ui, writing, wishes);
            let drawn = form_ui(ui, procedure, writing.form_mut(), tried, wanted, wishes);
            if drawn.edited {
                writing.form_was_edited();
            }
            drawn.has_cursor
        }
        _ => sheet_ui(ui, writing, lens, part, wanted, wishes),
    };
    if wanted {
        // Where there are no arguments to type, an item may be.
        draft.cursor_wanted = Some(Part::Item).filter(|_| part == Part::Arguments && !has_cursor);
    }
}

/// Says that another lens has a text that says nothing yet.
fn broken_ui(ui: &mut Ui, writing: &Writing, shown: Lens) {
    let Some((lens, _)) = writing.broken().filter(|(lens, _)| *lens != shown) else { return };
    let color = palette(ui).warn;
    let words = format!(
        "The {} text has a mistake and waits there. This is the value that was understood last.",
        lens.text().to_lowercase()
    );
    ui.add(Label::new(RichText::new(words).small().color(color)).wrap());
}

/// Says why the form is not what is sent.
fn misfit_ui(ui: &mut Ui, writing: &Writing, wishes: &mut Vec<Command>) {
    let Some(misfit) = writing.misfit() else { return };
    let written_in = writing.written_in();
    notice_ui(ui, palette(ui).warn, |ui| {
        let words = format!("This form cannot show the request: {}", text::line(&misfit.0, 300));
        ui.add(Label::new(RichText::new(words).strong()).wrap());
        let remedy = format!(
            "What is sent is the {} text. Typing below replaces it, and puts the text aside.",
            written_in.text().to_lowercase()
        );
        ui.add(Label::new(remedy).wrap());
        let back = ui.button(format!("Show the {} text", written_in.text().to_lowercase()));
        if back.clicked() {
            wishes.push(Command::WriteIn(written_in));
        }
    });
    ui.add_space(4.0);
}

/// Draws the text of a lens to type in, and says whether it got the cursor that was wanted.
fn sheet_ui(
    ui: &mut Ui,
    writing: &mut Writing,
    lens: Lens,
    part: Part,
    cursor_wanted: bool,
    wishes: &mut Vec<Command>,
) -> bool {
    let Some(sheet) = writing.sheet_mut(lens) else { return false };
    if sheet.is_too_long {
        ui.label(muted(&palette(ui), "The value is too long to be typed here. It is sent as it is."));
        return false;
    }
    let mistake = sheet.mistake.clone();
    let mut layouter =
        |ui: &Ui, text: &dyn TextBuffer, width: f32| laid_out(ui, text.as_str(), width, &mistake);
    let edit = TextEdit::multiline(&mut sheet.text)
        .id_salt((lens, part == Part::Item))
        .code_editor()
        // The key goes on to the next control, as everywhere.
        .lock_focus(false)
        .desired_rows(6)
        .desired_width(f32::INFINITY)
        .layouter(&mut layouter);
    let response = ui.add(edit);
    if cursor_wanted {
        response.request_focus();
    }
    let edited = response.changed();
    let what = if part == Part::Item { "Item" } else { "Arguments" };
    response.accessible_name(match lens {
        Lens::Hex => format!("{what} in hexadecimal digits"),
        _ => format!("{what} in diagnostic notation"),
    });
    if edited {
        writing.text_was_edited(lens);
    }
    match &mistake {
        Some(mistake) => mistake_ui(ui, mistake, part, wishes),
        None if lens == Lens::Hex => {
            let bytes = writing
                .sheet_mut(lens)
                .map_or(0, |sheet| sheet.text.chars().filter(|c| c.is_ascii_hexdigit()).count() / 2);
            ui.label(muted(&palette(ui), text::size(bytes)).small());
        }
        None => {}
    }
    files_ui(ui, writing);
    true
}

/// Says which files zeros or nothing stand for.
fn files_ui(ui: &mut Ui, writing: &Writing) {
    if !writing.form().has_files() {
        return;
    }
    for file in writing.files() {
        let name = text::line(&file.to_string_lossy(), 200);
        let words =
            format!("The bytes of {name} are put in when the call is made, if its place is left as it is.");
        ui.add(Label::new(muted(&palette(ui), words).small()).wrap());
    }
}

fn mistake_ui(ui: &mut Ui, mistake: &SheetMistake, part: Part, wishes: &mut Vec<Command>) {
    ui.add(Label::new(RichText::new(text::line(&mistake.words, 400)).color(palette(ui).error)).wrap());
    let write_out = ui.add(Button::new("Write out the last value").small());
    if write_out.clicked() {
        wishes.push(Command::WriteOut(part));
    }
    write_out.on_hover_text("Puts this text aside, and writes the value that was understood last");
}

/// The text in its font, with the place of a mistake marked.
fn laid_out(ui: &Ui, text: &str, width: f32, mistake: &Option<SheetMistake>) -> Arc<Galley> {
    let font: FontId = TextStyle::Monospace.resolve(ui.style());
    let plain = TextFormat::simple(font, ui.visuals().text_color());
    let error = palette(ui).error;
    let marked = TextFormat { background: error.gamma_multiply(0.35), ..plain.clone() };
    let offset = mistake.as_ref().and_then(|mistake| mistake.offset);
    // The mistake is of the text before the last key.
    let offset = offset.filter(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    let (before, from) = text.split_at(offset);
    let len = from.chars().next().map_or(0, char::len_utf8);
    let mut job = LayoutJob::default();
    job.append(before, 0.0, plain.clone());
    job.append(&from[..len], 0.0, marked);
    job.append(&from[len..], 0.0, plain);
    job.wrap.max_width = width;
    ui.fonts_mut(|fonts| fonts.layout_job(job))
}
