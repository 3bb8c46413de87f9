//! Whom we believe: each trust domain with its own authorities.

use countersign_certs::Crl;
use egui::{Align, Label, Layout, RichText, Ui};
use jiff::Timestamp;

use crate::model::identity::{Domain, Identity, life};
use crate::text;
use crate::ui::facts::{card_ui, health_color};
use crate::ui::parts::{dot_ui, muted};
use crate::ui::theme::palette;

/// The card of everyone whom we trust.
pub(super) fn trust_ui(ui: &mut Ui, identity: &Identity, now: Timestamp) {
    card_ui(ui, "Trust", |ui| {
        for (index, domain) in identity.domains.iter().enumerate() {
            if 0 < index {
                ui.separator();
            }
            domain_ui(ui, domain, now);
        }
    });
}

fn domain_ui(ui: &mut Ui, domain: &Domain, now: Timestamp) {
    let colors = palette(ui);
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let whose = if domain.is_own { "our own domain" } else { "another domain" };
            ui.label(muted(&colors, whose).small());
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(&domain.name).truncate());
            });
        });
    });
    for root in &domain.roots {
        let life = life(root, now);
        ui.horizontal(|ui| {
            dot_ui(ui, health_color(&colors, life.health()));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.label(RichText::new(life.words()).small().color(colors.muted));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let name = Label::new(root.subject()).truncate();
                    ui.add(name).on_hover_ui(|ui| drop(ui.label(RichText::new(root.describe()).monospace())));
                });
            });
        });
    }
    if domain.revocation.crls().is_empty() {
        let place = match domain.is_own {
            true => "crl.pem, beside the certificate".to_owned(),
            false => format!("trust/{}.crl.pem", domain.name),
        };
        let words =
            format!("Revoked peers are not recognised: place the authority's revocation list in {place}");
        ui.add(Label::new(muted(&colors, words).small()).wrap());
    }
    for crl in domain.revocation.crls() {
        crl_ui(ui, crl, now);
    }
}

/// A revocation list: how much is on it, and when the next one is due.
fn crl_ui(ui: &mut Ui, crl: &Crl, now: Timestamp) {
    let colors = palette(ui);
    let left = crl.next_update().as_second() - now.as_second();
    let (due, color) = match crl.is_stale_at(now) {
        true => (format!("overdue for {}", text::span(-left)), colors.error),
        false => (format!("next one due in {}", text::span(left)), colors.ok),
    };
    ui.horizontal(|ui| {
        dot_ui(ui, color);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.label(RichText::new(due).small().color(if crl.is_stale_at(now) {
                color
            } else {
                colors.muted
            }));
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let revoked = match crl.revoked_count() {
                    0 => "nobody revoked".to_owned(),
                    count => format!("{} revoked", text::count(count as u64)),
                };
                let made = crl.this_update().strftime("%Y-%m-%d %H:%M UTC");
                let words = format!("Revocation list, {revoked}");
                ui.add(Label::new(words).truncate())
                    .on_hover_text(format!("Made by {} on {made}", crl.issuer()));
            });
        });
    });
}
