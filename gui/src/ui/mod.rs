//! The panels. Each reads the model and returns wishes; text boxes edit plain data of the model in place.

pub(crate) mod parts;
pub(crate) mod theme;

mod connect;
mod details;
mod field;
mod form;
mod graphs;
mod palette;
mod procedures;
mod reply;
mod request;
mod sparkline;
mod top_bar;

use std::time::Instant;

use egui::{CentralPanel, Frame, Margin, Panel, Ui};

use crate::command::Command;
use crate::model::Model;
use crate::model::connection::Connection;

/// Draws the whole dashboard and returns what the user wished.
pub(crate) fn dashboard_ui(ui: &mut Ui, model: &mut Model, now: Instant) -> Vec<Command> {
    model.is_dark = ui.visuals().dark_mode;
    let mut wishes = shortcuts(ui, model);
    model.refresh(now);
    match &model.connection {
        Connection::Disconnected | Connection::Connecting(_) | Connection::Failed(..) => {
            CentralPanel::default().show(ui, |ui| connect::connect_ui(ui, model, &mut wishes));
        }
        Connection::Connected(..) | Connection::Reconnecting(..) => connected_ui(ui, model, now, &mut wishes),
    }
    palette::palette_ui(ui, model, &mut wishes);
    details::trouble_ui(ui, model, &mut wishes);
    wishes
}

fn connected_ui(ui: &mut Ui, model: &mut Model, now: Instant, wishes: &mut Vec<Command>) {
    let fill = ui.visuals().panel_fill;
    let frame = |x, y| Frame::new().fill(fill).inner_margin(Margin::symmetric(x, y));
    Panel::top("top bar").frame(frame(12, 6)).show(ui, |ui| top_bar::top_bar_ui(ui, model, wishes));
    if let Connection::Reconnecting(_, retry) = &model.connection {
        Panel::top("lost").frame(frame(12, 6)).show(ui, |ui| top_bar::lost_ui(ui, retry, now, wishes));
    }
    // A panel that does not use its size shrinks to its content: hence the minimal sizes.
    Panel::bottom("graphs")
        .resizable(true)
        .default_size(250.0)
        .size_range(180.0..=520.0)
        .frame(frame(12, 8))
        .show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            graphs::graphs_ui(ui, model, now, wishes);
        });
    Panel::left("procedures").default_size(270.0).size_range(180.0..=480.0).frame(frame(10, 8)).show(
        ui,
        |ui| {
            ui.set_min_width(ui.available_width());
            procedures::procedures_ui(ui, model, wishes);
        },
    );
    Panel::right("reply").default_size(440.0).size_range(280.0..=760.0).frame(frame(12, 8)).show(ui, |ui| {
        // A panel that does not use its width shrinks to its content.
        ui.set_min_width(ui.available_width());
        reply::reply_ui(ui, model, now, wishes);
    });
    CentralPanel::default().frame(frame(12, 8)).show(ui, |ui| request::request_ui(ui, model, wishes));
    details::details_ui(ui, model, wishes);
}

fn shortcuts(ui: &mut Ui, model: &Model) -> Vec<Command> {
    let pressed = |command: &&Command| {
        command.shortcut().is_some_and(|keys| ui.input_mut(|input| input.consume_shortcut(&keys)))
    };
    Command::LISTED.iter().filter(pressed).filter(|command| model.allows(command)).cloned().collect()
}
