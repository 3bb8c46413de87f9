//! `countersign certs`: an authority, and the identities that it issues.

use std::path::{Path, PathBuf};

use countersign_certs::authority::{self, Authority, AuthorityError, Existing, Host, Record, Request};
use countersign_certs::{CertificateInfo, Credentials, TrustDomain, Validity};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::args::CertsCommand;
use crate::columns::columns;
use crate::failure::Failure;
use crate::output;

pub(crate) fn run(command: CertsCommand, json: bool) -> Result<(), Failure> {
    match command {
        CertsCommand::Init { dir, trust_domain } => init(&dir, &trust_domain, json),
        CertsCommand::Issue { dir, name, hosts, days, replace } => {
            let existing = if replace { Existing::Replace } else { Existing::Refuse };
            issue(&dir, &Request { name, hosts, days }, existing, json)
        }
        CertsCommand::List { dir } => list(&dir, json),
        CertsCommand::Show { files } => show(&files, json),
    }
}

fn init(dir: &Path, domain: &TrustDomain, json: bool) -> Result<(), Failure> {
    let authority = Authority::init(dir, domain)?;
    let (certificate, home) = (authority.certificate(), dir.join("authority"));
    if json {
        return output::json(&json!({
            "folder": home, "trust_domain": domain,
            "not_after": certificate.not_after(), "sha256": certificate.fingerprint(),
        }));
    }
    output::say(&format!(
        "made the authority of {domain} in {}, valid until {}\n\
         keep its key to yourself; issue identities with `countersign certs issue {} NAME`\n",
        home.display(),
        day(certificate.not_after()),
        dir.display(),
    ))
}

fn issue(dir: &Path, request: &Request, existing: Existing, json: bool) -> Result<(), Failure> {
    let issued = Authority::open(dir)?.issue_to(dir, request, existing);
    let home = issued.map_err(|error| match error {
        AuthorityError::IdentityExists { .. } => Failure::new(error).or_try("the same with --replace"),
        other => other.into(),
    })?;
    let credentials = Credentials::load(&home)?;
    let (id, certificate) = (credentials.identity().id(), credentials.identity().certificate());
    if json {
        return output::json(&json!({
            "folder": home, "id": id, "hosts": request.hosts, "serial": certificate.serial(),
            "not_after": certificate.not_after(), "sha256": certificate.fingerprint(),
        }));
    }
    let role = match request.hosts.as_slice() {
        [] => "a client".to_owned(),
        hosts => format!("the server at {}", listed(hosts)),
    };
    let (home, until) = (home.display(), day(certificate.not_after()));
    output::say(&format!("issued {id} into {home}, for {role}, valid until {until}\n"))
}

fn list(dir: &Path, json: bool) -> Result<(), Failure> {
    let records = authority::list(dir)?;
    if json {
        return output::json(&records);
    }
    let now = Timestamp::now();
    let mut rows = vec![["NAME", "VALID UNTIL", "SERIAL", "HOSTS"].map(str::to_owned)];
    rows.extend(records.iter().map(|record| row(record, now)));
    output::say(&columns("", &rows))
}

fn row(record: &Record, now: Timestamp) -> [String; 4] {
    let expired = if record.not_after < now { " (expired)" } else { "" };
    let until = format!("{}{expired}", day(record.not_after));
    [record.name.to_string(), until, record.serial.clone(), listed(&record.hosts)]
}

fn show(files: &[PathBuf], json: bool) -> Result<(), Failure> {
    let mut certificates = Vec::new();
    for file in files {
        let file = if file.is_dir() { file.join("cert.pem") } else { file.clone() };
        certificates.extend(CertificateInfo::load(file)?);
    }
    if json {
        return output::json(&certificates.iter().map(certificate_json).collect::<Vec<_>>());
    }
    let words: Vec<_> = certificates.iter().map(CertificateInfo::describe).collect();
    output::say(&words.join("\n"))
}

fn certificate_json(certificate: &CertificateInfo) -> Json {
    json!({
        "id": certificate.spiffe_id().ok(),
        "subject": certificate.subject(),
        "issuer": certificate.issuer(),
        "serial": certificate.serial(),
        "not_before": certificate.not_before(),
        "not_after": certificate.not_after(),
        "valid": certificate.validity_at(Timestamp::now()) == Validity::Valid,
        "uris": certificate.uris(),
        "dns_names": certificate.dns_names(),
        "ips": certificate.ips(),
        "is_ca": certificate.is_ca(),
        "key_usages": certificate.key_usages(),
        "extended_key_usages": certificate.extended_key_usages(),
        "key_algorithm": certificate.key_algorithm(),
        "sha256": certificate.fingerprint(),
    })
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

fn listed(hosts: &[Host]) -> String {
    hosts.iter().map(Host::to_string).collect::<Vec<_>>().join(", ")
}
