//! What is wrong with a policy, where, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::text;

/// Why there is no policy to be had: one line, which names the file and the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The file is not there.
    #[error("{}: no such file; rpc/POLICY.md says how to write one", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The system did not let us read the file.
    #[error("{}: cannot be read: {}", .path.display(), text::of_io(.problem))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        problem: io::Error,
    },
    /// Everyone could give themselves what they like.
    #[error("{path}: everyone on this machine can write it (mode {mode:04o}); run `chmod o-w {path}`",
        path = .path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its Unix mode bits.
        mode: u32,
    },
    /// The file is no text, or far larger than any policy.
    #[error("{}: {what}; this cannot be the right file", .path.display())]
    NoText {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// The file was emptied a moment ago. If it stays so, that is a policy too: it allows nothing.
    #[error("{}: emptied a moment ago; if it stays empty, nothing will be allowed", .path.display())]
    Emptied {
        /// The file.
        path: PathBuf,
    },
    /// There are mistakes in it: at least one.
    #[error("{}", mistaken(.0))]
    Mistaken(Vec<PolicyProblem>),
}

/// A mistake in a policy, or what its author should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyProblem {
    pub(super) file: Option<PathBuf>,
    pub(super) place: Place,
    pub(super) message: String,
}

/// Where in a policy something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a text, each counted from 1; columns are characters.
    Text { line: usize, column: usize },
    /// In the rule with this number, counted from 1, of a policy that is made in code.
    Rule(usize),
}

impl PolicyError {
    /// The mistakes in the policy, if that is why.
    pub fn problems(&self) -> &[PolicyProblem] {
        match self {
            Self::Mistaken(problems) => problems,
            _ => &[],
        }
    }
}

impl PolicyProblem {
    /// The file, if the policy comes from one.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// The line, counted from 1, unless the policy is made in code.
    pub fn line(&self) -> Option<usize> {
        match self.place {
            Place::Text { line, .. } => Some(line),
            Place::Rule(_) => None,
        }
    }

    /// The character of that line, counted from 1.
    pub fn column(&self) -> Option<usize> {
        match self.place {
            Place::Text { column, .. } => Some(column),
            Place::Rule(_) => None,
        }
    }

    /// What is wrong, and what to do about it.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for PolicyProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
        }
        match self.place {
            Place::Text { line, column } if self.file.is_some() => write!(f, "{line}:{column}: ")?,
            Place::Text { line, column } => write!(f, "line {line}, column {column}: ")?,
            Place::Rule(number) => write!(f, "rule {number}: ")?,
        }
        f.write_str(&self.message)
    }
}

/// All of them in one line.
fn mistaken(problems: &[PolicyProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(", and ")
}
