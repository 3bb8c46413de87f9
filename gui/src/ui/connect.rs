//! The panel that asks where to go and who we are.

use egui::{Align, Button, Frame, Key, Label, Layout, Response, RichText, ScrollArea, TextEdit, Ui};

use super::parts::{
    command_button_ui, failed_state_ui, failure_card_ui, field_name_ui, muted, primary_button_ui, spinner_ui,
};
use super::theme::palette;
use crate::command::Command;
use crate::exchange::Purpose;
use crate::model::Model;
use crate::model::connection::Connection;
use crate::model::demonstration::Demonstration;
use crate::model::tab::Entry;
use crate::text;

/// How wide the card is, and the names of the fields in it.
const CARD_WIDTH: f32 = 560.0;
const NAME_WIDTH: f32 = 112.0;
/// The room for the button that lets the user choose a folder.
const BROWSE_WIDTH: f32 = 86.0;
/// What the card takes as a rule, with what is around it: a lower window begins further up.
const USUAL_HEIGHT: f32 = 360.0;
/// The most that the name of a profile takes.
const PROFILE_WIDTH: f32 = 220.0;

/// The card in the middle of a window that is not connected.
pub(crate) fn connect_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let room = ui.available_height();
    ScrollArea::vertical().id_salt("connect").auto_shrink(false).show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space(((room - USUAL_HEIGHT) * 0.4).clamp(8.0, room * 0.16));
            ui.label(RichText::new("Countersign").size(26.0).strong());
            ui.label(muted(&colors, "Both sides prove who they are"));
            ui.add_space(14.0);
        });
        let width = CARD_WIDTH.min(ui.available_width());
        ui.horizontal_top(|ui| {
            ui.add_space(((ui.available_width() - width) / 2.0).max(0.0));
            ui.vertical(|ui| {
                ui.set_width(width);
                let stroke = ui.visuals().window_stroke;
                let frame = Frame::new().fill(colors.card).stroke(stroke).corner_radius(8).inner_margin(18);
                frame.show(ui, |ui| {
                    ui.set_width(ui.available_width());
                    card_ui(ui, model, wishes);
                });
                ui.add_space(10.0);
                profiles_ui(ui, model, wishes);
            });
        });
    });
}

fn card_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    fields_ui(ui, model, wishes);
    ui.add_space(6.0);
    buttons_ui(ui, model, wishes);
    if let Connection::Failed(target, failure) = &model.tab().connection {
        ui.add_space(6.0);
        let state = match target.address.as_str() {
            "" => "Nothing was dialled".to_owned(),
            address => format!("No connection to {}", text::line(address, 60)),
        };
        failed_state_ui(ui, &state, failure, Command::Connect, wishes);
    }
}

fn fields_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    let tab = model.tab_mut();
    let is_connecting = matches!(tab.connection, Connection::Connecting(_));
    let Entry { target, profile, focus_wanted } = &mut tab.entry;
    ui.add_enabled_ui(!is_connecting, |ui| {
        let address = field_ui(ui, "Address", &mut target.address, "localhost:7443", 0.0);
        if std::mem::take(focus_wanted) {
            address.request_focus();
        }
        let identity = ui.horizontal(|ui| {
            let identity = field_ui(ui, "Identity folder", &mut target.identity, "pki/alice", BROWSE_WIDTH);
            if ui.button("Browse…").clicked() {
                wishes.push(Command::Browse(Purpose::Identity));
            }
            identity
        });
        let identity = identity.inner;
        let hint = "spiffe://… if its certificate does not name the host";
        let expect_peer = field_ui(ui, "Server ID", &mut target.expect_peer, hint, 0.0);
        let expect_peer = expect_peer.on_hover_text(
            "The SPIFFE ID that the server must have. Empty: its certificate has to name the host that is dialled.",
        );
        let profile = field_ui(ui, "Profile name", profile, "to save it under", 0.0);
        let is_left = [address, identity, expect_peer, profile].iter().any(Response::lost_focus);
        if is_left && ui.input(|input| input.key_pressed(Key::Enter)) {
            wishes.push(Command::Connect);
        }
    });
}

/// A named field, which leaves room to its right.
fn field_ui(ui: &mut Ui, name: &str, text: &mut String, hint: &str, room: f32) -> Response {
    ui.horizontal(|ui| {
        let label = field_name_ui(ui, name, NAME_WIDTH);
        let width = ui.available_width() - room;
        ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(width)).labelled_by(label.id)
    })
    .inner
}

fn buttons_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    ui.horizontal(|ui| {
        if let Connection::Connecting(target) = &model.tab().connection {
            spinner_ui(ui, 18.0);
            ui.label(format!("Connecting to {}…", text::line(&target.address, 60)));
            if ui.button("Cancel").clicked() {
                wishes.push(Command::Disconnect);
            }
            return;
        }
        if primary_button_ui(ui, Command::Connect.text(), true).clicked() {
            wishes.push(Command::Connect);
        }
        let can_save = !model.tab().entry.target.address.trim().is_empty();
        command_button_ui(ui, Command::SaveProfile, can_save, wishes);
    });
}

/// What those are offered who have been nowhere yet.
fn first_run_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    ui.label(
        muted(&colors, "No saved profiles yet. Identities are made with: countersign certs issue").small(),
    );
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        let is_starting = matches!(model.demo, Demonstration::Starting);
        command_button_ui(ui, Command::TryDemo, !is_starting, wishes);
        if is_starting {
            spinner_ui(ui, 14.0);
        }
        let words = "No server at hand? Certificates for both sides and a busy server on this machine, until you \
                     leave.";
        ui.add(Label::new(muted(&colors, words).small()).wrap());
    });
    if let Demonstration::Failed(failure) = &model.demo {
        ui.add_space(6.0);
        failure_card_ui(ui, failure);
    }
}

fn profiles_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    if model.settings.profiles.is_empty() {
        return first_run_ui(ui, model, wishes);
    }
    for (index, profile) in model.settings.profiles.iter().enumerate() {
        ui.horizontal(|ui| {
            let button = ui.scope(|ui| {
                ui.set_max_width(PROFILE_WIDTH);
                ui.add(Button::new(&profile.name).truncate())
            });
            let words = format!("{}\nFill in this profile", profile.name);
            if button.inner.on_hover_text(words).clicked() {
                wishes.push(Command::UseProfile(index));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let forget = ui.small_button("Forget");
                if forget.accessible_name(format!("Forget profile {}", profile.name)).clicked() {
                    wishes.push(Command::ForgetProfile(index));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let words = format!("{} {}", profile.address, profile.identity);
                    ui.add(Label::new(muted(&colors, words)).truncate());
                });
            });
        });
    }
}
