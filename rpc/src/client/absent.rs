//! Without TLS there is no connection, and so no client. Contracts still name the type.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Waiting;
use crate::link::client::{Handle, Turn};

/// A client of a server. There is none without the feature `tls`.
#[derive(Debug, Clone)]
pub struct Client(Infallible);

impl Client {
    pub(crate) fn link(&self) -> Option<Arc<Handle>> {
        match self.0 {}
    }

    pub(crate) fn fails_fast(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn wait_for_link(&self, _: Duration, _: Instant, _: bool) -> Waiting {
        match self.0 {}
    }

    pub(crate) fn wait_for_turn(&self, _: Turn, _: Instant) -> Waiting {
        match self.0 {}
    }

    pub(crate) fn leave(&self, _: &Arc<Handle>) {
        match self.0 {}
    }

    pub(crate) fn spend_retry(&self) -> bool {
        match self.0 {}
    }

    pub(crate) fn count_retry(&self) {
        match self.0 {}
    }
}
