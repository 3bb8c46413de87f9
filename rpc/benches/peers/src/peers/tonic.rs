//! tonic, which is gRPC over HTTP/2.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use bytes::Bytes;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

use self::generated::echo_client::EchoClient;
use self::generated::echo_server::{Echo, EchoServer};
use self::generated::{Blob, Nap, Rested, Small, StreamReq};
use super::ready;
use crate::certs::Pki;
use crate::load::{self, Client, Dial, LARGE, NAME, TAGS, Task};

#[expect(
    unreachable_pub,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    reason = "generated"
)]
mod generated {
    tonic::include_proto!("bench");
}

struct Mirror;

type Messages = tokio_stream::Iter<Box<dyn Iterator<Item = Result<Blob, Status>> + Send>>;

#[tonic::async_trait]
impl Echo for Mirror {
    type DownloadStream = Messages;

    async fn echo_small(&self, request: Request<Small>) -> Result<Response<Small>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn echo_blob(&self, request: Request<Blob>) -> Result<Response<Blob>, Status> {
        Ok(Response::new(request.into_inner()))
    }

    async fn download(&self, request: Request<StreamReq>) -> Result<Response<Messages>, Status> {
        let StreamReq { count, size } = request.into_inner();
        let data = load::blob(size as usize);
        let messages: Box<dyn Iterator<Item = _> + Send> =
            Box::new((0..count).map(move |_| Ok(Blob { data: data.clone() })));
        Ok(Response::new(tokio_stream::iter(messages)))
    }

    async fn sleep(&self, request: Request<Nap>) -> Result<Response<Rested>, Status> {
        tokio::time::sleep(Duration::from_millis(request.into_inner().milliseconds.into())).await;
        Ok(Response::new(Rested {}))
    }
}

pub(super) async fn serve(addr: SocketAddr, pki: &Pki, large: bool) -> Result<()> {
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(pki.read("server/cert.pem")?, pki.read("server/key.pem")?))
        .client_ca_root(Certificate::from_pem(pki.read("server/ca.pem")?));
    let listener = tokio::net::TcpListener::bind(addr).await?;
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let mut echo = EchoServer::new(Mirror);
    if large {
        echo = echo.max_decoding_message_size(LARGE as usize);
    }
    ready()?;
    Ok(Server::builder().tls_config(tls)?.add_service(echo).serve_with_incoming(incoming).await?)
}

pub(super) struct Dialler {
    endpoint: Endpoint,
    large: bool,
}

impl Dialler {
    pub(super) fn new(addr: SocketAddr, pki: &Pki, large: bool) -> Result<Self> {
        let tls = ClientTlsConfig::new()
            .domain_name("localhost")
            .ca_certificate(Certificate::from_pem(pki.read("server/ca.pem")?))
            .identity(Identity::from_pem(pki.read("client/cert.pem")?, pki.read("client/key.pem")?));
        let endpoint = Endpoint::from_shared(format!("https://{addr}"))?.tls_config(tls)?.tcp_nodelay(true);
        Ok(Self { endpoint, large })
    }
}

impl Dial for Dialler {
    type Client = EchoClient<Channel>;

    async fn dial(&self) -> Result<Self::Client> {
        let client = EchoClient::new(self.endpoint.connect().await?);
        Ok(if self.large { client.max_decoding_message_size(LARGE as usize) } else { client })
    }
}

impl Client for EchoClient<Channel> {
    async fn small(&self, id: u64) -> Result<()> {
        let record = Small { id, name: NAME.to_owned(), tags: TAGS.to_vec() };
        let reply = self.clone().echo_small(record).await?.into_inner();
        ensure!(reply.id == id && reply.tags.len() == TAGS.len(), "another record came back");
        Ok(())
    }

    async fn blob(&self, data: &Bytes) -> Result<()> {
        let reply = self.clone().echo_blob(Blob { data: data.clone() }).await?.into_inner();
        ensure!(reply.data.len() == data.len(), "other bytes came back");
        Ok(())
    }

    async fn stream(&self, count: u64, size: u32) -> Result<()> {
        let mut messages = self.clone().download(StreamReq { count, size }).await?.into_inner();
        while let Some(message) = messages.message().await? {
            ensure!(message.data.len() == size as usize, "another message came");
            load::count(1);
        }
        Ok(())
    }

    async fn sleep(&self, milliseconds: u32) -> Result<()> {
        EchoClient::sleep(&mut self.clone(), Nap { milliseconds }).await?;
        Ok(())
    }

    fn start(self, task: Task<Self>) {
        tokio::spawn(task.run(self));
    }
}
