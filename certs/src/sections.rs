//! The sections of a PEM file with the lines at which they begin: for those who have to say where something is.
//!
//! Reads on behind a damaged section, which a loader never does.

use rustls_pki_types::pem::{Error, SectionKind, SliceIter};
use zeroize::Zeroizing;

use crate::text::shown;

/// What lies between a BEGIN line and its END line.
pub(crate) struct Section {
    /// What its BEGIN line calls it, such as `CERTIFICATE`; escaped and clipped.
    pub(crate) label: String,
    /// The line of its BEGIN, counted from 1.
    pub(crate) line: usize,
    /// Its bytes in DER. Cleared when they go, since they may be a key.
    pub(crate) body: Result<Zeroizing<Vec<u8>>, Damage>,
    /// Whether a header says that its bytes are encrypted, as OpenSSL wrote keys of old.
    pub(crate) encrypted: bool,
}

/// Why a section cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damage {
    /// The line at which that shows, counted from 1.
    pub(crate) line: usize,
    pub(crate) reason: &'static str,
}

impl Section {
    /// Whether it holds a private key of any kind, encrypted or not.
    pub(crate) fn is_private_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }
}

/// Every section of the file, in its order.
pub(crate) fn sections(text: &[u8]) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut open: Option<Open<'_>> = None;
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        let words = line.trim_ascii_end();
        if let Some(label) = words.strip_prefix(BEGIN) {
            sections.extend(open.take().map(Open::without_end));
            match label.strip_suffix(DASHES) {
                Some(label) => open = Some(Open { label, line: number, lines: vec![words] }),
                None => sections.push(damaged(label, number, number, "a BEGIN line that is not well-formed")),
            }
        } else if let Some(section) = &mut open {
            section.lines.push(words);
            let end = words.strip_prefix(END).and_then(|rest| rest.strip_prefix(section.label));
            if end.is_some_and(|rest| rest.starts_with(DASHES)) {
                sections.extend(open.take().map(Open::decoded));
            }
        }
    }
    sections.extend(open.map(Open::without_end));
    sections
}

/// A section whose END line is still to come.
struct Open<'a> {
    label: &'a [u8],
    line: usize,
    lines: Vec<&'a [u8]>,
}

impl Open<'_> {
    fn without_end(self) -> Section {
        damaged(self.label, self.line, self.line, "a BEGIN line without its END line")
    }

    fn decoded(self) -> Section {
        let is_header = |line: &&[u8]| line.contains(&b':');
        let encrypted = self.lines.iter().any(|line| line.starts_with(b"Proc-Type: 4,ENCRYPTED"));
        let body = match (decode(&self.lines), encrypted) {
            (Ok(der), _) => Ok(der),
            // Its headers are no base64, and its bytes nobody's business.
            (Err(_), true) => Ok(Zeroizing::default()),
            (Err(reason), false) => {
                let odd = |line: &[u8]| !line.iter().all(|byte| is_base64(*byte)) || is_header(&line);
                let inner = self.lines.len().saturating_sub(2);
                let at = self.lines.iter().skip(1).take(inner).position(|line| odd(line));
                Err(Damage { line: self.line + at.map_or(0, |at| at + 1), reason })
            }
        };
        Section { label: label(self.label), line: self.line, body, encrypted }
    }
}

/// What the same decoder makes of it that loads keys and certificates.
fn decode(lines: &[&[u8]]) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    // Called what the decoder knows, so that it decodes whatever this is called.
    let (_, rest) = lines.split_first().expect("a section has a BEGIN line");
    let (_, inner) = rest.split_last().expect("and an END line");
    let mut text =
        Zeroizing::new(Vec::with_capacity(inner.iter().map(|line| line.len() + 1).sum::<usize>() + 80));
    text.extend(b"-----BEGIN PRIVATE KEY-----\n");
    for line in inner {
        text.extend(*line);
        text.push(b'\n');
    }
    text.extend(b"-----END PRIVATE KEY-----\n");
    match SliceIter::<(SectionKind, Vec<u8>)>::new(&text).next() {
        Some(Ok((_, der))) => Ok(Zeroizing::new(der)),
        Some(Err(Error::Base64Decode(_))) => Err("text between BEGIN and END that is not base64"),
        _ => Err("a section that cannot be read"),
    }
}

fn damaged(name: &[u8], line: usize, at: usize, reason: &'static str) -> Section {
    Section { label: label(name), line, body: Err(Damage { line: at, reason }), encrypted: false }
}

fn label(name: &[u8]) -> String {
    shown(&String::from_utf8_lossy(name), LABEL_LIMIT)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";

/// Longer than any label that means something.
const LABEL_LIMIT: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    /// Each as `LABEL at LINE`, and its length or the line and the reason of its damage.
    fn read(text: &str) -> Vec<String> {
        let told = |section: Section| match section.body {
            Ok(der) => format!("{} at {}: {} bytes", section.label, section.line, der.len()),
            Err(damage) => {
                format!("{} at {}: {} at {}", section.label, section.line, damage.reason, damage.line)
            }
        };
        sections(text.as_bytes()).into_iter().map(told).collect()
    }

    #[test]
    fn sections_of_every_kind_are_told_with_their_lines() {
        let text = "words before\n-----BEGIN CERTIFICATE-----\nAAAA\nAAAA\n-----END CERTIFICATE-----\n\
                    -----BEGIN EC PARAMETERS-----\r\nAAAA\r\n-----END EC PARAMETERS-----\r\n";
        assert_eq!(read(text), ["CERTIFICATE at 2: 6 bytes", "EC PARAMETERS at 6: 3 bytes"]);
        assert!(read("").is_empty());
    }

    #[test]
    fn damage_is_told_with_its_line_and_the_rest_is_read() {
        let text = "-----BEGIN A-----\nAAAA\nAA%A\n-----END A-----\n-----BEGIN B-----\nAAAA\n\
                    -----BEGIN C-----\nAAAA\n-----END C-----\n-----BEGIN D----\nAAAA\n-----END D-----\n";
        let expected = [
            "A at 1: text between BEGIN and END that is not base64 at 3",
            "B at 5: a BEGIN line without its END line at 5",
            "C at 7: 3 bytes",
            "D---- at 10: a BEGIN line that is not well-formed at 10",
        ];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn a_key_encrypted_in_the_old_way_is_told_as_such() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n\
                    AAAA\n-----END RSA PRIVATE KEY-----\n";
        let [section] = sections(text.as_bytes()).try_into().ok().unwrap();
        assert!(section.encrypted && section.is_private_key());
    }

    #[test]
    fn a_label_is_fit_to_be_shown() {
        let text = format!("-----BEGIN \u{1b}[2J{}-----\n", "x".repeat(100));
        let label = &read(&text)[0];
        assert!(label.starts_with(r"\u{1b}[2Jx") && label.contains("x… at 1"), "{label}");
    }
}
