//! Which variant of a choice a JSON value is.

use super::phrase::Name;
use super::to_cbor::Walk;
use super::{Choice, Content, Json, Node, Path, Record, Shape, Variant};
use crate::cbor::{Value, quoted};

impl Walk {
    /// The item of the variant that fits. Where several might, the first that does, as in serde.
    pub(super) fn choice(&mut self, choice: &Choice<'_>, json: &Json, path: &Path<'_>) -> Value {
        for variant in &choice.variants {
            match (&variant.content, json) {
                (Content::Literal(literal), json) if *literal == json => return self.natural(json, path),
                (Content::Tagged(node), Json::Object(object)) if object.len() == 1 => {
                    if let Some(content) = object.get(&*variant.name) {
                        let content = self.node(node, content, &path.key(&variant.name));
                        return Value::Map(vec![(Value::from(&*variant.name), content)]);
                    }
                }
                _ => {}
            }
        }
        self.bare(choice, json, path)
    }

    /// The item of a variant without a mark around it.
    fn bare(&mut self, choice: &Choice<'_>, json: &Json, path: &Path<'_>) -> Value {
        let bare = || choice.variants.iter().filter_map(bare_node);
        let suitable: Vec<_> = bare().filter(|node| suits(&node.shape(), json)).collect();
        match suitable.as_slice() {
            [only] => self.node(only, json, path),
            // Decimal text for an integer is only taken where no variant wants a text.
            [] => {
                self.first_fitting(bare(), json, path).unwrap_or_else(|| self.no_variant(choice, json, path))
            }
            several => self
                .first_fitting(several.iter().copied(), json, path)
                .unwrap_or_else(|| self.mismatch(choice, json, path)),
        }
    }

    fn first_fitting<'n, 's: 'n>(
        &mut self,
        mut nodes: impl Iterator<Item = &'n Node<'s>>,
        json: &Json,
        path: &Path<'_>,
    ) -> Option<Value> {
        let problems = self.problems.count();
        nodes.find_map(|node| {
            let value = self.node(node, json, path);
            let fits = self.problems.count() == problems;
            self.problems.forget_after(problems);
            fits.then_some(value)
        })
    }

    /// Says that no variant fits, at the tag if the variants have one among their fields.
    fn no_variant(&mut self, choice: &Choice<'_>, json: &Json, path: &Path<'_>) -> Value {
        let tag = choice.variants.iter().filter_map(bare_node).find_map(|node| match node.shape() {
            Shape::Record(record) => tags(&record).map(|(name, _)| name).next(),
            _ => None,
        });
        match (tag, json) {
            (Some(tag), Json::Object(object)) => match object.get(tag) {
                Some(found) => self.mismatch(choice, found, &path.key(tag)),
                None => self.problem(&path.key(tag), format_args!("missing, expected {choice}")),
            },
            _ => match written_otherwise(choice, json) {
                Some(hint) => self.problem(path, hint),
                None => self.mismatch(choice, json, path),
            },
        }
    }
}

/// How to write the variant that is meant, where its name is right and the rest is not.
fn written_otherwise(choice: &Choice<'_>, json: &Json) -> Option<String> {
    let is = |name: &str, kind: fn(&Content<'_>) -> bool| {
        choice.variants.iter().any(|variant| variant.name == name && kind(&variant.content))
    };
    match json {
        Json::String(name) if is(name, |content| matches!(content, Content::Tagged(_))) => {
            Some(format!("{} comes with its content, as in {{{}: …}}", Name(name), quoted(name)))
        }
        Json::Object(object) => {
            let (name, _) = object.iter().next().filter(|_| object.len() == 1)?;
            let literal = is(name, |content| matches!(content, Content::Literal(_)));
            literal.then(|| format!("{} is written by itself, as text", Name(name)))
        }
        _ => None,
    }
}

fn bare_node<'v, 's>(variant: &'v Variant<'s>) -> Option<&'v Node<'s>> {
    match &variant.content {
        Content::Bare(node) => Some(node),
        Content::Literal(_) | Content::Tagged(_) => None,
    }
}

/// The fields of a record that can only be one value: serde's internal and adjacent tags.
pub(super) fn tags<'s>(record: &Record<'s>) -> impl Iterator<Item = (&'s str, &'s Json)> {
    record.fields.iter().filter(|field| field.required).filter_map(|field| match field.node.shape() {
        Shape::Choice(choice) => match choice.variants.as_slice() {
            [Variant { content: Content::Literal(only), .. }] => Some((field.name, *only)),
            _ => None,
        },
        _ => None,
    })
}

/// Whether a value is of the kind that a shape wants: one look, not a check.
fn suits(shape: &Shape<'_>, json: &Json) -> bool {
    match shape {
        Shape::Null => json.is_null(),
        Shape::Bool => json.is_boolean(),
        Shape::Integer { .. } => {
            json.is_i64() || json.is_u64() || json.as_f64().is_some_and(|n| n.fract() == 0.0)
        }
        Shape::Float(_) => json.is_number(),
        Shape::Text(_) | Shape::Bytes { .. } => json.is_string(),
        Shape::List(_) | Shape::Tuple(_) => json.is_array(),
        Shape::Map(_) => json.is_object(),
        Shape::Record(record) => json
            .as_object()
            .is_some_and(|object| tags(record).all(|(name, only)| object.get(name) == Some(only))),
        // It is looked into when it is tried.
        Shape::Optional(_) | Shape::Choice(_) | Shape::Any => true,
        Shape::Never => false,
    }
}
