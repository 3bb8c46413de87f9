//! What an authority has issued, and how to renew it and to take it back.

use egui::{Align, Label, Layout, RichText, ScrollArea, Ui, vec2};
use jiff::Timestamp;

use crate::command::Command;
use crate::model::authority::{Authority, Issued, Office};
use crate::text;
use crate::ui::facts::{card_ui, health_color};
use crate::ui::parts::{command_button_ui, failure_card_ui, muted, notice_ui};
use crate::ui::theme::palette;

const ROW_HEIGHT: f32 = 26.0;
const STATE_WIDTH: f32 = 150.0;
const BUTTONS_WIDTH: f32 = 140.0;

/// The card with every certificate on record, newest first.
pub(super) fn issued_ui(ui: &mut Ui, office: &Office, now: Timestamp, wishes: &mut Vec<Command>) {
    let Some(authority) = office.authority() else { return };
    card_ui(ui, "Issued", |ui| {
        match &office.done {
            Some(Ok(words)) => {
                let color = palette(ui).ok;
                notice_ui(ui, color, |ui| drop(ui.add(Label::new(words).wrap())));
                ui.add_space(6.0);
            }
            Some(Err(failure)) => {
                failure_card_ui(ui, failure);
                ui.add_space(6.0);
            }
            None => {}
        }
        if let Some(name) = &office.doomed {
            confirm_ui(ui, authority, name, now, wishes);
        }
        if authority.issued.is_empty() {
            ui.label(muted(&palette(ui), "Nothing yet. The first identity is made at the left."));
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let height = ui.available_height().max(12.0 * ROW_HEIGHT);
        ScrollArea::vertical().max_height(height).show_rows(
            ui,
            ROW_HEIGHT,
            authority.issued.len(),
            |ui, rows| {
                for issued in &authority.issued[rows] {
                    row_ui(ui, issued, now, wishes);
                }
            },
        );
    });
}

fn row_ui(ui: &mut Ui, issued: &Issued, now: Timestamp, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let life = issued.life(now);
    ui.allocate_ui_with_layout(
        vec2(ui.available_width(), ROW_HEIGHT),
        Layout::right_to_left(Align::Center),
        |ui| {
            ui.set_min_height(ROW_HEIGHT);
            let room = vec2(BUTTONS_WIDTH, ROW_HEIGHT);
            ui.allocate_ui_with_layout(room, Layout::right_to_left(Align::Center), |ui| {
                ui.set_min_size(room);
                let name = &issued.name;
                if issued.is_live(now) {
                    button_ui(ui, "Revoke", name, Command::AskToRevoke(name.clone()), wishes);
                }
                if issued.is_renewable() {
                    button_ui(ui, "Renew", name, Command::Renew(name.clone()), wishes);
                }
            });
            let (words, color) = match issued.is_revoked {
                true => ("revoked".to_owned(), colors.muted),
                false => (life.words(), health_color(&colors, life.health())),
            };
            let room = vec2(STATE_WIDTH, ROW_HEIGHT);
            ui.allocate_ui_with_layout(room, Layout::left_to_right(Align::Center), |ui| {
                ui.set_min_size(room);
                ui.add(Label::new(RichText::new(words).small().color(color)).truncate());
            });
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let name = Label::new(&issued.name).truncate();
                ui.add(name)
                    .on_hover_text(format!("{}, {}\nSerial {}", issued.name, issued.role, issued.serial));
                ui.add(Label::new(muted(&colors, &issued.role).small()).truncate());
            });
        },
    );
}

fn button_ui(ui: &mut Ui, verb: &str, name: &str, command: Command, wishes: &mut Vec<Command>) {
    let button = ui.small_button(command.text()).accessible_name(format!("{verb} {name}"));
    if button.clicked() {
        wishes.push(command);
    }
}

/// What revoking means, and whether it is meant.
fn confirm_ui(ui: &mut Ui, authority: &Authority, name: &str, now: Timestamp, wishes: &mut Vec<Command>) {
    let live = authority.issued.iter().filter(|issued| issued.name == name && issued.is_live(now)).count();
    let what = match live {
        1 => "certificate".to_owned(),
        count => format!("{} certificates", text::count(count as u64)),
    };
    notice_ui(ui, palette(ui).warn, |ui| {
        ui.label(RichText::new(format!("Revoke the {what} of {name}?")).strong());
        let words = "This cannot be undone. Whoever has the new revocation list refuses this identity from then \
                     on, and ends its connections.";
        ui.add(Label::new(words).wrap());
        ui.horizontal(|ui| {
            for command in [Command::Revoke, Command::KeepCertificates] {
                command_button_ui(ui, command, true, wishes);
            }
        });
    });
    ui.add_space(6.0);
}
