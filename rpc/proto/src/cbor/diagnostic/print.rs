//! From a value to the notation.

use std::fmt::{self, Display, Write};

use super::super::text::quoted_whole;
use super::super::value::Value;

/// `value` in diagnostic notation, whole and on one line.
///
/// Takes at most ten characters per byte of the encoding.
pub fn diagnostic(value: &Value) -> String {
    Diagnostic::new(value).to_string()
}

/// Displays a value in diagnostic notation. Whatever could mislead is escaped in text.
#[derive(Debug, Clone, Copy)]
pub struct Diagnostic<'a> {
    value: &'a Value,
    indented: bool,
    limit: usize,
}

/// What fits into this many columns stays on one line.
const WIDTH: usize = 80;

impl<'a> Diagnostic<'a> {
    /// The whole value on one line.
    pub fn new(value: &'a Value) -> Self {
        Self { value, indented: false, limit: usize::MAX }
    }

    /// Spreads over several lines what is wider than a line.
    pub fn indented(self) -> Self {
        Self { indented: true, ..self }
    }

    /// Ends with an ellipsis after this many bytes of output. A deep value indented takes hundreds of
    /// bytes for one of its encoding, so say a limit for what a stranger sent.
    pub fn limit(self, bytes: usize) -> Self {
        Self { limit: bytes, ..self }
    }
}

impl Display for Diagnostic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Limited { out: f, left: self.limit, full: false };
        let written = match self.indented {
            true => write_indented(self.value, 0, 0, &mut out),
            false => write_line(self.value, &mut out),
        };
        match out.full {
            true => f.write_char('…'),
            false => written,
        }
    }
}

fn write_line(value: &Value, out: &mut dyn Write) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Integer(integer) => write!(out, "{integer}"),
        Value::Float(number) => write_float(*number, out),
        Value::Bytes(bytes) => {
            out.write_str("h'")?;
            bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))?;
            out.write_char('\'')
        }
        Value::Text(text) => write!(out, "{}", quoted_whole(text)),
        Value::Array(elements) => {
            out.write_char('[')?;
            for (index, element) in elements.iter().enumerate() {
                out.write_str(if index == 0 { "" } else { ", " })?;
                write_line(element, out)?;
            }
            out.write_char(']')
        }
        Value::Map(entries) => {
            out.write_char('{')?;
            for (index, (key, value)) in entries.iter().enumerate() {
                out.write_str(if index == 0 { "" } else { ", " })?;
                write_line(key, out)?;
                out.write_str(": ")?;
                write_line(value, out)?;
            }
            out.write_char('}')
        }
    }
}

/// Writes `value` from `column` on; lines that it begins have `depth` steps of indentation.
fn write_indented(value: &Value, depth: usize, column: usize, out: &mut dyn Write) -> fmt::Result {
    if let Some(line) = one_line(value, WIDTH.saturating_sub(column)) {
        return out.write_str(&line);
    }
    match value {
        Value::Array(elements) => {
            out.write_char('[')?;
            for (index, element) in elements.iter().enumerate() {
                new_line(index, depth + 1, out)?;
                write_indented(element, depth + 1, STEP * (depth + 1), out)?;
            }
            end_line(depth, out)?;
            out.write_char(']')
        }
        Value::Map(entries) => {
            out.write_char('{')?;
            for (index, (key, value)) in entries.iter().enumerate() {
                new_line(index, depth + 1, out)?;
                let name = Diagnostic::new(key).to_string();
                write!(out, "{name}: ")?;
                write_indented(value, depth + 1, STEP * (depth + 1) + name.len() + 2, out)?;
            }
            end_line(depth, out)?;
            out.write_char('}')
        }
        long => write_line(long, out),
    }
}

/// Spaces per level.
const STEP: usize = 2;

fn new_line(index: usize, depth: usize, out: &mut dyn Write) -> fmt::Result {
    out.write_str(if index == 0 { "" } else { "," })?;
    end_line(depth, out)
}

fn end_line(depth: usize, out: &mut dyn Write) -> fmt::Result {
    write!(out, "\n{:1$}", "", STEP * depth)
}

/// The value in notation, unless it is wider than `width`. Costs no more than the width.
fn one_line(value: &Value, width: usize) -> Option<String> {
    let mut line = String::new();
    let mut limited = Limited { out: &mut line, left: width, full: false };
    write_line(value, &mut limited).ok().map(|()| line)
}

fn write_float(number: f64, out: &mut dyn Write) -> fmt::Result {
    match number {
        f64::INFINITY => out.write_str("Infinity"),
        f64::NEG_INFINITY => out.write_str("-Infinity"),
        number if number.is_nan() => out.write_str("NaN"),
        number => write!(out, "{number:?}"),
    }
}

/// Takes as much as there is room for, then fails.
struct Limited<'a> {
    out: &'a mut dyn Write,
    left: usize,
    full: bool,
}

impl Write for Limited<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let kept = &text[..text.floor_char_boundary(self.left)];
        self.left -= kept.len();
        self.out.write_str(kept)?;
        self.full = kept.len() < text.len();
        if self.full { Err(fmt::Error) } else { Ok(()) }
    }
}
