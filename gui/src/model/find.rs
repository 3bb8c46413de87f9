//! Finding what is in a reply or on a page. A match in a reply is an item of the value, which is then highlighted under
//! every lens; on a page it is a place of its text.

use std::ops::Range;
use std::sync::Arc;

use crate::lens::hex;

/// How much is searched between two pictures, in bytes: a millisecond's work.
const STRETCH: usize = 1 << 20;
/// Nobody goes through more matches than this one by one.
pub(crate) const MATCHES_MAX: usize = 10_000;

/// Where something is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Within {
    /// In what a call came back with.
    #[default]
    Reply,
    /// On the page about the selected procedure.
    Page,
}

/// In what something is looked for.
pub(crate) struct Ground<'t> {
    /// What it is known by from picture to picture: not by its content, which is long.
    pub(crate) whole: &'t Arc<[u8]>,
    /// The text or the bytes that are gone through.
    pub(crate) text: &'t [u8],
    /// Whether they are bytes, which are found by their digits, too.
    pub(crate) in_bytes: bool,
    /// What is found where a match begins, if anything is that can be shown.
    pub(crate) found_at: Box<dyn Fn(usize) -> Option<usize> + 't>,
}

impl<'t> Ground<'t> {
    /// A text of which every match counts.
    pub(crate) fn text(text: &'t Arc<[u8]>) -> Self {
        Self { whole: text, text, in_bytes: false, found_at: Box::new(Some) }
    }
}

/// What is looked for, and what was found so far.
#[derive(Debug, Default)]
pub(crate) struct Find {
    /// Where.
    pub(crate) within: Within,
    /// What was typed.
    pub(crate) query: String,
    /// Whether the field is to get the cursor: since it was asked for, and in this picture.
    pub(crate) is_asked_for: bool,
    pub(crate) is_wanted: bool,
    /// How many times a match was gone to: whoever shows them brings it into sight when that has changed.
    pub(crate) steps: u64,
    /// In what it was looked for.
    searched: Option<Searched>,
    /// Up to where.
    done: usize,
    is_done: bool,
    /// The items, or the places of the text, in which it is; in their order.
    found: Vec<usize>,
    /// The one of them that was gone to.
    at: usize,
}

/// A search that stays the same from picture to picture.
#[derive(Debug, PartialEq, Eq)]
struct Searched {
    query: String,
    /// Whether it goes through the bytes, and not through the notation.
    in_bytes: bool,
    whole: Arc<[u8]>,
}

impl Find {
    /// Searches on, and says what is to be highlighted if the first match was found just now.
    pub(crate) fn go_on(&mut self, ground: &Ground<'_>) -> Option<usize> {
        let is_same = |searched: &Searched| {
            searched.query == self.query
                && searched.in_bytes == ground.in_bytes
                && Arc::ptr_eq(&searched.whole, ground.whole)
        };
        if !self.searched.as_ref().is_some_and(is_same) {
            let (in_bytes, whole) = (ground.in_bytes, ground.whole.clone());
            self.searched = Some(Searched { query: self.query.clone(), in_bytes, whole });
            (self.done, self.is_done, self.at) = (0, false, 0);
            self.found.clear();
        }
        if self.is_done || self.query.is_empty() {
            return None;
        }
        let had_none = self.found.is_empty();
        self.search(ground);
        let first = self.found.first().copied().filter(|_| had_none);
        self.steps += u64::from(first.is_some());
        first
    }

    fn search(&mut self, ground: &Ground<'_>) {
        let text = ground.text;
        let end = (self.done + STRETCH).min(text.len());
        let as_text = self.query.as_bytes();
        let bytes = hex::bytes(&self.query).ok().filter(|bytes| ground.in_bytes && !bytes.is_empty());
        let needles: Vec<&[u8]> = bytes.as_deref().into_iter().chain([as_text]).collect();
        for at in self.done..end {
            if !needles.iter().any(|needle| begins_with(&text[at..], needle)) {
                continue;
            }
            if let Some(found) = (ground.found_at)(at).filter(|found| self.found.last() != Some(found)) {
                self.found.push(found);
            }
            if self.found.len() == MATCHES_MAX {
                self.is_done = true;
                return;
            }
        }
        self.done = end;
        self.is_done = end == text.len();
    }

    /// Goes to the next match, or the one before; from the last to the first, and back. Says which item that is.
    pub(crate) fn step(&mut self, forwards: bool) -> Option<usize> {
        let count = self.found.len().max(1);
        self.at = (self.at + if forwards { 1 } else { count - 1 }) % count;
        self.steps += 1;
        self.gone_to()
    }

    /// The match that was gone to.
    pub(crate) fn gone_to(&self) -> Option<usize> {
        self.found.get(self.at).copied()
    }

    /// The matches that begin in a part of a text, and whether each is the one that was gone to.
    pub(crate) fn marks(&self, part: Range<usize>) -> impl Iterator<Item = (Range<usize>, bool)> {
        let first = self.found.partition_point(|at| *at < part.start);
        let found = self.found[first..].iter().take_while(move |at| **at < part.end);
        found.map(|at| (*at..at + self.query.len(), Some(*at) == self.gone_to()))
    }

    /// Whether this is what was searched in that part of a text, if something was.
    pub(crate) fn is_at(&self, part: Range<usize>, words: &str) -> bool {
        let searched = self.searched.as_ref().map(|searched| searched.whole.get(part));
        searched.is_none_or(|searched| searched == Some(words.as_bytes()))
    }

    /// Whether there is more to search.
    pub(crate) fn is_searching(&self) -> bool {
        !self.is_done && !self.query.is_empty()
    }

    /// Which match was gone to, counted from one, and of how many.
    pub(crate) fn place(&self) -> (usize, usize) {
        (if self.found.is_empty() { 0 } else { self.at + 1 }, self.found.len())
    }
}

/// Whether a text begins with these bytes; letters of ASCII may be small or capital.
fn begins_with(text: &[u8], needle: &[u8]) -> bool {
    text.get(..needle.len()).is_some_and(|start| start.eq_ignore_ascii_case(needle))
}

#[cfg(test)]
mod tests {
    use countersign::cbor::{self, Value, to_vec};

    use super::*;
    use crate::model::reply::Body;
    use crate::model::view::Lens;

    fn body(value: &Value) -> Body {
        Body::new(to_vec(value).unwrap(), None).unwrap()
    }

    fn find(query: &str, body: &Body, lens: Lens) -> Find {
        let mut find = Find { query: query.to_owned(), ..Find::default() };
        find.go_on(&body.ground(lens));
        find
    }

    #[test]
    fn what_is_found_are_items_whether_by_key_or_by_value_and_one_goes_around_them() {
        let body = body(&cbor::from_diagnostic(r#"{"tea": ["Teapot", "cup"], "cup": 7}"#).unwrap());
        let mut tea = find("TEA", &body, Lens::Tree);
        assert_eq!(tea.found, [1, 2]);
        assert_eq!((tea.place(), tea.step(true), tea.step(true)), ((1, 2), Some(2), Some(1)));
        assert_eq!((tea.step(false), tea.place()), (Some(2), (2, 2)));
        let mut none = find("coffee", &body, Lens::Tree);
        assert_eq!((none.step(true), none.place(), none.is_searching()), (None, (0, 0), false));
    }

    #[test]
    fn bytes_are_found_by_their_digits_and_by_their_text() {
        let body = body(&cbor::from_diagnostic(r#"["cup", h'00ff']"#).unwrap());
        assert_eq!(find("00 FF", &body, Lens::Hex).found, [2]);
        assert_eq!(find("cup", &body, Lens::Hex).found, [1]);
        assert_eq!(find("63 7", &body, Lens::Hex).found, [0; 0]);
    }

    #[test]
    fn megabytes_are_searched_a_stretch_at_a_time_and_matches_are_bounded() {
        let long =
            body(&Value::Array(vec![Value::Text("x".repeat(3 * STRETCH)), Value::Text("tea".to_owned())]));
        let mut tea = find("tea", &long, Lens::Diagnostic);
        assert!(tea.is_searching() && tea.place() == (0, 0));
        let found: Vec<usize> = (0..4).filter_map(|_| tea.go_on(&long.ground(Lens::Diagnostic))).collect();
        assert_eq!((found, tea.is_searching()), (vec![2], false));
        let many = body(&Value::Array(vec![Value::Text("tea".to_owned()); MATCHES_MAX + 5]));
        assert_eq!(find("tea", &many, Lens::Tree).place().1, MATCHES_MAX);
    }

    #[test]
    fn in_a_text_each_place_is_a_match_and_those_of_a_part_are_told() {
        let text: Arc<[u8]> = b"Tea, teapot, cup of tea"[..].into();
        let mut find = Find { query: "tea".to_owned(), within: Within::Page, ..Find::default() };
        assert_eq!((find.go_on(&Ground::text(&text)), find.place()), (Some(0), (1, 3)));
        assert_eq!((find.step(false), find.steps), (Some(20), 2));
        assert_eq!(find.marks(3..23).collect::<Vec<_>>(), [(5..8, false), (20..23, true)]);
        let other: Arc<[u8]> = b"a cup"[..].into();
        assert_eq!((find.go_on(&Ground::text(&other)), find.place()), (None, (0, 0)));
    }
}
