//! Text from a peer or from the system, made fit to be shown and logged.

use std::io;

/// Characters of a peer's text that are shown.
const SHOWN_MAX: usize = 300;

/// The text with control and formatting characters escaped, and clipped.
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(SHOWN_MAX));
    let mut characters = text.chars();
    for character in characters.by_ref().take(SHOWN_MAX) {
        match character {
            // Directional formatting could make a log line read as something else.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                shown.extend(character.escape_unicode());
            }
            _ if character.is_control() => shown.extend(character.escape_default()),
            _ => shown.push(character),
        }
    }
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// What the system says, without the number that it has for it.
pub(crate) fn of_io(error: &io::Error) -> String {
    let said = error.to_string();
    match said.split_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_says_cannot_forge_a_line() {
        assert_eq!(escaped("ok\n2026 INFO all is well\u{202e}"), "ok\\n2026 INFO all is well\\u{202e}");
        assert_eq!(escaped(&"x".repeat(1_000)).chars().count(), SHOWN_MAX + 1);
    }
}
