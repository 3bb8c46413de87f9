//! A value in CBOR diagnostic notation, indented, with the place of each item in it.

use std::fmt::{self, Write};

use countersign::cbor::{Diagnostic, Value};

use super::outline::{Outline, Siblings, Span};
use crate::model::tree::Kind;

/// The longest notation that is kept, in bytes.
const LONGEST: usize = 16 << 20;
/// What fits into this many columns stays on one line.
const WIDTH: usize = 80;
/// Spaces per level.
pub(crate) const STEP: usize = 2;

/// A long text with its lines found, so that only the visible ones are laid out.
#[derive(Debug)]
pub(crate) struct Listing {
    text: String,
    starts: Vec<u32>,
    is_cut: bool,
}

impl Listing {
    /// Writes a value down, and notes in its outline where the items are.
    pub(crate) fn of(value: &Value, outline: &mut Outline) -> Self {
        Self::within(value, outline, LONGEST)
    }

    fn within(value: &Value, outline: &mut Outline, longest: usize) -> Self {
        let mut printer = Printer { text: String::new(), limit: longest, longest, outline };
        let is_cut = printer.item(value, Some(0), 0, 0).is_err();
        printer.note(Some(0), 0, 0);
        let mut text = printer.text;
        if is_cut {
            outline.clip_text(text.len());
            text.push('…');
        }
        let breaks = text.match_indices('\n').filter_map(|(at, _)| u32::try_from(at + 1).ok());
        let starts = std::iter::once(0).chain(breaks).collect();
        Self { text, starts, is_cut }
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// One line, without its break.
    pub(crate) fn line(&self, index: usize) -> &str {
        let end = self.starts.get(index + 1).map_or(self.text.len(), |next| *next as usize - 1);
        &self.text[self.start(index)..end]
    }

    /// Where a line begins in the text.
    pub(crate) fn start(&self, index: usize) -> usize {
        self.starts[index] as usize
    }

    /// Which line this place of the text is on.
    pub(crate) fn line_at(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start as usize <= at) - 1
    }

    /// The whole text, to copy.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the value goes on beyond the text.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// Writes what [`Diagnostic::indented`] does, and keeps account of it.
struct Printer<'o> {
    text: String,
    /// How long the text may become just now.
    limit: usize,
    /// How long it may become at all.
    longest: usize,
    outline: &'o mut Outline,
}

impl Write for Printer<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let kept = &text[..text.floor_char_boundary(self.limit - self.text.len())];
        self.text.push_str(kept);
        if kept.len() < text.len() { Err(fmt::Error) } else { Ok(()) }
    }
}

impl Printer<'_> {
    /// Writes `value` from `column` on; lines that it begins have `depth` steps of indentation.
    fn item(&mut self, value: &Value, item: Option<usize>, depth: usize, column: usize) -> fmt::Result {
        let from = self.text.len();
        self.limit = from + WIDTH.saturating_sub(column);
        let fits = self.line(value, item);
        self.limit = self.longest;
        if fits.is_err() {
            self.text.truncate(from);
            return self.lines(value, item, depth);
        }
        let kept = self.text.floor_char_boundary(self.longest);
        if kept < self.text.len() {
            self.text.truncate(kept);
            return Err(fmt::Error);
        }
        Ok(())
    }

    fn lines(&mut self, value: &Value, item: Option<usize>, depth: usize) -> fmt::Result {
        let (mut siblings, mut remark) = (Siblings::within(self.outline, item), None);
        match value {
            Value::Array(elements) => {
                self.write_char('[')?;
                for (index, element) in elements.iter().enumerate() {
                    self.new_line(index, depth + 1)?;
                    let (item, from) = self.begin(&mut siblings, &mut remark);
                    let written = self.item(element, item, depth + 1, STEP * (depth + 1));
                    self.note(item, from, from);
                    written?;
                }
                self.end_line(depth)?;
                self.write_char(']')
            }
            Value::Map(entries) => {
                self.write_char('{')?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.new_line(index, depth + 1)?;
                    let line = self.text.len();
                    let (item, from) = self.begin(&mut siblings, &mut remark);
                    write!(self, "{}: ", Diagnostic::new(key))?;
                    let begins = self.text.len();
                    let column = STEP * (depth + 1) + begins - line;
                    let written = self.item(value, item, depth + 1, column);
                    self.note(item, from, begins);
                    written?;
                }
                self.end_line(depth)?;
                self.write_char('}')
            }
            long => self.line(long, item),
        }
    }

    fn line(&mut self, value: &Value, item: Option<usize>) -> fmt::Result {
        let (mut siblings, mut remark) = (Siblings::within(self.outline, item), None);
        match value {
            Value::Array(elements) => {
                self.write_char('[')?;
                for (index, element) in elements.iter().enumerate() {
                    self.write_str(if index == 0 { "" } else { ", " })?;
                    let (item, from) = self.begin(&mut siblings, &mut remark);
                    self.line(element, item)?;
                    self.note(item, from, from);
                }
                self.write_char(']')
            }
            Value::Map(entries) => {
                self.write_char('{')?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.write_str(if index == 0 { "" } else { ", " })?;
                    let (item, from) = self.begin(&mut siblings, &mut remark);
                    write!(self, "{}: ", Diagnostic::new(key))?;
                    let begins = self.text.len();
                    self.line(value, item)?;
                    self.note(item, from, begins);
                }
                self.write_char('}')
            }
            leaf => write!(self, "{}", Diagnostic::new(leaf)),
        }
    }

    /// The item of the element that is written from here on, and where it began: what is left to a remark
    /// begins with the first element of which there is no other item.
    fn begin(&self, siblings: &mut Siblings, remark: &mut Option<usize>) -> (Option<usize>, usize) {
        let (item, from) = (siblings.next(self.outline), self.text.len());
        let is_remark = item.is_some_and(|item| self.outline.item(item).kind == Kind::Remark);
        (item, if is_remark { *remark.get_or_insert(from) } else { from })
    }

    fn new_line(&mut self, index: usize, depth: usize) -> fmt::Result {
        self.write_str(if index == 0 { "" } else { "," })?;
        self.end_line(depth)
    }

    fn end_line(&mut self, depth: usize) -> fmt::Result {
        write!(self, "\n{:1$}", "", STEP * depth)
    }

    /// Notes that an item goes on up to here.
    fn note(&mut self, item: Option<usize>, from: usize, value: usize) {
        if let Some(item) = item {
            self.outline.set_text(item, Span::new(from, value.max(from), self.text.len()));
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign::cbor::to_vec;

    use super::*;
    use crate::lens::outline::MOST_ITEMS;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn listed(value: &Value, longest: usize) -> (Listing, Outline) {
        let mut outline = Outline::of(&to_vec(value).unwrap()).unwrap();
        (Listing::within(value, &mut outline, longest), outline)
    }

    /// Values of every kind, wide and narrow, from a seed.
    fn anything(seed: &mut u64, depth: usize) -> Value {
        let mut roll = |sides: u64| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*seed >> 33) % sides
        };
        match roll(if depth == 0 { 6 } else { 9 }) {
            0 => Value::Null,
            1 => Value::Bool(true),
            2 => Value::Integer(roll(1 << 30).into()),
            3 => Value::Float([0.5, 1e300, f64::NAN, f64::NEG_INFINITY][roll(4) as usize]),
            4 => text(&"né\"\u{202e}".repeat(roll(30) as usize)),
            5 => Value::Bytes(vec![7; roll(60) as usize].into()),
            6 | 7 => {
                let count = roll(7);
                Value::Array((0..count).map(|_| anything(seed, depth - 1)).collect())
            }
            _ => {
                let count = roll(7);
                let entry = |i| (text(&format!("key {i}")), anything(seed, depth - 1));
                Value::Map((0..count).map(entry).collect())
            }
        }
    }

    #[test]
    fn it_is_what_the_codec_writes_and_each_item_is_where_it_says() {
        let mut seed = 7;
        let mut checked = 0;
        for _ in 0..300 {
            let value = anything(&mut seed, 5);
            let (listing, outline) = listed(&value, LONGEST);
            assert_eq!(listing.text(), Diagnostic::new(&value).indented().to_string());
            check(&value, 0, &listing, &outline, &mut checked);
            let limit = listing.text().len() / 2;
            let (cut, outline) = listed(&value, limit);
            assert_eq!(cut.text(), Diagnostic::new(&value).indented().limit(limit).to_string());
            assert_eq!(cut.is_cut(), limit < listing.text().len());
            let spans = (0..outline.len()).filter_map(|item| outline.item(item).text);
            assert!(spans.map(Span::all).all(|span| span.end <= cut.text().len()));
        }
        assert!(checked > 2000, "{checked}");
    }

    /// What stands where an item says it does is that item, however it is spread over lines.
    fn check(value: &Value, item: usize, listing: &Listing, outline: &Outline, checked: &mut usize) {
        *checked += 1;
        let span = outline.item(item).text.unwrap();
        let joined = |text: &str| text.split_whitespace().collect::<String>();
        let written = joined(&Diagnostic::new(value).to_string());
        assert_eq!(joined(&listing.text()[span.of_value()]), written);
        if !span.of_value().is_empty() {
            assert_eq!(outline.at_text(span.value as usize), Some(item));
        }
        match value {
            Value::Array(elements) => {
                let mut siblings = Siblings::within(outline, Some(item));
                for element in elements {
                    check(element, siblings.next(outline).unwrap(), listing, outline, checked);
                }
            }
            Value::Map(entries) => {
                let mut siblings = Siblings::within(outline, Some(item));
                for (key, value) in entries {
                    let item = siblings.next(outline).unwrap();
                    let span = outline.item(item).text.unwrap();
                    assert!(listing.text()[span.all()].starts_with(&Diagnostic::new(key).to_string()));
                    check(value, item, listing, outline, checked);
                }
            }
            _ => {}
        }
    }

    #[test]
    fn lines_are_found_by_number_and_by_place() {
        let words = ["one", "two", "three"].map(|word| text(&word.repeat(20))).to_vec();
        let (listing, _) = listed(&Value::Array(words), LONGEST);
        assert_eq!(listing.len(), 5);
        assert!(listing.line(1).starts_with("  \"oneone") && listing.line(1).ends_with(','));
        for line in 0..listing.len() {
            assert_eq!(listing.line_at(listing.start(line)), line);
            assert_eq!(listing.line_at(listing.start(line) + listing.line(line).len()), line);
        }
    }

    #[test]
    fn items_that_are_not_told_apart_are_marked_together() {
        let value = Value::Array(vec![Value::Null; MOST_ITEMS + 2]);
        let (listing, outline) = listed(&value, LONGEST);
        let span = outline.item(MOST_ITEMS).text.unwrap();
        assert_eq!(listing.text()[span.all()].split_whitespace().collect::<String>(), "null,null,null");
        assert_eq!(outline.at_text(listing.text().len() - 4), Some(MOST_ITEMS));
    }
}
