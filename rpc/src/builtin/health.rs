//! Whether a server's services are fit to be called.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Known;
use crate::{Code, Context, Status};

/// Whether the services of this server are fit to be called.
#[countersign::service(package = "countersign")]
pub trait Health {
    /// The health of each service that the caller may call, or of the one with this name.
    #[rpc(idempotent)]
    async fn get(&self, cx: &Context, service: Option<String>) -> Result<Vec<ServiceHealth>, Status>;
}

/// Whether one service is fit to be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServiceHealth {
    /// The name of the service, such as `acme.Ledger`.
    pub service: String,
    /// Whether it answers calls.
    pub serving: bool,
}

/// The services of one server, which serve while it does.
pub(crate) struct Healthy(Known);

impl Healthy {
    pub(crate) fn new(services: Known) -> Self {
        Self(services)
    }
}

impl Health for Healthy {
    async fn get(&self, cx: &Context, service: Option<String>) -> Result<Vec<ServiceHealth>, Status> {
        let visible = self.0.visible_to(cx.peer()).map(|service| service.name.clone());
        let health = |service| ServiceHealth { service, serving: true };
        match service {
            None => Ok(visible.map(health).collect()),
            Some(wanted) => match visible.into_iter().find(|name| *name == wanted) {
                Some(name) => Ok(vec![health(name)]),
                None => Err(Status::new(Code::NotFound, super::NO_SUCH_SERVICE)),
            },
        }
    }
}
