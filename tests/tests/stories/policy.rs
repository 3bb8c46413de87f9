//! Who may call what: what a peer meets that may not, and what becomes of it when the policy is replaced.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use countersign::builtin::connections::ConnectionsClient;
use countersign::builtin::health::HealthClient;
use countersign::builtin::reflection::ReflectionClient;
use countersign::{CallError, Client, Code, Credentials, HandlerRan, Policy, Server, Status, Watched};
use countersign_certs::Trust;
use countersign_tests::forge::Forge;
use countersign_tests::mill::{MillClient, MillServer, Miller};
use countersign_tests::{Clerk, DeskClient, DeskServer, Office, Running, soon};
use tempfile::TempDir;

/// A desk and a mill under a policy.
async fn guarded(office: &Office, policy: impl Into<Watched<Policy>>) -> (Running, Clerk, Miller) {
    let (clerk, miller) = (Clerk::default(), Miller::default());
    let builder = Server::builder(office.server("desk", &["localhost"]), policy);
    let builder = builder.service(DeskServer::new(clerk.clone())).service(MillServer::new(miller.clone()));
    (Running::start(builder).await, clerk, miller)
}

fn rules(rules: &[(&[&str], &[&str])]) -> Policy {
    let policy = rules.iter().fold(Policy::builder(), |policy, (peers, names)| policy.allow(peers, names));
    policy.build().expect("sound rules")
}

/// A policy in a file, which a story replaces.
struct Rulebook {
    folder: TempDir,
    policy: Watched<Policy>,
}

impl Rulebook {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("policy.toml");
        fs::write(&path, text).expect("a file");
        Self { policy: Policy::watch(path).expect("a sound policy"), folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("policy.toml")
    }

    /// Puts another one in its place, and looks at it now. Says what is wrong with it.
    fn replace(&self, text: &str) -> Result<(), String> {
        let new = self.folder.path().join("policy.new");
        fs::write(&new, text).expect("a file");
        fs::rename(new, self.path()).expect("its folder is the same");
        self.policy.reload().map(drop).map_err(|error| error.to_string())
    }
}

fn allow(peers: &str, procedures: &str) -> String {
    format!("[[allow]]\npeers = [\"{peers}\"]\nprocedures = [\"{procedures}\"]\n")
}

fn status<T, F: std::fmt::Debug>(ended: Result<T, CallError<F>>) -> Status {
    match ended {
        Err(CallError::Status(status)) => status,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was allowed"),
    }
}

fn code<T, F: std::fmt::Debug>(ended: Result<T, CallError<F>>) -> Code {
    status(ended).code
}

#[tokio::test]
async fn a_peer_calls_what_a_rule_allows_and_is_told_who_can_help_with_the_rest() {
    let office = Office::of("test.internal");
    let policy = rules(&[(&["spiffe://test.internal/alice"], &["test.Desk/echo"])]);
    let (running, ..) = guarded(&office, policy).await;
    let alice = DeskClient::new(running.connect(office.client("alice")).await.expect("she is trusted"));
    let bob = DeskClient::new(running.connect(office.client("bob")).await.expect("he is trusted"));
    assert_eq!(alice.echo("hi").await.expect("it is allowed"), "hi");
    let refusal = status(bob.echo("hi").await);
    assert_eq!((refusal.code, refusal.handler_ran), (Code::PermissionDenied, HandlerRan::No));
    assert_eq!(
        refusal.message,
        "spiffe://test.internal/bob may not call test.Desk/echo; \
         ask whoever runs this server for a rule in its policy"
    );
    assert!(!refusal.is_retryable());
    assert_eq!(code(alice.whoami().await), Code::PermissionDenied);
}

#[tokio::test]
async fn a_server_with_an_empty_policy_lets_peers_in_and_nobody_call() {
    let office = Office::of("test.internal");
    let (running, ..) = guarded(&office, "".parse::<Policy>().expect("it is sound")).await;
    let client = running.connect(office.client("alice")).await.expect("she is trusted");
    assert_eq!(code(DeskClient::new(client.clone()).echo("hi").await), Code::PermissionDenied);
    assert_eq!(code(HealthClient::new(client.clone()).get(None::<String>).await), Code::PermissionDenied);
    assert_eq!(code(ReflectionClient::new(client).services().await), Code::PermissionDenied);
}

#[tokio::test]
async fn what_exists_is_told_apart_from_what_is_not_allowed_only_where_a_rule_allows_the_name() {
    let office = Office::of("test.internal");
    let (running, ..) = guarded(&office, rules(&[(&["*"], &["test.Desk/*", "gone.*"])])).await;
    let client = running.connect(office.client("alice")).await.expect("she is trusted");
    for (procedure, expected) in [
        ("test.Desk/shout", Code::Unimplemented),
        ("gone.Service/method", Code::Unimplemented),
        ("test.Mill/echo", Code::PermissionDenied),
        ("test.Mill/shout", Code::PermissionDenied),
        ("test.Desks/echo", Code::PermissionDenied),
        ("test.Desk", Code::PermissionDenied),
        ("*", Code::PermissionDenied),
        ("", Code::PermissionDenied),
    ] {
        assert_eq!(code(client.call_raw(procedure, vec![0xa0]).await), expected, "{procedure}");
    }
}

#[tokio::test]
async fn a_path_lets_in_those_below_it_and_nobody_whose_name_begins_alike() {
    let (home, abroad) = (Forge::of("test.internal"), Forge::of("test.internal.evil"));
    let with = |trust: &Trust, other: &Forge| {
        trust.clone().and(other.domain().clone(), vec![other.certificate().clone()]).expect("two domains")
    };
    let server = home.credentials(home.leaf());
    let trusting_both = Credentials::new(server.identity().clone(), with(home.trust(), &abroad));
    let policy = rules(&[(&["spiffe://test.internal/team/*"], &["test.Desk/whoami"])]);
    let builder = Server::builder(trusting_both, policy);
    let running = Running::start(builder.service(DeskServer::new(Clerk::default()))).await;
    for (forge, other, id, is_allowed) in [
        (&home, &abroad, "spiffe://test.internal/team/a", true),
        (&home, &abroad, "spiffe://test.internal/team/a/b", true),
        (&home, &abroad, "spiffe://test.internal/team", false),
        (&home, &abroad, "spiffe://test.internal/team-evil", false),
        (&home, &abroad, "spiffe://test.internal/team-evil/a", false),
        (&home, &abroad, "spiffe://test.internal/x/team/a", false),
        (&abroad, &home, "spiffe://test.internal.evil/team/a", false),
    ] {
        let credentials = forge.trusting(forge.leaf().uris(&[id]), with(forge.trust(), other));
        let desk = DeskClient::new(running.connect(credentials).await.expect("it is trusted"));
        match is_allowed {
            true => assert_eq!(desk.whoami().await.expect("it is allowed"), id),
            false => assert_eq!(code(desk.whoami().await), Code::PermissionDenied, "{id}"),
        }
    }
}

#[tokio::test]
async fn arguments_are_not_looked_at_before_the_policy_has_spoken() {
    let office = Office::of("test.internal");
    let (running, ..) = guarded(&office, rules(&[(&["*"], &["test.Mill/*"])])).await;
    let client = running.connect(office.client("alice")).await.expect("she is trusted");
    for garbage in [&b"\xff"[..], b"", b"\xa1\x61x\x01"] {
        let allowed = client.call_raw("test.Mill/echo", garbage.to_vec()).await;
        assert_eq!(code(allowed), Code::InvalidArgument);
        let denied = client.call_raw("test.Desk/echo", garbage.to_vec()).await;
        assert_eq!(code(denied), Code::PermissionDenied);
    }
    // Too long for one frame: refused when it is announced, not when all of it has come.
    let denied = client.call_raw("test.Desk/echo", vec![0; 2 << 20]).await;
    assert_eq!(code(denied), Code::PermissionDenied);
    let received = client.call_raw("test.Mill/echo", vec![0xff]).await;
    assert_eq!(code(received), Code::InvalidArgument, "the connection is as good as before");
}

#[tokio::test]
async fn reflection_and_health_show_a_peer_what_it_may_call() {
    let office = Office::of("test.internal");
    let built_in = ["countersign.Reflection/*", "countersign.Health/*"];
    let policy = rules(&[(&["*"], &built_in), (&["spiffe://test.internal/alice"], &["test.Desk/echo"])]);
    let (running, ..) = guarded(&office, policy).await;
    let alice = running.connect(office.client("alice")).await.expect("she is trusted");
    let bob = running.connect(office.client("bob")).await.expect("he is trusted");
    let shown = async |client: &Client| {
        let services = ReflectionClient::new(client.clone()).services().await.expect("it is allowed");
        let names = services.iter().filter(|service| service.name.starts_with("test."));
        names.flat_map(|service| service.procedures.iter().map(|each| each.name.clone())).collect::<Vec<_>>()
    };
    assert_eq!(shown(&alice).await, ["echo"]);
    assert!(shown(&bob).await.is_empty());
    let healthy = async |client: &Client| {
        let services = HealthClient::new(client.clone()).get(None::<String>).await.expect("it is allowed");
        services.iter().any(|service| service.service.starts_with("test."))
    };
    assert!(healthy(&alice).await && !healthy(&bob).await);
    let describe = async |name: &str| status(ReflectionClient::new(bob.clone()).describe(name).await);
    assert_eq!(describe("test.Mill").await, describe("test.Nothing").await, "nobody learns what is there");
}

#[tokio::test]
async fn live_connections_feel_a_new_policy_at_their_next_call() {
    let office = Office::of("test.internal");
    let book = Rulebook::new(&allow("spiffe://test.internal/alice", "test.Desk/*"));
    let (running, ..) = guarded(&office, book.policy.clone()).await;
    let alice = DeskClient::new(running.connect(office.client("alice")).await.expect("she is trusted"));
    let bob = DeskClient::new(running.connect(office.client("bob")).await.expect("he is trusted"));
    assert_eq!(alice.echo("hi").await.expect("it is allowed"), "hi");
    assert_eq!(code(bob.echo("hi").await), Code::PermissionDenied);
    book.replace(&allow("spiffe://test.internal/bob", "test.Desk/*")).expect("a sound policy");
    assert_eq!(code(alice.echo("hi").await), Code::PermissionDenied);
    assert_eq!(bob.echo("hi").await.expect("it is allowed now"), "hi");
}

#[tokio::test]
async fn a_policy_with_a_mistake_changes_nothing() {
    let office = Office::of("test.internal");
    let book = Rulebook::new(&allow("*", "test.Desk/echo"));
    let (running, ..) = guarded(&office, book.policy.clone()).await;
    let desk = DeskClient::new(running.connect(office.client("alice")).await.expect("she is trusted"));
    for broken in ["[[allow]]\n", "peers", &allow("everyone", "*"), "\u{0}", &allow("*", "test.Desk")] {
        let error = book.replace(broken).expect_err("it has a mistake");
        assert!(error.contains("policy.toml:") && error.contains("the old ones stay in force"), "{error}");
        assert_eq!(desk.echo("hi").await.expect("as before"), "hi");
        assert_eq!(code(desk.whoami().await), Code::PermissionDenied);
    }
    fs::remove_file(book.path()).expect("it was there");
    assert!(book.policy.reload().expect_err("it is gone").to_string().contains("no such file"));
    assert_eq!(desk.echo("hi").await.expect("as before"), "hi");
    book.replace(&allow("*", "test.Desk/whoami")).expect("a sound policy");
    assert_eq!(code(desk.echo("hi").await), Code::PermissionDenied);
}

#[tokio::test]
async fn calls_that_are_open_end_when_their_permission_is_withdrawn() {
    let office = Office::of("test.internal");
    let book = Rulebook::new(&allow("*", "test.*"));
    let (running, clerk, miller) = guarded(&office, book.policy.clone()).await;
    let client = running.connect(office.client("alice")).await.expect("she is trusted");
    let mut sacks = MillClient::new(client.clone()).pour(10_u32).await.expect("it is allowed");
    sacks.next().await.expect("a sack").expect("the first of many");
    let mut stays = MillClient::new(client.clone()).double().await.expect("it is allowed");
    let desk = DeskClient::new(client.clone());
    let waiting = tokio::spawn({
        let desk = desk.clone();
        async move { desk.wait().await }
    });
    clerk.arrived().await;
    let kept = allow("*", "test.Mill/double") + &allow("*", "test.Desk/whoami");
    book.replace(&kept).expect("a sound policy");

    let ended = soon("the end of the stream", async {
        loop {
            if let Err(error) = sacks.next().await {
                return error;
            }
        }
    });
    let CallError::Status(refusal) = ended.await else { panic!("it ends with a status") };
    assert_eq!((refusal.code, refusal.handler_ran), (Code::PermissionDenied, HandlerRan::Yes));
    assert!(refusal.message.contains("may not call test.Mill/pour"), "{refusal}");
    let ended = soon("the end of the call", waiting).await.expect("no panic");
    assert_eq!(code(ended), Code::PermissionDenied);
    soon("the end of both handlers", async { tokio::join!(clerk.left(), miller.left.notified()) }).await;

    stays.send(21).await.expect("it is allowed still");
    assert_eq!(stays.next().await.expect("it is allowed still"), Some(42));
    assert_eq!(desk.whoami().await.expect("the connection is the same"), "spiffe://test.internal/alice");
}

#[tokio::test]
async fn only_a_rule_of_its_own_lets_an_operator_close_a_connection() {
    let office = Office::of("test.internal");
    let olga = "spiffe://test.internal/olga";
    let close = "countersign.Connections/close";
    let policy =
        rules(&[(&["*"], &["*", "countersign.*", "countersign.Connections/*"]), (&[olga], &[close])]);
    let (running, clerk, _) = guarded(&office, policy).await;
    let alice = running.connect(office.client("alice")).await.expect("she is trusted");
    let olga = running.connect(office.client("olga")).await.expect("she is trusted");
    let waiting = tokio::spawn({
        let desk = DeskClient::new(alice.clone());
        async move { desk.wait().await }
    });
    clerk.arrived().await;
    let listed = ConnectionsClient::new(alice.clone()).list(None::<u64>).await.expect("it is allowed");
    let number_of =
        |name: &str| listed.iter().find(|live| live.peer.ends_with(name)).expect("it is connected").number;
    let (hers, his) = (number_of("/olga"), number_of("/alice"));
    let later = ConnectionsClient::new(alice.clone()).list(Some(his)).await.expect("it is allowed");
    assert_eq!(
        later.iter().map(|live| live.number).collect::<Vec<_>>(),
        [hers],
        "oldest first, page by page"
    );
    assert_eq!(code(ConnectionsClient::new(alice.clone()).close(hers).await), Code::PermissionDenied);

    let connections = ConnectionsClient::new(olga);
    assert_eq!(code(connections.close(1_000_u64).await), Code::NotFound);
    connections.close(his).await.expect("she may");
    soon("the end of its calls", clerk.left()).await;
    let lost = soon("the end of the call", waiting).await.expect("no panic").expect_err("it was cut");
    assert!(lost.to_string().contains("an operator closed this connection"), "{lost}");
    // Its client is as trusted as before, and connects again.
    let name = soon("another connection", DeskClient::new(alice).whoami()).await.expect("an answer");
    assert_eq!(name, "spiffe://test.internal/alice");
    assert_eq!(code(connections.close(his).await), Code::NotFound);
}

#[tokio::test]
async fn the_names_of_what_one_may_not_call_are_for_those_with_a_rule_of_their_own() {
    let office = Office::of("test.internal");
    let names = "countersign.Reflection/names";
    let policy = rules(&[
        (&["*"], &["test.Desk/echo", "countersign.Reflection/*"]),
        (&["spiffe://test.internal/olga"], &[names]),
    ]);
    let (running, ..) = guarded(&office, policy).await;
    let alice = running.connect(office.client("alice")).await.expect("she is trusted");
    let olga = running.connect(office.client("olga")).await.expect("she is trusted");
    assert_eq!(code(ReflectionClient::new(alice).names().await), Code::PermissionDenied);
    let all = ReflectionClient::new(olga).names().await.expect("she may");
    let allowed = |name: &str| all.iter().find(|each| each.procedure == name).map(|each| each.allowed);
    assert_eq!(allowed("test.Desk/echo"), Some(true));
    assert_eq!(allowed("test.Mill/pour"), Some(false));
    assert_eq!(allowed("countersign.Connections/close"), Some(false));
    assert_eq!(allowed(names), Some(true));
}

#[tokio::test]
async fn a_flood_of_refused_calls_harms_nobody_else() {
    let office = Office::of("test.internal");
    let policy = rules(&[(&["spiffe://test.internal/alice"], &["test.*"])]);
    let (running, _, miller) = guarded(&office, policy).await;
    let mallory = running.connect(office.client("mallory")).await.expect("he is trusted");
    let alice = DeskClient::new(running.connect(office.client("alice")).await.expect("she is trusted"));
    let flood = tokio::spawn(async move {
        for round in 0..2_000 {
            let name = format!("test.Desk/{round}\n{}", "x".repeat(100));
            assert_eq!(code(mallory.call_raw(&name, vec![0xa0]).await), Code::PermissionDenied);
        }
        code(MillClient::new(mallory).pour(10_u32).await.expect("it is sent").finish().await)
    });
    for _ in 0..100 {
        assert_eq!(soon("an answer", alice.echo("hi")).await.expect("it is allowed"), "hi");
    }
    assert_eq!(soon("the end of the flood", flood).await.expect("no panic"), Code::PermissionDenied);
    assert_eq!(miller.poured.load(Ordering::Relaxed), 0, "no handler ran");
}
