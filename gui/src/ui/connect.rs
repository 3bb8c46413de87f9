//! The panel that asks where to go and who we are.

use egui::{Frame, Grid, Label, RichText, TextEdit, Ui};

use super::parts::{command_button_ui, failure_card_ui, muted, primary_button_ui};
use super::theme::palette;
use crate::command::Command;
use crate::exchange::Purpose;
use crate::model::Model;
use crate::model::connection::Connection;

const FIELD_WIDTH: f32 = 360.0;

/// The card in the middle of a window that is not connected.
pub(crate) fn connect_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.16).max(12.0));
        ui.label(RichText::new("Countersign").size(26.0).strong());
        ui.label(muted(&colors, "Both sides prove who they are"));
        ui.add_space(14.0);
        ui.set_max_width(560.0);
        let stroke = ui.visuals().window_stroke;
        Frame::new().fill(colors.card).stroke(stroke).corner_radius(8).inner_margin(18).show(ui, |ui| {
            ui.vertical(|ui| {
                fields_ui(ui, model, wishes);
                ui.add_space(6.0);
                buttons_ui(ui, model, wishes);
                if let Connection::Failed(_, failure) = &model.connection {
                    ui.add_space(6.0);
                    failure_card_ui(ui, failure);
                }
            });
        });
        ui.add_space(12.0);
        profiles_ui(ui, model, wishes);
    });
}

fn fields_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    let is_connecting = matches!(model.connection, Connection::Connecting(_));
    let entry = &mut model.entry;
    let mut entered = false;
    ui.add_enabled_ui(!is_connecting, |ui| {
        Grid::new("connect").num_columns(3).spacing([12.0, 10.0]).show(ui, |ui| {
            let mut field_ui = |ui: &mut Ui, label: &str, text: &mut String, hint: &str| {
                let label = ui.label(label);
                let edit = TextEdit::singleline(text).hint_text(hint).desired_width(FIELD_WIDTH);
                let response = ui.add(edit).labelled_by(label.id);
                entered |= response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            };
            field_ui(ui, "Address", &mut entry.target.address, "localhost:7443");
            ui.end_row();
            field_ui(ui, "Identity folder", &mut entry.target.identity, "pki/alice");
            if ui.button("Browse…").clicked() {
                wishes.push(Command::Browse(Purpose::Identity));
            }
            ui.end_row();
            field_ui(ui, "Profile name", &mut entry.profile, "optional");
            ui.end_row();
        });
    });
    if entered && !is_connecting {
        wishes.push(Command::Connect);
    }
}

fn buttons_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    ui.horizontal(|ui| {
        if let Connection::Connecting(target) = &model.connection {
            ui.add(egui::Spinner::new().size(18.0).color(colors.accent));
            ui.label(format!("Connecting to {}…", target.address));
            if ui.button("Cancel").clicked() {
                wishes.push(Command::Disconnect);
            }
            return;
        }
        if primary_button_ui(ui, Command::Connect.text(), true).clicked() {
            wishes.push(Command::Connect);
        }
        let can_save = !model.entry.target.address.trim().is_empty();
        command_button_ui(ui, Command::SaveProfile, can_save, wishes);
    });
}

fn profiles_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    if model.settings.profiles.is_empty() {
        ui.label(
            muted(&colors, "No saved profiles yet. Identities are made with: countersign certs issue")
                .small(),
        );
        return;
    }
    Grid::new("profiles").num_columns(4).spacing([14.0, 6.0]).show(ui, |ui| {
        for (index, profile) in model.settings.profiles.iter().enumerate() {
            if ui.button(&profile.name).on_hover_text("Fill in this profile").clicked() {
                wishes.push(Command::UseProfile(index));
            }
            ui.add(Label::new(muted(&colors, &profile.address)).truncate());
            ui.add(Label::new(muted(&colors, &profile.identity)).truncate());
            let forget = ui.small_button("Forget");
            if forget.accessible_name(format!("Forget profile {}", profile.name)).clicked() {
                wishes.push(Command::ForgetProfile(index));
            }
            ui.end_row();
        }
    });
}
