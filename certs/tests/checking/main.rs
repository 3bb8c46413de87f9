//! What a check finds: each fault that can be seeded into a sound identity, with file, line and remedy.

#![expect(clippy::unwrap_used, reason = "a test whose helper fails has failed")]

mod faults;
mod folder;
mod hostile;

use countersign_certs::check::{Problem, Role, Severity, Tool};
use rcgen::{ExtendedKeyUsagePurpose, SanType};

use folder::{Folder, uri};

#[test]
fn a_sound_identity_has_no_findings() {
    let report = Folder::of_alice().report();
    assert_eq!(report.findings, []);
    assert!(report.is_usable());
    assert_eq!(report.roles, [Role::Client, Role::Server]);
    assert_eq!(report.id.unwrap().as_str(), "spiffe://countersign.internal/alice");
}

#[test]
fn it_is_judged_in_the_role_that_is_asked_for() {
    let folder = Folder::of_alice();
    folder.write_leaf(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    assert!(folder.report().is_usable());
    assert!(folder.check().used_as(Role::Client).run().is_usable());
    let report = folder.check().used_as(Role::Server).run();
    assert!(!report.is_usable());
    assert!(matches!(report.findings[0].problem, Problem::NotForRole { role: Role::Server, .. }));
}

#[test]
fn hosts_are_judged_as_a_client_does_that_dials_them() {
    let folder = Folder::of_alice();
    folder.write_leaf(|params| {
        params.subject_alt_names.push(SanType::DnsName("*.acme.example".try_into().unwrap()));
        params.subject_alt_names.push(SanType::IpAddress("127.0.0.1".parse().unwrap()));
    });
    for host in ["localhost", "LOCALHOST", "api.acme.example", "127.0.0.1"] {
        assert!(folder.check().host(host).run().is_usable(), "{host}");
    }
    for host in ["acme.example", "a.b.acme.example", "127.0.0.2", "::1", "", "local host", "\u{1b}[2J"] {
        let report = folder.check().host(host).run();
        assert!(matches!(report.findings[0].problem, Problem::HostNotCovered { .. }), "{host}");
        assert!(!report.findings[0].to_string().contains('\u{1b}'));
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_the_worst_first() {
    let folder = Folder::of_alice();
    folder.write_leaf(|params| {
        params.subject_alt_names = vec![uri("spiffe://a/x"), uri("spiffe://a/y")];
        params.not_after = params.not_before + time::Duration::minutes(1);
        params.extended_key_usages.clear();
    });
    folder.set_mode("key.pem", 0o644);
    folder.set_mode("ca.pem", 0o666);
    let report = folder.report();
    let severities: Vec<Severity> = report.findings.iter().map(|finding| finding.severity()).collect();
    assert!(severities.is_sorted());
    let told: Vec<String> = report.findings.iter().map(|finding| folder.told(finding)).collect();
    for (file, part) in [
        ("cert.pem:1", "several URIs"),
        ("cert.pem:1", "has expired"),
        ("cert.pem:1", "not for a client"),
        #[cfg(unix)]
        ("key.pem", "can reach this key"),
        #[cfg(unix)]
        ("ca.pem", "can change it"),
    ] {
        assert!(told.iter().any(|line| line.contains(file) && line.contains(part)), "{part}: {told:#?}");
    }
}

#[test]
fn the_report_is_json_for_machines() {
    let folder = Folder::of_alice();
    folder.write_leaf(|params| params.subject_alt_names.clear());
    let report = serde_json::to_value(folder.check().used_as(Role::Client).run()).unwrap();
    let finding = &report["findings"][0];
    assert_eq!(report["roles"], serde_json::json!(["client"]));
    assert_eq!((&finding["severity"], &finding["problem"]), (&"error".into(), &"no_spiffe_id".into()));
    assert_eq!(
        (&finding["line"], &finding["suggestion"]["id"]),
        (&1.into(), &"spiffe://countersign.internal/alice".into())
    );
    assert!(finding["what"].is_string() && finding["remedy"].is_string());
}

#[test]
fn a_certificate_without_a_spiffe_id_is_told_the_line_that_adds_it() {
    let folder = Folder::of_alice();
    folder.write_leaf(|params| params.subject_alt_names.clear());
    let report = folder.report();
    let Problem::NoSpiffeId { suggestion } = &report.findings[0].problem else { panic!("{report:?}") };
    assert_eq!(suggestion.lines().len(), Tool::ALL.len());
    assert!(
        suggestion.lines()[0]
            .starts_with("openssl: subjectAltName = URI:spiffe://countersign.internal/alice")
    );

    for [from, to] in [["cert.pem", "tls.crt"], ["key.pem", "tls.key"], ["ca.pem", "ca.crt"]] {
        std::fs::rename(folder.path(from), folder.path(to)).unwrap();
    }
    std::fs::create_dir(folder.path("..data")).unwrap();
    let report = folder.report();
    let Problem::NoSpiffeId { suggestion } = &report.findings[0].problem else { panic!("{report:?}") };
    assert_eq!(suggestion.tool, Some(Tool::CertManager));
    assert!(suggestion.lines()[0].contains(r#"uris: ["spiffe://countersign.internal/alice"]"#));
}
