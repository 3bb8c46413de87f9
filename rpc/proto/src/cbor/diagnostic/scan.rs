//! A place in a text that is read from left to right: what is next, and what is said of it.

use std::fmt::{self, Display};

use super::super::text::quoted;
use super::error::NotationError;

/// Where the reading stands. It is always at the beginning of a character.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    /// How many bytes are behind.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Takes `token` if it is next, and says whether it was.
    pub(super) fn take(&mut self, token: &str) -> bool {
        let is_next = self.rest().starts_with(token);
        self.at += if is_next { token.len() } else { 0 };
        is_next
    }

    /// Takes the characters that are `wanted`, up to the first that is not.
    pub(super) fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let len = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// Takes what is before `end`, and `end`.
    pub(super) fn take_until(&mut self, end: &str) -> Option<&'t str> {
        let (taken, _) = self.rest().split_once(end)?;
        self.at += taken.len() + end.len();
        Some(taken)
    }

    /// Goes past what only people read: blanks and the comments `/ … /`, `/* … */`, `// …` and `# …`.
    pub(super) fn skip_blank(&mut self) -> Result<(), NotationError> {
        loop {
            self.take_while(|c| matches!(c, ' ' | '\t' | '\r' | '\n'));
            let start = *self;
            let ended = if self.take("#") || self.take("//") {
                self.take_while(|c| c != '\n');
                true
            } else if self.take("/*") {
                self.take_until("*/").is_some()
            } else if self.take("/") {
                self.take_until("/").is_some()
            } else {
                return Ok(());
            };
            if !ended {
                return Err(start.error("this comment has no end"));
            }
        }
    }

    /// The error of what is wrong just here.
    #[cold]
    pub(super) fn error(&self, message: impl Display) -> NotationError {
        NotationError::at(self.text, self.at, message)
    }

    /// The error where something else is next than what was expected.
    #[cold]
    pub(super) fn expected(&self, expected: impl Display) -> NotationError {
        self.error(format_args!("expected {expected}, found {}", Next(self.peek())))
    }
}

/// The next character, to be shown.
struct Next(Option<char>);

impl Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("the end"),
            Some('\n' | '\r') => f.write_str("the end of the line"),
            Some('`') => f.write_str("a backtick"),
            Some(c) => {
                let shown = quoted(c.encode_utf8(&mut [0; 4])).to_string();
                match c {
                    '"' => f.write_str("`\"`"),
                    _ => write!(f, "`{}`", &shown[1..shown.len() - 1]),
                }
            }
        }
    }
}
