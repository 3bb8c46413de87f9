//! The systems that are measured: each one's server and client of the same calls.

#[cfg(feature = "others")]
pub(crate) mod capnp;
mod countersign;
mod floor;
mod rustls;
#[cfg(feature = "others")]
mod tarpc;
#[cfg(feature = "others")]
mod tonic;

use std::fmt;
use std::io::Write;
use std::net::SocketAddr;
use std::str::FromStr;

use anyhow::{Error, Result, bail};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::args::{self, End};
use crate::certs::{self, KeyExchange, Pki};
use crate::load::{self, Plan};

/// A system that this program holds a server and a client of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    Countersign,
    Rustls,
    Floor(floor::Variant),
    #[cfg(feature = "others")]
    Capnp,
    #[cfg(feature = "others")]
    Tarpc(tarpc::Codec),
    #[cfg(feature = "others")]
    Tonic,
}

impl FromStr for Peer {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Ok(match name {
            "countersign" => Self::Countersign,
            "rustls" => Self::Rustls,
            #[cfg(feature = "others")]
            "capnp" => Self::Capnp,
            #[cfg(feature = "others")]
            "tarpc-bincode" => Self::Tarpc(tarpc::Codec::Bincode),
            #[cfg(feature = "others")]
            "tarpc-cbor" => Self::Tarpc(tarpc::Codec::Cbor),
            #[cfg(feature = "others")]
            "tonic" => Self::Tonic,
            #[cfg(not(feature = "others"))]
            "capnp" | "tarpc-bincode" | "tarpc-cbor" | "tonic" => {
                bail!("{name} was left out of this build; build it without --no-default-features")
            }
            _ => match name.strip_prefix("floor") {
                Some(flags) => Self::Floor(flags.parse()?),
                None => bail!("no peer `{name}`"),
            },
        })
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Countersign => f.write_str("countersign"),
            Self::Rustls => f.write_str("rustls"),
            Self::Floor(variant) => write!(f, "floor{variant}"),
            #[cfg(feature = "others")]
            Self::Capnp => f.write_str("capnp"),
            #[cfg(feature = "others")]
            Self::Tarpc(tarpc::Codec::Bincode) => f.write_str("tarpc-bincode"),
            #[cfg(feature = "others")]
            Self::Tarpc(tarpc::Codec::Cbor) => f.write_str("tarpc-cbor"),
            #[cfg(feature = "others")]
            Self::Tonic => f.write_str("tonic"),
        }
    }
}

/// Serves a peer until the process is killed.
pub(crate) fn serve(end: &End) -> Result<()> {
    let (runtime, pki) = set_up(end)?;
    let &End { peer, addr, large, procedures, .. } = end;
    match peer {
        Peer::Countersign => runtime.block_on(countersign::serve(addr, &pki, large, procedures)),
        Peer::Rustls => runtime.block_on(rustls::serve(addr, &pki)),
        Peer::Floor(variant) => runtime.block_on(floor::serve(variant, addr, &pki)),
        #[cfg(feature = "others")]
        Peer::Capnp => tokio::task::LocalSet::new().block_on(&runtime, capnp::serve(addr, &pki)),
        #[cfg(feature = "others")]
        Peer::Tarpc(codec) => runtime.block_on(tarpc::serve(codec, addr, &pki)),
        #[cfg(feature = "others")]
        Peer::Tonic => runtime.block_on(tonic::serve(addr, &pki, large)),
    }
}

/// Puts a peer's server under load.
pub(crate) fn load(load: &args::Load) -> Result<()> {
    let (runtime, pki) = set_up(&load.end)?;
    let (plan, &End { peer, addr, large, procedures, .. }) = (Plan::new(load), &load.end);
    let outcome = match peer {
        Peer::Countersign => runtime.block_on(async {
            load::run(countersign::Dialler::new(addr, &pki, large, procedures)?, &plan).await
        }),
        Peer::Rustls => runtime.block_on(async { load::run(rustls::Dialler::new(addr, &pki)?, &plan).await }),
        Peer::Floor(variant) => runtime.block_on(floor::load(variant, addr, &pki, &plan)),
        #[cfg(feature = "others")]
        Peer::Capnp => tokio::task::LocalSet::new()
            .block_on(&runtime, async { load::run(capnp::Dialler::new(addr, &pki)?, &plan).await }),
        #[cfg(feature = "others")]
        Peer::Tarpc(codec) => {
            runtime.block_on(async { load::run(tarpc::Dialler::new(codec, addr, &pki, &plan)?, &plan).await })
        }
        #[cfg(feature = "others")]
        Peer::Tonic => {
            runtime.block_on(async { load::run(tonic::Dialler::new(addr, &pki, large)?, &plan).await })
        }
    };
    // Calls that are open are not waited for: they are no part of what was measured.
    runtime.shutdown_background();
    outcome
}

/// The runtime that was asked for; a process that is pinned to one core gets one worker.
fn set_up(end: &End) -> Result<(Runtime, Pki)> {
    // What tonic takes; all others are told.
    drop(certs::provider(KeyExchange::X25519).install_default());
    let one_thread = end.rt == args::Runtime::Current;
    #[cfg(feature = "others")]
    let one_thread = one_thread || matches!(end.peer, Peer::Capnp);
    let mut builder = if one_thread { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    Ok((builder.enable_all().build()?, Pki { dir: end.certs.clone() }))
}

/// Tells whoever started this server that it listens.
fn ready() -> Result<()> {
    println!("READY");
    Ok(std::io::stdout().flush()?)
}

/// Listens, tells of it, and has each socket answered, which sends what it is given at once.
async fn listen(addr: SocketAddr, answer: impl Fn(TcpStream)) -> Result<()> {
    let listener = TcpListener::bind(addr).await?;
    ready()?;
    loop {
        let (socket, _) = listener.accept().await?;
        // It fails at most for a client that has left again.
        if socket.set_nodelay(true).is_ok() {
            answer(socket);
        }
    }
}

/// A socket to a server, which sends what it is given at once.
async fn connect(addr: SocketAddr) -> Result<TcpStream> {
    let socket = TcpStream::connect(addr).await?;
    socket.set_nodelay(true)?;
    Ok(socket)
}

/// The same with TLS.
async fn connect_tls(addr: SocketAddr, connector: &TlsConnector) -> Result<TlsStream<TcpStream>> {
    Ok(connector.connect("localhost".try_into()?, connect(addr).await?).await?)
}
