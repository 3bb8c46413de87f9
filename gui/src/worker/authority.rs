//! The authority at hand: what it has issued, and what it is asked to issue and to revoke. All of it takes files,
//! and none of it a server.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_certs::authority::{
    Authority as Opened, AuthorityError, Existing, Kind, Passphrase, Record, Request, list,
};
use countersign_certs::{Credentials, Name};
use tokio::task::spawn_blocking;

use super::link::message;
use super::{Browse, Speaker};
use crate::exchange::{Secret, Update};
use crate::model::authority::{Authority, Found, IssueOrder, Issued, Made, OfficeNews};
use crate::model::connection::Failure;

/// Where authorities are opened. One that has a passphrase stays open until another takes its place.
#[derive(Clone)]
pub(super) struct Office {
    speaker: Speaker,
    browse: Browse,
    unlocked: Arc<Mutex<Option<Unlocked>>>,
}

struct Unlocked {
    folder: String,
    authority: Arc<Opened>,
}

impl Office {
    pub(super) fn new(speaker: Speaker, browse: Browse) -> Self {
        Self { speaker, browse, unlocked: Arc::default() }
    }

    /// Lets the user choose the folder.
    pub(super) fn choose(&self) {
        let office = self.clone();
        let chosen = move |path: PathBuf| office.say(OfficeNews::Chosen(path.to_string_lossy().into_owned()));
        (self.browse)(true, Box::new(chosen));
    }

    /// Tells what there is in the folder.
    pub(super) fn look(&self, folder: String) {
        self.work(move |office| office.tell(folder));
    }

    /// The same with a passphrase.
    pub(super) fn unlock(&self, folder: String, secret: Secret) {
        self.work(move |office| {
            let unlocked = Passphrase::new(secret.words()).and_then(|words| Opened::unlock(&folder, &words));
            match unlocked {
                Ok(authority) => {
                    let authority = Arc::new(authority);
                    office.keep(Some(Unlocked { folder: folder.clone(), authority }));
                    office.tell(folder);
                }
                Err(error) => {
                    office.say(OfficeNews::Found(folder, Found::Locked(Some(failure(&error)))));
                }
            }
        });
    }

    /// Forgets what was unlocked.
    pub(super) fn lock(&self, folder: String) {
        self.keep(None);
        self.look(folder);
    }

    /// Makes an identity, and tells what is on record afterwards.
    pub(super) fn issue(&self, order: IssueOrder) {
        self.work(move |office| {
            let made = office.make(&order).map(Box::new);
            office.say(OfficeNews::Made(made));
            office.tell(order.folder);
        });
    }

    /// Renews an identity, and tells what is on record afterwards.
    pub(super) fn renew(&self, folder: String, name: Name) {
        self.change(folder, move |office, folder| office.make_anew(folder, &name));
    }

    /// Revokes all unexpired certificates of a name, and tells what is on record afterwards.
    pub(super) fn revoke(&self, folder: String, name: Name) {
        self.change(folder, move |office, folder| office.take_back(folder, &name));
    }

    fn change(
        &self,
        folder: String,
        change: impl FnOnce(&Self, &str) -> Result<String, AuthorityError> + Send + 'static,
    ) {
        self.work(move |office| {
            let done = change(office, &folder).map_err(|error| failure(&error));
            office.say(OfficeNews::Done(done));
            office.tell(folder);
        });
    }

    fn work(&self, work: impl FnOnce(&Self) + Send + 'static) {
        let office = self.clone();
        spawn_blocking(move || work(&office));
    }

    fn say(&self, news: OfficeNews) {
        self.speaker.say(Update::Office(news));
    }

    fn tell(&self, folder: String) {
        let found = match self.describe(&folder) {
            Ok(authority) => Found::Authority(Box::new(authority)),
            Err(AuthorityError::Locked { .. }) => Found::Locked(None),
            Err(error) => Found::Failed(failure(&error)),
        };
        self.say(OfficeNews::Found(folder, found));
    }

    fn describe(&self, folder: &str) -> Result<Authority, AuthorityError> {
        let (opened, is_unlocked) = self.open(folder)?;
        let mut names = HashSet::new();
        let newest_first = list(folder)?.into_iter().rev();
        let issued = newest_first.map(|record| {
            let is_newest = names.insert(record.name.clone());
            on_record(record, is_newest)
        });
        Ok(Authority {
            domain: opened.trust_domain().to_string(),
            certificate: opened.certificate().clone(),
            issuer: opened.issuer().clone(),
            is_unlocked,
            issued: issued.collect(),
        })
    }

    fn make(&self, order: &IssueOrder) -> Result<Made, Failure> {
        let valid = Duration::from_hours(24 * u64::from(order.days));
        let request = Request { name: order.name.clone(), hosts: order.hosts.clone(), valid };
        let existing = if order.replace { Existing::Replace } else { Existing::Refuse };
        let issue = || self.open(&order.folder)?.0.issue_to(&order.folder, &request, existing);
        let folder = issue().map_err(|error| failure(&error))?;
        // Read back, so that what is shown is what is on the disk.
        let credentials = Credentials::load(&folder).map_err(|error| Failure::new(message(&error), ""))?;
        let identity = credentials.identity();
        Ok(Made { folder, id: identity.id().to_string(), certificate: identity.certificate().clone() })
    }

    fn make_anew(&self, folder: &str, name: &Name) -> Result<String, AuthorityError> {
        let home = self.open(folder)?.0.renew(folder, name, None)?;
        Ok(format!(
            "Renewed {name}. Its new files are in {}; whoever runs elsewhere needs them there.",
            home.display()
        ))
    }

    fn take_back(&self, folder: &str, name: &Name) -> Result<String, AuthorityError> {
        let done = self.open(folder)?.0.revoke(name)?;
        let crl = Path::new(folder).join("authority").join("crl.pem");
        Ok(match done.revoked.len() {
            0 => format!("Nothing to revoke: every certificate of {name} has expired or was revoked before."),
            _ => format!("Revoked {name}. Place {} where servers and clients read it.", crl.display()),
        })
    }

    /// The authority in the folder, and whether it took a passphrase.
    fn open(&self, folder: &str) -> Result<(Arc<Opened>, bool), AuthorityError> {
        match Opened::open(folder) {
            Ok(authority) => Ok((Arc::new(authority), false)),
            Err(locked @ AuthorityError::Locked { .. }) => {
                let unlocked = self.unlocked.lock().unwrap_or_else(PoisonError::into_inner);
                let unlocked = unlocked.as_ref().filter(|unlocked| unlocked.folder == folder);
                unlocked.map(|unlocked| (unlocked.authority.clone(), true)).ok_or(locked)
            }
            Err(error) => Err(error),
        }
    }

    fn keep(&self, unlocked: Option<Unlocked>) {
        *self.unlocked.lock().unwrap_or_else(PoisonError::into_inner) = unlocked;
    }
}

fn on_record(record: Record, is_newest: bool) -> Issued {
    let kind = record.kind();
    let hosts: Vec<String> = record.hosts.iter().map(ToString::to_string).collect();
    Issued {
        name: record.name.to_string(),
        role: match kind {
            Kind::Server => hosts.join(", "),
            Kind::Intermediate => "intermediate authority".to_owned(),
            _ => "client".to_owned(),
        },
        is_identity: kind != Kind::Intermediate,
        serial: record.serial,
        from: record.not_before,
        until: record.not_after,
        is_revoked: record.revoked.is_some(),
        is_newest,
    }
}

fn failure(error: &AuthorityError) -> Failure {
    Failure::new(message(error), "")
}
