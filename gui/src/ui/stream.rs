//! A streaming call: how much came over it, the newest items, and what is in one of them or how it ended.

use std::time::{Duration, Instant};

use egui::{
    Align, Align2, Id, Label, Layout, Panel, PointerButton, ProgressBar, RichText, ScrollArea, TextEdit,
    TextStyle, Ui, pos2, vec2,
};

use super::body::{Glass, body_ui};
use super::columns::copies_ui;
use super::facts::copy_made_ui;
use super::filling_ui;
use super::parts::{clipped_text, command_button_ui, dot_ui, muted};
use super::reply::{beside_ui, problem_words_ui};
use super::rows::row_ui;
use super::theme::{palette, value_color};
use crate::command::Command;
use crate::model::calls::{Ended, OwnCall};
use crate::model::reply::Body;
use crate::model::stream::{FileProgress, FileState, ITEMS_KEPT, Item, Look, Mistake, Sending, Stream};
use crate::model::tree::Kind;
use crate::text;

const ROW_HEIGHT: f32 = 20.0;
/// How often the clock of a stream is drawn again while nothing comes.
const CLOCK: Duration = Duration::from_millis(500);
/// What a problem says may take so much of the panel, and is scrolled beyond.
const WORDS_HEIGHT: f32 = 110.0;

/// The panel at the right, for a streaming call.
pub(super) fn stream_ui(
    ui: &mut Ui,
    call: &OwnCall,
    stream: &Stream,
    glass: Glass<'_>,
    now: Instant,
    wishes: &mut Vec<Command>,
) {
    heading_ui(ui, call, now);
    if stream.gives_items {
        counts_ui(ui, call, stream, now);
    }
    if let Some(sending) = &stream.sending {
        sending_ui(ui, call, sending, wishes);
    }
    if let Some(Ended { outcome: Err(problem), .. }) = &call.ended {
        words_ui(ui, "end", |ui| problem_words_ui(ui, problem));
    }
    if let Some(ended) = &call.ended {
        beside_ui(ui, call, ended);
    }
    if let Some(problem) = stream.sending.as_ref().and_then(|sending| sending.refused.as_ref()) {
        words_ui(ui, "item", |ui| {
            ui.horizontal(|ui| {
                ui.label(RichText::new("Item not sent").color(palette(ui).error));
                copy_made_ui(ui, "Mistake", call.number, || problem.text());
            });
            problem_words_ui(ui, problem);
        });
    }
    ui.separator();
    match Below::of(call, stream) {
        // The result has all the room.
        Some(below) if !stream.gives_items => below.ui(ui, glass, wishes),
        Some(below) => {
            let room = ui.available_height();
            Panel::bottom("looked at")
                .resizable(true)
                .default_size(room * 0.45)
                .size_range(60.0..=(room - 60.0).max(61.0))
                .frame(egui::Frame::new().inner_margin(egui::Margin { top: 6, ..egui::Margin::ZERO }))
                .show(ui, |ui| filling_ui(ui, "below", |ui| below.ui(ui, glass, wishes)));
        }
        None if !stream.gives_items && call.ended.is_none() => {
            ui.label(muted(&palette(ui), "The server answers once no more items follow."));
        }
        None => {}
    }
    if stream.gives_items {
        items_ui(ui, call, stream, wishes);
    }
    if call.ended.is_none() {
        ui.ctx().request_repaint_after(CLOCK);
    }
}

fn heading_ui(ui: &mut Ui, call: &OwnCall, now: Instant) {
    let colors = palette(ui);
    ui.horizontal(|ui| {
        ui.label(muted(&colors, format!("#{}", call.number.0)));
        let (word, color, took) = match &call.ended {
            None => {
                dot_ui(ui, colors.accent);
                // Its tenths would be all that moves.
                let seconds = now.saturating_duration_since(call.started).as_secs();
                let took = if seconds < 100 { format!("{seconds} s") } else { text::clock(seconds) };
                ("Streaming", colors.accent, took)
            }
            Some(ended) => {
                let took = text::elapsed(ended.took);
                match &ended.outcome {
                    Ok(_) => ("OK", colors.ok, took),
                    Err(problem) if problem.is_local() => (problem.kind.text(), colors.error, String::new()),
                    Err(problem) => (problem.kind.text(), colors.error, took),
                }
            }
        };
        ui.label(RichText::new(word).strong().color(color));
        ui.label(took);
        if let Some(Ended { outcome: Err(problem), .. }) = &call.ended {
            copy_made_ui(ui, "Error", call.number, || problem.text());
        }
    });
}

/// How many items came and went, and how fast.
fn counts_ui(ui: &mut Ui, call: &OwnCall, stream: &Stream, now: Instant) {
    let rate = match &call.ended {
        None => stream.rate(now),
        Some(ended) => stream.received as f64 / ended.took.as_secs_f64().max(0.001),
    };
    let mut words = text::counted(stream.received, ["item", "items"]);
    if stream.received > 0 {
        let bytes = usize::try_from(stream.bytes).unwrap_or(usize::MAX);
        words += &format!(", {}/s, {}", text::rate(rate), text::size(bytes));
    }
    if let Some(first) = stream.first_after {
        words += &format!(", the first after {}", text::latency(first.as_secs_f64()));
    }
    ui.add(Label::new(words).wrap());
}

/// What was sent, and the button for a file of items.
fn sending_ui(ui: &mut Ui, call: &OwnCall, sending: &Sending, wishes: &mut Vec<Command>) {
    let (colors, is_over) = (palette(ui), call.ended.is_some());
    ui.horizontal(|ui| {
        let mut words = format!("{} sent", text::count(sending.sent));
        if sending.waiting > 0 && !is_over {
            words += &format!(", {} waiting for the server", sending.waiting);
        }
        if sending.done {
            words += ", no more to follow";
        }
        ui.add(Label::new(muted(&colors, words)).truncate());
        if is_over {
            return;
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if sending.is_feeding() {
                command_button_ui(ui, Command::StopFile, true, wishes);
            } else if !sending.done {
                command_button_ui(ui, Command::SendFile, true, wishes);
            }
        });
    });
    if let Some(file) = &sending.file {
        file_ui(ui, file, is_over);
    }
}

/// How far a file was sent.
fn file_ui(ui: &mut Ui, file: &FileProgress, is_over: bool) {
    let colors = palette(ui);
    let far = match &file.state {
        FileState::Going if is_over => "the call ended first",
        FileState::Going => {
            let share = if file.size == 0 { 0.0 } else { file.read as f32 / file.size as f32 };
            let bar = ProgressBar::new(share).desired_height(6.0).fill(colors.accent);
            ui.add(bar).accessible_name(format!("{}, {:.0} % sent", file.name, share * 100.0));
            "on its way"
        }
        FileState::Done => "all of it",
        FileState::Stopped => "stopped",
        FileState::Failed(_) => "not all of it",
    };
    let items = text::counted(file.sent, ["item", "items"]);
    let words = format!("{}: {items} sent, {far}", file.name);
    ui.add(Label::new(muted(&colors, words).small()).truncate());
    if let FileState::Failed(Mistake { line, message }) = &file.state {
        let place = line.map(|line| format!("Line {}: ", text::count(line))).unwrap_or_default();
        words_ui(ui, "file", |ui| {
            ui.add(Label::new(RichText::new(format!("{place}{message}")).color(colors.error)).wrap());
        });
    }
}

fn words_ui(ui: &mut Ui, name: &str, words: impl FnOnce(&mut Ui)) {
    ui.push_id(name, |ui| ScrollArea::vertical().max_height(WORDS_HEIGHT).show(ui, words));
}

/// What is shown below the items.
enum Below<'m> {
    Item(&'m Look),
    End(&'static str, &'m Body),
}

impl<'m> Below<'m> {
    fn of(call: &'m OwnCall, stream: &'m Stream) -> Option<Self> {
        if let Some(look) = &stream.looked_at {
            return Some(Self::Item(look));
        }
        match &call.ended.as_ref()?.outcome {
            Ok(body) => Some(Self::End("Result", body)),
            Err(problem) => Some(Self::End("Fault", problem.fault.as_ref()?)),
        }
    }

    fn ui(&self, ui: &mut Ui, glass: Glass<'_>, wishes: &mut Vec<Command>) {
        let look = match self {
            Self::End(title, body) => return body_ui(ui, title, body, glass, wishes),
            Self::Item(look) => look,
        };
        let colors = palette(ui);
        ui.horizontal(|ui| {
            ui.label(RichText::new(format!("Item {}", text::count(look.number))).strong());
            if let Some(Ok(body)) = &look.body {
                ui.label(muted(&colors, text::size(body.bytes.len())));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                command_button_ui(ui, Command::LookAway, true, wishes);
            });
        });
        match &look.body {
            Some(Ok(body)) => body_ui(ui, "", body, glass, wishes),
            Some(Err(wrong)) => {
                ui.add(Label::new(RichText::new(wrong).color(colors.error)).wrap());
            }
            None => {}
        }
    }
}

/// Where the list stood when it was drawn last.
#[derive(Debug, Clone, Copy)]
struct Stand {
    /// How many items had come, and how much room there was for them.
    end: (u64, f32),
    /// How many had been let go of.
    gone: u64,
    offset: f32,
    at_end: bool,
}

/// What the list of items is called, a field to filter it, and a button to let it stand still.
fn items_head_ui(ui: &mut Ui, call: &OwnCall, stream: &Stream, wishes: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        ui.label(RichText::new("Items").strong());
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if call.ended.is_none() || stream.is_paused() {
                let (text, hint) = match stream.is_paused() {
                    true => ("Resume", "Lets the list go on"),
                    false => {
                        ("Pause", "Lets the list stand still; what comes is counted and kept all the same")
                    }
                };
                // The graphs have a button of that name, too.
                let button = ui.button(text).on_hover_text(hint).accessible_name(format!("{text} items"));
                if button.clicked() {
                    wishes.push(Command::PauseItems);
                }
            }
            let mut filter = stream.filter().to_owned();
            let field = TextEdit::singleline(&mut filter).hint_text("filter").desired_width(f32::INFINITY);
            let field = ui.add(field);
            if field.changed() {
                wishes.push(Command::FilterItems(filter));
            }
            field.accessible_name("Filter items");
        });
    });
    let mut notes = Vec::new();
    if stream.is_paused() {
        let since = stream.received - stream.received_in_sight();
        notes.push(format!("paused, {} came since", text::count(since)));
    }
    if !stream.filter().trim().is_empty() {
        let [rows, items] = [stream.rows(), stream.items().len()].map(|count| text::count(count as u64));
        notes.push(format!("{rows} of {items} match"));
    } else if stream.rows_gone() > 0 {
        notes.push(format!("the newest {} are kept", text::count(stream.rows() as u64)));
    }
    if !notes.is_empty() {
        ui.add(Label::new(muted(&palette(ui), notes.join(" · ")).small()).truncate());
    }
}

fn items_ui(ui: &mut Ui, call: &OwnCall, stream: &Stream, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let (rows, gone) = (stream.rows(), stream.rows_gone());
    if stream.received == 0 {
        let words = if call.ended.is_none() { "Nothing has come yet." } else { "None came." };
        ui.label(RichText::new("Items").strong());
        ui.label(muted(&colors, words));
        return;
    }
    items_head_ui(ui, call, stream, wishes);
    if rows == 0 {
        ui.label(muted(&colors, "No item that is kept matches."));
        return;
    }
    let id = Id::unique(("items", call.number, stream.filter()));
    let end = (stream.received_in_sight(), ui.available_height());
    ui.spacing_mut().item_spacing.y = 0.0;
    let mut list = ScrollArea::vertical().id_salt(id).auto_shrink(false).stick_to_bottom(true);
    match ui.data(|data| data.get_temp::<Stand>(id)) {
        // Whoever reads older items goes on reading them while the oldest are let go of.
        Some(Stand { at_end: false, gone: before, offset, .. }) if before < gone => {
            let moved = (gone - before) as f32 * ROW_HEIGHT;
            list = list.vertical_scroll_offset((offset - moved).max(0.0));
        }
        Some(stand) if !stand.at_end || stand.end == end => {}
        // The list follows its end only with the next picture.
        _ => ui.ctx().request_repaint(),
    }
    let looked_at = stream.looked_at.as_ref().map(|look| look.number);
    let drawn = list.show_rows(ui, ROW_HEIGHT, rows, |ui, range| {
        for item in range.filter_map(|row| stream.row(row)) {
            let is_looked_at = looked_at == Some(item.number);
            // An id for each item that is kept, over and over: egui never forgets one.
            let id = item.number % ITEMS_KEPT as u64;
            if ui.push_id(id, |ui| item_ui(ui, item, is_looked_at)).inner {
                wishes.push(match looked_at {
                    Some(number) if number == item.number => Command::LookAway,
                    _ => Command::LookAt(item.number),
                });
            }
        }
    });
    let offset = drawn.state.clamped_offset().y;
    let at_end = drawn.content_size.y - drawn.inner_rect.height() <= offset + 1.0;
    ui.data_mut(|data| data.insert_temp(id, Stand { end, gone, offset, at_end }));
}

/// Draws an item, and says whether it is to be looked into.
fn item_ui(ui: &mut Ui, item: &Item, is_looked_at: bool) -> bool {
    let (number, after) = (text::count(item.number), text::elapsed(item.after));
    let name = || format!("Item {number}, {after}, {}", item.summary);
    let response = row_ui(ui, vec2(ui.available_width(), ROW_HEIGHT), 3.0, is_looked_at, name);
    let (rect, colors, painter) = (response.rect, palette(ui), ui.painter_at(response.rect));
    let font = TextStyle::Monospace.resolve(ui.style());
    let small = TextStyle::Small.resolve(ui.style());
    let at = |x: f32| pos2(rect.left() + x, rect.center().y);
    let number = painter.text(at(4.0), Align2::LEFT_CENTER, number, font.clone(), colors.muted);
    // Numbers of up to five digits leave the columns where they are.
    let time_ends = (number.right() - rect.left() + 8.0 + 48.0).max(104.0);
    painter.text(at(time_ends), Align2::RIGHT_CENTER, after, small, colors.muted);
    let color = match item.kind {
        Kind::Container => ui.visuals().text_color(),
        kind => value_color(&colors, kind),
    };
    let place = rect.with_min_x(at(time_ends + 10.0).x);
    let response = match clipped_text(ui, &item.summary, place, font, color) {
        true => response.on_hover_text(RichText::new(&item.summary).monospace()),
        false => response,
    };
    copies_ui(&response, || item.record());
    // At the press and not at its end, when another item may be there already. Other ways to click have no press.
    let is_pressed = response.contains_pointer() && ui.input(|input| input.pointer.primary_pressed());
    is_pressed || (response.clicked() && !response.clicked_by(PointerButton::Primary))
}
