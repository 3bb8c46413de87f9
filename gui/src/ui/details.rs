//! Who is at the other end, in full; and trouble that belongs to no panel.

use egui::{Grid, Label, RichText, Ui, Window};
use jiff::Timestamp;

use super::parts::muted;
use super::theme::palette;
use super::top_bar::expiry;
use crate::command::Command;
use crate::model::Model;

/// A window with everything known about the peer and ourselves.
pub(crate) fn details_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    let Some(session) = model.connection.session().filter(|_| model.identity_shown) else { return };
    let (peer, colors) = (&session.peer, palette(ui));
    let mut open = true;
    let place = ui.max_rect().center_top() + egui::vec2(0.0, 60.0);
    let window = Window::new("Connection details").open(&mut open).collapsible(false).resizable(false);
    window.pivot(egui::Align2::CENTER_TOP).default_pos(place).show(ui.ctx(), |ui| {
        Grid::new("details").num_columns(2).spacing([18.0, 8.0]).show(ui, |ui| {
            let row_ui = |ui: &mut Ui, name: &str, value: &str| {
                ui.label(muted(&colors, name));
                ui.add(Label::new(RichText::new(value).monospace()).selectable(true).extend());
                ui.end_row();
            };
            let until = |end: Timestamp| format!("{end:.0} ({})", expiry(end, Timestamp::now()).0);
            row_ui(ui, "Server", &peer.id);
            row_ui(ui, "Address", &peer.address);
            row_ui(ui, "Certificate until", &until(peer.not_after));
            let (first, second) = peer.fingerprint.split_at(peer.fingerprint.len() / 2);
            row_ui(ui, "SHA-256 fingerprint", first);
            row_ui(ui, "", second);
            row_ui(ui, "Protocol", "TLS 1.3, mutual");
            row_ui(ui, "Key exchange", &peer.key_exchange);
            row_ui(ui, "Cipher suite", &peer.cipher);
            row_ui(ui, "This dashboard", &session.own_id);
            if let Some(end) = session.own_not_after {
                row_ui(ui, "Its certificate until", &until(end));
            }
        });
    });
    if !open {
        wishes.push(Command::ToggleIdentity);
    }
}

/// A message about something beside the connection, until it is dismissed.
pub(crate) fn trouble_ui(ui: &mut Ui, model: &Model, wishes: &mut Vec<Command>) {
    let Some(trouble) = &model.trouble else { return };
    let place = ui.max_rect().right_bottom() - egui::vec2(16.0, 16.0);
    let window = Window::new("Something went wrong").collapsible(false).resizable(false);
    window.pivot(egui::Align2::RIGHT_BOTTOM).fixed_pos(place).show(ui.ctx(), |ui| {
        ui.set_max_width(360.0);
        ui.add(Label::new(&trouble.reason).wrap());
        ui.add(Label::new(&trouble.remedy).wrap());
        if ui.button(Command::DismissTrouble.text()).clicked() {
            wishes.push(Command::DismissTrouble);
        }
    });
}
