//! Encodes values: a serde serializer that writes straight into a buffer.
//!
//! Its format says that it is human-readable, so that dates and addresses are the text that their schema
//! says. Heads and floats are in their shortest form; a length that is not known beforehand ends in a break.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::encode_key::KeyEncoder;
use super::error::EncodeError;
use super::head::{self, Major};

/// The payload that stands for `value`.
pub fn to_vec<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, EncodeError> {
    let mut bytes = buffer();
    encode_into(value, &mut bytes)?;
    Ok(bytes)
}

/// An empty buffer with room for most messages, so that they are not moved while they grow.
pub fn buffer() -> Vec<u8> {
    const USUAL_LEN: usize = 128;
    Vec::with_capacity(USUAL_LEN)
}

/// Appends the payload that stands for `value`, or leaves `out` as it was.
pub fn encode_into<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let start = out.len();
    value.serialize(Encoder(out)).inspect_err(|_| out.truncate(start))
}

/// Writes one value at the end of a buffer.
pub(super) struct Encoder<'a>(pub(super) &'a mut Vec<u8>);

/// An array or map whose head is written, and whose elements are being.
pub(super) struct Open<'a> {
    out: &'a mut Vec<u8>,
    /// Its length was not declared: a break ends it.
    indefinite: bool,
}

impl<'a> Encoder<'a> {
    #[inline]
    fn open(self, major: Major, len: Option<usize>) -> Open<'a> {
        match len {
            Some(len) => head::write_head(self.0, major, len as u64),
            None => head::write_indefinite(self.0, major),
        }
        Open { out: self.0, indefinite: len.is_none() }
    }

    /// Opens the map in which a variant with contents travels.
    #[inline]
    fn variant(self, name: &str) -> Self {
        head::write_map(self.0, 1);
        head::write_text(self.0, name);
        self
    }
}

impl Open<'_> {
    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(Encoder(self.out))
    }

    #[inline]
    fn close(self) -> Result<(), EncodeError> {
        if self.indefinite {
            head::write_break(self.out);
        }
        Ok(())
    }
}

/// Methods for numbers.
macro_rules! numbers {
    ($($method:ident($number:ty) => $write:ident)*) => {$(
        #[inline]
        fn $method(self, number: $number) -> Result<(), EncodeError> {
            head::$write(self.0, number.into());
            Ok(())
        }
    )*};
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Open<'a>;
    type SerializeTuple = Open<'a>;
    type SerializeTupleStruct = Open<'a>;
    type SerializeTupleVariant = Open<'a>;
    type SerializeMap = Open<'a>;
    type SerializeStruct = Open<'a>;
    type SerializeStructVariant = Open<'a>;

    #[inline]
    fn is_human_readable(&self) -> bool {
        true
    }

    numbers! {
        serialize_u8(u8) => write_uint serialize_u16(u16) => write_uint
        serialize_u32(u32) => write_uint serialize_u64(u64) => write_uint
        serialize_i8(i8) => write_int serialize_i16(i16) => write_int
        serialize_i32(i32) => write_int serialize_i64(i64) => write_int
        serialize_f32(f32) => write_float serialize_f64(f64) => write_float
    }

    fn serialize_i128(self, _: i128) -> Result<(), EncodeError> {
        Err(EncodeError::new(super::NO_128_BITS))
    }

    fn serialize_u128(self, _: u128) -> Result<(), EncodeError> {
        Err(EncodeError::new(super::NO_128_BITS))
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        head::write_bool(self.0, value);
        Ok(())
    }

    #[inline]
    fn serialize_char(self, letter: char) -> Result<(), EncodeError> {
        self.serialize_str(letter.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result<(), EncodeError> {
        head::write_text(self.0, text);
        Ok(())
    }

    #[inline]
    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), EncodeError> {
        head::write_bytes(self.0, bytes);
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Result<(), EncodeError> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit(self) -> Result<(), EncodeError> {
        head::write_null(self.0);
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), EncodeError> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self)
    }

    #[inline]
    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<(), EncodeError> {
        self.serialize_str(name)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self.variant(name))
    }

    #[inline]
    fn serialize_seq(self, len: Option<usize>) -> Result<Open<'a>, EncodeError> {
        Ok(self.open(Major::Array, len))
    }

    #[inline]
    fn serialize_tuple(self, len: usize) -> Result<Open<'a>, EncodeError> {
        self.serialize_seq(Some(len))
    }

    #[inline]
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Open<'a>, EncodeError> {
        self.serialize_seq(Some(len))
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Open<'a>, EncodeError> {
        self.variant(name).serialize_seq(Some(len))
    }

    #[inline]
    fn serialize_map(self, len: Option<usize>) -> Result<Open<'a>, EncodeError> {
        Ok(self.open(Major::Map, len))
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Open<'a>, EncodeError> {
        self.serialize_map(Some(len))
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        len: usize,
    ) -> Result<Open<'a>, EncodeError> {
        self.variant(name).serialize_map(Some(len))
    }
}

/// Compounds of which each element is a value and nothing else.
macro_rules! elements {
    ($($compound:ident::$method:ident)*) => {$(
        impl $compound for Open<'_> {
            type Ok = ();
            type Error = EncodeError;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
                self.element(value)
            }

            #[inline]
            fn end(self) -> Result<(), EncodeError> {
                self.close()
            }
        }
    )*};
}

elements! {
    SerializeSeq::serialize_element
    SerializeTuple::serialize_element
    SerializeTupleStruct::serialize_field
    SerializeTupleVariant::serialize_field
}

/// Compounds of named fields.
macro_rules! fields {
    ($($compound:ident)*) => {$(
        impl $compound for Open<'_> {
            type Ok = ();
            type Error = EncodeError;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), EncodeError> {
                head::write_text(self.out, name);
                self.element(value)
            }

            #[inline]
            fn end(self) -> Result<(), EncodeError> {
                self.close()
            }
        }
    )*};
}

fields! { SerializeStruct SerializeStructVariant }

impl SerializeMap for Open<'_> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        key.serialize(KeyEncoder(Encoder(self.out)))
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.element(value)
    }

    #[inline]
    fn end(self) -> Result<(), EncodeError> {
        self.close()
    }
}
