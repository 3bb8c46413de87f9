//! Who is at the other end, and how the connection is protected.

use egui::Ui;
use jiff::Timestamp;

use super::own::moment;
use crate::model::connection::PeerFacts;
use crate::ui::facts::{card_ui, copied_fact_ui, digest_ui, fact_ui, life_ui};

/// The card of the server.
pub(super) fn server_ui(ui: &mut Ui, peer: &PeerFacts, now: Timestamp) {
    card_ui(ui, "Server", |ui| {
        copied_fact_ui(ui, "SPIFFE ID", &peer.id);
        fact_ui(ui, "Address", &peer.address);
        ui.add_space(8.0);
        life_ui(ui, peer.life(now));
        ui.add_space(6.0);
        fact_ui(ui, "Valid from", &moment(peer.not_before));
        fact_ui(ui, "Valid until", &moment(peer.not_after));
        digest_ui(ui, "SHA-256", &peer.fingerprint);
        fact_ui(ui, "Protocol", "TLS 1.3, both sides proved who they are");
        fact_ui(ui, "Key exchange", &peer.key_exchange);
        fact_ui(ui, "Cipher suite", &peer.cipher);
    });
}
