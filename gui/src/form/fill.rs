//! From a value to what could have been typed for it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::schema::{Choice, Content, Field, Node, Record, Shape, Variant};
use serde_json::Value as Json;

use super::gather::json_of;
use super::input::without_null;
use super::{BytesInput, Encoding, Input, Line, Slot};
use crate::lens::hex;

/// How deep a form is made before the user goes there. Deeper places are written as JSON.
const DEEPEST: usize = 12;
/// How many inputs are made at once. A schema with more is an attack, or not for people.
const MOST: usize = 1000;
/// A record or tuple with more fields than this is written as JSON.
const MOST_FIELDS: usize = 300;
/// A list or map of which more is given does not fit a form: nobody looks through so many rows.
const MOST_GIVEN: usize = 100;

impl Input {
    /// An input with the schema's defaults.
    pub(crate) fn new(node: &Node<'_>) -> Self {
        Maker { left: MOST }.input(node, node.default(), None, 0)
    }

    /// An input with a value filled in.
    pub(crate) fn of(node: &Node<'_>, value: &Json) -> Self {
        Maker { left: MOST }.input(node, Some(value), None, 0)
    }

    /// The same input with another value. Where that is what was there, so is what was typed for it: files
    /// keep their names, and what is not sent just now is kept.
    pub(crate) fn refilled(&self, node: &Node<'_>, value: &Json) -> Self {
        Maker { left: MOST }.input(node, Some(value), Some(self), 0)
    }
}

/// Makes inputs, and stops when there are too many.
struct Maker {
    left: usize,
}

impl Maker {
    fn input(
        &mut self,
        node: &Node<'_>,
        value: Option<&Json>,
        before: Option<&Input>,
        depth: usize,
    ) -> Input {
        self.left = self.left.saturating_sub(1);
        if let (Some(value), Some(before)) = (value, before)
            && json_of(node, before).is_some_and(|had| had == *value)
        {
            return before.clone();
        }
        let shape = node.shape();
        let fields = match &shape {
            Shape::Record(record) => record.fields.len(),
            Shape::Tuple(nodes) => nodes.len(),
            _ => 0,
        };
        if depth > DEEPEST || fields > MOST_FIELDS || self.left == 0 {
            return leaf(&shape, value, before).unwrap_or_else(|| json_line(value));
        }
        match &shape {
            Shape::Choice(choice) => self.choice(choice, value, before, depth),
            Shape::Optional(inner) => {
                let before =
                    if let Some(Input::Optional(slot)) = before { slot.input.as_ref() } else { None };
                let given = value.filter(|value| !value.is_null());
                let input = given.map(|value| self.input(inner, Some(value), before, depth + 1));
                let set = input.is_some();
                Input::Optional(Box::new(Slot { set, input: input.or_else(|| before.cloned()) }))
            }
            Shape::List(list) => {
                let given = value.and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
                let least = usize::try_from(list.min).unwrap_or(usize::MAX).min(8);
                let count = least.max(given.len().min(MOST_GIVEN));
                let before = items(before);
                let item = |i| self.input(&list.item, given.get(i), before.get(i), depth + 1);
                Input::Items((0..count).map(item).collect())
            }
            Shape::Tuple(nodes) => {
                let given = |i| value.and_then(|value| value.get(i));
                let before = items(before);
                let each = nodes.iter().enumerate();
                let item = |(i, node)| self.input(node, given(i), before.get(i), depth + 1);
                Input::Items(each.map(item).collect())
            }
            Shape::Map(map) => {
                let given = value.and_then(Json::as_object).into_iter().flatten().take(MOST_GIVEN);
                let before = if let Some(Input::Entries(entries)) = before { &entries[..] } else { &[] };
                let entry = |(key, value): (&String, &Json)| {
                    let before = before.iter().find(|(name, _)| name.text == *key);
                    let name = before.map_or_else(|| Line::given(key.clone()), |(name, _)| name.clone());
                    let before = before.map(|(_, value)| value);
                    (name, self.input(&map.value, Some(value), before, depth + 1))
                };
                Input::Entries(given.map(entry).collect())
            }
            Shape::Record(record) => self.record(record, value, before, depth),
            _ => leaf(&shape, value, before).unwrap_or_else(|| json_line(value)),
        }
    }

    fn record(
        &mut self,
        record: &Record<'_>,
        value: Option<&Json>,
        before: Option<&Input>,
        depth: usize,
    ) -> Input {
        let before = if let Some(Input::Fields(slots)) = before { &slots[..] } else { &[] };
        let slot = |(i, field): (usize, &Field<'_>)| {
            let (node, nullable) = without_null(&field.node);
            let before = before.get(i).and_then(|slot| slot.input.as_ref());
            let given = value.and_then(|value| value.get(field.name)).filter(|given| !given.is_null());
            let set = given.is_some() || (field.required && !nullable);
            // What is not required keeps its default as a hint, and is left to the server.
            let given = given.or_else(|| field.node.default().filter(|_| set));
            let input = set.then(|| self.input(&node, given, before, depth + 1));
            Slot { set, input: input.or_else(|| before.cloned()) }
        };
        Input::Fields(record.fields.iter().enumerate().map(slot).collect())
    }

    fn choice(
        &mut self,
        choice: &Choice<'_>,
        value: Option<&Json>,
        before: Option<&Input>,
        depth: usize,
    ) -> Input {
        let (had, mut contents) = match before {
            Some(Input::Choice { chosen, contents }) => (*chosen, contents.clone()),
            _ => (0, BTreeMap::new()),
        };
        let mut made = |index: usize, variant: &Variant<'_>, value: Option<&Json>| {
            let before = contents.get(&index);
            match &variant.content {
                Content::Tagged(node) => {
                    let value = value.and_then(|value| value.get(&*variant.name));
                    Some(self.input(node, value, before, depth + 1))
                }
                Content::Bare(node) => Some(self.input(node, value, before, depth + 1)),
                _ => None,
            }
        };
        let mut fitting = None;
        if let Some(value) = value {
            fitting =
                choice.variants.iter().enumerate().find_map(|(index, variant)| match &variant.content {
                    Content::Literal(literal) => (*literal == value).then_some((index, None)),
                    Content::Tagged(_) => {
                        value.get(&*variant.name)?;
                        Some((index, made(index, variant, Some(value))))
                    }
                    // Nothing marks it: it is the variant whose form says the same.
                    Content::Bare(node) => {
                        let input = made(index, variant, Some(value))?;
                        json_of(node, &input)
                            .is_some_and(|json| alike(&json, value))
                            .then_some((index, Some(input)))
                    }
                    _ => None,
                });
        }
        let (chosen, input) = fitting
            .unwrap_or_else(|| (had, choice.variants.get(had).and_then(|variant| made(had, variant, value))));
        contents.extend(input.map(|input| (chosen, input)));
        Input::Choice { chosen, contents }
    }
}

fn items(before: Option<&Input>) -> &[Input] {
    if let Some(Input::Items(items)) = before { items } else { &[] }
}

/// Whether two values are the same to a form, in which what is null and what is not there look the same.
fn alike(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            let same = |(name, value): (&String, &Json)| alike(value, other.get(name).unwrap_or(&Json::Null));
            one.iter().all(same)
                && other.iter().all(|(name, value)| value.is_null() || one.contains_key(name))
        }
        _ => one == other,
    }
}

/// The input of a place that holds nothing below it.
fn leaf(shape: &Shape<'_>, value: Option<&Json>, before: Option<&Input>) -> Option<Input> {
    Some(match shape {
        Shape::Null | Shape::Never => Input::Fixed,
        Shape::Bool => Input::Flag(value.and_then(Json::as_bool).unwrap_or_default()),
        Shape::Bytes { .. } => {
            let encoding = if let Some(Input::Bytes(bytes)) = before { Some(bytes.encoding) } else { None };
            Input::Bytes(bytes(value.and_then(Json::as_str).unwrap_or_default(), encoding))
        }
        Shape::Integer { .. } | Shape::Float(_) | Shape::Text(_) => {
            let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            Input::Line(Line::given(text.unwrap_or_default()))
        }
        _ => return None,
    })
}

/// Bytes in the encoding that they had, if they can be written in it.
fn bytes(base64: &str, encoding: Option<Encoding>) -> BytesInput {
    let decoded = STANDARD.decode(base64).unwrap_or_default();
    let (encoding, text) = match encoding {
        None | Some(Encoding::Text) if base64.is_empty() => (Encoding::Text, String::new()),
        Some(Encoding::Hex) => (Encoding::Hex, hex::all(&decoded)),
        Some(Encoding::Text) => match String::from_utf8(decoded) {
            Ok(text) if !text.contains(char::is_control) => (Encoding::Text, text),
            _ => (Encoding::Base64, base64.to_owned()),
        },
        _ => (Encoding::Base64, base64.to_owned()),
    };
    BytesInput { encoding, line: Line::given(text) }
}

/// A place to write JSON.
fn json_line(value: Option<&Json>) -> Input {
    Input::Line(Line::given(value.map(Json::to_string).unwrap_or_default()))
}
