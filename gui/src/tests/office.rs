//! Making identities and taking them back. The worker is the test.

use std::path::PathBuf;

use countersign_certs::authority::Authority as Opened;
use countersign_certs::{CertificateInfo, TrustDomain};
use egui::Key;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use jiff::{SignedDuration, Timestamp};

use super::forms::any_control;
use super::stage::{Stage, ledger};
use crate::exchange::OfficeOrder;
use crate::model::authority::{Authority, Found, Issued, Made, OfficeNews};
use crate::model::connection::Failure;

fn root() -> CertificateInfo {
    Opened::in_memory(&TrustDomain::default()).unwrap().certificate().clone()
}

fn issued(name: &str) -> Issued {
    let now = Timestamp::now();
    Issued {
        name: name.to_owned(),
        role: "client".to_owned(),
        is_identity: true,
        serial: "0a1b".to_owned(),
        from: now,
        until: now + SignedDuration::from_hours(24 * 30),
        is_revoked: false,
        is_newest: true,
    }
}

impl Stage {
    /// A window that shows the form, with an authority in `pki` that has issued to these names.
    pub(super) fn in_office(names: &[&str]) -> Self {
        let mut stage = Self::connected(ledger());
        stage.click("spiffe://countersign.internal/server");
        stage.click("New identity");
        assert_eq!(stage.office_order(), Some(OfficeOrder::Open("pki".to_owned())));
        stage.tell_authority(names.iter().map(|name| issued(name)).collect());
        stage
    }

    fn tell_authority(&mut self, issued: Vec<Issued>) {
        let (certificate, issuer) = (root(), root());
        let domain = "countersign.internal".to_owned();
        let authority = Authority { domain, certificate, issuer, is_unlocked: false, issued };
        self.tell_of_office(OfficeNews::Found("pki".to_owned(), Found::Authority(Box::new(authority))));
    }

    fn tell_made(&mut self, made: Result<Box<Made>, Failure>) {
        self.tell_of_office(OfficeNews::Made(made));
    }
}

#[test]
fn a_name_and_hosts_are_judged_as_they_are_typed_and_nothing_is_made_of_wrong_ones() {
    let mut stage = Stage::in_office(&[]);
    stage.type_into("Name", "Bob");
    assert!(stage.shows("\"Bob\" is not a name") && stage.shows("use lower-case letters"));
    assert!(!stage.shows("countersign certs issue"), "there is no such command");
    stage.type_into("Hosts", "tea.example:7443");
    assert!(stage.shows("without the port"));
    stage.click("Make identity");
    assert!(stage.shows("Not made") && stage.office_order().is_none());
    assert_eq!(stage.control("Name").value().as_deref(), Some("Bob"));
}

#[test]
fn an_identity_is_made_and_what_to_do_with_it_is_said() {
    let mut stage = Stage::in_office(&[]);
    stage.type_into("Name", "tea");
    assert!(stage.shows("It will be spiffe://countersign.internal/tea"));
    stage.type_into("Hosts", "tea.example, 127.0.0.1");
    let line = "countersign certs issue pki tea --host tea.example --host 127.0.0.1";
    assert!(stage.shows(line));
    stage.press("Copy Command");
    assert!(stage.shows("Copied"));
    stage.click("Make identity");
    let Some(OfficeOrder::Issue(order)) = stage.office_order() else { panic!("an order was expected") };
    assert_eq!(order.command_line(), line);
    assert!(stage.control("Making…").accesskit_node().is_disabled());
    let id = "spiffe://countersign.internal/tea".to_owned();
    stage.tell_made(Ok(Box::new(Made { folder: PathBuf::from("pki/tea"), id, certificate: root() })));
    assert!(stage.shows("Made spiffe://countersign.internal/tea") && stage.shows("pki/tea"));
    assert!(stage.shows("key.pem") && stage.shows("Never send the key by mail"));
    assert!(stage.shows("countersign list localhost:7443 --identity tea"), "a root is no server's");
}

#[test]
fn what_goes_wrong_is_said_in_place_and_costs_no_typed_text() {
    let mut stage = Stage::in_office(&[]);
    stage.type_into("Name", "bob");
    stage.type_into("Hosts", "tea.example");
    stage.window.key_press(Key::Enter);
    stage.settle();
    assert!(matches!(stage.office_order(), Some(OfficeOrder::Issue(_))), "Return does what the button does");
    stage.tell_made(Err(Failure::new("pki/authority/issued.jsonl: Permission denied", "")));
    assert!(stage.shows("Permission denied"));
    assert_eq!(stage.control("Name").value().as_deref(), Some("bob"));
    assert_eq!(stage.control("Hosts").value().as_deref(), Some("tea.example"));
    stage.click("Certificates");
    stage.click("New identity");
    stage.office_order();
    stage.tell_authority(Vec::new());
    assert_eq!(stage.control("Name").value().as_deref(), Some("bob"));
}

#[test]
fn a_name_that_is_taken_is_replaced_only_when_that_is_ticked() {
    let mut stage = Stage::in_office(&["bob"]);
    assert!(!stage.shows("Replace the identity"));
    stage.type_into("Name", "bob");
    assert!(stage.shows("Replace the identity") && !stage.shows("--replace"));
    stage.press("Replace the identity of this name");
    assert!(stage.shows("countersign certs issue pki bob --replace"));
    stage.click("Make identity");
    assert!(matches!(stage.office_order(), Some(OfficeOrder::Issue(order)) if order.replace));
}

#[test]
fn where_no_authority_is_at_hand_one_is_chosen() {
    let mut stage = Stage::connected(ledger());
    stage.click("spiffe://countersign.internal/server");
    stage.click("New identity");
    stage.office_order();
    let missing = "pki: no authority here; make one with `countersign certs init pki`";
    let found = Found::Failed(Failure::new(missing, ""));
    stage.tell_of_office(OfficeNews::Found("pki".to_owned(), found));
    assert!(stage.shows(missing) && !stage.shows("Make identity"));
    stage.click("Browse…");
    assert_eq!(stage.office_order(), Some(OfficeOrder::Choose));
    stage.tell_of_office(OfficeNews::Chosen("pki".to_owned()));
    stage.tell_authority(Vec::new());
    assert!(stage.shows("Make identity") && stage.shows("Nothing yet."));
}

#[test]
fn an_identity_is_renewed_by_its_newest_certificate() {
    let mut stage = Stage::in_office(&[]);
    let old = Issued { is_newest: false, ..issued("bob") };
    stage.tell_authority(vec![issued("bob"), old, Issued { is_revoked: true, ..issued("eve") }]);
    assert!(stage.window.query_by_label("Renew eve").is_none(), "what was revoked stays revoked");
    stage.press("Renew bob");
    let Some(OfficeOrder::Renew { folder, name }) = stage.office_order() else {
        panic!("an order was expected")
    };
    assert_eq!((folder.as_str(), name.as_str()), ("pki", "bob"));
    stage.tell_of_office(OfficeNews::Done(Ok("Renewed bob.".to_owned())));
    assert!(stage.shows("Renewed bob."));
}

#[test]
fn revoking_asks_first_and_says_what_to_do_then() {
    let mut stage = Stage::in_office(&["bob", "alice", "bob"]);
    any_control(&stage.window, "Revoke bob").click();
    stage.settle();
    assert!(stage.shows("Revoke the 2 certificates of bob?") && stage.office_order().is_none());
    stage.click("Keep");
    assert!(!stage.shows("This cannot be undone"));
    stage.press("Revoke alice");
    stage.click("Revoke");
    let Some(OfficeOrder::Revoke { folder, name }) = stage.office_order() else {
        panic!("an order was expected")
    };
    assert_eq!((folder.as_str(), name.as_str()), ("pki", "alice"));
    let words = "Revoked alice. Place pki/authority/crl.pem where servers and clients read it.".to_owned();
    stage.tell_of_office(OfficeNews::Done(Ok(words)));
    stage.tell_authority(vec![Issued { is_revoked: true, ..issued("alice") }]);
    assert!(stage.shows("Place pki/authority/crl.pem") && stage.shows("revoked"));
    assert!(stage.window.query_by_label("Revoke alice").is_none());
}

#[test]
fn an_encrypted_authority_asks_for_its_passphrase_and_forgets_it() {
    let mut stage = Stage::connected(ledger());
    stage.click("spiffe://countersign.internal/server");
    stage.click("New identity");
    stage.office_order();
    stage.tell_of_office(OfficeNews::Found("pki".to_owned(), Found::Locked(None)));
    assert!(stage.shows("encrypted") && !stage.shows("Make identity"));
    let field = stage.window.get_by_label("Passphrase");
    field.focus();
    field.type_text("open sesame");
    stage.settle();
    assert!(!stage.shows("open sesame"), "nobody reads along");
    stage.click("Unlock");
    let Some(order @ OfficeOrder::Unlock(..)) = stage.office_order() else { panic!("an order was expected") };
    assert!(!format!("{order:?}").contains("sesame"));
    assert!(
        matches!(&order, OfficeOrder::Unlock(folder, secret) if folder == "pki" && secret.words() == "open sesame")
    );
    let wrong = Failure::new("pki/authority/key.pem: the passphrase is wrong", "");
    stage.tell_of_office(OfficeNews::Found("pki".to_owned(), Found::Locked(Some(wrong))));
    assert!(stage.shows("the passphrase is wrong"));
    assert!(stage.window.state().model.office.passphrase.words().is_empty());
}
