//! What was typed at a place without places below it, as JSON, or what is wrong with it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use countersign::schema::{FloatRange, Format, Key, Text};
use serde_json::{Number, Value as Json};

use super::{BytesInput, Encoding};
use crate::lens::hex;

/// The most zeros that stand for the bytes of a file.
const STAND_IN_MAX: u64 = 4096;

/// A whole number within bounds.
pub(crate) fn integer(text: &str, min: i128, max: i128) -> Result<Json, String> {
    let number: i128 =
        text.trim().parse().map_err(|_| format!("Write a whole number, {}", bounds(min, max)))?;
    if !(min..=max).contains(&number) {
        return Err(format!("Has to be {}", bounds(min, max)));
    }
    let number = i64::try_from(number).map(Number::from).or_else(|_| u64::try_from(number).map(Number::from));
    number.map(Json::Number).map_err(|_| "Too large to travel".to_owned())
}

/// A floating-point number within bounds; `NaN` and the infinities are texts in JSON.
pub(crate) fn float(text: &str, range: &FloatRange) -> Result<Json, String> {
    let number: f64 =
        text.trim().parse().map_err(|_| "Write a number such as 1.5, NaN or Infinity".to_owned())?;
    if !range.contains(number) {
        return Err(format!("Has to be {}", float_bounds(range)));
    }
    let name = match number {
        n if n.is_nan() => "NaN",
        f64::INFINITY => "Infinity",
        _ => "-Infinity",
    };
    Ok(Number::from_f64(number).map_or_else(|| name.into(), Json::Number))
}

/// A text of the right length and format.
pub(crate) fn text(text: &str, shape: &Text<'_>) -> Result<Json, String> {
    let length = text.chars().count() as u64;
    if length < shape.min_len {
        return Err(format!("At least {}", counted(shape.min_len, "character")));
    }
    if length > shape.max_len {
        return Err(format!("At most {}, not {length}", counted(shape.max_len, "character")));
    }
    if shape.format.admits(text) {
        return Ok(text.into());
    }
    let wanted = match shape.format {
        Format::Date => "a date such as 2026-01-31",
        Format::DateTime => "a time such as 2026-01-31T12:00:00Z",
        Format::Time => "a time of day such as 12:00:00",
        Format::LocalDateTime => "a time such as 2026-01-31T12:00:00",
        Format::Uuid => "a UUID such as 67e55044-10b1-426f-9247-bb680e5fe0c8",
        Format::Ipv4 => "an IPv4 address such as 127.0.0.1",
        Format::Ipv6 => "an IPv6 address such as ::1",
        _ => "an IP address",
    };
    Err(format!("Write {wanted}"))
}

/// Bytes of the right length, as base64. A file is not looked at here: its bytes come later, and zeros stand
/// for them until then, as few as fit.
pub(crate) fn bytes(input: &BytesInput, min_len: u64, max_len: u64) -> Result<Json, String> {
    if input.encoding == Encoding::File {
        let stand_in = vec![0; min_len.min(STAND_IN_MAX) as usize];
        let is_chosen = !input.line.text.trim().is_empty();
        return if is_chosen {
            Ok(STANDARD.encode(stand_in).into())
        } else {
            Err("Choose a file".to_owned())
        };
    }
    let bytes = byte_string(input)?;
    match bytes.len() as u64 {
        length if length < min_len => Err(format!("At least {}, not {length}", counted(min_len, "byte"))),
        length if length > max_len => Err(format!("At most {}, not {length}", counted(max_len, "byte"))),
        _ => Ok(STANDARD.encode(bytes).into()),
    }
}

/// Bytes that were typed.
pub(crate) fn byte_string(input: &BytesInput) -> Result<Vec<u8>, String> {
    match input.encoding {
        Encoding::Hex => hex::bytes(&input.line.text)
            .map_err(|_| "Write pairs of hexadecimal digits, such as 00ff".to_owned()),
        Encoding::Base64 => {
            let compact: String = input.line.text.split_whitespace().collect();
            let decoded = STANDARD.decode(&compact).or_else(|_| STANDARD_NO_PAD.decode(&compact));
            decoded.map_err(|error| format!("Not base64: {error}"))
        }
        Encoding::Text | Encoding::File => Ok(input.line.text.as_bytes().to_vec()),
    }
}

/// The key of a map. In JSON it is a text either way.
pub(crate) fn key(text: &str, key: Key) -> Result<(), String> {
    match key {
        Key::Natural => integer(text, 0, u64::MAX.into()).map(drop),
        Key::Integer => integer(text, i64::MIN.into(), u64::MAX.into()).map(drop),
        _ => Ok(()),
    }
}

/// Anything, written as JSON.
pub(crate) fn json(text: &str) -> Result<Json, String> {
    if text.trim().is_empty() {
        return Err("Write a value as JSON, such as \"text\", 17 or {}".to_owned());
    }
    serde_json::from_str(text).map_err(|error| format!("Not JSON: {error}"))
}

/// The bounds of a whole number in words.
pub(crate) fn bounds(min: i128, max: i128) -> String {
    // Bounds of many digits come from the type and say less than they take room.
    const LARGE: i128 = 10_000_000_000;
    match (min > -LARGE, max < LARGE) {
        (true, true) => format!("{min} to {max}"),
        (true, false) => format!("at least {min}"),
        (false, true) => format!("at most {max}"),
        (false, false) => "any size".to_owned(),
    }
}

/// The bounds of a number in words, or nothing.
pub(crate) fn float_bounds(range: &FloatRange) -> String {
    let above = if range.above_min { "above" } else { "at least" };
    let below = if range.below_max { "below" } else { "at most" };
    match (range.min.is_finite(), range.max.is_finite()) {
        (true, true) => format!("{above} {} and {below} {}", range.min, range.max),
        (true, false) => format!("{above} {}", range.min),
        (false, true) => format!("{below} {}", range.max),
        (false, false) => String::new(),
    }
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
