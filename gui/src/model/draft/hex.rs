//! Bytes as hexadecimal digits to type, and back.

use super::writing::SheetMistake;

/// Bytes in one line.
const ACROSS: usize = 16;

/// The bytes in lines, up to about `limit` characters.
pub(super) fn text(bytes: &[u8], limit: usize) -> String {
    let shown = &bytes[..bytes.len().min(limit / 3 + 1)];
    let line = |line: &[u8]| line.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    shown.chunks(ACROSS).map(line).collect::<Vec<_>>().join("\n")
}

/// The bytes that the digits say. Blanks may be anywhere.
pub(crate) fn bytes(text: &str) -> Result<Vec<u8>, SheetMistake> {
    let mut bytes = Vec::with_capacity(text.len() / 3 + 1);
    let mut high = None;
    for (offset, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let Some(digit) = c.to_digit(16) else {
            let words = format!("Byte {}: expected a hexadecimal digit, found {}", bytes.len(), shown(c));
            return Err(SheetMistake { offset: Some(offset), words });
        };
        match high.take() {
            // Two digits make 255 at most.
            Some(high) => bytes.push((high << 4 | digit) as u8),
            None => high = Some(digit),
        }
    }
    match high {
        None => Ok(bytes),
        Some(_) => {
            let words = format!("Byte {}: expected a second digit", bytes.len());
            Err(SheetMistake { offset: Some(text.trim_end().len()), words })
        }
    }
}

fn shown(c: char) -> String {
    crate::text::line(&c.to_string(), 1)
}
