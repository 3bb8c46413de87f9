//! The graphs as files: what goes into them, and where to.

use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;

use super::Sheet;
use crate::model::calls::Mark;
use crate::model::connection::Failure;
use crate::model::preferences::Times;
use crate::text;

/// What is asked before the graphs are written, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Exporting {
    /// The file without its ending.
    pub(crate) file: String,
    /// The file that was written, or why none was.
    pub(crate) done: Option<Result<PathBuf, Failure>>,
}

/// Everything that goes into a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Export {
    /// Whose numbers, on which server.
    pub(crate) title: String,
    /// The points in view.
    pub(crate) sheet: Sheet,
    /// The calls made here.
    pub(crate) marks: Vec<Mark>,
    /// A moment and its date.
    pub(crate) now: (Instant, Timestamp),
    /// Whose clock times are told by.
    pub(crate) times: Times,
    /// In which colours a picture is drawn.
    pub(crate) is_dark: bool,
}

/// What kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// A table of the points.
    Csv,
    /// A picture of the graphs.
    Png,
}

impl Format {
    /// How the names of such files end.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Png => "png",
        }
    }
}

impl Exporting {
    /// Asks where to, with a name that nobody has to think of.
    pub(crate) fn new(subject: &str, date: Timestamp) -> Self {
        let name = format!("countersign-{}", text::dated(subject, date));
        let folder = std::env::home_dir().unwrap_or_default();
        Self { file: folder.join(name).to_string_lossy().into_owned(), done: None }
    }

    /// The file to write.
    pub(crate) fn path(&self, format: Format) -> PathBuf {
        PathBuf::from(format!("{}.{}", self.file.trim(), format.ending()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_the_servers_choice_stays_within_its_folder() {
        let home = std::env::home_dir().unwrap_or_default();
        let path = Exporting::new("../../etc/a b", Timestamp::UNIX_EPOCH).path(Format::Csv);
        assert_eq!(path, home.join("countersign-..-..-etc-a-b-19700101-000000.csv"));
    }
}
