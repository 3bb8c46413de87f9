//! capnp-rpc over tokio-rustls. What it is made of stays on one thread, and so its processes have one.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use bytes::Bytes;
use capnp_rpc::rpc_twoparty_capnp::Side;
use capnp_rpc::{RpcSystem, twoparty};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::compat::{TokioAsyncReadCompatExt, TokioAsyncWriteCompatExt};

use self::echo_capnp::{echo, sink};
use super::{connect_tls, listen};
use crate::certs::{KeyExchange, Pki};
use crate::load::{self, Client, Dial, NAME, TAGS, Task};

#[expect(
    unreachable_pub,
    clippy::allow_attributes_without_reason,
    clippy::unimplemented,
    clippy::unwrap_used,
    reason = "generated"
)]
pub(crate) mod echo_capnp {
    include!(concat!(env!("OUT_DIR"), "/echo_capnp.rs"));
}

struct Mirror;

impl echo::Server for Mirror {
    async fn small(
        self: Rc<Self>,
        params: echo::SmallParams,
        mut results: echo::SmallResults,
    ) -> Result<(), capnp::Error> {
        // Read out and built again, as a handler would.
        let request = params.get()?.get_req()?;
        let mut reply = results.get().init_resp();
        reply.set_id(request.get_id());
        reply.set_name(request.get_name()?);
        let tags = request.get_tags()?;
        let mut copies = reply.init_tags(tags.len());
        for i in 0..tags.len() {
            copies.set(i, tags.get(i));
        }
        Ok(())
    }

    async fn blob(
        self: Rc<Self>,
        params: echo::BlobParams,
        mut results: echo::BlobResults,
    ) -> Result<(), capnp::Error> {
        results.get().set_data(params.get()?.get_data()?);
        Ok(())
    }

    async fn download(
        self: Rc<Self>,
        params: echo::DownloadParams,
        _: echo::DownloadResults,
    ) -> Result<(), capnp::Error> {
        let params = params.get()?;
        let (count, data, sink) =
            (params.get_count(), load::blob(params.get_size() as usize), params.get_sink()?);
        for _ in 0..count {
            let mut chunk = sink.chunk_request();
            chunk.get().set_data(&data);
            chunk.send().await?;
        }
        sink.done_request().send().promise.await?;
        Ok(())
    }

    async fn sleep(
        self: Rc<Self>,
        params: echo::SleepParams,
        _: echo::SleepResults,
    ) -> Result<(), capnp::Error> {
        tokio::time::sleep(Duration::from_millis(params.get()?.get_milliseconds().into())).await;
        Ok(())
    }
}

pub(super) async fn serve(addr: SocketAddr, pki: &Pki) -> Result<()> {
    let acceptor = TlsAcceptor::from(Arc::new(pki.server(KeyExchange::X25519)?));
    listen(addr, |socket| {
        tokio::task::spawn_local(answer(acceptor.clone(), socket));
    })
    .await
}

async fn answer(acceptor: TlsAcceptor, socket: TcpStream) -> Result<()> {
    let network = network(acceptor.accept(socket).await?, Side::Server);
    let echo: echo::Client = capnp_rpc::new_client(Mirror);
    Ok(RpcSystem::new(network, Some(echo.client)).await?)
}

/// capnp-rpc's view of a session, with buffers both ways, as its examples have them.
fn network<S>(session: S, side: Side) -> Box<dyn capnp_rpc::VatNetwork<Side>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + 'static,
{
    let (reader, writer) = tokio::io::split(session);
    Box::new(twoparty::VatNetwork::new(
        futures::io::BufReader::new(reader.compat()),
        futures::io::BufWriter::new(writer.compat_write()),
        side,
        Default::default(),
    ))
}

pub(super) struct Dialler {
    addr: SocketAddr,
    connector: TlsConnector,
}

impl Dialler {
    pub(super) fn new(addr: SocketAddr, pki: &Pki) -> Result<Self> {
        Ok(Self { addr, connector: TlsConnector::from(Arc::new(pki.client(KeyExchange::X25519)?)) })
    }
}

impl Dial for Dialler {
    type Client = echo::Client;

    async fn dial(&self) -> Result<echo::Client> {
        let session = connect_tls(self.addr, &self.connector).await?;
        let mut system = RpcSystem::new(network(session, Side::Client), None);
        let echo = system.bootstrap(Side::Server);
        tokio::task::spawn_local(system);
        Ok(echo)
    }
}

impl Client for echo::Client {
    async fn small(&self, id: u64) -> Result<()> {
        let mut request = self.small_request();
        let mut record = request.get().init_req();
        record.set_id(id);
        record.set_name(NAME);
        let mut tags = record.init_tags(TAGS.len() as u32);
        for (i, tag) in TAGS.iter().enumerate() {
            tags.set(i as u32, *tag);
        }
        let answer = request.send().promise.await?;
        let reply = answer.get()?.get_resp()?;
        // The other peers hand back what one may keep, and so must this one.
        let name = reply.get_name()?.to_string()?;
        let tags: Vec<u32> = reply.get_tags()?.iter().collect();
        let same = reply.get_id() == id && name.len() == NAME.len() && tags.len() == TAGS.len();
        ensure!(same, "another record came back");
        Ok(())
    }

    async fn blob(&self, data: &Bytes) -> Result<()> {
        let mut request = self.blob_request();
        request.get().set_data(data);
        let answer = request.send().promise.await?;
        ensure!(answer.get()?.get_data()?.len() == data.len(), "other bytes came back");
        Ok(())
    }

    async fn stream(&self, count: u64, size: u32) -> Result<()> {
        let (done, all_came) = oneshot::channel();
        let sink = Sink { size: size as usize, odd: Cell::new(false), done: RefCell::new(Some(done)) };
        let mut request = self.download_request();
        request.get().set_count(count);
        request.get().set_size(size);
        request.get().set_sink(capnp_rpc::new_client(sink));
        request.send().promise.await?;
        ensure!(all_came.await?, "another message came");
        Ok(())
    }

    async fn sleep(&self, milliseconds: u32) -> Result<()> {
        let mut request = self.sleep_request();
        request.get().set_milliseconds(milliseconds);
        request.send().promise.await?;
        Ok(())
    }

    fn start(self, task: Task<Self>) {
        tokio::task::spawn_local(task.run(self));
    }
}

/// Where the messages of a stream arrive: Cap'n Proto's streams are calls the other way.
struct Sink {
    size: usize,
    odd: Cell<bool>,
    done: RefCell<Option<oneshot::Sender<bool>>>,
}

impl sink::Server for Sink {
    async fn chunk(self: Rc<Self>, params: sink::ChunkParams) -> Result<(), capnp::Error> {
        if params.get()?.get_data()?.len() != self.size {
            self.odd.set(true);
        }
        load::count(1);
        Ok(())
    }

    async fn done(self: Rc<Self>, _: sink::DoneParams, _: sink::DoneResults) -> Result<(), capnp::Error> {
        if let Some(done) = self.done.borrow_mut().take() {
            _ = done.send(!self.odd.get());
        }
        Ok(())
    }
}
