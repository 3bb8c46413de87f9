//! What is remembered from one run to the next: a small JSON file in the user's configuration folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};

use super::alerts::kept::Kept;
use super::connection::Target;
use super::preferences::Preferences;
use crate::disk;

/// What is remembered. Holds no secrets: an identity is named by its folder.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Settings {
    /// What is chosen on the page of settings.
    #[serde(flatten)]
    pub(crate) preferences: Preferences,
    /// The servers that the user goes back to.
    pub(crate) profiles: Vec<Profile>,
    /// The servers that were open last, in the order of their tabs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) open: Vec<Target>,
    /// The folder of saved requests; empty until one was looked into.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) requests: String,
    /// What is worth an alert.
    pub(crate) alerts: Kept,
}

/// A server that the user goes back to. Of keys it knows nothing but the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// What the user calls it.
    pub(crate) name: String,
    /// `host:port`.
    pub(crate) address: String,
    /// The identity folder.
    pub(crate) identity: String,
    /// The SPIFFE ID that the server must have; empty if its certificate is to name the host instead.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) expect_peer: String,
    /// Whether the calls that are made there are written down, for the next run.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub(crate) keep_calls: bool,
}

/// What a profile says that was saved before it could say otherwise.
fn yes() -> bool {
    true
}

impl Profile {
    /// Whether it leads there, as that one.
    pub(crate) fn leads_to(&self, target: &Target) -> bool {
        (&self.address, &self.identity, &self.expect_peer)
            == (&target.address, &target.identity, &target.expect_peer)
    }

    /// Where it leads, and as whom.
    pub(crate) fn target(&self) -> Target {
        let Self { address, identity, expect_peer, .. } = self.clone();
        Target { address, identity, expect_peer }
    }
}

impl Settings {
    /// Reads the file; a missing one means the defaults.
    pub(crate) fn load(path: &Path) -> io::Result<Self> {
        match fs::read(path) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes the file anew, so that a crash leaves the old one or the new one.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        disk::write_anew(path, &serde_json::to_vec_pretty(self)?).map(drop)
    }

    /// The profile of a target, if it was saved.
    pub(crate) fn profile_of(&self, target: &Target) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.leads_to(target))
    }

    /// Keeps a target under a name, in the place of the profile that had it.
    pub(crate) fn keep(&mut self, name: &str, target: &Target) {
        let Target { address, identity, expect_peer } = target.clone();
        match self.profiles.iter_mut().find(|known| known.name == name) {
            Some(known) => {
                (known.address, known.identity, known.expect_peer) = (address, identity, expect_peer);
            }
            None => {
                let name = name.to_owned();
                self.profiles.push(Profile { name, address, identity, expect_peer, keep_calls: true });
            }
        }
    }
}

/// The settings' file in the user's configuration folder, if the system has such a folder.
pub fn settings_file() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.config_dir().join("countersign").join("dashboard.json"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::preferences::{Scale, Times};
    use crate::model::view::Theme;

    #[test]
    fn settings_come_back_as_they_were_saved() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("dashboard.json");
        assert_eq!(Settings::load(&path).unwrap(), Settings::default());
        let [scale, ..] = Scale::ALL;
        let preferences =
            Preferences { theme: Theme::Light, scale, times: Times::Utc, ..Preferences::default() };
        let preferences = preferences.with_deadline(Some(Duration::from_secs(5)));
        let mut settings = Settings { preferences, ..Settings::default() };
        let at = |address: &str| Target {
            address: address.to_owned(),
            identity: "pki/alice".to_owned(),
            expect_peer: "spiffe://acme.example/ledger".to_owned(),
        };
        settings.keep("stage", &at("a:1"));
        settings.keep("stage", &at("b:2"));
        settings.save(&path).unwrap();
        assert_eq!(Settings::load(&path).unwrap(), settings);
        assert_eq!(settings.profiles.len(), 1);
    }

    #[test]
    fn what_a_file_does_not_say_is_as_usual_and_what_a_newer_one_says_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dashboard.json");
        fs::write(&path, r#"{"theme": "dark", "scent": {"of": ["roses"]}}"#).unwrap();
        let preferences = Preferences { theme: Theme::Dark, ..Preferences::default() };
        assert_eq!(Settings::load(&path).unwrap(), Settings { preferences, ..Settings::default() });
    }

    #[test]
    fn a_broken_file_is_an_error_and_not_the_defaults() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dashboard.json");
        fs::write(&path, "{").unwrap();
        assert!(Settings::load(&path).is_err(), "saving must not overwrite what could not be read");
    }
}
