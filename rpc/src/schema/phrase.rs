//! A shape in a few words, for errors, outlines and hints in a form.

use std::fmt::{self, Display};

use super::path::is_bare;
use super::{Choice, FloatRange, Format, Key, List, Node, Shape, Text};
use crate::cbor::quoted;

/// Names that a phrase lists. A choice of more is cut.
const NAMES_MAX: usize = 8;

/// In a few words: `integer from 1 to 99`, `text of at least 1 character`, `list of Line`.
impl Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer { min, max } => integer(f, *min, *max),
            Self::Float(range) => range.fmt(f),
            Self::Text(text) => text.fmt(f),
            Self::Bytes { min_len, max_len } => {
                f.write_str("bytes as base64")?;
                amount(f, ", ", *min_len, *max_len, "byte")
            }
            Self::Choice(choice) => choice.fmt(f),
            Self::Optional(node) => write!(f, "optional {}", Kind(node)),
            Self::List(list) => list.fmt(f),
            Self::Tuple(items) => {
                let kinds = items.iter().take(NAMES_MAX).map(|item| Kind(item).to_string());
                let more = (items.len() > NAMES_MAX).then(|| "…".into());
                write!(f, "[{}]", kinds.chain(more).collect::<Vec<_>>().join(", "))
            }
            Self::Map(map) => {
                let keys = match map.key {
                    Key::Text => "text",
                    Key::Natural | Key::Integer => "integer",
                };
                write!(f, "map from {keys} to {}", Kind(&map.value))?;
                amount(f, ", ", map.min, map.max, "entry")
            }
            Self::Null | Self::Bool | Self::Record(_) | Self::Any | Self::Never => f.write_str(self.word()),
        }
    }
}

fn integer(f: &mut fmt::Formatter<'_>, min: i128, max: i128) -> fmt::Result {
    const U32: (i128, i128) = (0, u32::MAX as i128);
    const U64: (i128, i128) = (0, u64::MAX as i128);
    const I32: (i128, i128) = (i32::MIN as i128, i32::MAX as i128);
    const I64: (i128, i128) = (i64::MIN as i128, i64::MAX as i128);
    match (min, max) {
        U32 => f.write_str("integer (u32)"),
        U64 => f.write_str("integer (u64)"),
        I32 => f.write_str("integer (i32)"),
        I64 => f.write_str("integer (i64)"),
        (min, max) => write!(f, "integer from {min} to {max}"),
    }
}

impl Display for FloatRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("number")?;
        let mut joint = "";
        if self.min > f64::NEG_INFINITY {
            write!(f, " {} {}", if self.above_min { "above" } else { "from" }, Short(self.min))?;
            joint = " and";
        }
        if self.max < f64::INFINITY {
            write!(f, "{joint} {} {}", if self.below_max { "below" } else { "at most" }, Short(self.max))?;
        }
        Ok(())
    }
}

/// A float without an empty fraction, and with an exponent where there would be many zeros.
struct Short(f64);

impl Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(number) = self;
        let plain = *number == 0.0 || (1e-6..1e15).contains(&number.abs());
        if plain { write!(f, "{number}") } else { write!(f, "{number:e}") }
    }
}

impl Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.format {
            Format::Other(name) => write!(f, "text ({})", Name(name))?,
            known => f.write_str(known.phrase())?,
        }
        amount(f, " of ", self.min_len, self.max_len, "character")?;
        self.pattern.map_or(Ok(()), |pattern| write!(f, ", matching {}", quoted(pattern)))
    }
}

impl Format<'_> {
    fn phrase(self) -> &'static str {
        match self {
            Self::Plain | Self::Other(_) => "text",
            Self::Date => "date such as 2026-01-31",
            Self::DateTime => "date and time such as 2026-01-31T12:00:00Z",
            Self::Time => "time such as 12:00:00",
            Self::LocalDateTime => "date and time such as 2026-01-31T12:00:00",
            Self::Uuid => "UUID",
            Self::Ip => "IP address",
            Self::Ipv4 => "IPv4 address",
            Self::Ipv6 => "IPv6 address",
        }
    }
}

impl Display for Choice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.variants.len() > 1 {
            f.write_str("one of ")?;
        }
        for (at, variant) in self.variants.iter().take(NAMES_MAX).enumerate() {
            write!(f, "{}{}", if at == 0 { "" } else { ", " }, Name(&variant.name))?;
        }
        if self.variants.len() > NAMES_MAX { f.write_str(", …") } else { Ok(()) }
    }
}

impl Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", if self.unique { "set" } else { "list" }, Kind(&self.item))?;
        amount(f, ", ", self.min, self.max, "item")
    }
}

/// ` of 1 to 12 characters`, or nothing where any number will do.
fn amount(f: &mut fmt::Formatter<'_>, joint: &str, min: u64, max: u64, thing: &str) -> fmt::Result {
    match (min, max) {
        (0, u64::MAX) => Ok(()),
        (min, max) if min == max => write!(f, "{joint}{}", Count(min, thing)),
        (0, max) => write!(f, "{joint}at most {}", Count(max, thing)),
        (min, u64::MAX) => write!(f, "{joint}at least {}", Count(min, thing)),
        (min, max) => write!(f, "{joint}{min} to {}", Count(max, thing)),
    }
}

/// `1 entry`, `2 entries`.
pub(super) struct Count<'a>(pub(super) u64, pub(super) &'a str);

impl Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (1, thing) => write!(f, "1 {thing}"),
            (count, "entry") => write!(f, "{count} entries"),
            (count, thing) => write!(f, "{count} {thing}s"),
        }
    }
}

/// A name out of a schema: as it is where it reads as one, quoted and clipped otherwise.
pub(super) struct Name<'a>(pub(super) &'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_bare(self.0) { f.write_str(self.0) } else { quoted(self.0).fmt(f) }
    }
}

/// The name of a node's type or else what it is, without what is within it.
pub(super) struct Kind<'n, 's>(pub(super) &'n Node<'s>);

impl Display for Kind<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.name(), self.0.shape()) {
            (Some(name), _) => Name(&name).fmt(f),
            (_, leaf @ (Shape::Integer { .. } | Shape::Float(_) | Shape::Text(_) | Shape::Bytes { .. })) => {
                leaf.fmt(f)
            }
            (_, shape) => f.write_str(shape.word()),
        }
    }
}
