//! Rules of the TLS session that no certificate can break.

use std::sync::Arc;
use std::time::Instant;

use countersign_proto::{Connection, Limits, Opening};
use countersign_tests::forge::Forge;
use countersign_tests::{Clerk, Running, soon};
use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::refusals::ALPN;

async fn handshake(running: &Running, connector: &TlsConnector) -> TlsStream<TcpStream> {
    let tcp = TcpStream::connect(running.address).await.expect("it listens");
    let name = "localhost".try_into().expect("a name");
    connector.connect(name, tcp).await.expect("in TLS 1.3 a client is done before it is judged")
}

/// A client's hello of TLS 1.2: no `supported_versions`, and suites of its time.
pub(crate) fn client_hello_of_tls_1_2() -> Vec<u8> {
    let extensions = [
        &[0, 13, 0, 4, 0, 2, 4, 3][..], // signature_algorithms: ecdsa_secp256r1_sha256
        &[0, 10, 0, 4, 0, 2, 0, 23],    // supported_groups: secp256r1
        &[0, 11, 0, 2, 1, 0],           // ec_point_formats: uncompressed
    ]
    .concat();
    let mut hello = vec![3, 3];
    hello.extend_from_slice(&[7; 32]);
    // No session, ECDHE-ECDSA and ECDHE-RSA with AES-128-GCM, no compression.
    hello.extend_from_slice(&[0, 0, 4, 0xc0, 0x2b, 0xc0, 0x2f, 1, 0, 0, extensions.len() as u8]);
    hello.extend_from_slice(&extensions);
    let mut record = vec![22, 3, 1, 0, hello.len() as u8 + 4, 1, 0, 0, hello.len() as u8];
    record.extend_from_slice(&hello);
    record
}

#[tokio::test]
async fn a_server_refuses_a_client_without_tls_1_3() {
    let forge = Forge::of("test.internal");
    let running = Running::desk(forge.credentials(forge.leaf()), &Clerk::default()).await;
    let mut tcp = TcpStream::connect(running.address).await.expect("it listens");
    tcp.write_all(&client_hello_of_tls_1_2()).await.expect("it is read");
    let mut answer = Vec::new();
    soon("the end", tcp.read_to_end(&mut answer)).await.expect("it half-closes");
    const ALERT: u8 = 21;
    const FATAL: u8 = 2;
    const PROTOCOL_VERSION: u8 = 70;
    assert_eq!((answer[0], &answer[5..]), (ALERT, &[FATAL, PROTOCOL_VERSION][..]));
}

#[tokio::test]
async fn a_client_that_is_refused_hears_an_alert_and_nothing_else() {
    let forge = Forge::of("test.internal");
    let running = Running::desk(forge.credentials(forge.leaf()), &Clerk::default()).await;
    let config = forge.sign(forge.leaf().expired()).client(forge.certificate(), ALPN);
    let mut tls = handshake(&running, &TlsConnector::from(Arc::new(config))).await;
    let now = Instant::now();
    let mut proto = Connection::client(Limits::default(), "stranger", now);
    proto.open(now, Opening::new("test.Desk/whoami", b"\xa0"), ()).expect("within the limits");
    // It may be refused before all of this is written.
    let _ = tls.write_all(&proto.take_outbox()).await;
    let mut heard = Vec::new();
    let error = soon("the end", tls.read_to_end(&mut heard)).await.expect_err("an alert");
    assert!(error.to_string().contains("CertificateExpired"), "{error}");
    assert_eq!(heard, b"");
}

#[tokio::test]
async fn a_server_resumes_no_session() {
    let forge = Forge::of("test.internal");
    let running = Running::desk(forge.credentials(forge.leaf()), &Clerk::default()).await;
    let mut config = forge.sign(forge.leaf()).client(forge.certificate(), ALPN);
    // It would resume, and send early data, if it were given the tickets.
    config.enable_early_data = true;
    let connector = TlsConnector::from(Arc::new(config));
    for _ in 0..3 {
        let mut tls = handshake(&running, &connector).await;
        assert!(soon("the server's hello", tls.read_u8()).await.is_ok());
        let (_, session) = tls.get_ref();
        assert_ne!(session.handshake_kind(), Some(HandshakeKind::Resumed));
        assert_eq!((session.tls13_tickets_received(), session.is_early_data_accepted()), (0, false));
    }
}
