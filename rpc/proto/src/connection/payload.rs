//! Bytes that are to be sent.

use std::ops::Deref;

use bytes::Bytes;

/// What a frame carries behind its header: bytes that are copied, or that are shared if they have to wait, which a
/// message of many megabytes should be.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// Copied, whether they are sent now or later.
    Slice(&'a [u8]),
    /// Shared until the last part of them was sent.
    Shared(&'a Bytes),
}

impl Payload<'_> {
    /// The bytes, to be kept.
    pub(super) fn to_bytes(self) -> Bytes {
        match self {
            Self::Slice(bytes) => Bytes::copy_from_slice(bytes),
            Self::Shared(bytes) => bytes.clone(),
        }
    }
}

impl Deref for Payload<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Slice(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl<'a> From<&'a [u8]> for Payload<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Slice(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Payload<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Slice(bytes)
    }
}

impl<'a> From<&'a Vec<u8>> for Payload<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Slice(bytes)
    }
}

impl<'a> From<&'a Bytes> for Payload<'a> {
    fn from(bytes: &'a Bytes) -> Self {
        Self::Shared(bytes)
    }
}
