//! The line in which one finds something in a reply or on a page.

use egui::{Button, Key, KeyboardShortcut, Modifiers, RichText, TextEdit, Ui};

use super::parts::{hint_of, muted};
use super::theme::palette;
use crate::command::Command;
use crate::model::find::{Find, MATCHES_MAX, Within};
use crate::text;

/// How wide the field is.
const WIDTH: f32 = 150.0;

/// The field, how many matches there are, and the ways from one to the other.
pub(super) fn find_ui(ui: &mut Ui, find: &Find, wishes: &mut Vec<Command>) {
    let (name, _, hint) = words(find.within);
    ui.horizontal_wrapped(|ui| {
        let mut query = find.query.clone();
        // Return goes to the next match, and the cursor stays.
        let edit = TextEdit::singleline(&mut query)
            .hint_text(name)
            .desired_width(WIDTH)
            .return_key(None::<KeyboardShortcut>);
        let field = ui.add(edit);
        if find.is_wanted {
            field.request_focus();
        }
        if field.changed() {
            wishes.push(Command::Find(query));
        }
        let is_pressed = |key| ui.input(|input| input.key_pressed(key));
        if field.has_focus() && is_pressed(Key::Enter) {
            let is_back = ui.input(|input| input.modifiers.matches_logically(Modifiers::SHIFT));
            wishes.push(if is_back { Command::FindPrevious } else { Command::FindNext });
        }
        if field.lost_focus() && is_pressed(Key::Escape) {
            wishes.push(Command::FindNothing);
        }
        field.accessible_name(name);
        count_ui(ui, find);
        for (name, command) in [("Previous", Command::FindPrevious), ("Next", Command::FindNext)] {
            let button = ui.add_enabled(find.place().1 > 1, Button::new(name).small());
            let button = button.accessible_name(command.text());
            if button.on_hover_text(hint_of(ui, &command)).clicked() {
                wishes.push(command);
            }
        }
        let close = ui.add(Button::new("Close").small()).accessible_name(Command::FindNothing.text());
        if close.on_hover_text(hint).clicked() {
            wishes.push(Command::FindNothing);
        }
    });
    if find.is_searching() {
        // The rest is searched before the next picture.
        ui.ctx().request_repaint();
    }
}

fn count_ui(ui: &mut Ui, find: &Find) {
    let (colors, (_, counted, _)) = (palette(ui), words(find.within));
    let (at, count) = find.place();
    let words = match count {
        _ if find.query.is_empty() => return,
        0 if find.is_searching() => RichText::new("Searching…").color(colors.muted),
        0 => RichText::new("Not found").color(colors.warn),
        _ => {
            let more = if count == MATCHES_MAX { " or more" } else { "" };
            let [at, count] = [at, count].map(|number| text::count(number as u64));
            muted(&colors, format!("{at} of {count}{more}"))
        }
    };
    ui.label(words).on_hover_text(counted);
}

/// What the field is called, what is counted, and what closing it does.
fn words(within: Within) -> (&'static str, &'static str, &'static str) {
    match within {
        Within::Reply => (
            Command::FindInReply.text(),
            "Items that have this in their name or in their value",
            "Shows the reply as before  Esc",
        ),
        Within::Page => {
            (Command::FindOnPage.text(), "Places on the page that have this", "Shows the page as before  Esc")
        }
    }
}
