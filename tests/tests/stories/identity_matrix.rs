//! Every kind of bad certificate, shown by a client to a server of ours and by a server to a client of ours: refused
//! before a byte of ours is said or heard, with the exact reason on the side that judges and an alert on the other.

mod check;

use std::sync::Arc;

use countersign::{Client, ConnectError, Credentials, FailureKind, Refusal, RefusedPeerReason};
use countersign_certs::{Identity, StaleCrl, Trust};
use countersign_tests::forge::{Forge, Leaf, Pair};
use countersign_tests::{Clerk, DeskClient, Running, soon};
use rcgen::{BasicConstraints, IsCa, KeyUsagePurpose, SubjectPublicKeyInfo};
use rustls::AlertDescription::{
    self, BadCertificate, CertificateExpired, CertificateRevoked, CertificateUnknown, DecryptError,
    UnknownCA, UnsupportedCertificate,
};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::refusals::{ALPN, Judge};

/// The authorities of the matrix. The judges are of `ours`, and trust `partner` and `friend` for their own domains. We
/// have a list of what we revoked, and an old one of `partner`, and none of `friend`.
struct World {
    ours: Forge,
    partner: Forge,
    friend: Forge,
    stranger: Forge,
}

/// One bad certificate, and what has to come of it.
struct Row {
    what: &'static str,
    show: Show,
    expected: Expected,
}

/// Makes a certificate, good or bad.
type Show = fn(&World) -> Pair;

/// What the judge has to say, and the alert that goes with it.
type Expected = (fn(&Refusal) -> bool, AlertDescription);

const fn row(what: &'static str, show: Show, expected: Expected) -> Row {
    Row { what, show, expected }
}

const EXPIRED: Expected = (|refusal| matches!(refusal, Refusal::Expired(_)), CertificateExpired);
const NOT_YET_VALID: Expected = (|refusal| matches!(refusal, Refusal::NotYetValid(_)), CertificateExpired);
const UNKNOWN_AUTHORITY: Expected = (|refusal| matches!(refusal, Refusal::UnknownAuthority), UnknownCA);
const WRONG_DOMAIN: Expected =
    (|refusal| matches!(refusal, Refusal::WrongTrustDomain { .. }), CertificateUnknown);
const IS_AUTHORITY: Expected = (|refusal| matches!(refusal, Refusal::IsAuthority), CertificateUnknown);
const WRONG_USAGE: Expected =
    (|refusal| matches!(refusal, Refusal::WrongUsage { .. }), UnsupportedCertificate);
const SPIFFE_ID: Expected = (|refusal| matches!(refusal, Refusal::SpiffeId(_)), CertificateUnknown);
const MALFORMED: Expected = (|refusal| matches!(refusal, Refusal::Malformed(_)), CertificateUnknown);
const WEAK_KEY: Expected = (|refusal| matches!(refusal, Refusal::WeakKey(_)), CertificateUnknown);
const KEY_MISMATCH: Expected = (|refusal| matches!(refusal, Refusal::KeyMismatch), DecryptError);
const REVOKED: Expected = (|refusal| matches!(refusal, Refusal::Revoked), CertificateRevoked);
const UNKNOWN_REVOCATION: Expected =
    (|refusal| matches!(refusal, Refusal::UnknownRevocation), CertificateUnknown);
const STALE_CRL: Expected = (|refusal| matches!(refusal, Refusal::StaleCrl(_)), CertificateUnknown);
const WRONG_HOST: Expected = (|refusal| matches!(refusal, Refusal::WrongHost { .. }), BadCertificate);

/// What either side refuses in the other.
const BAD: &[Row] = &[
    // Its time.
    row("expired", |w| w.ours(Leaf::expired), EXPIRED),
    row("not valid yet", |w| w.ours(Leaf::not_yet_valid), NOT_YET_VALID),
    row("below an authority that has expired", |w| w.below(ended), EXPIRED),
    row("below an authority of tomorrow", |w| w.below(of_tomorrow), NOT_YET_VALID),
    // Who stands behind it.
    row("of an unknown authority", |w| w.stranger.sign(w.ours.leaf()), UNKNOWN_AUTHORITY),
    row("of another authority of our name", |w| w.namesake(), UNKNOWN_AUTHORITY),
    row("self-signed", |w| w.ours.self_sign(w.ours.leaf()), UNKNOWN_AUTHORITY),
    row("of a partner in our name", |w| w.partner.sign(w.ours.leaf()), UNKNOWN_AUTHORITY),
    row("of ours in a partner's name", |w| w.ours.sign(w.partner.leaf()), UNKNOWN_AUTHORITY),
    row("of a domain without roots", |w| w.stranger.sign(w.stranger.leaf()), WRONG_DOMAIN),
    row("of ours for a domain without roots", |w| w.uri("spiffe://nowhere.internal/m"), WRONG_DOMAIN),
    row("without the authority between", |w| w.without_the_authority_between(), UNKNOWN_AUTHORITY),
    row("signed by a peer", |w| w.signed_by_a_peer(), UNKNOWN_AUTHORITY),
    row("below an authority that is none", |w| w.below(no_authority), UNKNOWN_AUTHORITY),
    row("below too short a path", |w| w.below_too_short_a_path(), UNKNOWN_AUTHORITY),
    row("behind too long a chain", |w| w.behind_a_long_chain(), MALFORMED),
    // What it is for.
    row("an authority's", |w| w.ours(Leaf::authority), IS_AUTHORITY),
    row(
        "the root itself",
        |w| w.ours.sign(w.ours.leaf()).showing(|_| vec![w.ours.certificate().clone()]),
        IS_AUTHORITY,
    ),
    row(
        "that may sign revocations",
        |w| w.ours(|leaf| leaf.key_usage(Some(KeyUsagePurpose::CrlSign))),
        IS_AUTHORITY,
    ),
    row("without extended usages", |w| w.ours(Leaf::without_usages), WRONG_USAGE),
    row("for signing code", |w| w.ours(Leaf::for_code), WRONG_USAGE),
    row("for anything", |w| w.ours(Leaf::for_anything), WRONG_USAGE),
    row("without key usage", |w| w.ours(|leaf| leaf.key_usage(None)), WRONG_USAGE),
    row(
        "for key agreement",
        |w| w.ours(|leaf| leaf.key_usage(Some(KeyUsagePurpose::KeyAgreement))),
        WRONG_USAGE,
    ),
    // Whom it names.
    row("without a name", |w| w.ours(Leaf::nameless), SPIFFE_ID),
    row("without a URI", |w| w.ours(|leaf| leaf.uris(&[])), SPIFFE_ID),
    row(
        "with two IDs",
        |w| w.ours(|leaf| leaf.uris(&["spiffe://ours.internal/a", "spiffe://ours.internal/b"])),
        SPIFFE_ID,
    ),
    row("with one ID twice", |w| w.ours(|leaf| leaf.uris(&["spiffe://ours.internal/a"; 2])), SPIFFE_ID),
    row(
        "with an ID and another URI",
        |w| w.ours(|leaf| leaf.uris(&["spiffe://ours.internal/a", "https://ours.internal/"])),
        SPIFFE_ID,
    ),
    row("with an ID without a path", |w| w.uri("spiffe://ours.internal"), SPIFFE_ID),
    row("with an ID whose path is empty", |w| w.uri("spiffe://ours.internal/"), SPIFFE_ID),
    row("with a foreign scheme", |w| w.uri("https://ours.internal/m"), SPIFFE_ID),
    row("with a query", |w| w.uri("spiffe://ours.internal/m?admin=1"), SPIFFE_ID),
    row("with a fragment", |w| w.uri("spiffe://ours.internal/m#admin"), SPIFFE_ID),
    row("with a port", |w| w.uri("spiffe://ours.internal:443/m"), SPIFFE_ID),
    row("with a user", |w| w.uri("spiffe://admin@ours.internal/m"), SPIFFE_ID),
    row("with a domain in capitals", |w| w.uri("spiffe://OURS.internal/m"), SPIFFE_ID),
    row("with an escaped character", |w| w.uri("spiffe://ours.internal/%6d"), SPIFFE_ID),
    row("with a step upwards", |w| w.uri("spiffe://ours.internal/m/../admin"), SPIFFE_ID),
    row("with an empty step", |w| w.uri("spiffe://ours.internal/m//admin"), SPIFFE_ID),
    row("with a line break in its ID", |w| w.uri("spiffe://ours.internal/m\n"), SPIFFE_ID),
    row("with a NUL in its ID", |w| w.uri("spiffe://ours.internal/m\0"), SPIFFE_ID),
    row(
        "with an ID of 3000 bytes",
        |w| w.uri(&format!("spiffe://ours.internal/{}", "m".repeat(3000))),
        SPIFFE_ID,
    ),
    row("with a line break in its subject", |w| w.ours(|leaf| leaf.common_name("mallory\nadmin")), MALFORMED),
    row("with an escape in its subject", |w| w.ours(|leaf| leaf.common_name("\u{1b}[2Jadmin")), MALFORMED),
    row("with a NUL in a host", |w| w.ours(|leaf| leaf.host("localhost\0.evil.example")), MALFORMED),
    // What it is made of.
    row("with bytes behind it", |w| w.bytes(|der| [der, &[0][..]].concat()), MALFORMED),
    row("cut short", |w| w.bytes(|der| der[..der.len() / 2].to_vec()), MALFORMED),
    row("of no bytes", |w| w.bytes(|_| Vec::new()), MALFORMED),
    row("of noise", |w| w.bytes(|der| der.iter().rev().copied().collect()), MALFORMED),
    row("with a byte changed", |w| w.bytes(changed), UNKNOWN_AUTHORITY),
    row(
        "of 20 KiB",
        |w| w.ours(|leaf| leaf.extension(&[1, 3, 6, 1, 4, 1, 99999, 1], vec![4; 20 << 10], false)),
        MALFORMED,
    ),
    row("with extended usages twice", |w| w.twice(&[2, 5, 29, 37], EXTENDED_USAGES), MALFORMED),
    row("with key usages twice", |w| w.twice(&[2, 5, 29, 15], &[3, 2, 7, 0x80]), MALFORMED),
    row("with alternative names twice", |w| w.twice(&[2, 5, 29, 17], &[0x30, 3, 0x86, 1, b'x']), MALFORMED),
    row("with constraints twice", |w| w.twice_constrained(), MALFORMED),
    row("with constraints of noise", |w| w.twice(&[2, 5, 29, 19], &[0xff]), MALFORMED),
    row("with an unknown critical extension", |w| w.critical(), MALFORMED),
    // Its key.
    row("with the key of another", |w| w.with_the_key_of_another(), KEY_MISMATCH),
    row("with an RSA key of 1024 bits", |w| w.ours.sign_for(w.ours.leaf(), &rsa_1024()), WEAK_KEY),
];

/// What lists of revocations are for.
const REVOKED_ONES: &[Row] = &[
    row("revoked", |w| w.ours(|leaf| leaf.serial(REVOKED_BY_US)), REVOKED),
    row("below an authority that was revoked", |w| w.below(revoked_authority), REVOKED),
    row("below an authority without a list", |w| w.below(|params| params), UNKNOWN_REVOCATION),
    row("of a partner whose list is overdue", |w| w.partner.sign(w.partner.leaf()), STALE_CRL),
    row(
        "revoked by a list that is overdue",
        |w| w.partner.sign(w.partner.leaf().serial(REVOKED_BY_PARTNER)),
        STALE_CRL,
    ),
];

/// What has to pass, beside all that is bad.
const GOOD: &[(&str, Show)] = &[
    ("sound", |w| w.ours(|leaf| leaf)),
    ("with the number of another that a partner revoked", |w| w.ours(|leaf| leaf.serial(REVOKED_BY_PARTNER))),
    ("of a domain without lists", |w| w.friend.sign(w.friend.leaf())),
    ("with the number of another that we revoked", |w| w.friend.sign(w.friend.leaf().serial(REVOKED_BY_US))),
    ("behind an authority", |w| w.friend.below(|params| params).sign(w.friend.leaf())),
    ("behind four authorities", |w| {
        w.friend.below(|params| params).below().below().below().sign(w.friend.leaf())
    }),
    ("with an old authority too many", |w| {
        let old = w.below(ended).chain.remove(1);
        w.ours(|leaf| leaf).showing(|chain| [chain, vec![old]].concat())
    }),
];

/// What only a server refuses.
const BAD_CLIENTS: &[Row] = &[row("for servers alone", |w| w.ours(Leaf::server_only), WRONG_USAGE)];

/// What only a client refuses.
const BAD_SERVERS: &[Row] = &[
    row("for clients alone", |w| w.ours(Leaf::client_only), WRONG_USAGE),
    row(
        "for another host",
        |w| w.ours(|leaf| leaf.nameless().uri("spiffe://ours.internal/m").host("other.example")),
        WRONG_HOST,
    ),
    row("for no host", |w| w.ours(|leaf| leaf.nameless().uri("spiffe://ours.internal/m")), WRONG_HOST),
    row(
        "for a host below",
        |w| w.ours(|leaf| leaf.nameless().uri("spiffe://ours.internal/m").host("a.localhost")),
        WRONG_HOST,
    ),
];

impl World {
    fn new() -> Self {
        let [ours, partner, friend, stranger] =
            ["ours.internal", "partner.internal", "friend.internal", "stranger.internal"].map(Forge::of);
        Self { ours, partner, friend, stranger }
    }

    /// Whom the judges trust.
    fn trust(&self) -> Trust {
        let root = |forge: &Forge| (forge.domain().clone(), vec![forge.certificate().clone()]);
        let ((partner, partners), (friend, friends)) = (root(&self.partner), root(&self.friend));
        let trust = self.ours.trust().clone().and(partner, partners).expect("another domain");
        let trust = trust.and(friend, friends).expect("another domain");
        let ours = self.ours.revocations(&[REVOKED_BY_US], 3_600);
        let overdue = self.partner.revocations(&[REVOKED_BY_PARTNER], -60);
        let trust = trust.with_crls(self.ours.domain(), vec![ours], StaleCrl::Refuse).expect("a list");
        trust.with_crls(self.partner.domain(), vec![overdue], StaleCrl::Refuse).expect("a list")
    }

    fn judge(&self) -> Credentials {
        self.showing(self.ours(|leaf| leaf))
    }

    fn showing(&self, pair: Pair) -> Credentials {
        pair.credentials(self.trust())
    }

    fn ours(&self, spoil: impl FnOnce(Leaf) -> Leaf) -> Pair {
        self.ours.sign(spoil(self.ours.leaf()))
    }

    fn uri(&self, uri: &str) -> Pair {
        self.ours(|leaf| leaf.uris(&[uri]))
    }

    fn below(&self, spoil: fn(rcgen::CertificateParams) -> rcgen::CertificateParams) -> Pair {
        self.ours.below(spoil).sign(self.ours.leaf())
    }

    fn namesake(&self) -> Pair {
        Forge::of("ours.internal").sign(self.ours.leaf())
    }

    fn without_the_authority_between(&self) -> Pair {
        self.below(|params| params).showing(|chain| chain[..1].to_vec())
    }

    fn signed_by_a_peer(&self) -> Pair {
        self.below(|mut params| {
            params.is_ca = IsCa::NoCa;
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            params
        })
    }

    fn below_too_short_a_path(&self) -> Pair {
        let short = self.ours.below(|mut params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            params
        });
        short.below().sign(self.ours.leaf())
    }

    fn behind_a_long_chain(&self) -> Pair {
        let first = self.ours.below(|params| params);
        let fifth = first.below().below().below().below();
        fifth.sign(self.ours.leaf())
    }

    fn bytes(&self, spoil: impl FnOnce(&[u8]) -> Vec<u8>) -> Pair {
        self.ours(|leaf| leaf).showing(|chain| vec![spoil(&chain[0]).into()])
    }

    fn twice(&self, oid: &[u64], content: &[u8]) -> Pair {
        self.ours(|leaf| leaf.extension(oid, content.to_vec(), false))
    }

    fn twice_constrained(&self) -> Pair {
        const NONE: &[u8] = &[0x30, 0];
        self.ours(|leaf| {
            let once = leaf.extension(&[2, 5, 29, 19], NONE.to_vec(), false);
            once.extension(&[2, 5, 29, 19], NONE.to_vec(), false)
        })
    }

    fn critical(&self) -> Pair {
        self.ours(|leaf| leaf.extension(&[1, 3, 6, 1, 4, 1, 99999, 2], vec![5, 0], true))
    }

    fn with_the_key_of_another(&self) -> Pair {
        Pair { key: self.ours(|leaf| leaf).key, ..self.ours(|leaf| leaf) }
    }
}

/// A number on our list.
const REVOKED_BY_US: u64 = 1_001;

/// A number on the list of our partner.
const REVOKED_BY_PARTNER: u64 = 2_002;

/// For clients and servers.
const EXTENDED_USAGES: &[u8] = &[0x30, 20, 6, 8, 43, 6, 1, 5, 5, 7, 3, 1, 6, 8, 43, 6, 1, 5, 5, 7, 3, 2];

fn ended(mut params: rcgen::CertificateParams) -> rcgen::CertificateParams {
    params.not_after = time::OffsetDateTime::now_utc() - time::Duration::minutes(1);
    params
}

fn of_tomorrow(mut params: rcgen::CertificateParams) -> rcgen::CertificateParams {
    params.not_before = time::OffsetDateTime::now_utc() + time::Duration::days(1);
    params
}

fn revoked_authority(mut params: rcgen::CertificateParams) -> rcgen::CertificateParams {
    params.serial_number = Some(REVOKED_BY_US.into());
    params
}

fn no_authority(mut params: rcgen::CertificateParams) -> rcgen::CertificateParams {
    params.is_ca = IsCa::ExplicitNoCa;
    params
}

/// One bit of the signature.
fn changed(der: &[u8]) -> Vec<u8> {
    let mut der = der.to_vec();
    *der.last_mut().expect("a certificate") ^= 1;
    der
}

/// A public key that nobody has the private one of.
pub(crate) fn rsa_1024() -> SubjectPublicKeyInfo {
    const HEAD: &[u8] = &[
        0x30, 0x81, 0x9f, 0x30, 0x0d, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0, 3, 0x81, 0x8d,
        0, 0x30, 0x81, 0x89, 2, 0x81, 0x81, 0,
    ];
    let der = [HEAD, &[0xc5; 128], &[2, 3, 1, 0, 1]].concat();
    SubjectPublicKeyInfo::from_der(&der).expect("a public key")
}

/// Shows it to a server. What that says, and what the client hears.
async fn shown_to_a_server(
    world: &World,
    judge: &mut Judge,
    pair: Pair,
) -> (Refusal, Option<AlertDescription>) {
    let config = pair.client(world.ours.certificate(), ALPN);
    let tcp = TcpStream::connect(judge.address()).await.expect("it listens");
    let connecting =
        TlsConnector::from(Arc::new(config)).connect("localhost".try_into().expect("a name"), tcp);
    // In TLS 1.3 a client is done before it is judged.
    let mut heard = Vec::new();
    let end = match connecting.await {
        Ok(mut tls) => soon("the end", tls.read_to_end(&mut heard)).await.map(drop),
        Err(error) => Err(error),
    };
    assert_eq!(heard, b"", "a server says nothing to a peer that it has not verified");
    match judge.verdict().await {
        RefusedPeerReason::Refused(refusal) => (refusal, end.err().as_ref().and_then(alert)),
        verdict => panic!("{verdict}"),
    }
}

/// Shows it to a client. What that says, and what the server hears.
async fn shown_to_a_client(judge: Credentials, pair: Pair) -> (Refusal, Option<AlertDescription>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("localhost:{}", listener.local_addr().expect("it listens").port());
    let acceptor = TlsAcceptor::from(Arc::new(pair.server(ALPN)));
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.expect("a client");
        acceptor.accept(tcp).await.map(drop).expect_err("a client that refuses never completes the handshake")
    });
    let error = soon("the refusal", Client::builder(judge).connect(&address)).await.expect_err("it is bad");
    let ConnectError::Refused { refusal, .. } = error else { panic!("{error}") };
    (refusal, alert(&soon("the alert", server).await.expect("no panic")))
}

fn alert(error: &std::io::Error) -> Option<AlertDescription> {
    match error.get_ref()?.downcast_ref()? {
        rustls::Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

/// What is wrong with a verdict on a row, if anything is.
fn complaint(row: &Row, (refusal, heard): (Refusal, Option<AlertDescription>)) -> Option<String> {
    let (is_right, alert) = row.expected;
    if !is_right(&refusal) {
        return Some(format!("{}: refused for the wrong reason: {refusal:?}", row.what));
    }
    (heard != Some(alert)).then(|| format!("{}: {heard:?} where {alert:?} was expected", row.what))
}

#[tokio::test]
async fn a_server_refuses_every_bad_certificate_and_says_why() {
    let world = World::new();
    let mut judge = Judge::new(world.judge()).await;
    let mut complaints = Vec::new();
    for row in BAD.iter().chain(REVOKED_ONES).chain(BAD_CLIENTS) {
        let verdict = shown_to_a_server(&world, &mut judge, (row.show)(&world)).await;
        complaints.extend(complaint(row, verdict));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[tokio::test]
async fn a_client_refuses_every_bad_certificate_and_says_why() {
    let world = World::new();
    let mut complaints = Vec::new();
    for row in BAD.iter().chain(REVOKED_ONES).chain(BAD_SERVERS) {
        let verdict = shown_to_a_client(world.judge(), (row.show)(&world)).await;
        complaints.extend(complaint(row, verdict));
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

#[tokio::test]
async fn what_is_sound_passes_in_both_roles() {
    let world = World::new();
    for (what, show) in GOOD {
        let running = Running::desk(world.showing(show(&world)), &Clerk::default()).await;
        let client = running.connect(world.showing(show(&world))).await;
        let desk = DeskClient::new(client.unwrap_or_else(|error| panic!("{what}: {error}")));
        desk.echo("hi").await.unwrap_or_else(|error| panic!("{what}: {error}"));
    }
}

/// What the refused side makes of it, where our own library takes such an identity at all.
#[tokio::test]
async fn a_client_that_is_refused_is_not_led_astray() {
    let world = World::new();
    let mut judge = Judge::new(world.judge()).await;
    let (mut told, mut complaints) = (0, Vec::new());
    for row in BAD.iter().chain(REVOKED_ONES).chain(BAD_CLIENTS) {
        let pair = (row.show)(&world);
        let Ok(identity) = Identity::new(pair.chain, pair.key) else { continue };
        let credentials = Credentials::new(identity, world.trust());
        let error = judge.running.connect(credentials).await.expect_err("it is bad");
        if matches!(error, ConnectError::Setup(_)) {
            continue;
        }
        let RefusedPeerReason::Refused(refusal) = judge.verdict().await else { panic!("{}", row.what) };
        let likely = match refusal.kind() {
            // From over there these look all the same: our own certificate is sound.
            FailureKind::UnknownRevocation | FailureKind::WrongTrustDomain => {
                vec![FailureKind::StaleCrl, FailureKind::UnknownAuthority]
            }
            kind => vec![kind],
        };
        if !likely.contains(&error.kind()) {
            complaints.push(format!("{}: {refusal}, and over there: {error}", row.what));
        }
        told += 1;
    }
    assert!(complaints.is_empty() && 20 < told, "{told} told: {}", complaints.join("\n"));
}
