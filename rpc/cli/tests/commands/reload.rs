//! What a running server does about files that are replaced, and what is said of revocation lists.

use std::fs;

use crate::desk::Desk;

#[cfg(unix)]
#[test]
fn a_hangup_reloads_at_once_and_says_what_came_of_it() {
    let desk = Desk::with_identities();
    let (demo, mut said) = desk.serve_and_listen("");
    let hang_up = || crate::desk::send("-HUP", &demo.server);
    said.next_with("peers of countersign.internal are not checked for revocation");

    hang_up();
    assert!(said.next_with("asked to reload").contains("credentials unchanged, policy unchanged"));

    let certificate = desk.path().join("pki/server/cert.pem");
    let whole = fs::read(&certificate).unwrap();
    fs::write(&certificate, "garbage").unwrap();
    hang_up();
    let line = said.next_with("asked to reload");
    let kept = "credentials kept (the credentials in pki/server cannot be used, and the old ones stay in force: \
                pki/server/cert.pem: no certificate in this file";
    assert!(line.contains(kept), "{line}");
    desk.run(&format!("list {} --identity pki/alice", demo.address));

    fs::write(&certificate, whole).unwrap();
    hang_up();
    assert!(said.next_with("asked to reload").contains("credentials unchanged"));
}

#[cfg(unix)]
#[test]
fn files_that_are_replaced_are_taken_into_use_without_being_asked() {
    let desk = Desk::with_identities();
    let (_demo, mut said) = desk.serve_and_listen("");
    desk.run("certs issue pki server --host localhost --host 127.0.0.1 --replace");
    said.next_with("the credentials in pki/server were replaced");
    fs::write(desk.path().join("pki/server/ca.pem"), "garbage").unwrap();
    said.next_with("the credentials in pki/server cannot be used, and the old ones stay in force");
}

#[test]
fn a_revocation_list_is_checked_when_a_command_starts() {
    let desk = Desk::with_identities();
    let demo = desk.serve_with("--crl pki/authority/crl.pem", std::process::Stdio::null());
    let list = format!("list {} --identity pki/alice --crl", demo.address);
    desk.run(&format!("{list} pki/authority/crl.pem"));

    let refusal = desk.fail(&format!("{list} pki/authority/none.pem"));
    assert!(refusal.contains("pki/authority/none.pem: no such file"), "{refusal}");
    let refusal = desk.fail(&format!("{list} pki/alice/ca.pem"));
    assert!(refusal.contains("pki/alice/ca.pem: no revocation list in this file"), "{refusal}");

    let stranger = Desk::empty();
    stranger.run("certs init pki");
    fs::copy(stranger.path().join("pki/authority/crl.pem"), desk.path().join("strange.pem")).unwrap();
    let refusal = desk.fail(&format!("{list} strange.pem"));
    assert!(refusal.contains("strange.pem: its list 1"), "{refusal}");
    assert!(refusal.contains("is not signed by an authority of this trust domain"), "{refusal}");
}
