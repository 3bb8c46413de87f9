//! Requests that are kept as files in a folder of the user's choice.

pub(crate) mod saved;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use self::saved::Saved;
use super::connection::Failure;

/// The folder, and what is in it.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// Whether it is shown in the place of the request.
    pub(crate) is_open: bool,
    /// The folder as typed; empty for the one that we choose.
    pub(crate) folder: String,
    /// The name to save the request under, as typed; empty for the procedure's own.
    pub(crate) name: String,
    /// What was found in the folder, once the worker has looked.
    pub(crate) files: Option<Result<Vec<SavedFile>, Failure>>,
    /// What became of the last saving or opening.
    pub(crate) remark: Option<Result<String, Failure>>,
}

/// A file of the folder.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SavedFile {
    /// What the user calls it.
    pub(crate) name: String,
    /// Which procedure it calls, or what is wrong with the file.
    pub(crate) procedure: Result<String, String>,
}

/// A wish that concerns saved requests.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ShelfCommand {
    /// Show them in the place of the request, or the request again.
    Toggle,
    /// Choose the folder.
    Choose,
    /// Look into the folder that was typed.
    Look,
    /// Save the request under the name that was typed.
    Save,
    /// Open the one of this name.
    Open(String),
}

/// What is asked of the worker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ShelfOrder {
    /// Let the user choose the folder, and look into it.
    Choose,
    /// Look into this folder.
    Look(String),
    /// Write a file of this name there.
    Save(String, String, Box<Saved>),
    /// Read the file of this name there.
    Open(String, String),
}

/// What the worker says of it.
#[derive(Debug)]
pub(crate) enum ShelfNews {
    /// What is in this folder.
    Found(String, Result<Vec<SavedFile>, Failure>),
    /// The request was written to this file, or was not.
    Saved(Result<PathBuf, Failure>),
    /// What the file of this name says.
    Opened(String, Result<Box<Saved>, Failure>),
}

impl ShelfCommand {
    /// What it is called in the window.
    pub(crate) fn text(&self) -> &'static str {
        match self {
            Self::Toggle => "Saved requests",
            Self::Choose => "Choose folder…",
            Self::Look => "Look again",
            Self::Save => "Save request",
            Self::Open(_) => "Open request",
        }
    }
}

impl Shelf {
    /// The name to save a request of this procedure under.
    pub(crate) fn name_of<'a>(&'a self, procedure: &'a str) -> &'a str {
        match self.name.trim() {
            "" => procedure.rsplit('/').next().unwrap_or_default(),
            name => name,
        }
    }

    /// Whether there is a file of this name, which saving would replace.
    pub(crate) fn has(&self, name: &str) -> bool {
        let files = self.files.as_ref().and_then(|files| files.as_ref().ok());
        files.is_some_and(|files| files.iter().any(|file| file.name == name))
    }

    /// What is wrong with a name. It becomes that of a file.
    pub(crate) fn mistake_in(name: &str) -> Option<&'static str> {
        if name.is_empty()
            || name.starts_with('.')
            || name.contains(['/', '\\', ':', '\0'])
            || name.len() > 100
        {
            Some("A name has no / \\ :, no dot in front, and 1 to 100 letters")
        } else {
            None
        }
    }
}
