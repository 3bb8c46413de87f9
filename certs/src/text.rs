//! Text from elsewhere, made fit to be shown: nothing in it can move a cursor, hide a word or fill a screen.

/// Escapes what is not plainly printable and clips the rest to `limit` characters.
///
/// Printable text of any script stays as it is; control characters, line breaks and the marks that
/// turn the direction of writing around become `\u{…}`.
pub(crate) fn shown(text: &str, limit: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(limit));
    for (count, c) in text.chars().enumerate() {
        if count == limit {
            shown.push('…');
            break;
        }
        match c {
            '"' | '\'' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    shown
}

/// Bytes as lower-case hexadecimal digits.
#[cfg(feature = "identity")]
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_text_is_shown_as_it_is() {
        assert_eq!(shown("Zoë's \"Café\" 東京", 50), "Zoë's \"Café\" 東京");
    }

    #[test]
    fn what_could_deceive_a_reader_is_escaped() {
        assert_eq!(shown("a\n\u{1b}[31m\u{202e}b\\", 50), r"a\n\u{1b}[31m\u{202e}b\\");
    }

    #[test]
    fn long_text_is_clipped_between_characters() {
        assert_eq!(shown("ééééé", 3), "ééé…");
        assert_eq!(shown("ééé", 3), "ééé");
    }
}
