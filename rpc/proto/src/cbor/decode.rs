//! Decodes payloads: a serde deserializer over a slice, which checks everything in its one pass.
//!
//! What it refuses: what is not well-formed, what the profile lacks (tags, `undefined` and other simple
//! values, keys that are neither text nor integers, integers outside −2⁶³..2⁶⁴−1), two equal keys in any
//! map, ignored ones included, nesting and numbers of items beyond [`Limits`], and trailing bytes.
//! An integer is accepted where a float is declared, but not the reverse.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, Deserializer, Expected, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::containers::{Entries, Items};
use super::error::DecodeError;
use super::head::{FALSE, Head, HeadError, Major, NULL, Reader, TRUE, UNDEFINED};
use super::key::{Key, Names};
use super::text::quoted;
use super::value::Integer;
use super::variant::Variant;

/// What one decode may take, whatever the length of its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many arrays and maps may enclose one another. The default is 128, as in serde_json, so that
    /// what came from JSON passes; it keeps the recursion far from the end of a thread's stack.
    pub depth: usize,
    /// How many elements, keys and values all arrays and maps may have together. The default is 2²⁰: a
    /// dynamic value of so many takes 40 MiB. Long rows of numbers are better sent as bytes.
    pub items: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 128, items: 1 << 20 }
    }
}

/// Decodes one value, which must be all of `bytes`, within the default [`Limits`].
///
/// Refused are: what is not well-formed or not of the profile, two equal keys in any map, known to its
/// type or not, and whatever follows the value. An integer is taken where a float is declared. For an
/// enum, `"V"`, `{"V": null}` and `{"V": {}}` are all a variant whose fields are optional or none.
pub fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, DecodeError> {
    from_slice_seed(bytes, std::marker::PhantomData)
}

/// As [`from_slice`], for a type that needs something at hand to be decoded.
pub fn from_slice_seed<'de, S: DeserializeSeed<'de>>(
    bytes: &'de [u8],
    seed: S,
) -> Result<S::Value, DecodeError> {
    from_slice_within(bytes, seed, Limits::default())
}

/// As [`from_slice_seed`], within limits of the caller's own.
pub fn from_slice_within<'de, S: DeserializeSeed<'de>>(
    bytes: &'de [u8],
    seed: S,
    limits: Limits,
) -> Result<S::Value, DecodeError> {
    let mut decoder = Decoder::new(bytes, limits);
    let value = seed.deserialize(&mut decoder)?;
    decoder.finish()?;
    Ok(value)
}

/// Where the decoding of one payload stands.
pub(super) struct Decoder<'de> {
    pub(super) reader: Reader<'de>,
    /// How many more containers may be opened inside the current one.
    depth: usize,
    /// How many more elements, keys and values may be announced. Never more than there are bytes, and
    /// charged when a container is opened, so what containers reserve is bounded by the input's length.
    items: usize,
}

impl<'de> Decoder<'de> {
    fn new(bytes: &'de [u8], limits: Limits) -> Self {
        Self { reader: Reader::new(bytes), depth: limits.depth, items: limits.items.min(bytes.len()) }
    }

    fn finish(&self) -> Result<(), DecodeError> {
        match self.reader.is_empty() {
            true => Ok(()),
            false => Err(DecodeError::at_byte("something follows the value", self.reader.position())),
        }
    }

    #[inline]
    pub(super) fn head(&mut self) -> Result<Head, DecodeError> {
        self.reader.head().map_err(|problem| self.malformed(problem))
    }

    /// Takes the next element of an open container off `left`, and says whether there is one.
    #[inline]
    pub(super) fn more(&mut self, left: &mut Option<u64>, each: usize) -> Result<bool, DecodeError> {
        let indefinite = left.is_none();
        let more = self.reader.more(left).map_err(|problem| self.malformed(problem))?;
        if indefinite && more {
            self.charge(each)?;
        }
        Ok(more)
    }

    /// Opens a container whose elements or pairs are `each` items. [`Decoder::leave`] closes it.
    #[inline]
    pub(super) fn enter(&mut self, head: Head, each: usize) -> Result<Option<u64>, DecodeError> {
        let length = head.length();
        self.depth = self.depth.checked_sub(1).ok_or_else(|| self.malformed(HeadError::Depth))?;
        if let Some(count) = length {
            self.charge(usize::try_from(count).unwrap_or(usize::MAX).saturating_mul(each))?;
        }
        Ok(length)
    }

    #[inline]
    pub(super) fn leave(&mut self) {
        self.depth += 1;
    }

    #[inline]
    fn charge(&mut self, items: usize) -> Result<(), DecodeError> {
        self.items = self.items.checked_sub(items).ok_or_else(|| self.overdrawn(items))?;
        Ok(())
    }

    #[cold]
    fn overdrawn(&self, items: usize) -> DecodeError {
        // Every item takes a byte at least.
        if items > self.reader.remaining().len() {
            return self.malformed(HeadError::Truncated);
        }
        DecodeError::new("more items than the limit allows")
    }

    #[cold]
    pub(super) fn malformed(&self, problem: HeadError) -> DecodeError {
        DecodeError::at_byte(problem, self.reader.position())
    }

    #[inline]
    pub(super) fn text(&mut self, head: Head) -> Result<Cow<'de, str>, DecodeError> {
        self.reader.text_of(head).map_err(|problem| self.malformed(problem))
    }

    #[inline]
    fn bytes(&mut self, head: Head) -> Result<Cow<'de, [u8]>, DecodeError> {
        self.reader.bytes_of(head).map_err(|problem| self.malformed(problem))
    }

    /// A key of a map, or the name of a variant.
    #[inline]
    pub(super) fn key(&mut self) -> Result<Key<'de>, DecodeError> {
        let head = self.head()?;
        match head.major {
            Major::Text => self.text(head).map(Key::Text),
            Major::Unsigned => Ok(Key::Integer(head.argument.into())),
            Major::Negative => negative(head).map(|number| Key::Integer(number.into())),
            _ => Err(self.mismatch(head, &"a key of text or an integer")),
        }
    }

    /// Takes a null if one is next, and says whether it did.
    #[inline]
    pub(super) fn null(&mut self) -> Result<bool, DecodeError> {
        self.reader.null().map_err(|problem| self.malformed(problem))
    }

    /// Takes a map that must have no entries.
    pub(super) fn empty_map(&mut self) -> Result<(), DecodeError> {
        let head = self.head()?;
        let expected = &"null or an empty map";
        match head.major {
            Major::Map if self.more(&mut head.length(), 2)? => {
                Err(DecodeError::expected(expected, "a map with entries"))
            }
            Major::Map => Ok(()),
            _ => Err(self.mismatch(head, expected)),
        }
    }

    /// The error for an item that is not what was asked for. Its head was just read.
    #[cold]
    pub(super) fn mismatch(&mut self, head: Head, expected: &dyn Expected) -> DecodeError {
        match head.major {
            Major::Unsigned => DecodeError::expected(expected, format_args!("the integer {}", head.argument)),
            Major::Negative => negative(head)
                .map_or_else(|e| e, |n| DecodeError::expected(expected, format_args!("the integer {n}"))),
            Major::Bytes => DecodeError::expected(expected, "a byte string"),
            Major::Text => self.text(head).map_or_else(
                |e| e,
                |t| DecodeError::expected(expected, format_args!("the text {}", quoted(&t))),
            ),
            Major::Array => DecodeError::expected(expected, "an array"),
            Major::Map => DecodeError::expected(expected, "a map"),
            Major::Tag => {
                DecodeError::new(format!("tag {} is not of the profile: it has no tags", head.argument))
            }
            Major::Simple => match (head.float(), head.argument as u8) {
                (Some(number), _) => DecodeError::expected(expected, format_args!("the float {number:?}")),
                (None, FALSE) => DecodeError::expected(expected, "false"),
                (None, TRUE) => DecodeError::expected(expected, "true"),
                (None, NULL) => DecodeError::expected(expected, "null"),
                (None, UNDEFINED) => DecodeError::new("`undefined` is not of the profile: use null"),
                (None, other) => DecodeError::new(format!("simple value {other} is not of the profile")),
            },
        }
    }

    #[inline]
    fn integer<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, DecodeError> {
        let head = self.head()?;
        match head.major {
            Major::Unsigned => visitor.visit_u64(head.argument),
            Major::Negative => visitor.visit_i64(negative(head)?),
            _ => Err(self.mismatch(head, &visitor)),
        }
    }

    #[inline]
    fn float<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, DecodeError> {
        let head = self.head()?;
        match head.major {
            Major::Unsigned => visitor.visit_f64(head.argument as f64),
            Major::Negative => visitor.visit_f64(negative(head)? as f64),
            _ => match head.float() {
                Some(number) => visitor.visit_f64(number),
                None => Err(self.mismatch(head, &visitor)),
            },
        }
    }

    #[inline]
    fn visit_text<V: Visitor<'de>>(&mut self, head: Head, visitor: V) -> Result<V::Value, DecodeError> {
        match self.text(head)? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    #[inline]
    fn visit_string<V: Visitor<'de>>(&mut self, head: Head, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_string(self.reader.string_of(head).map_err(|problem| self.malformed(problem))?)
    }

    #[inline]
    fn visit_bytes<V: Visitor<'de>>(&mut self, head: Head, visitor: V) -> Result<V::Value, DecodeError> {
        match self.bytes(head)? {
            Cow::Borrowed(bytes) => visitor.visit_borrowed_bytes(bytes),
            Cow::Owned(bytes) => visitor.visit_byte_buf(bytes),
        }
    }

    #[inline]
    fn visit_array<V: Visitor<'de>>(&mut self, head: Head, visitor: V) -> Result<V::Value, DecodeError> {
        let mut items = Items::open(self, head)?;
        let value = visitor.visit_seq(&mut items)?;
        items.close()?;
        Ok(value)
    }

    #[inline]
    pub(super) fn visit_map<V: Visitor<'de>>(
        &mut self,
        head: Head,
        visitor: V,
        names: Names,
    ) -> Result<V::Value, DecodeError> {
        let mut entries = Entries::open(self, head, names)?;
        let value = visitor.visit_map(&mut entries)?;
        entries.close()?;
        Ok(value)
    }
}

/// The number of an item of major type 1, if the profile has it.
#[inline]
fn negative(head: Head) -> Result<i64, DecodeError> {
    match i64::try_from(head.argument) {
        Ok(argument) => Ok(!argument),
        Err(_) => Err(DecodeError::new("an integer below -2^63 is not of the profile")),
    }
}

impl Integer {
    #[inline]
    pub(super) fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.as_u64() {
            Some(number) => visitor.visit_u64(number),
            None => visitor.visit_i64(self.as_i64().expect("what is below zero fits i64")),
        }
    }
}

/// Methods that take exactly one kind of item.
macro_rules! expect {
    ($($name:ident: $($major:ident)|+ => $visit:ident;)*) => {$(
        #[inline]
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            let head = self.head()?;
            match head.major {
                $(Major::$major)|+ => self.$visit(head, visitor),
                _ => Err(self.mismatch(head, &visitor)),
            }
        }
    )*};
}

macro_rules! numbers {
    ($($name:ident => $method:ident;)*) => {$(
        #[inline]
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let head = self.head()?;
        match head.major {
            Major::Unsigned => visitor.visit_u64(head.argument),
            Major::Negative => visitor.visit_i64(negative(head)?),
            Major::Bytes => self.visit_bytes(head, visitor),
            Major::Text => self.visit_text(head, visitor),
            Major::Array => self.visit_array(head, visitor),
            Major::Map => self.visit_map(head, visitor, &[]),
            Major::Tag => Err(self.mismatch(head, &visitor)),
            Major::Simple => match (head.float(), head.argument as u8) {
                (Some(number), _) => visitor.visit_f64(number),
                (None, FALSE) => visitor.visit_bool(false),
                (None, TRUE) => visitor.visit_bool(true),
                (None, NULL) => visitor.visit_unit(),
                _ => Err(self.mismatch(head, &visitor)),
            },
        }
    }

    numbers! {
        deserialize_u8 => integer; deserialize_u16 => integer;
        deserialize_u32 => integer; deserialize_u64 => integer;
        deserialize_i8 => integer; deserialize_i16 => integer;
        deserialize_i32 => integer; deserialize_i64 => integer;
        deserialize_f32 => float; deserialize_f64 => float;
    }

    expect! {
        deserialize_char: Text => visit_text;
        deserialize_str: Text => visit_text;
        deserialize_string: Text => visit_string;
        deserialize_bytes: Bytes => visit_bytes;
        deserialize_byte_buf: Bytes => visit_bytes;
        deserialize_seq: Array => visit_array;
    }

    #[inline]
    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let head = self.head()?;
        match head.simple() {
            Some(FALSE) => visitor.visit_bool(false),
            Some(TRUE) => visitor.visit_bool(true),
            _ => Err(self.mismatch(head, &visitor)),
        }
    }

    fn deserialize_i128<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::new(super::NO_128_BITS))
    }

    fn deserialize_u128<V: Visitor<'de>>(self, _: V) -> Result<V::Value, DecodeError> {
        Err(DecodeError::new(super::NO_128_BITS))
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.null()? {
            true => visitor.visit_none(),
            false => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let head = self.head()?;
        match head.simple() {
            Some(NULL) => visitor.visit_unit(),
            _ => Err(self.mismatch(head, &visitor)),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_struct("", &[], visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: Names,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let head = self.head()?;
        match head.major {
            Major::Map => self.visit_map(head, visitor, names),
            _ => Err(self.mismatch(head, &visitor)),
        }
    }

    /// `"V"`, or `{"V": contents}`.
    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let head = self.head()?;
        match head.major {
            Major::Text => {
                let name = Key::Text(self.text(head)?);
                visitor.visit_enum(name.deserializer())
            }
            Major::Map => {
                let mut left = self.enter(head, 2)?;
                if !self.more(&mut left, 2)? {
                    return Err(DecodeError::new("expected a variant, found an empty map"));
                }
                let name = self.key()?;
                let value = visitor.visit_enum(Variant::new(self, &name))?;
                if self.more(&mut left, 2)? {
                    return Err(DecodeError::new("expected one variant, found a map of several entries"));
                }
                self.leave();
                Ok(value)
            }
            _ => Err(self.mismatch(head, &visitor)),
        }
    }

    // Ignored items are checked like all others.
    forward_to_deserialize_any! { identifier ignored_any }
}
