//! What a value that cannot be encoded, and bytes that cannot be decoded, are told.

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::de::{Expected, Unexpected};

use super::key::Key;
use super::text::{is_shown, quoted};

/// Why bytes could not be decoded, and where in the value.
///
/// What came from the peer is escaped and clipped in it, so it may be shown and logged as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(Box<Failure>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Failure {
    /// Grows towards the root while the error travels up; see [`DecodeError::inside`].
    path: String,
    message: Cow<'static, str>,
}

/// Why a value could not be encoded: it is not of the profile, or its own serialization failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EncodeError {
    message: Box<str>,
}

/// Messages are clipped at this many bytes: longer ones are text of the peer, or lists nobody reads.
const MESSAGE_LEN: usize = 400;

/// Paths are clipped here, at their inner end: what is near the root says most.
const PATH_LEN: usize = 200;

impl DecodeError {
    /// Where it went wrong, such as `order.lines[2].price`; empty at the root.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// What went wrong there.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The same error seen from the map in which it happened, at `key`.
    #[cold]
    pub(super) fn inside(mut self, key: &Key<'_>) -> Self {
        self.prepend(&segment(key));
        self
    }

    /// The same error seen from the array in which it happened, at `index`.
    #[cold]
    pub(super) fn at(mut self, index: u64) -> Self {
        self.prepend(&format!("[{index}]"));
        self
    }

    /// An error in a key itself. The wrong name of a field is already in the path.
    #[cold]
    pub(super) fn in_key(self, key: &Key<'_>) -> Self {
        if self.0.path.is_empty() { self.inside(key) } else { self }
    }

    #[cold]
    pub(super) fn at_byte(problem: impl Display, position: usize) -> Self {
        Self::new(format!("{problem} (at byte {position})"))
    }

    #[cold]
    pub(super) fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Failure { path: String::new(), message: clipped(message.into()) }))
    }

    #[cold]
    pub(super) fn expected(expected: &dyn Expected, found: impl Display) -> Self {
        Self::new(format!("expected {expected}, found {found}"))
    }

    #[cold]
    fn of_field(name: &str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(message).inside(&Key::Text(name.into()))
    }

    fn prepend(&mut self, segment: &str) {
        let path = &mut self.0.path;
        if path.starts_with(|first| first != '[') {
            path.insert(0, '.');
        }
        path.insert_str(0, segment);
        if path.len() > PATH_LEN {
            path.truncate(path.floor_char_boundary(PATH_LEN - '…'.len_utf8()));
            path.push('…');
        }
    }
}

impl Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path() {
            "" => f.write_str(self.message()),
            path => write!(f, "{path}: {}", self.message()),
        }
    }
}

impl std::error::Error for DecodeError {}

impl serde::de::Error for DecodeError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected, Found(found))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::expected(expected, Found(found))
    }

    fn invalid_length(len: usize, expected: &dyn Expected) -> Self {
        Self::expected(expected, format_args!("a length of {len}"))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::of_field(field, format!("unknown field, {}", OneOf(expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("unknown variant {}, {}", quoted(variant), OneOf(expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of_field(field, "missing field")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::of_field(field, "given twice")
    }
}

impl EncodeError {
    #[cold]
    pub(super) fn new(message: impl Into<Box<str>>) -> Self {
        Self { message: message.into() }
    }
}

impl serde::ser::Error for EncodeError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(message.to_string())
    }
}

/// What was found, in the words of the profile rather than of Rust.
struct Found<'a>(Unexpected<'a>);

impl Display for Found<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Unexpected::Bool(value) => write!(f, "{value}"),
            Unexpected::Unsigned(number) => write!(f, "the integer {number}"),
            Unexpected::Signed(number) => write!(f, "the integer {number}"),
            Unexpected::Float(number) => write!(f, "the float {number:?}"),
            Unexpected::Char(text) => write!(f, "the text {}", quoted(text.encode_utf8(&mut [0; 4]))),
            Unexpected::Str(text) => write!(f, "the text {}", quoted(text)),
            Unexpected::Bytes(_) => f.write_str("a byte string"),
            Unexpected::Unit | Unexpected::Option => f.write_str("null"),
            Unexpected::Seq => f.write_str("an array"),
            Unexpected::Map => f.write_str("a map"),
            other => write!(f, "{other}"),
        }
    }
}

struct OneOf(&'static [&'static str]);

impl Display for OneOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("expected none"),
            [only] => write!(f, "expected `{only}`"),
            [first, rest @ ..] => {
                write!(f, "expected one of `{first}`")?;
                rest.iter().try_for_each(|name| write!(f, ", `{name}`"))
            }
        }
    }
}

/// A key as a step of a path: bare where it reads as a name, in brackets otherwise.
fn segment(key: &Key<'_>) -> String {
    match key {
        Key::Text(name) if is_bare(name) => name.as_ref().into(),
        Key::Text(name) => format!("[{}]", quoted(name)),
        Key::Integer(number) => format!("[{number}]"),
    }
}

fn is_bare(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

/// Also escapes what is not fit to be shown: messages of visitors may quote their input.
fn clipped(message: Cow<'static, str>) -> Cow<'static, str> {
    if message.len() <= MESSAGE_LEN && message.chars().all(is_shown) {
        return message;
    }
    let mut kept = String::new();
    for c in message.chars() {
        if kept.len() >= MESSAGE_LEN {
            kept.push('…');
            break;
        }
        if is_shown(c) {
            kept.push(c);
        } else {
            kept.extend(c.escape_default());
        }
    }
    kept.into()
}
