//! What is between quotes: text with its escapes, and bytes in several spellings.

use bytes::Bytes;

use super::error::NotationError;
use super::parse::skip_indicator;
use super::scan::Scan;

/// A text in double quotes.
pub(super) fn text(scan: &mut Scan<'_>) -> Result<String, NotationError> {
    quoted(scan, '"')
}

/// A text in single quotes: a byte string of its UTF-8.
pub(super) fn quoted_bytes(scan: &mut Scan<'_>) -> Result<Bytes, NotationError> {
    quoted(scan, '\'').map(Bytes::from)
}

fn quoted(scan: &mut Scan<'_>, quote: char) -> Result<String, NotationError> {
    let start = *scan;
    scan.next();
    let mut text = String::new();
    loop {
        text.push_str(scan.take_while(|c| c != quote && !matches!(c, '\\' | '\n' | '\r')));
        match scan.peek() {
            Some('\\') => text.push(escaped(scan)?),
            Some(c) if c == quote => break,
            Some(_) => {
                let remedy = "a text ends on its line: close the quotes, or write \\n for a line break";
                return Err(scan.error(remedy));
            }
            None => return Err(start.error("these quotes are not closed")),
        }
    }
    scan.next();
    skip_indicator(scan);
    text.shrink_to_fit();
    Ok(text)
}

fn escaped(scan: &mut Scan<'_>) -> Result<char, NotationError> {
    let start = *scan;
    scan.next();
    Ok(match scan.next() {
        Some(c @ ('"' | '\'' | '\\' | '/')) => c,
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') if scan.take("{") => {
            let digits = scan.take_while(|c| c.is_ascii_hexdigit());
            let code = u32::from_str_radix(digits, 16).ok().filter(|_| scan.take("}"));
            code.and_then(char::from_u32)
                .ok_or_else(|| start.error("expected a character such as \\u{e9}"))?
        }
        Some('u') => unicode(scan, &start)?,
        _ => {
            let known = "\\\" \\' \\\\ \\/ \\b \\f \\n \\r \\t \\u";
            return Err(start.error(format_args!("this escape is not known; there are {known}")));
        }
    })
}

/// `\u00e9`, or `\ud83e\udd80` for what lies beyond the first 65,536 characters.
fn unicode(scan: &mut Scan<'_>, start: &Scan<'_>) -> Result<char, NotationError> {
    let wrong = || start.error("expected four hexadecimal digits such as \\u00e9");
    let first = unit(scan).ok_or_else(wrong)?;
    let units = match first {
        0xd800..0xdc00 if scan.take("\\u") => vec![first, unit(scan).ok_or_else(wrong)?],
        _ => vec![first],
    };
    let decoded = char::decode_utf16(units).next().and_then(Result::ok);
    decoded
        .ok_or_else(|| start.error("this is half of a character: \\ud83e needs one such as \\udd80 after it"))
}

fn unit(scan: &mut Scan<'_>) -> Option<u16> {
    let digits = scan.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    scan.take(digits);
    u16::from_str_radix(digits, 16).ok()
}

/// Hexadecimal digits in single quotes, with blanks and comments between the bytes.
pub(super) fn hex(scan: &mut Scan<'_>) -> Result<Bytes, NotationError> {
    let start = *scan;
    scan.next();
    let mut bytes = Vec::new();
    let mut high: Option<u32> = None;
    loop {
        scan.skip_blank()?;
        let here = *scan;
        match scan.next() {
            Some('\'') if high.is_none() => break,
            Some('\'') => return Err(here.error("expected a second digit for the last byte, found `'`")),
            Some(c) => match (c.to_digit(16), high.take()) {
                // Two digits make 255 at most.
                (Some(low), Some(high)) => bytes.push((high << 4 | low) as u8),
                (digit @ Some(_), None) => high = digit,
                (None, _) => return Err(here.expected("a hexadecimal digit or `'`")),
            },
            None => return Err(start.error("these quotes are not closed")),
        }
    }
    skip_indicator(scan);
    bytes.shrink_to_fit();
    Ok(bytes.into())
}

/// Base64 in single quotes, in either alphabet, padded or not, with blanks anywhere.
pub(super) fn base64(scan: &mut Scan<'_>) -> Result<Bytes, NotationError> {
    let start = *scan;
    scan.next();
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut padding = 0;
    loop {
        scan.take_while(|c| matches!(c, ' ' | '\t' | '\r' | '\n'));
        let here = *scan;
        let digit = match scan.next() {
            Some('\'') => break,
            Some('=') if padding < 2 => {
                padding += 1;
                continue;
            }
            Some(c) if padding == 0 => base64_digit(c),
            Some(_) => None,
            None => return Err(start.error("these quotes are not closed")),
        };
        let digit = digit.ok_or_else(|| here.expected("a base64 digit or `'`"))?;
        (bits, count) = (bits << 6 | digit, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // What is left over are zeros that fill up the last digit: a whole digit, or a one, is a mistake.
    let has_padding = padding == 0 || padding == count / 2;
    if count >= 6 || bits != 0 || !has_padding {
        return Err(start.error("this is not base64: it does not end with a whole byte"));
    }
    skip_indicator(scan);
    bytes.shrink_to_fit();
    Ok(bytes.into())
}

fn base64_digit(c: char) -> Option<u32> {
    let after = |first: char, value: u32| u32::from(c) - u32::from(first) + value;
    match c {
        'A'..='Z' => Some(after('A', 0)),
        'a'..='z' => Some(after('a', 26)),
        '0'..='9' => Some(after('0', 52)),
        '+' | '-' => Some(62),
        '/' | '_' => Some(63),
        _ => None,
    }
}
