//! Certificates that are revoked while they are in use: within a second or so their streams end with the reason, and
//! nobody is let in with them again.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::builtin::connections::ConnectionsClient;
use countersign::call::ServerStream;
use countersign::{
    Bytes, CallError, Client, Code, ConnectError, ConnectionError, Credentials, Lapse, Policy, ProbableCause,
    Refusal, Server, Watched,
};
use countersign_certs::authority::Plan;
use countersign_certs::{StaleCrl, TrustDomain};
use countersign_tests::forge::{self, Forge};
use countersign_tests::mill::{MillClient, MillServer, Miller};
use countersign_tests::pki::{ByHand, Pki};
use countersign_tests::{Clerk, DeskServer, Running, soon};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::refusals::ALPN;

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

/// What it may take until a list bites that was just placed. The promise is a second, on a machine that has nothing
/// else to do; what it took is printed.
const BITES_WITHIN: Duration = Duration::from_secs(10);

pub(crate) async fn mill(credentials: Watched<Credentials>, miller: &Miller) -> Running {
    let mill = MillServer::new(miller.clone());
    Running::start(Server::builder(credentials, Policy::any_trusted_peer()).service(mill)).await
}

/// Reads a stream without end to its end.
pub(crate) async fn end_of(stream: &mut ServerStream<Bytes, (), Infallible>, within: Duration) -> CallError {
    let began = Instant::now();
    let end = tokio::time::timeout(within, async {
        loop {
            match stream.next().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("there is no end to it"),
                Err(error) => return error,
            }
        }
    });
    let error = end.await.expect("the end of the stream");
    println!("the stream ended after {} ms: {error}", began.elapsed().as_millis());
    error
}

#[tokio::test]
async fn a_stream_ends_with_the_reason_when_its_clients_certificate_is_revoked() {
    let (pki, miller) = (Pki::new(&TrustDomain::default()), Miller::default());
    let running = mill(pki.server("mill", HOUR), &miller).await;
    let (alice, bob) = (pki.client("alice", HOUR), pki.client("bob", HOUR));
    let alices = running.connect(alice.clone()).await.expect("a good client");
    let bobs = running.connect(bob).await.expect("a good client");
    let mut stream = MillClient::new(alices.clone()).pour(1 << 10).await.expect("a stream");
    let mut other = MillClient::new(bobs).pour(1 << 10).await.expect("a stream");
    assert!(stream.next().await.expect("an item").is_some());

    pki.revoke("alice");
    pki.tell("mill");
    let error = end_of(&mut stream, BITES_WITHIN).await;
    let CallError::Lost(reason) = error else { panic!("{error}") };
    let ConnectionError::ClosedByPeer { code, message } = &*reason else { panic!("{reason}") };
    assert_eq!((*code, message.as_str()), (Code::Unauthenticated, "the client's certificate was revoked"));
    soon("the end of the handler", miller.left.notified()).await;

    let error = soon("the end", MillClient::new(alices).echo("hello?")).await.expect_err("it is refused");
    assert!(error.to_string().contains("revoked"), "{error}");
    assert_revoked(running.connect(alice).await.expect_err("it is refused"));
    assert!(other.next().await.expect("an item").is_some(), "others are not touched");
}

fn assert_revoked(error: ConnectError) {
    let ConnectError::RefusedByServer { refusal, .. } = error else { panic!("{error}") };
    assert_eq!((refusal.alert.as_str(), refusal.cause), ("certificate_revoked", ProbableCause::Revoked));
}

#[tokio::test]
async fn a_stream_ends_with_the_reason_when_its_servers_certificate_is_revoked() {
    let (pki, miller) = (Pki::new(&TrustDomain::default()), Miller::default());
    let running = mill(pki.server("mill", HOUR), &miller).await;
    let client = running.connect(pki.client("alice", HOUR)).await.expect("a good client");
    let mut stream = MillClient::new(client.clone()).pour(1 << 10).await.expect("a stream");
    assert!(stream.next().await.expect("an item").is_some());

    pki.revoke("mill");
    pki.tell("alice");
    let error = end_of(&mut stream, BITES_WITHIN).await;
    let CallError::Lost(reason) = error else { panic!("{error}") };
    assert!(matches!(*reason, ConnectionError::Lapsed(Lapse::Revoked("server"))), "{reason}");
    soon("the end of the handler", miller.left.notified()).await;

    let error = soon("the end", MillClient::new(client).echo("hello?")).await.expect_err("it is refused");
    let CallError::NotConnected(error) = error else { panic!("{error}") };
    let ConnectError::Refused { refusal, .. } = &*error else { panic!("{error}") };
    assert_eq!(*refusal, Refusal::Revoked);
}

#[tokio::test]
async fn no_ticket_lets_a_revoked_client_back() {
    let pki = Pki::new(&TrustDomain::default());
    let server = pki.server("desk", HOUR);
    let desk = DeskServer::new(Clerk::default());
    let builder = Server::builder(server.clone(), Policy::any_trusted_peer()).service(desk);
    let running = Running::start(builder).await;
    let alice = pki.client("alice", HOUR).current();
    let root = &alice.trust().roots(alice.identity().id().trust_domain())[0];
    let pair =
        forge::Pair { chain: alice.identity().chain().to_vec(), key: alice.identity().key().clone_key() };
    let mut config = pair.client(root, ALPN);
    config.enable_early_data = true;
    let connector = TlsConnector::from(Arc::new(config));
    let greeted = async || {
        let tcp = TcpStream::connect(running.address).await.expect("it listens");
        let mut tls = connector.connect("localhost".try_into().expect("a name"), tcp).await?;
        soon("the server's hello", tls.read_u8()).await
    };
    for _ in 0..3 {
        greeted().await.expect("a good client");
    }
    pki.revoke("alice");
    pki.tell("desk");
    assert!(server.reload().expect("a good list"));
    for _ in 0..3 {
        let error = greeted_no_more(&greeted).await;
        assert!(error.contains("CertificateRevoked"), "{error}");
    }
}

/// What a client hears that the server accepted before. The server may be some milliseconds late.
async fn greeted_no_more(greeted: &impl AsyncFn() -> std::io::Result<u8>) -> String {
    soon("the refusal", async {
        loop {
            if let Err(error) = greeted().await {
                return error.to_string();
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_list_that_is_overdue_keeps_new_peers_out_and_leaves_the_others() {
    let (forge, miller) = (Forge::of("test.internal"), Miller::default());
    let listed = |due_in, stale| {
        let lists = vec![forge.revocations(&[], due_in)];
        let trust = forge.trust().clone().with_crls(forge.domain(), lists, stale).expect("a good list");
        forge.trusting(forge.leaf(), trust)
    };
    let (hand, credentials) = ByHand::watched(listed(3_600, StaleCrl::Refuse));
    let running = mill(credentials.clone(), &miller).await;
    let good = forge.credentials(forge.leaf());
    let client = running.connect(good.clone()).await.expect("a good client");
    let mut stream = MillClient::new(client).pour(1 << 10).await.expect("a stream");

    hand.replace(listed(-60, StaleCrl::Refuse), &credentials);
    let error = soon("the refusal", async {
        loop {
            if let Err(error) = running.connect(good.clone()).await {
                return error;
            }
        }
    });
    let ConnectError::RefusedByServer { refusal, .. } = error.await else {
        panic!("it is for the server to say")
    };
    assert_eq!((refusal.alert.as_str(), refusal.cause), ("certificate_unknown", ProbableCause::StaleCrl));
    for _ in 0..100 {
        assert!(stream.next().await.expect("an item").is_some());
    }
    hand.replace(listed(-60, StaleCrl::Accept), &credentials);
    soon("another setting", async { while running.connect(good.clone()).await.is_err() {} }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_peers_one_is_sent_away_while_the_others_are_served() {
    const PEERS: u64 = 200;
    let (forge, miller) = (Forge::of("test.internal"), Miller::default());
    let (hand, credentials) = ByHand::watched(forge.credentials(forge.leaf()));
    let running = mill(credentials.clone(), &miller).await;
    let mut clients = Vec::new();
    for serial in 1..=PEERS {
        let connected = running.connect(forge.credentials(forge.leaf().serial(serial))).await;
        clients.push(connected.expect("a good client"));
    }
    let mut stream = MillClient::new(clients[6].clone()).pour(1 << 10).await.expect("a stream");
    let lists = vec![forge.revocations(&[7], 3_600)];
    let trust =
        forge.trust().clone().with_crls(forge.domain(), lists, StaleCrl::Refuse).expect("a good list");
    hand.replace(forge.trusting(forge.leaf(), trust), &credentials);
    let error = end_of(&mut stream, BITES_WITHIN).await;
    assert!(error.to_string().contains("revoked"), "{error}");
    for (number, client) in clients.iter().enumerate().filter(|(number, _)| *number != 6) {
        let answer = MillClient::new(client.clone()).echo("hi").fail_fast().await;
        assert_eq!(answer.unwrap_or_else(|error| panic!("{number}: {error}")), "hi");
    }
    let left = ConnectionsClient::new(clients[0].clone()).list(None::<u64>).await.expect("a list");
    let numbers: Vec<_> = left.iter().map(|connection| connection.number).collect();
    assert_eq!(
        numbers,
        (0..PEERS).filter(|number| *number != 6).collect::<Vec<_>>(),
        "nobody had to come again"
    );
}

#[tokio::test]
async fn whoever_is_no_longer_trusted_is_sent_away() {
    let (ours, partners) = (Pki::new(&domain("ours.internal")), Pki::new(&domain("partner.internal")));
    let (server, partner) = (ours.server("mill", HOUR), partners.client("alice", HOUR));
    let trusting = |home: &Pki, name: &str, other: &Pki| {
        let roots = home.home(name).join("trust");
        std::fs::create_dir_all(&roots).expect("a folder");
        let file = roots.join(format!("{}.pem", other.authority.trust_domain()));
        std::fs::write(&file, other.authority.certificate_pem()).expect("a file");
        file
    };
    let roots = trusting(&ours, "mill", &partners);
    trusting(&partners, "alice", &ours);
    server.reload().expect("good roots");
    partner.reload().expect("good roots");
    let miller = Miller::default();
    let running = mill(server.clone(), &miller).await;
    let client = running.connect(partner).await.expect("a trusted partner");
    let mut stream = MillClient::new(client).pour(1 << 10).await.expect("a stream");
    assert!(stream.next().await.expect("an item").is_some());

    std::fs::remove_file(roots).expect("it is there");
    server.reload().expect("our own roots");
    let error = end_of(&mut stream, BITES_WITHIN).await;
    assert!(error.to_string().contains("the client's certificate is no longer trusted"), "{error}");
}

fn domain(name: &str) -> TrustDomain {
    name.parse().expect("a domain")
}

#[tokio::test]
async fn credentials_that_are_replaced_cut_nobody_who_is_still_good() {
    let pki = Pki::new(Plan::new(TrustDomain::default()).with_intermediate());
    let (server, alice) = (pki.server("mill", HOUR), pki.client("alice", HOUR));
    let miller = Miller::default();
    let running = mill(server.clone(), &miller).await;
    let client: Client = running.connect(alice.clone()).await.expect("a good client");
    let mut stream = MillClient::new(client).pour(1 << 10).await.expect("a stream");
    for _ in 0..3 {
        for (name, credentials) in [("mill", &server), ("alice", &alice)] {
            pki.renew(name, HOUR);
            pki.tell(name);
            assert!(credentials.reload().expect("a good set"));
        }
        assert!(stream.next().await.expect("an item").is_some());
    }
    // New ones come in with what is new, and find the server with what is new.
    let latest = server.current().identity().certificate().fingerprint().to_owned();
    let second = soon("the newer certificate", async {
        loop {
            let client = running.connect(alice.clone()).await.expect("a good client");
            if client.peer().is_some_and(|peer| peer.fingerprint() == latest) {
                return client;
            }
        }
    })
    .await;
    assert_eq!(MillClient::new(second).echo("hi").await.expect("an answer"), "hi");
    assert!(stream.next().await.expect("an item").is_some());
}
