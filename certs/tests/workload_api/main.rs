//! Identities straight from SPIFFE's agent: an agent of our own on loopback, asked through the crate that asks others.

#![expect(clippy::unwrap_used, reason = "a test whose helper fails has failed")]

mod agent;

use std::collections::HashMap;

use countersign_certs::{Credentials, TrustDomain, WorkloadApiError};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use tonic::Status;

use agent::{Agent, Identities, Svid};

const ALICE: &str = "spiffe://acme.internal/alice";

/// An authority as SPIRE has one.
struct Spire {
    root: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Spire {
    fn new() -> Spire {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.subject_alt_names = vec![uri("spiffe://acme.internal")];
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().der().to_vec();
        Spire { root, issuer: Issuer::new(params, key) }
    }

    fn svid(&self, id: &str) -> Svid {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![uri(id)];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        // The chain's own dates are fine; those of rcgen end in the year 4096.
        let chain = params.signed_by(&key, &self.issuer).unwrap().der().to_vec();
        Svid { spiffe_id: id.to_owned(), chain, key: key.serialize_der(), bundle: self.root.clone() }
    }
}

fn uri(text: &str) -> SanType {
    SanType::URI(text.try_into().unwrap())
}

fn only(svid: Svid) -> Identities {
    Identities { svids: vec![svid], federated_bundles: HashMap::new() }
}

#[tokio::test]
async fn the_identity_and_its_trust_come_from_the_agent() {
    let (spire, partner) = (Spire::new(), Spire::new());
    let mut identities = only(spire.svid(ALICE));
    identities.federated_bundles.insert("spiffe://partner.example".to_owned(), partner.root.clone());
    let (_agent, endpoint) = Agent::start(Ok(identities));

    let credentials = Credentials::from_workload_api(Some(&endpoint)).await.unwrap().current();
    assert_eq!(credentials.identity().id().as_str(), ALICE);
    let domains: Vec<&str> = credentials.trust().domains().map(TrustDomain::as_str).collect();
    assert_eq!(domains, ["acme.internal", "partner.example"]);
    let roots = credentials.trust().roots(&"acme.internal".parse().unwrap());
    assert_eq!(roots[0].as_ref(), spire.root);
}

#[tokio::test]
async fn a_renewed_identity_takes_the_place_of_the_old_one() {
    let spire = Spire::new();
    let (agent, endpoint) = Agent::start(Ok(only(spire.svid(ALICE))));
    let watched = Credentials::from_workload_api(Some(&endpoint)).await.unwrap();
    let mut changes = watched.changes();
    let before = watched.current().identity().certificate().fingerprint().to_owned();

    agent.say(Ok(only(spire.svid(ALICE))));
    let renewed = changes.next().await.unwrap();
    assert_eq!(renewed.identity().id().as_str(), ALICE);
    assert_ne!(renewed.identity().certificate().fingerprint(), before);
    assert_eq!((watched.report().replaced, watched.report().failure), (1, None));
}

#[tokio::test]
async fn what_cannot_be_used_leaves_the_old_identity_in_force() {
    let spire = Spire::new();
    let (agent, endpoint) = Agent::start(Ok(only(spire.svid(ALICE))));
    let watched = Credentials::from_workload_api(Some(&endpoint)).await.unwrap();
    let mut changes = watched.changes();
    agent.say(Err(Status::permission_denied("no identity issued")));
    // A look finds that out once the word has come.
    while watched.report().failure.is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(watched.current().identity().id().as_str(), ALICE);
    assert!(watched.report().failure.unwrap().contains("no identity issued"));

    // The one that is back is another one.
    agent.say(Ok(only(spire.svid(ALICE))));
    let back = changes.next().await.unwrap();
    assert_eq!(back.identity().id().as_str(), ALICE);
}

#[tokio::test]
async fn an_answer_that_is_no_identity_is_told_at_once_with_what_the_agent_says() {
    let spire = Spire::new();
    let denied = Err(Status::permission_denied("no identity\nissued"));
    let of_nobody = Ok(only(spire.svid("spiffe://acme.internal")));
    let of_nothing = Ok(Identities::default());
    for (answer, said) in
        [(denied, r"no identity\nissued"), (of_nobody, "non-root path"), (of_nothing, "svids")]
    {
        let (_agent, endpoint) = Agent::start(answer);
        let refusal = Credentials::from_workload_api(Some(&endpoint)).await.err().unwrap().to_string();
        assert!(refusal.contains(said) && !refusal.contains('\n'), "{said}: {refusal}");
    }
}

#[tokio::test]
async fn an_agent_that_cannot_be_asked_is_told_of_with_the_remedy() {
    for endpoint in ["http://nowhere", "unix:///no/such/agent.sock"] {
        let refusal = Credentials::from_workload_api(Some(endpoint)).await.err().unwrap();
        assert!(matches!(refusal, WorkloadApiError::Unavailable { .. }), "{refusal}");
        let words = refusal.to_string();
        assert!(words.contains("SPIFFE_ENDPOINT_SOCKET") && !words.contains('\n'), "{words}");
    }
}
