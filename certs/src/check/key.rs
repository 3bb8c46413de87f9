//! The key file: whether it holds the key that belongs to the certificate.

use std::path::Path;

use super::member::Member;
use super::{Findings, Problem};
use crate::key::PrivateKey;

/// One key that belongs to the certificate is enough, whatever else is there.
pub(super) fn check(file: &Path, leaf: &Member, keys: &[(PrivateKey, usize)], findings: &mut Findings) {
    if keys.iter().any(|(key, _)| key.belongs_to(&leaf.info)) {
        return;
    }
    for (key, line) in keys {
        let problem = match key {
            PrivateKey::Usable { .. } => continue,
            PrivateKey::Unusable { kind } => Problem::KeyKind { kind: kind.clone() },
            PrivateKey::Encrypted => Problem::KeyEncrypted,
            PrivateKey::Unreadable => Problem::KeyUnreadable,
        };
        findings.add(file, Some(*line), problem);
    }
    let others = || keys.iter().filter(|(key, _)| matches!(key, PrivateKey::Usable { .. }));
    if let Some((_, line)) = others().next() {
        let only = (others().count() == 1).then_some(*line);
        findings.add(file, only, Problem::KeyMismatch);
    }
}
