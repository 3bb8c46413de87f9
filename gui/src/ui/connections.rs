//! The page of connections: who is connected to the server, and the way to close one.

use std::time::Instant;

use egui::{Align, Color32, Label, Layout, Rect, RichText, Role, Ui, UiBuilder, vec2};
use jiff::Timestamp;

use super::columns::{self, Column, cells_ui, copies_ui, fill, header_ui, places, row_ui, width};
use super::pages::heading_ui;
use super::parts::{chip_ui, command_button_ui, empty_ui, failure_card_ui, loading_ui, notice_ui};
use super::rows::rows_ui;
use super::theme::{Palette, is_still, palette};
use super::unanswered::{denied_ui, unanswered_ui};
use super::{filling_ui, panel_frame};
use crate::command::Command;
use crate::model::connections::{CONNECTIONS_MAX, Column as By, Connected, Connections};
use crate::model::tab::Tab;
use crate::model::unanswered::Unanswered;
use crate::model::view::Page;
use crate::text;

const ROW_HEIGHT: f32 = 28.0;
/// A certificate that ends within so many seconds should be renewed, and one within so many very soon.
const SOON: i64 = 24 * 60 * 60;
const URGENT: i64 = 60 * 60;
/// What a narrow button at the end of a row takes.
const BUTTON_WIDTH: f32 = 60.0;
/// The procedures of a policy's rules.
const LIST: &str = "countersign.Connections/list";
const CLOSE: &str = "countersign.Connections/close";

/// The page, in all the room below the top bar.
pub(super) fn page_ui(ui: &mut Ui, tab: &mut Tab, now: (Instant, Timestamp), wishes: &mut Vec<Command>) {
    let (id, frame) = (tab.id, panel_frame(ui, 10, 8));
    egui::CentralPanel::default().frame(frame).show(ui, |ui| {
        filling_ui(ui, id, |ui| {
            let words = summary(&tab.connections);
            let filter = &mut tab.connections.filter;
            let find = std::mem::take(&mut tab.find_wanted);
            if heading_ui(ui, Page::Connections, &words, (filter, "Filter connections", find), wishes) {
                tab.connections.arrange();
            }
            notices_ui(ui, tab, wishes);
            match &tab.connections.listed {
                None => loading_ui(ui, "Asking the server who is connected…"),
                Some(Err(why)) => unanswered_ui(ui, tab, ("see who is connected", LIST), why, wishes),
                Some(Ok(_)) => table_ui(ui, &tab.connections, now, wishes),
            }
        });
    });
}

/// `3 connections of 2 peers`.
fn summary(connections: &Connections) -> String {
    let Some(Ok(listing)) = &connections.listed else { return String::new() };
    let (all, shown, peers) = (listing.rows.len(), connections.shown(), listing.peers);
    let all_words = text::counted(all as u64, ["connection", "connections"]);
    let peers = text::counted(peers as u64, ["peer", "peers"]);
    match listing.has_more {
        _ if shown < all => format!("{} of {all_words}", text::count(shown as u64)),
        false => format!("{all_words} of {peers}"),
        true => format!("the oldest {} connections; there are more", text::count(CONNECTIONS_MAX as u64)),
    }
}

/// The question whether one is to be closed, and what came of the last one.
fn notices_ui(ui: &mut Ui, tab: &Tab, wishes: &mut Vec<Command>) {
    let (colors, connections) = (palette(ui), &tab.connections);
    if let Some(doomed) = &connections.doomed {
        notice_ui(ui, colors.warn, |ui| confirm_ui(ui, doomed, connections.is_closing, wishes));
        ui.add_space(6.0);
    }
    let Some(closed) = &connections.closed else { return };
    match closed {
        Ok(words) => notice_ui(ui, colors.ok, |ui| drop(ui.add(Label::new(words).wrap()))),
        Err(Unanswered::Denied) => {
            let hint = "No * in a rule gives this power over others: a rule names it in full.";
            denied_ui(ui, tab, ("close connections", CLOSE), hint);
        }
        Err(Unanswered::Failed(failure)) => failure_card_ui(ui, failure),
    }
    if ui.button("Dismiss").clicked() {
        wishes.push(Command::KeepConnection);
    }
    ui.add_space(6.0);
}

fn confirm_ui(ui: &mut Ui, doomed: &Connected, is_closing: bool, wishes: &mut Vec<Command>) {
    let question = match doomed.is_own {
        true => format!("Close your own connection, {}?", doomed.words()),
        false => format!("Close the connection of {}?", doomed.words()),
    };
    ui.add(Label::new(RichText::new(question).strong()).wrap());
    let calls = match doomed.open {
        0 => "No call is open on it".to_owned(),
        1 => "The call that is open on it ends".to_owned(),
        open => format!("The {} calls that are open on it end", text::count(open)),
    };
    let after = match doomed.is_own {
        true => "This window shows nothing for a moment, and connects again by itself.",
        false => "Its client may connect again at once: to keep a peer out, revoke its certificate.",
    };
    ui.add(Label::new(format!("{calls}. {after}")).wrap());
    ui.horizontal(|ui| {
        for command in [Command::CloseConnection, Command::KeepConnection] {
            command_button_ui(ui, command, !is_closing, wishes);
        }
        if is_closing && !is_still(ui) {
            ui.spinner();
        }
    });
}

fn table_ui(ui: &mut Ui, connections: &Connections, now: (Instant, Timestamp), wishes: &mut Vec<Command>) {
    let columns = columns(ui);
    columns::table_ui(ui, row_width(&columns), |ui| {
        if let Some(by) = header_ui(ui, &columns, connections.sorted) {
            wishes.push(Command::SortConnections(by));
        }
        let count = connections.shown();
        if count == 0 {
            return match connections.filter.trim() {
                "" => empty_ui(ui, "Nobody is connected", "Not even this window: it is on its way back."),
                _ => empty_ui(
                    ui,
                    "Nothing matches",
                    "Every word of the filter has to occur in peer or address.",
                ),
            };
        }
        rows_ui(ui, "connections", ROW_HEIGHT, count, None, |ui, range| {
            for row in range.filter_map(|row| connections.row(row)) {
                connection_ui(ui, row, &columns, now, wishes);
            }
        });
    });
}

/// How wide a row is, with the button at its end.
fn row_width(columns: &[Column<By>]) -> f32 {
    width(columns) + BUTTON_WIDTH + 14.0
}

fn columns(ui: &Ui) -> [Column<By>; 8] {
    let mut columns = [
        Column::new(By::Peer, "Peer", 0.0, false, "The SPIFFE ID in the peer's certificate"),
        Column::new(By::Address, "Address", 150.0, false, "Where the peer is, as the server sees it"),
        Column::new(By::Age, "Age", 90.0, true, "How long it has been connected"),
        Column::new(
            By::Expiry,
            "Certificate",
            100.0,
            true,
            "When the peer's certificate ends, and with it the connection",
        ),
        Column::new(By::Open, "Open calls", 66.0, true, "Calls that have not ended"),
        Column::new(By::Calls, "Calls", 72.0, true, "Calls so far, by the numbers that the peer gave them"),
        Column::new(By::Received, "Received", 80.0, true, "Bytes from the peer, before TLS"),
        Column::new(By::Sent, "Sent", 80.0, true, "Bytes to the peer, before TLS"),
    ];
    fill(ui, &mut columns, 0, 180.0..=400.0, BUTTON_WIDTH);
    columns
}

fn connection_ui(
    ui: &mut Ui,
    row: &Connected,
    columns: &[Column<By>],
    (now, date): (Instant, Timestamp),
    wishes: &mut Vec<Command>,
) {
    let colors = palette(ui);
    let age = row.age_words(now);
    let (life, life_color) = life(row.until, date, &colors);
    let size = |bytes: u64| text::size(usize::try_from(bytes).unwrap_or(usize::MAX));
    let [open, calls] = [row.open, row.calls].map(text::count);
    let [received, sent] = [row.received, row.sent].map(size);
    let name = || {
        let own = if row.is_own { "this window, " } else { "" };
        format!(
            "{own}{}, connected for {age}, certificate {life}, {open} open of {calls} calls, \
             {received} received, {sent} sent",
            row.words()
        )
    };
    let response = row_ui(ui, (row_width(columns), ROW_HEIGHT), Role::Label, false, name);
    let (rect, text_color) = (response.rect, ui.visuals().text_color());
    let mut places = places(rect, columns);
    if row.is_own {
        let peer = &mut places[0];
        let chip = Rect::from_min_max(peer.right_top() - vec2(78.0, 0.0), peer.right_bottom());
        peer.set_right(chip.left() - 6.0);
        let layout = Layout::right_to_left(Align::Center);
        // Beside the row, as far as egui goes on from here.
        let mut ui = ui.new_child(UiBuilder::new().max_rect(chip).layout(layout));
        chip_ui(&mut ui, "this window", colors.accent);
    }
    let cells = [
        (row.peer.as_str(), text_color),
        (&row.address, colors.muted),
        (&age, text_color),
        (&life, life_color),
        (&open, if row.open == 0 { colors.muted } else { text_color }),
        (&calls, text_color),
        (&received, text_color),
        (&sent, text_color),
    ];
    cells_ui(ui, columns, &places, &cells);
    copies_ui(&response, || row.record(now));
    response.on_hover_ui(|ui| {
        ui.strong(&row.peer);
        ui.label(format!("Connection {} from {}\nTLS 1.3 · {}", row.number, row.address, row.protection));
        ui.label(RichText::new(&row.fingerprint).monospace());
    });
    let end = places.last().map_or(rect.right(), |place| place.right()) + 14.0;
    let button = Rect::from_min_size(egui::pos2(end, rect.top() + 3.0), vec2(BUTTON_WIDTH, ROW_HEIGHT - 6.0));
    let command = Command::AskToClose(row.number);
    let mut ui = ui.new_child(UiBuilder::new().max_rect(button));
    let close = ui.add_sized(button.size(), egui::Button::new(RichText::new(command.text()).small()));
    if close.accessible_name(format!("Close {}", row.words())).clicked() {
        wishes.push(command);
    }
}

/// How long a certificate still holds, and the colour of that.
fn life(until: Option<Timestamp>, now: Timestamp, colors: &Palette) -> (String, Color32) {
    let Some(until) = until else { return ("not known".to_owned(), colors.muted) };
    let left = until.as_second().saturating_sub(now.as_second());
    match left {
        ..0 => (format!("expired {} ago", text::span(-left)), colors.error),
        0..URGENT => (format!("{} left", text::span(left)), colors.error),
        URGENT..SOON => (format!("{} left", text::span(left)), colors.warn),
        _ => (format!("{} left", text::span(left)), colors.muted),
    }
}
