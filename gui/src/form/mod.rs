//! A form for the arguments of a procedure, made from their schema. Knows nothing of how it is drawn.
//!
//! What was typed is kept as it was typed: an [`Input`] is text, ticks and choices, and what belongs there is
//! asked of the schema whenever it matters. So nothing typed is lost because it is not valid yet, and a
//! schema that refers to itself is walked only as far as the user goes.

mod carry;
pub(crate) mod check;
mod fill;
mod gather;
mod input;
mod place;
#[cfg(test)]
mod tests;
mod value;

use std::path::PathBuf;

use countersign::Schema;
use countersign::schema::{self, Node};

pub(crate) use self::carry::Dropped;
pub(crate) use self::gather::Mistake;
use self::gather::{gather, json_so_far};
pub(crate) use self::input::{BytesInput, Encoding, Input, Line, Slot, content, without_null};
pub(crate) use self::place::Place;
pub(crate) use self::value::Misfit;

/// What was typed, as JSON, and the files whose bytes belong in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arguments {
    /// The map of parameters.
    pub(crate) json: serde_json::Value,
    /// Where in it (as a JSON pointer) the bytes of which file go.
    pub(crate) files: Vec<(String, PathBuf)>,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content {
    /// What was typed into a form: the schema turns it into what travels.
    Typed(Arguments),
    /// What travels.
    Encoded(Vec<u8>),
}

/// Which of the forms of a procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// That of its arguments.
    Arguments,
    /// That of an item to send.
    Item,
}

/// A form that is being filled in.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    schema: Schema,
    part: Part,
    root: Input,
    edited: bool,
}

impl Form {
    /// A form with the schema's defaults.
    pub(crate) fn new(part: Part, schema: &Schema) -> Self {
        let schema = schema.clone();
        let root = Input::new(&Node::root(&schema));
        Self { schema, part, root, edited: false }
    }

    /// Fills the form with a small example that fits.
    pub(crate) fn fill_example(&mut self) {
        let example = schema::example(&self.schema);
        self.root = Input::of(&Node::root(&self.schema), &example);
        self.edited = true;
    }

    /// Fills the form with what of a value has a place in it; with nothing of one that is too large for a form.
    pub(crate) fn fill_what_fits(&mut self, json: &serde_json::Value) {
        if !value::is_small(json) {
            return;
        }
        self.root = self.root.refilled(&Node::root(&self.schema), json);
        self.edited = true;
    }

    /// The schema that the form was made from.
    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Whether bytes somewhere in it come from a file.
    pub(crate) fn has_files(&self) -> bool {
        self.root.has_files()
    }

    /// Whether anything was typed.
    pub(crate) fn is_edited(&self) -> bool {
        self.edited
    }

    /// Which form of its procedure this is.
    pub(crate) fn part(&self) -> Part {
        self.part
    }

    /// The outermost place and what was typed there, to draw. Whoever changes that notes it.
    pub(crate) fn parts(&mut self) -> (Node<'_>, &mut Input) {
        (Node::root(&self.schema), &mut self.root)
    }

    /// Something was typed.
    pub(crate) fn note_edit(&mut self) {
        self.edited = true;
    }

    /// The request, or everything that is wrong with what was typed.
    pub(crate) fn arguments(&self) -> Result<Arguments, Vec<Mistake>> {
        gather(&Node::root(&self.schema), &self.root, &Place::root(self.part))
    }

    /// The bytes at this place come from a file.
    pub(crate) fn choose_file(&mut self, path: &str, chosen: String) {
        if let Some(bytes) = self.root.bytes_at(&Node::root(&self.schema), &Place::root(self.part), path) {
            *bytes = BytesInput { encoding: Encoding::File, line: Line::typed(chosen) };
            self.edited = true;
        }
    }
}
