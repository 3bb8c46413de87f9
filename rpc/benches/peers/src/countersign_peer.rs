//! Countersign as anyone would use it: the macro's server and client, a policy, default settings.
use std::time::Duration;

use countersign::{Bytes, Client as Connection, Context, Credentials, Policy, Sender, Server, Status};

use crate::certs::Pki;
use crate::drive::{self, Cfg, Client, NAME, TAGS};
use anyhow::{Result, ensure};

#[countersign::message]
#[derive(Debug, Clone)]
pub struct Small {
    pub id: u64,
    pub name: String,
    pub tags: Vec<u32>,
}

/// The same three calls as those of the other peers. tarpc's calls have a deadline of ten seconds, so these do.
#[countersign::service(package = "bench")]
pub trait Echo {
    /// The record, as it came.
    #[rpc(deadline = "10s")]
    async fn small(&self, cx: &Context, record: Small) -> Result<Small, Status>;
    /// The bytes, as they came.
    #[rpc(deadline = "10s")]
    async fn blob(&self, cx: &Context, data: Bytes) -> Result<Bytes, Status>;
    /// So many messages of so many bytes.
    async fn download(&self, cx: &Context, count: u64, size: u32, messages: Sender<Bytes>) -> Result<(), Status>;
}

struct Mirror;

impl Echo for Mirror {
    async fn small(&self, _: &Context, record: Small) -> Result<Small, Status> {
        Ok(record)
    }
    async fn blob(&self, _: &Context, data: Bytes) -> Result<Bytes, Status> {
        Ok(data)
    }
    async fn download(&self, _: &Context, count: u64, size: u32, messages: Sender<Bytes>) -> Result<(), Status> {
        let message = Bytes::from(drive::blob_of(size as usize));
        for _ in 0..count {
            messages.send(message.clone()).await?;
        }
        Ok(())
    }
}

pub async fn serve(addr: &str, pki: Pki) -> Result<()> {
    let policy = Policy::builder().allow(&["spiffe://countersign.internal/client"], &["bench.Echo/*"]).build()?;
    let server = Server::builder(Credentials::watch(pki.dir.join("server"))?, policy)
        .service(EchoServer::new(Mirror))
        .bind(addr)
        .await?;
    crate::ready();
    server.run_until(std::future::pending::<()>()).await;
    Ok(())
}

#[derive(Clone)]
struct C(EchoClient);

impl Client for C {
    async fn small(&self, id: u64) -> Result<()> {
        let m = Small { id, name: NAME.to_string(), tags: TAGS.to_vec() };
        let r = self.0.small(m).await?;
        ensure!(r.id == id && r.tags.len() == 4, "wrong answer");
        Ok(())
    }
    async fn blob(&self, data: &bytes::Bytes) -> Result<()> {
        let r = self.0.blob(Bytes::from(data.clone())).await?;
        ensure!(r.len() == data.len(), "wrong answer");
        Ok(())
    }
    async fn stream(&self, count: u64, size: u32) -> Result<()> {
        let mut s = self.0.download(count, size).timeout(Duration::from_secs(60)).await?;
        while let Some(m) = s.next().await? {
            ensure!(m.len() == size as usize, "wrong answer");
            drive::got(1);
        }
        Ok(())
    }
}

pub async fn load(cfg: Cfg) -> Result<()> {
    let credentials = Credentials::watch(cfg.certs.join("client"))?;
    let connect = async |cfg: &Cfg| -> Result<C> {
        let client = Connection::builder(credentials.clone()).connect(&cfg.addr).await?;
        Ok(C(EchoClient::new(client)))
    };
    crate::drive_load!(cfg, tokio::spawn, connect)
}
