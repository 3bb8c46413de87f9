//! From the form of one schema to that of the next: what was typed stays where it still has a place.

use std::collections::BTreeMap;

use countersign::Schema;
use countersign::schema::{Choice, Field, Node, Record, Shape};

use super::gather::json_of;
use super::input::{content, without_null};
use super::{Encoding, Form, Input, Line, Place, Slot};

/// Something that was typed and has no place in the schema of now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dropped {
    /// Where it was.
    pub(crate) path: String,
    /// As it was typed.
    pub(crate) text: String,
}

impl Form {
    /// The form of another schema with everything that was typed here and has a place there, and what has
    /// none.
    pub(crate) fn carried(&self, schema: &Schema) -> (Self, Vec<Dropped>) {
        let (from, to) = (Node::root(&self.schema), Node::root(schema));
        let mut carrier = Carrier::default();
        let root = carrier.input(&from, &self.root, &to, &Place::root(self.part));
        (Self { schema: schema.clone(), part: self.part, root, edited: self.edited }, carrier.dropped)
    }

    /// What was typed, each with its place.
    pub(crate) fn texts(&self) -> Vec<Dropped> {
        let mut carrier = Carrier::default();
        carrier.drop_all(&Node::root(&self.schema), &self.root, &Place::root(self.part));
        carrier.dropped
    }
}

#[derive(Default)]
struct Carrier {
    dropped: Vec<Dropped>,
}

impl Carrier {
    fn input(&mut self, from: &Node<'_>, typed: &Input, to: &Node<'_>, here: &Place) -> Input {
        match (from.shape(), typed, to.shape()) {
            // What must be there on one side and may be null on the other is the same value.
            (Shape::Optional(from), Input::Optional(slot), Shape::Optional(to)) => {
                Input::Optional(Box::new(self.slot(&from, slot, &to, here)))
            }
            (Shape::Optional(from), Input::Optional(slot), _) => match &slot.input {
                Some(typed) => self.input(&from, typed, to, here),
                None => Input::new(to),
            },
            (_, typed, Shape::Optional(inner)) => {
                let input = self.input(from, typed, &inner, here);
                Input::Optional(Box::new(Slot { set: true, input: Some(input) }))
            }
            (Shape::Record(from), Input::Fields(slots), Shape::Record(to)) => {
                self.record(&from, slots, &to, here)
            }
            (Shape::Choice(from), Input::Choice { chosen, contents }, Shape::Choice(to)) => {
                self.choice(&from, *chosen, contents, &to, here)
            }
            (Shape::List(from), Input::Items(items), Shape::List(to)) => {
                let each = items.iter().enumerate();
                let item = |(i, item)| self.input(&from.item, item, &to.item, &here.item(i));
                Input::Items(each.map(item).collect())
            }
            (Shape::Tuple(from), Input::Items(items), Shape::Tuple(to)) => {
                let typed: Vec<_> = from.iter().zip(items).collect();
                for (i, &(node, item)) in typed.iter().enumerate().skip(to.len()) {
                    self.drop_all(node, item, &here.item(i));
                }
                let item = |(i, to): (usize, &Node<'_>)| match typed.get(i) {
                    Some(&(from, item)) => self.input(from, item, to, &here.item(i)),
                    None => Input::new(to),
                };
                Input::Items(to.iter().enumerate().map(item).collect())
            }
            (Shape::Map(from), Input::Entries(entries), Shape::Map(to)) => {
                let entry = |(key, value): &(Line, Input)| {
                    (key.clone(), self.input(&from.value, value, &to.value, &here.field(&key.text)))
                };
                Input::Entries(entries.iter().map(entry).collect())
            }
            (from_shape, typed, to_shape) if is_same_kind(&from_shape, typed, &to_shape) => typed.clone(),
            (_, typed, _) => self.value(from, typed, to, here),
        }
    }

    /// What is of another kind stays if it says the same there; a text that is no number yet does as well.
    fn value(&mut self, from: &Node<'_>, typed: &Input, to: &Node<'_>, here: &Place) -> Input {
        if let Some(value) = json_of(from, typed) {
            let input = Input::of(to, &value);
            if json_of(to, &input).is_some_and(|said| said == value) {
                return input;
            }
        }
        match (typed, to.shape()) {
            (Input::Line(line), Shape::Integer { .. } | Shape::Float(_) | Shape::Text(_)) => {
                Input::Line(line.clone())
            }
            _ => {
                self.drop_all(from, typed, here);
                Input::new(to)
            }
        }
    }

    fn slot(&mut self, from: &Node<'_>, slot: &Slot, to: &Node<'_>, here: &Place) -> Slot {
        let input = slot.input.as_ref().map(|typed| self.input(from, typed, to, here));
        Slot { set: slot.set, input }
    }

    fn record(&mut self, from: &Record<'_>, slots: &[Slot], to: &Record<'_>, here: &Place) -> Input {
        let typed: Vec<(&Field<'_>, &Slot)> = from.fields.iter().zip(slots).collect();
        for (field, slot) in &typed {
            if to.field(field.name).is_none()
                && let Some(input) = &slot.input
            {
                self.drop_all(&without_null(&field.node).0, input, &here.field(field.name));
            }
        }
        let slot = |field: &Field<'_>| {
            let (node, nullable) = without_null(&field.node);
            let is_needed = field.required && !nullable;
            let (from, slot) = match typed.iter().find(|(old, _)| old.name == field.name) {
                Some((old, slot)) => (without_null(&old.node).0, *slot),
                None => return Slot { set: is_needed, input: is_needed.then(|| Input::new(&node)) },
            };
            let Slot { set, input } = self.slot(&from, slot, &node, &here.field(field.name));
            let set = set || is_needed;
            Slot { set, input: input.or_else(|| set.then(|| Input::new(&node))) }
        };
        Input::Fields(to.fields.iter().map(slot).collect())
    }

    fn choice(
        &mut self,
        from: &Choice<'_>,
        chosen: usize,
        contents: &BTreeMap<usize, Input>,
        to: &Choice<'_>,
        here: &Place,
    ) -> Input {
        let now = |index: usize| {
            let name = &from.variants.get(index)?.name;
            to.variants.iter().position(|variant| variant.name == *name)
        };
        let mut carried = BTreeMap::new();
        for (index, typed) in contents {
            let Some((node, place)) = from.variants.get(*index).and_then(|variant| content(variant, here))
            else {
                continue;
            };
            let there = now(*index).and_then(|at| Some((at, content(to.variants.get(at)?, here)?.0)));
            match there {
                Some((at, to)) => drop(carried.insert(at, self.input(&node, typed, &to, &place))),
                None => self.drop_all(&node, typed, &place),
            }
        }
        if now(chosen).is_none()
            && !contents.contains_key(&chosen)
            && let Some(variant) = from.variants.get(chosen)
        {
            self.note(here, &variant.name);
        }
        Input::Choice { chosen: now(chosen).unwrap_or(0), contents: carried }
    }

    /// Notes everything that was typed here and below.
    fn drop_all(&mut self, node: &Node<'_>, typed: &Input, here: &Place) {
        match (typed, node.shape()) {
            (Input::Line(line), _) => self.note(here, &line.text),
            (Input::Bytes(bytes), _) => match bytes.encoding {
                Encoding::Text => self.note(here, &bytes.line.text),
                _ if bytes.line.text.is_empty() => {}
                encoding => self.note(here, &format!("{} {}", encoding.text(), bytes.line.text)),
            },
            (Input::Flag(true), _) => self.note(here, "true"),
            (Input::Choice { contents, .. }, Shape::Choice(choice)) => {
                for (index, typed) in contents {
                    let inner = choice.variants.get(*index).and_then(|variant| content(variant, here));
                    if let Some((node, place)) = inner {
                        self.drop_all(&node, typed, &place);
                    }
                }
            }
            (Input::Optional(slot), Shape::Optional(inner)) => {
                slot.input.iter().for_each(|typed| self.drop_all(&inner, typed, here));
            }
            (Input::Items(items), Shape::List(list)) => {
                let each = items.iter().enumerate();
                each.for_each(|(i, typed)| self.drop_all(&list.item, typed, &here.item(i)));
            }
            (Input::Items(items), Shape::Tuple(nodes)) => {
                let each = items.iter().zip(&nodes).enumerate();
                each.for_each(|(i, (typed, node))| self.drop_all(node, typed, &here.item(i)));
            }
            (Input::Entries(entries), Shape::Map(map)) => {
                for (key, typed) in entries {
                    self.drop_all(&map.value, typed, &here.field(&key.text));
                }
            }
            (Input::Fields(slots), Shape::Record(record)) => {
                for (slot, field) in slots.iter().zip(&record.fields) {
                    let (node, _) = without_null(&field.node);
                    slot.input.iter().for_each(|typed| self.drop_all(&node, typed, &here.field(field.name)));
                }
            }
            _ => {}
        }
    }

    fn note(&mut self, here: &Place, text: &str) {
        if !text.is_empty() {
            self.dropped.push(Dropped { path: here.path.clone(), text: text.to_owned() });
        }
    }
}

/// Whether what was typed in one shape reads the same in the other.
fn is_same_kind(from: &Shape<'_>, typed: &Input, to: &Shape<'_>) -> bool {
    match (typed, from, to) {
        (Input::Fixed, Shape::Null, Shape::Null) | (Input::Flag(_), Shape::Bool, Shape::Bool) => true,
        (Input::Bytes(_), Shape::Bytes { .. }, Shape::Bytes { .. }) => true,
        (Input::Line(_), from, to) => std::mem::discriminant(from) == std::mem::discriminant(to),
        _ => false,
    }
}
