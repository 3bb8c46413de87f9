//! One snapshot of credentials as TLS works with it. When they are replaced, all of it is made anew and swapped at
//! once; sessions that there are keep theirs.

use std::hash::BuildHasher as _;
use std::net::SocketAddr;
use std::sync::Arc;

use countersign_certs::{CertificateInfo, Credentials};
use countersign_proto::Role;
use jiff::Timestamp;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CommonState, ServerConfig};

use super::judge::{Judge, Shown};
use super::{ExpectedServer, Life, Refusal, Seen, TlsSetupError, TrustedByServer};
use crate::peer::Peer;

/// What a server needs to meet clients.
pub(crate) struct ServerSide {
    pub(crate) side: Side,
    key: Arc<SingleCertAndKey>,
}

/// What a client needs to meet servers.
pub(crate) struct ClientSide {
    pub(crate) side: Side,
}

/// What both have.
pub(crate) struct Side {
    own: Role,
    pub(crate) credentials: Arc<Credentials>,
    made: Arc<Made>,
}

/// What is made of credentials once, whoever uses them: to check a key and to read lists of revocations takes as long
/// as a good part of a handshake.
struct Made {
    judge: Arc<Judge>,
    key: Arc<CertifiedKey>,
    /// When each certificate behind our own ends.
    ends_behind: Vec<Timestamp>,
}

/// A session whose handshake is complete.
pub(crate) struct Session {
    pub(crate) peer: Peer,
    pub(crate) shown: Shown,
    pub(crate) life: Life,
}

impl ServerSide {
    pub(crate) fn new(credentials: Arc<Credentials>) -> Result<Self, TlsSetupError> {
        let side = Side::new(Role::Server, credentials)?;
        let key = CertifiedKey::clone(&side.made.key);
        Ok(Self { key: Arc::new(key.into()), side })
    }

    /// The settings for one connection, whose certificate is noted.
    pub(crate) fn config(&self, seen: Seen) -> Result<ServerConfig, TlsSetupError> {
        super::server_config(self.key.clone(), self.side.made.judge.clone(), seen)
    }
}

impl ClientSide {
    pub(crate) fn new(credentials: Arc<Credentials>) -> Result<Self, TlsSetupError> {
        Ok(Self { side: Side::new(Role::Client, credentials)? })
    }

    /// The settings for one connection, in which the server's certificate is noted.
    pub(crate) fn config(
        &self,
        expected: ExpectedServer,
        trusted: TrustedByServer,
        seen: Seen,
    ) -> Result<rustls::ClientConfig, TlsSetupError> {
        let Made { judge, key, .. } = &*self.side.made;
        super::client_config(key.clone(), judge.clone(), expected, trusted, seen)
    }
}

impl Side {
    fn new(own: Role, credentials: Arc<Credentials>) -> Result<Self, TlsSetupError> {
        let made = credentials.derived(Made::new)?;
        Ok(Self { own, credentials, made })
    }

    /// Whether a peer that was admitted would be again.
    pub(crate) fn still_good(&self, shown: &Shown) -> Result<(), Refusal> {
        self.made.judge.still_good(shown)
    }

    /// Who is at the other end, and what is to be known of it for as long as it stays.
    pub(crate) fn session(
        &self,
        tls: &CommonState,
        seen: &Seen,
        address: Option<SocketAddr>,
    ) -> Result<Session, Refusal> {
        let peer = super::peer_of(tls, seen, address)?;
        let shown = Shown::new(self.peers_role(), tls.peer_certificates().unwrap_or_default());
        let life = self.life(&peer, &shown);
        Ok(Session { peer, shown, life })
    }

    /// Whether another snapshot shows another certificate than this one.
    pub(crate) fn is_renewed_by(&self, other: &Side) -> bool {
        self.fingerprint() != other.fingerprint()
    }

    fn life(&self, peer: &Peer, shown: &Shown) -> Life {
        let hash = |text: [&str; 2]| foldhash::fast::FixedState::default().hash_one(text);
        let own_ends = self.own_ends();
        let peer_ends =
            self.made.judge.ends_between(shown).map_or(peer.not_after, |end| end.min(peer.not_after));
        if peer_ends <= own_ends {
            let key = hash([peer.fingerprint(), ""]);
            Life { ends: peer_ends, of: self.peers_role(), key }
        } else {
            let key = hash([peer.fingerprint(), self.fingerprint()]);
            Life { ends: own_ends, of: self.own, key }
        }
    }

    /// The earliest end in our own chain. What has ended already cannot be what peers verify.
    fn own_ends(&self) -> Timestamp {
        let (ends, now) = (self.credentials.identity().certificate().not_after(), Timestamp::now());
        self.made.ends_behind.iter().copied().filter(|end| now < *end).fold(ends, Timestamp::min)
    }

    fn fingerprint(&self) -> &str {
        self.credentials.identity().certificate().fingerprint()
    }

    fn peers_role(&self) -> Role {
        match self.own {
            Role::Client => Role::Server,
            Role::Server => Role::Client,
        }
    }
}

impl Made {
    fn new(credentials: &Credentials) -> Result<Self, TlsSetupError> {
        let identity = credentials.identity();
        let behind = identity.chain().iter().skip(1).filter_map(|der| CertificateInfo::from_der(der).ok());
        Ok(Self {
            judge: Arc::new(Judge::new(credentials.trust(), &super::provider())?),
            key: Arc::new(super::certified(identity)?),
            ends_behind: behind.map(|certificate| certificate.not_after()).collect(),
        })
    }
}
