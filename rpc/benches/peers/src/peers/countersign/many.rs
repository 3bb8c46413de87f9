//! One service with any number of procedures, each of which echoes the small record: what the macro would make of a
//! very long trait.

use std::sync::Arc;
use std::time::Duration;

use countersign::service::{
    ArgumentMap, CallKind, DescriptionError, Handling, Procedure, Service, ServiceDescription,
};
use countersign::{Call, Client, Context, Status};

use super::{EchoServer, Mirror, Small};

/// Where `small` is in the trait.
const SMALL: usize = 0;

pub(super) struct Many {
    echo: EchoServer<Mirror>,
    procedures: usize,
}

impl Many {
    pub(super) fn new(procedures: usize) -> Self {
        Self { echo: EchoServer::new(Mirror), procedures }
    }
}

impl Service for Many {
    fn description(&self) -> Result<ServiceDescription, DescriptionError> {
        let mut description = self.echo.description()?;
        let small = description.procedures.swap_remove(SMALL);
        let named = |number| {
            let mut procedure = small.clone();
            procedure.name = name(number);
            procedure
        };
        description.name = "bench.Many".into();
        description.procedures = (0..self.procedures).map(named).collect();
        Ok(description)
    }

    fn dispatch(&self, _: usize, cx: Context, arguments: &[u8]) -> Handling {
        self.echo.dispatch(SMALL, cx, arguments)
    }
}

/// What calls them.
#[derive(Clone)]
pub(super) struct Callers(Arc<[&'static Procedure]>);

impl Callers {
    pub(super) fn new(procedures: usize) -> Self {
        let procedure = |number| {
            // As a contract has them, for as long as the process lives.
            &*Box::leak(Box::new(Procedure {
                name: format!("bench.Many/{}", name(number)).leak(),
                kind: CallKind::Unary,
                idempotent: false,
                deadline: Some(Duration::from_secs(10)),
            }))
        };
        Self((0..procedures).map(procedure).collect())
    }

    /// Calls one of them, and all of them about as often.
    pub(super) fn small(&self, client: &Client, record: &Small) -> Call<Small, Status> {
        // By Fibonacci hashing, so that callers who count alike call different ones.
        let spread = record.id.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let procedure = self.0[spread as usize % self.0.len()];
        Call::new(client, procedure, ArgumentMap::new().with::<Small, _>("record", record).finish())
    }
}

fn name(number: usize) -> String {
    format!("small_{number}")
}
