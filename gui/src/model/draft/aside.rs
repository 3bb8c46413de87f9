//! What was typed and gave way to something else. Nothing that was typed is lost: it is put aside, to be
//! read, copied and put back.

use super::Whole;
use super::writing::Lens;
use crate::form::Dropped;

/// How many things are put aside for one procedure; then the oldest goes. Nobody looks farther back.
const MOST: usize = 100;

/// What was put aside, the newest last.
#[derive(Debug, Default)]
pub(crate) struct Asides {
    list: Vec<Aside>,
}

/// Something that gave way.
#[derive(Debug)]
pub(crate) struct Aside {
    /// What it is, in words.
    pub(crate) what: String,
    /// What was typed, each with its place.
    pub(crate) pieces: Vec<Dropped>,
    /// The whole request, if it can be put back.
    pub(crate) whole: Option<Box<Whole>>,
}

impl Asides {
    /// What was put aside, the oldest first.
    pub(crate) fn list(&self) -> &[Aside] {
        &self.list
    }

    /// Takes one out, to put it back.
    pub(super) fn take(&mut self, index: usize) -> Option<Whole> {
        self.list.get(index)?.whole.as_ref()?;
        self.list.remove(index).whole.map(|whole| *whole)
    }

    /// Puts a whole request aside.
    pub(super) fn put_whole(&mut self, what: &str, whole: Whole) {
        let pieces = whole.texts();
        self.put(Aside { what: what.to_owned(), pieces, whole: Some(Box::new(whole)) });
    }

    /// Puts the text of a lens aside.
    pub(super) fn put_text(&mut self, lens: Lens, text: String) {
        let what = format!("{} text before the value was written elsewhere", lens.text());
        self.put(Aside { what, pieces: vec![Dropped { path: String::new(), text }], whole: None });
    }

    /// Puts aside what is there no more.
    pub(super) fn put_gone(&mut self, what: &str, before: Vec<Dropped>, now: &[Dropped]) {
        let gone = before.into_iter().filter(|piece| !now.contains(piece)).collect();
        self.put(Aside { what: what.to_owned(), pieces: gone, whole: None });
    }

    fn put(&mut self, aside: Aside) {
        let is_known = self.list.last().is_some_and(|last| last.pieces == aside.pieces);
        if aside.pieces.is_empty() || is_known {
            return;
        }
        self.list.push(aside);
        if self.list.len() > MOST {
            self.list.remove(0);
        }
    }
}
