//! `countersign certs check` and the handshake are of one mind: what a peer would refuse is found before.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use countersign_certs::CertificateInfo;
use countersign_certs::check::{Check, Role};
use countersign_tests::forge::{Forge, Leaf, Pair};

use super::{BAD, BAD_CLIENTS, BAD_SERVERS, Row, World};

/// Writes what is shown into a folder, with the roots by which a judge judges whomever it names.
fn write(folder: &Path, world: &World, pair: &Pair) {
    let chain: String = pair.chain.iter().map(|der| pem("CERTIFICATE", der)).collect();
    let named = pair.chain.first().and_then(|leaf| CertificateInfo::from_der(leaf).ok());
    let domain = named.and_then(|leaf| leaf.spiffe_id().ok().map(|id| id.trust_domain().clone()));
    let is_of = |forge: &&Forge| domain.as_ref().is_none_or(|domain| domain == forge.domain());
    let roots = [&world.ours, &world.partner].into_iter().find(is_of);
    let roots = roots.map_or_else(String::new, |forge| pem("CERTIFICATE", forge.certificate()));
    for (name, text) in
        [("cert.pem", chain), ("key.pem", pem("PRIVATE KEY", pair.key.secret_der())), ("ca.pem", roots)]
    {
        fs::write(folder.join(name), text).expect("a file");
    }
    close(&folder.join("key.pem"));
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

#[cfg(unix)]
fn close(key: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(key, fs::Permissions::from_mode(0o600)).expect("a mode");
}

#[cfg(not(unix))]
fn close(_key: &Path) {}

fn is_usable(world: &World, pair: &Pair, role: Role) -> bool {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), world, pair);
    let check = Check::of(folder.path()).used_as(role);
    let check = if role == Role::Server { check.host("localhost") } else { check };
    check.run().is_usable()
}

/// The rows that a check takes for usable.
fn missed<'a>(world: &World, rows: impl Iterator<Item = &'a Row>, role: Role) -> Vec<&'a str> {
    rows.filter(|row| is_usable(world, &(row.show)(world), role)).map(|row| row.what).collect()
}

#[test]
fn a_check_finds_every_bad_certificate_that_a_peer_would_refuse() {
    let world = World::new();
    assert_eq!(missed(&world, BAD.iter().chain(BAD_CLIENTS), Role::Client), [""; 0]);
    assert_eq!(missed(&world, BAD.iter().chain(BAD_SERVERS), Role::Server), [""; 0]);
}

#[test]
fn a_check_passes_the_sound_ones() {
    let world = World::new();
    for pair in [world.ours(|leaf| leaf), world.below(|params| params)] {
        assert!(is_usable(&world, &pair, Role::Client) && is_usable(&world, &pair, Role::Server));
    }
    assert!(is_usable(&world, &world.ours(Leaf::client_only), Role::Client));
    assert!(is_usable(&world, &world.ours(Leaf::server_only), Role::Server));
}
