//! What is different in a value from one before it: added, removed, changed, by path.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use countersign::cbor::{Diagnostic, Value};
use countersign::schema::Path;

use super::outline::{Outline, Siblings};
use crate::model::tree::Kind;
use crate::text;

/// How many changes are listed; all are counted.
const MOST_LISTED: usize = 2000;
/// The longest value, and the longest path, in a change.
const LONGEST: usize = 240;

/// What is different in a value from the one before it.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// The first of them, in the order of the value.
    pub(crate) list: Vec<Change>,
    /// How many there are of each kind.
    pub(crate) added: usize,
    pub(crate) removed: usize,
    pub(crate) changed: usize,
    marks: HashMap<usize, Mark>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Such as `order.lines[2].price`; of what was removed, where it was.
    pub(crate) path: String,
    /// What happened there.
    pub(crate) kind: ChangeKind,
    /// The value before, in short and fit to show; empty where there was none.
    pub(crate) before: String,
    /// The value now; empty where there is none.
    pub(crate) now: String,
    /// The item of the value that this is about: of what was removed, the one that held it.
    pub(crate) item: Option<usize>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// It was something else.
    Changed,
}

/// What is said of an item in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It was not there before.
    Added,
    /// It was something else.
    Changed,
    /// Something within it is different, or is not there any more.
    Within,
}

impl ChangeKind {
    /// The character that stands for it.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Added => "+",
            Self::Removed => "−",
            Self::Changed => "~",
        }
    }
}

impl Change {
    /// The value before and the value now, as far as there are both.
    pub(crate) fn values(&self) -> String {
        match self.kind {
            ChangeKind::Added => self.now.clone(),
            ChangeKind::Removed => self.before.clone(),
            ChangeKind::Changed => format!("{} → {}", self.before, self.now),
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the whole value" } else { &self.path };
        write!(f, "{} {path}  {}", self.kind.sign(), self.values())
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.list.iter().try_for_each(|change| writeln!(f, "{change}"))
    }
}

impl Changes {
    /// What is different now; `outline` is that of the value now.
    pub(crate) fn between(before: &Value, now: &Value, outline: &Outline) -> Self {
        let mut walk = Walk { changes: Self::default(), outline };
        walk.compare(before, now, &Path::Root, Some(0));
        walk.changes
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.added + self.removed + self.changed
    }

    /// What is said of this item.
    pub(crate) fn mark(&self, item: usize) -> Option<Mark> {
        self.marks.get(&item).copied()
    }
}

struct Walk<'o> {
    changes: Changes,
    outline: &'o Outline,
}

/// The key of an entry, to look it up by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Name<'v> {
    Text(&'v str),
    Number(i128),
}

impl<'v> Name<'v> {
    fn of(key: &'v Value) -> Option<Self> {
        match key {
            Value::Text(name) => Some(Self::Text(name)),
            Value::Integer(number) => Some(Self::Number((*number).into())),
            _ => None,
        }
    }

    fn step<'p>(&'p self, path: &'p Path<'p>) -> Path<'p> {
        match self {
            Self::Text(name) => path.key(name),
            Self::Number(number) => path.number(*number),
        }
    }
}

impl Walk<'_> {
    fn compare(&mut self, before: &Value, now: &Value, path: &Path<'_>, item: Option<usize>) {
        match (before, now) {
            (Value::Map(before), Value::Map(now)) => self.compare_maps(before, now, path, item),
            (Value::Array(before), Value::Array(now)) => self.compare_arrays(before, now, path, item),
            _ if is_same(before, now) => {}
            _ => self.note(ChangeKind::Changed, path, Some(before), Some(now), item),
        }
    }

    fn compare_maps(
        &mut self,
        before: &[(Value, Value)],
        now: &[(Value, Value)],
        path: &Path<'_>,
        item: Option<usize>,
    ) {
        let named = |(key, value)| Name::of(key).map(|name| (name, value));
        let mut left: BTreeMap<Name<'_>, &Value> =
            before.iter().map(|(k, v)| (k, v)).filter_map(named).collect();
        let mut items = Siblings::within(self.outline, item);
        for (key, value) in now {
            let item = self.next(&mut items);
            let Some(name) = Name::of(key) else { continue };
            match left.remove(&name) {
                Some(before) => self.compare(before, value, &name.step(path), item),
                None => self.note(ChangeKind::Added, &name.step(path), None, Some(value), item),
            }
        }
        for (name, value) in left {
            self.note(ChangeKind::Removed, &name.step(path), Some(value), None, item);
        }
    }

    /// What stands the same at both ends is paired from there, and what remains in the middle by its order.
    fn compare_arrays(&mut self, before: &[Value], now: &[Value], path: &Path<'_>, item: Option<usize>) {
        let same = |(before, now): &(&Value, &Value)| is_same(before, now);
        let shorter = before.len().min(now.len());
        let head = before.iter().zip(now).take_while(same).count();
        let tail = before.iter().rev().zip(now.iter().rev()).take(shorter - head).take_while(same).count();
        let pairs = shorter - head - tail;
        let mut items = Siblings::within(self.outline, item);
        for (index, value) in now.iter().enumerate().take(now.len() - tail) {
            let item = self.next(&mut items);
            if index < head {
                continue;
            }
            match before.get(index).filter(|_| index < head + pairs) {
                Some(before) => self.compare(before, value, &path.index(index), item),
                None => self.note(ChangeKind::Added, &path.index(index), None, Some(value), item),
            }
        }
        for (index, value) in before.iter().enumerate().take(before.len() - tail).skip(head + pairs) {
            self.note(ChangeKind::Removed, &path.index(index), Some(value), None, item);
        }
    }

    /// The item of the next element, where the outline goes so far.
    fn next(&self, siblings: &mut Siblings) -> Option<usize> {
        siblings.next(self.outline).filter(|item| self.outline.item(*item).kind != Kind::Remark)
    }

    fn note(
        &mut self,
        kind: ChangeKind,
        path: &Path<'_>,
        before: Option<&Value>,
        now: Option<&Value>,
        item: Option<usize>,
    ) {
        let (count, mark) = match kind {
            ChangeKind::Added => (&mut self.changes.added, Mark::Added),
            ChangeKind::Removed => (&mut self.changes.removed, Mark::Within),
            ChangeKind::Changed => (&mut self.changes.changed, Mark::Changed),
        };
        *count += 1;
        self.mark(item, mark);
        if self.changes.list.len() < MOST_LISTED {
            let short = |value: Option<&Value>| value.map_or_else(String::new, short);
            let path = text::line(&path.to_string(), LONGEST);
            self.changes.list.push(Change { path, kind, before: short(before), now: short(now), item });
        }
    }

    fn mark(&mut self, item: Option<usize>, mark: Mark) {
        let Some(mut item) = item else { return };
        if mark == Mark::Within {
            self.changes.marks.entry(item).or_insert(mark);
        } else {
            self.changes.marks.insert(item, mark);
        }
        loop {
            let parent = self.outline.item(item).parent;
            // What holds it, and what holds that, says so already.
            if parent == item || self.changes.marks.contains_key(&parent) {
                return;
            }
            self.changes.marks.insert(parent, Mark::Within);
            item = parent;
        }
    }
}

/// A value on one line, clipped.
fn short(value: &Value) -> String {
    // A character takes four bytes at most.
    text::line(&Diagnostic::new(value).limit(4 * LONGEST).to_string(), LONGEST)
}

/// Whether two values are equal; a number that is none is the same as itself.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Float(one), Value::Float(other)) => one == other || one.is_nan() && other.is_nan(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Map(one), Value::Map(other)) => {
            let pairs = || one.iter().zip(other);
            one.len() == other.len()
                && pairs().all(|((one, _), (other, _))| one == other)
                && pairs().all(|((_, one), (_, other))| is_same(one, other))
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use countersign::cbor::to_vec;

    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn number(number: u64) -> Value {
        Value::Integer(number.into())
    }

    fn numbers(numbers: &[u64]) -> Value {
        Value::Array(numbers.iter().map(|each| number(*each)).collect())
    }

    fn map(entries: &[(&str, Value)]) -> Value {
        Value::Map(entries.iter().map(|(key, value)| (text(key), value.clone())).collect())
    }

    fn outline(value: &Value) -> Outline {
        Outline::of(&to_vec(value).unwrap()).unwrap()
    }

    fn lines(before: &Value, now: &Value) -> Vec<String> {
        let changes = Changes::between(before, now, &outline(now));
        assert_eq!(changes.list.len(), changes.count());
        changes.to_string().lines().map(str::to_owned).collect()
    }

    #[test]
    fn entries_are_paired_by_key_whatever_their_order() {
        let before = map(&[("name", text("tea")), ("price", number(3)), ("old", Value::Null)]);
        let now = map(&[("price", number(4)), ("name", text("tea")), ("new name", numbers(&[1]))]);
        let expected = ["~ price  3 → 4", "+ [\"new name\"]  [1]", "− old  null"];
        assert_eq!(lines(&before, &now), expected);
        assert!(lines(&before, &before).is_empty());
        assert_eq!(lines(&number(1), &text("1")), ["~ the whole value  1 → \"1\""]);
        let nan = Value::Array(vec![Value::Float(f64::NAN)]);
        assert!(lines(&nan, &nan).is_empty(), "a number that is none has not changed");
    }

    #[test]
    fn what_is_put_into_a_list_moves_the_rest_without_changing_it() {
        let before = numbers(&[1, 2, 3, 4]);
        assert_eq!(lines(&before, &numbers(&[0, 1, 2, 3, 4])), ["+ [0]  0"]);
        assert_eq!(lines(&before, &numbers(&[1, 2, 9, 3, 4])), ["+ [2]  9"]);
        assert_eq!(lines(&before, &numbers(&[1, 4])), ["− [1]  2", "− [2]  3"]);
        assert_eq!(lines(&before, &numbers(&[1, 7, 8, 4])), ["~ [1]  2 → 7", "~ [2]  3 → 8"]);
        assert_eq!(lines(&before, &numbers(&[])).len(), 4);
        assert_eq!(lines(&numbers(&[1, 1]), &numbers(&[1, 1, 1])), ["+ [2]  1"]);
        let priced = |price| Value::Array(vec![map(&[("price", number(price))])]);
        assert_eq!(lines(&priced(1), &priced(2)), ["~ [0].price  1 → 2"]);
    }

    #[test]
    fn the_tree_is_marked_from_the_change_up_to_the_root() {
        let before = map(&[("a", numbers(&[1, 2])), ("b", map(&[("c", number(1))])), ("d", number(1))]);
        let now =
            map(&[("a", numbers(&[1])), ("b", map(&[("c", number(2)), ("e", number(3))])), ("d", number(1))]);
        let outline = outline(&now);
        let changes = Changes::between(&before, &now, &outline);
        let marks: Vec<_> = (0..outline.len()).map(|item| changes.mark(item)).collect();
        let (within, changed, added) = (Some(Mark::Within), Some(Mark::Changed), Some(Mark::Added));
        // The root, a, a[0], b, b.c, b.e, d.
        assert_eq!(marks, [within, within, None, within, changed, added, None]);
        assert_eq!((changes.added, changes.removed, changes.changed), (1, 1, 1));
    }

    #[test]
    fn of_very_many_changes_the_first_are_listed_and_all_are_counted() {
        let before = numbers(&vec![1; 300_000]);
        let now = numbers(&vec![2; 300_000]);
        let changes = Changes::between(&before, &now, &outline(&now));
        assert_eq!((changes.list.len(), changes.changed), (MOST_LISTED, 300_000));
    }
}
