//! What a call came back with, in the form in which it is shown.

use countersign::cbor::{Diagnostic, Value};

use super::tree::Tree;

/// The longest diagnostic notation that is kept, in bytes.
const DIAGNOSTIC_MAX: usize = 16 << 20;

/// A call that was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The result, as it is shown.
    pub(crate) body: Body,
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
        Self { kind, message: message.into(), fault: None, advice: String::new() }
    }

    /// Whether the call never left this machine.
    pub(crate) fn is_local(&self) -> bool {
        matches!(self.kind, ProblemKind::NotSent { .. })
    }
}

/// A value under its two lenses.
#[derive(Debug)]
pub(crate) struct Body {
    /// The value to unfold.
    pub(crate) tree: Tree,
    /// The value in CBOR diagnostic notation, indented.
    pub(crate) diagnostic: Listing,
    /// How many bytes it took on the wire.
    pub(crate) bytes: usize,
}

impl Body {
    /// Makes both lenses. Costly for a large value: the worker does it, not the window.
    pub(crate) fn new(value: &Value, bytes: usize) -> Self {
        let diagnostic = Diagnostic::new(value).indented().limit(DIAGNOSTIC_MAX).to_string();
        Self { tree: Tree::new(value), diagnostic: Listing::new(diagnostic), bytes }
    }
}

/// A long text with its lines found, so that only the visible ones are laid out.
#[derive(Debug)]
pub(crate) struct Listing {
    text: String,
    starts: Vec<usize>,
}

impl Listing {
    fn new(text: String) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// One line, without its break.
    pub(crate) fn line(&self, index: usize) -> &str {
        let end = self.starts.get(index + 1).map_or(self.text.len(), |next| next - 1);
        &self.text[self.starts[index]..end]
    }

    /// The whole text, to copy.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}
