//! What was typed, ticked and chosen.

use std::collections::BTreeMap;

use countersign::schema::{Choice, Content, Node, Record, Shape, Variant};
use serde_json::Value as Json;

use super::Place;

/// How deep a form is made before the user goes there. Deeper places are written as JSON.
const DEEPEST: usize = 12;
/// How many inputs are made at once. A schema with more is an attack, or not for people.
const MOST: usize = 1000;

/// A record or tuple with more fields than this is written as JSON.
const MOST_FIELDS: usize = 300;

/// What was typed at one place. Which variant it is follows from the shape of the place.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    /// Nothing to fill in: null, or a place where no value fits.
    Fixed,
    /// A tick.
    Flag(bool),
    /// A number, a text, or JSON.
    Line(Line),
    /// A byte string.
    Bytes(BytesInput),
    /// One of several. What was typed for the others is kept.
    Choice {
        /// The index of the variant.
        chosen: usize,
        /// What was typed, by the variant's index.
        contents: BTreeMap<usize, Input>,
    },
    /// A value or null.
    Optional(Box<Slot>),
    /// The items of a list or a tuple.
    Items(Vec<Input>),
    /// The entries of a map.
    Entries(Vec<(Line, Input)>),
    /// The fields of a record, in the order of the schema.
    Fields(Vec<Slot>),
}

/// A line of text, and whether the user has been there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line {
    /// As it was typed.
    pub(crate) text: String,
    /// Whether it was edited, so that mistakes in it are worth saying.
    pub(crate) touched: bool,
}

/// A value that may be absent. What was typed is kept while it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slot {
    /// Whether the value is there.
    pub(crate) set: bool,
    /// What was typed; made when it is first needed, since a type may hold itself.
    pub(crate) input: Option<Input>,
}

/// Bytes, and how they are written.
#[derive(Debug, Clone, Default)]
pub(crate) struct BytesInput {
    /// How they are written.
    pub(crate) encoding: Encoding,
    /// The bytes, or the path of the file that has them.
    pub(crate) line: Line,
}

/// How bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    /// As text, in UTF-8.
    #[default]
    Text,
    /// In hexadecimal digits.
    Hex,
    /// In base64.
    Base64,
    /// In a file, which is read when the call is made.
    File,
}

impl Encoding {
    /// Every encoding, in the order of the menu.
    pub(crate) const ALL: [Self; 4] = [Self::Text, Self::Hex, Self::Base64, Self::File];

    /// What the menu calls it.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Hex => "Hex",
            Self::Base64 => "Base64",
            Self::File => "File",
        }
    }
}

impl Line {
    /// A line with something in it that the user has not typed.
    fn given(text: String) -> Self {
        Self { text, touched: false }
    }

    /// A line that the user has typed.
    pub(crate) fn typed(text: String) -> Self {
        Self { text, touched: true }
    }
}

impl Input {
    /// An input with the schema's defaults.
    pub(crate) fn new(node: &Node<'_>) -> Self {
        Maker { left: MOST }.input(node, node.default(), 0)
    }

    /// An input with a value filled in.
    pub(crate) fn of(node: &Node<'_>, value: &Json) -> Self {
        Maker { left: MOST }.input(node, Some(value), 0)
    }

    /// The bytes at a path, if there are bytes.
    pub(crate) fn bytes_at(&mut self, node: &Node<'_>, here: &Place, path: &str) -> Option<&mut BytesInput> {
        if !path.starts_with(&here.path) {
            return None;
        }
        match (self, node.shape()) {
            (Self::Bytes(bytes), _) => (here.path == path).then_some(bytes),
            (Self::Optional(slot), Shape::Optional(inner)) => {
                slot.input.as_mut()?.bytes_at(&inner, here, path)
            }
            (Self::Choice { chosen, contents }, Shape::Choice(choice)) => {
                let variant = choice.variants.get(*chosen)?;
                let (node, place) = content(variant, here)?;
                contents.get_mut(chosen)?.bytes_at(&node, &place, path)
            }
            (Self::Items(items), Shape::List(list)) => items
                .iter_mut()
                .enumerate()
                .find_map(|(index, item)| item.bytes_at(&list.item, &here.item(index), path)),
            (Self::Items(items), Shape::Tuple(nodes)) => items
                .iter_mut()
                .zip(&nodes)
                .enumerate()
                .find_map(|(index, (item, node))| item.bytes_at(node, &here.item(index), path)),
            (Self::Entries(entries), Shape::Map(map)) => entries
                .iter_mut()
                .find_map(|(key, value)| value.bytes_at(&map.value, &here.field(&key.text), path)),
            (Self::Fields(slots), Shape::Record(record)) => {
                slots.iter_mut().zip(&record.fields).find_map(|(slot, field)| {
                    let (node, _) = without_null(&field.node);
                    slot.input.as_mut()?.bytes_at(&node, &here.field(field.name), path)
                })
            }
            _ => None,
        }
    }
}

/// The place within a place that may be null, and whether it may. What may be absent and what may be null look
/// the same in a form.
pub(crate) fn without_null<'s>(node: &Node<'s>) -> (Node<'s>, bool) {
    match node.shape() {
        Shape::Optional(inner) => (inner, true),
        _ => (node.clone(), false),
    }
}

/// What there is to fill in for a variant, and where.
pub(crate) fn content<'s>(variant: &Variant<'s>, here: &Place) -> Option<(Node<'s>, Place)> {
    match &variant.content {
        Content::Literal(_) => None,
        Content::Tagged(node) => Some((node.clone(), here.field(&variant.name))),
        Content::Bare(node) => Some((node.clone(), here.clone())),
        // The schema module may learn of other kinds; until the form does, nothing can be filled in for them.
        _ => None,
    }
}

/// Makes inputs, and stops when there are too many.
struct Maker {
    left: usize,
}

impl Maker {
    fn input(&mut self, node: &Node<'_>, value: Option<&Json>, depth: usize) -> Input {
        self.left = self.left.saturating_sub(1);
        let shape = node.shape();
        let fields = match &shape {
            Shape::Record(record) => record.fields.len(),
            Shape::Tuple(nodes) => nodes.len(),
            _ => 0,
        };
        if depth > DEEPEST || fields > MOST_FIELDS || self.left == 0 {
            return leaf(&shape, value).unwrap_or_else(|| json_line(value));
        }
        match &shape {
            Shape::Choice(choice) => self.choice(choice, value, depth),
            Shape::Optional(inner) => {
                let given = value.filter(|value| !value.is_null());
                let input = given.map(|value| self.input(inner, Some(value), depth + 1));
                Input::Optional(Box::new(Slot { set: input.is_some(), input }))
            }
            Shape::List(list) => {
                let given = value.and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
                let least = usize::try_from(list.min).unwrap_or(usize::MAX).min(8).max(given.len().min(100));
                let items = (0..least).map(|i| self.input(&list.item, given.get(i), depth + 1));
                Input::Items(items.collect())
            }
            Shape::Tuple(nodes) => {
                let given = |i| value.and_then(|value| value.get(i));
                let items = nodes.iter().enumerate().map(|(i, node)| self.input(node, given(i), depth + 1));
                Input::Items(items.collect())
            }
            Shape::Map(map) => {
                let given = value.and_then(Json::as_object).into_iter().flatten().take(100);
                let entry = |(key, value): (&String, &Json)| {
                    (Line::given(key.clone()), self.input(&map.value, Some(value), depth + 1))
                };
                Input::Entries(given.map(entry).collect())
            }
            Shape::Record(record) => self.record(record, value, depth),
            _ => leaf(&shape, value).unwrap_or_else(|| json_line(value)),
        }
    }

    fn record(&mut self, record: &Record<'_>, value: Option<&Json>, depth: usize) -> Input {
        let slot = |field: &countersign::schema::Field<'_>| {
            let (node, nullable) = without_null(&field.node);
            let given = value.and_then(|value| value.get(field.name)).filter(|given| !given.is_null());
            let set = given.is_some() || (field.required && !nullable);
            // What is not required keeps its default as a hint, and is left to the server.
            let given = given.or_else(|| field.node.default().filter(|_| set));
            let input = set.then(|| self.input(&node, given, depth + 1));
            Slot { set, input }
        };
        Input::Fields(record.fields.iter().map(slot).collect())
    }

    fn choice(&mut self, choice: &Choice<'_>, value: Option<&Json>, depth: usize) -> Input {
        let chosen = value.and_then(|value| variant_of(choice, value)).unwrap_or(0);
        let mut contents = BTreeMap::new();
        if let Some(variant) = choice.variants.get(chosen) {
            let inner = match &variant.content {
                Content::Tagged(node) => Some((node, value.and_then(|value| value.get(&*variant.name)))),
                Content::Bare(node) => Some((node, value)),
                _ => None,
            };
            if let Some((node, given)) = inner {
                contents.insert(chosen, self.input(node, given, depth + 1));
            }
        }
        Input::Choice { chosen, contents }
    }
}

/// The variant that a value is of, as far as that can be told from the outside.
fn variant_of(choice: &Choice<'_>, value: &Json) -> Option<usize> {
    choice.variants.iter().position(|variant| match &variant.content {
        Content::Literal(literal) => *literal == value,
        Content::Tagged(_) => value.get(&*variant.name).is_some(),
        _ => false,
    })
}

/// The input of a place that holds nothing below it.
fn leaf(shape: &Shape<'_>, value: Option<&Json>) -> Option<Input> {
    Some(match shape {
        Shape::Null | Shape::Never => Input::Fixed,
        Shape::Bool => Input::Flag(value.and_then(Json::as_bool).unwrap_or_default()),
        Shape::Bytes { .. } => {
            let base64 = value.and_then(Json::as_str).filter(|text| !text.is_empty());
            let encoding = if base64.is_some() { Encoding::Base64 } else { Encoding::Text };
            Input::Bytes(BytesInput { encoding, line: Line::given(base64.unwrap_or_default().to_owned()) })
        }
        Shape::Integer { .. } | Shape::Float(_) | Shape::Text(_) => {
            let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            Input::Line(Line::given(text.unwrap_or_default()))
        }
        _ => return None,
    })
}

/// A place to write JSON.
fn json_line(value: Option<&Json>) -> Input {
    Input::Line(Line::given(value.map(Json::to_string).unwrap_or_default()))
}
