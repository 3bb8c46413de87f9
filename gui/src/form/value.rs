//! The form and the value: one is filled from the other, and gives it back.

use std::collections::BTreeMap;

use countersign::Schema;
use countersign::cbor::Value;
use countersign::schema::{self, Node, Path};
use serde_json::Value as Json;

use super::{Form, Mistake, json_so_far};

/// Why a value cannot be looked at in the form: in it, it would be another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit(pub(crate) String);

impl Form {
    /// The value that was typed, or everything that is wrong with it. Zeros stand for what comes from a file.
    pub(crate) fn value(&self) -> Result<Value, Vec<Mistake>> {
        schema::to_cbor(&self.schema, &self.arguments()?.json).map_err(|error| {
            let mistake = |problem: &schema::Problem| Mistake {
                path: problem.path.clone(),
                message: problem.message.clone(),
            };
            error.problems().iter().map(mistake).collect()
        })
    }

    /// The value as far as it was typed, with null wherever there is a mistake.
    pub(crate) fn value_so_far(&self) -> Value {
        let json = json_so_far(&Node::root(&self.schema), &self.root);
        // Without a schema, JSON says what it is by itself.
        let fits = schema::to_cbor(&self.schema, &json);
        fits.or_else(|_| schema::to_cbor(&Schema::default(), &json)).unwrap_or(Value::Null)
    }

    /// Fills the form from a value, if it then says this very value. What was typed stays wherever it says
    /// the same, and so does what is not sent just now. Of a value that does not fit, the form takes nothing.
    pub(crate) fn fill(&mut self, value: &Value) -> Result<(), Misfit> {
        let json = schema::to_json(&self.schema, value);
        if !is_small(&json) {
            return Err(Misfit("it is larger than a form can show".to_owned()));
        }
        schema::to_cbor(&self.schema, &json).map_err(|error| Misfit(error.to_string()))?;
        let root = self.root.refilled(&Node::root(&self.schema), &json);
        let filled = Self { schema: self.schema.clone(), part: self.part, root, edited: true };
        let said = filled
            .value()
            .map_err(|mistakes| Misfit(mistakes.first().map(Mistake::to_string).unwrap_or_default()))?;
        match difference(value, &said, &Path::Root) {
            None => {
                *self = filled;
                Ok(())
            }
            Some(path) if path.is_empty() => Err(Misfit("a form cannot hold this as it is".to_owned())),
            Some(path) => Err(Misfit(format!("{path}: a form cannot hold this as it is"))),
        }
    }
}

/// The most that a form is filled with: so many places, and letters in them. More is not for fields, and slow in them.
const FORM_MAX: usize = 64 << 10;

/// Whether a form can be filled with all of this within a frame.
pub(super) fn is_small(json: &Json) -> bool {
    let (mut waiting, mut size) = (vec![json], 0);
    while let Some(place) = waiting.pop() {
        size += 1;
        match place {
            Json::String(text) => size += text.len(),
            Json::Array(items) => waiting.extend(items.iter().take(FORM_MAX)),
            Json::Object(entries) => {
                size += entries.keys().map(String::len).sum::<usize>();
                waiting.extend(entries.values());
            }
            _ => {}
        }
        if FORM_MAX < size + waiting.len() {
            return false;
        }
    }
    true
}

/// Where two values first differ for whoever decodes them by their schema: an integer stands for a float, and
/// what is null may be left out.
fn difference(one: &Value, other: &Value, path: &Path<'_>) -> Option<String> {
    let is_same = match (one, other) {
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut pairs = one.iter().zip(other).enumerate();
            return pairs.find_map(|(at, (one, other))| difference(one, other, &path.index(at)));
        }
        (Value::Map(one), Value::Map(other)) => {
            let (one, other) = (by_key(one), by_key(other));
            return one.keys().chain(other.keys()).find_map(|key| {
                let place = match key {
                    Key::Text(name) => path.key(name),
                    Key::Number(number) => path.number(*number),
                };
                match (one.get(key), other.get(key)) {
                    (Some(one), Some(other)) => difference(one, other, &place),
                    (one, other) => one.or(other).filter(|v| **v != &Value::Null).map(|_| place.to_string()),
                }
            });
        }
        (Value::Float(one), Value::Float(other)) => {
            // Where single precision is declared, the nearest is what arrives.
            one == other || one.is_nan() && other.is_nan() || f64::from(*one as f32) == *other
        }
        (Value::Integer(_), Value::Float(_)) => one.as_float() == other.as_float(),
        _ => one == other,
    };
    (!is_same).then(|| path.to_string())
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key<'v> {
    Text(&'v str),
    Number(i128),
}

fn by_key(entries: &[(Value, Value)]) -> BTreeMap<Key<'_>, &Value> {
    let named = |key: &'_ Value| key.as_integer().map(|number| Key::Number(number.into()));
    let text = |key| Key::Text(Value::as_text(key).unwrap_or_default());
    entries.iter().map(|(key, value)| (named(key).unwrap_or_else(|| text(key)), value)).collect()
}
