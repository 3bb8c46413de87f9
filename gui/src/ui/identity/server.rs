//! Who is at the other end, how the connection is protected, and what the server says of itself.

use egui::{Label, RichText, Ui};
use jiff::Timestamp;

use super::remark_ui;
use super::words::{in_force, list_ui, moment};
use crate::model::connection::PeerFacts;
use crate::model::server::{Server, ServerDomain};
use crate::model::tab::Tab;
use crate::ui::cards::BETWEEN;
use crate::ui::facts::{card_ui, copied_fact_ui, digest_ui, fact_ui, id_ui, life_ui};
use crate::ui::parts::muted;
use crate::ui::theme::palette;

/// The card of the server, while there is a connection to it.
pub(super) fn server_ui(ui: &mut Ui, tab: &Tab, now: Timestamp) {
    let Some(session) = tab.connection.session() else { return };
    let said = tab.server.as_ref();
    if let Some(Ok(server)) = said {
        failures_ui(ui, server);
    }
    card_ui(ui, "Server", |ui| {
        peer_ui(ui, &session.peer, now);
        match said {
            None => {}
            Some(Ok(server)) => said_ui(ui, server, now),
            Some(Err(failure)) => {
                let words = format!("{} {}", failure.reason, failure.remedy);
                ui.add(Label::new(muted(&palette(ui), words.trim()).small()).wrap());
            }
        }
    });
    ui.add_space(BETWEEN);
}

/// What its certificate and the connection prove.
fn peer_ui(ui: &mut Ui, peer: &PeerFacts, now: Timestamp) {
    id_ui(ui, "SPIFFE ID", &peer.id);
    copied_fact_ui(ui, "Address", &peer.address);
    ui.add_space(8.0);
    life_ui(ui, peer.life(now));
    ui.add_space(6.0);
    fact_ui(ui, "Valid from", &moment(peer.not_before));
    fact_ui(ui, "Valid until", &moment(peer.not_after));
    digest_ui(ui, "SHA-256", &peer.fingerprint);
    fact_ui(ui, "Protocol", "TLS 1.3, both sides proved who they are");
    fact_ui(ui, "Key exchange", &peer.key_exchange);
    fact_ui(ui, "Cipher suite", &peer.cipher);
}

/// That it could not take its newest files into use.
fn failures_ui(ui: &mut Ui, server: &Server) {
    let color = palette(ui).warn;
    for (what, reload) in [("files", &server.credentials), ("policy", &server.policy)] {
        if let Some(reason) = &reload.failure {
            let title = format!("The server cannot use its new {what}; the old stays in force");
            remark_ui(ui, &title, reason, color);
        }
    }
}

/// What it says of its files, and of whom it believes.
fn said_ui(ui: &mut Ui, server: &Server, now: Timestamp) {
    fact_ui(ui, "Identity", &in_force(&server.credentials));
    fact_ui(ui, "Policy", &in_force(&server.policy));
    ui.add_space(8.0);
    ui.label(RichText::new("Whom it trusts").strong());
    for domain in &server.domains {
        domain_ui(ui, domain, now);
    }
    if !server.warnings.is_empty() {
        ui.add_space(8.0);
        ui.label(RichText::new("What its operator should know").strong());
    }
    for warning in &server.warnings {
        ui.add(Label::new(RichText::new(warning).small().color(palette(ui).warn)).wrap());
    }
}

fn domain_ui(ui: &mut Ui, domain: &ServerDomain, now: Timestamp) {
    let roots = match domain.roots {
        1 => "one root".to_owned(),
        count => format!("{count} roots"),
    };
    fact_ui(ui, "Domain", &format!("{}, {roots}", domain.name));
    for list in &domain.lists {
        list_ui(ui, list, now);
    }
}
