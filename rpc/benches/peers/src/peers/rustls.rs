//! tokio-rustls and nothing above it: what a mutual handshake costs at least. Makes no calls.

use std::net::SocketAddr;
use std::sync::Arc;

use ::rustls::client::Resumption;
use anyhow::{Result, bail};
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{connect_tls, listen};
use crate::certs::{KeyExchange, Pki};
use crate::load::{Client, Dial, Task};

pub(super) async fn serve(addr: SocketAddr, pki: &Pki) -> Result<()> {
    let acceptor = TlsAcceptor::from(Arc::new(pki.server(KeyExchange::PostQuantum)?));
    listen(addr, |socket| {
        tokio::spawn(greet(acceptor.clone(), socket));
    })
    .await
}

/// Sends back the one byte that every client sends.
async fn greet(acceptor: TlsAcceptor, socket: TcpStream) -> Result<()> {
    let mut session = acceptor.accept(socket).await?;
    let byte = session.read_u8().await?;
    session.write_u8(byte).await?;
    session.flush().await?;
    session.read_u8().await?;
    Ok(())
}

pub(super) struct Dialler {
    addr: SocketAddr,
    connector: TlsConnector,
}

impl Dialler {
    pub(super) fn new(addr: SocketAddr, pki: &Pki) -> Result<Self> {
        let mut config = pki.client(KeyExchange::PostQuantum)?;
        // A session that is resumed shows no certificate.
        config.resumption = Resumption::disabled();
        Ok(Self { addr, connector: TlsConnector::from(Arc::new(config)) })
    }
}

impl Dial for Dialler {
    type Client = Nothing;

    /// A byte there and back: only with it does the client know that it was not refused.
    async fn dial(&self) -> Result<Nothing> {
        let mut session = connect_tls(self.addr, &self.connector).await?;
        session.write_u8(1).await?;
        session.flush().await?;
        session.read_u8().await?;
        Ok(Nothing)
    }
}

/// A connection over which no calls can be made.
#[derive(Clone)]
pub(super) struct Nothing;

impl Client for Nothing {
    async fn small(&self, _: u64) -> Result<()> {
        bail!("rustls alone has no calls")
    }

    async fn blob(&self, _: &Bytes) -> Result<()> {
        bail!("rustls alone has no calls")
    }

    async fn stream(&self, _: u64, _: u32) -> Result<()> {
        bail!("rustls alone has no streams")
    }

    async fn sleep(&self, _: u32) -> Result<()> {
        bail!("rustls alone has no handlers")
    }

    fn start(self, task: Task<Self>) {
        tokio::spawn(task.run(self));
    }
}
