//! What travels beside the arguments, as it is typed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::{Metadata, MetadataValue};

use crate::form::{BytesInput, Encoding, Line, check};

/// A key and its value.
#[derive(Debug, Clone, Default)]
pub(crate) struct MetadataRow {
    /// The key.
    pub(crate) key: Line,
    /// The value: text, or bytes in hexadecimal or base64.
    pub(crate) value: BytesInput,
}

/// More rows are not for typing.
pub(crate) const MOST_ROWS: usize = 64;

impl MetadataRow {
    /// The encodings of a value. A file is none: metadata is short.
    pub(crate) const ENCODINGS: [Encoding; 3] = [Encoding::Text, Encoding::Hex, Encoding::Base64];

    /// A row with this in it.
    pub(crate) fn of(key: &str, value: &MetadataValue) -> Self {
        let (encoding, text) = match value {
            MetadataValue::Text(text) => (Encoding::Text, text.clone()),
            MetadataValue::Bytes(bytes) => (Encoding::Base64, STANDARD.encode(bytes)),
        };
        let value = BytesInput { encoding, line: Line::typed(text) };
        Self { key: Line::typed(key.to_owned()), value }
    }

    /// Whether nothing was typed: such a row is not sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.key.text.is_empty() && self.value.line.text.is_empty()
    }

    /// What is sent, or what is wrong.
    pub(crate) fn entry(&self) -> Result<(String, MetadataValue), String> {
        let key = self.key.text.trim().to_owned();
        let value = match self.value.encoding {
            Encoding::Text => MetadataValue::Text(self.value.line.text.clone()),
            _ => MetadataValue::Bytes(check::byte_string(&self.value)?.into()),
        };
        Metadata::new().insert(key.clone(), value.clone()).map_err(|error| error.to_string())?;
        Ok((key, value))
    }
}

/// What the rows say, or the first mistake.
pub(super) fn entries(rows: &[MetadataRow]) -> Result<Vec<(String, MetadataValue)>, String> {
    let mut metadata = Metadata::new();
    let mut entries = Vec::new();
    for row in rows.iter().filter(|row| !row.is_empty()) {
        let (key, value) = row.entry()?;
        metadata.insert(key.clone(), value.clone()).map_err(|error| error.to_string())?;
        entries.push((key, value));
    }
    Ok(entries)
}
