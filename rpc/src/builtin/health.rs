//! Whether a server's services are fit to be called.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Known;
use crate::peer::Peer;
use crate::server::Connections;
use crate::{Code, Context, Sender, Status};

/// Whether the services of this server are fit to be called.
#[countersign::service(package = "countersign")]
pub trait Health {
    /// The health of each service that the caller may call, or of the one with this name.
    #[rpc(idempotent)]
    async fn get(&self, cx: &Context, service: Option<String>) -> Result<Vec<ServiceHealth>, Status>;

    /// The same at once and whenever it changes, until the server has stopped.
    #[rpc(idempotent)]
    async fn watch(
        &self,
        cx: &Context,
        service: Option<String>,
        changes: Sender<Vec<ServiceHealth>>,
    ) -> Result<(), Status>;
}

/// Whether one service is fit to be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceHealth {
    /// The name of the service, such as `acme.Ledger`.
    pub service: String,
    /// Whether it answers calls.
    pub serving: bool,
}

/// The services of one server, which serve until it is told to stop.
pub(crate) struct Healthy {
    services: Known,
    connections: Arc<Connections>,
}

impl Healthy {
    pub(crate) fn new(services: Known, connections: Arc<Connections>) -> Self {
        Self { services, connections }
    }

    fn now(&self, peer: &Peer, service: Option<&str>) -> Result<Vec<ServiceHealth>, Status> {
        let serving = !self.connections.is_stopping();
        let visible = self.services.visible_to(peer).map(|service| service.name);
        let wanted = visible.filter(|name| service.is_none_or(|service| service == name));
        let health: Vec<_> = wanted.map(|service| ServiceHealth { service, serving }).collect();
        match service {
            Some(_) if health.is_empty() => Err(Status::new(Code::NotFound, super::NO_SUCH_SERVICE)),
            _ => Ok(health),
        }
    }
}

impl Health for Healthy {
    async fn get(&self, cx: &Context, service: Option<String>) -> Result<Vec<ServiceHealth>, Status> {
        self.now(cx.peer(), service.as_deref())
    }

    async fn watch(
        &self,
        cx: &Context,
        service: Option<String>,
        changes: Sender<Vec<ServiceHealth>>,
    ) -> Result<(), Status> {
        changes.send(self.now(cx.peer(), service.as_deref())?).await?;
        self.connections.stopping().await;
        changes.send(self.now(cx.peer(), service.as_deref())?).await
    }
}
