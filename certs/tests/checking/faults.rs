//! One fault at a time, seeded into a sound identity.

use std::fs;

use countersign_certs::check::Severity;
use rcgen::{
    BasicConstraints, CustomExtension, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair,
    KeyUsagePurpose, NameConstraints, RevokedCertParams,
};
use time::Duration;

use crate::folder::{ALICE, Ca, Folder, line_of_section, uri};

/// What spoils an identity, and what is to be found: severity, file, line, a part of the words and of the remedy.
struct Fault {
    name: &'static str,
    seed: fn(&Folder),
    severity: Severity,
    file: &'static str,
    /// The line of the section of this number, or no line.
    section: Option<usize>,
    what: &'static str,
    remedy: &'static str,
    /// How many findings there are, of which this is one.
    findings: usize,
}

/// An error in a file.
const fn fault(name: &'static str, seed: fn(&Folder), file: &'static str) -> Fault {
    Fault { name, seed, severity: Severity::Error, file, section: None, what: "", remedy: "", findings: 1 }
}

impl Fault {
    const fn in_section(mut self, number: usize) -> Fault {
        self.section = Some(number);
        self
    }

    const fn a(mut self, severity: Severity) -> Fault {
        self.severity = severity;
        self
    }

    const fn one_of(mut self, findings: usize) -> Fault {
        self.findings = findings;
        self
    }

    const fn told(mut self, what: &'static str, remedy: &'static str) -> Fault {
        (self.what, self.remedy) = (what, remedy);
        self
    }
}

const FAULTS: &[Fault] = &[
    fault("no certificate", |f| f.remove("cert.pem"), "cert.pem").told("no such file", "put it beside"),
    fault("no key", |f| f.remove("key.pem"), "key.pem").told("no such file", "put it beside"),
    fault("no trust", |f| f.remove("ca.pem"), "ca.pem").told("no such file", "put it beside"),
    fault(
        "a key named as by another tool",
        |f| fs::rename(f.path("key.pem"), f.path("tls.key")).unwrap(),
        "key.pem",
    )
    .told("no such file", "rename tls.key"),
    fault(
        "a folder in place of a file",
        |f| {
            f.remove("ca.pem");
            fs::create_dir(f.path("ca.pem")).unwrap();
        },
        "ca.pem",
    )
    .told("not a file", "put the right file"),
    fault("an absurd size", |f| f.write("ca.pem", vec![b' '; 2 << 20]), "ca.pem")
        .told("larger than", "right file"),
    fault("an empty file", |f| f.write("cert.pem", ""), "cert.pem").told("it is empty", "in PEM"),
    fault("DER instead of PEM", |f| f.write("cert.pem", [0x30, 3, 2, 1, 0]), "cert.pem")
        .told("DER", "in PEM"),
    fault("the key in place of the certificate", |f| f.write("cert.pem", f.read("key.pem")), "cert.pem")
        .told("it holds a private key", "in PEM"),
    fault("half a certificate", |f| f.write("cert.pem", &f.read("cert.pem")[..300]), "cert.pem")
        .in_section(1)
        .told("without its END line", "restore"),
    fault(
        "a second root without its end",
        |f| f.write("ca.pem", f.ca.pem.clone() + &f.ca.pem[..200]),
        "ca.pem",
    )
    .in_section(2)
    .told("without its END line", "restore"),
    fault(
        "no certificate in a certificate's place",
        |f| f.write("cert.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        "cert.pem",
    )
    .in_section(1)
    .told("not a readable certificate", "restore"),
    fault("another's key", |f| f.write_key(&KeyPair::generate().unwrap().serialize_pem()), "key.pem")
        .in_section(1)
        .told("belongs to the certificate", "the right key"),
    fault(
        "an encrypted key",
        |f| f.write_key("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"),
        "key.pem",
    )
    .in_section(1)
    .told("encrypted", "openssl pkey"),
    fault(
        "a damaged key",
        |f| f.write_key("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
        "key.pem",
    )
    .in_section(1)
    .told("damaged", "PKCS#8"),
    #[cfg(unix)]
    fault("a key for everyone", |f| f.set_mode("key.pem", 0o644), "key.pem").told("mode 0644", "chmod 600"),
    #[cfg(unix)]
    fault("a key for a group", |f| f.set_mode("key.pem", 0o640), "key.pem")
        .a(Severity::Warning)
        .told("mode 0640", "chmod 600"),
    #[cfg(unix)]
    fault("trust that everyone can change", |f| f.set_mode("ca.pem", 0o646), "ca.pem")
        .a(Severity::Warning)
        .told("change it", "chmod go-w"),
    fault("no URI", |f| f.write_leaf(|leaf| drop(leaf.subject_alt_names.remove(0))), "cert.pem")
        .in_section(1)
        .told("no URI", "spiffe://countersign.internal/alice"),
    fault(
        "several URIs",
        |f| f.write_leaf(|leaf| leaf.subject_alt_names.push(uri("https://acme.example"))),
        "cert.pem",
    )
    .in_section(1)
    .told("https://acme.example", "exactly one URI"),
    fault(
        "a URI that is no SPIFFE ID",
        |f| f.write_leaf(|leaf| leaf.subject_alt_names[0] = uri("https://acme.example/alice")),
        "cert.pem",
    )
    .in_section(1)
    .told("is not a SPIFFE ID", "spiffe://countersign.internal/alice"),
    fault(
        "an ID without a path",
        |f| f.write_leaf(|leaf| leaf.subject_alt_names[0] = uri("spiffe://countersign.internal")),
        "cert.pem",
    )
    .in_section(1)
    .told("whole trust domain", "spiffe://countersign.internal/alice"),
    fault(
        "an authority's certificate",
        |f| f.write_leaf(|leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        "cert.pem",
    )
    .in_section(1)
    .told("belongs to an authority", "own certificate first"),
    fault(
        "a leaf that may sign revocation lists",
        |f| f.write_leaf(|leaf| leaf.key_usages.push(KeyUsagePurpose::CrlSign)),
        "cert.pem",
    )
    .in_section(1)
    .told("belongs to an authority", "own certificate first"),
    fault(
        "expired",
        |f| f.write_leaf(|leaf| leaf.not_after = leaf.not_before + Duration::minutes(1)),
        "cert.pem",
    )
    .in_section(1)
    .told("has expired", "renew"),
    fault("not yet valid", |f| f.write_leaf(|leaf| leaf.not_before += Duration::days(2)), "cert.pem")
        .in_section(1)
        .told("not valid before", "clock"),
    fault("expires soon", |f| f.write_leaf(|leaf| leaf.not_before -= Duration::days(100)), "cert.pem")
        .in_section(1)
        .a(Severity::Warning)
        .told("% of its life is left", "renew"),
    fault(
        "a key usage without signatures",
        |f| f.write_leaf(|leaf| leaf.key_usages = vec![KeyUsagePurpose::KeyEncipherment]),
        "cert.pem",
    )
    .in_section(1)
    .told("keyEncipherment", "digitalSignature"),
    fault("no extended key usage", |f| f.write_leaf(|leaf| leaf.extended_key_usages.clear()), "cert.pem")
        .in_section(1)
        .one_of(2)
        .told("none", "clientAuth"),
    fault(
        "another extended key usage",
        |f| f.write_leaf(|leaf| leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning]),
        "cert.pem",
    )
    .in_section(1)
    .one_of(2)
    .told("codeSigning", "extended key usage"),
    fault("a server without a host", |f| f.write_leaf(|leaf| leaf.subject_alt_names.truncate(1)), "cert.pem")
        .in_section(1)
        .a(Severity::Warning)
        .told("names no host", "alternative names"),
    fault(
        "control characters in a name",
        |f| f.write_leaf(|leaf| leaf.distinguished_name.push(DnType::OrganizationName, "\u{1b}[2J")),
        "cert.pem",
    )
    .in_section(1)
    .told("control characters", "plain text"),
    fault("another authority", |f| f.trust_instead(&Ca::root("Another root")), "cert.pem")
        .in_section(1)
        .told("neither in it nor in the trust", "put it into the trust file"),
    fault("another authority of the same name", |f| f.trust_instead(&Ca::root("Test root")), "cert.pem")
        .in_section(1)
        .told("another one of the same name", "authority that signed it"),
    fault(
        "a missing intermediate",
        |f| f.write("cert.pem", f.leaf(&f.ca.intermediate("Intermediate", |_| {}), |_| {})),
        "cert.pem",
    )
    .in_section(1)
    .told("issued by CN=Intermediate", "append"),
    fault(
        "an intermediate that is no authority",
        |f| {
            let issuer = f.ca.intermediate("Impostor", |ca| ca.is_ca = IsCa::ExplicitNoCa);
            f.write("cert.pem", f.leaf(&issuer, |_| {}) + &issuer.pem);
        },
        "cert.pem",
    )
    .in_section(2)
    .told("issued one, but is not an authority's", "may issue it"),
    fault(
        "an intermediate that has expired",
        |f| {
            let issuer = f.ca.intermediate("Old", |ca| {
                ca.not_before -= Duration::days(2);
                ca.not_after = ca.not_before + Duration::days(1);
            });
            f.write_chain(&[&issuer], |leaf| leaf.not_before -= Duration::days(5));
        },
        "cert.pem",
    )
    .in_section(2)
    .told("its certificate 2 (CN=Old) has expired", "renew"),
    fault(
        "an intermediate for clients alone",
        |f| {
            let usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            let issuer = f.ca.intermediate("Clients", |ca| ca.extended_key_usages = usages);
            f.write_chain(&[&issuer], |_| {});
        },
        "cert.pem",
    )
    .in_section(2)
    .told("may not issue for this usage", "issued anew"),
    fault(
        "an intermediate for other names",
        |f| {
            let issuer = f.ca.intermediate("Narrow", |ca| {
                let permitted_subtrees = vec![GeneralSubtree::DnsName("acme.example".to_owned())];
                ca.name_constraints =
                    Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
            });
            f.write_chain(&[&issuer], |_| {});
        },
        "cert.pem",
    )
    .in_section(2)
    .told("may not speak", "issued anew"),
    fault(
        "the leaf behind its issuer",
        |f| {
            let issuer = f.ca.intermediate("Intermediate", |_| {});
            f.write_chain(&[&issuer], |_| {});
            f.write("cert.pem", issuer.pem.clone() + &f.leaf(&issuer, |_| {}));
        },
        "cert.pem",
    )
    .in_section(2)
    .told("is number 2", "own certificate first"),
    fault(
        "intermediates in another order",
        |f| {
            let upper = f.ca.intermediate("Upper", |_| {});
            let lower = upper.intermediate("Lower", |_| {});
            f.write_chain(&[&lower, &upper], |_| {});
            f.write("cert.pem", [f.leaf(&lower, |_| {}), upper.pem, lower.pem].concat());
        },
        "cert.pem",
    )
    .in_section(2)
    .a(Severity::Warning)
    .told("not in order", "then its issuer's"),
    fault("the root in the chain", |f| f.write("cert.pem", f.read("cert.pem") + &f.ca.pem), "cert.pem")
        .in_section(2)
        .a(Severity::Note)
        .told("not needed", "take it out"),
    fault(
        "too many intermediates",
        |f| f.write("cert.pem", f.read("cert.pem") + &f.ca.pem.repeat(5)),
        "cert.pem",
    )
    .in_section(6)
    .one_of(6)
    .told("more than 4", "take out"),
    fault(
        "a certificate of absurd length",
        |f| {
            f.write_leaf(|leaf| {
                let extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 9, 9], vec![5; 20_000]);
                leaf.custom_extensions.push(extension);
            });
        },
        "cert.pem",
    )
    .in_section(1)
    .told("more than 16384 are refused", "fewer names"),
    fault("a leaf among the roots", |f| f.write("ca.pem", f.ca.pem.clone() + &f.read("cert.pem")), "ca.pem")
        .in_section(2)
        .told("not an authority's", "only authorities"),
    fault(
        "a root of another domain",
        |f| {
            let other = f
                .ca
                .intermediate("Theirs", |ca| ca.subject_alt_names = vec![uri("spiffe://partner.example")]);
            f.write("ca.pem", f.ca.pem.clone() + &other.pem);
        },
        "ca.pem",
    )
    .in_section(2)
    .a(Severity::Warning)
    .told("authority of partner.example", "trust/partner.example.pem"),
    fault(
        "a root that has expired",
        |f| {
            let old = f.ca.intermediate("Old", |ca| ca.not_after = ca.not_before + Duration::minutes(1));
            f.write("ca.pem", f.ca.pem.clone() + &old.pem);
        },
        "ca.pem",
    )
    .in_section(2)
    .a(Severity::Warning)
    .told("is not valid today", "successor"),
    fault(
        "trust in the own domain twice",
        |f| f.write_trust("countersign.internal.pem", &f.ca.pem),
        "trust/countersign.internal.pem",
    )
    .told("in ca.pem already", "keep one"),
    fault("a trust file of a bad name", |f| f.write_trust("Partner.pem", &f.ca.pem), "trust/Partner.pem")
        .told("not that of a trust domain", "DOMAIN.pem"),
    fault(
        "a trust file that nobody reads",
        |f| f.write_trust("partner.example.crt", &f.ca.pem),
        "trust/partner.example.crt",
    )
    .a(Severity::Note)
    .told("nothing reads", "DOMAIN.pem"),
    fault("an empty trust file", |f| f.write_trust("partner.example.pem", ""), "trust/partner.example.pem")
        .told("it is empty", "in PEM"),
    fault("no revocation list", |f| f.remove("crl.pem"), "crl.pem")
        .a(Severity::Note)
        .told("not checked for revocation", "certs crl --out"),
    fault("roots in place of the list", |f| f.write("crl.pem", &f.ca.pem), "crl.pem")
        .told("no revocation list in this file", "in PEM"),
    fault("half a list", |f| f.write("crl.pem", &f.read("crl.pem")[..200]), "crl.pem")
        .in_section(1)
        .told("without its END line", "restore"),
    fault(
        "a list that cannot be read",
        |f| f.write("crl.pem", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"),
        "crl.pem",
    )
    .in_section(1)
    .told("not a readable revocation list", "get it from its authority"),
    fault(
        "a stale list",
        |f| f.write("crl.pem", f.ca.crl(|list| list.next_update = list.this_update + Duration::minutes(1))),
        "crl.pem",
    )
    .in_section(1)
    .told("is stale since", "certs crl"),
    fault(
        "a list that will soon be stale",
        |f| f.write("crl.pem", f.ca.crl(|list| list.this_update -= Duration::days(300))),
        "crl.pem",
    )
    .in_section(1)
    .a(Severity::Warning)
    .told("will be stale on", "certs crl"),
    fault(
        "a list of tomorrow",
        |f| f.write("crl.pem", f.ca.crl(|list| list.this_update += Duration::days(1))),
        "crl.pem",
    )
    .in_section(1)
    .a(Severity::Warning)
    .told("is not made before", "clock"),
    fault("another authority's list", |f| f.write("crl.pem", Ca::root("Other").crl(|_| {})), "crl.pem")
        .in_section(1)
        .told("CN=Other, who is no authority", "own authority"),
    fault("a forged list", |f| f.write("crl.pem", Ca::root("Test root").crl(|_| {})), "crl.pem")
        .in_section(1)
        .told("not the signature", "from its authority"),
    fault(
        "a list of one who may not sign lists",
        |f| {
            let ca = Ca::without_crls("Test root");
            f.write("ca.pem", &ca.pem);
            f.write("cert.pem", f.leaf(&ca, |_| {}));
            f.write("crl.pem", ca.crl(|_| {}));
        },
        "crl.pem",
    )
    .in_section(1)
    .told("does not allow to sign lists", "cRLSign"),
    fault("two lists of one issuer", |f| f.write("crl.pem", f.read("crl.pem").repeat(2)), "crl.pem")
        .in_section(2)
        .told("another one of CN=Test root", "keep the latest"),
    fault(
        "a revoked certificate",
        |f| {
            let entry = RevokedCertParams {
                serial_number: ALICE.into(),
                revocation_time: time::OffsetDateTime::now_utc(),
                reason_code: None,
                invalidity_date: None,
            };
            f.write("crl.pem", f.ca.crl(|list| list.revoked_certs.push(entry)));
        },
        "cert.pem",
    )
    .in_section(1)
    .told("was revoked", "issue the identity anew"),
    fault(
        "no list of an intermediate",
        |f| {
            let issuer = f.ca.intermediate("Intermediate", |_| {});
            f.write("cert.pem", f.leaf(&issuer, |_| {}) + &issuer.pem);
        },
        "crl.pem",
    )
    .told("there is no list of CN=Intermediate", "append that issuer's list"),
    fault(
        "a list for a domain without roots",
        |f| f.write_trust("partner.example.crl.pem", f.ca.crl(|_| {})),
        "trust/partner.example.crl.pem",
    )
    .told("has no roots here", "trust/partner.example.pem"),
    fault(
        "the own list among those of others",
        |f| f.write_trust("countersign.internal.crl.pem", f.ca.crl(|_| {})),
        "trust/countersign.internal.crl.pem",
    )
    .told("is the own trust domain", "crl.pem"),
    fault(
        "another domain's forged list",
        |f| {
            f.write_trust("partner.example.pem", Ca::root("Partner").pem);
            f.write_trust("partner.example.crl.pem", Ca::root("Partner").crl(|_| {}));
        },
        "trust/partner.example.crl.pem",
    )
    .in_section(1)
    .told("not the signature", "from its authority"),
];

impl Fault {
    /// What is wrong with what was found, if anything is.
    fn verdict(&self) -> Result<(), String> {
        let folder = Folder::of_alice();
        (self.seed)(&folder);
        let report = folder.report();
        let told: Vec<String> = report.findings.iter().map(|finding| folder.told(finding)).collect();
        let wrong = |what: &str| Err(format!("{}: {what}: {told:#?}", self.name));
        let Some(found) = report.findings.iter().find(|finding| {
            finding.file == folder.path(self.file) && finding.problem.to_string().contains(self.what)
        }) else {
            return wrong("not found");
        };
        let line = self.section.map(|section| line_of_section(&found.file, section));
        if found.severity() != self.severity {
            wrong("another severity")
        } else if report.is_usable() != (self.severity != Severity::Error) {
            wrong("another verdict")
        } else if !found.remedy().contains(self.remedy) {
            wrong("another remedy")
        } else if found.line != line {
            wrong(&format!("not line {line:?}"))
        } else if told.len() != self.findings {
            wrong(&format!("not {} in all", self.findings))
        } else {
            Ok(())
        }
    }
}

#[test]
fn each_seeded_fault_is_found_once_with_file_line_and_remedy() {
    assert!(FAULTS.len() >= 25);
    let wrong: Vec<String> = FAULTS.iter().filter_map(|fault| fault.verdict().err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_line_is_that_of_the_damage() {
    let folder = Folder::of_alice();
    let text = folder.read("cert.pem");
    let lines: Vec<&str> = text.lines().collect();
    let damaged = [&lines[..3], &["%"], &lines[4..]].concat().join("\n");
    folder.write("cert.pem", damaged);
    let told = folder.told(&folder.report().findings[0]);
    assert!(told.starts_with("error cert.pem:4: damaged PEM: text between BEGIN and END"), "{told}");
}
