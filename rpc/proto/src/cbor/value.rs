//! A CBOR item of the profile, whose type is known only at run time.

use bytes::Bytes;

/// An item of the profile. Dates are text, as their schema says; there are no tags.
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
