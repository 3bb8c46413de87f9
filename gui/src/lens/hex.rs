//! Bytes in hexadecimal digits: as rows of offset, hex and ASCII, in characters; and as they are typed.

use std::fmt::Write as _;
use std::ops::Range;

/// Where the hex begins in a row.
const HEX_AT: usize = 10;
/// A gap is left after so many bytes.
const GROUP: usize = 8;

/// Rows of so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    across: usize,
}

impl Grid {
    /// The usual rows, or shorter ones where there is no room for those.
    pub(crate) fn fitting(columns: usize) -> Self {
        let usual = Self { across: 2 * GROUP };
        if usual.columns() <= columns { usual } else { Self { across: GROUP } }
    }

    /// How many characters a row takes.
    pub(crate) fn columns(self) -> usize {
        self.ascii_column(0) + self.across
    }

    /// How many rows so many bytes take.
    pub(crate) fn rows(self, len: usize) -> usize {
        len.div_ceil(self.across)
    }

    /// Which bytes a row has, of so many.
    pub(crate) fn row(self, row: usize, len: usize) -> Range<usize> {
        let from = (self.across * row).min(len);
        from..(from + self.across).min(len)
    }

    /// Which row a byte is in.
    pub(crate) fn row_of(self, at: usize) -> usize {
        at / self.across
    }

    /// Where a byte's hex begins in its row.
    pub(crate) fn hex_column(self, at: usize) -> usize {
        let at = at % self.across;
        HEX_AT + 3 * at + at / GROUP
    }

    /// Where a byte's ASCII is in its row.
    pub(crate) fn ascii_column(self, at: usize) -> usize {
        HEX_AT + 3 * self.across + (self.across - 1) / GROUP + 1 + at % self.across
    }

    /// Which byte of a row is at this character, be it of its hex or of its ASCII.
    pub(crate) fn byte_at(self, column: usize) -> Option<usize> {
        (0..self.across).find(|&at| {
            let hex = self.hex_column(at);
            (hex..hex + 3).contains(&column) || column == self.ascii_column(at)
        })
    }

    /// A row as it is read out.
    pub(crate) fn words(self, row: usize, bytes: &[u8]) -> String {
        let range = self.row(row, bytes.len());
        let mut words = offset(range.start);
        for each in &bytes[range.clone()] {
            // Writing to a `String` cannot fail.
            let _ = write!(words, " {each:02x}");
        }
        words.push(' ');
        words.extend(bytes[range].iter().map(|each| ascii(*each)));
        words
    }
}

/// How far a byte is from the first, as it heads a row.
pub(crate) fn offset(at: usize) -> String {
    format!("{at:08x}")
}

/// Bytes in hex without anything between them, to copy.
pub(crate) fn all(bytes: &[u8]) -> String {
    // Megabytes are copied within a frame, for which `write!` is too slow.
    let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
    let mut hex = Vec::with_capacity(2 * bytes.len());
    bytes.iter().for_each(|byte| hex.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]));
    String::from_utf8(hex).expect("digits and letters are ASCII")
}

/// The bytes in lines to edit, up to about `limit` characters.
pub(crate) fn lines(bytes: &[u8], limit: usize) -> String {
    let shown = &bytes[..bytes.len().min(limit / 3 + 1)];
    let line = |line: &[u8]| line.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    shown.chunks(2 * GROUP).map(line).collect::<Vec<_>>().join("\n")
}

/// Why a text says no bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misread {
    /// At which byte of the text.
    pub(crate) offset: usize,
    /// What is wrong there.
    pub(crate) words: String,
}

/// The bytes that typed digits say. Blanks may be anywhere.
pub(crate) fn bytes(text: &str) -> Result<Vec<u8>, Misread> {
    let mut bytes = Vec::with_capacity(text.len() / 3 + 1);
    let mut high = None;
    for (offset, c) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let Some(digit) = c.to_digit(16) else {
            let found = crate::text::line(&c.to_string(), 1);
            let words = format!("Byte {}: expected a hexadecimal digit, found {found}", bytes.len());
            return Err(Misread { offset, words });
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
            Err(Misread { offset: text.trim_end().len(), words })
        }
    }
}

/// A byte as ASCII, or a point.
pub(crate) fn ascii(byte: u8) -> char {
    if byte.is_ascii_graphic() || byte == b' ' { byte.into() } else { '.' }
}

/// What two ranges have in common.
pub(crate) fn common(one: &Range<usize>, other: &Range<usize>) -> Option<Range<usize>> {
    let both = one.start.max(other.start)..one.end.min(other.end);
    (!both.is_empty()).then_some(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_of_a_row_belongs_to_its_byte() {
        for (grid, across) in [(Grid::fitting(200), 16), (Grid::fitting(60), 8)] {
            for at in 0..across {
                let columns = [grid.hex_column(at), grid.hex_column(at) + 1, grid.ascii_column(at)];
                assert_eq!(columns.map(|column| grid.byte_at(column)), [Some(at); 3]);
            }
            let nowhere = [0, HEX_AT - 1, grid.ascii_column(0) - 1, grid.columns()];
            assert_eq!(nowhere.map(|column| grid.byte_at(column)), [None; 4]);
        }
        let wide = Grid::fitting(200);
        assert_eq!(wide.hex_column(7) + 4, wide.hex_column(8), "a gap in the middle");
        assert_eq!((wide.columns(), Grid::fitting(76)), (76, wide));
    }

    #[test]
    fn rows_end_with_the_bytes() {
        let grid = Grid::fitting(76);
        assert_eq!([0, 1, 16, 17].map(|len| grid.rows(len)), [0, 1, 1, 2]);
        assert_eq!((grid.row(0, 20), grid.row(1, 20), grid.row(2, 20)), (0..16, 16..20, 20..20));
        assert_eq!((grid.row_of(15), grid.row_of(16)), (0, 1));
        assert_eq!(common(&(10..18), &(16..20)), Some(16..18));
        assert_eq!(common(&(0..16), &(16..20)), None);
        assert_eq!(grid.words(1, b"\x83Hello, wide world"), "00000010 6c 64 ld");
        assert_eq!(grid.words(0, b"\x83Hi"), "00000000 83 48 69 .Hi");
        assert_eq!(all(&[0, 0xab]), "00ab");
    }

    #[test]
    fn what_is_typed_are_digits_and_nothing_else_that_a_number_may_begin_with() {
        assert_eq!(bytes(" 00 fF\n1 0"), Ok(vec![0, 0xff, 0x10]));
        assert_eq!(bytes(""), Ok(Vec::new()));
        let offset = |text: &str| bytes(text).unwrap_err().offset;
        assert_eq!([offset("+f"), offset("00 -1"), offset("0x10"), offset("00\u{ff11}0")], [0, 3, 1, 2]);
        assert_eq!(offset("00 f "), 4, "the second digit is missing");
        assert_eq!(bytes(&lines(&[7; 40], 1000)), Ok(vec![7; 40]));
    }
}
