//! From a folder to credentials, once or for as long as somebody uses them.

use std::path::{Path, PathBuf};

use super::files::Files;
use super::{Credentials, CredentialsError};
use crate::watched::{Source, Watched};

/// Says where credentials come from, and then loads or watches them.
#[derive(Debug, Clone)]
#[must_use = "it does nothing until it loads or watches"]
pub struct CredentialsLoader {
    folder: PathBuf,
}

impl CredentialsLoader {
    pub(super) fn new(folder: &Path) -> CredentialsLoader {
        CredentialsLoader { folder: folder.to_owned() }
    }

    /// Loads them once.
    pub fn load(self) -> Result<Credentials, CredentialsError> {
        Files::read(&self.folder)?.credentials()
    }

    /// Loads them, and again whenever the files say something else.
    pub fn watch(self) -> Result<Watched<Credentials>, CredentialsError> {
        Watched::watch(FromFolder(self))
    }

    /// Loads them, and again only when [`Watched::reload`] is called.
    pub fn on_request(self) -> Result<Watched<Credentials>, CredentialsError> {
        Watched::load(FromFolder(self))
    }
}

struct FromFolder(CredentialsLoader);

impl Source for FromFolder {
    type Contents = Files;
    type Value = Credentials;
    type Error = CredentialsError;

    fn name(&self) -> String {
        format!("the credentials in {}", self.0.folder.display())
    }

    fn read(&self) -> Result<Files, CredentialsError> {
        Files::read(&self.0.folder)
    }

    fn parse(&self, files: &Files) -> Result<Credentials, CredentialsError> {
        files.credentials()
    }
}
