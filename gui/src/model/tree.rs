//! A value as rows to fold and unfold. Knows nothing of how a row is drawn.

use countersign::cbor::Value;

use crate::text;

/// Values nested deeper are shown as one row.
const DEEPEST: usize = 48;
/// Values with more rows end in a row that says so.
const MOST_ROWS: usize = 20_000;
/// Containers nested deeper than this begin folded.
const UNFOLDED: usize = 3;
/// A container with more entries than this begins folded.
const MANY: usize = 64;
/// The longest text in a row.
const LONGEST: usize = 240;

/// A value laid out as rows, of which some are folded away.
#[derive(Debug)]
pub(crate) struct Tree {
    rows: Vec<Row>,
    visible: Vec<usize>,
}

/// One line of a tree.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// How far in.
    pub(crate) depth: usize,
    /// The key or index within the container above, or empty at the root.
    pub(crate) key: String,
    /// The value in short, fit to show.
    pub(crate) summary: String,
    /// What kind of value, for its colour.
    pub(crate) kind: Kind,
    /// How many of the rows that follow lie within this one.
    within: usize,
    folded: bool,
}

/// What a row holds.
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
    /// Lays out a value.
    pub(crate) fn new(value: &Value) -> Self {
        let mut tree = Self { rows: Vec::new(), visible: Vec::new() };
        tree.add(0, String::new(), value);
        tree.find_visible();
        tree
    }

    /// Folds or unfolds the row at a place among the visible ones.
    pub(crate) fn toggle(&mut self, place: usize) {
        if let Some(&row) = self.visible.get(place) {
            self.rows[row].folded = !self.rows[row].folded;
            self.find_visible();
        }
    }

    /// How many rows are not folded away.
    pub(crate) fn len(&self) -> usize {
        self.visible.len()
    }

    /// The row at a place among the visible ones.
    pub(crate) fn row(&self, place: usize) -> &Row {
        &self.rows[self.visible[place]]
    }

    fn add(&mut self, depth: usize, key: String, value: &Value) {
        let at = self.rows.len();
        let (kind, summary) = (Kind::of(value), summary(value));
        let folded = depth >= UNFOLDED || entries(value) > MANY;
        self.rows.push(Row { depth, key, summary, kind, within: 0, folded });
        if entries(value) > 0 && depth == DEEPEST {
            self.remark(depth + 1, "nested deeper than is shown");
        } else {
            self.add_within(depth + 1, value);
        }
        self.rows[at].within = self.rows.len() - at - 1;
    }

    fn add_within(&mut self, depth: usize, value: &Value) {
        let entries: &mut dyn Iterator<Item = (String, &Value)> = match value {
            Value::Array(items) => &mut items.iter().enumerate().map(|(i, item)| (i.to_string(), item)),
            Value::Map(entries) => &mut entries.iter().map(|(key, value)| (key_text(key), value)),
            _ => return,
        };
        for (key, value) in entries {
            if self.rows.len() >= MOST_ROWS {
                return self.remark(depth, "more than is shown here; the diagnostic notation has it all");
            }
            self.add(depth, key, value);
        }
    }

    fn remark(&mut self, depth: usize, summary: &str) {
        let (key, summary) = (String::new(), summary.to_owned());
        self.rows.push(Row { depth, key, summary, kind: Kind::Remark, within: 0, folded: false });
    }

    fn find_visible(&mut self) {
        self.visible.clear();
        let mut at = 0;
        while let Some(row) = self.rows.get(at) {
            self.visible.push(at);
            at += 1 + if row.folded { row.within } else { 0 };
        }
    }
}

impl Row {
    /// Whether there is something to unfold.
    pub(crate) fn has_more(&self) -> bool {
        self.within > 0
    }

    /// Whether the rows within are hidden.
    pub(crate) fn is_folded(&self) -> bool {
        self.folded
    }
}

fn entries(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Map(entries) => entries.len(),
        _ => 0,
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

fn summary(value: &Value) -> String {
    let counted = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        _ => format!("{count} {many}"),
    };
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Integer(number) => i128::from(*number).to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Text(text) => text::line(text, LONGEST),
        Value::Bytes(bytes) => bytes_summary(bytes),
        Value::Array(items) => counted(items.len(), "item", "items"),
        Value::Map(entries) => counted(entries.len(), "entry", "entries"),
    }
}

fn key_text(key: &Value) -> String {
    match key {
        Value::Text(text) => text::line(text, LONGEST),
        other => summary(other),
    }
}

fn bytes_summary(bytes: &[u8]) -> String {
    const SHOWN: usize = 16;
    let mut hex: String = bytes.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
    if bytes.len() > SHOWN {
        hex.push('…');
    }
    format!("h'{hex}'  {}", text::size(bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn shown(tree: &Tree) -> Vec<String> {
        (0..tree.len())
            .map(|place| tree.row(place))
            .map(|row| format!("{}={}", row.key, row.summary))
            .collect()
    }

    #[test]
    fn a_row_folds_away_what_is_within_it() {
        let lines = Value::Array(vec![text("a"), text("b")]);
        let value = Value::Map(vec![(text("lines"), lines), (text("note"), Value::Null)]);
        let mut tree = Tree::new(&value);
        assert_eq!(shown(&tree), ["=2 entries", "lines=2 items", "0=a", "1=b", "note=null"]);
        tree.toggle(1);
        assert_eq!(shown(&tree), ["=2 entries", "lines=2 items", "note=null"]);
        tree.toggle(1);
        assert_eq!(tree.len(), 5);
    }

    #[test]
    fn a_value_that_is_deep_or_long_is_capped() {
        let deep = (0..200).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
        assert!(Tree::new(&deep).rows.len() < 60);
        let long = Value::Array(vec![Value::Null; MOST_ROWS * 2]);
        let tree = Tree::new(&long);
        assert_eq!(tree.rows.len(), MOST_ROWS + 1);
        assert_eq!(tree.len(), 1, "a long list begins folded");
    }
}
