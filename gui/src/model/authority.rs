//! The authority that is at hand, what it has issued, and what is typed to have an identity made.

use std::mem::take;
use std::path::{Path, PathBuf};

use countersign_certs::authority::{Host, Request};
use countersign_certs::{CertificateInfo, Name};
use jiff::Timestamp;

use super::connection::Failure;
use super::life::Life;
use crate::command::Command;
use crate::exchange::{OfficeOrder, Secret};
use crate::text;

/// The longest life that can be asked for: the authority ends before that.
const DAYS_MAX: u32 = 36_500;
/// What the command takes for granted.
const DAYS_USUAL: u32 = (Request::VALID.as_secs() / 86_400) as u32;

/// Everything about making identities. What is typed is never cleared by anybody but the user.
#[derive(Debug)]
pub(crate) struct Office {
    /// The folder that holds the folder `authority`.
    pub(crate) folder: String,
    /// What was found there.
    pub(crate) found: Found,
    /// What is typed to unlock it.
    pub(crate) passphrase: Secret,
    /// What the new identity is to be called.
    pub(crate) name: String,
    /// For how many days it is to be valid.
    pub(crate) days: String,
    /// Where a server answers, between commas.
    pub(crate) hosts: String,
    /// Whether to put it in the place of an identity of that name.
    pub(crate) replace: bool,
    /// Whether mistakes are shown where nobody has typed yet.
    pub(crate) tried: bool,
    /// What came of the last one.
    pub(crate) outcome: Outcome,
    /// Whose certificates are about to be revoked, if the user means it.
    pub(crate) doomed: Option<String>,
    /// What came of the last renewal or revocation.
    pub(crate) done: Option<Result<String, Failure>>,
    /// Whether the name is to get the cursor.
    pub(crate) focus_wanted: bool,
}

/// What was found where the authority should be.
#[derive(Debug, Default)]
pub(crate) enum Found {
    /// Nobody has asked.
    #[default]
    Nothing,
    /// The worker is looking.
    Looking,
    /// An authority whose keys are encrypted, and what was wrong with the last passphrase.
    Locked(Option<Failure>),
    /// An authority.
    Authority(Box<Authority>),
    /// Why there is none.
    Failed(Failure),
}

/// An authority at hand.
#[derive(Debug, Clone)]
pub(crate) struct Authority {
    /// For whom it speaks.
    pub(crate) domain: String,
    /// Its own certificate, and the one that it signs with: none that it issues outlives that.
    pub(crate) certificate: CertificateInfo,
    pub(crate) issuer: CertificateInfo,
    /// Whether it took a passphrase.
    pub(crate) is_unlocked: bool,
    /// What it has issued, newest first.
    pub(crate) issued: Vec<Issued>,
}

/// A certificate on an authority's record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Issued {
    /// Whose it is.
    pub(crate) name: String,
    /// What it is for: where a server answers, or another word.
    pub(crate) role: String,
    /// Whether it is an identity's, and not an authority's.
    pub(crate) is_identity: bool,
    /// Its serial number.
    pub(crate) serial: String,
    /// Its first and last moments.
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    /// Whether it was revoked.
    pub(crate) is_revoked: bool,
    /// Whether it is the last one of its name: that is the one to renew.
    pub(crate) is_newest: bool,
}

/// What came of asking for an identity.
#[derive(Debug, Default)]
pub(crate) enum Outcome {
    /// Nobody has asked.
    #[default]
    Nothing,
    /// The worker is at it.
    Making,
    /// It is there.
    Made(Box<Made>),
    /// Why it is not.
    Failed(Failure),
}

/// An identity that was made just now.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// Where its files are.
    pub(crate) folder: PathBuf,
    /// Its SPIFFE ID.
    pub(crate) id: String,
    /// What its certificate says.
    pub(crate) certificate: CertificateInfo,
}

/// An identity to make.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct IssueOrder {
    /// The folder that holds the folder `authority`.
    pub(crate) folder: String,
    /// What the identity is called.
    pub(crate) name: Name,
    /// Where it answers, if it is a server.
    pub(crate) hosts: Vec<Host>,
    /// For how many days it is valid.
    pub(crate) days: u32,
    /// Whether to put it in the place of one that there is.
    pub(crate) replace: bool,
}

impl Default for Office {
    fn default() -> Self {
        Self {
            folder: String::new(),
            found: Found::default(),
            passphrase: Secret::default(),
            name: String::new(),
            days: DAYS_USUAL.to_string(),
            hosts: String::new(),
            replace: false,
            tried: false,
            outcome: Outcome::default(),
            doomed: None,
            done: None,
            focus_wanted: false,
        }
    }
}

impl Office {
    /// The name, or what is wrong with what was typed.
    pub(crate) fn name(&self) -> Result<Name, String> {
        self.name.trim().parse().map_err(|error: countersign_certs::ParseNameError| error.to_string())
    }

    /// The number of days, or what is wrong with what was typed.
    pub(crate) fn days(&self) -> Result<u32, String> {
        match self.days.trim().parse() {
            Ok(days @ 1..=DAYS_MAX) => Ok(days),
            _ => Err(format!("Write a whole number of days, from 1 to {}", text::count(DAYS_MAX.into()))),
        }
    }

    /// The hosts, or what is wrong with what was typed.
    pub(crate) fn hosts(&self) -> Result<Vec<Host>, String> {
        let words = self.hosts.split([',', ' ']).filter(|word| !word.is_empty());
        words.map(|word| word.parse::<Host>().map_err(|error| error.to_string())).collect()
    }

    /// The authority, if it was found.
    pub(crate) fn authority(&self) -> Option<&Authority> {
        match &self.found {
            Found::Authority(authority) => Some(authority),
            _ => None,
        }
    }

    /// Whether the authority has issued anything to the name that was typed.
    pub(crate) fn is_taken(&self) -> bool {
        let name = self.name.trim();
        self.authority().is_some_and(|authority| authority.issued.iter().any(|issued| issued.name == name))
    }

    /// What is to be made, if all that was typed can be used.
    pub(crate) fn order(&self) -> Option<IssueOrder> {
        Some(IssueOrder {
            folder: self.folder(),
            name: self.name().ok()?,
            hosts: self.hosts().ok()?,
            days: self.days().ok()?,
            replace: self.replace && self.is_taken(),
        })
    }

    /// The command that does the same.
    pub(crate) fn command_line(&self) -> Option<String> {
        self.order().map(|order| order.command_line())
    }

    /// Does what the user wished of the authority.
    pub(crate) fn obey(&mut self, command: Command) -> Option<OfficeOrder> {
        match command {
            Command::ChooseAuthority => Some(OfficeOrder::Choose),
            Command::OpenAuthority => Some(self.open()),
            Command::Unlock => {
                self.found = Found::Looking;
                Some(OfficeOrder::Unlock(self.folder(), take(&mut self.passphrase)))
            }
            Command::Lock => Some(OfficeOrder::Lock(self.folder())),
            Command::MakeIdentity => {
                self.tried = true;
                let order = self.order().filter(|_| self.authority().is_some())?;
                self.outcome = Outcome::Making;
                Some(OfficeOrder::Issue(Box::new(order)))
            }
            Command::Renew(name) => {
                (self.done, self.doomed) = (None, None);
                Some(OfficeOrder::Renew { folder: self.folder(), name: name.parse().ok()? })
            }
            Command::AskToRevoke(name) => {
                self.doomed = Some(name);
                self.done = None;
                None
            }
            Command::KeepCertificates => {
                self.doomed = None;
                None
            }
            Command::Revoke => {
                let name = self.doomed.take()?.parse().ok()?;
                Some(OfficeOrder::Revoke { folder: self.folder(), name })
            }
            _ => None,
        }
    }

    /// Takes in what the worker learned about an authority, and says what it is to do about that.
    pub(crate) fn learn(&mut self, news: OfficeNews) -> Option<OfficeOrder> {
        match news {
            OfficeNews::Chosen(folder) => {
                self.folder = folder;
                // Whoever chooses one wants to see it.
                return Some(self.open());
            }
            OfficeNews::Found(folder, found) if folder == self.folder.trim() => self.found = found,
            OfficeNews::Found(..) => {} // another was chosen meanwhile
            OfficeNews::Made(Ok(made)) => {
                (self.outcome, self.tried, self.replace) = (Outcome::Made(made), false, false);
            }
            OfficeNews::Made(Err(failure)) => self.outcome = Outcome::Failed(failure),
            OfficeNews::Done(done) => self.done = Some(done),
        }
        None
    }

    /// Somebody comes in: opens the authority beside the identity in `own`, or the one that was chosen before.
    pub(crate) fn enter(&mut self, own: &str) -> Option<OfficeOrder> {
        self.focus_wanted = true;
        if self.folder.trim().is_empty() {
            if own.is_empty() {
                return None;
            }
            self.folder = beside(own);
        }
        Some(self.open())
    }

    fn open(&mut self) -> OfficeOrder {
        self.found = Found::Looking;
        self.doomed = None;
        OfficeOrder::Open(self.folder())
    }

    fn folder(&self) -> String {
        self.folder.trim().to_owned()
    }
}

impl IssueOrder {
    /// The command that does the same.
    pub(crate) fn command_line(&self) -> String {
        let mut line = format!("countersign certs issue {} {}", text::shell_word(&self.folder), self.name);
        for host in &self.hosts {
            line += &format!(" --host {host}");
        }
        if self.days != DAYS_USUAL {
            line += &format!(" --days {}", self.days);
        }
        if self.replace {
            line += " --replace";
        }
        line
    }
}

impl Issued {
    /// How the certificate stands.
    pub(crate) fn life(&self, now: Timestamp) -> Life {
        Life::new(self.from, self.until, now)
    }

    /// Whether it can be renewed.
    pub(crate) fn is_renewable(&self) -> bool {
        !self.is_revoked && self.is_identity && self.is_newest
    }

    /// Whether there is anything to revoke.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        !self.is_revoked && self.is_identity && now <= self.until
    }
}

/// What the worker learned about an authority.
#[derive(Debug)]
pub(crate) enum OfficeNews {
    /// The user chose this folder.
    Chosen(String),
    /// What is in a folder.
    Found(String, Found),
    /// An identity was made, or not.
    Made(Result<Box<Made>, Failure>),
    /// An identity was renewed or revoked, in words, or not.
    Done(Result<String, Failure>),
}

/// The folder in which an authority puts its identities, where `own` is one of them.
pub(crate) fn beside(own: &str) -> String {
    match Path::new(own).parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_string_lossy().into_owned(),
        _ => ".".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office(name: &str, days: &str, hosts: &str) -> Office {
        let [folder, name, days, hosts] = ["pki", name, days, hosts].map(str::to_owned);
        Office { folder, name, days, hosts, ..Office::default() }
    }

    #[test]
    fn the_command_line_says_what_was_typed() {
        let line = |office: Office| office.command_line();
        assert_eq!(line(office("bob", "30", "")).unwrap(), "countersign certs issue pki bob");
        let server = office(" tea ", "7", "tea.example, 10.0.0.1,, ::1 ");
        let said = "countersign certs issue pki tea --host tea.example --host 10.0.0.1 --host ::1 --days 7";
        assert_eq!(line(server).unwrap(), said);
        let spaced = Office { folder: "my pki/it's".to_owned(), ..office("bob", "30", "") };
        assert_eq!(line(spaced).unwrap(), r"countersign certs issue 'my pki/it'\''s' bob");
        assert_eq!(line(office("Bob", "30", "")), None);
    }

    #[test]
    fn what_cannot_be_used_is_said_in_the_words_of_the_rule() {
        assert!(office("Bob", "", "").name().unwrap_err().contains("use lower-case letters"));
        assert!(office("authority", "", "").name().unwrap_err().contains("reserved"));
        for days in ["", "0", "-1", "1.5", "a", "36501", "99999999999"] {
            assert!(office("bob", days, "").days().is_err(), "{days}");
        }
        assert!(office("bob", "1", "tea.example:7443").hosts().unwrap_err().contains("without the port"));
        assert_eq!(office("bob", "1", " , ").hosts(), Ok(Vec::new()));
    }

    #[test]
    fn the_authority_is_looked_for_beside_the_identity() {
        assert_eq!(["pki/alice", "alice", "/srv/pki/alice/"].map(beside), ["pki", ".", "/srv/pki"]);
    }
}
