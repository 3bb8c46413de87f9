//! What a server can do, as far as its caller may know.

use super::Known;
use crate::context::Context;
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

/// The services of one server, as far as its policy shows them.
pub(crate) struct Reflected(Known);

impl Reflected {
    pub(crate) fn new(services: Known) -> Self {
        Self(services)
    }
}

impl Reflection for Reflected {
    async fn services(&self, cx: &Context) -> Result<Vec<ServiceDescription>, Status> {
        Ok(self.0.visible_to(cx.peer()).collect())
    }

    async fn describe(&self, cx: &Context, service: String) -> Result<ServiceDescription, Status> {
        let found = self.0.visible_to(cx.peer()).find(|visible| visible.name == service);
        found.ok_or_else(|| Status::new(Code::NotFound, super::NO_SUCH_SERVICE))
    }
}
