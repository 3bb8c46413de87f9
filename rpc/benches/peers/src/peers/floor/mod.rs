//! The bare loop: about what TLS, a socket and two processes allow. It checks nothing, and has no calls to
//! speak of.
//!
//! A frame is the length of its rest (u32), a number (u64), what it is (u8), and a payload. Both sides are
//! one task for each connection; the server answers what it has read and then writes all answers at once.
//!
//! `floor[-FLAG]…`, each flag telling what one decision costs:
//!
//! - `raw`: a client without callers, one loop that answers each answer with the next request
//! - `tcp`: no TLS
//! - `ciborium`: the small record is encoded and decoded, as CBOR, on both sides
//! - `chunk1k`, `chunk2k`: the server writes whenever it has so many KiB of answers, so that both ends are at
//!   work
//!
//! The client is in `client.rs`, the server in `server.rs`, and what both know of a frame in `frame.rs`.

mod client;
mod frame;
mod raw;
mod record;
mod server;

use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Error, Result, bail};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use self::client::Dialler;
use self::record::Codec;
use super::listen;
use crate::certs::{KeyExchange, Pki};
use crate::load::{self, Plan};

/// Answers of one burst that are written at once, where no flag says less.
const WRITE_AT: usize = 256 << 10;

/// Which of the loops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    tls: bool,
    raw: bool,
    codec: Codec,
    /// Bytes of answers that the server writes without having worked off all that it has read.
    write_at: usize,
}

type Flag = (&'static str, fn(&mut Variant));

const FLAGS: [Flag; 5] = [
    ("-raw", |variant| variant.raw = true),
    ("-tcp", |variant| variant.tls = false),
    ("-ciborium", |variant| variant.codec = Codec::Ciborium),
    ("-chunk1k", |variant| variant.write_at = 1 << 10),
    ("-chunk2k", |variant| variant.write_at = 2 << 10),
];

impl FromStr for Variant {
    type Err = Error;

    fn from_str(mut flags: &str) -> Result<Self> {
        let mut variant = Self { tls: true, raw: false, codec: Codec::None, write_at: WRITE_AT };
        while !flags.is_empty() {
            let known = FLAGS.iter().find_map(|(flag, set)| Some((flags.strip_prefix(flag)?, set)));
            let Some((rest, set)) = known else { bail!("no floor has {flags}") };
            set(&mut variant);
            flags = rest;
        }
        Ok(variant)
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A flag is on if setting it changes nothing.
        let is_on = |set: fn(&mut Self)| {
            let mut variant = *self;
            set(&mut variant);
            variant == *self
        };
        FLAGS.iter().filter(|(_, set)| is_on(*set)).try_for_each(|(flag, _)| f.write_str(flag))
    }
}

/// A connection, with TLS or without.
trait Io: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Io for T {}

pub(super) async fn serve(variant: Variant, addr: SocketAddr, pki: &Pki) -> Result<()> {
    let acceptor = TlsAcceptor::from(Arc::new(pki.server(KeyExchange::X25519)?));
    listen(addr, |socket| {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if variant.tls {
                server::answer(acceptor.accept(socket).await?, variant).await
            } else {
                server::answer(socket, variant).await
            }
        });
    })
    .await
}

pub(super) async fn load(variant: Variant, addr: SocketAddr, pki: &Pki, plan: &Plan) -> Result<()> {
    let connector = TlsConnector::from(Arc::new(pki.client(KeyExchange::X25519)?));
    if variant.raw {
        raw::run(variant, addr, &connector, plan).await
    } else {
        load::run(Dialler { variant, addr, connector }, plan).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_read_as_it_is_written() {
        for flags in ["", "-raw", "-tcp-ciborium", "-raw-tcp-ciborium-chunk1k", "-chunk2k"] {
            assert_eq!(flags.parse::<Variant>().unwrap().to_string(), flags);
        }
        assert!("-naive".parse::<Variant>().is_err());
    }
}
