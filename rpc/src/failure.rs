#![doc = include_str!("../FAILURES.md")]

use std::fmt;

/// Why there is no connection: a row of [the table of failures](self), under one name on both sides.
///
/// [`ConnectError::kind`](crate::ConnectError::kind) and [`RefusedPeerReason::kind`](crate::RefusedPeerReason::kind)
/// say which one it is. The errors themselves hold the details and print the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FailureKind {
    /// The address is not `host:port`.
    Address,
    /// Our own credentials cannot be used.
    Credentials,
    /// No such host.
    HostUnknown,
    /// The machine is there, and nobody listens.
    NobodyListens,
    /// No way leads there.
    Unreachable,
    /// The peer says nothing, or not enough.
    Silent,
    /// The peer left in the middle of the handshake.
    Closed,
    /// Too many peers were in the middle of their handshakes.
    Crowded,
    /// The peer does not speak TLS.
    NotTls,
    /// The peer does not speak TLS 1.3.
    NoCommonVersion,
    /// The peer has no key exchange, cipher or signature that is accepted.
    NoCommonAlgorithm,
    /// The peer speaks TLS 1.3, and another protocol within.
    NotCountersign,
    /// There was no certificate.
    NoCertificate,
    /// A certificate cannot be read.
    MalformedCertificate,
    /// A certificate has not exactly one SPIFFE ID.
    NotOneSpiffeId,
    /// A peer is of a trust domain without roots.
    WrongTrustDomain,
    /// No root of its own trust domain stands behind a peer.
    UnknownAuthority,
    /// The time of a certificate is over.
    Expired,
    /// The time of a certificate has not come.
    NotYetValid,
    /// By the refused side's clock its certificate is valid.
    ClocksDiffer,
    /// A certificate was revoked.
    Revoked,
    /// Whether a certificate was revoked is not known any more: the list is too old.
    StaleCrl,
    /// Whether a certificate was revoked is not known, since no list tells.
    UnknownRevocation,
    /// A server's certificate does not name the host that was dialled.
    WrongHost,
    /// A server is another one than was expected.
    WrongSpiffeId,
    /// A certificate is for another use.
    WrongUsage,
    /// An authority's certificate in place of a peer's.
    IsAuthority,
    /// A key is too short to be relied on.
    WeakKey,
    /// A key is not the one of its certificate.
    KeyMismatch,
    /// The peer broke the rules of TLS.
    BrokenTls,
    /// The peer refused us, and nothing here says why.
    Unexplained,
    /// There was a connection, and it has ended.
    Lost,
    /// The network failed in another way.
    Network,
}

/// Which remedy is asked for: what the side can do that judges, or the one that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Judging,
    Refused,
}

impl FailureKind {
    /// All there are, in the order of the table.
    pub const ALL: &'static [Self] = &[
        Self::Address,
        Self::Credentials,
        Self::HostUnknown,
        Self::NobodyListens,
        Self::Unreachable,
        Self::Silent,
        Self::Closed,
        Self::Crowded,
        Self::NotTls,
        Self::NoCommonVersion,
        Self::NoCommonAlgorithm,
        Self::NotCountersign,
        Self::NoCertificate,
        Self::MalformedCertificate,
        Self::NotOneSpiffeId,
        Self::WrongTrustDomain,
        Self::UnknownAuthority,
        Self::Expired,
        Self::NotYetValid,
        Self::ClocksDiffer,
        Self::Revoked,
        Self::StaleCrl,
        Self::UnknownRevocation,
        Self::WrongHost,
        Self::WrongSpiffeId,
        Self::WrongUsage,
        Self::IsAuthority,
        Self::WeakKey,
        Self::KeyMismatch,
        Self::BrokenTls,
        Self::Unexplained,
        Self::Lost,
        Self::Network,
    ];

    /// A short name for machines, such as `unknown-authority`, which does not change.
    pub fn code(self) -> &'static str {
        self.row().0
    }

    /// What to do about it.
    pub(crate) fn remedy(self, side: Side) -> &'static str {
        let (_, judging, refused) = self.row();
        match side {
            Side::Judging => judging,
            Side::Refused => refused,
        }
    }

    /// Its code, what the judging side can do, and what the refused side can. Where nobody judges, or the refused
    /// side cannot tell, there is one remedy.
    #[rustfmt::skip] // a table
    fn row(self) -> (&'static str, &'static str, &'static str) {
        let one = |code, remedy| (code, remedy, remedy);
        match self {
            Self::Address => one("address", "write it as HOST:PORT, such as localhost:7443"),
            Self::Credentials => one("credentials", "check the identity's folder with `countersign certs check`"),
            Self::HostUnknown => one("host-unknown", "check the spelling of the host, and the name service"),
            Self::NobodyListens => one("nobody-listens", "check the address, and that the server runs"),
            Self::Unreachable => one("unreachable", "check the address and the network between"),
            Self::Silent => one(
                "silent",
                "check the address and the network between; the other side may be overloaded",
            ),
            Self::Closed => one(
                "closed",
                "see the log of the other side; it may be stopping, or have too many peers in handshake",
            ),
            Self::Crowded => one(
                "crowded",
                "find out who connects from there and goes no further; peers that go on are not held up",
            ),
            Self::NotTls => one("not-tls", "check the address: plaintext is not spoken, and never will be"),
            Self::NoCommonVersion => one(
                "no-common-version",
                "give the older side a TLS library with TLS 1.3; nothing older is accepted",
            ),
            Self::NoCommonAlgorithm => one(
                "no-common-algorithm",
                "give the older side a TLS library with X25519 or P-256, and AES-GCM or ChaCha20",
            ),
            Self::NotCountersign => one(
                "not-countersign",
                "check the address: one side is another service, or another version of this one",
            ),
            Self::NoCertificate => (
                "no-certificate",
                "give the peer an identity, with `countersign certs issue`",
                "use an identity made with `countersign certs issue`",
            ),
            Self::MalformedCertificate => (
                "malformed-certificate",
                "issue the peer a certificate with `countersign certs issue`",
                "use an identity made with `countersign certs issue`",
            ),
            Self::NotOneSpiffeId => (
                "not-one-spiffe-id",
                "issue the peer a certificate with `countersign certs issue`, or see `countersign certs check`",
                "use an identity made with `countersign certs issue`, or see `countersign certs check`",
            ),
            Self::WrongTrustDomain => (
                "wrong-trust-domain",
                "check that this is the right peer; to trust its domain too, place its roots in trust/DOMAIN.pem",
                "use an identity of a trust domain that the other side trusts",
            ),
            Self::UnknownAuthority => (
                "unknown-authority",
                "check that this is the right peer, and that ca.pem is its authority's certificate",
                "use an identity issued by an authority that the other side trusts",
            ),
            Self::Expired => ("expired", "renew the peer's certificate", "renew this identity"),
            Self::NotYetValid => one("not-yet-valid", "check the clocks of both machines"),
            Self::ClocksDiffer => one("clocks-differ", "check the clocks of both machines"),
            Self::Revoked => (
                "revoked",
                "issue the peer a new certificate, if it should have one",
                "ask for a new identity",
            ),
            Self::StaleCrl => (
                "stale-crl",
                "bring crl.pem up to date with `countersign certs crl`",
                "ask the other side's operator to bring crl.pem up to date",
            ),
            Self::UnknownRevocation => one(
                "unknown-revocation",
                "place a revocation list of the peer's issuer, beside the others",
            ),
            Self::WrongHost => (
                "wrong-host",
                "dial a host that the certificate names, or issue one with `--host` for this host",
                "issue the server's certificate with `--host` for each host that clients dial",
            ),
            Self::WrongSpiffeId => one("wrong-spiffe-id", "check the address and the expected ID"),
            Self::WrongUsage => (
                "wrong-usage",
                "issue the peer a certificate for this use: with `--host` for a server",
                "use an identity for this use: issued with `--host` for a server",
            ),
            Self::IsAuthority => one(
                "is-authority",
                "put the peer's own certificate first in its chain, and its authority's behind it",
            ),
            Self::WeakKey => (
                "weak-key",
                "issue the peer a certificate for a key of P-256, Ed25519, or RSA with 2048 bits or more",
                "use a key of P-256, Ed25519, or RSA with 2048 bits or more",
            ),
            Self::KeyMismatch => one(
                "key-mismatch",
                "check that key and certificate belong together, with `countersign certs check`",
            ),
            Self::BrokenTls => one("broken-tls", "see the log of the other side, and which TLS library it uses"),
            Self::Unexplained => one("unexplained", "ask the other side's operator why it refused"),
            Self::Lost => one("lost", "check that the server runs; its log says why it ended the connection"),
            Self::Network => one("network", "see the log of the other side"),
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
