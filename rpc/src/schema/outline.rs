//! A schema as an indented list that a person can read.

use std::collections::HashSet;
use std::fmt;

use super::phrase::Name;
use super::{Choice, Content, Json, Node, Shape};
use crate::Schema;

/// Lines of one outline.
const LINES_MAX: usize = 400;
/// Levels of one outline: what is deeper is not read.
const DEPTH_MAX: usize = 12;
/// Characters of one documentation, and of one default.
const DOCS_MAX: usize = 1000;
const DEFAULT_MAX: usize = 40;

/// What a schema says, one line for each place, the whole first.
///
/// Everything in it may be shown on a terminal: it is escaped and clipped, and it ends. A type is
/// spelled out where it comes first and only named after that.
///
/// ```text
/// record Order: An order of goods.
///   customer*: text of 1 to 12 characters: Who pays.
///   lines*: list of Line, at least 1 item
///     quantity*: integer from 1 to 99
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The lines, in the order of the schema.
    pub lines: Vec<OutlineLine>,
}

/// One place of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineLine {
    /// How many places this one is within: the whole is at 0.
    pub depth: usize,
    /// The name of the field or the variant; empty for the whole and for what has only a position.
    pub name: String,
    /// Whether a field must be there.
    pub required: bool,
    /// What it is, in a few words; empty for a variant that is only its name.
    pub what: String,
    /// The documentation, on one line; empty if there is none.
    pub docs: String,
}

/// Describes a schema for people.
pub fn outline(schema: &Schema) -> Outline {
    let mut writer = Writer { lines: Vec::new(), known: HashSet::from(["#"]) };
    let node = Node::root(schema);
    let line = OutlineLine {
        depth: 0,
        name: String::new(),
        required: false,
        what: what(&node),
        docs: clean(node.docs()),
    };
    writer.place(line, &node);
    Outline { lines: writer.lines }
}

impl fmt::Display for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for OutlineLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{}{}", self.name, if self.required { "*" } else { "" });
        let parts = [name.as_str(), &self.what, self.docs.split("  ").next().unwrap_or_default()];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        write!(f, "{:indent$}{}", "", parts.collect::<Vec<_>>().join(": "), indent = 2 * self.depth)
    }
}

struct Writer<'s> {
    lines: Vec<OutlineLine>,
    /// The types that are spelled out already.
    known: HashSet<&'s str>,
}

impl<'s> Writer<'s> {
    /// A place and what is within it.
    fn place(&mut self, mut line: OutlineLine, node: &Node<'s>) {
        if self.lines.len() >= LINES_MAX {
            return;
        }
        if self.lines.len() == LINES_MAX - 1 {
            self.lines.push(OutlineLine {
                name: "…".into(),
                required: false,
                what: String::new(),
                docs: String::new(),
                ..line
            });
            return;
        }
        let within = contents(node);
        let depth = line.depth + 1;
        let spelled_out = within
            .as_ref()
            .is_some_and(|(node, _)| node.reference().is_some_and(|reference| !self.known.insert(reference)));
        match within {
            Some(_) if spelled_out => {
                line.what.push_str(" (as above)");
                self.lines.push(line);
            }
            Some(_) if depth > DEPTH_MAX => {
                line.what.push_str(" …");
                self.lines.push(line);
            }
            Some((_, shape)) => {
                self.lines.push(line);
                self.below(&shape, depth);
            }
            None => self.lines.push(line),
        }
    }

    fn below(&mut self, shape: &Shape<'s>, depth: usize) {
        match shape {
            Shape::Record(record) => {
                for field in &record.fields {
                    let what = with_default(what(&field.node), field.node.default());
                    let (name, docs) = (Name(field.name).to_string(), clean(field.node.docs()));
                    self.place(
                        OutlineLine { depth, name, required: field.required, what, docs },
                        &field.node,
                    );
                }
            }
            Shape::Choice(choice) => self.variants(choice, depth),
            // The phrase says what they are: only what is within them is missing.
            Shape::Tuple(items) => {
                for item in items {
                    if self.has_news(item) {
                        let (name, docs) = (String::new(), clean(item.docs()));
                        self.place(
                            OutlineLine { depth, name, required: false, what: what(item), docs },
                            item,
                        );
                    }
                }
            }
            _ => {}
        }
    }

    fn has_news(&self, node: &Node<'s>) -> bool {
        contents(node)
            .is_some_and(|(node, _)| node.reference().is_none_or(|known| !self.known.contains(known)))
    }

    fn variants(&mut self, choice: &Choice<'s>, depth: usize) {
        for variant in &choice.variants {
            let (name, docs) = (Name(&variant.name).to_string(), clean(variant.docs));
            let line = OutlineLine { depth, name, required: false, what: String::new(), docs };
            match &variant.content {
                Content::Literal(_) if self.lines.len() < LINES_MAX => self.lines.push(line),
                Content::Literal(_) => {}
                Content::Tagged(node) | Content::Bare(node) => {
                    self.place(OutlineLine { what: what(node), ..line }, node);
                }
            }
        }
    }
}

/// What is spelled out below a place: the record, choice or tuple that it is or that it is full of.
fn contents<'s>(node: &Node<'s>) -> Option<(Node<'s>, Shape<'s>)> {
    let mut node = node.clone();
    // Lists of lists of lists are followed as far as anybody reads.
    for _ in 0..DEPTH_MAX {
        node = match node.shape() {
            Shape::Optional(inner) => inner,
            Shape::List(list) => list.item,
            Shape::Map(map) => map.value,
            Shape::Choice(choice) if is_listed(&choice) => return None,
            Shape::Record(record) if record.fields.is_empty() => return None,
            shape @ (Shape::Record(_) | Shape::Choice(_) | Shape::Tuple(_)) => return Some((node, shape)),
            _ => return None,
        }
    }
    None
}

/// Whether the phrase of a choice says all that there is to say.
fn is_listed(choice: &Choice<'_>) -> bool {
    choice.variants.len() <= 8
        && choice.variants.iter().all(|v| v.docs.is_empty() && matches!(v.content, Content::Literal(_)))
}

/// What a place is, without what is spelled out below it.
fn what(node: &Node<'_>) -> String {
    let shape = node.shape();
    let word = match &shape {
        Shape::Record(_) => "record",
        Shape::Choice(choice) if !is_listed(choice) => "one of",
        _ => return shape.to_string(),
    };
    match node.name() {
        Some(name) if word == "record" => format!("record {}", Name(&name)),
        Some(name) => format!("{}, {word}", Name(&name)),
        None => word.into(),
    }
}

fn with_default(what: String, default: Option<&Json>) -> String {
    match default {
        None | Some(Json::Null) => what,
        Some(default) => {
            let text = default.to_string();
            let end = if text.chars().count() > DEFAULT_MAX { "…" } else { "" };
            let text: String = text.chars().take(DEFAULT_MAX).collect();
            format!("{what}, by default {}{end}", clean(&text))
        }
    }
}

/// A documentation on one line, with what would confuse a terminal escaped. Paragraphs are two spaces apart.
fn clean(docs: &str) -> String {
    let mut cleaned = String::new();
    for c in docs.trim().chars().take(DOCS_MAX) {
        match c {
            '\n' => cleaned.push(' '),
            '"' | '\'' | '\\' | ' '..='~' => cleaned.push(c),
            c if c.escape_debug().len() == 1 => cleaned.push(c),
            c => cleaned.extend(c.escape_unicode()),
        }
    }
    cleaned
}
