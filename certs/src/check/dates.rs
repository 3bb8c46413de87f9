//! When certificates are valid, and whether they will be for long.

use std::path::Path;

use jiff::Timestamp;

use super::member::Member;
use super::{Findings, Problem};
use crate::certificate::Validity;
use crate::credentials::RENEW_BELOW_PERCENT;

pub(super) fn check(file: &Path, member: &Member, now: Timestamp, findings: &mut Findings) {
    let (number, subject) = (member.number, member.subject());
    let (not_before, not_after) = (member.info.not_before(), member.info.not_after());
    let problem = match member.info.validity_at(now) {
        Validity::Expired => Problem::Expired { number, subject, not_after },
        Validity::NotYet => Problem::NotYetValid { number, subject, not_before },
        Validity::Valid => {
            let life = (not_after.as_second() - not_before.as_second()).max(1);
            let percent = (not_after.as_second() - now.as_second()) * 100 / life;
            if i64::from(RENEW_BELOW_PERCENT) <= percent {
                return;
            }
            let percent = u8::try_from(percent.clamp(0, 100)).unwrap_or_default();
            Problem::ExpiresSoon { number, subject, not_after, percent }
        }
    };
    findings.add(file, Some(member.line), problem);
}

/// A root's dates, which only others ask for.
pub(super) fn check_root(file: &Path, root: &Member, now: Timestamp, findings: &mut Findings) {
    if root.info.validity_at(now) == Validity::Valid {
        return check(file, root, now, findings);
    }
    let (number, subject) = (root.number, root.subject());
    let (not_before, not_after) = (root.info.not_before(), root.info.not_after());
    let problem = Problem::RootNotValid { number, subject, not_before, not_after };
    findings.add(file, Some(root.line), problem);
}

/// A moment at which all of them are valid: now, if that is one.
pub(super) fn common_moment(members: &[Member], now: Timestamp) -> Timestamp {
    let begin = members.iter().map(|member| member.info.not_before()).max().unwrap_or(now);
    let end = members.iter().map(|member| member.info.not_after()).min().unwrap_or(now);
    // Where they have none in common, the verifier says so.
    now.min(end).max(begin)
}
