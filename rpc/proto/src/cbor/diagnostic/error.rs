//! What a text that is not diagnostic notation is told.

use std::fmt::Display;

/// Why a text is not a value in diagnostic notation, and where.
///
/// What it quotes of the text is escaped and clipped, so it may be shown as it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct NotationError {
    line: usize,
    column: usize,
    offset: usize,
    message: Box<str>,
}

impl NotationError {
    /// The line, from 1 on.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The character within the line, from 1 on.
    pub fn column(&self) -> usize {
        self.column
    }

    /// The same place as a number of bytes from the beginning of the text.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// What is wrong there, and what was expected.
    pub fn message(&self) -> &str {
        &self.message
    }

    #[cold]
    pub(super) fn at(text: &str, offset: usize, message: impl Display) -> Self {
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: 1 + before.bytes().filter(|byte| *byte == b'\n').count(),
            column: 1 + before[line_start..].chars().count(),
            offset,
            message: message.to_string().into(),
        }
    }
}
