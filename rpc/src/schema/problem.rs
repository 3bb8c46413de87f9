//! What is wrong with a value, in sentences for a person.

use std::fmt;

use super::Path;

/// Problems that are told of one value. A form shows each at its field; nobody reads more.
const PROBLEMS_MAX: usize = 20;

/// Why a value does not fit its schema: one or more problems, of which the first twenty are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaError {
    problems: Vec<Problem>,
    /// How many there are, also of those that are not told.
    count: usize,
}

/// One thing that is wrong, and where. What came from a peer is escaped and clipped in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, as [`Path`] writes it; empty for the whole value.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl SchemaError {
    /// The problems, in the order of the value.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The first problem at this place.
    pub fn at(&self, path: &Path<'_>) -> Option<&Problem> {
        let path = path.to_string();
        self.problems.iter().find(|problem| problem.path == path)
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.problems.first() {
            write!(f, "{first}")?;
        }
        if self.count > 1 { write!(f, " (and {} more)", self.count - 1) } else { Ok(()) }
    }
}

impl std::error::Error for SchemaError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Problems {
    told: Vec<Problem>,
    count: usize,
}

impl Problems {
    pub(super) fn add(&mut self, path: &Path<'_>, message: impl fmt::Display) {
        self.count += 1;
        if self.told.len() < PROBLEMS_MAX {
            self.told.push(Problem { path: path.to_string(), message: message.to_string() });
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Forgets what was found after there were `count`.
    pub(super) fn forget_after(&mut self, count: usize) {
        self.count = count;
        self.told.truncate(count);
    }

    /// `value`, unless there are problems.
    pub(super) fn none_or<T>(self, value: T) -> Result<T, SchemaError> {
        match self.count {
            0 => Ok(value),
            count => Err(SchemaError { problems: self.told, count }),
        }
    }
}
