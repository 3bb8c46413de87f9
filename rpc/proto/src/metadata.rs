//! What travels beside a message: short text keys, each with a text or bytes.

use bytes::Bytes;

use crate::cbor::quoted;

/// Longest key, in bytes.
pub const KEY_LEN_MAX: usize = 128;

/// Keys and values beside a message, in the order in which they were added.
///
/// Keys are lower-case ASCII letters, digits, `.`, `_` and `-`, beginning with a letter or a digit; no two
/// are equal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata(Option<Box<Entries>>);

/// Kept apart, since most messages have none, and every one is passed from hand to hand with its metadata.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Entries(Vec<(String, MetadataValue)>);

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataValue {
    /// Text, shown to people as it is.
    Text(String),
    /// Bytes, for what is not text.
    Bytes(Bytes),
}

/// Why a key is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataError {
    /// A character that keys do not have, or too many of them.
    #[error(
        "{key} is not a metadata key: 1 to {KEY_LEN_MAX} of a-z, 0-9, `.`, `_` and `-`, a letter or digit first",
        key = quoted(.0)
    )]
    Key(String),
    /// The same key again.
    #[error("metadata has the key {key} twice", key = quoted(.0))]
    Twice(String),
}

impl Metadata {
    /// No metadata.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Adds a value under a key that is not there yet.
    pub fn insert(
        &mut self,
        key: impl Into<String>,
        value: impl Into<MetadataValue>,
    ) -> Result<(), MetadataError> {
        let key = key.into();
        check_key(&key)?;
        if self.get(&key).is_some() {
            return Err(MetadataError::Twice(key));
        }
        self.0.get_or_insert_default().0.push((key, value.into()));
        Ok(())
    }

    /// Metadata of a peer, who may send thousands of keys: each is not compared with all others.
    pub(crate) fn from_entries(entries: Vec<(String, MetadataValue)>) -> Result<Self, MetadataError> {
        let mut keys: Vec<&str> = entries.iter().map(|(key, _)| key.as_str()).collect();
        keys.iter().try_for_each(|key| check_key(key))?;
        keys.sort_unstable();
        match keys.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(twice) => Err(MetadataError::Twice(twice[0].to_owned())),
            None if entries.is_empty() => Ok(Self::new()),
            None => Ok(Self(Some(Box::new(Entries(entries))))),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&MetadataValue> {
        self.entries().iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of a key, if it has one.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            MetadataValue::Text(text) => Some(text),
            MetadataValue::Bytes(_) => None,
        }
    }

    /// Every key with its value.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &MetadataValue)> {
        self.entries().iter().map(|(key, value)| (key.as_str(), value))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn entries(&self) -> &[(String, MetadataValue)] {
        self.0.as_ref().map_or(&[], |entries| &entries.0)
    }

    /// What it counts against the limit: the bytes of its keys and values, and eight for each entry.
    pub fn len_counted(&self) -> usize {
        self.iter().map(|(key, value)| Self::entry_counted(key, value)).sum()
    }

    pub(crate) fn entry_counted(key: &str, value: &MetadataValue) -> usize {
        8 + key.len() + value.len()
    }
}

impl MetadataValue {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

impl From<&str> for MetadataValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for MetadataValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Bytes> for MetadataValue {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

fn check_key(key: &str) -> Result<(), MetadataError> {
    match is_key(key) {
        true => Ok(()),
        false => Err(MetadataError::Key(key.chars().take(KEY_LEN_MAX).collect())),
    }
}

fn is_key(key: &str) -> bool {
    let letter_or_digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    key.len() <= KEY_LEN_MAX
        && key.as_bytes().first().copied().is_some_and(letter_or_digit)
        && key.bytes().all(|byte| letter_or_digit(byte) || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_lower_case_and_comes_once() {
        let mut metadata = Metadata::new();
        assert_eq!(metadata.insert("trace", "1"), Ok(()));
        assert_eq!(metadata.insert("trace", "2"), Err(MetadataError::Twice("trace".into())));
        assert_eq!(metadata.insert("Trace", "1"), Err(MetadataError::Key("Trace".into())));
        assert_eq!(metadata.insert("", "1"), Err(MetadataError::Key(String::new())));
        assert_eq!(metadata.text("trace"), Some("1"));
    }
}
