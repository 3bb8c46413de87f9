//! A call as it is remembered: whom it was asked of and when, what was asked, and how it ended.
//!
//! It is written to disk as it is here, one call a line. Whoever adds a field raises [`VERSION`]: older dashboards
//! then leave such lines alone rather than write them anew without it.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::MetadataValue;
use countersign::cbor::{self, Diagnostic, Value};
use countersign::service::CallKind;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::redact::is_secret;

/// The version of what is written.
pub(crate) const VERSION: u32 = 1;

/// The longest value that is kept, in bytes of diagnostic notation: what people read, not what machines exchange.
const VALUE_MAX: usize = 64 << 10;
/// The most that the items of one call may take together.
const ITEMS_MAX: usize = 64 << 10;
/// The longest message of a failed call that is kept.
const MESSAGE_MAX: usize = 2000;
/// The most metadata that is kept, in keys: far more than anybody types.
const METADATA_MAX: usize = 1000;
/// The longest of the other texts of a call: of its names, and of all its metadata together.
const TEXT_MAX: usize = 128 << 10;

/// What a call is pinned and forgotten by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct EntryId(pub(crate) String);

/// A call that was made here and has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Which one.
    pub(crate) id: EntryId,
    /// When it was made.
    pub(crate) at: Timestamp,
    /// Whom it was asked of.
    pub(crate) server: Server,
    /// What was asked.
    pub(crate) request: Request,
    /// How it ended.
    pub(crate) end: End,
    /// Whether it stays however many come after it.
    #[serde(default)]
    pub(crate) pinned: bool,
    /// Whether it is on disk.
    #[serde(skip)]
    pub(crate) on_disk: bool,
}

/// A server, and who we were there: folders and names, no key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Server {
    /// `host:port`.
    pub(crate) address: String,
    /// The identity folder, from the root on: commands may be run from anywhere.
    pub(crate) identity: String,
    /// The SPIFFE ID that was expected of it, if any was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<String>,
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Request {
    /// `package.Service/method`.
    pub(crate) procedure: String,
    /// Which sides send items.
    pub(crate) kind: CallKind,
    /// The arguments.
    pub(crate) arguments: Kept,
    /// The first of the items that were sent.
    #[serde(default, skip_serializing_if = "Items::is_empty")]
    pub(crate) items: Items,
    /// How long the call could take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deadline_us: Option<u64>,
    /// What was sent beside the arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) metadata: Vec<(String, Said)>,
}

/// A value in diagnostic notation, or how many bytes it had if that was too long to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Kept {
    /// The notation.
    Whole(String),
    /// The bytes on the wire.
    TooLong(usize),
}

/// The value of a key of metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Said {
    /// Text.
    Text(String),
    /// Bytes, as base64.
    Bytes(String),
    /// A secret, by its looks: it is not kept.
    Withheld,
}

/// Items that were sent over a call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Items {
    /// The first ones, in diagnostic notation.
    pub(crate) first: Vec<String>,
    /// How many more there were.
    pub(crate) more: u64,
    #[serde(skip)]
    bytes: usize,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct End {
    /// From the button to the verdict.
    pub(crate) took_us: u64,
    /// How many items came.
    #[serde(default)]
    pub(crate) received: u64,
    /// With what it ended.
    pub(crate) verdict: Verdict,
}

/// With what a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// A result.
    Answered(Kept),
    /// A failure.
    Failed {
        /// The word that headed it, such as `NOT_FOUND` or `No answer in time`.
        word: String,
        /// What was said.
        message: String,
        /// The declared fault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<Kept>,
    },
}

impl Entry {
    /// Whether it is no larger than what is kept. What is larger was not written here.
    pub(crate) fn is_bounded(&self) -> bool {
        let Self { id, server, request, end, .. } = self;
        let names = [&id.0, &server.address, &server.identity, &request.procedure];
        let metadata: usize = request.metadata.iter().map(|(key, said)| key.len() + said.len()).sum();
        let items: usize = request.items.first.iter().map(String::len).sum();
        let is_ended = match &end.verdict {
            Verdict::Answered(result) => result.is_bounded(),
            Verdict::Failed { word, message, fault } => {
                // A character takes four bytes at most.
                word.len().max(message.len()) <= 4 * MESSAGE_MAX
                    && fault.as_ref().is_none_or(Kept::is_bounded)
            }
        };
        names.into_iter().chain(&server.expected).all(|name| name.len() <= TEXT_MAX)
            && request.metadata.len() <= METADATA_MAX
            && metadata <= TEXT_MAX
            && items <= ITEMS_MAX
            && request.arguments.is_bounded()
            && is_ended
    }
}

impl Kept {
    /// Of a value that takes so many bytes on the wire.
    pub(crate) fn of(value: &Value, bytes: usize) -> Self {
        let notation = Diagnostic::new(value).limit(VALUE_MAX + 1).to_string();
        if notation.len() <= VALUE_MAX { Self::Whole(notation) } else { Self::TooLong(bytes) }
    }

    /// Of a value as it travels; bytes that are none are as good as too long.
    pub(crate) fn encoded(bytes: &[u8]) -> Self {
        // Notation has a character for each byte at least.
        let value = (bytes.len() <= VALUE_MAX).then(|| cbor::from_slice::<Value>(bytes).ok()).flatten();
        value.map_or(Self::TooLong(bytes.len()), |value| Self::of(&value, bytes.len()))
    }

    fn is_bounded(&self) -> bool {
        self.text().is_none_or(|text| text.len() <= VALUE_MAX)
    }

    /// The notation, if it was kept.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Whole(text) => Some(text),
            Self::TooLong(_) => None,
        }
    }
}

impl Said {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) | Self::Bytes(text) => text.len(),
            Self::Withheld => 0,
        }
    }

    /// What is kept of this value.
    pub(crate) fn of(key: &str, value: &MetadataValue) -> Self {
        match value {
            MetadataValue::Text(text) => Self::text(key, text),
            MetadataValue::Bytes(_) if is_secret(key, "") => Self::Withheld,
            MetadataValue::Bytes(bytes) => Self::Bytes(STANDARD.encode(bytes)),
        }
    }

    /// What is kept of this text.
    pub(crate) fn text(key: &str, text: &str) -> Self {
        if is_secret(key, text) { Self::Withheld } else { Self::Text(text.to_owned()) }
    }
}

impl Items {
    /// One more was sent.
    pub(crate) fn push(&mut self, item: &[u8]) {
        match Kept::encoded(item) {
            Kept::Whole(text) if self.more == 0 && self.bytes + text.len() <= ITEMS_MAX => {
                self.bytes += text.len();
                self.first.push(text);
            }
            // With a gap between them they would be another stream.
            _ => self.more += 1,
        }
    }

    /// Whether none was sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty() && self.more == 0
    }
}

impl Request {
    /// Whether items may come, or be sent.
    pub(crate) fn streams(&self) -> bool {
        self.kind != CallKind::Unary
    }

    /// Whether items may be sent.
    pub(crate) fn takes_items(&self) -> bool {
        matches!(self.kind, CallKind::ClientStream | CallKind::BothWays)
    }

    /// The deadline, if there was one.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.deadline_us.map(Duration::from_micros)
    }

    /// The keys of metadata whose values were not kept.
    pub(crate) fn withheld(&self) -> impl Iterator<Item = &str> {
        self.metadata.iter().filter(|(_, said)| *said == Said::Withheld).map(|(key, _)| key.as_str())
    }

    /// Why the request cannot be made again from what was kept, if it cannot.
    pub(crate) fn is_partial(&self) -> Option<&'static str> {
        if self.arguments.text().is_none() {
            Some("Its arguments were too long to be kept.")
        } else if 0 < self.items.more {
            Some("Not all of its items were kept.")
        } else {
            None
        }
    }
}

impl Verdict {
    /// A failure in these words.
    pub(crate) fn failed(word: &str, message: &str, fault: Option<Kept>) -> Self {
        let message = message.chars().take(MESSAGE_MAX).collect();
        Self::Failed { word: word.to_owned(), message, fault }
    }

    /// The word that heads it.
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Answered(_) => "OK",
            Self::Failed { word, .. } => word,
        }
    }

    /// What came: the result, or the fault if there was one.
    pub(crate) fn value(&self) -> Option<&Kept> {
        match self {
            Self::Answered(result) => Some(result),
            Self::Failed { fault, .. } => fault.as_ref(),
        }
    }

    /// Whether it is a result.
    pub(crate) fn is_ok(&self) -> bool {
        matches!(self, Self::Answered(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_to_keep_is_counted_and_not_cut() {
        let long = Value::from("x".repeat(VALUE_MAX));
        assert_eq!(Kept::of(&long, 70_000), Kept::TooLong(70_000));
        assert_eq!(Kept::of(&Value::from(1_u64), 1), Kept::Whole("1".to_owned()));
        assert_eq!(Kept::encoded(&cbor::to_vec(&long).unwrap()), Kept::TooLong(VALUE_MAX + 5));
        assert_eq!(Kept::encoded(b"\x18"), Kept::TooLong(1), "no value at all");
    }

    #[test]
    fn of_many_items_the_first_are_kept_without_a_gap() {
        let mut items = Items::default();
        items.push(&[0x01]);
        items.push(&cbor::to_vec(&Value::from("x".repeat(ITEMS_MAX))).unwrap());
        items.push(&[0x02]);
        assert_eq!((items.first, items.more), (vec!["1".to_owned()], 2));
    }
}
