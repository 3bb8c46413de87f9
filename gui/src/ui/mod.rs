//! The panels. Each reads the model and returns wishes; text boxes edit plain data of the model in place.

pub(crate) mod parts;
pub(crate) mod theme;

mod alerts;
mod body;
mod cards;
mod changes;
mod columns;
mod connect;
mod connections;
mod facts;
mod field;
mod find;
mod form;
pub(crate) mod graphs;
mod hex;
mod identity;
mod journal;
mod load;
mod manual;
mod metadata;
mod notation;
mod pages;
mod palette;
mod procedures;
mod reader;
mod recording;
mod reply;
mod request;
mod rows;
mod settings;
mod shelf;
mod sparkline;
mod stream;
mod tabs;
mod timing;
mod top_bar;
mod traces;
mod tree;
mod trouble;
mod unanswered;
mod waterfall;
mod writing;

use std::hash::Hash;
use std::time::Instant;

use egui::gui_zoom::kb_shortcuts::ZOOM_IN_SECONDARY;
use egui::{CentralPanel, Frame, KeyboardShortcut, Margin, Panel, Ui, UiBuilder};
use jiff::Timestamp;

use crate::command::Command;
use crate::model::Model;
use crate::model::connection::Connection;
use crate::model::tab::Tab;
use crate::model::view::Page;

/// Where a page has less room than this, request and reply take turns, and the graphs have their own page alone.
const NARROW: f32 = 860.0;
const LOW: f32 = 540.0;

/// Windows differ in size where they differ by this.
const STEP: f32 = 560.0;

/// Draws the whole dashboard and returns what the user wished.
pub(crate) fn dashboard_ui(ui: &mut Ui, model: &mut Model, now: Instant) -> Vec<Command> {
    model.is_dark = ui.visuals().dark_mode;
    let (pressed, mut wishes) = (pressed(ui), Vec::new());
    model.refresh(now);
    if model.tab().graphs.is_behind() {
        ui.ctx().request_repaint();
    }
    model.refresh_recall();
    Panel::top("top bar")
        .frame(panel_frame(ui, 12, 6))
        .show(ui, |ui| top_bar::top_bar_ui(ui, model, now, &mut wishes));
    lost_ui(ui, model.tab(), now, &mut wishes);
    let below = ui.available_rect_before_wrap();
    match &model.tab().connection {
        _ if model.tab().shows_recording() => {
            let now = (now, model.clock.now());
            recording::page_ui(ui, model.tab_mut(), now, &mut wishes);
        }
        _ if model.tab().page == Page::Graphs => {
            let (frame, clock) = (panel_frame(ui, 20, 14), model.clock);
            CentralPanel::default()
                .frame(frame)
                .show(ui, |ui| graphs::page_ui(ui, model.tab_mut(), (now, clock.now()), &mut wishes));
        }
        _ if model.tab().page == Page::Alerts => alerts::page_ui(ui, model, now, &mut wishes),
        _ if model.tab().page.is_of_window() => page_ui(ui, model, &mut wishes),
        Connection::Disconnected | Connection::Connecting(_) | Connection::Failed(..) => {
            CentralPanel::default().show(ui, |ui| connect::connect_ui(ui, model, &mut wishes));
        }
        Connection::Connected(..) | Connection::Reconnecting(..) => {
            let date = model.clock.now();
            match model.tab().page {
                Page::Connections => connections::page_ui(ui, model.tab_mut(), (now, date), &mut wishes),
                Page::Load => load::page_ui(ui, model.tab_mut(), date, &mut wishes),
                Page::Traces => traces::page_ui(ui, model.tab_mut(), now, &mut wishes),
                _ => calls_ui(ui, model.tab_mut(), (now, date), &mut wishes),
            }
        }
    }
    alerts::told_ui(ui, model, below, &mut wishes);
    alerts::editor_ui(ui, model, &mut wishes);
    graphs::export_ui(ui, model.tab_mut(), &mut wishes);
    recording::dialogs_ui(ui, model.tab_mut(), &mut wishes);
    palette::palette_ui(ui, model, &mut wishes);
    trouble::trouble_ui(ui, model, &mut wishes);
    // What was typed just before the keys is in the model only now.
    wishes.extend(commands_of(&pressed, model));
    wishes
}

/// A page that takes the whole window.
fn page_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    CentralPanel::default().frame(panel_frame(ui, 20, 14)).show(ui, |ui| match model.tab().page {
        Page::Settings => settings::settings_ui(ui, model, wishes),
        _ => identity::identity_ui(ui, model, wishes),
    });
}

/// The line that says that the connection is lost, if it is.
fn lost_ui(ui: &mut Ui, tab: &Tab, now: Instant, wishes: &mut Vec<Command>) {
    if let Connection::Reconnecting(_, retry) = &tab.connection {
        Panel::top("lost")
            .frame(panel_frame(ui, 12, 6))
            .show(ui, |ui| top_bar::lost_ui(ui, tab, retry, now, wishes));
    } else {
        // The panels below keep their identity, and so the field that is typed into keeps the cursor.
        ui.skip_ahead_auto_ids(1);
    }
}

/// Procedures, request, reply and graphs of one server.
fn calls_ui(ui: &mut Ui, tab: &mut Tab, (now, date): (Instant, Timestamp), wishes: &mut Vec<Command>) {
    let id = tab.id;
    let (is_narrow, is_low) = (ui.available_width() < NARROW, ui.available_height() < LOW);
    // What is dragged to another size has that in windows that are about as large.
    let size = [ui.available_width(), ui.available_height()].map(|length| (length / STEP) as u8);
    if !is_low {
        Panel::bottom(("graphs", size))
            .resizable(true)
            .default_size((ui.available_height() * 0.3).clamp(180.0, 420.0).max(250.0))
            .size_range(180.0..=520.0)
            .frame(panel_frame(ui, 12, 8))
            .show(ui, |ui| filling_ui(ui, id, |ui| graphs::graphs_ui(ui, tab, (now, date), wishes)));
    }
    Panel::left(("procedures", size))
        .default_size((ui.available_width() * 0.15).clamp(270.0, 360.0))
        .size_range(180.0..=(ui.available_width() * 0.38).clamp(180.0, 480.0))
        .frame(panel_frame(ui, 10, 8))
        .show(ui, |ui| {
            filling_ui(ui, id, |ui| {
                pages::pages_ui(ui, tab.page, is_low, wishes);
                procedures::procedures_ui(ui, tab, wishes);
            });
        });
    if is_narrow {
        CentralPanel::default().frame(panel_frame(ui, 12, 8)).show(ui, |ui| {
            pages::sides_ui(ui, tab, wishes);
            filling_ui(ui, (id, tab.shows_reply), |ui| match tab.shows_reply {
                true => reply::reply_ui(ui, tab, now, wishes),
                false => request::request_ui(ui, tab, wishes),
            });
        });
        return;
    }
    // The form needs the larger half; where there is much room, a reply takes its share of it.
    let reply_max = (ui.available_width() * 0.45).max(240.0);
    let reply_usual = (ui.available_width() * 0.36).max(440.0).min(reply_max);
    Panel::right(("reply", size))
        .default_size(reply_usual)
        .size_range(240.0..=reply_max)
        .frame(panel_frame(ui, 12, 8))
        .show(ui, |ui| filling_ui(ui, id, |ui| reply::reply_ui(ui, tab, now, wishes)));
    CentralPanel::default()
        .frame(panel_frame(ui, 12, 8))
        .show(ui, |ui| filling_ui(ui, id, |ui| request::request_ui(ui, tab, wishes)));
}

fn panel_frame(ui: &Ui, x: i8, y: i8) -> Frame {
    Frame::new().fill(ui.visuals().panel_fill).inner_margin(Margin::symmetric(x, y))
}

/// Draws in all the room there is and in no more. A panel takes the size of what is in it: without this
/// it would shrink around a short text, and grow with the scroll bars that come and go.
/// What egui remembers of it, such as where it was scrolled to, it remembers for `whose` alone.
fn filling_ui<R>(ui: &mut Ui, whose: impl Hash + std::fmt::Debug, draw: impl FnOnce(&mut Ui) -> R) -> R {
    let room = ui.available_rect_before_wrap();
    let drawn = draw(&mut ui.new_child(UiBuilder::new().id_salt(whose).max_rect(room)));
    ui.expand_to_include_rect(room);
    drawn
}

/// The shortcuts that were pressed. No field gets to see them.
fn pressed(ui: &mut Ui) -> Vec<KeyboardShortcut> {
    let mut pressed = Vec::new();
    // Where the plus is reached only with the key for capitals, nobody wants to press that, too.
    if ui.input_mut(|input| input.consume_shortcut(&ZOOM_IN_SECONDARY)) {
        pressed.extend(Command::Enlarge.shortcut());
    }
    for keys in Command::LISTED.iter().filter_map(Command::shortcut) {
        if ui.input_mut(|input| input.consume_shortcut(&keys)) {
            pressed.push(keys);
        }
    }
    // The same keys find something where one is.
    let find = [Command::FindProcedure, Command::FindInReply].map(|command| command.shortcut());
    if body::has_focus(ui)
        && let Some(place) = pressed.iter().position(|keys| Some(*keys) == find[0])
    {
        pressed.splice(place..=place, find[1]);
    }
    pressed
}

/// What they mean just now.
fn commands_of(pressed: &[KeyboardShortcut], model: &Model) -> Vec<Command> {
    let is_pressed = |command: &&Command| command.shortcut().is_some_and(|keys| pressed.contains(&keys));
    let meant = |command: &Command| match command {
        // Whoever reads a page looks there.
        Command::FindProcedure if model.allows(&Command::FindOnPage) => Command::FindOnPage,
        _ => command.clone(),
    };
    let meant = Command::LISTED.iter().filter(is_pressed).map(meant);
    meant.filter(|command| model.allows(command)).collect()
}
