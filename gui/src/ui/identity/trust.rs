//! Whom we believe: each trust domain with its own authorities.

use egui::{Align, Label, Layout, RichText, Ui};
use jiff::Timestamp;

use super::words::list_ui;
use crate::model::identity::{Domain, Identity, life};
use crate::ui::facts::{card_ui, copy_made_ui, health_color};
use crate::ui::parts::{dot_ui, muted};
use crate::ui::theme::palette;

/// The card of everyone whom we trust.
pub(super) fn trust_ui(ui: &mut Ui, identity: &Identity, now: Timestamp) {
    card_ui(ui, "Whom this dashboard trusts", |ui| {
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
    for (root, number) in domain.roots.iter().zip(1..) {
        let life = life(root, now);
        ui.horizontal(|ui| {
            dot_ui(ui, health_color(&colors, life.health()));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let which = if domain.roots.len() == 1 { String::new() } else { format!(" {number}") };
                let what = format!("Root{which} of {}", domain.name);
                copy_made_ui(ui, &what, root.fingerprint(), || root.describe());
                ui.label(RichText::new(life.words()).small().color(colors.muted));
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let name = Label::new(root.subject()).truncate();
                    ui.add(name).on_hover_ui(|ui| drop(ui.label(RichText::new(root.describe()).monospace())));
                });
            });
        });
    }
    if domain.lists.is_empty() {
        let place = match domain.is_own {
            true => "crl.pem, beside the certificate".to_owned(),
            false => format!("trust/{}.crl.pem", domain.name),
        };
        let words =
            format!("Revoked peers are not recognised: place the authority's revocation list in {place}");
        ui.add(Label::new(muted(&colors, words).small()).wrap());
    }
    for list in &domain.lists {
        list_ui(ui, list, now);
    }
}
