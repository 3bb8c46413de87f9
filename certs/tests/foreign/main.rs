//! Identities made by other tools: what of them loads, and what is said of those that do not.

#![expect(clippy::unwrap_used, reason = "a test whose helper fails has failed")]

mod openssl;
mod page;

use std::fs;

use countersign_certs::Credentials;
use countersign_certs::check::{Check, Problem, Report, Severity, Tool};
use countersign_certs::contents::{Content, Piece};

use openssl::{Form, KINDS, LAYOUTS, P256, Workshop, mount, names, set_mode};

const ALICE: &str = "spiffe://countersign.internal/alice";

/// What stands in the way, or looks as if it did.
fn troubles(report: &Report) -> Vec<String> {
    let findings = report.findings.iter().filter(|finding| finding.severity() != Severity::Note);
    findings.map(ToString::to_string).collect()
}

#[test]
fn the_files_of_every_tool_load_and_pass_the_check() {
    let workshop = Workshop::with_authorities(P256);
    for (number, layout) in (0..).zip(LAYOUTS) {
        let folder = (layout.make)(&workshop, &format!("alice-{number}"));
        let credentials = Credentials::load(&folder);
        let credentials = credentials.unwrap_or_else(|error| panic!("{}: {error}", layout.tool));
        assert_eq!(credentials.identity().id().as_str(), format!("{ALICE}-{number}"), "{}", layout.tool);
        let report = Check::of(&folder).host("localhost").run();
        assert!(report.is_usable() && troubles(&report).is_empty(), "{}: {report:#?}", layout.tool);
    }
}

#[test]
fn keys_of_every_kind_load_in_every_form_and_are_shown_by_their_kind_alone() {
    for kind in KINDS {
        let workshop = Workshop::with_authorities(P256);
        for form in kind.forms() {
            let folder = workshop.identity(&format!("{form:?}").to_lowercase(), kind, *form);
            let credentials = Credentials::load(&folder).unwrap();
            assert_eq!(credentials.identity().certificate().key_algorithm(), kind.name, "{form:?}");
            assert!(Check::of(&folder).run().is_usable());
            let shown = Piece::load(folder.join("key.pem")).unwrap().remove(0).content;
            assert_eq!(shown, Content::PrivateKey { kind: kind.name.to_owned(), usable: true }, "{form:?}");
            assert_eq!(shown.describe(), format!("A private key: {}.\n", kind.name));
        }
    }
}

#[test]
fn authorities_of_every_kind_are_believed() {
    for kind in KINDS {
        let workshop = Workshop::with_authorities(kind);
        let folder = (LAYOUTS[1].make)(&workshop, "alice");
        let report = Check::of(&folder).run();
        assert!(report.is_usable() && troubles(&report).is_empty(), "{}: {report:#?}", kind.name);
    }
}

#[test]
fn line_ends_of_windows_do_no_harm_and_its_text_encodings_are_named() {
    let workshop = Workshop::with_authorities(P256);
    let folder = (LAYOUTS[0].make)(&workshop, "alice");
    let text = fs::read_to_string(folder.join("ca.pem")).unwrap();
    fs::write(folder.join("ca.pem"), text.replace('\n', "\r\n")).unwrap();
    assert!(Credentials::load(&folder).is_ok() && Check::of(&folder).run().is_usable());
    let utf_16: Vec<u8> =
        ['\u{feff}'].into_iter().chain(text.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
    let indented = text.replace("-----BEGIN", "  -----BEGIN");
    for (written, hint) in [
        (format!("\u{feff}{text}").into_bytes(), "a byte order mark"),
        (utf_16, "it is UTF-16"),
        (indented.into_bytes(), "blanks stand before"),
    ] {
        fs::write(folder.join("ca.pem"), written).unwrap();
        let refusal = Credentials::load(&folder).unwrap_err().to_string();
        let report = Check::of(&folder).run();
        assert!(refusal.contains(hint) && report.findings[0].to_string().contains(hint), "{hint}: {refusal}");
    }
}

#[test]
fn an_intermediate_may_be_the_root_of_ones_trust() {
    let workshop = Workshop::with_authorities(P256);
    let folder = (LAYOUTS[1].make)(&workshop, "alice");
    fs::write(folder.join("ca.crt"), workshop.read("intermediate.pem")).unwrap();
    fs::write(folder.join("tls.crt"), workshop.read("leaf.pem")).unwrap();
    assert!(Credentials::load(&folder).is_ok());
    let report = Check::of(&folder).run();
    assert!(report.is_usable() && troubles(&report).is_empty(), "{report:#?}");
}

#[test]
fn a_swapped_secret_is_another_identity_at_once() {
    let workshop = Workshop::with_authorities(P256);
    let folder = (LAYOUTS[4].make)(&workshop, "alice");
    let watched = Credentials::loader(&folder).on_request().unwrap();
    let before = watched.current().identity().certificate().serial().to_owned();
    assert!(!watched.reload().unwrap());
    let made = (LAYOUTS[3].make)(&workshop, "alice.next");
    fs::rename(&made, workshop.path("next")).unwrap();
    mount(&workshop.path("next"), &folder, "..2026_12_22_10_00_00.2");
    assert!(watched.reload().unwrap());
    let current = watched.current();
    assert_eq!(current.identity().id().as_str(), format!("{ALICE}.next"));
    assert_ne!(current.identity().certificate().serial(), before);
}

#[cfg(unix)]
#[test]
fn a_mounted_key_for_everyone_is_told_how_kubernetes_mounts_it() {
    let workshop = Workshop::with_authorities(P256);
    let folder = (LAYOUTS[4].make)(&workshop, "alice");
    set_mode(&folder.join("tls.key"), 0o644);
    let report = Check::of(&folder).run();
    assert!(report.findings[0].remedy().contains("defaultMode: 0400"), "{report:#?}");
}

#[test]
fn the_tool_that_made_a_certificate_without_an_id_is_recognized() {
    let workshop = Workshop::with_authorities(P256);
    let id = ALICE.parse().unwrap();
    let without_id = |name: &str| names(name).replace("URI:spiffe://countersign.internal/alice, ", "");
    for (layout, tool) in [(1, Tool::Step), (4, Tool::CertManager), (5, Tool::Spire), (6, Tool::Spire)] {
        let folder = (LAYOUTS[layout].make)(&workshop, &format!("made-{layout}"));
        let names = ["tls.crt", "svid.0.pem", "svid.pem"];
        let certificate = names.map(|name| folder.join(name)).into_iter().find(|path| path.exists()).unwrap();
        let provisioner =
            if tool == Tool::Step { "1.3.6.1.4.1.37476.9000.64.1 = DER:30:03:02:01:01" } else { "" };
        workshop.leaf("intermediate", "/CN=alice", &format!("{}{provisioner}", without_id("alice")));
        fs::write(certificate, workshop.read("leaf.pem") + &workshop.read("intermediate.pem")).unwrap();
        let report = Check::of(&folder).run();
        let Problem::NoSpiffeId { suggestion } = &report.findings[0].problem else { panic!("{report:#?}") };
        assert_eq!(suggestion.tool, Some(tool));
        assert!(suggestion.lines()[0].contains(&tool.line(&id)), "{:?}", suggestion.lines());
    }
}

/// What openssl makes of other people's habits, and what is said of it.
#[test]
fn what_cannot_be_used_is_said_to_be_so_and_why() {
    type Seed = fn(&Workshop);
    let faults: [(&str, Seed, &str, &str); 7] = [
        (
            "RSA 1024",
            |w| {
                w.openssl("genrsa -out leaf.key 1024");
                w.leaf("root", "/CN=alice", &names("alice"));
            },
            "key.pem",
            "its key is RSA 1024, which cannot be used",
        ),
        (
            "secp256k1",
            |w| {
                w.openssl("ecparam -name secp256k1 -genkey -out leaf.key");
                w.leaf("root", "/CN=alice", &names("alice"));
            },
            "key.pem",
            "its key is ECDSA on the curve 1.3.132.0.10, which cannot be used",
        ),
        (
            "DSA",
            |w| {
                w.openssl("dsaparam -genkey -noout -out leaf.key 1024");
                w.leaf("root", "/CN=alice", &names("alice"));
            },
            "key.pem",
            "its key is DSA, which cannot be used",
        ),
        (
            "an encrypted key",
            |w| {
                w.write("plain.key", w.read("leaf.key"));
                w.openssl("pkey -in plain.key -aes256 -passout pass:secret -out leaf.key");
            },
            "key.pem",
            "the key is encrypted",
        ),
        (
            "a key encrypted in the old way",
            |w| {
                w.openssl("genrsa -traditional -out plain.key 2048");
                w.write("leaf.key", w.read("plain.key"));
                w.leaf("root", "/CN=alice", &names("alice"));
                w.openssl("rsa -in plain.key -traditional -aes256 -passout pass:secret -out leaf.key");
            },
            "key.pem",
            "the key is encrypted",
        ),
        (
            "SHA-1",
            |w| {
                w.openssl("req -new -config authority.cnf -key leaf.key -out leaf.csr -subj /CN=alice");
                w.openssl("x509 -req -in leaf.csr -CA root.pem -CAkey root.key -sha1 -extfile leaf.cnf -out leaf.pem");
            },
            "cert.pem",
            "is signed with ECDSA and SHA-1, which is not accepted",
        ),
        (
            "version 1",
            |w| w.openssl("x509 -req -in leaf.csr -CA root.pem -CAkey root.key -out leaf.pem"),
            "cert.pem",
            "it is not of X.509 version 3",
        ),
    ];
    for (name, seed, file, what) in faults {
        let workshop = Workshop::with_authorities(P256);
        workshop.key("leaf.key", P256, Form::Pkcs8);
        workshop.leaf("root", "/CN=alice", &names("alice"));
        seed(&workshop);
        let folder = workshop.folder_of_leaf("alice");
        let report = Check::of(&folder).run();
        let found = report.findings.iter().find(|finding| finding.problem.to_string().contains(what));
        let found = found.unwrap_or_else(|| panic!("{name}: {:#?}", troubles(&report)));
        assert!(found.file.ends_with(file) && found.line.is_some() && !report.is_usable(), "{name}: {found}");
    }
}

#[test]
fn a_list_of_the_first_version_is_told_what_it_lacks() {
    let workshop = Workshop::with_authorities(P256);
    let folder = (LAYOUTS[0].make)(&workshop, "alice");
    workshop.write("index.txt", "");
    // Without a number there is nothing that would make it the second.
    workshop.write("crl.cnf", "[ca]\ndefault_ca = ours\n[ours]\ndatabase = index.txt\ndefault_md = sha256\n");
    workshop.openssl("ca -config crl.cnf -keyfile root.key -cert root.pem -gencrl -crldays 30 -out root.crl");
    fs::write(folder.join("crl.pem"), workshop.read("root.crl")).unwrap();
    let refusal = Credentials::load(&folder).unwrap_err().to_string();
    assert!(refusal.contains("crl.pem: its list 1 (of O=Acme, CN=Root) cannot be used: "), "{refusal}");
    assert!(refusal.ends_with("have a complete list of version 2 made"));
}

#[test]
fn certificates_lists_requests_and_keys_of_openssl_are_shown() {
    let workshop = Workshop::with_authorities(P256);
    workshop.key("leaf.key", P256, Form::Pkcs8);
    workshop.leaf("root", "/CN=alice", &names("alice"));
    workshop.write("index.txt", "");
    workshop.write("crl.cnf", "[ca]\ndefault_ca = ours\n[ours]\ndatabase = index.txt\ndefault_md = sha256\n");
    let ca = "ca -config crl.cnf -keyfile root.key -cert root.pem";
    workshop.openssl(&format!("{ca} -revoke leaf.pem -crl_reason superseded"));
    workshop.openssl(&format!("{ca} -gencrl -crldays 30 -out root.crl"));
    workshop.write(
        "request.cnf",
        format!("[req]\ndistinguished_name = name\n[name]\n[wanted]\n{}", names("bob")),
    );
    workshop.openssl("req -new -config request.cnf -reqexts wanted -subj /CN=bob -key leaf.key -out bob.csr");
    workshop.openssl("pkey -in leaf.key -pubout -out leaf.pub");
    workshop.openssl("ecparam -name prime256v1 -out parameters.pem");
    let all = ["leaf.pem", "root.crl", "bob.csr", "leaf.key", "leaf.pub", "parameters.pem"];
    workshop.write("all.pem", all.map(|file| workshop.read(file)).concat() + "-----BEGIN CERTIFICATE-----\n");

    let pieces = Piece::load(workshop.path("all.pem")).unwrap();
    let words: Vec<String> = pieces.iter().map(|piece| piece.content.describe()).collect();
    let text = workshop.read("all.pem");
    for (piece, words) in pieces.iter().zip(&words) {
        let line = text.lines().nth(piece.line - 1).unwrap();
        assert!(line.starts_with("-----BEGIN "), "{words}");
    }
    for (words, parts) in words.iter().zip([
        &["A certificate for the client and server spiffe://countersign.internal/alice.\n"] as &[&str],
        &["A revocation list of O=Acme, CN=Root.\n", "  Revokes      1\n", "(Superseded)"],
        &["A request for a certificate for CN=bob.\n", "  URIs         spiffe://countersign.internal/bob\n"],
        &["A private key: ECDSA P-256.\n"],
        &["A public key: ECDSA P-256.\n"],
        &["A section EC PARAMETERS, which is not read.\n"],
        &["A section CERTIFICATE that cannot be read: a BEGIN line without its END line (line "],
    ]) {
        assert!(parts.iter().all(|part| words.contains(part)), "{words}");
    }
    assert_eq!(words.len(), 7);
}

#[test]
fn nothing_in_a_certificate_can_deceive_who_looks_at_it() {
    let workshop = Workshop::with_authorities(P256);
    workshop.key("leaf.key", P256, Form::Pkcs8);
    let evil = "alice\u{1b}[2J\u{202e}";
    workshop.write(
        "evil.cnf",
        format!("[req]\nprompt = no\nutf8 = yes\ndistinguished_name = name\n[name]\nCN = {evil}\n"),
    );
    workshop.openssl("req -new -config evil.cnf -key leaf.key -out evil.csr");
    workshop.openssl("req -x509 -config evil.cnf -key leaf.key -out evil.pem");
    for file in ["evil.csr", "evil.pem"] {
        for piece in Piece::load(workshop.path(file)).unwrap() {
            let words = piece.content.describe();
            assert!(words.contains(r"alice\u{1b}[2J\u{202e}"), "{words}");
            assert!(!words.contains(['\u{1b}', '\u{202e}']));
        }
    }
}
