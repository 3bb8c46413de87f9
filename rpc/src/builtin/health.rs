//! Whether a server's services are fit to be called.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::service::ServiceDescription;
use crate::{Context, Status};

/// Whether the services of this server are fit to be called.
#[countersign::service(package = "countersign")]
pub trait Health {
    /// Each service by its name, and whether it serves.
    #[rpc(idempotent)]
    async fn get(&self, cx: &Context) -> Result<BTreeMap<String, bool>, Status>;
}

/// All services of one server, which serve while it does.
pub(crate) struct Healthy(Arc<OnceLock<Vec<ServiceDescription>>>);

impl Healthy {
    pub(crate) fn new(services: Arc<OnceLock<Vec<ServiceDescription>>>) -> Self {
        Self(services)
    }
}

impl Health for Healthy {
    async fn get(&self, _: &Context) -> Result<BTreeMap<String, bool>, Status> {
        Ok(self.0.get().into_iter().flatten().map(|service| (service.name.clone(), true)).collect())
    }
}
