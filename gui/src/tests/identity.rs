//! The page of certificates, seen at dates that the test chooses.

use countersign::Credentials;
use countersign_certs::authority::Request;
use countersign_certs::{Authority, TrustDomain, Watched};
use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use jiff::{SignedDuration, Timestamp};

use super::stage::{Stage, ledger};
use crate::exchange::{TabNews, TabOrder};
use crate::model::clock::Clock;
use crate::model::connection::Failure;
use crate::model::identity::{Identity, Remark};
use crate::model::server::{List, Reload, Server, ServerDomain};

/// An identity that answers at two hosts.
pub(super) fn server() -> Credentials {
    let authority = Authority::in_memory(&TrustDomain::default()).unwrap();
    let hosts = ["tea.example".parse().unwrap(), "127.0.0.1".parse().unwrap()];
    let request = Request::server("alice".parse().unwrap(), hosts);
    authority.issue(&request).unwrap().credentials().clone()
}

fn identity(credentials: &Credentials) -> Identity {
    Identity::of(credentials, &Watched::fixed(credentials.clone()).report())
}

impl Stage {
    /// The worker has looked into the identity's folder.
    pub(super) fn tell_identity(&mut self, credentials: &Credentials) {
        self.tell(TabNews::Identity("pki/alice".to_owned(), Ok(Box::new(identity(credentials))), Vec::new()));
    }

    /// The date becomes that at which this share of a certificate's life is left.
    fn leave_of_its_life(&mut self, credentials: &Credentials, share: f64) {
        let certificate = credentials.identity().certificate();
        let (from, until) = (certificate.not_before().as_second(), certificate.not_after().as_second());
        let left = ((until - from) as f64 * share) as i64;
        self.window.state_mut().model.clock = Clock::At(Timestamp::from_second(until - left).unwrap());
        self.settle();
    }
}

#[test]
fn the_page_says_who_both_sides_are() {
    let mut stage = Stage::connected(ledger());
    let alice = server();
    stage.tell_identity(&alice);
    stage.click("spiffe://countersign.internal/server");
    assert!(stage.shows("TLS13_AES_256_GCM_SHA384") && stage.shows(&"9f".repeat(16)));
    assert!(stage.shows("spiffe://countersign.internal/alice") && stage.shows("expires in 29 d"));
    let certificate = alice.identity().certificate();
    let fingerprint = certificate.fingerprint();
    assert!(
        stage.shows(&fingerprint[..32])
            && stage.shows(&fingerprint[32..])
            && stage.shows(certificate.serial())
    );
    assert!(stage.shows("tea.example, 127.0.0.1") && stage.shows("ECDSA P-256"));
    assert!(stage.shows("our own domain"));
    stage.keys(Key::I);
    assert!(stage.shows("Call") && !stage.shows("tea.example"), "the same keys lead back");
}

#[test]
fn each_certificate_of_the_chain_is_shown_in_full_when_it_is_chosen() {
    let mut stage = Stage::connected(ledger());
    let alice = server();
    stage.tell_identity(&alice);
    stage.click("spiffe://countersign.internal/server");
    let root = &identity(&alice).chain[1].certificate;
    assert!(!stage.shows(root.serial()));
    let row = stage.window.get_all_by_role(Role::Button).find(|row| {
        egui_kittest::kittest::NodeT::accesskit_node(row)
            .label()
            .is_some_and(|l| l.contains("root authority"))
    });
    row.unwrap().click();
    stage.settle();
    assert!(stage.shows(root.serial()) && stage.shows("keyCertSign"));
}

#[test]
fn a_certificate_at_the_end_of_its_life_is_warned_of_in_words() {
    let mut stage = Stage::connected(ledger());
    let alice = server();
    stage.tell_identity(&alice);
    stage.leave_of_its_life(&alice, 0.5);
    assert!(!stage.shows("Your certificate"));
    stage.leave_of_its_life(&alice, 0.29);
    stage.click("Your certificate expires in 8 d 16 h");
    assert!(stage.shows("Renew soon") && stage.shows("29 % of its life left"));
    assert!(stage.shows("countersign certs renew pki alice"));
    stage.leave_of_its_life(&alice, 0.09);
    assert!(stage.shows("Renew now"));
    stage.leave_of_its_life(&alice, -0.01);
    assert!(stage.shows("Expired") && stage.shows("expired 7 h"));
}

#[test]
fn an_identity_is_shown_before_anything_is_dialled_and_so_is_why_there_is_none() {
    let mut stage = Stage::new();
    stage.keys(Key::I);
    assert_eq!(stage.order(), Some(TabOrder::ShowIdentity("pki/alice".to_owned())));
    assert!(stage.shows("Reading the identity"));
    let folder = "pki/alice".to_owned();
    let failure =
        Failure::new("pki/alice: no such folder; make an identity with `countersign certs issue`", "");
    stage.tell(TabNews::Identity(folder, Err(failure), Vec::new()));
    assert!(stage.shows("pki/alice: no such folder"));
    stage.tell_identity(&server());
    assert!(stage.shows("tea.example") && !stage.shows("no such folder"));
    stage.window.key_press(Key::Escape);
    stage.settle();
    assert!(stage.shows("Identity folder"));
}

#[test]
fn a_failure_that_is_about_certificates_leads_to_them_and_another_one_is_tried_again() {
    let mut stage = Stage::new();
    stage.click("Connect");
    stage.order();
    let expired =
        "localhost:7443 refused us: certificate_expired; probably because this certificate has expired";
    stage.tell(TabNews::Failed(Failure::new(expired, "Renew this identity.").of_identity()));
    assert!(stage.shows("No connection to localhost:7443") && stage.shows(expired));
    assert!(stage.shows("Renew this identity.") && !stage.shows("Try again"));
    stage.click("Show certificates");
    assert!(stage.shows("Identity and trust"));
    stage.click("Back");
    stage.tell(TabNews::Failed(Failure::new("cannot reach localhost:7443: nobody listens there", "")));
    while stage.order().is_some() {}
    stage.click("Try again");
    assert!(matches!(stage.order(), Some(TabOrder::Connect(..))));
}

#[test]
fn what_is_wrong_with_new_files_is_said_beside_the_old_ones_that_are_in_force() {
    let mut stage = Stage::connected(ledger());
    let alice = server();
    let mut broken = identity(&alice);
    broken.reload.failure = Some("pki/alice/key.pem: no private key in this file; put it there".to_owned());
    stage.tell(TabNews::Identity("pki/alice".to_owned(), Ok(Box::new(broken)), Vec::new()));
    stage.click("New identity not usable");
    assert!(
        stage.shows("pki/alice/key.pem: no private key")
            && stage.shows(alice.identity().certificate().serial())
    );
    stage.tell_identity(&alice);
    assert!(!stage.shows("no private key"));
}

#[test]
fn all_that_is_wrong_with_the_files_is_said_and_not_only_the_first_thing() {
    let mut stage = Stage::connected(ledger());
    let remark = |is_error, words: &str| Remark { is_error, words: words.to_owned() };
    let open = "pki/alice/key.pem: its group can reach this key (mode 0640); run `chmod 600`";
    let found = Ok(Box::new(identity(&server())));
    stage.tell(TabNews::Identity("pki/alice".to_owned(), found, vec![remark(false, open)]));
    stage.click("spiffe://countersign.internal/server");
    assert!(stage.shows("Warning") && stage.shows(open));
    let found = Err(Failure::new("pki/alice/cert.pem: damaged PEM", ""));
    let remarks = vec![remark(true, "pki/alice/cert.pem:3: damaged PEM; restore it"), remark(false, open)];
    stage.tell(TabNews::Identity("pki/alice".to_owned(), found, remarks));
    assert!(stage.shows("This identity cannot be used") && stage.shows("Error"));
    assert!(stage.shows("cert.pem:3") && stage.shows(open));
}

#[test]
fn what_the_server_says_of_its_own_files_is_shown_and_so_is_that_it_does_not() {
    let mut stage = Stage::connected(ledger());
    stage.tell_identity(&server());
    stage.click("spiffe://countersign.internal/server");
    let refused = "The server did not tell its own identity: PERMISSION_DENIED";
    stage
        .tell(TabNews::Server(Err(Failure::new(refused, "Its policy does not allow this identity to ask."))));
    assert!(stage.shows(refused));
    let now = Timestamp::now();
    let in_force = Reload { since: now, replaced: 2, failure: None };
    let reason = "policy.toml:3:1: no such key; leave it out";
    let policy = Reload { failure: Some(reason.to_owned()), ..in_force.clone() };
    let week = SignedDuration::from_hours(24 * 7);
    let list = List { issuer: "CN=root".to_owned(), revoked: 3, made: now - week, due: now - week / 7 };
    let domains = vec![ServerDomain { name: "tea.example".to_owned(), roots: 2, lists: vec![list] }];
    let warnings = vec!["the revocation list of tea.example is stale".to_owned()];
    stage.tell(TabNews::Server(Ok(Box::new(Server { warnings, domains, credentials: in_force, policy }))));
    assert!(!stage.shows(refused) && stage.shows("renewed 2 times"));
    assert!(stage.shows("cannot use its new policy") && stage.shows(reason));
    assert!(stage.shows("2 roots") && stage.shows("tea.example"));
    assert!(stage.shows("Revocation list, 3 revoked") && stage.shows("overdue for 1 d 0 h"));
    assert!(stage.shows("the revocation list of tea.example is stale"));
}
