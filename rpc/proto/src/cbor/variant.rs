//! The variants of enums that were sent with contents: `{"V": contents}`.

use serde::de::{DeserializeSeed, EnumAccess, VariantAccess, Visitor};

use super::decode::Decoder;
use super::error::DecodeError;
use super::key::{Key, Names, NoFields};

/// A variant whose name was read and whose contents are next.
pub(super) struct Variant<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    name: &'a Key<'de>,
}

impl<'a, 'de> Variant<'a, 'de> {
    #[inline]
    pub(super) fn new(decoder: &'a mut Decoder<'de>, name: &'a Key<'de>) -> Self {
        Self { decoder, name }
    }

    /// Decodes the contents; errors get the variant's name into their path.
    #[inline]
    fn contents<T>(
        self,
        decode: impl FnOnce(&mut Decoder<'de>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        decode(self.decoder).map_err(|error| error.inside(self.name))
    }
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = DecodeError;
    type Variant = Self;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), DecodeError> {
        Ok((seed.deserialize(self.name.deserializer())?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = DecodeError;

    /// Null or an empty map: the peer's variant may have optional fields that ours has not yet.
    fn unit_variant(self) -> Result<(), DecodeError> {
        self.contents(|decoder| match decoder.null()? {
            true => Ok(()),
            false => decoder.empty_map(),
        })
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, DecodeError> {
        self.contents(|decoder| seed.deserialize(decoder))
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.contents(|decoder| serde::Deserializer::deserialize_tuple(decoder, len, visitor))
    }

    /// A null stands for a map without entries: all fields may be optional, and added since.
    #[inline]
    fn struct_variant<V: Visitor<'de>>(self, names: Names, visitor: V) -> Result<V::Value, DecodeError> {
        self.contents(|decoder| match decoder.null()? {
            true => visitor.visit_map(NoFields),
            false => serde::Deserializer::deserialize_struct(decoder, "", names, visitor),
        })
    }
}
