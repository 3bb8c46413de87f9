//! Countersign as anyone would use it: the macro's server and client, a policy, default settings.

mod many;

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Result, ensure};
use countersign::{
    Bytes, Client as Connection, Context, Credentials, Limits, Policy, Sender, Server, Status, Watched,
};

use self::many::{Callers, Many};
use super::ready;
use crate::certs::Pki;
use crate::load::{self, Client, Dial, LARGE, NAME, TAGS, Task};

/// The small record.
#[countersign::message]
#[derive(Debug, Clone)]
pub(crate) struct Small {
    id: u64,
    name: String,
    tags: Vec<u32>,
}

/// The same calls as those of the other peers. tarpc's have a deadline of ten seconds, and so do these.
#[countersign::service(package = "bench")]
pub(crate) trait Echo {
    /// The record, as it came.
    #[rpc(deadline = "10s")]
    async fn small(&self, cx: &Context, record: Small) -> Result<Small, Status>;
    /// The bytes, as they came.
    #[rpc(deadline = "10s")]
    async fn blob(&self, cx: &Context, data: Bytes) -> Result<Bytes, Status>;
    /// So many messages of so many bytes.
    async fn download(
        &self,
        cx: &Context,
        count: u64,
        size: u32,
        messages: Sender<Bytes>,
    ) -> Result<(), Status>;
    /// An answer after so many milliseconds.
    #[rpc(deadline = "10s")]
    async fn sleep(&self, cx: &Context, milliseconds: u32) -> Result<(), Status>;
}

struct Mirror;

impl Echo for Mirror {
    async fn small(&self, _: &Context, record: Small) -> Result<Small, Status> {
        Ok(record)
    }

    async fn blob(&self, _: &Context, data: Bytes) -> Result<Bytes, Status> {
        Ok(data)
    }

    async fn download(
        &self,
        _: &Context,
        count: u64,
        size: u32,
        messages: Sender<Bytes>,
    ) -> Result<(), Status> {
        let message = Bytes::from(load::blob(size as usize));
        for _ in 0..count {
            messages.send(message.clone()).await?;
        }
        Ok(())
    }

    async fn sleep(&self, _: &Context, milliseconds: u32) -> Result<(), Status> {
        tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
        Ok(())
    }
}

/// The default limits, or those with which both sides take large messages.
fn limits(large: bool) -> Limits {
    let defaults = Limits::default();
    if large { Limits { message_len: LARGE, receive_budget: 4 * LARGE, ..defaults } } else { defaults }
}

pub(super) async fn serve(addr: SocketAddr, pki: &Pki, large: bool, procedures: Option<usize>) -> Result<()> {
    let client = ["spiffe://countersign.internal/client"];
    let policy = Policy::builder().allow(&client, &["bench.Echo/*", "bench.Many/*"]).build()?;
    let mut server = Server::builder(Credentials::watch(pki.dir.join("server"))?, policy)
        .limits(limits(large))
        .service(EchoServer::new(Mirror));
    if let Some(procedures) = procedures {
        server = server.service(Many::new(procedures));
    }
    let server = server.bind(addr).await?;
    ready()?;
    server.run_until(std::future::pending::<()>()).await;
    Ok(())
}

pub(super) struct Dialler {
    addr: String,
    credentials: Watched<Credentials>,
    limits: Limits,
    many: Option<Callers>,
}

impl Dialler {
    pub(super) fn new(addr: SocketAddr, pki: &Pki, large: bool, procedures: Option<usize>) -> Result<Self> {
        let credentials = Credentials::watch(pki.dir.join("client"))?;
        let many = procedures.map(Callers::new);
        Ok(Self { addr: addr.to_string(), credentials, limits: limits(large), many })
    }
}

impl Dial for Dialler {
    type Client = Caller;

    async fn dial(&self) -> Result<Caller> {
        let connection = Connection::builder(self.credentials.clone()).limits(self.limits.clone());
        let connection = connection.connect(&self.addr).await?;
        Ok(Caller { echo: EchoClient::new(connection.clone()), connection, many: self.many.clone() })
    }
}

#[derive(Clone)]
pub(super) struct Caller {
    echo: EchoClient,
    connection: Connection,
    /// What is called for the small record instead of one procedure.
    many: Option<Callers>,
}

impl Client for Caller {
    async fn small(&self, id: u64) -> Result<()> {
        let record = Small { id, name: NAME.to_owned(), tags: TAGS.to_vec() };
        let reply = match &self.many {
            None => self.echo.small(record).await?,
            Some(many) => many.small(&self.connection, &record).await?,
        };
        ensure!(reply.id == id && reply.tags.len() == TAGS.len(), "another record came back");
        Ok(())
    }

    async fn blob(&self, data: &bytes::Bytes) -> Result<()> {
        let reply = self.echo.blob(Bytes::from(data.clone())).await?;
        ensure!(reply.len() == data.len(), "other bytes came back");
        Ok(())
    }

    async fn stream(&self, count: u64, size: u32) -> Result<()> {
        let mut messages = self.echo.download(count, size).timeout(Duration::from_secs(60)).await?;
        while let Some(message) = messages.next().await? {
            ensure!(message.len() == size as usize, "another message came");
            load::count(1);
        }
        Ok(())
    }

    async fn sleep(&self, milliseconds: u32) -> Result<()> {
        Ok(self.echo.sleep(milliseconds).await?)
    }

    fn start(self, task: Task<Self>) {
        tokio::spawn(task.run(self));
    }
}
