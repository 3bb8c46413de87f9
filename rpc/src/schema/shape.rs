//! What belongs at a place of a schema, in the words of forms rather than of JSON Schema.

use std::borrow::Cow;

use super::{Json, Node};

/// What belongs at a place.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Shape<'s> {
    /// Nothing: JSON's `null`, Rust's `()`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number; both bounds are included and lie within what travels, −2⁶³ to 2⁶⁴ − 1.
    Integer {
        /// The least.
        min: i128,
        /// The greatest.
        max: i128,
    },
    /// A floating-point number.
    Float(FloatRange),
    /// A text.
    Text(Text<'s>),
    /// A byte string, in JSON as base64 text; lengths are in bytes.
    Bytes {
        /// The least length.
        min_len: u64,
        /// The greatest length.
        max_len: u64,
    },
    /// One of several: an enum.
    Choice(Choice<'s>),
    /// What the node says, or null. The node is never optional itself.
    Optional(Node<'s>),
    /// Any number of one kind.
    List(List<'s>),
    /// A fixed number, each of its own kind.
    Tuple(Vec<Node<'s>>),
    /// Any keys, with values of one kind.
    Map(Map<'s>),
    /// Fields by name: a struct, or the parameters of a procedure.
    Record(Record<'s>),
    /// Whatever the profile can hold: the schema says nothing, or nothing that we understand.
    Any,
    /// No value fits, as with an enum without variants.
    Never,
}

/// Which floating-point numbers fit. Non-finite ones fit where no bound excludes them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FloatRange {
    /// The lower bound, −∞ if there is none.
    pub min: f64,
    /// The upper bound, +∞ if there is none.
    pub max: f64,
    /// Whether `min` itself does not fit.
    pub above_min: bool,
    /// Whether `max` itself does not fit.
    pub below_max: bool,
    /// Whether it is single precision, `f32`, on the other side.
    pub single: bool,
}

impl FloatRange {
    /// Whether a number fits. A NaN fits where there are no bounds.
    pub fn contains(&self, number: f64) -> bool {
        if number.is_nan() {
            return self.min == f64::NEG_INFINITY && self.max == f64::INFINITY;
        }
        let above = if self.above_min { number > self.min } else { number >= self.min };
        let below = if self.below_max { number < self.max } else { number <= self.max };
        above && below
    }
}

/// Which texts fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'s> {
    /// The least length, in characters.
    pub min_len: u64,
    /// The greatest length, in characters.
    pub max_len: u64,
    /// What is written in it.
    pub format: Format<'s>,
    /// A regular expression that the server may check. We show it and leave the check to the server.
    pub pattern: Option<&'s str>,
}

/// What is written in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format<'s> {
    /// Anything.
    Plain,
    /// `2026-01-31`.
    Date,
    /// `2026-01-31T12:00:00Z`.
    DateTime,
    /// `12:00:00`, without an offset.
    Time,
    /// `2026-01-31T12:00:00`, without an offset.
    LocalDateTime,
    /// `67e55044-10b1-426f-9247-bb680e5fe0c8`.
    Uuid,
    /// An IPv4 or IPv6 address.
    Ip,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// Another, by its name in the schema. It is shown and not checked.
    Other(&'s str),
}

/// One of several.
#[derive(Debug, Clone)]
pub struct Choice<'s> {
    /// The variants, in the order of the schema. Never empty.
    pub variants: Vec<Variant<'s>>,
}

/// One way to fill a choice.
#[derive(Debug, Clone)]
pub struct Variant<'s> {
    /// What to call it: unique within the choice, save in odd schemas.
    pub name: Cow<'s, str>,
    /// The documentation, or "".
    pub docs: &'s str,
    /// What it is in JSON.
    pub content: Content<'s>,
}

/// What a variant is in JSON.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Content<'s> {
    /// This very value, mostly the text of the name.
    Literal(&'s Json),
    /// An object with the name as its only key, and this below: serde's external tagging.
    Tagged(Node<'s>),
    /// The value by itself, without a mark around it: untagged, or with the mark among its fields.
    Bare(Node<'s>),
}

/// Any number of one kind.
#[derive(Debug, Clone)]
pub struct List<'s> {
    /// What each is.
    pub item: Node<'s>,
    /// The least number of items.
    pub min: u64,
    /// The greatest number of items.
    pub max: u64,
    /// Whether no two may be equal: a set.
    pub unique: bool,
}

/// Any keys, with values of one kind.
#[derive(Debug, Clone)]
pub struct Map<'s> {
    /// What a key is. In JSON it is a text either way.
    pub key: Key,
    /// What each value is.
    pub value: Node<'s>,
    /// The least number of entries.
    pub min: u64,
    /// The greatest number of entries.
    pub max: u64,
}

/// What the keys of a map are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Key {
    /// Text.
    Text,
    /// Whole numbers, zero and above.
    Natural,
    /// Whole numbers.
    Integer,
}

/// Fields by name.
#[derive(Debug, Clone)]
pub struct Record<'s> {
    /// The fields, in the order of the schema.
    pub fields: Vec<Field<'s>>,
    /// What fields may be that have other names; `None` if there may be none.
    pub rest: Option<Node<'s>>,
}

impl<'s> Record<'s> {
    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field<'s>> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// A field of a record. Its documentation and its default are its node's.
#[derive(Debug, Clone)]
pub struct Field<'s> {
    /// Its name.
    pub name: &'s str,
    /// Whether it must be there.
    pub required: bool,
    /// What it is.
    pub node: Node<'s>,
}

impl<'s> Shape<'s> {
    /// A choice among variants, or nothing where there are none.
    pub(super) fn choice(variants: Vec<Variant<'s>>) -> Self {
        if variants.is_empty() { Self::Never } else { Self::Choice(Choice { variants }) }
    }

    /// One word for a person, such as "text" or "list".
    pub fn word(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Integer { .. } => "integer",
            Self::Float(_) => "number",
            Self::Text(_) => "text",
            Self::Bytes { .. } => "bytes",
            Self::Choice(_) => "choice",
            Self::Optional(_) => "optional",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Map(_) => "map",
            Self::Record(_) => "record",
            Self::Any => "any value",
            Self::Never => "nothing",
        }
    }
}
