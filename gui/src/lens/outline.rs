//! Where the items of an encoded value lie: what ties the tree, the notation and the bytes together.

use std::ops::Range;

use countersign::cbor::{self, Diagnostic, Value};
use countersign::schema::Path;

use super::head::{BREAK, Head, Major, string_len, string_start};
use crate::model::tree::Kind;
use crate::text;

/// Items nested deeper are not told apart: nobody unfolds that far, and paths would fill the window.
pub(crate) const DEEPEST: usize = 48;
/// How many items are told apart, in some fifteen megabytes; far more rows than anybody scrolls through.
pub(crate) const MOST_ITEMS: usize = 1 << 18;
/// The longest name in a path.
const NAME_SHOWN: usize = 240;

/// The items of an encoded value, each before those within it, in the order of the wire.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    items: Vec<Item>,
}

/// One item, with its key where it is the entry of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    /// What holds it; itself at the root.
    pub(crate) parent: usize,
    /// How far in.
    pub(crate) depth: usize,
    /// What kind of value; a remark stands for items that are not told apart.
    pub(crate) kind: Kind,
    /// How many of the items that follow lie within this one.
    pub(crate) within: usize,
    /// How many elements or entries it has.
    pub(crate) entries: usize,
    /// Which element or entry of its parent it is.
    pub(crate) index: usize,
    /// Where it lies in the bytes.
    pub(crate) bytes: Span,
    /// Where it lies in the notation, as far as that goes.
    pub(crate) text: Option<Span>,
}

/// Where an item lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Where its key begins, or itself where it has none.
    pub(crate) from: u32,
    /// Where its value begins.
    pub(crate) value: u32,
    /// Where it ends.
    pub(crate) to: u32,
}

/// One step of a path.
enum Step {
    Key(Value),
    Index(usize),
}

impl Span {
    /// From, value and end; nothing where they are beyond what messages can have.
    pub(super) fn new(from: usize, value: usize, to: usize) -> Option<Self> {
        let narrow = |at: usize| u32::try_from(at).ok();
        Some(Self { from: narrow(from)?, value: narrow(value)?, to: narrow(to)? })
    }

    /// The key and the value.
    pub(crate) fn all(self) -> Range<usize> {
        self.from as usize..self.to as usize
    }

    /// The value without its key.
    pub(crate) fn of_value(self) -> Range<usize> {
        self.value as usize..self.to as usize
    }
}

impl Outline {
    /// The outline of one whole item, and nothing if the bytes are none.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let mut outline = Self::default();
        let end = outline.add(bytes, Place { parent: 0, depth: 0, index: 0, from: 0, value: 0 })?;
        (end == bytes.len()).then_some(outline)
    }

    /// How many items there are.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The item of this number.
    pub(crate) fn item(&self, item: usize) -> &Item {
        &self.items[item]
    }

    /// The innermost item that has this byte.
    pub(crate) fn at_byte(&self, at: usize) -> Option<usize> {
        self.innermost(at, |item| Some(item.bytes))
    }

    /// The innermost item that has this place of the notation.
    pub(crate) fn at_text(&self, at: usize) -> Option<usize> {
        self.innermost(at, |item| item.text)
    }

    /// The items that begin in this part of the notation.
    pub(crate) fn in_text(&self, part: Range<usize>) -> impl Iterator<Item = (&Item, Span)> {
        let is_before = |item: &Item| item.text.is_some_and(|span| (span.from as usize) < part.start);
        let items = self.items[self.items.partition_point(is_before)..].iter();
        let with_text = items.map_while(|item| Some((item, item.text?)));
        with_text.take_while(move |(_, span)| (span.from as usize) < part.end)
    }

    fn innermost(&self, at: usize, span: impl Fn(&Item) -> Option<Span>) -> Option<usize> {
        let begins_before = |item: &Item| span(item).is_some_and(|span| span.from as usize <= at);
        let mut item = self.items.partition_point(begins_before).checked_sub(1)?;
        while span(&self.items[item]).is_none_or(|span| !span.all().contains(&at)) {
            let parent = self.items[item].parent;
            if parent == item {
                return None;
            }
            item = parent;
        }
        Some(item)
    }

    /// Notes where an item lies in the notation.
    pub(super) fn set_text(&mut self, item: usize, span: Option<Span>) {
        self.items[item].text = span;
    }

    /// Nothing lies beyond this place of the notation.
    pub(super) fn clip_text(&mut self, len: usize) {
        for item in &mut self.items {
            item.text = item.text.filter(|span| (span.from as usize) < len).map(|span| {
                let clipped = |at: u32| at.min(u32::try_from(len).unwrap_or(u32::MAX));
                Span { from: span.from, value: clipped(span.value), to: clipped(span.to) }
            });
        }
    }

    /// Where an item is, such as `order.lines[2].price`; empty at the root.
    pub(crate) fn path(&self, item: usize, bytes: &[u8]) -> String {
        let (mut steps, mut item) = (Vec::new(), item);
        while self.items[item].parent != item {
            // A remark is no place: it stands where its parent is.
            if self.items[item].kind != Kind::Remark {
                steps.push(self.step(item, bytes));
            }
            item = self.items[item].parent;
        }
        steps.reverse();
        display(&Path::Root, &steps)
    }

    /// The key or index of an item within its parent, fit to show; empty at the root.
    pub(crate) fn key(&self, item: usize, bytes: &[u8]) -> String {
        let Item { parent, kind, .. } = self.items[item];
        if parent == item || kind == Kind::Remark {
            return String::new();
        }
        match self.step(item, bytes) {
            Step::Key(Value::Text(name)) => text::line(&name, NAME_SHOWN),
            Step::Key(other) => Diagnostic::new(&other).to_string(),
            Step::Index(index) => index.to_string(),
        }
    }

    fn step(&self, item: usize, bytes: &[u8]) -> Step {
        let Item { index, bytes: Span { from, value, .. }, .. } = self.items[item];
        let key = &bytes[from as usize..value as usize];
        if key.is_empty() {
            return Step::Index(index);
        }
        match Head::of(key).map(|head| head.major) {
            // It may be megabytes long.
            Some(Major::Text) => Step::Key(Value::Text(lossy_start(key, 4 * NAME_SHOWN + 1))),
            _ => cbor::from_slice(key).map_or(Step::Index(index), Step::Key),
        }
    }

    /// The value of an item in short, fit to show. Costs no more than what it shows.
    pub(crate) fn summary(&self, item: usize, bytes: &[u8], limit: usize) -> String {
        let Item { kind, depth, entries, bytes: span, .. } = self.items[item];
        let encoded = &bytes[span.of_value()];
        match kind {
            Kind::Remark if depth > DEEPEST => "nested deeper than is shown".to_owned(),
            Kind::Remark => "more than is shown here".to_owned(),
            Kind::Container => {
                let is_map = Head::of(encoded).is_some_and(|head| head.major == Major::Map);
                text::counted(entries as u64, if is_map { ["entry", "entries"] } else { ["item", "items"] })
            }
            // A character takes four bytes at most.
            Kind::Text => text::line(&lossy_start(encoded, 4 * limit + 1), limit),
            Kind::Bytes => bytes_summary(encoded),
            Kind::Number | Kind::Word => cbor::from_slice::<Value>(encoded)
                .map_or_else(|_| String::new(), |value| Diagnostic::new(&value).to_string()),
        }
    }

    /// Adds the item at a place with all that is within it, and says where it ends.
    fn add(&mut self, bytes: &[u8], place: Place) -> Option<usize> {
        let at = self.items.len();
        let Place { parent, depth, index, from, value } = place;
        let head = Head::of(bytes.get(value..)?)?;
        let span = Span::new(from, value, value)?;
        let kind = kind(head)?;
        self.items.push(Item { parent, depth, kind, within: 0, entries: 0, index, bytes: span, text: None });
        let (entries, end) = match head.major {
            Major::Array | Major::Map => self.add_within(bytes, head, place, at)?,
            _ => (0, end_of(bytes, value)?),
        };
        let within = self.items.len() - at - 1;
        let item = &mut self.items[at];
        (item.within, item.entries, item.bytes) = (within, entries, Span::new(from, value, end)?);
        Some(end)
    }

    /// Adds what is within an array or a map, and says how many entries it has and where it ends.
    fn add_within(
        &mut self,
        bytes: &[u8],
        head: Head,
        holder: Place,
        parent: usize,
    ) -> Option<(usize, usize)> {
        let (depth, mut from, mut index) = (holder.depth + 1, holder.value + head.len, 0);
        let mut remark = None;
        loop {
            match head.argument {
                Some(count) if count == index as u64 => return Some((index, from)),
                None if *bytes.get(from)? == BREAK => return Some((index, from + 1)),
                _ => {}
            }
            let value = if head.major == Major::Map { end_of(bytes, from)? } else { from };
            if remark.is_none() && depth <= DEEPEST && self.items.len() < MOST_ITEMS {
                from = self.add(bytes, Place { parent, depth, index, from, value })?;
            } else {
                let (first, end) = (*remark.get_or_insert(from), end_of(bytes, value)?);
                let span = Span::new(first, first, end)?;
                self.remark(Item {
                    parent,
                    depth,
                    kind: Kind::Remark,
                    within: 0,
                    entries: 0,
                    index,
                    bytes: span,
                    text: None,
                });
                from = end;
            }
            index += 1;
        }
    }

    /// Adds a remark, or lets the one that is there go on.
    fn remark(&mut self, remark: Item) {
        match self.items.last_mut().filter(|last| last.kind == Kind::Remark && last.parent == remark.parent) {
            Some(last) => last.bytes = remark.bytes,
            None => self.items.push(remark),
        }
    }
}

/// The items within an item, taken one by one beside the elements that they outline.
pub(super) struct Siblings {
    next: usize,
    end: usize,
}

impl Siblings {
    /// Those within this item; none where nothing is known of it.
    pub(super) fn within(outline: &Outline, item: Option<usize>) -> Self {
        item.map_or(Self { next: 0, end: 0 }, |item| Self {
            next: item + 1,
            end: item + 1 + outline.item(item).within,
        })
    }

    /// The item of the next element; a remark is that of all that remain.
    pub(super) fn next(&mut self, outline: &Outline) -> Option<usize> {
        let item = Some(self.next).filter(|next| *next < self.end)?;
        if outline.item(item).kind != Kind::Remark {
            self.next = item + 1 + outline.item(item).within;
        }
        Some(item)
    }
}

/// Where an item is to be added.
#[derive(Clone, Copy)]
struct Place {
    parent: usize,
    depth: usize,
    index: usize,
    /// Where its key begins, or itself where it has none.
    from: usize,
    value: usize,
}

/// Where the item that begins here ends. Items of a decoded value are nested far less deep than this looks.
fn end_of(bytes: &[u8], at: usize) -> Option<usize> {
    const NESTED: usize = 1000;
    // How many items the open arrays and maps still have.
    let (mut open, mut at) = (vec![Some(1)], at);
    while let Some(left) = open.last_mut() {
        match left {
            Some(0) => {
                open.pop();
                continue;
            }
            Some(left) => *left -= 1,
            None if *bytes.get(at)? == BREAK => {
                at += 1;
                open.pop();
                continue;
            }
            None => {}
        }
        let head = Head::of(bytes.get(at..)?)?;
        match head.major {
            Major::Bytes | Major::Text => at += string_len(&bytes[at..])?,
            Major::Array | Major::Map if open.len() < NESTED => {
                let each = if head.major == Major::Map { 2 } else { 1 };
                at += head.len;
                open.push(match head.argument {
                    Some(count) => Some(count.checked_mul(each)?),
                    None => None,
                });
            }
            Major::Array | Major::Map => return None,
            _ => at += head.len,
        }
    }
    (at <= bytes.len()).then_some(at)
}

/// What kind of value begins with this head; nothing where it is not of the profile.
fn kind(head: Head) -> Option<Kind> {
    match (head.major, head.len) {
        (Major::Unsigned | Major::Negative, _) => Some(Kind::Number),
        (Major::Bytes, _) => Some(Kind::Bytes),
        (Major::Text, _) => Some(Kind::Text),
        (Major::Array | Major::Map, _) => Some(Kind::Container),
        (Major::Tag, _) => None,
        // What is longer is a float.
        (Major::Simple, 3..) => Some(Kind::Number),
        (Major::Simple, _) => Some(Kind::Word),
    }
}

fn display(path: &Path<'_>, steps: &[Step]) -> String {
    match steps {
        [] => path.to_string(),
        [Step::Index(index), rest @ ..] => display(&path.index(*index), rest),
        [Step::Key(Value::Text(name)), rest @ ..] => display(&path.key(name), rest),
        [Step::Key(other), rest @ ..] => {
            let number = other.as_integer().map_or(0, i128::from);
            display(&path.number(number), rest)
        }
    }
}

/// The first so many bytes of an encoded text.
fn lossy_start(encoded: &[u8], limit: usize) -> String {
    String::from_utf8_lossy(&string_start(encoded, limit)).into_owned()
}

fn bytes_summary(encoded: &[u8]) -> String {
    const SHOWN: usize = 16;
    let start = string_start(encoded, SHOWN + 1);
    let mut hex: String = start.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
    if SHOWN < start.len() {
        hex.push('…');
    }
    let head = Head::of(encoded);
    let length = head.and_then(|head| head.argument).map_or(encoded.len(), |length| length as usize);
    format!("h'{hex}'  {}", text::size(length))
}

#[cfg(test)]
mod tests {
    use countersign::cbor::to_vec;

    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    /// `{"lines": [{"price": 7}, h'0102'], 3: true}`.
    fn order() -> Vec<u8> {
        let line = Value::Map(vec![(text("price"), Value::Integer(7_u64.into()))]);
        let lines = Value::Array(vec![line, Value::Bytes(vec![1, 2].into())]);
        to_vec(&Value::Map(vec![(text("lines"), lines), (Value::Integer(3_u64.into()), Value::Bool(true))]))
            .unwrap()
    }

    #[test]
    fn every_item_knows_its_place_in_the_value_and_in_the_bytes() {
        let bytes = order();
        let outline = Outline::of(&bytes).unwrap();
        let paths: Vec<String> = (0..outline.len()).map(|item| outline.path(item, &bytes)).collect();
        assert_eq!(paths, ["", "lines", "lines[0]", "lines[0].price", "lines[1]", "[3]"]);
        let summaries: Vec<String> =
            (0..outline.len()).map(|item| outline.summary(item, &bytes, 99)).collect();
        assert_eq!(summaries, ["2 entries", "2 items", "1 entry", "7", "h'0102'  2 bytes", "true"]);
        let keys: Vec<String> = (0..outline.len()).map(|item| outline.key(item, &bytes)).collect();
        assert_eq!(keys, ["", "lines", "0", "price", "1", "3"]);
        let mut siblings = Siblings::within(&outline, Some(1));
        let within: Vec<_> = std::iter::from_fn(|| siblings.next(&outline)).collect();
        assert_eq!(within, [2, 4]);
        for item in 0..outline.len() {
            let span = outline.item(item).bytes;
            assert!(cbor::from_slice::<Value>(&bytes[span.of_value()]).is_ok(), "{item}");
        }
    }

    #[test]
    fn a_byte_belongs_to_the_innermost_item_that_has_it() {
        let bytes = order();
        let outline = Outline::of(&bytes).unwrap();
        assert_eq!(bytes[0], 0xa2);
        let path = |at| outline.at_byte(at).map(|item| outline.path(item, &bytes));
        // The head of the map, the key `lines`, the head of its array, and so on.
        assert_eq!(path(0).as_deref(), Some(""));
        assert_eq!([path(1).as_deref(), path(6).as_deref(), path(7).as_deref()], [Some("lines"); 3]);
        assert_eq!(path(8).as_deref(), Some("lines[0]"));
        assert_eq!([path(9).as_deref(), path(15).as_deref()], [Some("lines[0].price"); 2]);
        assert_eq!(path(16).as_deref(), Some("lines[1]"));
        assert_eq!(path(bytes.len() - 1).as_deref(), Some("[3]"));
        assert_eq!(path(bytes.len()), None);
    }

    #[test]
    fn lengths_that_were_not_declared_are_followed_to_the_break() {
        let bytes =
            [0xbf, 0x61, b'a', 0x9f, 0x01, 0x5f, 0x41, 0x07, 0xff, 0xff, 0x61, b'b', 0xf9, 0x3c, 0x00, 0xff];
        assert!(cbor::from_slice::<Value>(&bytes).is_ok());
        let outline = Outline::of(&bytes).unwrap();
        let spans: Vec<_> = (0..outline.len()).map(|item| outline.item(item).bytes.all()).collect();
        assert_eq!(spans, [0..16, 1..10, 4..5, 5..9, 10..15]);
        assert_eq!(outline.summary(4, &bytes, 9), "1.0");
        for end in 0..bytes.len() {
            assert!(Outline::of(&bytes[..end]).is_none(), "{end}");
        }
    }

    #[test]
    fn what_is_too_deep_or_too_much_is_one_remark() {
        let deep = (0..100).fold(Value::Null, |inner, _| Value::Array(vec![inner, Value::Null]));
        let bytes = to_vec(&deep).unwrap();
        let outline = Outline::of(&bytes).unwrap();
        let remark = (0..outline.len()).find(|item| outline.item(*item).kind == Kind::Remark).unwrap();
        assert_eq!(outline.summary(remark, &bytes, 99), "nested deeper than is shown");
        assert_eq!(outline.at_byte(90), Some(remark), "its bytes are those of all that it stands for");
        assert_eq!(outline.path(remark, &bytes), outline.path(outline.item(remark).parent, &bytes));
        assert!(outline.len() < 2 * DEEPEST + 4);

        let many = to_vec(&Value::Array(vec![Value::Null; MOST_ITEMS + 1000])).unwrap();
        let outline = Outline::of(&many).unwrap();
        assert_eq!((outline.len(), outline.item(0).entries), (MOST_ITEMS + 1, MOST_ITEMS + 1000));
        assert_eq!(outline.summary(MOST_ITEMS, &many, 99), "more than is shown here");
        assert_eq!(outline.at_byte(many.len() - 1), Some(MOST_ITEMS));
        assert!(
            Outline::of(&[0x9a, 0xff, 0xff, 0xff, 0xff]).is_none()
                && Outline::of(&vec![0x9f; 1 << 20]).is_none()
        );
    }

    #[test]
    fn a_summary_costs_what_it_shows_and_nothing_in_it_misleads() {
        let long = to_vec(&text(&"é\u{202e}".repeat(1 << 20))).unwrap();
        let summary = Outline::of(&long).unwrap().summary(0, &long, 4);
        assert_eq!(summary, "é\\u{202e}é\\u{202e}…");
        let bytes = to_vec(&Value::Bytes(vec![0xab; 1 << 20].into())).unwrap();
        assert!(Outline::of(&bytes).unwrap().summary(0, &bytes, 9).ends_with("abab…'  1.0 MiB"));
    }
}
