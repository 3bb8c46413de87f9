//! What a call was answered with.

use countersign_proto::cbor::{self, DecodeError};
use countersign_proto::{Metadata, Times};
use serde::de::DeserializeOwned;

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
