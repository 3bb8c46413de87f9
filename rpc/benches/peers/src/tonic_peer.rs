use crate::certs::Pki;
use crate::drive::{self, Cfg, Client, NAME, TAGS};
use anyhow::{Result, ensure};
use bytes::Bytes;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity, Server, ServerTlsConfig};
use tonic::{Request, Response, Status};

pub mod pb {
    tonic::include_proto!("bench");
}
use pb::echo_client::EchoClient;
use pb::echo_server::{Echo, EchoServer};
use pb::{Blob, Small, StreamReq};

struct Svc;
type Down = tokio_stream::Iter<Box<dyn Iterator<Item = Result<Blob, Status>> + Send + 'static>>;

#[tonic::async_trait]
impl Echo for Svc {
    async fn echo_small(&self, r: Request<Small>) -> Result<Response<Small>, Status> {
        Ok(Response::new(r.into_inner()))
    }
    async fn echo_blob(&self, r: Request<Blob>) -> Result<Response<Blob>, Status> {
        Ok(Response::new(r.into_inner()))
    }
    type DownloadStream = Down;
    async fn download(&self, r: Request<StreamReq>) -> Result<Response<Down>, Status> {
        let r = r.into_inner();
        let data = drive::blob_of(r.size as usize);
        let it: Box<dyn Iterator<Item = _> + Send> =
            Box::new((0..r.count).map(move |_| Ok(Blob { data: data.clone() })));
        Ok(Response::new(tokio_stream::iter(it)))
    }
}

pub async fn serve(addr: &str, pki: Pki) -> Result<()> {
    let tls = ServerTlsConfig::new()
        .identity(Identity::from_pem(pki.read("server/cert.pem")?, pki.read("server/key.pem")?))
        .client_ca_root(Certificate::from_pem(pki.read("server/ca.pem")?));
    let listener = tokio::net::TcpListener::bind(addr).await?;
    let incoming = tonic::transport::server::TcpIncoming::from(listener).with_nodelay(Some(true));
    crate::ready();
    Server::builder()
        .tls_config(tls)?
        .add_service(EchoServer::new(Svc))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}

#[derive(Clone)]
struct C(EchoClient<Channel>);

impl Client for C {
    async fn small(&self, id: u64) -> Result<()> {
        let m = Small { id, name: NAME.to_string(), tags: TAGS.to_vec() };
        let r = self.0.clone().echo_small(m).await?.into_inner();
        ensure!(r.id == id && r.tags.len() == 4, "wrong answer");
        Ok(())
    }
    async fn blob(&self, data: &Bytes) -> Result<()> {
        let r = self.0.clone().echo_blob(Blob { data: data.clone() }).await?.into_inner();
        ensure!(r.data.len() == data.len(), "wrong answer");
        Ok(())
    }
    async fn stream(&self, count: u64, size: u32) -> Result<()> {
        let mut s = self.0.clone().download(StreamReq { count, size }).await?.into_inner();
        while let Some(m) = s.message().await? {
            ensure!(m.data.len() == size as usize, "wrong answer");
            drive::got(1);
        }
        Ok(())
    }
}

pub async fn load(cfg: Cfg) -> Result<()> {
    let pki = Pki { dir: cfg.certs.clone() };
    let tls = ClientTlsConfig::new()
        .domain_name("localhost")
        .ca_certificate(Certificate::from_pem(pki.read("server/ca.pem")?))
        .identity(Identity::from_pem(pki.read("client/cert.pem")?, pki.read("client/key.pem")?));
    let connect = async |cfg: &Cfg| -> Result<C> {
        let ch = Endpoint::from_shared(format!("https://{}", cfg.addr))?
            .tls_config(tls.clone())?
            .tcp_nodelay(true)
            .connect()
            .await?;
        Ok(C(EchoClient::new(ch)))
    };
    crate::drive_load!(cfg, tokio::spawn, connect)
}
