//! Who is at the other end.

use std::fmt;
use std::net::SocketAddr;

use countersign_certs::SpiffeId;
use jiff::Timestamp;

/// The other end of a connection, as its certificate proved it: parsed, never raw.
#[derive(Clone, PartialEq, Eq)]
pub struct Peer {
    pub(crate) id: SpiffeId,
    pub(crate) address: Option<SocketAddr>,
    pub(crate) fingerprint: String,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) key_exchange: String,
    pub(crate) cipher: String,
}

impl Peer {
    /// Its one SPIFFE ID.
    pub fn id(&self) -> &SpiffeId {
        &self.id
    }

    /// Its network address; none where the connection lies within one process.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// SHA-256 of its certificate, in lower-case hexadecimal.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Since when its certificate is valid.
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// When its certificate expires.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// How the keys of the connection were agreed on, such as `X25519MLKEM768`.
    pub fn key_exchange(&self) -> &str {
        &self.key_exchange
    }

    /// The cipher suite of the connection, such as `TLS13_AES_256_GCM_SHA384`.
    pub fn cipher(&self) -> &str {
        &self.cipher
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer({}", self.id)?;
        match self.address {
            Some(address) => write!(f, " at {address})"),
            None => f.write_str(")"),
        }
    }
}
