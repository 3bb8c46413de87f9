//! Faults: the errors that a service's author declares, and how they travel.

use std::convert::Infallible;
use std::error::Error;
use std::panic::Location;

use countersign_proto::{Code, Status, cbor};
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::convert::log_private;
use super::describe::{self, FaultDescription};

/// The error of a procedure. Derive it for an enum; a [`Status`] is one that declares nothing.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a fault",
    label = "the error of a procedure is a fault",
    note = "add `#[derive(countersign::Fault)]` to its enum, or return a `Status`"
)]
pub trait Fault: Error + Sized + Send + Sync + 'static {
    /// What a client can get back: the enum itself, or [`Infallible`] where nothing is declared.
    type Declared: Fault;

    /// What the peer is told.
    fn into_status(self) -> Status;

    /// The fault that a status carries, if it carries one that this side knows.
    fn from_status(status: &Status) -> Option<Self>;

    /// What is declared, for reflection.
    fn describe() -> Option<FaultDeclaration>;
}

/// What the author of a fault declared.
#[derive(Debug, Clone)]
pub struct FaultDeclaration {
    /// The schema of a status's details.
    pub schema: Schema,
    /// A line for each variant.
    pub variants: Vec<FaultDescription>,
}

impl Fault for Status {
    type Declared = Infallible;

    fn into_status(self) -> Status {
        self
    }

    fn from_status(status: &Status) -> Option<Self> {
        Some(status.clone())
    }

    fn describe() -> Option<FaultDeclaration> {
        None
    }
}

impl Fault for Infallible {
    type Declared = Self;

    fn into_status(self) -> Status {
        match self {}
    }

    fn from_status(_: &Status) -> Option<Self> {
        None
    }

    fn describe() -> Option<FaultDeclaration> {
        None
    }
}

/// What a peer is told of a failure whose cause is none of its business.
pub(super) const PRIVATE: &str = "internal error; the server's log has the cause";

/// The status of a declared variant: its code, what it says, and itself as the details.
#[doc(hidden)]
pub fn declared<E: Fault + Serialize>(code: Code, fault: &E) -> Status {
    let status = Status::new(code, fault.to_string());
    match cbor::to_vec(fault) {
        Ok(details) => status.with_details(details),
        Err(error) => {
            tracing::error!(%error, "a fault cannot be encoded");
            status
        }
    }
}

/// The status of a private variant: a line in the log, and nothing for the peer.
#[doc(hidden)]
#[track_caller]
pub fn private<E: Fault>(fault: &E) -> Status {
    log_private(fault, Location::caller());
    Status::internal(PRIVATE)
}

/// The fault in a status's details. A variant of a newer server is none: its code and message remain.
#[doc(hidden)]
pub fn from_details<E: Fault + DeserializeOwned>(status: &Status) -> Option<E> {
    cbor::from_slice(&status.details).ok()
}

/// The declaration of an enum: name, code and message of each variant that travels.
#[doc(hidden)]
pub fn describe<E: Fault + JsonSchema>(variants: &[(&str, Code, &str)]) -> Option<FaultDeclaration> {
    let describe = |&(variant, code, message): &(&str, Code, &str)| FaultDescription {
        variant: variant.to_owned(),
        code: code.name().to_owned(),
        message: message.to_owned(),
    };
    Some(FaultDeclaration {
        schema: describe::sent::<E>(),
        variants: variants.iter().map(describe).collect(),
    })
}
