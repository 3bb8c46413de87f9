//! A call that is looked into: what was asked, what came back, and what can be done with it.

use egui::{Label, RichText, ScrollArea, Ui};

use super::copies_ui;
use super::row::{moment, took};
use crate::command::Command;
use crate::model::journal::asked::JournalCommand;
use crate::model::journal::entry::{Entry, EntryId, Kept, Said, Verdict};
use crate::model::journal::recall::{Chosen, Recall};
use crate::text;
use crate::ui::facts::copy_made_ui;
use crate::ui::parts::{command_button_ui, muted, primary_button_ui};
use crate::ui::theme::palette;

/// The most of a message, a name or a path that is shown.
const SHOWN: usize = 400;
/// How many items, and how many keys of metadata, are listed.
const LISTED: usize = 100;

/// The call that was chosen.
pub(super) fn shown_ui(ui: &mut Ui, recall: &Recall, wishes: &mut Vec<Command>) {
    let Some((chosen, noted)) = recall.shown() else { return };
    let entry = &noted.entry;
    ui.add_space(6.0);
    heading_ui(ui, entry, recall);
    buttons_ui(ui, entry, wishes);
    ScrollArea::both().id_salt("call").auto_shrink(false).show(ui, |ui| {
        request_ui(ui, entry, chosen);
        reply_ui(ui, entry, chosen);
    });
}

fn heading_ui(ui: &mut Ui, entry: &Entry, recall: &Recall) {
    let colors = palette(ui);
    let Entry { server, request, end, at, on_disk, .. } = entry;
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(text::line(&request.procedure, SHOWN)).strong());
        let color = if end.verdict.is_ok() { colors.ok } else { colors.error };
        ui.label(RichText::new(text::line(end.verdict.word(), SHOWN)).strong().color(color));
        ui.label(muted(&colors, format!("{}  {}", took(end), moment(*at, recall))));
        if let Verdict::Failed { word, message, .. } = &end.verdict {
            copy_made_ui(ui, "Error", &entry.id, || format!("{word}: {message}"));
        }
    });
    let whereabouts =
        format!("{} as {}", text::line(&server.address, SHOWN), text::line(&server.identity, SHOWN));
    let kept = if *on_disk { "" } else { ", not on disk" };
    ui.add(Label::new(muted(&colors, format!("{whereabouts}{kept}")).small()).truncate());
}

fn buttons_ui(ui: &mut Ui, entry: &Entry, wishes: &mut Vec<Command>) {
    let id = || entry.id.clone();
    let partial = entry.request.is_partial();
    ui.horizontal_wrapped(|ui| {
        let repeat = JournalCommand::Repeat(id());
        if primary_button_ui(ui, repeat.text(), partial.is_none()).clicked() {
            wishes.push(Command::Journal(repeat));
        }
        for (command, allowed) in [
            (JournalCommand::Edit(id()), partial.is_none()),
            (JournalCommand::Pin(id(), !entry.pinned), true),
            (JournalCommand::Forget(id()), true),
        ] {
            command_button_ui(ui, Command::Journal(command), allowed, wishes);
        }
        copies_ui(ui, Some(&entry.id), partial.is_none(), wishes);
    });
    if let Some(reason) = partial {
        ui.label(RichText::new(reason).small().color(palette(ui).warn));
    }
}

fn request_ui(ui: &mut Ui, entry: &Entry, chosen: &Chosen) {
    let colors = palette(ui);
    let request = &entry.request;
    title_ui(ui, "Request", &entry.id, request.arguments.text());
    notation_ui(ui, &chosen.arguments);
    for (key, said) in request.metadata.iter().take(LISTED) {
        let value = match said {
            Said::Text(value) => text::line(value, SHOWN),
            Said::Bytes(base64) => format!("{} as base64", text::line(base64, SHOWN)),
            Said::Withheld => "not kept: it looks like a secret".to_owned(),
        };
        ui.horizontal(|ui| {
            ui.label(muted(&colors, text::line(key, SHOWN)).monospace());
            match said {
                Said::Withheld => ui.label(muted(&colors, value).italics()),
                _ => ui.label(RichText::new(value).monospace()),
            }
        });
    }
    if LISTED < request.metadata.len() {
        ui.label(muted(&colors, format!("and {} keys more", request.metadata.len() - LISTED)));
    }
    for item in request.items.first.iter().take(LISTED) {
        ui.horizontal(|ui| {
            ui.label(muted(&colors, "item"));
            notation_ui(ui, &text::line(item, SHOWN));
        });
    }
    let more = request.items.first.len().saturating_sub(LISTED) as u64 + request.items.more;
    if 0 < more {
        ui.label(muted(&colors, format!("and {} items more", text::count(more))));
    }
    if let Some(deadline) = request.deadline() {
        ui.label(muted(&colors, format!("deadline {}", text::latency(deadline.as_secs_f64()))));
    }
}

fn reply_ui(ui: &mut Ui, entry: &Entry, chosen: &Chosen) {
    let colors = palette(ui);
    ui.add_space(4.0);
    title_ui(ui, "Reply", &entry.id, entry.end.verdict.value().and_then(Kept::text));
    if 0 < entry.end.received {
        ui.label(muted(&colors, format!("{} items came", text::count(entry.end.received))));
    }
    if let Verdict::Failed { message, .. } = &entry.end.verdict {
        ui.add(Label::new(RichText::new(text::paragraph(message, SHOWN)).color(colors.error)).wrap());
    }
    if !chosen.reply.is_empty() {
        notation_ui(ui, &chosen.reply);
    }
}

/// A title, and a button that copies the whole of what is below it, of which only the beginning may be shown.
fn title_ui(ui: &mut Ui, title: &str, whose: &EntryId, whole: Option<&str>) {
    ui.horizontal(|ui| {
        ui.label(muted(&palette(ui), title).small());
        if let Some(whole) = whole {
            copy_made_ui(ui, title, whose, || whole.to_owned());
        }
    });
}

fn notation_ui(ui: &mut Ui, notation: &str) {
    ui.add(Label::new(RichText::new(notation).monospace()).extend().selectable(true));
}
