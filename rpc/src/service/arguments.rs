//! Arguments by name: one visitor over the map of parameters, for any tuple of types.
//!
//! A derived struct per method would say the same in two to three times the compile time.

use std::fmt;
use std::marker::PhantomData;

use countersign_proto::cbor::{DecodeError, from_slice_seed};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

/// The names of a procedure's parameters, as many as its tuple has types.
pub(super) type Names = &'static [&'static str];

/// The arguments of a procedure: a tuple of up to sixteen types.
pub trait Arguments: Sized {
    /// Takes every entry of the map, in any order; what is missing and may be decodes as none.
    #[doc(hidden)]
    fn from_entries<'de, M: MapAccess<'de>>(names: Names, entries: M) -> Result<Self, M::Error>;

    /// The schema of each parameter, and whether it may be missing.
    #[doc(hidden)]
    fn schemas(generator: &mut SchemaGenerator) -> Vec<(Schema, bool)>;
}

/// Decodes the map of parameters.
pub(super) fn decode<A: Arguments>(names: Names, bytes: &[u8]) -> Result<A, DecodeError> {
    from_slice_seed(bytes, ByName { names, arguments: PhantomData })
}

/// Whether a missing parameter of this type decodes: the one rule for encoder, decoder and schema.
pub(super) fn may_be_missing<T: DeserializeOwned>() -> bool {
    T::deserialize(Missing::<de::value::Error> { name: "", error: PhantomData }).is_ok()
}

struct ByName<A> {
    names: Names,
    arguments: PhantomData<A>,
}

impl<'de, A: Arguments> DeserializeSeed<'de> for ByName<A> {
    type Value = A;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<A, D::Error> {
        deserializer.deserialize_struct("arguments", self.names, self)
    }
}

impl<'de, A: Arguments> Visitor<'de> for ByName<A> {
    type Value = A;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of the arguments by name")
    }

    fn visit_map<M: MapAccess<'de>>(self, entries: M) -> Result<A, M::Error> {
        A::from_entries(self.names, entries)
    }
}

/// Reads the name of an argument as its position. No name comes twice: the codec refuses that.
#[derive(Clone, Copy)]
struct Position(Names);

impl<'de> DeserializeSeed<'de> for Position {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Position {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of an argument")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<usize, E> {
        let position = self.0.iter().position(|known| *known == name);
        position.ok_or_else(|| E::unknown_field(name, self.0))
    }
}

/// Stands for the value of a parameter that the map does not have: none for an option, else an error.
struct Missing<E> {
    name: &'static str,
    error: PhantomData<E>,
}

impl<'de, E: de::Error> Deserializer<'de> for Missing<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, E> {
        Err(E::missing_field(self.name))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

fn missing<T: DeserializeOwned, E: de::Error>(name: &'static str) -> Result<T, E> {
    T::deserialize(Missing { name, error: PhantomData })
}

impl Arguments for () {
    fn from_entries<'de, M: MapAccess<'de>>(_: Names, mut entries: M) -> Result<Self, M::Error> {
        entries.next_key_seed(Position(&[])).map(|_| ())
    }

    fn schemas(_: &mut SchemaGenerator) -> Vec<(Schema, bool)> {
        Vec::new()
    }
}

macro_rules! tuples {
    ($($T:ident $position:tt),*; $($rest:tt)*) => {
        tuple!($($T $position),*);
        tuples!($($rest)*);
    };
    () => {};
}

macro_rules! tuple {
    ($($T:ident $position:tt),*) => {
        impl<$($T: DeserializeOwned + JsonSchema),*> Arguments for ($($T,)*) {
            #[expect(non_snake_case, reason = "each variable is named as its type")]
            fn from_entries<'de, M: MapAccess<'de>>(names: Names, mut entries: M) -> Result<Self, M::Error> {
                $(let mut $T = None;)*
                while let Some(position) = entries.next_key_seed(Position(names))? {
                    match position {
                        $($position => $T = Some(entries.next_value()?),)*
                        _ => unreachable!("there are as many names as types"),
                    }
                }
                Ok(($(match $T { Some(value) => value, None => missing(names[$position])? },)*))
            }

            fn schemas(generator: &mut SchemaGenerator) -> Vec<(Schema, bool)> {
                vec![$((generator.subschema_for::<$T>(), may_be_missing::<$T>())),*]
            }
        }
    };
}

tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, N 12;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, N 12, O 13;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, N 12, O 13, P 14;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11, N 12, O 13, P 14, Q 15;
}
