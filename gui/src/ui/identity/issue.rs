//! The form that has an identity made, and what came of it.

use std::mem::take;

use countersign_certs::CertificateInfo;
use egui::{Align, Button, Label, Layout, Response, RichText, TextEdit, Ui};
use jiff::{SignedDuration, Timestamp};

use crate::command::Command;
use crate::exchange::Secret;
use crate::model::Model;
use crate::model::authority::{Found, Office, Outcome};
use crate::model::connection::Failure;
use crate::model::identity::life;
use crate::text;
use crate::ui::facts::{NAME_WIDTH, card_ui, command_ui, copied_fact_ui, fact_ui, health_color, row_ui};
use crate::ui::form::mistake_ui;
use crate::ui::parts::{below_field_ui, failure_card_ui, field_name_ui, muted, notice_ui, primary_button_ui};
use crate::ui::theme::palette;

/// The cards at the left: the authority, and the form.
pub(super) fn issue_ui(ui: &mut Ui, model: &mut Model, wishes: &mut Vec<Command>) {
    let now = model.clock.now();
    card_ui(ui, "Authority", |ui| authority_ui(ui, &mut model.office, now, wishes));
    if model.office.authority().is_none() {
        return;
    }
    ui.add_space(super::BETWEEN);
    card_ui(ui, "New identity", |ui| form_ui(ui, &mut model.office, now, wishes));
    if let Outcome::Failed(failure) = &model.office.outcome {
        ui.add_space(super::BETWEEN);
        failure_card_ui(ui, failure);
    }
}

fn authority_ui(ui: &mut Ui, office: &mut Office, now: Timestamp, wishes: &mut Vec<Command>) {
    let typed = field_ui(ui, "Folder", |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.button("Browse…").clicked() {
                wishes.push(Command::ChooseAuthority);
            }
            if ui.button(Command::OpenAuthority.text()).clicked() {
                wishes.push(Command::OpenAuthority);
            }
            line_ui(ui, &mut office.folder, "the one that holds the folder authority")
        })
        .inner
    });
    if typed.changed() {
        // What was found belongs to another folder.
        office.found = Found::Nothing;
    }
    if typed.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
        wishes.push(Command::OpenAuthority);
    }
    let colors = palette(ui);
    match &office.found {
        Found::Nothing => {
            ui.label(muted(&colors, "Identities are made by whoever holds the authority's key."));
        }
        Found::Looking => {
            ui.label(muted(&colors, "Opening…"));
        }
        Found::Failed(failure) => failure_card_ui(ui, failure),
        Found::Locked(wrong) => {
            locked_ui(ui, &mut office.passphrase, wrong.as_ref(), wishes);
        }
        Found::Authority(authority) => {
            let life = life(&authority.certificate, now);
            fact_ui(ui, "Trust domain", &authority.domain);
            row_ui(ui, "Authority", |ui| {
                ui.label(RichText::new(life.advice()).color(health_color(&colors, life.health())));
                ui.add(Label::new(life.words()).truncate());
            });
            if authority.is_unlocked {
                row_ui(ui, "Keys", |ui| {
                    ui.label("unlocked until this window closes");
                    if ui.small_button(Command::Lock.text()).clicked() {
                        wishes.push(Command::Lock);
                    }
                });
            }
        }
    }
}

/// The field for the passphrase of an authority whose keys are encrypted.
fn locked_ui(ui: &mut Ui, passphrase: &mut Secret, wrong: Option<&Failure>, wishes: &mut Vec<Command>) {
    let typed = field_ui(ui, "Passphrase", |ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let can_unlock = !passphrase.words().is_empty();
            if ui.add_enabled(can_unlock, Button::new(Command::Unlock.text())).clicked() {
                wishes.push(Command::Unlock);
            }
            let edit = TextEdit::singleline(passphrase.words_mut()).password(true);
            ui.add(edit.desired_width(ui.available_width()))
        })
        .inner
    });
    if let Some(mut state) = TextEdit::load_state(ui.ctx(), typed.id) {
        // What was typed is kept nowhere but in its field.
        state.clear_undoer();
        state.store(ui.ctx(), typed.id);
    }
    if typed.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
        wishes.push(Command::Unlock);
    }
    match wrong {
        Some(failure) => below_ui(ui, |ui| mistake_ui(ui, &failure.reason)),
        None => below_ui(ui, |ui| explain_ui(ui, "The keys of this authority are encrypted")),
    }
}

fn form_ui(ui: &mut Ui, office: &mut Office, now: Timestamp, wishes: &mut Vec<Command>) {
    let colors = palette(ui);
    let name = field_ui(ui, "Name", |ui| line_ui(ui, &mut office.name, "such as bob"));
    if take(&mut office.focus_wanted) {
        name.request_focus();
    }
    match office.name() {
        Err(wrong) if office.tried || !office.name.is_empty() => below_ui(ui, |ui| mistake_ui(ui, &wrong)),
        Err(_) => below_ui(ui, |ui| explain_ui(ui, "Who it is: a person, a machine or a program")),
        Ok(name) => {
            let domain = office.authority().map(|authority| authority.domain.as_str()).unwrap_or_default();
            below_ui(ui, |ui| explain_ui(ui, &format!("It will be spiffe://{domain}/{name}")));
        }
    }
    let days = field_ui(ui, "Valid for days", |ui| {
        ui.add(TextEdit::singleline(&mut office.days).desired_width(80.0))
    });
    match office.days() {
        Err(wrong) => below_ui(ui, |ui| mistake_ui(ui, &wrong)),
        Ok(days) => below_ui(ui, |ui| explain_ui(ui, &until(office, days, now))),
    }
    let hosts = field_ui(ui, "Hosts", |ui| line_ui(ui, &mut office.hosts, "none: it only calls others"));
    match office.hosts() {
        Err(wrong) => below_ui(ui, |ui| mistake_ui(ui, &wrong)),
        Ok(hosts) if hosts.is_empty() => {
            below_ui(ui, |ui| {
                explain_ui(ui, "For a server: the names and addresses it is dialled by, between commas")
            });
        }
        Ok(_) => below_ui(ui, |ui| explain_ui(ui, "It may answer there, and call others, too")),
    }
    if office.is_taken() {
        below_ui(ui, |ui| {
            ui.checkbox(&mut office.replace, "Replace the identity of this name")
                .on_hover_text("Its old certificate stays valid until it expires or is revoked");
        });
    }
    let is_entered = [name, days, hosts].iter().any(Response::lost_focus)
        && ui.input(|input| input.key_pressed(egui::Key::Enter));
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        let is_making = matches!(office.outcome, Outcome::Making);
        let text = if is_making { "Making…" } else { Command::MakeIdentity.text() };
        if primary_button_ui(ui, text, !is_making).clicked() || (is_entered && !is_making) {
            wishes.push(Command::MakeIdentity);
        }
        if office.tried && office.order().is_none() {
            mistake_ui(ui, "Not made: mend what is said above.");
        }
    });
    if let Some(line) = office.command_line() {
        ui.add_space(4.0);
        ui.label(muted(&colors, "The same on the command line").small());
        command_ui(ui, &line);
    }
}

/// What was made, where it is, and what to do with it.
pub(super) fn made_ui(ui: &mut Ui, model: &Model) {
    let Outcome::Made(made) = &model.office.outcome else { return };
    let now = model.clock.now();
    let address = model.tab().connection.target().map(|target| target.address.as_str());
    let colors = palette(ui);
    let folder = made.folder.to_string_lossy();
    notice_ui(ui, colors.ok, |ui| {
        ui.label(RichText::new(format!("Made {}", made.id)).strong().color(colors.ok));
        ui.label(format!("It {}.", expiry(&made.certificate, now)));
        ui.add_space(4.0);
        copied_fact_ui(ui, "Folder", &folder);
        fact_ui(ui, "cert.pem", "its certificate: anyone may see it");
        fact_ui(ui, "key.pem", "its private key: nobody else may ever see it");
        fact_ui(ui, "ca.pem", "the root whom it trusts");
        ui.add_space(4.0);
        let words = "Hand over the whole folder on a way that only its owner can read, such as scp, and \
                     delete it here. Never send the key by mail or chat.";
        ui.add(Label::new(words).wrap());
        ui.add_space(4.0);
        let name = made.folder.file_name().unwrap_or_default().to_string_lossy();
        let name = text::shell_word(&name);
        let (what, line) = match made.certificate.has_server_auth() {
            true => ("A server with it", format!("countersign demo --listen ADDR --identity {name}")),
            false => {
                let address = address.unwrap_or("HOST:PORT");
                (
                    "Its owner's first look at the server",
                    format!("countersign list {address} --identity {name}"),
                )
            }
        };
        ui.label(muted(&colors, what).small());
        command_ui(ui, &line);
    });
    ui.add_space(super::BETWEEN);
}

fn expiry(certificate: &CertificateInfo, now: Timestamp) -> String {
    format!("{}, on {}", life(certificate, now).words(), day(certificate.not_after()))
}

fn until(office: &Office, days: u32, now: Timestamp) -> String {
    let end = now.saturating_add(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MAX);
    match office.authority().map(|authority| authority.issuer.not_after()) {
        Some(last) if last < end => format!("Until {}, since the authority ends then", day(last)),
        _ => format!("Until {}", day(end)),
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// A field with its name before it.
fn field_ui(ui: &mut Ui, name: &str, edit: impl FnOnce(&mut Ui) -> Response) -> Response {
    ui.horizontal(|ui| {
        let label = field_name_ui(ui, name, NAME_WIDTH);
        edit(ui).labelled_by(label.id)
    })
    .inner
}

fn line_ui(ui: &mut Ui, text: &mut String, hint: &str) -> Response {
    ui.add(TextEdit::singleline(text).hint_text(hint).desired_width(ui.available_width()))
}

/// What stands below a field, in line with it and close to it.
fn below_ui(ui: &mut Ui, words: impl FnOnce(&mut Ui)) {
    ui.scope(|ui| {
        ui.spacing_mut().interact_size.y = 16.0;
        ui.add_space(-3.0);
        below_field_ui(ui, NAME_WIDTH, |ui| drop(ui.vertical(words)));
        ui.add_space(3.0);
    });
}

fn explain_ui(ui: &mut Ui, words: &str) {
    ui.add(Label::new(muted(&palette(ui), words).small()).truncate());
}
