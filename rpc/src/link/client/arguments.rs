//! The arguments of a call, which stay with it until it ends: another attempt may send them again.

use bytes::Bytes;
use countersign_proto::{Payload, spare};

use crate::link::LONG_LEN;

/// Encoded arguments.
#[derive(Debug)]
pub(crate) enum Arguments {
    Short(Vec<u8>),
    /// Shared with the connection, which sends them in parts.
    Long(Box<Bytes>),
}

impl Arguments {
    pub(crate) fn new(arguments: Vec<u8>) -> Self {
        match arguments.len() < LONG_LEN {
            true => Self::Short(arguments),
            false => Self::Long(Box::new(spare::share(arguments))),
        }
    }

    pub(crate) fn payload(&self) -> Payload<'_> {
        match self {
            Self::Short(bytes) => Payload::Slice(bytes),
            Self::Long(bytes) => Payload::Shared(bytes),
        }
    }

    /// A buffer for the result, since nobody asks for the arguments any more.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        match self {
            Self::Short(mut bytes) => {
                bytes.clear();
                bytes
            }
            Self::Long(_) => Vec::new(),
        }
    }
}

impl Default for Arguments {
    fn default() -> Self {
        Self::Short(Vec::new())
    }
}
