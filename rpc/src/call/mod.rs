//! Calls as their callers hold them: lazy, unboxed futures that are built before they are awaited.
//!
//! A call with streams of items resolves to a handle, such as a [`ServerStream`], which is there while it is open.

mod answer;
mod attempts;
mod error;
mod exchange;
mod request;
mod stream;
mod unary;

pub use answer::{Answer, End, Reply};
pub use error::CallError;
pub use stream::{
    BothWays, BothWaysCall, ClientStream, ClientStreamCall, RawReceiveHalf, RawSendHalf, RawStream,
    RawStreamCall, ReceiveHalf, SendHalf, SendItem, ServerStream, ServerStreamCall, StreamCall, StreamHandle,
};
pub use unary::{Call, RawCall};
