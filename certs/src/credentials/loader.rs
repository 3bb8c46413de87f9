//! From a folder to credentials, once or for as long as somebody uses them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::files::{self, Files};
use super::succession::{self, Blame};
use super::{Credentials, CredentialsError};
use crate::trust::StaleCrl;
use crate::watched::{Source, Watched};

/// Says where credentials come from, and then loads or watches them.
#[derive(Debug, Clone)]
#[must_use = "it does nothing until it loads or watches"]
pub struct CredentialsLoader {
    folder: PathBuf,
    crl: Option<PathBuf>,
    stale_crl: StaleCrl,
}

impl CredentialsLoader {
    pub(super) fn new(folder: &Path) -> CredentialsLoader {
        CredentialsLoader { folder: folder.to_owned(), crl: None, stale_crl: StaleCrl::default() }
    }

    /// Reads the revocation lists of the own trust domain from this file, instead of from `crl.pem` in the
    /// folder. It must be there.
    pub fn crl(mut self, file: impl AsRef<Path>) -> CredentialsLoader {
        self.crl = Some(file.as_ref().to_owned());
        self
    }

    /// What becomes of new peers while a revocation list is stale; by default they are refused.
    pub fn stale_crl(mut self, stale: StaleCrl) -> CredentialsLoader {
        self.stale_crl = stale;
        self
    }

    /// Loads them once.
    pub fn load(self) -> Result<Credentials, CredentialsError> {
        self.read()?.credentials(self.stale_crl)
    }

    /// Loads them, and again whenever the files say something else.
    pub fn watch(self) -> Result<Watched<Credentials>, CredentialsError> {
        Watched::watch(FromFolder(self))
    }

    /// Loads them, and again only when [`Watched::reload`] is called.
    pub fn on_request(self) -> Result<Watched<Credentials>, CredentialsError> {
        Watched::load(FromFolder(self))
    }

    fn read(&self) -> Result<Files, CredentialsError> {
        Files::read(&self.folder, self.crl.as_deref())
    }

    fn path_of(&self, blame: &Blame, credentials: &Credentials) -> PathBuf {
        match (blame, &self.crl) {
            (Blame::Certificate, _) => files::certificate_in(&self.folder),
            (Blame::CrlOf(domain), crl) if domain == credentials.identity().id().trust_domain() => {
                crl.clone().unwrap_or_else(|| files::crl_in(&self.folder))
            }
            (Blame::CrlOf(domain), _) => files::crl_of_other(&self.folder, domain),
        }
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
        self.0.read()
    }

    fn parse(&self, files: &Files) -> Result<Credentials, CredentialsError> {
        files.credentials(self.0.stale_crl)
    }

    fn may_replace(&self, current: &Credentials, next: &Credentials) -> Result<(), CredentialsError> {
        succession::check(current, next, Timestamp::now()).map_err(|(blame, problem)| {
            CredentialsError::Succession { path: self.0.path_of(&blame, next), problem }
        })
    }
}
