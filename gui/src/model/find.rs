//! Finding what is in a reply. A match is an item of the value, which is then highlighted under every lens.

use std::sync::Arc;

use super::reply::Body;
use super::view::Lens;
use crate::lens::hex;

/// How much is searched between two pictures, in bytes: a millisecond's work.
const STRETCH: usize = 1 << 20;
/// Nobody goes through more matches than this one by one.
pub(crate) const MATCHES_MAX: usize = 10_000;

/// What is looked for in a reply, and what was found so far.
#[derive(Debug, Default)]
pub(crate) struct Find {
    /// What was typed.
    pub(crate) query: String,
    /// Whether the field is to get the cursor: since it was asked for, and in this picture.
    pub(crate) is_asked_for: bool,
    pub(crate) is_wanted: bool,
    /// In what it was looked for.
    searched: Option<Searched>,
    /// Up to where.
    done: usize,
    is_done: bool,
    /// The items in which it is.
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
    reply: Arc<[u8]>,
}

impl Find {
    /// Searches on, and says which item is to be highlighted if the first one was found just now.
    pub(crate) fn go_on(&mut self, body: &Body, lens: Lens) -> Option<usize> {
        let in_bytes = lens == Lens::Hex;
        let is_same = |searched: &Searched| {
            searched.query == self.query
                && searched.in_bytes == in_bytes
                // Not by content, which is long.
                && Arc::ptr_eq(&searched.reply, &body.bytes)
        };
        if !self.searched.as_ref().is_some_and(is_same) {
            let searched = Searched { query: self.query.clone(), in_bytes, reply: body.bytes.clone() };
            let (query, is_wanted) = (std::mem::take(&mut self.query), self.is_wanted);
            *self = Self { query, is_wanted, searched: Some(searched), ..Self::default() };
        }
        if self.is_done || self.query.is_empty() {
            return None;
        }
        let had_none = self.found.is_empty();
        self.search(body, in_bytes);
        self.found.first().copied().filter(|_| had_none)
    }

    fn search(&mut self, body: &Body, in_bytes: bool) {
        let text = if in_bytes { &body.bytes } else { body.diagnostic.text().as_bytes() };
        let end = (self.done + STRETCH).min(text.len());
        let as_text = self.query.as_bytes();
        let bytes = hex::bytes(&self.query).ok().filter(|bytes| in_bytes && !bytes.is_empty());
        let needles: Vec<&[u8]> = bytes.as_deref().into_iter().chain([as_text]).collect();
        for at in self.done..end {
            if !needles.iter().any(|needle| begins_with(&text[at..], needle)) {
                continue;
            }
            let item = if in_bytes { body.outline.at_byte(at) } else { body.outline.at_text(at) }
                .unwrap_or_default();
            if self.found.last() != Some(&item) && item < body.outline.len() {
                self.found.push(item);
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
        self.found.get(self.at).copied()
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

    fn body(value: &Value) -> Body {
        Body::new(to_vec(value).unwrap(), None).unwrap()
    }

    fn find(query: &str, body: &Body, lens: Lens) -> Find {
        let mut find = Find { query: query.to_owned(), ..Find::default() };
        find.go_on(body, lens);
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
        let found: Vec<usize> = (0..4).filter_map(|_| tea.go_on(&long, Lens::Diagnostic)).collect();
        assert_eq!((found, tea.is_searching()), (vec![2], false));
        let many = body(&Value::Array(vec![Value::Text("tea".to_owned()); MATCHES_MAX + 5]));
        assert_eq!(find("tea", &many, Lens::Tree).place().1, MATCHES_MAX);
    }
}
