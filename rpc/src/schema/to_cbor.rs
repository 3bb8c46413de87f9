//! From JSON, as people write it, to a CBOR item: checks and converts in the same pass.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD_INDIFFERENT as BASE64;

use super::phrase::{Count, Name};
use super::problem::Problems;
use super::{FloatRange, Json, Key, List, Map, Node, Path, Record, SchemaError, Shape, Text};
use crate::Schema;
use crate::cbor::{Integer, Value, quoted, to_deterministic_vec};

/// Levels of lists, records and alternatives that are followed. JSON text has at most 128 levels, and so has
/// what travels; the rest is for alternatives within alternatives.
const DEPTH_MAX: u32 = 300;

/// Steps that a value is worth, for each of its own values. A schema may have alternatives within
/// alternatives, each of which must be tried; Rust types need one to five steps.
const STEPS_PER_VALUE: usize = 64;

/// Below this, 2⁵³, every whole number is a float of its own.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// Converts `json` to the CBOR item that `schema` describes, or says everything that is wrong with it.
///
/// Bytes are base64 text, with padding or without; `"NaN"`, `"Infinity"` and `"-Infinity"` are numbers where a
/// floating-point number is declared; an integer may be decimal text, since many a JSON library loses digits
/// of large numbers. A parameter of a call that is `null` and may be absent is left out.
///
/// ```
/// use countersign::schema::to_cbor;
/// let schema: countersign::Schema = serde_json::from_value(serde_json::json!({
///     "type": "object", "properties": { "price": { "type": "number", "minimum": 0 } }
/// }))?;
/// let error = to_cbor(&schema, &serde_json::json!({ "price": -3 })).unwrap_err();
/// assert_eq!(error.to_string(), "price: expected number from 0, found -3");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn to_cbor(schema: &Schema, json: &Json) -> Result<Value, SchemaError> {
    let steps_left = size(json).saturating_mul(STEPS_PER_VALUE).saturating_add(1024);
    let mut walk = Walk { problems: Problems::default(), steps_left, depth: 0 };
    let value = walk.node(&Node::root(schema), json, &Path::Root);
    walk.problems.none_or(value)
}

/// How many values there are in `json`, itself included.
fn size(json: &Json) -> usize {
    let mut waiting = vec![json];
    let mut count = 0;
    while let Some(json) = waiting.pop() {
        count += 1;
        match json {
            Json::Array(items) => waiting.extend(items),
            Json::Object(fields) => waiting.extend(fields.values()),
            _ => {}
        }
    }
    count
}

/// A walk over a value and its schema side by side.
///
/// Each method returns the item, or `Null` in its place and a problem.
pub(super) struct Walk {
    pub(super) problems: Problems,
    steps_left: usize,
    depth: u32,
}

impl Walk {
    pub(super) fn node(&mut self, node: &Node<'_>, json: &Json, path: &Path<'_>) -> Value {
        self.shape(&node.shape(), json, path)
    }

    fn shape(&mut self, shape: &Shape<'_>, json: &Json, path: &Path<'_>) -> Value {
        let Some(steps_left) = self.steps_left.checked_sub(1) else {
            return self.problem(path, "the schema has too many alternatives to try");
        };
        if self.depth == DEPTH_MAX {
            return self.problem(path, "nested too deeply");
        }
        self.steps_left = steps_left;
        self.depth += 1;
        let value = self.within(shape, json, path);
        self.depth -= 1;
        value
    }

    fn within(&mut self, shape: &Shape<'_>, json: &Json, path: &Path<'_>) -> Value {
        match (shape, json) {
            (Shape::Any, _) => self.natural(json, path),
            (Shape::Null, Json::Null) => Value::Null,
            (Shape::Bool, Json::Bool(value)) => Value::Bool(*value),
            (Shape::Integer { min, max }, _) => self.integer(shape, *min..=*max, json, path),
            (Shape::Float(range), _) => self.float(shape, range, json, path),
            (Shape::Text(wanted), Json::String(text)) => self.text(wanted, text, path),
            (Shape::Bytes { min_len, max_len }, Json::String(text)) => {
                self.bytes(shape, *min_len..=*max_len, text, path)
            }
            (Shape::Optional(_), Json::Null) => Value::Null,
            (Shape::Optional(node), _) => self.node(node, json, path),
            (Shape::Choice(choice), _) => self.choice(choice, json, path),
            (Shape::List(list), Json::Array(items)) => self.list(list, items, path),
            (Shape::Tuple(nodes), Json::Array(items)) if nodes.len() == items.len() => {
                let each = nodes.iter().zip(items).enumerate();
                Value::Array(each.map(|(at, (node, item))| self.node(node, item, &path.index(at))).collect())
            }
            (Shape::Map(map), Json::Object(entries)) => self.map(map, entries, path),
            (Shape::Record(record), Json::Object(fields)) => self.record(record, fields, path),
            _ => self.mismatch(shape, json, path),
        }
    }

    pub(super) fn problem(&mut self, path: &Path<'_>, message: impl std::fmt::Display) -> Value {
        self.problems.add(path, message);
        Value::Null
    }

    pub(super) fn mismatch(
        &mut self,
        wanted: impl std::fmt::Display,
        found: &Json,
        path: &Path<'_>,
    ) -> Value {
        self.problem(path, format_args!("expected {wanted}, found {}", Found(found)))
    }

    /// Without a schema: what JSON says.
    pub(super) fn natural(&mut self, json: &Json, path: &Path<'_>) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::String(text) => Value::Text(text.clone()),
            Json::Number(_) => match (whole_number(json), json.as_f64()) {
                (Some(number), _) if !json.is_f64() => Value::from(number),
                (_, Some(number)) => Value::Float(number),
                _ => self.mismatch("number", json, path),
            },
            Json::Array(items) => {
                let each = items.iter().enumerate();
                Value::Array(each.map(|(at, item)| self.shape(&Shape::Any, item, &path.index(at))).collect())
            }
            Json::Object(fields) => {
                let entry = |(name, json): (&String, &Json)| {
                    (Value::from(name.as_str()), self.shape(&Shape::Any, json, &path.key(name)))
                };
                Value::Map(fields.iter().map(entry).collect())
            }
        }
    }

    fn integer(
        &mut self,
        shape: &Shape<'_>,
        range: std::ops::RangeInclusive<i128>,
        json: &Json,
        path: &Path<'_>,
    ) -> Value {
        let number = match json {
            Json::String(text) => decimal(text),
            _ => whole_number(json).map(i128::from),
        };
        let fitting = number.filter(|number| range.contains(number));
        match fitting.and_then(|number| Integer::try_from(number).ok()) {
            Some(number) => Value::Integer(number),
            None => self.mismatch(shape, json, path),
        }
    }

    fn float(&mut self, shape: &Shape<'_>, range: &FloatRange, json: &Json, path: &Path<'_>) -> Value {
        let number = match json {
            Json::Number(number) => number.as_f64(),
            Json::String(text) => non_finite(text),
            _ => None,
        };
        match number {
            Some(number) if !range.contains(number) => self.mismatch(shape, json, path),
            // What is sent is what arrives: the nearest `f32`, which CBOR also writes in fewer bytes.
            Some(number) if range.single => match number as f32 {
                single if single.is_infinite() && number.is_finite() => {
                    self.mismatch("number of single precision", json, path)
                }
                single => Value::Float(single.into()),
            },
            Some(number) => Value::Float(number),
            None => self.mismatch(shape, json, path),
        }
    }

    fn text(&mut self, wanted: &Text<'_>, text: &str, path: &Path<'_>) -> Value {
        let len = text.chars().count() as u64;
        if !(wanted.min_len..=wanted.max_len).contains(&len) {
            return self.problem(path, format_args!("expected {wanted}, found {}", Count(len, "character")));
        }
        if !wanted.format.admits(text) {
            return self.problem(path, format_args!("expected {wanted}, found {}", quoted(text)));
        }
        Value::Text(text.into())
    }

    fn bytes(
        &mut self,
        shape: &Shape<'_>,
        lens: std::ops::RangeInclusive<u64>,
        text: &str,
        path: &Path<'_>,
    ) -> Value {
        match BASE64.decode(text) {
            Ok(bytes) if lens.contains(&(bytes.len() as u64)) => Value::Bytes(bytes.into()),
            Ok(bytes) => {
                let found = Count(bytes.len() as u64, "byte");
                self.problem(path, format_args!("expected {shape}, found {found}"))
            }
            Err(error) => self.problem(path, format_args!("expected {shape}: {error}")),
        }
    }

    fn list(&mut self, list: &List<'_>, items: &[Json], path: &Path<'_>) -> Value {
        if !(list.min..=list.max).contains(&(items.len() as u64)) {
            let found = Count(items.len() as u64, "item");
            self.problem(path, format_args!("expected {list}, found {found}"));
        }
        let shape = list.item.shape();
        let each = items.iter().enumerate();
        let values: Vec<_> = each.map(|(at, item)| self.shape(&shape, item, &path.index(at))).collect();
        if list.unique {
            self.no_item_twice(&values, path);
        }
        Value::Array(values)
    }

    fn no_item_twice(&mut self, values: &[Value], path: &Path<'_>) {
        let mut seen = HashSet::new();
        for (at, value) in values.iter().enumerate() {
            if !seen.insert(to_deterministic_vec(value)) {
                self.problem(&path.index(at), "given twice");
            }
        }
    }

    fn map(&mut self, map: &Map<'_>, entries: &serde_json::Map<String, Json>, path: &Path<'_>) -> Value {
        if !(map.min..=map.max).contains(&(entries.len() as u64)) {
            let found = Count(entries.len() as u64, "entry");
            self.problem(path, format_args!("expected {} to {}, found {found}", map.min, map.max));
        }
        let shape = map.value.shape();
        let mut values = Vec::with_capacity(entries.len());
        for (name, json) in entries {
            let place = path.key(name);
            let (key, place) = match map.key {
                Key::Text => (Value::from(name.as_str()), place),
                Key::Natural | Key::Integer => match number_key(name, map.key) {
                    Some(number) => (Value::Integer(number), path.number(number.into())),
                    None => (self.problem(&place, "expected a whole number as the key"), place),
                },
            };
            values.push((key, self.shape(&shape, json, &place)));
        }
        Value::Map(values)
    }

    fn record(
        &mut self,
        record: &Record<'_>,
        given: &serde_json::Map<String, Json>,
        path: &Path<'_>,
    ) -> Value {
        // Parameters are left out, never null. Within a user's type null may mean something of its own.
        let is_parameters = matches!(path, Path::Root);
        let mut entries = Vec::with_capacity(given.len());
        for (name, json) in given {
            let place = path.key(name);
            let value = match (record.field(name), &record.rest) {
                (Some(field), _) => {
                    let shape = field.node.shape();
                    let absent = is_parameters && json.is_null() && !field.required;
                    if absent && matches!(shape, Shape::Optional(_)) {
                        continue;
                    }
                    self.shape(&shape, json, &place)
                }
                (None, Some(rest)) => self.node(rest, json, &place),
                (None, None) => self.problem(&place, format_args!("unknown field{}", Known(record))),
            };
            entries.push((Value::from(name.as_str()), value));
        }
        for field in record.fields.iter().filter(|field| field.required && !given.contains_key(field.name)) {
            self.problem(&path.key(field.name), format_args!("missing, expected {}", field.node.shape()));
        }
        Value::Map(entries)
    }
}

/// The whole number that JSON's number is, if it is one and exactly known.
fn whole_number(json: &Json) -> Option<Integer> {
    if let Some(number) = json.as_u64() {
        return Some(number.into());
    }
    if let Some(number) = json.as_i64() {
        return Some(number.into());
    }
    // JSON has one kind of number: 3.0 is 3. Beyond 2⁵³ the text may have been another number.
    let number = json.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < EXACT_MAX)?;
    Some(Integer::from(number as i64))
}

/// The whole number of a decimal text.
fn decimal(text: &str) -> Option<i128> {
    text.strip_prefix('-')
        .unwrap_or(text)
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

/// The number of a key that is one, written in the only way: two keys must not be the same number.
fn number_key(name: &str, key: Key) -> Option<Integer> {
    let number = decimal(name).filter(|number| number.to_string() == name)?;
    (key == Key::Integer || number >= 0).then(|| Integer::try_from(number).ok())?
}

/// The float that JSON has no number for.
fn non_finite(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// What was found, briefly.
struct Found<'a>(&'a Json);

impl std::fmt::Display for Found<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Number(number) => write!(f, "{number}"),
            Json::String(text) => write!(f, "the text {}", quoted(text)),
            Json::Array(items) => write!(f, "a list of {}", Count(items.len() as u64, "item")),
            Json::Object(fields) if fields.len() == 1 => {
                write!(f, "an object with {}", quoted(fields.keys().next().map_or("", String::as_str)))
            }
            Json::Object(fields) => write!(f, "an object of {}", Count(fields.len() as u64, "field")),
        }
    }
}

/// The names that a record knows, for one that it does not.
struct Known<'r, 's>(&'r Record<'s>);

impl std::fmt::Display for Known<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fields = &self.0.fields;
        for (at, field) in fields.iter().take(8).enumerate() {
            write!(f, "{}{}", if at == 0 { ", expected one of " } else { ", " }, Name(field.name))?;
        }
        f.write_str(match fields.len() {
            0 => ", expected none",
            1..=8 => "",
            _ => ", …",
        })
    }
}
