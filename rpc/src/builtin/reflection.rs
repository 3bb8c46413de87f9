//! What a server can do, as far as its caller may know.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

    /// The name of every procedure, also of those that the caller may not call. Only a rule of the policy that names
    /// this procedure in full allows it.
    #[rpc(idempotent)]
    async fn names(&self, cx: &Context) -> Result<Vec<ProcedureName>, Status>;
}

/// The name of a procedure, and whether it may be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProcedureName {
    /// Such as `acme.Ledger/balance`.
    pub procedure: String,
    /// Whether the caller may call it.
    pub allowed: bool,
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

    async fn names(&self, cx: &Context) -> Result<Vec<ProcedureName>, Status> {
        Ok(self.0.names(cx.peer()).map(|(procedure, allowed)| ProcedureName { procedure, allowed }).collect())
    }
}
