//! Files that nobody would make on purpose: a check ends, says something, and shows nothing that could deceive.

use std::fs;

use countersign_certs::check::Report;
use countersign_certs::contents::Piece;

use crate::folder::Folder;

/// Numbers that are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn is_fit_to_be_shown(report: &Report) -> bool {
    let words = |finding: &countersign_certs::check::Finding| format!("{finding} {}", finding.remedy());
    report.findings.iter().all(|finding| !words(finding).contains(|c: char| c.is_control()))
}

#[test]
fn damage_anywhere_is_survived_and_fit_to_be_shown() {
    let mut dice = Dice(0x5eed);
    for _ in 0..100 {
        let folder = Folder::of_alice();
        for file in ["cert.pem", "key.pem", "ca.pem", "crl.pem"] {
            let mut text = fs::read(folder.path(file)).unwrap();
            for _ in 0..dice.below(4) {
                let at = dice.below(text.len());
                match dice.below(3) {
                    0 => text[at] = dice.below(256) as u8,
                    1 => text.truncate(at.max(1)),
                    _ => text.insert(at, b"\n\x1b-:=A"[dice.below(6)]),
                }
            }
            fs::write(folder.path(file), text).unwrap();
            for piece in Piece::load(folder.path(file)).into_iter().flatten() {
                assert!(!piece.content.describe().contains('\u{1b}'));
            }
        }
        assert!(is_fit_to_be_shown(&folder.report()));
    }
}

#[test]
fn certificates_with_a_byte_changed_are_survived_and_fit_to_be_shown() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let mut dice = Dice(0xacce55);
    let folder = Folder::of_alice();
    let text = folder.read("cert.pem");
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let der = STANDARD.decode(body).unwrap();
    for _ in 0..400 {
        let mut changed = der.clone();
        let at = dice.below(changed.len());
        changed[at] = dice.below(256) as u8;
        let text = STANDARD.encode(&changed);
        folder.write("cert.pem", format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"));
        let report = folder.report();
        assert!(is_fit_to_be_shown(&report));
        assert!(changed == der || !report.is_usable(), "the signature is over every byte: {report:#?}");
    }
}

#[test]
fn a_file_name_cannot_move_the_cursor() {
    let folder = Folder::of_alice();
    folder.write_trust("\u{1b}[2J.pem", "");
    folder.write_trust("\u{1b}[2J.crt", "");
    let report = folder.report();
    assert!(report.findings.len() == 2 && is_fit_to_be_shown(&report), "{report:#?}");
}
