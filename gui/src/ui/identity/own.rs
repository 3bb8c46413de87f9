//! Our own certificate and the chain behind it.

use std::path::Path;

use egui::{Align2, RichText, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};
use jiff::Timestamp;

use super::words::{in_force, moment};
use crate::model::authority::beside;
use crate::model::identity::{Identity, Link, Role, life};
use crate::model::life::Health;
use crate::text;
use crate::ui::facts::{
    card_ui, command_ui, copied_fact_ui, digest_ui, fact_ui, health_color, id_ui, life_ui,
};
use crate::ui::parts::{clipped_text, muted};
use crate::ui::theme::palette;
use countersign_certs::CertificateInfo;

const ROW_HEIGHT: f32 = 26.0;
const INDENT: f32 = 18.0;

/// The card, in which one certificate of the chain is shown in full; says which one.
pub(super) fn own_ui(ui: &mut Ui, folder: &str, identity: &Identity, chosen: usize, now: Timestamp) -> usize {
    let mut chosen = chosen;
    card_ui(ui, "This dashboard", |ui| {
        id_ui(ui, "SPIFFE ID", &identity.id);
        copied_fact_ui(ui, "Folder", folder);
        fact_ui(ui, "In force", &in_force(&identity.reload));
        ui.add_space(8.0);
        ui.label(RichText::new("Chain").strong());
        ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (index, link) in identity.chain.iter().enumerate() {
                if link_ui(ui, index, link, index == chosen, now) {
                    chosen = index;
                }
            }
        });
        if identity.chain.last().is_some_and(|link| link.role != Role::Root) {
            let colors = palette(ui);
            ui.label(
                muted(
                    &colors,
                    "Its root is not among those that are trusted here, or cannot be told from them.",
                )
                .small(),
            );
        }
        ui.add_space(10.0);
        if let Some(link) = identity.chain.get(chosen) {
            certificate_ui(ui, &link.certificate, &identity.id, now);
            if link.role == Role::Own && life(&link.certificate, now).health() != Health::Fine {
                ui.add_space(6.0);
                ui.label(muted(&palette(ui), "Where its authority is, it is renewed with").small());
                command_ui(ui, &renewal(folder));
            }
        }
    });
    chosen
}

/// The command that renews the identity in a folder.
fn renewal(folder: &str) -> String {
    let (parent, name) = (beside(folder), Path::new(folder).file_name().unwrap_or_default());
    let [parent, name] = [parent.as_str(), &name.to_string_lossy()].map(text::shell_word);
    format!("countersign certs renew {parent} {name}")
}

/// A row of the chain, further in than the one that it vouches for; says whether it was chosen.
fn link_ui(ui: &mut Ui, depth: usize, link: &Link, is_chosen: bool, now: Timestamp) -> bool {
    let Link { role, certificate } = link;
    let colors = palette(ui);
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    let name = match certificate.spiffe_id() {
        Ok(id) if *role == Role::Own => id.to_string(),
        _ => certificate.subject().to_owned(),
    };
    let words = format!("{}, {}", role.text(), life(certificate, now).words());
    response.widget_info(|| {
        WidgetInfo::selected(egui::Role::Button, true, is_chosen, format!("{name}, {words}"))
    });
    let painter = ui.painter_at(rect);
    if is_chosen {
        painter.rect_filled(rect, 4.0, ui.visuals().selection.bg_fill);
    } else if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 4.0, ui.visuals().widgets.hovered.weak_bg_fill);
    }
    let left = rect.left() + 8.0 + INDENT * depth as f32;
    let middle = rect.center().y;
    if 0 < depth {
        // The line from the certificate above, which this one vouches for.
        let stroke = egui::Stroke::new(1.2, colors.muted);
        let x = left - 8.0;
        painter.line_segment([pos2(x, rect.top()), pos2(x, middle)], stroke);
        painter.line_segment([pos2(x, middle), pos2(left + 2.0, middle)], stroke);
    }
    let color = health_color(&colors, life(certificate, now).health());
    painter.circle_filled(pos2(left + 8.0, middle), 4.0, color);
    let small = TextStyle::Small.resolve(ui.style());
    let drawn =
        painter.text(pos2(rect.right() - 8.0, middle), Align2::RIGHT_CENTER, &words, small, colors.muted);
    let place = rect.with_min_x(left + 20.0).with_max_x(drawn.left() - 12.0);
    clipped_text(ui, &name, place, TextStyle::Body, ui.visuals().text_color());
    response.on_hover_ui(|ui| drop(ui.label(RichText::new(certificate.describe()).monospace()))).clicked()
}

/// Everything that a certificate says, but for the ID that stands above.
fn certificate_ui(ui: &mut Ui, certificate: &CertificateInfo, id: &str, now: Timestamp) {
    life_ui(ui, life(certificate, now));
    ui.add_space(6.0);
    fact_ui(ui, "Valid from", &moment(certificate.not_before()));
    fact_ui(ui, "Valid until", &moment(certificate.not_after()));
    for uri in certificate.uris().iter().filter(|uri| *uri != id) {
        fact_ui(ui, "URI", uri);
    }
    fact_ui(ui, "Hosts", &hosts(certificate));
    fact_ui(ui, "Usages", &usages(certificate));
    fact_ui(ui, "Subject", certificate.subject());
    fact_ui(ui, "Issuer", certificate.issuer());
    fact_ui(ui, "Key", certificate.key_algorithm());
    copied_fact_ui(ui, "Serial", certificate.serial());
    digest_ui(ui, "SHA-256", certificate.fingerprint());
}

fn hosts(certificate: &CertificateInfo) -> String {
    let all = certificate.hosts();
    if all.is_empty() { "none: it calls, and does not answer".to_owned() } else { all.join(", ") }
}

fn usages(certificate: &CertificateInfo) -> String {
    let usages = certificate.key_usages().iter().copied();
    let all: Vec<&str> = usages.chain(certificate.extended_key_usages().iter().map(String::as_str)).collect();
    if all.is_empty() { "not restricted".to_owned() } else { all.join(", ") }
}
