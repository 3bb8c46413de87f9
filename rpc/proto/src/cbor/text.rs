//! Text of a peer made fit to be shown: in quotes, escaped, clipped.

use std::fmt::{self, Display, Write as _};

/// Longer texts are cut here, with an ellipsis.
const SHOWN: usize = 64;

/// `text` in double quotes with everything invisible or misleading escaped, cut at 64 characters.
pub fn quoted(text: &str) -> impl Display {
    Quoted(text, SHOWN)
}

/// As [`quoted`], but whole.
pub(super) fn quoted_whole(text: &str) -> impl Display {
    Quoted(text, usize::MAX)
}

struct Quoted<'a>(&'a str, usize);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let mut chars = self.0.chars();
        for c in chars.by_ref().take(self.1) {
            write_escaped(f, c)?;
        }
        f.write_str(if chars.next().is_some() { "…\"" } else { "\"" })
    }
}

/// Escapes as in JSON. `escape_debug` decides what has no face of its own: control characters, marks
/// of direction, joiners, private and unassigned code points.
fn write_escaped(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '"' | '\\' => write!(f, "\\{c}"),
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        '\'' | ' '..='~' => f.write_char(c),
        _ if c.escape_debug().len() == 1 => f.write_char(c),
        _ => c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(f, "\\u{unit:04x}")),
    }
}
