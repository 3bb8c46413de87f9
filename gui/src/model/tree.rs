//! The items of a value as rows to fold and unfold. Knows nothing of how a row is drawn.

use countersign::cbor::Value;

use crate::lens::outline::{Item, Outline};

/// Containers nested deeper than this begin folded.
const UNFOLDED: usize = 3;
/// A container with more entries than this begins folded, unless it is the whole.
const MANY: usize = 64;

/// Which items of an outline are folded, and which are therefore to be seen.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    folded: Vec<bool>,
    visible: Vec<usize>,
}

/// What an item holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A map or an array.
    Container,
    /// Text.
    Text,
    /// A number.
    Number,
    /// Bytes.
    Bytes,
    /// `true`, `false` or `null`.
    Word,
    /// A remark of ours in place of a value.
    Remark,
}

impl Tree {
    /// The rows of a value with this outline.
    pub(crate) fn new(outline: &Outline) -> Self {
        let is_folded = |item: &Item| item.depth >= UNFOLDED || (item.entries > MANY && item.depth > 0);
        let folded = (0..outline.len()).map(|item| is_folded(outline.item(item))).collect();
        let mut tree = Self { folded, visible: Vec::new() };
        tree.find_visible(outline);
        tree
    }

    /// Folds or unfolds an item.
    pub(crate) fn toggle(&mut self, outline: &Outline, item: usize) {
        if let Some(folded) = self.folded.get_mut(item) {
            *folded = !*folded;
            self.find_visible(outline);
        }
    }

    /// Unfolds what holds an item, so that it can be seen.
    pub(crate) fn reveal(&mut self, outline: &Outline, item: usize) {
        let mut item = item;
        while outline.item(item).parent != item {
            item = outline.item(item).parent;
            self.folded[item] = false;
        }
        self.find_visible(outline);
    }

    /// How many rows are not folded away.
    pub(crate) fn len(&self) -> usize {
        self.visible.len()
    }

    /// The item in a row.
    pub(crate) fn item(&self, row: usize) -> usize {
        self.visible[row]
    }

    /// The row of an item, unless it is folded away.
    pub(crate) fn row_of(&self, item: usize) -> Option<usize> {
        self.visible.binary_search(&item).ok()
    }

    /// Whether what is within an item is hidden.
    pub(crate) fn is_folded(&self, item: usize) -> bool {
        self.folded[item]
    }

    fn find_visible(&mut self, outline: &Outline) {
        self.visible.clear();
        let mut at = 0;
        while at < outline.len() {
            self.visible.push(at);
            at += 1 + if self.folded[at] { outline.item(at).within } else { 0 };
        }
    }
}

impl Kind {
    /// The kind of a value.
    pub(crate) fn of(value: &Value) -> Self {
        match value {
            Value::Null | Value::Bool(_) => Self::Word,
            Value::Integer(_) | Value::Float(_) => Self::Number,
            Value::Text(_) => Self::Text,
            Value::Bytes(_) => Self::Bytes,
            Value::Array(_) | Value::Map(_) => Self::Container,
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign::cbor::to_vec;

    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn outline(value: &Value) -> Outline {
        Outline::of(&to_vec(value).unwrap()).unwrap()
    }

    fn rows(tree: &Tree) -> Vec<usize> {
        (0..tree.len()).map(|row| tree.item(row)).collect()
    }

    #[test]
    fn a_row_folds_away_what_is_within_it() {
        let lines = Value::Array(vec![text("a"), text("b")]);
        let outline = outline(&Value::Map(vec![(text("lines"), lines), (text("note"), Value::Null)]));
        let mut tree = Tree::new(&outline);
        assert_eq!(rows(&tree), [0, 1, 2, 3, 4]);
        tree.toggle(&outline, 1);
        assert_eq!((rows(&tree), tree.is_folded(1)), (vec![0, 1, 4], true));
        assert_eq!((tree.row_of(4), tree.row_of(3)), (Some(2), None));
        tree.toggle(&outline, 1);
        assert_eq!(tree.len(), 5);
    }

    #[test]
    fn what_is_chosen_elsewhere_is_unfolded_up_to_the_root() {
        let deep = (0..6).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        let outline = outline(&deep);
        let mut tree = Tree::new(&outline);
        assert_eq!(rows(&tree), [0, 1, 2, 3], "what is deep begins folded");
        tree.reveal(&outline, 5);
        assert_eq!(rows(&tree), [0, 1, 2, 3, 4, 5]);
        assert!(tree.is_folded(5), "what it holds stays as it was");
        tree.toggle(&outline, 0);
        tree.reveal(&outline, 1);
        assert_eq!(tree.row_of(1), Some(1));
    }

    #[test]
    fn a_long_list_begins_folded_where_it_is_not_the_whole() {
        let long = Value::Array(vec![Value::Null; 1000]);
        assert_eq!(Tree::new(&outline(&long)).len(), 1001);
        assert_eq!(Tree::new(&outline(&Value::Array(vec![long, Value::Null]))).len(), 3);
    }
}
