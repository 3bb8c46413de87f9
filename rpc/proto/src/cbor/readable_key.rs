//! Serializes the key of a map, if the profile has it: text or an integer.

use serde::ser::{Error as _, Impossible, Serialize, Serializer};

/// A key that any serializer sees as for a human-readable format of the profile.
pub(super) struct ReadableKey<'a, T: ?Sized>(pub(super) &'a T);

/// Passes on what may be a key, and refuses the rest: the peer would.
struct KeyAdapter<S>(S);

impl<T: Serialize + ?Sized> Serialize for ReadableKey<'_, T> {
    #[inline]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(KeyAdapter(serializer))
    }
}

fn refused<T, E: serde::ser::Error>() -> Result<T, E> {
    Err(E::custom("a key of a map must be text or an integer"))
}

macro_rules! pass_on {
    ($($method:ident($key:ty))*) => {$(
        #[inline]
        fn $method(self, key: $key) -> Result<S::Ok, S::Error> {
            self.0.$method(key)
        }
    )*};
}

macro_rules! refuse {
    ($($method:ident($($argument:ty),*) -> $output:ty;)*) => {$(
        fn $method(self $(, _: $argument)*) -> Result<$output, S::Error> {
            refused()
        }
    )*};
}

type No<S> = Impossible<<S as Serializer>::Ok, <S as Serializer>::Error>;

impl<S: Serializer> Serializer for KeyAdapter<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = No<S>;
    type SerializeTuple = No<S>;
    type SerializeTupleStruct = No<S>;
    type SerializeTupleVariant = No<S>;
    type SerializeMap = No<S>;
    type SerializeStruct = No<S>;
    type SerializeStructVariant = No<S>;

    #[inline]
    fn is_human_readable(&self) -> bool {
        true
    }

    pass_on! {
        serialize_char(char) serialize_str(&str)
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_unit_variant(name, index, variant)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, key: &T) -> Result<S::Ok, S::Error> {
        key.serialize(self)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        key: &T,
    ) -> Result<S::Ok, S::Error> {
        key.serialize(self)
    }

    fn serialize_i128(self, _: i128) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(super::NO_128_BITS))
    }

    fn serialize_u128(self, _: u128) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(super::NO_128_BITS))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<S::Ok, S::Error> {
        refused()
    }

    refuse! {
        serialize_bool(bool) -> S::Ok;
        serialize_f32(f32) -> S::Ok;
        serialize_f64(f64) -> S::Ok;
        serialize_bytes(&[u8]) -> S::Ok;
        serialize_none() -> S::Ok;
        serialize_unit() -> S::Ok;
        serialize_unit_struct(&'static str) -> S::Ok;
        serialize_seq(Option<usize>) -> No<S>;
        serialize_tuple(usize) -> No<S>;
        serialize_tuple_struct(&'static str, usize) -> No<S>;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> No<S>;
        serialize_map(Option<usize>) -> No<S>;
        serialize_struct(&'static str, usize) -> No<S>;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> No<S>;
    }
}
