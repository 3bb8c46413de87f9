use std::collections::BTreeSet;
use std::fs;
use std::sync::Mutex;
use std::task::{Context as Task, Poll, Waker};

use countersign_certs::{Source, SpiffeId};
use proptest::prelude::*;
use serde::de::DeserializeOwned;

use super::*;
use crate::Metadata;
use crate::audit::Audit;
use crate::builtin;
use crate::cbor::{Value, from_slice, to_vec};
use crate::context::Context;
use crate::server::Connections;
use crate::service::{Handling, Service, ServiceDescription};

#[countersign::service(package = "acme")]
trait Ledger {
    async fn balance(&self, cx: &Context) -> Result<u32, Status>;
    async fn hire(&self, cx: &Context) -> Result<u32, Status>;
}

#[countersign::service(package = "acme.vault")]
trait Door {
    async fn open(&self, cx: &Context) -> Result<u32, Status>;
}

struct Both;

impl Ledger for Both {
    async fn balance(&self, _: &Context) -> Result<u32, Status> {
        Ok(1)
    }
    async fn hire(&self, _: &Context) -> Result<u32, Status> {
        Ok(2)
    }
}

impl Door for Both {
    async fn open(&self, _: &Context) -> Result<u32, Status> {
        Ok(3)
    }
}

fn router(policy: impl Into<Watched<Policy>>) -> Arc<Router> {
    let services: [Arc<dyn Service>; 2] =
        [Arc::new(LedgerServer::new(Both)), Arc::new(DoorServer::new(Both))];
    builtin::with(&services, None, &policy.into(), &Arc::new(Connections::default()), Audit::new(false))
        .unwrap()
        .router
}

fn peer(id: &str) -> Arc<Peer> {
    let id: SpiffeId = id.parse().unwrap();
    Arc::new(Peer { id, ..Context::of_a_test().peer().clone() })
}

fn code(admitted: Result<Arc<Route>, Status>) -> Code {
    admitted.map_or_else(|status| status.code, |_| Code::Ok)
}

/// What a procedure of the server itself answers this peer, once it is let in.
fn ask<T: DeserializeOwned>(router: &Router, peer: &Arc<Peer>, procedure: &str) -> T {
    let cx = Context::new(peer.clone(), procedure.into(), None, Metadata::new(), None);
    let route = router.find(procedure).expect("every server has it");
    let Handling::Running(mut handler) = route.dispatch(cx, &to_vec(&Value::Map(Vec::new())).unwrap()) else {
        panic!("it takes no arguments");
    };
    match handler.as_mut().poll(&mut Task::from_waker(Waker::noop())) {
        Poll::Ready(reply) => from_slice(&reply.unwrap()).unwrap(),
        Poll::Pending => panic!("it waits for nothing"),
    }
}

/// The procedures that reflection shows.
fn reflected(router: &Router, peer: &Arc<Peer>) -> BTreeSet<String> {
    let services: Vec<ServiceDescription> = ask(router, peer, "countersign.Reflection/services");
    let name = |service: &ServiceDescription, method: &str| format!("{}/{method}", service.name);
    let names =
        services.iter().flat_map(|service| service.procedures.iter().map(|each| name(service, &each.name)));
    names.collect()
}

/// A policy that a test replaces.
struct Drawer(Arc<Mutex<Vec<(String, String)>>>);

impl Source for Drawer {
    type Contents = Vec<(String, String)>;
    type Value = Policy;
    type Error = crate::PolicyError;

    fn name(&self) -> String {
        "the rules of a test".to_owned()
    }

    fn read(&self) -> Result<Self::Contents, Self::Error> {
        Ok(self.0.lock().unwrap().clone())
    }

    fn parse(&self, rules: &Self::Contents) -> Result<Policy, Self::Error> {
        policy(rules)
    }
}

fn policy(rules: &[(String, String)]) -> Result<Policy, crate::PolicyError> {
    rules.iter().fold(Policy::builder(), |policy, (peers, names)| policy.allow(&[peers], &[names])).build()
}

/// The same rules read in another way, segment by segment.
fn oracle(rules: &[(String, String)], peer: &str, procedure: &str) -> bool {
    fn matches(pattern: &str, name: &str, ends: [char; 2]) -> bool {
        let words = |text: &str| text.split_inclusive(ends).map(str::to_owned).collect::<Vec<_>>();
        let (mut pattern, name) = (words(pattern), words(name));
        match pattern.pop_if(|last| last == "*") {
            Some(_) => pattern.len() < name.len() && pattern == name[..pattern.len()],
            None => pattern == name,
        }
    }
    rules.iter().any(|(peers, names)| {
        let is_named = names == procedure || !Policy::needs_own_rule(procedure);
        matches(peers, peer, ['/', '/']) && matches(names, procedure, ['.', '/']) && is_named
    })
}

const UNKNOWN: [&str; 4] =
    ["acme.Ledger/fire", "acme.Ledgers/balance", "acme.vault.Door/opens", "countersign.Door/open"];

fn an_id() -> impl Strategy<Value = String> {
    let domain = prop::sample::select(vec!["a", "a-b", "b"]);
    let path = prop::collection::vec(prop::sample::select(vec!["team", "team-evil", "t"]), 1..4);
    (domain, path).prop_map(|(domain, path)| format!("spiffe://{domain}/{}", path.join("/")))
}

fn some_peers() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => an_id(),
        4 => an_id().prop_map(|id| format!("{id}/*")),
        1 => Just("spiffe://a/*".to_owned()),
        1 => Just("*".to_owned()),
    ]
}

fn a_name() -> impl Strategy<Value = String> {
    let known: Vec<_> = router(Policy::any_trusted_peer()).names().map(|name| name.to_string()).collect();
    prop::sample::select(known.into_iter().chain(UNKNOWN.map(str::to_owned)).collect::<Vec<_>>())
}

fn some_procedures() -> impl Strategy<Value = String> {
    let cut =
        |name: String, at: char| name.rsplit_once(at).map(|(head, _)| format!("{head}{at}*")).unwrap_or(name);
    prop_oneof![
        4 => a_name(),
        3 => a_name().prop_map(move |name| cut(name, '/')),
        2 => a_name().prop_map(move |name| cut(name, '.')),
        1 => Just("*".to_owned()),
    ]
}

fn some_rules() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((some_peers(), some_procedures()), 0..6)
}

proptest! {
    #[test]
    fn what_reflection_shows_is_what_may_be_called(
        before in some_rules(),
        after in some_rules(),
        ids in prop::collection::vec(an_id(), 1..4),
    ) {
        let drawer = Arc::new(Mutex::new(before.clone()));
        let watched = Watched::load(Drawer(drawer.clone())).unwrap();
        let router = router(watched.clone());
        let peers: Vec<_> = ids.iter().map(|id| peer(id)).collect();
        let mut gates: Vec<_> = peers.iter().map(|peer| router.gate(peer.clone())).collect();
        for rules in [before, after] {
            *drawer.lock().unwrap() = rules.clone();
            watched.reload().unwrap();
            for ((id, peer), gate) in ids.iter().zip(&peers).zip(&mut gates) {
                let shown = reflected(&router, peer);
                // Each is asked for twice, since an answer may be remembered.
                for name in router.names().chain(UNKNOWN).cycle().take(2 * router.len() + 8) {
                    let expected = match (oracle(&rules, id, name), router.find(name).is_some()) {
                        (true, true) => Code::Ok,
                        (true, false) => Code::Unimplemented,
                        (false, _) => Code::PermissionDenied,
                    };
                    prop_assert_eq!(code(gate.admit(name)), expected, "{} {}", id, name);
                    prop_assert_eq!(shown.contains(name), expected == Code::Ok, "{} {}", id, name);
                    let explanation = watched.current().explain(peer.id(), name);
                    prop_assert_eq!(explanation.is_allowed(), expected != Code::PermissionDenied);
                }
            }
        }
    }
}

#[test]
fn a_connection_feels_a_new_policy_at_its_next_call() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    let rule = |procedure: &str| format!("[[allow]]\npeers = [\"*\"]\nprocedures = [\"{procedure}\"]\n");
    fs::write(&path, rule("acme.Ledger/balance")).unwrap();
    let policy = Policy::watch(&path).unwrap();
    let router = router(policy.clone());
    let mut gate = router.gate(peer("spiffe://a/teller"));
    let mut asked = || ["acme.Ledger/balance", "acme.Ledger/hire"].map(|name| code(gate.admit(name)));
    assert_eq!(asked(), [Code::Ok, Code::PermissionDenied]);
    fs::write(&path, rule("acme.Ledger/hire")).unwrap();
    // The thread that looks may have been first.
    policy.reload().unwrap();
    assert_eq!(asked(), [Code::PermissionDenied, Code::Ok]);
    fs::write(&path, "[[allow]]\npeers = [\"bob\"]\n").unwrap();
    let error = policy.reload().unwrap_err().to_string();
    assert!(error.contains("the old ones stay in force") && error.contains("policy.toml:2:10: "), "{error}");
    assert_eq!(asked(), [Code::PermissionDenied, Code::Ok]);
}

#[test]
fn a_file_that_is_emptied_for_a_moment_locks_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    fs::write(&path, "[[allow]]\npeers = [\"*\"]\nprocedures = [\"*\"]\n").unwrap();
    let policy = Watched::load(super::super::policy::PolicyFile::new(&path)).unwrap();
    fs::write(&path, "").unwrap();
    policy.look();
    assert_eq!((policy.current().rules(), policy.report().failure), (1, None));
    policy.look();
    assert_eq!(policy.current().rules(), 0, "it was meant");
    fs::write(&path, "[[allow]]\npeers = [\"*\"]\nprocedures = [\"*\"]\n").unwrap();
    policy.look();
    assert_eq!(policy.current().rules(), 1);
}

#[test]
fn who_may_not_call_is_not_told_whether_there_is_anything_to_call() {
    let router = router(Policy::builder().allow(&["spiffe://a/alice"], &["acme.*"]).build().unwrap());
    let (mut alice, mut bob) = (router.gate(peer("spiffe://a/alice")), router.gate(peer("spiffe://a/bob")));
    let refusal = |gate: &mut Gate, name: &str| gate.admit(name).unwrap_err();
    let (known, unknown) = (refusal(&mut bob, "acme.Ledger/hire"), refusal(&mut bob, "acme.Ledger/fire"));
    assert_eq!(known.message.replace("hire", "fire"), unknown.message);
    assert_eq!(
        Status { message: String::new(), ..known },
        Status { message: String::new(), ..unknown.clone() }
    );
    assert_eq!(
        unknown.message,
        "spiffe://a/bob may not call acme.Ledger/fire; ask whoever runs this server for a rule in its policy"
    );
    assert_eq!(refusal(&mut alice, "acme.Ledger/fire").code, Code::Unimplemented);
    assert_eq!(refusal(&mut alice, "other.Ledger/hire").code, Code::PermissionDenied);
}

#[test]
fn the_key_of_what_reflection_shows_is_another_where_that_is() {
    let book = |rules: &[(&str, &str)]| {
        let rules: Vec<_> =
            rules.iter().map(|(peers, names)| (peers.to_string(), names.to_string())).collect();
        router(policy(&rules).unwrap())
    };
    let one = book(&[("spiffe://a/*", "acme.*"), ("spiffe://a/alice", "countersign.*")]);
    let other = book(&[("spiffe://a/*", "acme.*"), ("spiffe://a/alice", "*")]);
    let key = |router: &Arc<Router>, who: &str| router.gate(peer(who)).revision(b"services");
    assert_eq!(key(&one, "spiffe://a/bob"), key(&one, "spiffe://a/carol"));
    assert_eq!(key(&one, "spiffe://a/bob"), key(&other, "spiffe://a/bob"));
    assert_ne!(key(&one, "spiffe://a/bob"), key(&one, "spiffe://a/alice"));
    assert_ne!(key(&one, "spiffe://a/alice"), key(&other, "spiffe://a/alice"));
    assert_ne!(one.gate(peer("spiffe://a/bob")).revision(b"others"), key(&one, "spiffe://a/bob"));
}

#[test]
fn hostile_names_are_refused_and_shown_harmless() {
    let router = router(Policy::builder().build().unwrap());
    let mut gate = router.gate(peer("spiffe://a/bob"));
    for name in
        ["", "/", "*", "acme.*", "acme.Ledger/*", "a\nb", "\u{1b}[2J", &"x".repeat(100_000), "\u{202e}/"]
    {
        let status = gate.admit(name).unwrap_err();
        assert_eq!((status.code, status.handler_ran), (Code::PermissionDenied, HandlerRan::No));
        assert!(
            status.message.len() < 2_000 && !status.message.contains(char::is_control),
            "{}",
            status.message
        );
        assert!(!status.message.contains('\u{202e}'));
    }
}
