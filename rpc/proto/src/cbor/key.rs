//! The keys of maps: text or an integer, and no two alike.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, Unexpected, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::error::DecodeError;
use super::head::Reader;
use super::value::Integer;

/// A key of a map, as a value: the same for every encoding of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key<'de> {
    Text(Cow<'de, str>),
    Integer(Integer),
}

impl<'de> Key<'de> {
    /// What serde decodes this key from.
    #[inline]
    pub(super) fn deserializer(&self) -> KeyDeserializer<'_, 'de> {
        KeyDeserializer(self)
    }
}

/// The keys that a map has shown so far.
pub(super) enum Keys<'de> {
    /// Names of a struct's fields and nothing else: those whose bit is set.
    Fields { names: Names, seen: u64, next: usize },
    /// Text in one piece: most maps are structs with few fields.
    Few { keys: [&'de str; FEW], count: usize },
    /// Anything else. SipHash, because a stranger chooses the keys.
    Many(HashSet<Key<'de>>),
}

/// The fields of a struct, in the order of their declaration.
pub(super) type Names = &'static [&'static str];

/// Up to here comparing one by one is cheaper than hashing.
const FEW: usize = 12;

/// Room for at most this many keys is made at once.
const ROOM: usize = 1024;

impl<'de> Keys<'de> {
    /// For a map of which these keys are expected, though any others may come.
    #[inline]
    pub(super) fn new(names: Names) -> Self {
        Self::Fields { names, seen: 0, next: 0 }
    }

    /// Takes and notes a key that is an expected one and new, as long as no other has come. It is known to be
    /// UTF-8, is noted as a bit, and is the first to be looked at if fields come in their order.
    #[inline]
    pub(super) fn take_field(&mut self, reader: &mut Reader<'_>) -> Option<&'static str> {
        let Self::Fields { names, seen, next } = self else { return None };
        let mut ahead = reader.clone();
        let key = ahead.raw_text()?;
        let is_key = |name: &&str| name.as_bytes() == key;
        let index = match names.get(*next) {
            Some(name) if is_key(name) => *next,
            _ => names.iter().position(is_key)?,
        };
        let bit = 1u64.checked_shl(index as u32)?;
        if *seen & bit != 0 {
            return None;
        }
        *reader = ahead;
        *seen |= bit;
        *next = index + 1;
        Some(names[index])
    }

    /// Notes `key`, and says whether it is new. `expected` more may follow.
    #[inline]
    pub(super) fn insert(&mut self, key: &Key<'de>, expected: usize) -> bool {
        match (&mut *self, key) {
            (&mut Self::Fields { names, seen, .. }, key) => {
                self.note_fields(names, seen);
                self.insert(key, expected)
            }
            (Self::Few { keys, count }, Key::Text(Cow::Borrowed(text))) if *count < FEW => {
                if keys[..*count].contains(text) {
                    return false;
                }
                keys[*count] = text;
                *count += 1;
                true
            }
            (Self::Many(keys), key) => keys.insert(key.clone()),
            _ => self.insert_into_many(key, expected),
        }
    }

    /// Notes the fields that were seen as ordinary keys, since one came that is none.
    #[cold]
    fn note_fields(&mut self, names: Names, seen: u64) {
        *self = Self::Few { keys: [""; FEW], count: 0 };
        for (index, &name) in names.iter().enumerate().take(u64::BITS as usize) {
            if seen & 1 << index != 0 {
                self.insert(&Key::Text(name.into()), 0);
            }
        }
    }

    #[cold]
    fn insert_into_many(&mut self, key: &Key<'de>, expected: usize) -> bool {
        let mut many = HashSet::with_capacity(FEW + 1 + expected.min(ROOM));
        if let Self::Few { keys, count } = self {
            many.extend(keys[..*count].iter().map(|&text| Key::Text(text.into())));
        }
        let new = many.insert(key.clone());
        *self = Self::Many(many);
        new
    }
}

/// Gives a key to serde.
#[derive(Clone, Copy)]
pub(super) struct KeyDeserializer<'k, 'de>(&'k Key<'de>);

impl<'de> Deserializer<'de> for KeyDeserializer<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.0 {
            Key::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Key::Text(Cow::Owned(text)) => visitor.visit_str(text),
            Key::Integer(number) => number.visit(visitor),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::new(super::NO_128_BITS))
    }

    fn deserialize_u128<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::new(super::NO_128_BITS))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq
        tuple tuple_struct map struct identifier ignored_any
    }
}

/// A key can name a variant, and so can the text that stands for one without data.
impl<'de> EnumAccess<'de> for KeyDeserializer<'_, 'de> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), DecodeError> {
        Ok((seed.deserialize(self)?, self))
    }
}

/// The contents of a variant of which only the name was sent.
impl<'de> VariantAccess<'de> for KeyDeserializer<'_, 'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, DecodeError> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &"a variant with a value"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        Err(de::Error::invalid_type(Unexpected::UnitVariant, &visitor))
    }

    /// As if it were empty: fields that are all optional may have been added since the peer was built.
    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_map(NoFields).map_err(|error| error.inside(self.0))
    }
}

/// A map without entries.
pub(super) struct NoFields;

impl<'de> de::MapAccess<'de> for NoFields {
    type Error = DecodeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, _: S) -> Result<Option<S::Value>, DecodeError> {
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, _: S) -> Result<S::Value, DecodeError> {
        Err(DecodeError::new("asked for a value where there is no key"))
    }
}
