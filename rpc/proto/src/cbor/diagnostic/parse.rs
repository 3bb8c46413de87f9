//! From the notation to a value.

use std::borrow::Cow;
use std::collections::HashSet;

use super::super::decode::Limits;
use super::super::key::Key;
use super::super::text::quoted;
use super::super::value::Value;
use super::error::NotationError;
use super::literals::literal;
use super::numbers::number;
use super::scan::Scan;
use super::strings;

/// Reads a value that people wrote in diagnostic notation, within the default [`Limits`].
///
/// Reads back whatever [`diagnostic`](super::diagnostic()) writes, and what else people type: byte strings as
/// `h'00ff'`, `b64'AP8='`, `'text'` and `<<1, 2>>`; hexadecimal, octal and binary integers; comments; a
/// comma after the last element. Encoding indicators such as `[_ 1]` and `1_3` are read over, since a value
/// has only one encoding here. The rest of the notation is not of the profile and said to be so: tags,
/// `undefined`, other simple values, and keys that are neither text nor integers.
///
/// ```
/// use countersign_proto::cbor::{Value, from_diagnostic};
///
/// let value = from_diagnostic("{\"data\": h'00 ff', / the / \"rest\": [1, 2.5, NaN],}")?;
/// assert_eq!(value.get("data"), Some(&Value::Bytes(bytes::Bytes::from_static(&[0, 0xff]))));
///
/// let error = from_diagnostic("{\n  \"id\": 1\n  \"name\": 2}").unwrap_err();
/// assert_eq!(error.to_string(), "line 3, column 3: expected `,` or `}`, found `\"`");
/// # Ok::<(), countersign_proto::cbor::NotationError>(())
/// ```
pub fn from_diagnostic(text: &str) -> Result<Value, NotationError> {
    from_diagnostic_within(text, Limits::default())
}

/// As [`from_diagnostic`], within limits of the caller's own.
pub fn from_diagnostic_within(text: &str, limits: Limits) -> Result<Value, NotationError> {
    let mut parser = Parser { scan: Scan::new(text), depth: limits.depth, items: limits.items };
    parser.scan.skip_blank()?;
    let value = parser.value()?;
    parser.scan.skip_blank()?;
    match parser.scan.peek() {
        None => Ok(value),
        Some(',') => Err(parser.scan.error("only one value is wanted: put several into [ ]")),
        Some(_) => Err(parser.scan.expected("the end")),
    }
}

pub(super) struct Parser<'t> {
    pub(super) scan: Scan<'t>,
    /// How many more containers may be opened inside the current one.
    depth: usize,
    /// How many more elements, keys and values there may be.
    items: usize,
}

impl Parser<'_> {
    /// A value. What is blank before it was skipped.
    pub(super) fn value(&mut self) -> Result<Value, NotationError> {
        match self.scan.peek() {
            Some('[') => self.array(),
            Some('{') => self.map(),
            Some('(') => self.chunks(),
            Some('"') => strings::text(&mut self.scan).map(Value::Text),
            Some('\'') => strings::quoted_bytes(&mut self.scan).map(Value::from),
            Some('<') => self.embedded(),
            Some('0'..='9' | '-' | '+' | '.') => number(&mut self.scan),
            Some(c) if c.is_alphabetic() || c == '_' => literal(&mut self.scan),
            _ => Err(self.scan.expected("a value")),
        }
    }

    fn array(&mut self) -> Result<Value, NotationError> {
        self.open("[", "]", |parser, elements: &mut Vec<Value>| {
            parser.charge()?;
            elements.push(parser.value()?);
            Ok(())
        })
        .map(Value::Array)
    }

    fn map(&mut self) -> Result<Value, NotationError> {
        let mut keys = HashSet::new();
        let entry = |parser: &mut Self, entries: &mut Vec<(Value, Value)>| {
            parser.charge()?;
            let start = parser.scan;
            let key = parser.key()?;
            if !keys.insert(noted(&key)) {
                return Err(start.error(format_args!("the key {} is there twice", shown(&key))));
            }
            parser.scan.skip_blank()?;
            if !parser.scan.take(":") {
                return Err(parser.scan.expected(format_args!("`:` after the key {}", shown(&key))));
            }
            parser.scan.skip_blank()?;
            parser.charge()?;
            entries.push((key, parser.value()?));
            Ok(())
        };
        self.open("{", "}", entry).map(Value::Map)
    }

    /// What is between brackets, one after the other, with commas between and perhaps one more at the end.
    fn open<T>(
        &mut self,
        opening: &str,
        closing: &str,
        mut next: impl FnMut(&mut Self, &mut Vec<T>) -> Result<(), NotationError>,
    ) -> Result<Vec<T>, NotationError> {
        let start = self.scan;
        self.scan.take(opening);
        self.depth = self.depth.checked_sub(1).ok_or_else(|| start.error("nested too deeply to be sent"))?;
        skip_indicator(&mut self.scan);
        self.scan.skip_blank()?;
        let mut taken = Vec::new();
        while !self.scan.take(closing) {
            if self.scan.peek().is_none() {
                return Err(self.unclosed(&start, opening, closing));
            }
            next(self, &mut taken)?;
            self.scan.skip_blank()?;
            if self.scan.take(",") {
                self.scan.skip_blank()?;
            } else if self.scan.peek().is_none() {
                return Err(self.unclosed(&start, opening, closing));
            } else if !self.scan.rest().starts_with(closing) {
                return Err(self.scan.expected(format_args!("`,` or `{closing}`")));
            }
        }
        self.depth += 1;
        taken.shrink_to_fit();
        Ok(taken)
    }

    #[cold]
    fn unclosed(&self, start: &Scan<'_>, opening: &str, closing: &str) -> NotationError {
        let line = start.error("").line();
        self.scan
            .error(format_args!("expected `{closing}` for the `{opening}` of line {line}, found the end"))
    }

    fn key(&mut self) -> Result<Value, NotationError> {
        let start = self.scan;
        if start.peek().is_some_and(|c| c.is_alphabetic() || c == '_') {
            let name = self.scan.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
            self.scan.skip_blank()?;
            if self.scan.rest().starts_with(':') {
                return Err(start.error(format_args!("a name needs quotes: write {}", quoted(name))));
            }
            self.scan = start;
        }
        match self.value()? {
            key @ (Value::Text(_) | Value::Integer(_)) => Ok(key),
            _ => Err(start.error("a key is a text or an integer")),
        }
    }

    /// A string in chunks: `(_ "ab", "cd")` is "abcd".
    fn chunks(&mut self) -> Result<Value, NotationError> {
        let start = self.scan;
        if !start.rest().starts_with("(_") {
            return Err(start.expected("a value"));
        }
        let chunks = self.open("(", ")", |parser, chunks: &mut Vec<Value>| {
            parser.charge()?;
            chunks.push(parser.value()?);
            Ok(())
        })?;
        let whole_text = || chunks.iter().map(Value::as_text).collect::<Option<String>>();
        let whole_bytes = || {
            let bytes = chunks.iter().map(|chunk| match chunk {
                Value::Bytes(bytes) => Some(bytes.as_ref()),
                _ => None,
            });
            Some(bytes.collect::<Option<Vec<_>>>()?.concat())
        };
        match whole_text().filter(|_| !chunks.is_empty()) {
            Some(text) => Ok(text.into()),
            None => whole_bytes()
                .map(|bytes| Value::Bytes(bytes.into()))
                .ok_or_else(|| start.error("the chunks of a string are all text or all bytes")),
        }
    }

    /// Items in their encoding, as a byte string: `<<1, 2>>` is h'0102'.
    fn embedded(&mut self) -> Result<Value, NotationError> {
        let start = self.scan;
        if !start.rest().starts_with("<<") {
            return Err(start.expected("a value"));
        }
        let encoded = self.open("<<", ">>", |parser, encoded: &mut Vec<u8>| {
            parser.charge()?;
            let value = parser.value()?;
            super::super::encode_into(&value, encoded).map_err(|error| start.error(error))
        })?;
        Ok(Value::Bytes(encoded.into()))
    }

    fn charge(&mut self) -> Result<(), NotationError> {
        self.items =
            self.items.checked_sub(1).ok_or_else(|| self.scan.error("more items than can be sent"))?;
        Ok(())
    }
}

/// Goes past the encoding indicator that may follow what it is about: `_`, or `_0` to `_3`, or `_i`.
pub(super) fn skip_indicator(scan: &mut Scan<'_>) {
    if scan.take("_") {
        scan.take_while(|c| matches!(c, '0'..='3' | 'i'));
    }
}

/// A key in the form in which equal ones are found.
fn noted(key: &Value) -> Key<'static> {
    match key {
        Value::Integer(number) => Key::Integer(*number),
        key => Key::Text(Cow::Owned(key.as_text().unwrap_or_default().to_owned())),
    }
}

fn shown(key: &Value) -> String {
    key.as_integer()
        .map_or_else(|| quoted(key.as_text().unwrap_or_default()).to_string(), |number| number.to_string())
}
