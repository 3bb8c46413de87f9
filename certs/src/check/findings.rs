//! What a check found, and where.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::ser::{Serialize, Serializer};

use super::Problem;

/// One problem, with the file that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The file, or the folder.
    pub file: PathBuf,
    /// The line in the file that it is about, counted from 1, where there is one.
    pub line: Option<usize>,
    /// What is wrong.
    pub problem: Problem,
}

impl Finding {
    /// Whether it keeps the identity from being used.
    pub fn severity(&self) -> Severity {
        self.problem.severity()
    }

    /// What to do about it.
    pub fn remedy(&self) -> String {
        self.problem.remedy(&self.file)
    }

    /// The file, and the line where there is one: `pki/alice/cert.pem:12`.
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.file.display()),
            None => self.file.display().to_string(),
        }
    }
}

/// The place, what is wrong, and what to do, in one line.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.place(), self.problem, self.remedy())
    }
}

/// For machines: the words, too.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Told<'a> {
            severity: Severity,
            file: &'a Path,
            line: Option<usize>,
            #[serde(flatten)]
            problem: &'a Problem,
            what: String,
            remedy: String,
        }
        let what = self.problem.to_string();
        let Finding { file, line, problem } = self;
        Told { severity: self.severity(), file, line: *line, problem, what, remedy: self.remedy() }
            .serialize(serializer)
    }
}

/// How bad a problem is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The identity cannot be used.
    Error,
    /// It can be used, but something should be changed.
    Warning,
    /// Good to know.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn add(&mut self, file: &Path, line: Option<usize>, problem: Problem) {
        self.0.push(Finding { file: file.to_owned(), line, problem });
    }

    /// Whether something is wrong with `file` that keeps it from being used.
    pub(super) fn has_errors_in(&self, file: &Path) -> bool {
        self.0.iter().any(|finding| finding.file == file && finding.severity() == Severity::Error)
    }

    pub(super) fn sorted(mut self) -> Vec<Finding> {
        self.0.sort_by_key(Finding::severity);
        self.0
    }
}
