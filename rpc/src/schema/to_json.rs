//! From a CBOR item to JSON, as people read it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Number;

use super::pick::tags;
use super::{Choice, Content, Json, Node, Record, Shape};
use crate::Schema;
use crate::cbor::{Integer, Value};

/// Levels that are shown. What was decoded has no more.
const DEPTH_MAX: u32 = 300;

/// Shows `value` as JSON, the reverse of [`to_cbor`](super::to_cbor()).
///
/// Bytes become base64 text, non-finite numbers `"NaN"`, `"Infinity"` or `"-Infinity"`. A value that does
/// not fit its schema is shown as well as can be: it came from a peer, and somebody wants to see it.
pub fn to_json(schema: &Schema, value: &Value) -> Json {
    shown(&Node::root(schema).shape(), value, 0)
}

fn shown(shape: &Shape<'_>, value: &Value, depth: u32) -> Json {
    if depth == DEPTH_MAX {
        return Json::from("…");
    }
    let below = |node: &Node<'_>, value: &Value| shown(&node.shape(), value, depth + 1);
    match (shape, value) {
        (Shape::Optional(node), value) if *value != Value::Null => below(node, value),
        (Shape::Choice(choice), _) => variant(choice, value, depth),
        (_, Value::Null) => Json::Null,
        (_, Value::Bool(value)) => Json::Bool(*value),
        (_, Value::Integer(number)) => integer(*number),
        (Shape::Float(range), Value::Float(number)) if range.single => single(*number),
        (_, Value::Float(number)) => float(*number),
        (_, Value::Bytes(bytes)) => BASE64.encode(bytes).into(),
        (_, Value::Text(text)) => text.as_str().into(),
        (Shape::List(list), Value::Array(items)) => {
            let item = list.item.shape();
            items.iter().map(|value| shown(&item, value, depth + 1)).collect()
        }
        (Shape::Tuple(nodes), Value::Array(items)) if nodes.len() == items.len() => {
            nodes.iter().zip(items).map(|(node, value)| below(node, value)).collect()
        }
        (_, Value::Array(items)) => items.iter().map(|value| shown(&Shape::Any, value, depth + 1)).collect(),
        (Shape::Map(map), Value::Map(entries)) => {
            let shape = map.value.shape();
            object(entries, depth, |_, value| shown(&shape, value, depth + 1))
        }
        (Shape::Record(record), Value::Map(entries)) => object(entries, depth, |name, value| {
            field(record, name)
                .map_or_else(|| shown(&Shape::Any, value, depth + 1), |node| below(node, value))
        }),
        (_, Value::Map(entries)) => object(entries, depth, |_, value| shown(&Shape::Any, value, depth + 1)),
    }
}

fn field<'r, 's>(record: &'r Record<'s>, name: &str) -> Option<&'r Node<'s>> {
    record.field(name).map(|field| &field.node).or(record.rest.as_ref())
}

/// The variant that the value says it is, or the first without a tag that could be meant.
fn variant(choice: &Choice<'_>, value: &Value, depth: u32) -> Json {
    let tagged = choice.variants.iter().find_map(|variant| match (&variant.content, value) {
        (Content::Tagged(node), Value::Map(entries)) => match entries.as_slice() {
            [(Value::Text(name), content)] if *name == variant.name => Some((name, node, content)),
            _ => None,
        },
        _ => None,
    });
    if let Some((name, node, content)) = tagged {
        return Json::Object(
            [(name.clone(), shown(&node.shape(), content, depth + 1))].into_iter().collect(),
        );
    }
    let bare = choice.variants.iter().find_map(|variant| match &variant.content {
        Content::Bare(node) => Some(node.shape()).filter(|shape| could_be(shape, value)),
        Content::Literal(_) | Content::Tagged(_) => None,
    });
    shown(&bare.unwrap_or(Shape::Any), value, depth + 1)
}

/// Whether a value is of the kind that a shape wants: one look.
fn could_be(shape: &Shape<'_>, value: &Value) -> bool {
    match (shape, value) {
        (Shape::Record(record), Value::Map(_)) => {
            let complete =
                record.fields.iter().all(|field| !field.required || value.get(field.name).is_some());
            let is = |name, only: &Json| {
                value.get(name).is_some_and(|found| shown(&Shape::Any, found, 0) == *only)
            };
            complete && tags(record).all(|(name, only)| is(name, only))
        }
        (Shape::Integer { .. }, Value::Integer(_))
        | (Shape::Float(_), Value::Integer(_) | Value::Float(_))
        | (Shape::Bool, Value::Bool(_))
        | (Shape::Text(_), Value::Text(_))
        | (Shape::Bytes { .. }, Value::Bytes(_))
        | (Shape::List(_) | Shape::Tuple(_), Value::Array(_))
        | (Shape::Map(_), Value::Map(_))
        | (Shape::Null, Value::Null)
        | (Shape::Optional(_) | Shape::Choice(_) | Shape::Any, _) => true,
        _ => false,
    }
}

/// A JSON object, or a list of pairs where two keys would get the same name.
fn object(entries: &[(Value, Value)], depth: u32, mut show: impl FnMut(&str, &Value) -> Json) -> Json {
    let mut object = serde_json::Map::new();
    for (key, value) in entries {
        let name = match key {
            Value::Text(name) => name.clone(),
            Value::Integer(number) => number.to_string(),
            _ => return pairs(entries, depth),
        };
        let shown = show(&name, value);
        if object.insert(name, shown).is_some() {
            return pairs(entries, depth);
        }
    }
    Json::Object(object)
}

fn pairs(entries: &[(Value, Value)], depth: u32) -> Json {
    let any = |value| shown(&Shape::Any, value, depth + 2);
    entries.iter().map(|(key, value)| Json::Array(vec![any(key), any(value)])).collect()
}

fn integer(number: Integer) -> Json {
    // One of the two holds, since this is all that an integer of the profile can be.
    number.as_u64().map(Json::from).or_else(|| number.as_i64().map(Json::from)).unwrap_or_default()
}

fn float(number: f64) -> Json {
    Number::from_f64(number).map_or_else(|| non_finite(number).into(), Json::Number)
}

/// The shortest decimal that is this number of single precision: 0.1 and not 0.10000000149011612.
fn single(number: f64) -> Json {
    let short = (number as f32).to_string().parse();
    float(if f64::from(number as f32) == number { short.unwrap_or(number) } else { number })
}

fn non_finite(number: f64) -> &'static str {
    match number {
        number if number.is_nan() => "NaN",
        number if number > 0.0 => "Infinity",
        _ => "-Infinity",
    }
}
