//! The identity's own certificate: whose it says it is, and what it may be used for.

use std::path::Path;

use rustls_pki_types::ServerName;
use webpki::EndEntityCert;

use super::member::Member;
use super::{Findings, Problem, Role, Suggestion};
use crate::certificate::{SpiffeIdError, words};
use crate::key::PrivateKey;

/// The certificate that the identity shows, though it may not stand where it should.
pub(super) fn own<'a>(
    file: &Path,
    members: &'a [Member],
    keys: &[(PrivateKey, usize)],
    findings: &mut Findings,
) -> Option<&'a Member> {
    let first = members.first()?;
    let leaves = || members.iter().filter(|member| !member.info.may_sign_for_others());
    let has_key = |member: &&Member| keys.iter().any(|(key, _)| key.belongs_to(&member.info));
    let own = leaves().find(has_key).or_else(|| leaves().next());
    match own {
        Some(own) if own.number == first.number => {}
        Some(own) if first.info.may_sign_for_others() || has_key(&own) => {
            let problem = Problem::LeafNotFirst { subject: own.subject(), number: own.number };
            findings.add(file, Some(own.line), problem);
            return Some(own);
        }
        Some(_) => {}
        None => findings.add(file, Some(first.line), Problem::IsAuthority { subject: first.subject() }),
    }
    Some(first)
}

/// Whether it says whose it is, and its key and its names are such that a peer looks any further.
pub(super) fn check(
    file: &Path,
    leaf: &Member,
    suggestion: impl Fn() -> Suggestion,
    findings: &mut Findings,
) {
    check_name(file, leaf, suggestion, findings);
    if leaf.info.has_weak_key() {
        let kind = leaf.info.key_algorithm().to_owned();
        findings.add(file, Some(leaf.line), Problem::WeakKey { kind });
    }
    if leaf.info.has_control_characters() {
        findings.add(file, Some(leaf.line), Problem::ControlCharacters);
    }
}

/// Whether it may be used in these roles, and answer at these hosts.
pub(super) fn check_roles(
    file: &Path,
    leaf: &Member,
    roles: &[Role],
    hosts: &[String],
    findings: &mut Findings,
) {
    // An authority's has other usages where it belongs, which was said.
    if !leaf.info.may_sign_for_others() {
        check_usages(file, leaf, roles, findings);
    }
    check_hosts(file, leaf, roles, hosts, findings);
}

/// Whether it names exactly one SPIFFE ID, with a path.
fn check_name(file: &Path, leaf: &Member, suggestion: impl Fn() -> Suggestion, findings: &mut Findings) {
    let problem = match leaf.info.spiffe_id() {
        Ok(id) if id.path().is_empty() => Problem::NoPath { id: id.to_string(), suggestion: suggestion() },
        Ok(_) => return,
        Err(SpiffeIdError::Missing) => Problem::NoSpiffeId { suggestion: suggestion() },
        Err(SpiffeIdError::Several(_)) => Problem::SeveralUris { uris: leaf.info.uris().to_vec() },
        Err(SpiffeIdError::Invalid(error)) => {
            Problem::NotSpiffeId { reason: error.to_string(), suggestion: suggestion() }
        }
    };
    findings.add(file, Some(leaf.line), problem);
}

/// Whether it may sign a handshake, in each role.
fn check_usages(file: &Path, leaf: &Member, roles: &[Role], findings: &mut Findings) {
    let usages = leaf.info.key_usages();
    if !usages.contains(&"digitalSignature") {
        let has = usages.iter().map(|usage| (*usage).to_owned()).collect();
        findings.add(file, Some(leaf.line), Problem::NoSignature { has });
    }
    let usages = leaf.info.extended_key_usages();
    for role in roles.iter().filter(|role| !usages.iter().any(|usage| usage == role.usage())) {
        let problem = Problem::NotForRole { role: *role, has: usages.to_vec() };
        findings.add(file, Some(leaf.line), problem);
    }
}

/// Whether it covers the hosts that were asked for; a server's should cover any.
fn check_hosts(file: &Path, leaf: &Member, roles: &[Role], hosts: &[String], findings: &mut Findings) {
    let covers = leaf.info.hosts();
    if hosts.is_empty() && covers.is_empty() && roles.contains(&Role::Server) {
        findings.add(file, Some(leaf.line), Problem::NoHost);
    }
    for host in hosts.iter().filter(|host| !is_valid_for(leaf, host)) {
        let problem = Problem::HostNotCovered { host: words::clipped(host), covers: covers.clone() };
        findings.add(file, Some(leaf.line), problem);
    }
}

/// What a client finds that dials `host`.
fn is_valid_for(leaf: &Member, host: &str) -> bool {
    let (Ok(name), Ok(leaf)) = (ServerName::try_from(host), EndEntityCert::try_from(&leaf.der)) else {
        return false;
    };
    leaf.verify_is_valid_for_subject_name(&name).is_ok()
}
