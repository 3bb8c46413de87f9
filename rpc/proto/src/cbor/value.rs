//! A CBOR item of the profile, whose type is known only at run time.

use std::fmt;

use bytes::Bytes;
use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::decode::Limits;

/// An item of the profile. Dates are text, as their schema says; there are no tags.
///
/// A decoded tree takes at most [`Value::MEMORY_MULTIPLE`] times as much memory as its bytes did.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number from −2⁶³ to 2⁶⁴ − 1.
    Integer(Integer),
    /// A floating-point number, non-finite ones included.
    Float(f64),
    /// A byte string.
    Bytes(Bytes),
    /// A text string.
    Text(String),
    /// An array.
    Array(Vec<Value>),
    /// A map, in the order of the wire; keys are text or integers, and no two are equal.
    Map(Vec<(Value, Value)>),
}

/// A whole number from −2⁶³ to 2⁶⁴ − 1: what fits `u64` or `i64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Integer(Repr);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Repr {
    /// Zero and above.
    Natural(u64),
    /// Below zero.
    Negative(i64),
}

impl Value {
    /// How many times the length of its encoding the decoded tree takes in memory, at most.
    ///
    /// Every item is encoded in a byte or more and takes one `Value`, of 40 bytes, in an allocation of
    /// the exact size; what text and byte strings hold is as long as it was. The rest is what an
    /// allocator adds to an array of one element.
    ///
    /// That is the finished tree. While it is read, an array or map whose length was not declared may
    /// take three times its share, and the keys of each open map are noted aside.
    pub const MEMORY_MULTIPLE: usize = 48;

    /// The text, if this is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if this is an integer.
    pub fn as_integer(&self) -> Option<Integer> {
        match self {
            Self::Integer(integer) => Some(*integer),
            _ => None,
        }
    }

    /// The number, if this is one: an integer stands for a float as well.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Float(number) => Some(*number),
            Self::Integer(integer) => Some(i128::from(*integer) as f64),
            _ => None,
        }
    }

    /// The elements, if this is an array.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The entries, if this is a map.
    pub fn as_map(&self) -> Option<&[(Value, Value)]> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// What the map has under this text; `None` where this is no map.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let (_, value) = self.as_map()?.iter().find(|(name, _)| name.as_text() == Some(key))?;
        Some(value)
    }
}

impl Integer {
    /// The number, unless it is below zero.
    #[inline]
    pub fn as_u64(self) -> Option<u64> {
        match self.0 {
            Repr::Natural(number) => Some(number),
            Repr::Negative(_) => None,
        }
    }

    /// The number, unless it is 2⁶³ or more.
    #[inline]
    pub fn as_i64(self) -> Option<i64> {
        match self.0 {
            Repr::Natural(number) => i64::try_from(number).ok(),
            Repr::Negative(number) => Some(number),
        }
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        i128::from(*self).fmt(f)
    }
}

impl From<u64> for Integer {
    fn from(number: u64) -> Self {
        Self(Repr::Natural(number))
    }
}

impl From<i64> for Integer {
    fn from(number: i64) -> Self {
        Self(u64::try_from(number).map_or(Repr::Negative(number), Repr::Natural))
    }
}

impl From<Integer> for i128 {
    fn from(integer: Integer) -> Self {
        match integer.0 {
            Repr::Natural(number) => number.into(),
            Repr::Negative(number) => number.into(),
        }
    }
}

impl TryFrom<i128> for Integer {
    type Error = std::num::TryFromIntError;

    fn try_from(number: i128) -> Result<Self, Self::Error> {
        match u64::try_from(number) {
            Ok(natural) => Ok(Self(Repr::Natural(natural))),
            Err(_) => i64::try_from(number).map(|number| Self(Repr::Negative(number))),
        }
    }
}

macro_rules! from {
    ($($type:ty => |$value:ident| $made:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $made
            }
        }
    )*};
}

from! {
    bool => |value| Self::Bool(value);
    Integer => |number| Self::Integer(number);
    u64 => |number| Self::Integer(number.into());
    i64 => |number| Self::Integer(number.into());
    f64 => |number| Self::Float(number);
    String => |text| Self::Text(text);
    &str => |text| Self::Text(text.into());
    Bytes => |bytes| Self::Bytes(bytes);
    super::Bytes => |bytes| Self::Bytes(bytes.into_inner());
    Vec<Value> => |elements| Self::Array(elements);
    Vec<(Value, Value)> => |entries| Self::Map(entries);
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(integer) => integer.serialize(serializer),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Map(entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key, value))),
        }
    }
}

impl Serialize for Integer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Repr::Natural(number) => serializer.serialize_u64(number),
            Repr::Negative(number) => serializer.serialize_i64(number),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyItem)
    }
}

/// Makes a [`Value`] of whatever comes.
struct AnyItem;

/// The room to make at once. Our decoder's hints are exact; those of another may be made up.
fn capacity(hint: Option<usize>) -> usize {
    hint.unwrap_or(0).min(Limits::default().items)
}

impl<'de> Visitor<'de> for AnyItem {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an item of the profile")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, mut text: String) -> Result<Value, E> {
        text.shrink_to_fit();
        Ok(text.into())
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Value, E> {
        Ok(super::sharing::owned(bytes).into())
    }

    fn visit_byte_buf<E>(self, mut bytes: Vec<u8>) -> Result<Value, E> {
        bytes.shrink_to_fit();
        Ok(Bytes::from(bytes).into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        Value::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Value, A::Error> {
        let mut elements = Vec::with_capacity(capacity(array.size_hint()));
        while let Some(element) = array.next_element()? {
            elements.push(element);
        }
        elements.shrink_to_fit();
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::with_capacity(capacity(map.size_hint()));
        while let Some((key, value)) = map.next_entry()? {
            if !matches!(key, Value::Text(_) | Value::Integer(_)) {
                return Err(de::Error::custom("a key that is neither text nor an integer"));
            }
            entries.push((key, value));
        }
        entries.shrink_to_fit();
        Ok(Value::Map(entries))
    }
}
