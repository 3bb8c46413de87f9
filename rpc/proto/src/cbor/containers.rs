//! Arrays and maps as serde reads them.

use serde::de::{DeserializeSeed, MapAccess, SeqAccess};

use super::decode::Decoder;
use super::error::DecodeError;
use super::head::Head;
use super::key::{Key, Keys, Names};

/// The elements of an open array.
pub(super) struct Items<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: Option<u64>,
    index: u64,
}

impl<'a, 'de> Items<'a, 'de> {
    #[inline]
    pub(super) fn open(decoder: &'a mut Decoder<'de>, head: Head) -> Result<Self, DecodeError> {
        let left = decoder.enter(head, 1)?;
        Ok(Self { decoder, left, index: 0 })
    }

    /// Makes sure that the visitor took all: a tuple takes only as many as it has fields.
    #[inline]
    pub(super) fn close(mut self) -> Result<(), DecodeError> {
        if self.decoder.more(&mut self.left, 1)? {
            return Err(DecodeError::new(format!("expected {} elements, found more", self.index)));
        }
        self.decoder.leave();
        Ok(())
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        if !self.decoder.more(&mut self.left, 1)? {
            return Ok(None);
        }
        let element = seed.deserialize(&mut *self.decoder).map_err(|error| error.at(self.index))?;
        self.index += 1;
        Ok(Some(element))
    }

    /// Exact for a declared length, which was charged against the length of the input.
    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.left.map(|left| left as usize)
    }
}

/// The entries of an open map.
pub(super) struct Entries<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: Option<u64>,
    keys: Keys<'de>,
    /// The key whose value is next, for the path of an error in it.
    key: Key<'de>,
}

impl<'a, 'de> Entries<'a, 'de> {
    #[inline]
    pub(super) fn open(decoder: &'a mut Decoder<'de>, head: Head, names: Names) -> Result<Self, DecodeError> {
        let left = decoder.enter(head, 2)?;
        Ok(Self { decoder, left, keys: Keys::new(names), key: Key::Text("".into()) })
    }

    /// The next key, which is none of those before it.
    #[inline]
    fn key(&mut self) -> Result<Key<'de>, DecodeError> {
        if let Some(name) = self.keys.take_field(&mut self.decoder.reader) {
            return Ok(Key::Text(name.into()));
        }
        let key = self.decoder.key()?;
        if !self.keys.insert(&key, self.left.unwrap_or(0) as usize) {
            return Err(DecodeError::new("the key is given twice").inside(&key));
        }
        Ok(key)
    }

    /// Makes sure that the visitor took all.
    #[inline]
    pub(super) fn close(mut self) -> Result<(), DecodeError> {
        if self.decoder.more(&mut self.left, 2)? {
            return Err(DecodeError::new("a map with more entries than its type takes"));
        }
        self.decoder.leave();
        Ok(())
    }
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DecodeError> {
        if !self.decoder.more(&mut self.left, 2)? {
            return Ok(None);
        }
        self.key = self.key()?;
        match seed.deserialize(self.key.deserializer()) {
            Ok(key) => Ok(Some(key)),
            Err(error) => Err(error.in_key(&self.key)),
        }
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, DecodeError> {
        seed.deserialize(&mut *self.decoder).map_err(|error| error.inside(&self.key))
    }

    /// Exact for a declared length, which was charged against the length of the input.
    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.left.map(|left| left as usize)
    }
}
