//! What we issue, judged by verifiers that are not ours, each at its strictest.
//!
//! They run as commands. Where one is not installed its test says so and proves nothing; with `CI`
//! set in the environment that is a failure.

#![expect(clippy::unwrap_used, reason = "a test whose helper fails has failed")]

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use countersign_certs::TrustDomain;
use countersign_certs::authority::{Authority, Existing, Request};
use tempfile::TempDir;

/// A folder with an authority, the client `alice` and the server `greeter`.
fn issued() -> TempDir {
    let pki = tempfile::tempdir().unwrap();
    let authority = Authority::init(pki.path(), &TrustDomain::default()).unwrap();
    let hosts = ["localhost", "127.0.0.1", "::1"].map(|host| host.parse().unwrap());
    for request in
        [Request::client("alice".parse().unwrap()), Request::server("greeter".parse().unwrap(), hosts)]
    {
        authority.issue_to(pki.path(), &request, Existing::Refuse).unwrap();
    }
    pki
}

/// Runs a command and returns what it printed; nothing if it is not installed.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Option<Result<String, String>> {
    match Command::new(program).args(arguments).current_dir(folder).output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            Some(if output.status.success() { Ok(text) } else { Err(text) })
        }
        Err(error) if error.kind() == ErrorKind::NotFound && std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {program} is not installed");
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

fn verify(pki: &Path, name: &str, purpose: &str, host: &[&str]) -> Option<Result<String, String>> {
    let (ca, certificate) = (format!("{name}/ca.pem"), format!("{name}/cert.pem"));
    let mut arguments = vec!["verify", "-x509_strict", "-check_ss_sig", "-no-CApath", "-CAfile", &ca];
    arguments.extend(["-crl_check", "-CRLfile", "authority/crl.pem", "-purpose", purpose]);
    arguments.extend(host);
    arguments.push(&certificate);
    run("openssl", &arguments, pki)
}

#[test]
fn openssl_verifies_what_we_issue() {
    let pki = issued();
    for (name, purpose, host) in [
        ("alice", "sslclient", [].as_slice()),
        ("greeter", "sslclient", &[]),
        ("greeter", "sslserver", &["-verify_hostname", "localhost"]),
        ("greeter", "sslserver", &["-verify_ip", "127.0.0.1"]),
        ("greeter", "sslserver", &["-verify_ip", "::1"]),
    ] {
        let Some(verdict) = verify(pki.path(), name, purpose, host) else { return };
        assert!(verdict.is_ok(), "{name} as {purpose} {host:?}: {verdict:?}");
    }
}

#[test]
fn openssl_holds_a_server_to_its_hosts() {
    let pki = issued();
    let host = ["-verify_hostname", "example.org"];
    let Some(verdict) = verify(pki.path(), "greeter", "sslserver", &host) else { return };
    let refusal = verdict.unwrap_err();
    assert!(refusal.to_lowercase().contains("hostname mismatch"), "{refusal}");
}

#[test]
fn openssl_takes_a_client_for_no_server() {
    let pki = issued();
    let Some(verdict) = verify(pki.path(), "alice", "sslserver", &[]) else { return };
    let refusal = verdict.unwrap_err();
    assert!(refusal.contains("unsuitable certificate purpose"), "{refusal}");
}

#[test]
fn python_at_its_strictest_connects_both_ways() {
    let pki = issued();
    let Some(verdict) = run("python3", &["-c", HANDSHAKE], pki.path()) else { return };
    assert_eq!(verdict.unwrap().trim(), "TLSv1.3 spiffe://countersign.internal/alice");
}

/// Both ends of one TLS connection, through memory; each verifies the other with every strictness.
const HANDSHAKE: &str = r#"
import ssl

def context(protocol, name):
    context = ssl.SSLContext(protocol)
    context.load_cert_chain(f"{name}/cert.pem", f"{name}/key.pem")
    context.load_verify_locations(f"{name}/ca.pem")
    context.load_verify_locations("authority/crl.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_CRL_CHECK_CHAIN
    return context

to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
client = context(ssl.PROTOCOL_TLS_CLIENT, "alice").wrap_bio(
    to_client, to_server, server_hostname="localhost")
server = context(ssl.PROTOCOL_TLS_SERVER, "greeter").wrap_bio(
    to_server, to_client, server_side=True)

waiting = [client, server]
while waiting:
    for end in list(waiting):
        try:
            end.do_handshake()
            waiting.remove(end)
        except ssl.SSLWantReadError:
            pass
print(server.version(), *(uri for kind, uri in server.getpeercert()["subjectAltName"] if kind == "URI"))
"#;
