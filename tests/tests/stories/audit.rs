//! What the log tells of refused peers and calls, and on request of every call, as machines read it.

use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};

use countersign::builtin::connections::ConnectionsClient;
use countersign::{Client, Policy, Server};
use countersign_tests::mill::{MillClient, MillServer, Miller};
use countersign_tests::{Clerk, DeskClient, DeskServer, Office, Running, soon};
use serde_json::Value as Json;
use tracing::Dispatch;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::util::SubscriberInitExt;

/// What is logged in this thread, which runs a whole story.
struct Log {
    lines: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

impl Log {
    fn new() -> Self {
        // Where there is one subscriber alone, `tracing` takes that of the thread which comes by an event first
        // for the only one: other tests, which have none, would switch the event off for us.
        static ANOTHER: LazyLock<Dispatch> =
            LazyLock::new(|| tracing_subscriber::fmt().with_max_level(LevelFilter::OFF).finish().into());
        LazyLock::force(&ANOTHER);
        let lines = Arc::new(Mutex::new(Vec::new()));
        let page = lines.clone();
        let log = tracing_subscriber::fmt().json().with_max_level(tracing::Level::INFO);
        let log = log.with_writer(move || Page(page.clone()));
        Self { lines, _guard: log.finish().set_default() }
    }

    /// The audit's events that say this.
    fn events(&self, message: &str) -> Vec<Json> {
        let lines = self.lines.lock().expect("nobody panicked").clone();
        let lines = String::from_utf8(lines).expect("it is text");
        assert!(lines.lines().all(|line| !line.contains(char::is_control)), "{lines}");
        let events = lines.lines().map(|line| serde_json::from_str::<Json>(line).expect("it is JSON"));
        events
            .filter(|event| event["target"] == "countersign::audit" && event["fields"]["message"] == message)
            .collect()
    }
}

struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A desk and a mill for Alice, and one client of it.
async fn started(office: &Office, audit_calls: bool, who: &str) -> (Running, Client) {
    let policy =
        Policy::builder().allow(&["spiffe://test.internal/alice"], &["test.*"]).build().expect("a rule");
    let builder = Server::builder(office.server("desk", &["localhost"]), policy).audit_calls(audit_calls);
    let builder =
        builder.service(DeskServer::new(Clerk::default())).service(MillServer::new(Miller::default()));
    let running = Running::start(builder).await;
    let client = running.connect(office.client(who)).await.expect("a good client");
    (running, client)
}

#[tokio::test]
async fn a_refused_call_is_one_event_with_who_what_and_why() {
    let log = Log::new();
    let office = Office::of("test.internal");
    let (_running, bob) = started(&office, false, "bob").await;
    let hostile = "test.Desk/echo\n{\"level\":\"INFO\"}\u{1b}[2J\u{202e}";
    bob.call_raw(hostile, vec![0xa0]).await.expect_err("it is not allowed");
    let events = log.events("call refused");
    let [event] = events.as_slice() else { panic!("one event: {events:?}") };
    let fields = &event["fields"];
    assert_eq!((&event["level"], &fields["status"]), (&"WARN".into(), &"PERMISSION_DENIED".into()));
    assert_eq!(fields["peer"], "spiffe://test.internal/bob");
    assert_eq!(fields["procedure"], "test.Desk/echo\\n{\"level\":\"INFO\"}\\u{1b}[2J\\u{202e}");
    assert!(fields["address"].as_str().expect("where he is").starts_with("127.0.0.1:"), "{fields}");
    assert!(
        fields["reason"].as_str().expect("a reason").starts_with("denied: no rule lets spiffe://"),
        "{fields}"
    );
    assert!(event["timestamp"].is_string() && fields.get("withheld").is_none(), "{event}");
}

#[tokio::test]
async fn a_refused_peer_is_one_event() {
    let log = Log::new();
    let office = Office::of("test.internal");
    let (running, _alice) = started(&office, false, "alice").await;
    running
        .connect(Office::of("test.internal").client("alice"))
        .await
        .expect_err("another authority's Alice");
    let stranger = office.client("eve");
    let identity = Office::of("test.internal").client("eve").identity().clone();
    let stranger = countersign::Credentials::new(identity, stranger.trust().clone());
    running.connect(stranger).await.expect_err("nobody vouches for her");
    let told = async {
        while log.events("peer refused").len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    soon("two events", told).await;
    let events = log.events("peer refused");
    assert!(events.iter().all(|event| event["level"] == "WARN" && event["fields"]["reason"].is_string()));
}

#[tokio::test]
async fn every_call_is_told_where_somebody_asked() {
    let log = Log::new();
    let office = Office::of("test.internal");
    let (_running, alice) = started(&office, true, "alice").await;
    let (desk, mill) = (DeskClient::new(alice.clone()), MillClient::new(alice.clone()));
    desk.echo("secret").await.expect("it is allowed");
    desk.panic().await.expect_err("a bug");
    alice.call_raw("test.Desk/none", vec![0xa0]).await.expect_err("there is no such procedure");
    alice.call_raw("other.Desk/none", vec![0xa0]).await.expect_err("it is not allowed");
    mill.sum().send_all([1, 2]).await.expect("it is allowed");
    mill.sum().send_all([1, 200]).await.expect_err("it is too large");
    let mut sacks = mill.pour(10_u32).await.expect("it is sent");
    sacks.next().await.expect("a sack").expect("the first of many");
    drop(sacks);
    let told = async {
        while log.events("call").len() < 6 {
            tokio::task::yield_now().await;
        }
    };
    soon("six events", told).await;
    let events = log.events("call");
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            let fields = &event["fields"];
            assert_eq!(
                (&event["level"], &fields["peer"]),
                (&"INFO".into(), &"spiffe://test.internal/alice".into())
            );
            assert!(fields["duration_us"].is_u64(), "{fields}");
            (fields["procedure"].as_str().expect("a name"), fields["status"].as_str().expect("a code"))
        })
        .collect();
    assert_eq!(
        told,
        [
            ("test.Desk/echo", "OK"),
            ("test.Desk/panic", "INTERNAL"),
            ("test.Desk/none", "UNIMPLEMENTED"),
            ("test.Mill/sum", "OK"),
            ("test.Mill/sum", "OUT_OF_RANGE"),
            ("test.Mill/pour", "CANCELLED"),
        ]
    );
    assert_eq!(log.events("call refused").len(), 1);
    assert!(!log.lines.lock().expect("nobody panicked").windows(6).any(|bytes| bytes == b"secret"));
}

#[tokio::test]
async fn calls_are_not_told_unless_somebody_asks() {
    let log = Log::new();
    let office = Office::of("test.internal");
    let (_running, alice) = started(&office, false, "alice").await;
    DeskClient::new(alice).echo("hi").await.expect("it is allowed");
    assert!(log.events("call").is_empty());
}

#[tokio::test]
async fn who_closed_a_connection_is_told() {
    let log = Log::new();
    let office = Office::of("test.internal");
    let policy = Policy::builder().allow(&["*"], &["*", "countersign.Connections/close"]).build();
    let server = Server::builder(office.server("desk", &["localhost"]), policy.expect("a sound rule"));
    let running = Running::start(server).await;
    let alice = running.connect(office.client("alice")).await.expect("she is trusted");
    let _bob = running.connect(office.client("bob")).await.expect("he is trusted");
    let connections = ConnectionsClient::new(alice);
    let listed = connections.list(None::<u64>).await.expect("it is allowed");
    let bob = listed.iter().find(|live| live.peer.ends_with("/bob")).expect("he is there");
    connections.close(bob.number).await.expect("it is allowed");
    let events = log.events("connection closed");
    let [event] = events.as_slice() else { panic!("one event: {events:?}") };
    assert_eq!(event["fields"]["peer"], "spiffe://test.internal/alice");
    assert_eq!(event["fields"]["closed"], "spiffe://test.internal/bob");
}

#[tokio::test]
async fn one_who_floods_fills_no_log_and_hides_nobody() {
    let log = Log::new();
    let office = Office::of("test.internal");
    let (running, mallory) = started(&office, false, "mallory").await;
    for _ in 0..1_000 {
        mallory.call_raw("test.Desk/echo", vec![0xa0]).await.expect_err("it is not allowed");
    }
    let of = |who: &str| {
        let events = log.events("call refused").into_iter();
        events.filter(|event| event["fields"]["peer"].as_str().is_some_and(|id| id.ends_with(who))).count()
    };
    let told = of("/mallory");
    assert!((1..50).contains(&told), "{told} of 1000");
    let bob = running.connect(office.client("bob")).await.expect("he is trusted");
    bob.call_raw("test.Desk/echo", vec![0xa0]).await.expect_err("it is not allowed");
    assert_eq!(of("/bob"), 1, "his refusal is told");
}
