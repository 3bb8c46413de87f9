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

/// Escapes as in JSON.
fn write_escaped(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '"' | '\\' => write!(f, "\\{c}"),
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        _ if is_shown(c) => f.write_char(c),
        _ => c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(f, "\\u{unit:04x}")),
    }
}

/// Whether a character has a face of its own and changes nothing but its own place. What has not could
/// make one text look like another, or the line around it say something else.
pub(super) fn is_shown(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'     // Mongolian selectors
            | '\u{200b}'..='\u{200f}'     // zero-width spaces and joiners, marks of direction
            | '\u{2028}'..='\u{202e}'     // separators of lines, embeddings and overrides of direction
            | '\u{2060}'..='\u{206f}'     // joiners, isolates
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fe00}'..='\u{fe0f}'     // variation selectors
            | '\u{fff0}'..='\u{fffb}'     // interlinear annotations
            | '\u{1d173}'..='\u{1d17a}'   // musical controls
            | '\u{e000}'..='\u{f8ff}'     // private use, here and below
            | '\u{e0000}'..='\u{10ffff}'  // tags and more selectors
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_mislead_is_escaped_and_what_is_long_is_cut() {
        assert_eq!(quoted("say \"hi\" \\ \n\0").to_string(), r#""say \"hi\" \\ \n\u0000""#);
        assert_eq!(quoted("a\u{202e}b\u{200b}\u{e0041}").to_string(), r#""a\u202eb\u200b\udb40\udc41""#);
        assert_eq!(quoted("it's नमस्ते, 水, ü and 🦀").to_string(), "\"it's नमस्ते, 水, ü and 🦀\"");
        assert_eq!(quoted(&"x".repeat(65)).to_string(), format!("\"{}…\"", "x".repeat(64)));
        assert_eq!(quoted_whole(&"x".repeat(65)).to_string().len(), 67);
    }
}
