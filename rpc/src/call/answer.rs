//! What a call was answered with.

use countersign_proto::cbor::{self, DecodeError};
use countersign_proto::{Metadata, Times};
use serde::de::DeserializeOwned;

use super::CallError;
use crate::link::client as link;

/// The result of a call, and what came beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer<T> {
    /// The result.
    pub value: T,
    /// What the server sent ahead of its items and its result.
    pub response_metadata: Metadata,
    /// What it sent with the end of the call.
    pub trailing_metadata: Metadata,
}

/// What a raw call is answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The result as CBOR.
    pub payload: Vec<u8>,
    /// What the server sent ahead of its items and its result.
    pub metadata: Metadata,
    /// What it sent with the end of the call.
    pub trailing: Metadata,
    /// Where the server's time went, if it was asked and says so.
    pub timing: Option<Times>,
}

/// How a raw call ended, with a result or without, and what came beside that.
#[derive(Debug)]
#[non_exhaustive]
pub struct End {
    /// The result as CBOR, or why there is none.
    pub outcome: Result<Vec<u8>, CallError>,
    /// What the server sent ahead of its items and the end.
    pub metadata: Metadata,
    /// What it sent with the end of the call.
    pub trailing: Metadata,
    /// Where the server's time went, if it was asked and says so.
    pub timing: Option<Times>,
}

impl End {
    pub(super) fn of(
        outcome: Result<link::Answer, CallError>,
        beside_error: Option<Box<link::Beside>>,
    ) -> Self {
        let (outcome, beside) = match outcome {
            Ok(answer) => (Ok(answer.payload), answer.beside),
            Err(error) => (Err(error), beside_error),
        };
        let link::Beside { response, trailing, times } = beside.map(|beside| *beside).unwrap_or_default();
        Self { outcome, metadata: response, trailing, timing: times }
    }
}

impl<T: DeserializeOwned> Answer<T> {
    pub(super) fn of(answer: link::Answer) -> Result<Self, DecodeError> {
        let value = cbor::from_owned(answer.payload)?;
        let link::Beside { response, trailing, .. } = answer.beside.map(|beside| *beside).unwrap_or_default();
        Ok(Self { value, response_metadata: response, trailing_metadata: trailing })
    }
}

impl From<link::Answer> for Reply {
    fn from(answer: link::Answer) -> Self {
        let link::Beside { response, trailing, times } =
            answer.beside.map(|beside| *beside).unwrap_or_default();
        Self { payload: answer.payload, metadata: response, trailing, timing: times }
    }
}
