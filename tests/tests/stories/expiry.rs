//! Certificates that end while they are in use: streams that outlive them end with the reason, and everything else has
//! moved to another connection before.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::builtin::connections::ConnectionsClient;
use countersign::{CallError, Client, Code, ConnectError, ConnectionError, Lapse, ProbableCause, Refusal};
use countersign_certs::TrustDomain;
use countersign_proto::{Connection, Event, Limits, Opening};
use countersign_tests::forge::Forge;
use countersign_tests::mill::{MillClient, Miller};
use countersign_tests::pki::Pki;
use countersign_tests::renewal::renew_under_load;
use countersign_tests::{Clerk, Running, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::refusals::ALPN;
use crate::revocation::{HOUR, end_of, mill};

/// Long enough to connect with, on a busy machine, and short enough to wait for.
const SHORT: Duration = Duration::from_secs(4);

/// Reads a stream that has no end of its own until it has one, and says why.
async fn end_of_a_stream(client: &Client) -> Arc<ConnectionError> {
    let mut stream = MillClient::new(client.clone()).pour(1 << 10).await.expect("a stream");
    let error = end_of(&mut stream, Duration::from_secs(20)).await;
    let CallError::Lost(reason) = error else { panic!("{error}") };
    reason
}

/// Either side may be the first to say so.
fn assert_expired(reason: &Arc<ConnectionError>, whose: &'static str) {
    match &**reason {
        ConnectionError::Lapsed(lapse) => assert_eq!(*lapse, Lapse::Expired(whose)),
        ConnectionError::ClosedByPeer { code, message } => {
            let expected = format!("the {whose}'s certificate has expired");
            assert_eq!((*code, message), (Code::Unauthenticated, &expected));
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_stream_ends_with_the_reason_when_its_clients_certificate_expires() {
    let (pki, miller) = (Pki::new(&TrustDomain::default()), Miller::default());
    let running = mill(pki.server("mill", HOUR), &miller).await;
    let client = running.connect(pki.client("alice", SHORT)).await.expect("a good client");
    assert_expired(&end_of_a_stream(&client).await, "client");
    soon("the end of the handler", miller.left.notified()).await;
    let error = soon("the end", MillClient::new(client).echo("hello?")).await.expect_err("it is refused");
    let CallError::NotConnected(error) = error else { panic!("{error}") };
    let ConnectError::RefusedByServer { refusal, .. } = &*error else { panic!("{error}") };
    assert_eq!(refusal.alert, "certificate_expired");
    assert!(matches!(refusal.cause, ProbableCause::Expired(_)), "{}", refusal.cause);
}

#[tokio::test]
async fn a_stream_ends_with_the_reason_when_its_servers_certificate_expires() {
    let (pki, miller) = (Pki::new(&TrustDomain::default()), Miller::default());
    let running = mill(pki.server("mill", SHORT), &miller).await;
    let client = running.connect(pki.client("alice", HOUR)).await.expect("a good client");
    assert_expired(&end_of_a_stream(&client).await, "server");
    soon("the end of the handler", miller.left.notified()).await;
    let error = soon("the end", MillClient::new(client).echo("hello?")).await.expect_err("it is refused");
    let CallError::NotConnected(error) = error else { panic!("{error}") };
    let ConnectError::Refused { refusal: Refusal::Expired(_), .. } = &*error else { panic!("{error}") };
}

/// The number of the connection that a call of this client comes over.
async fn number(client: &Client) -> u64 {
    let mine = ConnectionsClient::new(client.clone()).list(None::<u64>).await.expect("a list");
    mine.iter().map(|connection| connection.number).max().expect("this one")
}

#[tokio::test]
async fn a_certificate_that_is_not_renewed_moves_its_connection_once() {
    let (pki, miller) = (Pki::new(&TrustDomain::default()), Miller::default());
    let running = mill(pki.server("mill", HOUR), &miller).await;
    let client = running.connect(pki.client("alice", SHORT)).await.expect("a good client");
    let (mut calls, mut numbers) = (0, Vec::new());
    let error = soon("the end", async {
        loop {
            match ConnectionsClient::new(client.clone()).list(None::<u64>).await {
                Ok(mine) => numbers.extend(mine.iter().map(|connection| connection.number)),
                Err(error) => return error,
            }
            calls += 1;
        }
    })
    .await;
    numbers.sort_unstable();
    numbers.dedup();
    assert!(calls > 10 && numbers == [0, 1], "{calls} calls over {numbers:?}, and then: {error}");
}

#[tokio::test]
async fn a_client_that_does_not_move_is_asked_to_before_it_is_cut() {
    let forge = Forge::of("test.internal");
    let running = Running::desk(forge.credentials(forge.leaf()), &Clerk::default()).await;
    let config = forge.sign(forge.leaf().ends_in(3)).client(forge.certificate(), ALPN);
    let tcp = TcpStream::connect(running.address).await.expect("it listens");
    let connector = TlsConnector::from(Arc::new(config));
    let mut tls =
        connector.connect("localhost".try_into().expect("a name"), tcp).await.expect("a good client");
    let mut proto = Connection::client(Limits::default(), "one that stays", Instant::now());
    // It has a call that does not end, and so does not go when it is asked.
    proto.open(Instant::now(), Opening::new("test.Desk/wait", b"\xa0"), ()).expect("within the limits");
    tls.write_all(&proto.take_outbox()).await.expect("it is read");
    let (mut heard, mut told) = (Vec::new(), Vec::new());
    soon("the end", tls.read_to_end(&mut heard)).await.expect("a proper end");
    while !heard.is_empty() {
        let received = proto.receive(Instant::now(), &heard).expect("a good server");
        if let Some(Event::GoingAway { code, message } | Event::Closed { code, message }) = received.event {
            told.push((code, message));
        }
        let taken = received.taken;
        heard.drain(..taken);
    }
    let (first, last) = (&told[0], &told[told.len() - 1]);
    assert_eq!((first.0, first.1.as_str()), (Code::Ok, "it is time for another connection"));
    assert_eq!((last.0, last.1.as_str()), (Code::Unauthenticated, "the client's certificate has expired"));
}

#[tokio::test]
async fn no_call_fails_while_certificates_are_renewed_and_their_root_is_rolled_over() {
    let renewed = renew_under_load(4 * SHORT + SHORT / 2, SHORT).await.expect("an answer");
    assert!(renewed.outcome.calls > 100 && renewed.outcome.failed == 0, "{renewed:?}");
    assert!(renewed.connections > 3, "{renewed:?}");
}

#[tokio::test]
async fn calls_do_not_notice_that_certificates_are_renewed() {
    let (pki, miller) = (Pki::new(&TrustDomain::default()), Miller::default());
    let (server, alice) = (pki.server("mill", SHORT), pki.client("alice", SHORT));
    let running = mill(server, &miller).await;
    let client = running.connect(alice.clone()).await.expect("a good client");
    let began = Instant::now();
    let mut renewed = 0;
    while began.elapsed() < 2 * SHORT + SHORT / 2 {
        MillClient::new(client.clone()).echo("hi").await.expect("an answer");
        if u32::try_from(began.elapsed().as_secs() / 2).expect("a short story") > renewed {
            renewed += 1;
            ["mill", "alice"].iter().for_each(|name| pki.renew(name, SHORT));
        }
    }
    assert!(renewed > 3 && number(&client).await > 0);
}
