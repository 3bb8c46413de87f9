//! A small value that fits a schema: a hint of what to write.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{Choice, Content, FloatRange, Format, Json, Key, Map, Node, Record, Shape, Text};
use crate::Schema;

/// Places that are filled in one example.
const STEPS_MAX: u32 = 10_000;
/// Levels of one example. Types that contain themselves end by their references, long before.
const DEPTH_MAX: usize = 64;
/// Items, characters and bytes that are made up where the schema demands many.
const LEN_MAX: u64 = 4096;

/// A small value that fits: the author's example or default, else the first variant that can be, the least
/// number of items, and nothing that may be absent. `null` where there is no such value or it would be large.
///
/// Patterns are not understood and sets of several items are not told apart, so that a server
/// with such a schema may refuse it.
///
/// ```
/// use countersign::schema::example;
/// let schema: countersign::Schema = serde_json::from_value(serde_json::json!({
///     "type": "object", "required": ["id"],
///     "properties": { "id": { "type": "integer", "minimum": 1 }, "note": { "type": "string" } }
/// }))?;
/// assert_eq!(example(&schema), serde_json::json!({ "id": 1 }));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn example(schema: &Schema) -> Json {
    Walk { within: vec!["#"], steps_left: STEPS_MAX, depth: 0 }.node(&Node::root(schema)).unwrap_or_default()
}

struct Walk<'s> {
    /// The references that led here: a type that contains itself must be ended by another variant.
    within: Vec<&'s str>,
    steps_left: u32,
    depth: usize,
}

impl<'s> Walk<'s> {
    fn node(&mut self, node: &Node<'s>) -> Option<Json> {
        self.steps_left = self.steps_left.checked_sub(1)?;
        if let Some(given) = node.example().or(node.default()) {
            return Some(given.clone());
        }
        let reference = node.reference();
        if self.depth == DEPTH_MAX || reference.is_some_and(|reference| self.within.contains(&reference)) {
            return None;
        }
        self.within.extend(reference);
        self.depth += 1;
        let value = self.shape(&node.shape());
        self.depth -= 1;
        self.within.truncate(self.within.len() - usize::from(reference.is_some()));
        value
    }

    fn shape(&mut self, shape: &Shape<'s>) -> Option<Json> {
        match shape {
            Shape::Null | Shape::Optional(_) | Shape::Any => Some(Json::Null),
            Shape::Bool => Some(Json::Bool(false)),
            Shape::Integer { min, max } => integer(*min, *max),
            Shape::Float(range) => float(range),
            Shape::Text(text) => text_of(text),
            Shape::Bytes { min_len, .. } => Some(BASE64.encode(vec![0; few(*min_len)?]).into()),
            Shape::Choice(choice) => self.choice(choice),
            Shape::List(list) => (0..few(list.min)?).map(|_| self.node(&list.item)).collect(),
            Shape::Tuple(items) => items.iter().map(|item| self.node(item)).collect(),
            Shape::Map(map) => self.map(map),
            Shape::Record(record) => self.record(record),
            Shape::Never => None,
        }
    }

    fn choice(&mut self, choice: &Choice<'s>) -> Option<Json> {
        choice.variants.iter().find_map(|variant| match &variant.content {
            Content::Literal(literal) => Some((*literal).clone()),
            Content::Tagged(node) => Some(object([(variant.name.to_string(), self.node(node)?)])),
            Content::Bare(node) => self.node(node),
        })
    }

    fn map(&mut self, map: &Map<'s>) -> Option<Json> {
        let entries = (0..few(map.min)?).map(|at| {
            let key = match map.key {
                Key::Text => format!("key-{at}"),
                Key::Natural | Key::Integer => at.to_string(),
            };
            Some((key, self.node(&map.value)?))
        });
        Some(object(entries.collect::<Option<Vec<_>>>()?))
    }

    fn record(&mut self, record: &Record<'s>) -> Option<Json> {
        let required = record.fields.iter().filter(|field| field.required);
        let fields = required.map(|field| Some((field.name.to_owned(), self.node(&field.node)?)));
        Some(object(fields.collect::<Option<Vec<_>>>()?))
    }
}

fn object(fields: impl IntoIterator<Item = (String, Json)>) -> Json {
    Json::Object(fields.into_iter().collect())
}

/// A number of things that is small enough to make.
fn few(count: u64) -> Option<usize> {
    usize::try_from(count).ok().filter(|_| count <= LEN_MAX)
}

/// The number nearest to zero.
fn integer(min: i128, max: i128) -> Option<Json> {
    let number = if min > 0 { min } else { max.min(0) };
    (min..=max).contains(&number).then_some(())?;
    i64::try_from(number).map(Json::from).or_else(|_| u64::try_from(number).map(Json::from)).ok()
}

/// Zero, or else a number close to one of the bounds.
fn float(range: &FloatRange) -> Option<Json> {
    let FloatRange { min, max, .. } = *range;
    let candidates = [0.0, min, max, min + 1.0, max - 1.0, min + (max - min) / 2.0];
    candidates.into_iter().find(|number| number.is_finite() && range.contains(*number)).map(Json::from)
}

fn text_of(text: &Text<'_>) -> Option<Json> {
    let written = match text.format {
        Format::Date => "2026-01-31",
        Format::DateTime => "2026-01-31T12:00:00Z",
        Format::Time => "12:00:00",
        Format::LocalDateTime => "2026-01-31T12:00:00",
        Format::Uuid => "00000000-0000-4000-8000-000000000000",
        Format::Ip | Format::Ipv4 => "127.0.0.1",
        Format::Ipv6 => "::1",
        Format::Other("duration") => "PT1S",
        Format::Other("uri" | "url" | "uri-reference") => "https://example.com/",
        Format::Other("email") => "someone@example.com",
        Format::Other("hostname") => "example.com",
        Format::Plain | Format::Other(_) => return Some("a".repeat(few(text.min_len)?).into()),
    };
    (text.min_len..=text.max_len).contains(&(written.len() as u64)).then(|| written.into())
}
