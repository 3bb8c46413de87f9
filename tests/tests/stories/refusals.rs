//! Peers that must not be served: what the judging side says, exactly, and what the refused side makes of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::{
    Client, ConnectError, Credentials, Policy, ProbableCause, Refusal, RefusedPeerReason, Server,
};
use countersign_certs::CertificateInfo;
use countersign_tests::forge::{self, Forge, Leaf};
use countersign_tests::{Clerk, DeskServer, Office, Running, soon};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::{TlsAcceptor, TlsConnector};

pub(crate) const ALPN: &[u8] = b"countersign/1";

/// What a refusal may take, from dialling to the error.
const PROMPT: Duration = Duration::from_secs(1);

/// A sound server, and what it says of those it refuses.
pub(crate) struct Judge {
    pub(crate) running: Running,
    refused: mpsc::UnboundedReceiver<RefusedPeerReason>,
}

impl Judge {
    pub(crate) async fn new(credentials: Credentials) -> Self {
        let (tell, refused) = mpsc::unbounded_channel();
        let builder = Server::builder(credentials, Policy::any_trusted_peer())
            .service(DeskServer::new(Clerk::default()))
            .handshake_timeout(Duration::from_millis(500))
            .on_refusal(move |peer| {
                // A story that is over does not listen any more.
                let _ = tell.send(told(&peer.reason));
            });
        Self { running: Running::start(builder).await, refused }
    }

    async fn of(forge: &Forge) -> Self {
        Self::new(forge.credentials(forge.leaf())).await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.running.address
    }

    pub(crate) async fn verdict(&mut self) -> RefusedPeerReason {
        soon("the refusal", self.refused.recv()).await.expect("the server runs")
    }

    /// Refuses a client of ours, and gives what both sides say.
    async fn refuse(&mut self, credentials: Credentials) -> (Refusal, ConnectError) {
        let began = Instant::now();
        let error = self.running.connect(credentials).await.expect_err("it must be refused");
        let verdict = self.verdict().await;
        assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
        let RefusedPeerReason::Refused(refusal) = verdict else { panic!("{verdict}") };
        (refusal, error)
    }

    /// Refuses a client of rustls alone.
    async fn refuse_raw(&mut self, config: rustls::ClientConfig) -> Refusal {
        let tcp = TcpStream::connect(self.address()).await.expect("it listens");
        let connector = TlsConnector::from(Arc::new(config));
        if let Ok(mut tls) = connector.connect("localhost".try_into().expect("a name"), tcp).await {
            // In TLS 1.3 the client is done before it is judged.
            let _ = tls.read(&mut [0; 1]).await;
        }
        match self.verdict().await {
            RefusedPeerReason::Refused(refusal) => refusal,
            verdict => panic!("{verdict}"),
        }
    }
}

/// The reason again, since it is only lent.
fn told(reason: &RefusedPeerReason) -> RefusedPeerReason {
    match reason {
        RefusedPeerReason::Refused(refusal) => RefusedPeerReason::Refused(refusal.clone()),
        RefusedPeerReason::RefusedUs(refusal) => RefusedPeerReason::RefusedUs(refusal.clone()),
        RefusedPeerReason::Silent(waited) => RefusedPeerReason::Silent(*waited),
        RefusedPeerReason::Closed => RefusedPeerReason::Closed,
        other => panic!("{other}"),
    }
}

fn cause(error: ConnectError) -> (String, ProbableCause) {
    match error {
        ConnectError::RefusedByServer { refusal, .. } => (refusal.alert, refusal.cause),
        other => panic!("{other}"),
    }
}

/// Signs a spoilt leaf, has it refused by a server of the same authority, and gives what both sides say.
async fn refused_client(spoil: impl FnOnce(Leaf) -> Leaf) -> (Refusal, (String, ProbableCause)) {
    let forge = Forge::of("test.internal");
    let mut judge = Judge::of(&forge).await;
    let (refusal, error) = judge.refuse(forge.credentials(spoil(forge.leaf()))).await;
    (refusal, cause(error))
}

#[tokio::test]
async fn a_server_refuses_a_client_that_has_expired() {
    let (refusal, (alert, cause)) = refused_client(Leaf::expired).await;
    assert!(matches!(refusal, Refusal::Expired(_)), "{refusal}");
    assert_eq!(alert, "certificate_expired");
    assert!(matches!(cause, ProbableCause::Expired(_)), "{cause}");
}

#[tokio::test]
async fn a_server_refuses_a_client_that_is_not_valid_yet() {
    let (refusal, (alert, cause)) = refused_client(Leaf::not_yet_valid).await;
    assert!(matches!(refusal, Refusal::NotYetValid(_)), "{refusal}");
    assert_eq!(alert, "certificate_expired");
    assert!(matches!(cause, ProbableCause::NotYetValid(_)), "{cause}");
}

#[tokio::test]
async fn a_server_refuses_a_client_whose_certificate_is_for_servers() {
    let (refusal, (alert, cause)) = refused_client(Leaf::server_only).await;
    assert_eq!(
        (refusal, alert.as_str()),
        (Refusal::WrongUsage { role: "client" }, "unsupported_certificate")
    );
    assert_eq!(cause, ProbableCause::WrongUsage("client"));
}

#[tokio::test]
async fn a_server_refuses_a_client_of_an_unknown_authority() {
    let ours = Forge::of("test.internal");
    let mut judge = Judge::of(&ours).await;
    let stranger = Forge::of("test.internal");
    // It believes the server, so that the server gets to judge it.
    let credentials = stranger.trusting(stranger.leaf(), ours.trust().clone());
    let (refusal, error) = judge.refuse(credentials).await;
    assert_eq!(refusal, Refusal::UnknownAuthority);
    assert_eq!(cause(error).0, "unknown_ca");
}

#[tokio::test]
async fn a_server_refuses_a_client_of_another_trust_domain() {
    let ours = Forge::of("ours.internal");
    let mut judge = Judge::of(&ours).await;
    let theirs = Forge::of("theirs.internal");
    let both = theirs
        .trust()
        .clone()
        .and("ours.internal".parse().expect("a domain"), vec![ours.certificate().clone()])
        .expect("another domain");
    let (refusal, error) = judge.refuse(theirs.trusting(theirs.leaf(), both)).await;
    assert!(matches!(refusal, Refusal::WrongTrustDomain { .. }), "{refusal}");
    assert!(refusal.to_string().contains("theirs.internal"), "{refusal}");
    let (_, cause) = cause(error);
    assert!(matches!(cause, ProbableCause::UnknownAuthority { .. }), "{cause}");
}

#[tokio::test]
async fn a_server_refuses_one_authority_that_speaks_for_the_domain_of_another() {
    let forge = Forge::of("test.internal");
    let mut judge = Judge::of(&forge).await;
    let leaf = forge.leaf().uris(&["spiffe://other.internal/mallory"]);
    let refusal = judge.refuse_raw(forge.sign(leaf).client(forge.certificate(), ALPN)).await;
    assert!(matches!(refusal, Refusal::WrongTrustDomain { .. }), "{refusal}");
}

#[tokio::test]
async fn a_server_refuses_a_client_without_a_certificate() {
    let forge = Forge::of("test.internal");
    let mut judge = Judge::of(&forge).await;
    let refusal = judge.refuse_raw(forge::anonymous_client(forge.certificate(), ALPN)).await;
    assert_eq!(refusal, Refusal::NoCertificate);
}

#[tokio::test]
async fn a_server_refuses_a_client_without_exactly_one_spiffe_id() {
    let forge = Forge::of("test.internal");
    let mut judge = Judge::of(&forge).await;
    let two = ["spiffe://test.internal/a", "spiffe://test.internal/b"];
    for uris in [&[][..], &two[..], &["https://test.internal/a"][..]] {
        let pair = forge.sign(forge.leaf().uris(uris));
        let refusal = judge.refuse_raw(pair.client(forge.certificate(), ALPN)).await;
        assert!(matches!(refusal, Refusal::SpiffeId(_)), "{uris:?}: {refusal}");
    }
}

#[tokio::test]
async fn a_server_refuses_an_authority_as_a_client() {
    let forge = Forge::of("test.internal");
    let mut judge = Judge::of(&forge).await;
    let pair = forge.sign(forge.leaf().authority());
    let refusal = judge.refuse_raw(pair.client(forge.certificate(), ALPN)).await;
    assert_eq!(refusal, Refusal::IsAuthority);
}

#[tokio::test]
async fn a_server_refuses_a_client_of_another_protocol() {
    let forge = Forge::of("test.internal");
    let mut judge = Judge::of(&forge).await;
    for alpn in [&b"h2"[..], b""] {
        let pair = forge.sign(forge.leaf());
        let refusal = judge.refuse_raw(pair.client(forge.certificate(), alpn)).await;
        assert_eq!(refusal, Refusal::NotCountersign, "{alpn:?}");
    }
}

#[tokio::test]
async fn a_server_refuses_a_client_that_speaks_no_tls() {
    let forge = Forge::of("test.internal");
    let mut judge = Judge::of(&forge).await;
    let mut tcp = TcpStream::connect(judge.address()).await.expect("it listens");
    tcp.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.expect("it is read");
    let verdict = judge.verdict().await;
    assert!(matches!(verdict, RefusedPeerReason::Refused(Refusal::NotTls)), "{verdict}");
}

#[tokio::test]
async fn a_server_does_not_wait_for_a_client_that_is_silent() {
    let forge = Forge::of("test.internal");
    let mut judge = Judge::of(&forge).await;
    let began = Instant::now();
    let mut tcp = TcpStream::connect(judge.address()).await.expect("it listens");
    let verdict = judge.verdict().await;
    assert!(matches!(verdict, RefusedPeerReason::Silent(_)), "{verdict}");
    assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
    let end = soon("the end of the stream", tcp.read(&mut [0; 1])).await;
    assert!(matches!(end, Ok(0) | Err(_)), "{end:?}");
}

#[tokio::test]
async fn a_server_survives_a_client_that_closes() {
    let forge = Forge::of("test.internal");
    let mut judge = Judge::of(&forge).await;
    drop(TcpStream::connect(judge.address()).await.expect("it listens"));
    let verdict = judge.verdict().await;
    assert!(matches!(verdict, RefusedPeerReason::Closed), "{verdict}");
    let good = forge.credentials(forge.leaf());
    judge.running.connect(good).await.expect("others are still served");
}

/// A client judges a server of ours whose leaf was spoilt. What both sides say.
async fn refused_server(spoil: impl FnOnce(Leaf) -> Leaf) -> (Refusal, String) {
    let forge = Forge::of("test.internal");
    let mut judge = Judge::new(forge.credentials(spoil(forge.leaf()))).await;
    let good = forge.credentials(forge.leaf());
    let began = Instant::now();
    let error = judge.running.connect(good).await.expect_err("it must be refused");
    let verdict = judge.verdict().await;
    assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
    let RefusedPeerReason::RefusedUs(refusal) = verdict else { panic!("{verdict}") };
    (ours(error), refusal.alert)
}

fn ours(error: ConnectError) -> Refusal {
    match error {
        ConnectError::Refused { refusal, .. } => refusal,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_client_refuses_a_server_that_has_expired() {
    let (refusal, alert) = refused_server(Leaf::expired).await;
    assert!(matches!(refusal, Refusal::Expired(_)), "{refusal}");
    assert_eq!(alert, "certificate_expired");
}

#[tokio::test]
async fn a_client_refuses_a_server_that_is_not_valid_yet() {
    let (refusal, alert) = refused_server(Leaf::not_yet_valid).await;
    assert!(matches!(refusal, Refusal::NotYetValid(_)), "{refusal}");
    assert_eq!(alert, "certificate_expired");
}

#[tokio::test]
async fn a_client_refuses_a_server_whose_certificate_is_for_clients() {
    let forge = Forge::of("test.internal");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("localhost:{}", listener.local_addr().expect("it listens").port());
    // No server of ours would listen with it.
    let acceptor = TlsAcceptor::from(Arc::new(forge.sign(forge.leaf().client_only()).server(ALPN)));
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.expect("a client");
        acceptor.accept(tcp).await.expect_err("the client refuses").to_string()
    });
    let error = Client::builder(forge.credentials(forge.leaf())).connect(&address).await.expect_err("usage");
    assert_eq!(ours(error), Refusal::WrongUsage { role: "server" });
    let alert = soon("the alert", server).await.expect("no panic");
    assert!(alert.contains("UnsupportedCertificate"), "{alert}");
}

#[tokio::test]
async fn nobody_serves_with_a_clients_identity() {
    let credentials = Office::of("test.internal").client("alice");
    let builder = Server::builder(credentials, Policy::any_trusted_peer());
    let error = builder.bind("127.0.0.1:0").await.expect_err("every client would refuse it");
    assert!(error.to_string().contains("spiffe://test.internal/alice"), "{error}");
}

#[tokio::test]
async fn a_client_refuses_a_server_of_an_unknown_authority() {
    let judge = Judge::of(&Forge::of("test.internal")).await;
    let stranger = Forge::of("test.internal");
    let error = judge.running.connect(stranger.credentials(stranger.leaf())).await.expect_err("unknown");
    assert_eq!(ours(error), Refusal::UnknownAuthority);
}

#[tokio::test]
async fn a_client_refuses_a_server_of_another_trust_domain() {
    let judge = Judge::of(&Forge::of("theirs.internal")).await;
    let ours_forge = Forge::of("ours.internal");
    let error = judge.running.connect(ours_forge.credentials(ours_forge.leaf())).await.expect_err("other");
    let refusal = ours(error);
    assert!(matches!(refusal, Refusal::WrongTrustDomain { .. }), "{refusal}");
}

#[tokio::test]
async fn a_client_refuses_a_server_for_another_host() {
    let forge = Forge::of("test.internal");
    let judge = Judge::of(&forge).await;
    let good = forge.credentials(forge.leaf());
    let address = judge.address().to_string();
    let error = Client::builder(good.clone()).connect(&address).await.expect_err("it is for localhost");
    let refusal = ours(error);
    assert!(matches!(refusal, Refusal::WrongHost { .. }), "{refusal}");
    assert!(refusal.to_string().contains("localhost"), "{refusal}");

    let expected = forge::id("spiffe://test.internal/mallory");
    let connected = Client::builder(good).expect_peer(expected).connect(&address).await;
    connected.expect("where an ID is expected, the host does not matter");
}

#[tokio::test]
async fn a_client_refuses_a_server_that_is_not_the_one_it_expects() {
    let office = Office::of("test.internal");
    let running = Running::desk(office.server("desk", &["localhost"]), &Clerk::default()).await;
    let address = format!("localhost:{}", running.address.port());
    let builder = Client::builder(office.client("alice"));
    let expected = forge::id("spiffe://test.internal/ledger");
    let refusal = ours(builder.expect_peer(expected).connect(&address).await.expect_err("it is the desk"));
    assert!(matches!(refusal, Refusal::WrongPeer { .. }), "{refusal}");
}

#[tokio::test]
async fn a_client_refuses_a_server_of_another_protocol() {
    let forge = Forge::of("test.internal");
    for alpn in [&b"h2"[..], b""] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("localhost:{}", listener.local_addr().expect("it listens").port());
        let acceptor = TlsAcceptor::from(Arc::new(forge.sign(forge.leaf()).server(alpn)));
        let server = tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.expect("a client");
            if let Ok(mut tls) = acceptor.accept(tcp).await {
                let _ = tls.read(&mut [0; 1]).await;
            }
        });
        let error = Client::builder(forge.credentials(forge.leaf())).connect(&address).await.expect_err("h2");
        match error {
            ConnectError::Refused { refusal: Refusal::NotCountersign, .. } => {}
            ConnectError::RefusedByServer { refusal, .. } => {
                assert_eq!(refusal.cause, ProbableCause::NotCountersign);
            }
            other => panic!("{other}"),
        }
        soon("the end of the server", server).await.expect("no panic");
    }
}

/// A listener that does this with the first client, and what a client of ours makes of it.
async fn odd_server<F: Future<Output = ()> + Send + 'static>(
    act: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> ConnectError {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("localhost:{}", listener.local_addr().expect("it listens").port());
    tokio::spawn(async move { act(listener.accept().await.expect("a client").0).await });
    let office = Office::of("test.internal");
    let builder = Client::builder(office.client("alice")).connect_timeout(Duration::from_millis(500));
    let began = Instant::now();
    let error = builder.connect(&address).await.expect_err("it is no server of ours");
    assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
    error
}

#[tokio::test]
async fn a_client_says_when_a_server_speaks_no_tls() {
    let error = odd_server(async |mut tcp: TcpStream| {
        tcp.write_all(b"220 mail.internal ESMTP\r\n").await.expect("it is read");
        let _ = tcp.read_to_end(&mut Vec::new()).await;
    })
    .await;
    assert_eq!(ours(error), Refusal::NotTls);
}

#[tokio::test]
async fn a_client_does_not_wait_for_a_server_that_is_silent() {
    let error = odd_server(async |tcp: TcpStream| {
        std::future::pending::<()>().await;
        drop(tcp);
    })
    .await;
    assert!(matches!(error, ConnectError::Silent { .. }), "{error}");
}

#[tokio::test]
async fn a_client_says_when_a_server_closes() {
    let error = odd_server(async |tcp: TcpStream| drop(tcp)).await;
    assert!(matches!(error, ConnectError::Closed { .. }), "{error}");
}

#[tokio::test]
async fn a_client_says_when_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("localhost:{}", listener.local_addr().expect("it listens").port());
    drop(listener);
    let office = Office::of("test.internal");
    let error = Client::builder(office.client("alice")).connect(&address).await.expect_err("nobody");
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains(&address), "{error}");
}

#[tokio::test]
async fn a_server_tells_the_address_and_the_certificate_of_whom_it_refuses() {
    let forge = Forge::of("test.internal");
    let (tell, mut told) = mpsc::unbounded_channel();
    let builder = Server::builder(forge.credentials(forge.leaf()), Policy::any_trusted_peer()).on_refusal(
        move |peer| tell.send((peer.address, peer.fingerprint.clone())).expect("the story goes on"),
    );
    let running = Running::start(builder).await;
    let another_key = forge.sign(forge.leaf()).key;
    let pairs = [
        forge.sign(forge.leaf().expired()),
        forge.sign(forge.leaf()).showing(|chain| vec![chain[0][..9].to_vec().into()]),
        forge::Pair { key: another_key, ..forge.sign(forge.leaf()) },
    ];
    for pair in pairs {
        let fingerprint = CertificateInfo::fingerprint_of(&pair.chain[0]);
        let tcp = TcpStream::connect(running.address).await.expect("it listens");
        let address = tcp.local_addr().expect("it is connected");
        let config = pair.client(forge.certificate(), ALPN);
        let connector = TlsConnector::from(Arc::new(config));
        // Whatever comes of it on this side.
        let _tls = connector.connect("localhost".try_into().expect("a name"), tcp).await;
        let expected = (Some(address), Some(fingerprint));
        assert_eq!(soon("the refusal", told.recv()).await.expect("the server runs"), expected);
    }
}
