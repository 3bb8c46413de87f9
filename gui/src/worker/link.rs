//! One connection to a server: the one file that knows the client.

use crate::exchange::CallOrder;
use crate::model::catalogue::Service;
use crate::model::connection::{Failure, Session, Target};
use crate::model::reply::{Answer, Problem, ProblemKind};
use crate::model::stats::Snapshot;

/// A connection to a server. Cloning it gives another handle.
#[derive(Clone)]
pub(super) struct Link {
    session: Session,
}

impl Link {
    /// Connects, and returns once the server has accepted us.
    pub(super) async fn connect(_: &Target) -> Result<Self, Failure> {
        Err(Failure::new("This build cannot connect yet.", ""))
    }

    /// Who is at the other end.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Waits until the connection ends, and says why.
    pub(super) async fn closed(&self) -> Failure {
        std::future::pending().await
    }

    /// What the server can do.
    pub(super) async fn services(&self) -> Result<Vec<Service>, Failure> {
        Err(Failure::new("This build cannot ask yet.", ""))
    }

    /// What the server has counted.
    pub(super) async fn stats(&self) -> Result<Snapshot, Failure> {
        Err(Failure::new("This build cannot ask yet.", ""))
    }

    /// Makes a call.
    pub(super) async fn call(&self, _: &CallOrder) -> Result<Answer, Problem> {
        Err(Problem::new(ProblemKind::Lost, "This build cannot call yet."))
    }
}
