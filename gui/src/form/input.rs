//! What was typed, ticked and chosen.

use std::collections::BTreeMap;

use countersign::schema::{Content, Node, Shape, Variant};

use super::Place;

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
    pub(super) fn given(text: String) -> Self {
        Self { text, touched: false }
    }

    /// A line that the user has typed.
    pub(crate) fn typed(text: String) -> Self {
        Self { text, touched: true }
    }
}

impl Input {
    /// Whether bytes here or below come from a file.
    pub(super) fn has_files(&self) -> bool {
        let within = |slot: &Slot| slot.input.as_ref().is_some_and(Self::has_files);
        match self {
            Self::Bytes(bytes) => bytes.encoding == Encoding::File,
            Self::Choice { contents, .. } => contents.values().any(Self::has_files),
            Self::Optional(slot) => within(slot),
            Self::Items(items) => items.iter().any(Self::has_files),
            Self::Entries(entries) => entries.iter().any(|(_, value)| value.has_files()),
            Self::Fields(slots) => slots.iter().any(within),
            Self::Fixed | Self::Flag(_) | Self::Line(_) => false,
        }
    }

    /// The bytes at a place, if there are bytes. The place is a path or a JSON pointer.
    pub(crate) fn bytes_at(&mut self, node: &Node<'_>, here: &Place, path: &str) -> Option<&mut BytesInput> {
        if !path.starts_with(&here.path) && !path.starts_with(&here.pointer) {
            return None;
        }
        match (self, node.shape()) {
            (Self::Bytes(bytes), _) => (here.path == path || here.pointer == path).then_some(bytes),
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
            (Self::Entries(entries), Shape::Map(map)) => {
                entries.iter_mut().enumerate().find_map(|(index, (key, value))| {
                    // In the window an entry goes by its index, since its key is being typed.
                    let by_key = Place { path: here.item(index).path, ..here.field(&key.text) };
                    value.bytes_at(&map.value, &by_key, path)
                })
            }
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
