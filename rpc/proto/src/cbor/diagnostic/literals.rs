//! Words: `true`, `NaN`, and those that stand before a byte string in quotes.

use super::super::text::quoted;
use super::super::value::Value;
use super::error::NotationError;
use super::parse::skip_indicator;
use super::scan::Scan;
use super::strings;

/// The value of the word that is next.
pub(super) fn literal(scan: &mut Scan<'_>) -> Result<Value, NotationError> {
    let start = *scan;
    let word = scan.take_while(|c| c.is_alphanumeric() || c == '_');
    match (word, scan.peek()) {
        ("h", Some('\'')) => return strings::hex(scan).map(Value::from),
        ("b64", Some('\'')) => return strings::base64(scan).map(Value::from),
        (_, Some('\'')) => {
            let known = "a byte string is h'…', b64'…' or '…'";
            return Err(start.error(format_args!("{} is not known here: {known}", quoted(word))));
        }
        _ => {}
    }
    match word {
        "null" => return Ok(Value::Null),
        "true" => return Ok(Value::Bool(true)),
        "false" => return Ok(Value::Bool(false)),
        _ => {}
    }
    *scan = start;
    let name = scan.take_while(char::is_alphabetic);
    skip_indicator(scan);
    let is_whole = scan.offset() - start.offset() == word.len();
    match name {
        "NaN" if is_whole => Ok(Value::Float(f64::NAN)),
        "Infinity" if is_whole => Ok(Value::Float(f64::INFINITY)),
        "undefined" => Err(start.error("undefined cannot be sent: write null, or leave the entry out")),
        "simple" => Err(start.error("simple values other than true, false and null cannot be sent")),
        _ => Err(start.error(format_args!("expected a value; text needs quotes: {}", quoted(word)))),
    }
}
