//! Numbers: integers are exact, and a float has a point, an exponent or a name.

use super::super::value::{Integer, Value};
use super::error::NotationError;
use super::parse::skip_indicator;
use super::scan::Scan;

/// The number that is next.
pub(super) fn number(scan: &mut Scan<'_>) -> Result<Value, NotationError> {
    let start = *scan;
    let is_negative = scan.take("-");
    if !is_negative {
        scan.take("+");
    }
    if scan.take("Infinity") {
        skip_indicator(scan);
        let infinity = if is_negative { f64::NEG_INFINITY } else { f64::INFINITY };
        return followed(scan, &start).map(|()| infinity.into());
    }
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().find(|(prefix, _)| scan.take(prefix));
    let value = match radix {
        Some((_, radix)) => {
            let digits = scan.take_while(|c| c.is_digit(radix));
            if digits.is_empty() {
                return Err(scan.expected("a digit"));
            }
            integer(digits, radix, is_negative, &start)?
        }
        None => decimal(scan, is_negative, &start)?,
    };
    if scan.peek() == Some('(') {
        return Err(start.error("tags cannot be sent: write the value without its tag"));
    }
    skip_indicator(scan);
    followed(scan, &start).map(|()| value)
}

fn decimal(scan: &mut Scan<'_>, is_negative: bool, start: &Scan<'_>) -> Result<Value, NotationError> {
    let first = *scan;
    let digits = some_digits(scan)?;
    if digits.len() > 1 && digits.starts_with('0') {
        return Err(first.error("a number does not begin with 0; octal is 0o17"));
    }
    let has_point = scan.take(".");
    if has_point {
        some_digits(scan)?;
    }
    let has_exponent = scan.take("e") || scan.take("E");
    if has_exponent {
        if !scan.take("-") {
            scan.take("+");
        }
        some_digits(scan)?;
    }
    if !has_point && !has_exponent {
        return integer(digits, 10, is_negative, start);
    }
    let written = &first.rest()[..scan.offset() - first.offset()];
    match written.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::Float(if is_negative { -number } else { number })),
        _ => Err(start.error("this number is too large for a float; if that is meant, write Infinity")),
    }
}

fn some_digits<'t>(scan: &mut Scan<'t>) -> Result<&'t str, NotationError> {
    let digits = scan.take_while(|c| c.is_ascii_digit());
    if digits.is_empty() { Err(scan.expected("a digit")) } else { Ok(digits) }
}

fn integer(digits: &str, radix: u32, is_negative: bool, start: &Scan<'_>) -> Result<Value, NotationError> {
    let natural = i128::from_str_radix(digits, radix).ok();
    natural
        .map(|number| if is_negative { -number } else { number })
        .and_then(|number| Integer::try_from(number).ok())
        .map(Value::Integer)
        .ok_or_else(|| {
            start.error(format_args!("integers go from {} to {}; a float ends in .0", i64::MIN, u64::MAX))
        })
}

/// A number does not run into the next word.
fn followed(scan: &Scan<'_>, start: &Scan<'_>) -> Result<(), NotationError> {
    match scan.peek() {
        Some(c) if c.is_alphanumeric() || matches!(c, '.' | '_' | '"' | '\'') => {
            let written = scan.offset() - start.offset();
            Err(scan.expected(format_args!("nothing more of the number {}", &start.rest()[..written])))
        }
        _ => Ok(()),
    }
}
