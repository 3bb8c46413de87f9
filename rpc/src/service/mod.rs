//! What the output of `#[service]` stands on: dispatch, arguments by name, faults, descriptions.
//!
//! Generated code says which functions of this module to call with which types, and nothing else.

mod arg;
mod arguments;
mod convert;
mod describe;
mod digest;
pub mod fault;
mod procedure;

use std::future::Future;
use std::pin::Pin;

use countersign_proto::{Code, HandlerRan, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub use arg::{Arg, ArgumentMap};
pub use arguments::Arguments;
pub use convert::OrStatus;
pub use describe::{CallKind, DescriptionError, FaultDescription, ProcedureDescription, ServiceDescription};
pub use fault::{Fault, FaultDeclaration};
pub use procedure::Procedure;

use self::arguments::Names;
use crate::{Context, Receiver, Sender, encode_buffer, stopwatch};

/// Something with procedures that a server can serve: what `#[service]` makes of a trait.
pub trait Service: Send + Sync + 'static {
    /// What the service can do, with a schema per type. Not cheap: ask once, when the service is registered.
    fn description(&self) -> Result<ServiceDescription, DescriptionError>;

    /// Starts a call of the procedure at this place in the description.
    ///
    /// Arguments are decoded here, so that the future borrows nothing; the handler itself has not yet run.
    fn dispatch(&self, method: usize, cx: Context, arguments: &[u8]) -> Handling;
}

/// How a call ends: the encoded result, or a status.
pub type Reply = Result<Vec<u8>, Status>;

/// Where a call stands when it was dispatched.
#[must_use]
pub enum Handling {
    /// It ended without its handler.
    Ready(Reply),
    /// The handler runs as far as this is polled; dropping it cancels the call.
    Running(Pin<Box<dyn Future<Output = Reply> + Send>>),
}

impl Handling {
    /// The answer to a call of a procedure that the description does not have.
    pub fn unknown_method() -> Self {
        Self::refused(Status::new(Code::Unimplemented, "no such procedure"))
    }

    fn refused(status: Status) -> Self {
        Self::Ready(Err(status.with_handler_ran(HandlerRan::No)))
    }
}

/// Decodes the arguments of a unary call and runs its handler.
pub fn unary<A, T, E, H, F>(
    names: &'static [&'static str],
    cx: Context,
    arguments: &[u8],
    handler: H,
) -> Handling
where
    A: Arguments,
    T: Serialize,
    E: Fault,
    H: FnOnce(Context, A) -> F,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    run(names, arguments, |arguments| handler(cx, arguments))
}

/// The same for a call to which the server sends items.
pub fn server_stream<A, O, T, E, H, F>(
    names: &'static [&'static str],
    cx: Context,
    arguments: &[u8],
    handler: H,
) -> Handling
where
    A: Arguments,
    O: Serialize,
    T: Serialize,
    E: Fault,
    H: FnOnce(Context, A, Sender<O>) -> F,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    run(names, arguments, |arguments| {
        let items = Sender::new(cx.lane());
        handler(cx, arguments, items)
    })
}

/// The same for a call to which the client sends items.
pub fn client_stream<A, I, T, E, H, F>(
    names: &'static [&'static str],
    cx: Context,
    arguments: &[u8],
    handler: H,
) -> Handling
where
    A: Arguments,
    I: DeserializeOwned,
    T: Serialize,
    E: Fault,
    H: FnOnce(Context, A, Receiver<I>) -> F,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    run(names, arguments, |arguments| {
        let items = Receiver::new(cx.lane());
        handler(cx, arguments, items)
    })
}

/// The same for a call to which both sides send items.
pub fn both_ways<A, I, O, T, E, H, F>(
    names: &'static [&'static str],
    cx: Context,
    arguments: &[u8],
    handler: H,
) -> Handling
where
    A: Arguments,
    I: DeserializeOwned,
    O: Serialize,
    T: Serialize,
    E: Fault,
    H: FnOnce(Context, A, Receiver<I>, Sender<O>) -> F,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    run(names, arguments, |arguments| {
        let (items_in, items_out) = (Receiver::new(cx.lane()), Sender::new(cx.lane()));
        handler(cx, arguments, items_in, items_out)
    })
}

fn run<A, T, E, F>(names: Names, arguments: &[u8], handler: impl FnOnce(A) -> F) -> Handling
where
    A: Arguments,
    T: Serialize,
    E: Fault,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    match arguments::decode(names, arguments) {
        Ok(arguments) => {
            let handler = handler(arguments);
            Handling::Running(Box::pin(async move { reply(handler.await) }))
        }
        Err(error) => Handling::refused(Status::invalid_argument(error.to_string())),
    }
}

fn reply<T: Serialize, E: Fault>(outcome: Result<T, E>) -> Reply {
    match outcome {
        Ok(value) => {
            let mut payload = encode_buffer::take();
            match stopwatch::encode(|| countersign_proto::cbor::encode_into(&value, &mut payload)) {
                Ok(()) => Ok(payload),
                Err(error) => {
                    tracing::error!(%error, "a result cannot be encoded");
                    Err(Status::internal("the result cannot be encoded").with_handler_ran(HandlerRan::Yes))
                }
            }
        }
        // A status from a call that the handler made says whether *that* handler ran: ours did.
        Err(fault) => Err(failed(fault.into_status()).with_handler_ran(HandlerRan::Yes)),
    }
}

/// A call that failed did not end with OK, whatever its handler says.
fn failed(status: Status) -> Status {
    match status.code {
        Code::Ok => Status::internal("the handler failed with the code OK"),
        _ => status,
    }
}

/// What the macro's output needs from other crates, so that the user's needs none.
#[doc(hidden)]
pub mod __private {
    pub use schemars::JsonSchema;
    pub use serde::Serialize;
    pub use serde::de::DeserializeOwned;
    pub use {schemars, serde};

    pub use super::Fault;
    pub use std::marker::Send;
}

/// Keeps what only the feature `testing` can provide. The feature is this crate's, not the user's.
#[cfg(feature = "testing")]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_testing {
    ($($item:item)*) => { $($item)* };
}

/// Drops what only the feature `testing` can provide. The feature is this crate's, not the user's.
#[cfg(not(feature = "testing"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __if_testing {
    ($($item:item)*) => {};
}

#[cfg(test)]
mod tests;
