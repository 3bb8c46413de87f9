//! The authority at hand: what it has issued, and what it is asked to issue and to revoke. All of it takes files,
//! and none of it a server.

use std::path::Path;
use std::time::Duration;

use countersign_certs::authority::{
    Authority as Opened, AuthorityError, Existing, Kind, Record, Request, list,
};
use countersign_certs::{Credentials, Name};
use tokio::task::spawn_blocking;

use super::Speaker;
use super::link::message;
use crate::exchange::News;
use crate::model::authority::{Authority, IssueOrder, Issued, Made, OfficeNews};
use crate::model::connection::Failure;

/// Tells what there is in the folder.
pub(super) fn open(folder: String, speaker: Speaker) {
    spawn_blocking(move || tell(folder, &speaker));
}

/// Makes an identity, and tells what is on record afterwards.
pub(super) fn issue(order: IssueOrder, speaker: Speaker) {
    spawn_blocking(move || {
        let made = make(&order).map(Box::new);
        speaker.say(News::Office(OfficeNews::Made(made)));
        tell(order.folder, &speaker);
    });
}

/// Revokes all unexpired certificates of a name, and tells what is on record afterwards.
pub(super) fn revoke(folder: String, name: Name, speaker: Speaker) {
    spawn_blocking(move || {
        let done = take_back(&folder, &name).map_err(|error| failure(&error));
        speaker.say(News::Office(OfficeNews::Revoked(done)));
        tell(folder, &speaker);
    });
}

fn tell(folder: String, speaker: &Speaker) {
    let found = look(&folder).map(Box::new).map_err(|error| failure(&error));
    speaker.say(News::Office(OfficeNews::Found(folder, found)));
}

fn look(folder: &str) -> Result<Authority, AuthorityError> {
    let opened = Opened::open(folder)?;
    let mut issued: Vec<Issued> = list(folder)?.into_iter().map(on_record).collect();
    issued.reverse();
    Ok(Authority {
        domain: opened.trust_domain().to_string(),
        certificate: opened.certificate().clone(),
        issuer: opened.issuer().clone(),
        issued,
    })
}

fn on_record(record: Record) -> Issued {
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
    }
}

fn make(order: &IssueOrder) -> Result<Made, Failure> {
    let valid = Duration::from_hours(24 * u64::from(order.days));
    let request = Request { name: order.name.clone(), hosts: order.hosts.clone(), valid };
    let existing = if order.replace { Existing::Replace } else { Existing::Refuse };
    let opened = Opened::open(&order.folder).map_err(|error| failure(&error))?;
    let folder = opened.issue_to(&order.folder, &request, existing).map_err(|error| failure(&error))?;
    // Read back, so that what is shown is what is on the disk.
    let credentials = Credentials::load(&folder).map_err(|error| Failure::new(message(&error), ""))?;
    let identity = credentials.identity();
    Ok(Made { folder, id: identity.id().to_string(), certificate: identity.certificate().clone() })
}

fn failure(error: &AuthorityError) -> Failure {
    Failure::new(message(error), "")
}

fn take_back(folder: &str, name: &Name) -> Result<String, AuthorityError> {
    let done = Opened::open(folder)?.revoke(name)?;
    let crl = Path::new(folder).join("authority").join("crl.pem");
    Ok(match done.revoked.len() {
        0 => format!(
            "There was nothing to revoke: every certificate of {name} has expired or was revoked before."
        ),
        _ => format!("Revoked {name}. Place {} where servers and clients read it.", crl.display()),
    })
}
