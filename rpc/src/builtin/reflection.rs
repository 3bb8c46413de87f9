//! What a server can do, as far as its caller may know.

use std::sync::{Arc, OnceLock};

use crate::context::Context;
use crate::peer::Peer;
use crate::server::Policy;
use crate::service::ServiceDescription;
use crate::{Code, Status};

/// What this server can do.
#[countersign::service(package = "countersign")]
pub trait Reflection {
    /// Every service with the procedures that the caller may call.
    #[rpc(idempotent)]
    async fn services(&self, cx: &Context) -> Result<Vec<ServiceDescription>, Status>;

    /// One service by its name, such as `acme.Ledger`.
    #[rpc(idempotent)]
    async fn describe(&self, cx: &Context, service: String) -> Result<ServiceDescription, Status>;
}

/// The services of one server, filtered by its policy.
pub(crate) struct Reflected {
    services: Arc<OnceLock<Vec<ServiceDescription>>>,
    policy: Policy,
}

impl Reflected {
    pub(crate) fn new(services: Arc<OnceLock<Vec<ServiceDescription>>>, policy: Policy) -> Self {
        Self { services, policy }
    }

    fn visible_to(&self, peer: &Peer) -> impl Iterator<Item = ServiceDescription> {
        let services = self.services.get().into_iter().flatten();
        services.filter_map(|service| {
            let mut visible = service.clone();
            visible.procedures.retain(|procedure| {
                self.policy.allows(peer, &format!("{}/{}", service.name, procedure.name))
            });
            (!visible.procedures.is_empty()).then_some(visible)
        })
    }
}

impl Reflection for Reflected {
    async fn services(&self, cx: &Context) -> Result<Vec<ServiceDescription>, Status> {
        Ok(self.visible_to(cx.peer()).collect())
    }

    async fn describe(&self, cx: &Context, service: String) -> Result<ServiceDescription, Status> {
        let found = self.visible_to(cx.peer()).find(|visible| visible.name == service);
        found.ok_or_else(|| Status::new(Code::NotFound, "this server has no such service for you"))
    }
}
