//! Peers that come and go no further: slow, silent, noisy, and many.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::{Client, ConnectError, Credentials, FailureKind, Policy, Server};
use countersign_proto::{Connection, Limits};
use countersign_tests::conformance::TestClient;
use countersign_tests::forge::Forge;
use countersign_tests::{Clerk, DeskClient, DeskServer, Running, soon};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::interval;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::refusals::ALPN;

/// Strangers that one address may have in handshake.
const SHARE: usize = 64;

/// How long a stranger may take here.
const PATIENCE: Duration = Duration::from_millis(300);

/// Between two bytes of a slow one: it says something all the time.
const DRIP: Duration = Duration::from_millis(10);

/// A server, and what it says of those who do not become peers.
struct Door {
    forge: Forge,
    running: Running,
    refused: mpsc::UnboundedReceiver<Told>,
}

/// What is told of a stranger.
struct Told {
    address: Option<SocketAddr>,
    fingerprint: Option<String>,
    kind: FailureKind,
    words: String,
}

impl Door {
    async fn patient_for(patience: Duration) -> Self {
        let forge = Forge::of("test.internal");
        let (tell, refused) = mpsc::unbounded_channel();
        let builder = Server::builder(forge.credentials(forge.leaf()), Policy::any_trusted_peer())
            .service(DeskServer::new(Clerk::default()))
            .handshake_timeout(patience)
            .on_refusal(move |peer| {
                // A story that is over does not listen any more.
                let _ = tell.send(Told {
                    address: peer.address,
                    fingerprint: peer.fingerprint.clone(),
                    kind: peer.reason.kind(),
                    words: peer.reason.to_string(),
                });
            });
        Self { running: Running::start(builder).await, forge, refused }
    }

    async fn open() -> Self {
        Self::patient_for(PATIENCE).await
    }

    async fn knock(&self) -> TcpStream {
        TcpStream::connect(self.running.address).await.expect("it listens")
    }

    /// TLS, with a good certificate and no word behind it.
    async fn come_in(&self) -> TlsStream<TcpStream> {
        let config = self.forge.sign(self.forge.leaf()).client(self.forge.certificate(), ALPN);
        let name = "localhost".try_into().expect("a name");
        let connected = TlsConnector::from(Arc::new(config)).connect(name, self.knock().await).await;
        connected.expect("a good certificate")
    }

    async fn verdict(&mut self) -> Told {
        soon("the verdict", self.refused.recv()).await.expect("the server runs")
    }

    async fn good_client(&self) -> Result<Client, ConnectError> {
        self.running.connect(self.forge.credentials(self.forge.leaf())).await
    }
}

/// Says one byte after another, until there are no more or nobody listens. How many it said.
async fn drip(io: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> usize {
    let mut tick = interval(DRIP);
    for (said, byte) in bytes.iter().enumerate() {
        tick.tick().await;
        if io.write_all(&[*byte]).await.is_err() || io.flush().await.is_err() {
            return said;
        }
    }
    bytes.len()
}

/// The first words of a sound client.
fn client_hello(forge: &Forge) -> Vec<u8> {
    let config = forge.sign(forge.leaf()).client(forge.certificate(), ALPN);
    let name = "localhost".try_into().expect("a name");
    let mut client = rustls::ClientConnection::new(Arc::new(config), name).expect("a sound client");
    let mut hello = Vec::new();
    client.write_tls(&mut hello).expect("memory");
    hello
}

fn our_hello() -> Vec<u8> {
    Connection::<()>::client(Limits::default(), "stranger", Instant::now()).take_outbox()
}

async fn closes(io: &mut (impl AsyncRead + Unpin)) {
    let end = soon("the end", io.read_to_end(&mut Vec::new())).await;
    assert!(matches!(end, Ok(_) | Err(_)), "in whatever way");
}

fn is_too_slow(told: &Told) {
    assert_eq!(told.words, "the peer did not complete the handshake within 300ms");
    assert_eq!(told.kind, FailureKind::Silent);
}

#[tokio::test]
async fn a_stranger_that_says_a_byte_now_and_then_has_no_longer_than_others() {
    let mut door = Door::open().await;
    let mut tcp = door.knock().await;
    let hello = client_hello(&door.forge);
    assert!(drip(&mut tcp, &hello).await < hello.len(), "it is not listened to for so long");
    is_too_slow(&door.verdict().await);
}

#[tokio::test]
async fn a_stranger_that_begins_tls_and_falls_silent_goes_at_its_deadline() {
    let mut door = Door::open().await;
    let mut tcp = door.knock().await;
    tcp.write_all(&client_hello(&door.forge)).await.expect("it is read");
    is_too_slow(&door.verdict().await);
    closes(&mut tcp).await;
}

#[tokio::test]
async fn a_stranger_with_a_certificate_and_no_hello_goes_at_the_same_deadline() {
    let mut door = Door::open().await;
    let mut tls = door.come_in().await;
    let told = door.verdict().await;
    is_too_slow(&told);
    assert!(told.fingerprint.is_some(), "it has shown its certificate");
    closes(&mut tls).await;
}

#[tokio::test]
async fn a_stranger_that_drips_its_hello_goes_at_its_deadline() {
    let mut door = Door::open().await;
    let mut tls = door.come_in().await;
    let hello = our_hello();
    assert!(drip(&mut tls, &hello[..hello.len() - 1].repeat(9)).await < 9 * hello.len());
    is_too_slow(&door.verdict().await);
}

#[tokio::test]
async fn a_stranger_that_says_something_else_than_hello_speaks_another_protocol() {
    let mut door = Door::open().await;
    let mut tls = door.come_in().await;
    tls.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("it is read");
    let Told { kind, words, .. } = door.verdict().await;
    assert_eq!((kind, &*words), (FailureKind::NotCountersign, "the peer does not speak countersign/1"));
}

#[tokio::test]
async fn endless_garbage_is_refused_at_once_and_not_read_for_long() {
    let mut door = Door::open().await;
    // A record of TLS in its head, and no sense in it; and no TLS at all.
    let mut record = vec![22, 3, 1, 0x40, 0];
    record.resize(record.len() + 0x4000, 0xff);
    for garbage in [record, vec![0x2a; 1 << 14]] {
        let (mut reader, mut writer) = door.knock().await.into_split();
        let noise = tokio::spawn(async move { while writer.write_all(&garbage).await.is_ok() {} });
        let Told { kind, words, .. } = door.verdict().await;
        assert!(matches!(kind, FailureKind::NotTls | FailureKind::BrokenTls), "{words}");
        soon("the end of reading it", noise).await.expect("no panic");
        let _ = reader.read_to_end(&mut Vec::new()).await;
    }
    door.good_client().await.expect("others are served");
}

#[tokio::test]
async fn a_peer_that_has_said_hello_is_no_stranger_however_quiet_it_is_afterwards() {
    let door = Door::open().await;
    let desk = DeskClient::new(door.good_client().await.expect("a good client"));
    tokio::time::sleep(2 * PATIENCE).await;
    assert_eq!(desk.echo("still here").await.expect("an answer"), "still here");
    assert_eq!(desk.whoami().await.expect("an answer"), "spiffe://test.internal/mallory");
}

/// Many that come from one address and say nothing. Only Linux has all of 127.0.0.0/8 without being told.
#[cfg(target_os = "linux")]
async fn crowd(server: SocketAddr, from: &str, count: usize) -> Vec<TcpStream> {
    let mut crowd = Vec::new();
    for _ in 0..count {
        let socket = TcpSocket::new_v4().expect("a descriptor");
        socket.bind(format!("{from}:0").parse().expect("an address")).expect("a port");
        crowd.push(socket.connect(server).await.expect("it listens"));
    }
    crowd
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_address_holds_its_share_of_the_places_and_its_oldest_goes() {
    let mut door = Door::patient_for(Duration::from_secs(60)).await;
    let mut crowd = crowd(door.running.address, "127.0.0.2", SHARE + 10).await;
    for stranger in &mut crowd[..10] {
        let Told { address, kind, words, fingerprint } = door.verdict().await;
        assert_eq!(fingerprint, None);
        assert_eq!(address, Some(stranger.local_addr().expect("it was connected")));
        assert_eq!((kind, &*words), (FailureKind::Crowded, "too many peers are in handshake"));
        closes(stranger).await;
    }
    // Those who have their places still do, and others come in.
    let mut byte = [0];
    let still_there = tokio::time::timeout(DRIP, crowd[10].read(&mut byte)).await;
    still_there.expect_err("nobody said anything to it");
    door.good_client().await.expect("it comes from another address");
    assert!(door.refused.is_empty());
}

/// A server in a process that may have few descriptors.
struct Poor {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Poor {
    fn with_descriptors(count: u32) -> Self {
        let mut child = Command::new("sh")
            .args(["-c", &format!("ulimit -n {count} && exec \"$0\""), env!("CARGO_BIN_EXE_conformance")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let said: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let text = |name: &str| said[name].as_str().expect("text").to_owned();
        Self { child, address: text("address").parse().expect("an address"), folder: text("folder").into() }
    }
}

impl Drop for Poor {
    fn drop(&mut self) {
        // It has nothing to finish.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn without_descriptors_strangers_make_room_for_a_good_client() {
    let poor = Poor::with_descriptors(64);
    // More than there are descriptors, and none of them with its share of the places.
    let mut crowds = Vec::new();
    for from in ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"] {
        crowds.extend(crowd(poor.address, from, SHARE / 2).await);
    }
    let alice = Credentials::load(poor.folder.join("alice")).expect("an identity");
    let address = poor.address.to_string();
    let connected = soon("a connection", Client::builder(alice).connect(&address)).await;
    let client = connected.expect("strangers make room");
    assert_eq!(
        TestClient::new(client).peer().await.expect("an answer"),
        "spiffe://conformance.internal/alice"
    );
    drop(crowds);
}
