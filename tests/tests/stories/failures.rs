//! The table of failures, `rpc/FAILURES.md`, word for word: each of its rows is made to happen over real sockets, in
//! both roles where it can be, and what the two sides say is what stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign::{
    Client, ClientBuilder, ConnectError, ConnectionError, Credentials, FailureKind, Policy,
    RefusedPeerReason, Server,
};
use countersign_certs::StaleCrl;
use countersign_tests::forge::{self, Forge, Leaf, Pair};
use countersign_tests::{Clerk, DeskServer, Running, soon};
use jiff::Timestamp;
use rustls::crypto::aws_lc_rs;
use rustls::version::TLS13;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::identity_matrix::rsa_1024;
use crate::refusals::ALPN;
use crate::session::client_hello_of_tls_1_2;

const TABLE: &str = include_str!("../../../rpc/FAILURES.md");

/// How long either side waits for a silent one.
const PATIENCE: Duration = Duration::from_millis(500);

/// Where a sentence stands in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Judging,
    Refused,
}

/// What is said of failures: for each row and column the sentences, and the remedy.
type Said = BTreeMap<(&'static str, Column), (BTreeSet<String>, String)>;

#[derive(Default)]
struct Witness(Said);

impl Witness {
    fn server(&mut self, reason: &RefusedPeerReason) {
        let column = match reason {
            RefusedPeerReason::RefusedUs(_) => Column::Refused,
            _ => Column::Judging,
        };
        self.hear(reason.kind(), column, &reason.to_string(), reason.remedy());
    }

    fn client(&mut self, error: &ConnectError, address: &str) {
        let column = match error {
            ConnectError::RefusedByServer { .. } => Column::Refused,
            _ => Column::Judging,
        };
        self.hear(error.kind(), column, &error.to_string().replace(address, "ADDRESS"), error.remedy());
    }

    fn hear(&mut self, kind: FailureKind, column: Column, words: &str, remedy: &str) {
        // Whom it was about is not part of the reason.
        let words = ["refused ADDRESS: ", "ADDRESS refused us: ", "the peer refused us: "]
            .iter()
            .find_map(|about| words.strip_prefix(about))
            .unwrap_or(words);
        let words: Vec<_> = words.split(' ').map(undated).collect();
        let (sentences, known_remedy) =
            self.0.entry((kind.code(), column)).or_insert_with(|| (BTreeSet::new(), remedy.to_owned()));
        sentences.insert(words.join(" "));
        assert_eq!(known_remedy, remedy, "a row has one remedy for each side");
    }
}

impl Witness {
    fn add(&mut self, other: Self) {
        for (place, (sentences, remedy)) in other.0 {
            let (known, known_remedy) =
                self.0.entry(place).or_insert_with(|| (BTreeSet::new(), remedy.clone()));
            known.extend(sentences);
            assert_eq!(*known_remedy, remedy, "a row has one remedy for each side");
        }
    }

    /// As the table has it.
    fn rows(&self) -> String {
        let cell = |name, column| match self.0.get(&(name, column)) {
            Some((sentences, remedy)) => {
                let sentences: Vec<_> = sentences.iter().map(String::as_str).collect();
                format!("{}; *try:* {remedy}", sentences.join(" · "))
            }
            None => "–".to_owned(),
        };
        let row = |name| {
            format!("| `{name}` | {} | {} |\n", cell(name, Column::Judging), cell(name, Column::Refused))
        };
        FailureKind::ALL.iter().map(|kind| row(kind.code())).collect()
    }
}

/// The word, or `DATE` if it is one.
fn undated(word: &str) -> &str {
    if word.parse::<Timestamp>().is_ok() { "DATE" } else { word }
}

/// What the table says of each row, in its order.
fn table() -> (Vec<&'static str>, Said) {
    let (mut names, mut said) = (Vec::new(), Said::new());
    for row in TABLE.lines().filter_map(|line| line.strip_prefix("| `")) {
        let cells: Vec<_> = row.trim_end_matches(" |").split(" | ").collect();
        let [name, judging, refused] = cells[..] else { panic!("three cells: {row}") };
        let name = name.trim_end_matches('`');
        names.push(name);
        for (column, cell) in [(Column::Judging, judging), (Column::Refused, refused)] {
            let Some((sentences, remedy)) = cell.split_once("; *try:* ") else {
                assert_eq!(cell, "–", "{name}");
                continue;
            };
            let sentences = sentences.split(" · ").map(str::to_owned).collect();
            said.insert((name, column), (sentences, remedy.to_owned()));
        }
    }
    (names, said)
}

/// A server of ours, and what it says of whom it refuses, or who refuses it.
struct Judge {
    running: Running,
    told: mpsc::UnboundedReceiver<Witness>,
}

impl Judge {
    async fn new(credentials: Credentials) -> Self {
        let (tell, told) = mpsc::unbounded_channel();
        let builder = Server::builder(credentials, Policy::any_trusted_peer())
            .service(DeskServer::new(Clerk::default()))
            .handshake_timeout(PATIENCE)
            .on_refusal(move |peer| {
                let mut witness = Witness::default();
                witness.server(&peer.reason);
                // A story that is over does not listen any more.
                let _ = tell.send(witness);
            });
        Self { running: Running::start(builder).await, told }
    }

    async fn of(forge: &Forge) -> Self {
        Self::new(forge.credentials(forge.leaf())).await
    }

    async fn knock(&self) -> TcpStream {
        TcpStream::connect(self.running.address).await.expect("it listens")
    }

    async fn said(&mut self, all: &mut Witness) {
        all.add(soon("the refusal", self.told.recv()).await.expect("the server runs"));
    }

    /// What both say when a client of ours comes with these.
    async fn meets(&mut self, all: &mut Witness, credentials: Credentials) {
        self.meets_client(all, Client::builder(credentials), &self.running.name()).await;
    }

    async fn meets_client(&mut self, all: &mut Witness, builder: ClientBuilder, address: &str) {
        let error = soon("the failure", builder.connect(address)).await.expect_err("one refuses the other");
        all.client(&error, address);
        self.said(all).await;
    }

    /// What the server says when a client of rustls comes.
    async fn meets_raw(&mut self, all: &mut Witness, config: rustls::ClientConfig) {
        let name = "localhost".try_into().expect("a name");
        if let Ok(mut tls) = TlsConnector::from(Arc::new(config)).connect(name, self.knock().await).await {
            // In TLS 1.3 the client is done before it is judged.
            let _ = tls.read(&mut [0; 1]).await;
        }
        self.said(all).await;
    }

    /// What the server says when somebody says this.
    async fn hears(&mut self, all: &mut Witness, bytes: &[u8]) {
        let mut tcp = self.knock().await;
        tcp.write_all(bytes).await.expect("it is read");
        self.said(all).await;
    }
}

/// What a client of ours says of a server that does this.
async fn of_server<F: Future<Output = ()> + Send + 'static>(
    all: &mut Witness,
    forge: &Forge,
    act: impl FnOnce(TcpStream) -> F + Send + 'static,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("localhost:{}", listener.local_addr().expect("it listens").port());
    let server = tokio::spawn(async move { act(listener.accept().await.expect("a client").0).await });
    let builder = Client::builder(forge.credentials(forge.leaf())).connect_timeout(PATIENCE);
    let error = builder.connect(&address).await.expect_err("it is no server of ours");
    all.client(&error, &address);
    server.abort();
}

/// What a client of ours says of a server of rustls.
async fn of_raw_server(all: &mut Witness, forge: &Forge, config: rustls::ServerConfig) {
    of_server(all, forge, async move |tcp| {
        if let Ok(mut tls) = TlsAcceptor::from(Arc::new(config)).accept(tcp).await {
            let _ = tls.read(&mut [0; 1]).await;
        }
    })
    .await;
}

/// What a client of ours says of a server that says this to its hello.
async fn of_answer(all: &mut Witness, forge: &Forge, answer: Vec<u8>) {
    of_server(all, forge, async move |mut tcp: TcpStream| {
        let _ = tcp.read(&mut [0; 4096]).await;
        tcp.write_all(&answer).await.expect("it is read");
        let _ = tcp.read_to_end(&mut Vec::new()).await;
    })
    .await;
}

/// What a client of ours makes of an alert.
async fn of_alert(all: &mut Witness, forge: &Forge, alert: u8) {
    const FATAL: u8 = 2;
    of_answer(all, forge, vec![21, 3, 3, 0, 2, FATAL, alert]).await;
}

/// What both roles say of a bad certificate that our own library would not take.
async fn of_bad_pair(all: &mut Witness, forge: &Forge, bad: fn(&Forge) -> Pair) {
    Judge::of(forge).await.meets_raw(all, bad(forge).client(forge.certificate(), ALPN)).await;
    of_raw_server(all, forge, bad(forge).server(ALPN)).await;
}

/// What both sides say of a bad certificate, in both roles.
async fn of_bad_leaf(all: &mut Witness, forge: &Forge, spoil: fn(Leaf) -> Leaf) {
    Judge::of(forge).await.meets(all, forge.credentials(spoil(forge.leaf()))).await;
    let mut server = Judge::new(forge.credentials(spoil(forge.leaf()))).await;
    server.meets(all, forge.credentials(forge.leaf())).await;
}

/// One's own identity, and what another trusts.
fn mixed(own: &Forge, trusted: &Forge) -> Credentials {
    let trust = match own.domain() == trusted.domain() {
        true => trusted.trust().clone(),
        false => own
            .trust()
            .clone()
            .and(trusted.domain().clone(), vec![trusted.certificate().clone()])
            .expect("another domain"),
    };
    own.sign(own.leaf()).credentials(trust)
}

/// A library that has one key exchange, and that one nobody else wants.
fn eccentric() -> Arc<rustls::crypto::CryptoProvider> {
    let mut provider = aws_lc_rs::default_provider();
    provider.kx_groups = vec![aws_lc_rs::kx_group::MLKEM768];
    Arc::new(provider)
}

/// Before there is TLS.
async fn ways_there(all: &mut Witness, forge: &Forge) {
    let client = || Client::builder(forge.credentials(forge.leaf()));
    all.client(&client().connect("localhost").await.expect_err("no port"), "ADDRESS");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens").to_string();
    drop(listener);
    all.client(&client().connect(&address).await.expect_err("nobody listens"), &address);

    let mut judge = Judge::of(forge).await;
    let _silent = judge.knock().await;
    judge.said(all).await;
    of_server(all, forge, async |tcp: TcpStream| {
        std::future::pending::<()>().await;
        drop(tcp);
    })
    .await;
    drop(judge.knock().await);
    judge.said(all).await;
    of_server(all, forge, async |tcp: TcpStream| drop(tcp)).await;
    let mut crowd = Vec::new();
    for _ in 0..=64 {
        crowd.push(judge.knock().await);
    }
    judge.said(all).await;
}

/// What is wrong with TLS, or what is within.
async fn protocols(all: &mut Witness, forge: &Forge) {
    let mut judge = Judge::of(forge).await;
    judge.hears(all, b"GET / HTTP/1.1\r\n\r\n").await;
    of_answer(all, forge, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await;

    judge.hears(all, &client_hello_of_tls_1_2()).await;
    of_answer(all, forge, server_hello_of_tls_1_2()).await;
    of_alert(all, forge, 70).await;

    let pair = forge.sign(forge.leaf());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(forge.certificate().clone()).expect("a root");
    let client = rustls::ClientConfig::builder_with_provider(eccentric())
        .with_protocol_versions(&[&TLS13])
        .expect("TLS 1.3")
        .with_root_certificates(roots)
        .with_client_auth_cert(pair.chain.clone(), pair.key.clone_key())
        .expect("a matching key");
    judge.meets_raw(all, client).await;
    let server = rustls::ServerConfig::builder_with_provider(eccentric())
        .with_protocol_versions(&[&TLS13])
        .expect("TLS 1.3")
        .with_no_client_auth()
        .with_single_cert(pair.chain, pair.key)
        .expect("a matching key");
    of_raw_server(all, forge, server).await;

    judge.meets_raw(all, forge.sign(forge.leaf()).client(forge.certificate(), b"h2")).await;
    of_raw_server(all, forge, forge.sign(forge.leaf()).server(b"")).await;
    of_raw_server(all, forge, forge.sign(forge.leaf()).server(b"h2")).await;

    // A handshake message of another kind than a hello.
    const NONSENSE: &[u8] = &[22, 3, 3, 0, 4, 20, 0, 0, 0];
    judge.hears(all, NONSENSE).await;
    of_answer(all, forge, NONSENSE.to_vec()).await;
}

/// What is wrong with a certificate.
async fn certificates(all: &mut Witness, forge: &Forge) {
    Judge::of(forge).await.meets_raw(all, forge::anonymous_client(forge.certificate(), ALPN)).await;
    of_bad_leaf(all, forge, Leaf::expired).await;
    of_bad_leaf(all, forge, Leaf::not_yet_valid).await;
    Judge::of(forge).await.meets(all, forge.credentials(forge.leaf().server_only())).await;
    of_raw_server(all, forge, forge.sign(forge.leaf().client_only()).server(ALPN)).await;
    of_bad_pair(all, forge, |forge| forge.sign(forge.leaf().uris(&[]))).await;
    of_bad_pair(all, forge, |forge| forge.sign(forge.leaf().authority())).await;
    of_bad_pair(all, forge, |forge| {
        forge.sign(forge.leaf()).showing(|chain| vec![[&chain[0][..], &[0]].concat().into()])
    })
    .await;
    let long = forge.below(|params| params).below().below().below().below();
    let chain = || long.sign(forge.leaf()).credentials(forge.trust().clone());
    Judge::of(forge).await.meets(all, chain()).await;
    Judge::new(chain()).await.meets(all, forge.credentials(forge.leaf())).await;
    of_bad_pair(all, forge, |forge| forge.sign_for(forge.leaf(), &rsa_1024())).await;
    of_bad_pair(all, forge, |forge| Pair { key: forge.sign(forge.leaf()).key, ..forge.sign(forge.leaf()) })
        .await;
}

/// Whose certificate it is, and who stands behind it.
async fn peers(all: &mut Witness, forge: &Forge) {
    // Two authorities with one name, and the names of both sides say nothing.
    let namesake = Forge::of("test.internal");
    Judge::of(forge).await.meets(all, mixed(&namesake, forge)).await;
    Judge::of(forge).await.meets(all, namesake.credentials(namesake.leaf())).await;
    let renamed = Forge::named("test.internal authority of old", "test.internal");
    Judge::of(forge).await.meets(all, mixed(&renamed, forge)).await;
    // Two domains.
    let theirs = Forge::of("theirs.internal");
    Judge::of(forge).await.meets(all, mixed(&theirs, forge)).await;
    Judge::new(mixed(&theirs, forge)).await.meets(all, forge.credentials(forge.leaf())).await;
    // Another host, and another server.
    let mut judge = Judge::of(forge).await;
    let client = || Client::builder(forge.credentials(forge.leaf()));
    let address: SocketAddr = judge.running.address;
    judge.meets_client(all, client(), &address.to_string()).await;
    let ledger = client().expect_peer(forge::id("spiffe://test.internal/ledger"));
    let name = judge.running.name();
    judge.meets_client(all, ledger, &name).await;
}

/// What lists of revocations say, or do not.
async fn revocations(all: &mut Witness, forge: &Forge) {
    const REVOKED: u64 = 4711;
    let trusting = |due_in| {
        let lists = vec![forge.revocations(&[REVOKED], due_in)];
        forge.trust().clone().with_crls(forge.domain(), lists, StaleCrl::Refuse).expect("a list of ours")
    };
    let (in_time, stale) = (trusting(3_600), trusting(-60));
    let below = forge.below(|params| params);
    let unlisted = || below.sign(forge.leaf()).credentials(forge.trust().clone());
    let revoked = || forge.credentials(forge.leaf().serial(REVOKED));
    let sound = || forge.credentials(forge.leaf());
    for (trust, shown) in
        [(&in_time, &revoked as &dyn Fn() -> Credentials), (&stale, &sound), (&in_time, &unlisted)]
    {
        let judge = || forge.trusting(forge.leaf(), trust.clone());
        Judge::new(judge()).await.meets(all, shown()).await;
        Judge::new(shown()).await.meets(all, judge()).await;
    }
}

/// What a client makes of alerts that no server of ours sends it for these reasons.
async fn alerts(all: &mut Witness, forge: &Forge) {
    for alert in
        [CERTIFICATE_REVOKED, CERTIFICATE_EXPIRED, DECRYPT_ERROR, INTERNAL_ERROR, CERTIFICATE_REQUIRED]
    {
        of_alert(all, forge, alert).await;
    }
}

const CERTIFICATE_REVOKED: u8 = 44;
const CERTIFICATE_EXPIRED: u8 = 45;
const DECRYPT_ERROR: u8 = 51;
const INTERNAL_ERROR: u8 = 80;
const CERTIFICATE_REQUIRED: u8 = 116;

/// What nobody can make happen on loopback alone.
fn elsewhere(all: &mut Witness) {
    let (address, there) = (|| "ADDRESS".to_owned(), "ADDRESS");
    let source = io::Error::other("no such host");
    all.client(&ConnectError::HostUnknown { address: address(), source }, there);
    let source = io::Error::new(io::ErrorKind::NetworkUnreachable, "no route there");
    all.client(&ConnectError::Unreachable { address: address(), source }, there);
    let reason = Arc::new(ConnectionError::Cut);
    all.client(&ConnectError::Lost { address: address(), reason }, there);
    all.client(&ConnectError::Failed { address: address(), detail: "the network is down".to_owned() }, there);
    let broken = rustls::Error::General("a root cannot be read".to_owned());
    all.client(&ConnectError::Setup(broken.into()), there);
    all.server(&RefusedPeerReason::Io(io::Error::other("the network is down")));
}

/// The first words of a server that chose TLS 1.2.
fn server_hello_of_tls_1_2() -> Vec<u8> {
    let mut hello = vec![22, 3, 3, 0, 44, 2, 0, 0, 40, 3, 3];
    hello.extend_from_slice(&[7; 32]);
    // No session, ECDHE-ECDSA with AES-128-GCM, no compression, no extensions.
    hello.extend_from_slice(&[0, 0xc0, 0x2b, 0, 0, 0]);
    hello
}

#[test]
fn the_table_of_failures_has_a_row_for_each_kind() {
    let (names, _) = table();
    assert_eq!(names, FailureKind::ALL.iter().map(|kind| kind.code()).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_say_what_the_table_of_failures_says() {
    let forge = Forge::of("test.internal");
    let mut all = Witness::default();
    ways_there(&mut all, &forge).await;
    protocols(&mut all, &forge).await;
    certificates(&mut all, &forge).await;
    peers(&mut all, &forge).await;
    revocations(&mut all, &forge).await;
    alerts(&mut all, &forge).await;
    elsewhere(&mut all);
    let (_, written) = table();
    assert!(all.0 == written, "rpc/FAILURES.md should be:\n{}", all.rows());
}
