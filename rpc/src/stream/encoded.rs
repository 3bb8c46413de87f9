//! An item on its way to be sent.

use std::ops::{Deref, DerefMut};

use countersign_proto::cbor::EncodeError;

use crate::encode_buffer;

/// An encoded item. Its buffer is used for the thread's next one, unless somebody takes it.
#[derive(Debug)]
pub(crate) struct Encoded(Vec<u8>);

impl Encoded {
    pub(crate) fn by(
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), EncodeError>,
    ) -> Result<Self, EncodeError> {
        let mut encoded = Self(encode_buffer::take());
        encode(&mut encoded.0)?;
        Ok(encoded)
    }
}

impl From<Vec<u8>> for Encoded {
    fn from(item: Vec<u8>) -> Self {
        Self(item)
    }
}

impl Deref for Encoded {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Encoded {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl Drop for Encoded {
    fn drop(&mut self) {
        encode_buffer::give_back(std::mem::take(&mut self.0));
    }
}

#[cfg(test)]
mod tests {
    use countersign_proto::cbor::encode_into;

    use super::*;

    #[test]
    fn a_buffer_is_used_again_and_is_empty_then() {
        let long = Encoded::by(|out| encode_into("a long item", out)).expect("a text");
        let memory = long.as_ptr();
        drop(long);
        let short = Encoded::by(|out| encode_into(&7, out)).expect("a number");
        assert_eq!((short.as_ptr(), &short[..]), (memory, &[7][..]));
        let other = Encoded::by(|out| encode_into(&8, out)).expect("a number");
        assert_eq!((&short[..], &other[..]), (&[7][..], &[8][..]));
    }

    #[test]
    fn what_could_not_be_encoded_leaves_nothing() {
        assert!(Encoded::by(|out| encode_into(&(1, u128::MAX), out)).is_err());
        assert!(Encoded::by(|_| Ok(())).expect("nothing").is_empty());
    }
}
