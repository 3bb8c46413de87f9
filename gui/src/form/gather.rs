//! From what was typed to JSON, with every mistake on the way.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use countersign::schema::{Content, Node, Record, Shape};
use serde_json::{Map, Value as Json};

use super::input::{content, without_null};
use super::{Arguments, Encoding, Input, Part, Place, Slot, check};

/// Something that was typed and cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// Where.
    pub(crate) path: String,
    /// What is wrong.
    pub(crate) message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

/// The arguments, or every mistake.
pub(super) fn gather(node: &Node<'_>, input: &Input, root: &Place) -> Result<Arguments, Vec<Mistake>> {
    let mut walk = Walk::default();
    let json = walk.value(node, input, root);
    if walk.mistakes.is_empty() { Ok(Arguments { json, files: walk.files }) } else { Err(walk.mistakes) }
}

/// What was typed, with null wherever there is a mistake.
pub(super) fn json_so_far(node: &Node<'_>, input: &Input) -> Json {
    Walk::default().value(node, input, &Place::root(Part::Arguments))
}

/// The JSON of one place, unless there is a mistake in it.
pub(super) fn json_of(node: &Node<'_>, input: &Input) -> Option<Json> {
    let mut walk = Walk::default();
    let json = walk.value(node, input, &Place::root(Part::Arguments));
    walk.mistakes.is_empty().then_some(json)
}

#[derive(Default)]
struct Walk {
    mistakes: Vec<Mistake>,
    files: Vec<(String, PathBuf)>,
}

impl Walk {
    fn value(&mut self, node: &Node<'_>, input: &Input, here: &Place) -> Json {
        let shape = node.shape();
        match (input, &shape) {
            (Input::Fixed, Shape::Null) => Json::Null,
            (Input::Fixed, _) => self.mistake(here, "No value fits here".to_owned()),
            (Input::Flag(flag), _) => Json::Bool(*flag),
            (Input::Line(line), Shape::Integer { min, max }) => {
                self.checked(here, check::integer(&line.text, *min, *max))
            }
            (Input::Line(line), Shape::Float(range)) => self.checked(here, check::float(&line.text, range)),
            (Input::Line(line), Shape::Text(text)) => self.checked(here, check::text(&line.text, text)),
            (Input::Line(line), _) => self.checked(here, check::json(&line.text)),
            (Input::Bytes(bytes), Shape::Bytes { min_len, max_len }) => {
                if bytes.encoding == Encoding::File {
                    self.files.push((here.pointer.clone(), PathBuf::from(bytes.line.text.trim())));
                }
                self.checked(here, check::bytes(bytes, *min_len, *max_len))
            }
            (Input::Choice { chosen, contents }, Shape::Choice(choice)) => {
                let Some(variant) = choice.variants.get(*chosen) else { return Json::Null };
                if let Content::Literal(literal) = &variant.content {
                    return (*literal).clone();
                }
                let Some((node, place)) = content(variant, here) else { return Json::Null };
                let value = match contents.get(chosen) {
                    Some(input) => self.value(&node, input, &place),
                    None => self.value(&node, &Input::new(&node), &place),
                };
                match &variant.content {
                    Content::Tagged(_) => {
                        Json::Object(Map::from_iter([(variant.name.clone().into_owned(), value)]))
                    }
                    _ => value,
                }
            }
            (Input::Optional(slot), Shape::Optional(inner)) => match slot.set {
                true => self.slot(inner, slot, here),
                false => Json::Null,
            },
            (Input::Items(items), Shape::List(list)) => {
                self.count(here, items.len(), list.min, list.max);
                let item = |(i, item)| self.value(&list.item, item, &here.item(i));
                let items: Vec<Json> = items.iter().enumerate().map(item).collect();
                if list.unique && has_twins(&items) {
                    self.mistake(here, "No two may be equal".to_owned());
                }
                items.into()
            }
            (Input::Items(items), Shape::Tuple(nodes)) => {
                let items = items.iter().zip(nodes).enumerate();
                items.map(|(i, (item, node))| self.value(node, item, &here.item(i))).collect()
            }
            (Input::Entries(entries), Shape::Map(map)) => {
                self.count(here, entries.len(), map.min, map.max);
                let mut object = Map::new();
                for (key, value) in entries {
                    let place = here.field(&key.text);
                    if let Err(wrong) = check::key(&key.text, map.key) {
                        self.mistake(&place, wrong);
                    }
                    let value = self.value(&map.value, value, &place);
                    if object.insert(key.text.clone(), value).is_some() {
                        self.mistake(&place, "This key is there twice".to_owned());
                    }
                }
                Json::Object(object)
            }
            (Input::Fields(slots), Shape::Record(record)) => self.record(record, slots, here),
            (Input::Bytes(_) | Input::Choice { .. } | Input::Optional(_), _)
            | (Input::Items(_) | Input::Entries(_) | Input::Fields(_), _) => {
                self.mistake(here, "The form does not fit the schema; reset it".to_owned())
            }
        }
    }

    fn record(&mut self, record: &Record<'_>, slots: &[Slot], here: &Place) -> Json {
        let mut object = Map::new();
        for (field, slot) in record.fields.iter().zip(slots) {
            let place = here.field(field.name);
            let (node, _) = without_null(&field.node);
            if slot.set {
                object.insert(field.name.to_owned(), self.slot(&node, slot, &place));
            } else if field.required {
                object.insert(field.name.to_owned(), Json::Null);
            }
        }
        Json::Object(object)
    }

    fn slot(&mut self, node: &Node<'_>, slot: &Slot, here: &Place) -> Json {
        match &slot.input {
            Some(input) => self.value(node, input, here),
            None => self.value(node, &Input::new(node), here),
        }
    }

    fn count(&mut self, here: &Place, count: usize, min: u64, max: u64) {
        if (count as u64) < min {
            self.mistake(here, format!("At least {min}"));
        } else if count as u64 > max {
            self.mistake(here, format!("At most {max}"));
        }
    }

    fn checked(&mut self, here: &Place, checked: Result<Json, String>) -> Json {
        checked.unwrap_or_else(|wrong| self.mistake(here, wrong))
    }

    fn mistake(&mut self, here: &Place, message: String) -> Json {
        self.mistakes.push(Mistake { path: here.path.clone(), message });
        Json::Null
    }
}

fn has_twins(items: &[Json]) -> bool {
    let mut seen = BTreeSet::new();
    items.iter().any(|item| !seen.insert(item.to_string()))
}
