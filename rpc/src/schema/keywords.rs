//! Reads the keywords of JSON Schema, now that it is settled which schema objects hold at a place.

use std::collections::{HashMap, HashSet};

use serde_json::Map as Object;

use super::types::Types;
use super::{Field, FloatRange, Format, Json, Key, List, Map, Node, Record, Shape, Text};

/// The keywords of one schema object.
pub(super) type Keywords = Object<String, Json>;

/// The whole numbers that travel.
const INTEGERS: (i128, i128) = (i64::MIN as i128, u64::MAX as i128);

/// The shape where the schema lists no types: a record is still told by its properties.
pub(super) fn untyped_shape<'s>(node: &Node<'s>, all: &[&'s Keywords]) -> Shape<'s> {
    let has = |keyword| all.iter().any(|keywords| keywords.contains_key(keyword));
    if has("properties") {
        typed_shape(node, Types::OBJECT, all)
    } else if has("items") || has("prefixItems") {
        typed_shape(node, Types::ARRAY, all)
    } else {
        Shape::Any
    }
}

/// The shape for one type of JSON.
pub(super) fn typed_shape<'s>(node: &Node<'s>, only: Types, all: &[&'s Keywords]) -> Shape<'s> {
    match only {
        Types::BOOL => Shape::Bool,
        Types::INTEGER => integer(all),
        Types::NUMBER => Shape::Float(float(all)),
        Types::STRING => text(all),
        Types::ARRAY => array(node, all),
        Types::OBJECT => object(node, all),
        _ => Shape::Any,
    }
}

/// The values of a `const` or an `enum`.
pub(super) fn literals(keywords: &Keywords) -> Option<Vec<&Json>> {
    if let Some(only) = keywords.get("const") {
        return Some(vec![only]);
    }
    Some(keywords.get("enum")?.as_array()?.iter().collect())
}

/// Whether a schema object lists its values.
pub(super) fn is_literal(keywords: &Keywords) -> bool {
    keywords.contains_key("const") || keywords.contains_key("enum")
}

/// Whether a schema says `null` and nothing else.
pub(super) fn is_null(json: &Json) -> bool {
    json.get("type").is_some_and(|name| name == "null")
}

/// The only property of an object that has one and needs it.
pub(super) fn only_property(keywords: &Keywords) -> Option<(&str, &Json)> {
    let properties = keywords.get("properties")?.as_object()?;
    let required = keywords.get("required")?.as_array()?;
    let (name, content) = properties.iter().next()?;
    (properties.len() == 1 && required.len() == 1 && required[0] == **name).then_some((name, content))
}

/// The text of the property that tells a variant from the others: serde's internal and adjacent tagging.
pub(super) fn tag(keywords: &Keywords) -> Option<&str> {
    let properties = keywords.get("properties")?.as_object()?;
    properties.values().find_map(|property| property.get("const")?.as_str())
}

/// Whether a property can only be one text.
pub(super) fn is_tag(property: &Json) -> bool {
    property.get("const").is_some_and(Json::is_string)
}

fn integer<'s>(all: &[&'s Keywords]) -> Shape<'s> {
    let (mut min, mut max) = INTEGERS;
    for keywords in all {
        let (least, greatest) = format_bounds(keywords);
        let at_least = whole(keywords.get("minimum"), f64::ceil);
        let above = whole(keywords.get("exclusiveMinimum"), f64::floor).map(|bound| bound + 1);
        let at_most = whole(keywords.get("maximum"), f64::floor);
        let below = whole(keywords.get("exclusiveMaximum"), f64::ceil).map(|bound| bound - 1);
        min = [Some(least), at_least, above].into_iter().flatten().fold(min, i128::max);
        max = [Some(greatest), at_most, below].into_iter().flatten().fold(max, i128::min);
    }
    Shape::Integer { min, max }
}

/// The bounds that the format of an integer implies: schemars writes none beside `int32`.
fn format_bounds(keywords: &Keywords) -> (i128, i128) {
    match keywords.get("format").and_then(Json::as_str).unwrap_or_default() {
        "uint8" => (0, u8::MAX.into()),
        "uint16" => (0, u16::MAX.into()),
        "uint32" => (0, u32::MAX.into()),
        "uint" | "uint64" | "uint128" => (0, u64::MAX.into()),
        "int8" => (i8::MIN.into(), i8::MAX.into()),
        "int16" => (i16::MIN.into(), i16::MAX.into()),
        "int32" => (i32::MIN.into(), i32::MAX.into()),
        "int" | "int64" => (i64::MIN.into(), i64::MAX.into()),
        _ => INTEGERS,
    }
}

/// A bound as a whole number; one that is a fraction is rounded to the side that the caller says.
fn whole(bound: Option<&Json>, round: fn(f64) -> f64) -> Option<i128> {
    let bound = bound?;
    let exact = bound.as_i64().map(i128::from).or_else(|| bound.as_u64().map(i128::from));
    // The cast saturates far outside of what travels, so that adding one is safe and changes nothing.
    exact.or_else(|| bound.as_f64().map(|bound| round(bound.clamp(-1e30, 1e30)) as i128))
}

fn float(all: &[&Keywords]) -> FloatRange {
    let mut range = FloatRange {
        min: f64::NEG_INFINITY,
        max: f64::INFINITY,
        above_min: false,
        below_max: false,
        single: false,
    };
    for keywords in all {
        let bound = |keyword: &str| keywords.get(keyword).and_then(Json::as_f64);
        range.single |= keywords.get("format").is_some_and(|format| format == "float");
        for (keyword, above_min) in [("minimum", false), ("exclusiveMinimum", true)] {
            if let Some(min) = bound(keyword).filter(|min| *min > range.min || above_min && *min == range.min)
            {
                (range.min, range.above_min) = (min, above_min);
            }
        }
        for (keyword, below_max) in [("maximum", false), ("exclusiveMaximum", true)] {
            if let Some(max) = bound(keyword).filter(|max| *max < range.max || below_max && *max == range.max)
            {
                (range.max, range.below_max) = (max, below_max);
            }
        }
    }
    range
}

fn text<'s>(all: &[&'s Keywords]) -> Shape<'s> {
    let (min_len, max_len) = sizes(all, "minLength", "maxLength");
    let find = |keyword| all.iter().find_map(|keywords| keywords.get(keyword)?.as_str());
    let format = match find("format") {
        None => Format::Plain,
        Some("bytes") => return Shape::Bytes { min_len, max_len },
        Some("date") => Format::Date,
        Some("date-time") => Format::DateTime,
        Some("partial-time") => Format::Time,
        Some("partial-date-time") => Format::LocalDateTime,
        Some("uuid") => Format::Uuid,
        Some("ip") => Format::Ip,
        Some("ipv4") => Format::Ipv4,
        Some("ipv6") => Format::Ipv6,
        Some(other) => Format::Other(other),
    };
    Shape::Text(Text { min_len, max_len, format, pattern: find("pattern") })
}

fn array<'s>(node: &Node<'s>, all: &[&'s Keywords]) -> Shape<'s> {
    let (min, max) = sizes(all, "minItems", "maxItems");
    let find = |keyword| all.iter().find_map(|keywords| keywords.get(keyword));
    if let Some(items) = find("prefixItems").and_then(Json::as_array) {
        // Rust's tuples have all their items. Another mixture of fixed and free ones is not ours.
        let exact = min == max && usize::try_from(max).is_ok_and(|max| max == items.len());
        return if exact {
            Shape::Tuple(items.iter().map(|item| node.below(item)).collect())
        } else {
            Shape::Any
        };
    }
    let unique = find("uniqueItems").is_some_and(|unique| unique == true);
    Shape::List(List { item: node.below(find("items").unwrap_or(ANYTHING)), min, max, unique })
}

fn object<'s>(node: &Node<'s>, all: &[&'s Keywords]) -> Shape<'s> {
    let fields = fields(node, all);
    let patterns =
        || all.iter().find_map(|keywords| keywords.get("patternProperties")?.as_object()?.iter().next());
    let additional =
        || all.iter().filter_map(|k| k.get("additionalProperties").or(k.get("unevaluatedProperties")));
    let (key, others) = match patterns() {
        Some((pattern, values)) => (keys(pattern), Some(values)),
        None if additional().any(|schema| schema == false) => (Key::Text, None),
        None => (Key::Text, additional().next()),
    };
    match others {
        Some(values) if fields.is_empty() => {
            let (min, max) = sizes(all, "minProperties", "maxProperties");
            Shape::Map(Map { key, value: node.below(values), min, max })
        }
        Some(values) => Shape::Record(Record { fields, rest: Some(node.below(values)) }),
        None => {
            let open = additional().next().is_none();
            Shape::Record(Record { fields, rest: open.then(|| node.below(ANYTHING)) })
        }
    }
}

fn fields<'s>(node: &Node<'s>, all: &[&'s Keywords]) -> Vec<Field<'s>> {
    let lists = all.iter().filter_map(|keywords| keywords.get("required")?.as_array());
    let required: HashSet<&str> = lists.flatten().filter_map(Json::as_str).collect();
    let mut fields: Vec<Field<'s>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (name, json) in all.iter().filter_map(|keywords| keywords.get("properties")?.as_object()).flatten() {
        match places.get(name.as_str()) {
            // A flattened enum says more about a field that the struct has already.
            Some(place) => fields[*place].node.add(json),
            None => {
                places.insert(name, fields.len());
                fields.push(Field {
                    name,
                    required: required.contains(name.as_str()),
                    node: node.below(json),
                });
            }
        }
    }
    fields
}

/// What the pattern that schemars writes for a map with numbers as keys stands for.
fn keys(pattern: &str) -> Key {
    match pattern {
        r"^\d+$" => Key::Natural,
        r"^-?\d+$" => Key::Integer,
        _ => Key::Text,
    }
}

/// The tightest of the lower and of the upper bounds on a number of things.
fn sizes(all: &[&Keywords], min: &str, max: &str) -> (u64, u64) {
    let each = |keyword| all.iter().filter_map(move |keywords| keywords.get(keyword)?.as_u64());
    (each(min).max().unwrap_or(0), each(max).min().unwrap_or(u64::MAX))
}

/// The schema that admits everything.
const ANYTHING: &Json = &Json::Bool(true);
