//! What a call came back with, in the form in which it is shown.

use std::sync::Arc;

use countersign::cbor::{self, DecodeError, Value};
use countersign::{Metadata, MetadataValue, Times};

use super::find::Ground;
use super::tree::{Kind, Tree};
use super::view::Lens;
use crate::lens::difference::Changes;
use crate::lens::hex;
use crate::lens::notation::{self, Listing};
use crate::lens::outline::{Item, Outline};
use crate::text;

/// The most metadata that is shown of a reply: a server may send thousands of keys.
const METADATA_SHOWN: usize = 200;
/// The longest value of metadata that is shown.
const METADATA_LEN: usize = 1000;

/// What came beside the end of a call, be that a result or not.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Where the server's time went, if it says so.
    pub(crate) times: Option<Times>,
    /// Keys and values, fit to show:
    /// what the server sent ahead,
    pub(crate) response: Vec<(String, String)>,
    /// and what it sent with the end.
    pub(crate) trailing: Vec<(String, String)>,
}

impl Beside {
    /// What came ahead of an end, and with it.
    pub(crate) fn new(times: Option<Times>, response: &Metadata, trailing: &Metadata) -> Self {
        Self { times, response: entries(response), trailing: entries(trailing) }
    }
}

fn entries(metadata: &Metadata) -> Vec<(String, String)> {
    let shown = |(key, value): (&str, &MetadataValue)| {
        let value = match value {
            MetadataValue::Text(words) => text::line(words, METADATA_LEN),
            MetadataValue::Bytes(bytes) => {
                let start = &bytes[..bytes.len().min(METADATA_LEN / 2)];
                let more = if start.len() < bytes.len() { "…" } else { "" };
                format!("h'{}{more}'", hex::all(start))
            }
        };
        (key.to_owned(), value)
    };
    metadata.iter().take(METADATA_SHOWN).map(shown).collect()
}

/// A call that was not answered.
#[derive(Debug)]
pub(crate) struct Problem {
    /// What went wrong, in the field's word for it.
    pub(crate) kind: ProblemKind,
    /// One sentence, fit to show.
    pub(crate) message: String,
    /// The declared fault, as it is shown.
    pub(crate) fault: Option<Box<Body>>,
    /// What is known about trying again, or empty.
    pub(crate) advice: String,
    /// What came, where it could not be read.
    pub(crate) unread: Option<Arc<[u8]>>,
}

/// Where a problem arose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ProblemKind {
    /// The server ended the call with this code.
    Status(countersign::Code),
    /// Nobody answered in time.
    Deadline,
    /// The connection ended first.
    Lost,
    /// The reply could not be read.
    Undecodable,
    /// The call was given up here, and the server told to end it.
    Cancelled,
    /// The request could not be made of what was typed, at this path.
    NotSent {
        /// The field, such as `order.lines[2].price`; empty for the whole.
        path: String,
    },
}

impl ProblemKind {
    /// The word that heads the reply.
    pub(crate) fn text(&self) -> &'static str {
        match self {
            Self::Status(code) => code.name(),
            Self::Deadline => "No answer in time",
            Self::Lost => "Connection lost",
            Self::Undecodable => "Reply not understood",
            Self::Cancelled => "Cancelled here",
            Self::NotSent { .. } => "Not sent",
        }
    }
}

impl Problem {
    /// A problem without a fault.
    pub(crate) fn new(kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), fault: None, advice: String::new(), unread: None }
    }

    /// All of it in lines, for whoever is asked for help.
    pub(crate) fn text(&self) -> String {
        let mut lines = vec![self.kind.text().to_owned()];
        if !self.message.is_empty() {
            lines[0] += &format!(": {}", self.message);
        }
        if let ProblemKind::NotSent { path } = &self.kind {
            lines.push(path.clone());
        }
        lines.push(self.advice.clone());
        lines.extend(self.fault.as_ref().map(|fault| format!("Fault: {}", fault.diagnostic.text())));
        lines.retain(|line| !line.is_empty());
        lines.join("\n")
    }

    /// Whether the server answered, and so counted the call.
    pub(crate) fn is_of_server(&self) -> bool {
        matches!(self.kind, ProblemKind::Status(_) | ProblemKind::Undecodable)
    }

    /// Whether the call never left this machine.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.kind, ProblemKind::NotSent { .. })
    }
}

/// A value under its lenses. What is the same in all of them is an item of its outline.
#[derive(Debug)]
pub(crate) struct Body {
    /// As it came.
    pub(crate) bytes: Arc<[u8]>,
    /// Where its items are.
    pub(crate) outline: Outline,
    /// The items to unfold.
    pub(crate) tree: Tree,
    /// The value in CBOR diagnostic notation, indented.
    pub(crate) diagnostic: Listing,
    /// What is different from the one before, if there was one.
    pub(crate) compared: Option<Compared>,
    /// The item that is highlighted.
    pub(crate) selected: Option<usize>,
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Earlier {
    /// What it is called, such as `#41`.
    pub(crate) name: String,
    /// As it came.
    pub(crate) bytes: Arc<[u8]>,
}

/// What is different, and from what.
#[derive(Debug)]
pub(crate) struct Compared {
    /// What it was compared with is called so.
    pub(crate) with: String,
    /// What is different.
    pub(crate) changes: Changes,
}

impl Body {
    /// Makes all lenses. Costly for a large value: the worker does it, not the window.
    pub(crate) fn new(bytes: impl Into<Arc<[u8]>>, earlier: Option<&Earlier>) -> Result<Self, DecodeError> {
        let bytes = bytes.into();
        let value = cbor::from_slice::<Value>(&bytes)?;
        let mut outline = Outline::of(&bytes).unwrap_or_default();
        let diagnostic = Listing::of(&value, &mut outline);
        let compared = earlier.and_then(|Earlier { name, bytes }| {
            let before = cbor::from_slice::<Value>(bytes).ok()?;
            let changes = Changes::between(&before, &value, &outline);
            Some(Compared { with: name.clone(), changes })
        });
        let tree = Tree::new(&outline);
        Ok(Self { bytes, outline, tree, diagnostic, compared, selected: None })
    }

    /// What is gone through under a lens when something is looked for in it.
    pub(crate) fn ground(&self, lens: Lens) -> Ground<'_> {
        let in_bytes = lens == Lens::Hex;
        let text = if in_bytes { &self.bytes } else { self.diagnostic.text().as_bytes() };
        let item = move |at| if in_bytes { self.outline.at_byte(at) } else { self.outline.at_text(at) };
        let found_at = move |at| Some(item(at).unwrap_or_default()).filter(|item| *item < self.outline.len());
        Ground { whole: &self.bytes, text, in_bytes, found_at: Box::new(found_at) }
    }

    /// Highlights an item under every lens, or none.
    pub(crate) fn select(&mut self, item: Option<usize>) {
        self.selected = item.filter(|item| *item < self.outline.len());
        if let Some(item) = self.selected {
            self.tree.reveal(&self.outline, item);
        }
    }

    /// Folds or unfolds an item of the tree.
    pub(crate) fn toggle(&mut self, item: usize) {
        self.tree.toggle(&self.outline, item);
    }

    /// An item's value, to copy: text as it is, and everything else in diagnostic notation.
    pub(crate) fn copied(&self, item: usize) -> String {
        let Item { kind, bytes, text, .. } = self.outline.item(item);
        let encoded = &self.bytes[bytes.of_value()];
        match text {
            _ if *kind == Kind::Text => cbor::from_slice::<String>(encoded).unwrap_or_default(),
            // Its lines begin as far in as they do in the whole.
            Some(text) if !self.diagnostic.is_cut() => {
                let depth = self.outline.item(item).depth;
                let margin = format!("\n{:1$}", "", notation::STEP * depth);
                self.diagnostic.text()[text.of_value()].replace(&margin, "\n")
            }
            _ => hex::all(encoded),
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign::cbor::to_vec;

    use super::*;

    fn body(notation: &str) -> Body {
        Body::new(to_vec(&cbor::from_diagnostic(notation).unwrap()).unwrap(), None).unwrap()
    }

    #[test]
    fn what_is_copied_of_an_item_can_be_pasted_elsewhere() {
        let long = format!("[\"{}\", {{\"b\": [\"{}\", 1]}}]", "x".repeat(80), "y".repeat(80));
        let body = body(&format!("{{\"name\": \"say \\\"hi\\\"\", \"a\": {long}}}"));
        assert_eq!(body.copied(1), "say \"hi\"");
        let copied = body.copied(2);
        assert!(copied.starts_with("[\n  \"xxx") && copied.contains("\n    \"b\": ["), "{copied}");
        assert_eq!(cbor::from_diagnostic(&copied).unwrap(), cbor::from_diagnostic(&long).unwrap());
    }

    #[test]
    fn a_reply_is_compared_with_the_one_before_it() {
        let earlier = Earlier { name: "#41".to_owned(), bytes: body("{\"n\": 1}").bytes };
        let now = Body::new(body("{\"n\": 2}").bytes, Some(&earlier)).unwrap();
        let compared = now.compared.unwrap();
        assert_eq!((compared.with.as_str(), compared.changes.count()), ("#41", 1));
    }
}
