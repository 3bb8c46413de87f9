//! What certificates leave of the life of a connection: when the next one is to take its place, and when it ends.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use countersign_proto::Role;
use jiff::Timestamp;

use crate::link::{Lapse, Tenure};

/// What a connection may live by: of the two chains, the one that ends first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    /// Its last second.
    pub(crate) ends: Timestamp,
    /// Whose it is.
    pub(crate) of: Role,
    /// Which certificates these are: the same again, the same number.
    pub(crate) key: u64,
}

/// Which part of what is left may pass before the next connection takes the place of one, at least and at most. A
/// client is earlier, since it can open the next one first; a server asks those that did not.
fn moves_within(own: Role) -> (f64, f64) {
    match own {
        Role::Client => (0.72, 0.8),
        Role::Server => (0.8, 0.88),
    }
}

/// A connection that begins when such a part of the life of its certificates has passed, since they were first seen, is
/// not moved any more: it is the next one, or one that nobody could make better. Just below what clients wait for.
const LATE: f64 = 0.7;

/// Certificates that are remembered. Beyond that some are forgotten, whose connections then move once more.
const KNOWN_MAX: usize = 4096;

/// Since when certificates are known, so that they move their connections once, and not again and again in what is
/// left of their lives.
#[derive(Debug, Default)]
pub(crate) struct Known(HashMap<u64, Acquaintance>);

#[derive(Debug, Clone, Copy)]
struct Acquaintance {
    since: Timestamp,
    ends: Timestamp,
}

impl Life {
    /// The tenure of a connection that begins now, on the side of `own`.
    pub(crate) fn tenure(
        self,
        own: Role,
        known: &mut Known,
        now: (Instant, Timestamp),
        jitter: f64,
    ) -> Tenure {
        let due = known.due(self, own, now.1, jitter).map(|wait| later(now.0, wait));
        let left = match left(self.ends, now.1) {
            // We show what is over by our clock. The other side goes by its own, and says so if it is by that, too.
            Duration::ZERO => Duration::MAX,
            left => left,
        };
        Tenure { due, end: later(now.0, left), why: Lapse::Expired(name(self.of)) }
    }

    /// When to move a connection over old certificates, once there are new ones.
    pub(crate) fn due_for_renewed(self, own: Role, now: (Instant, Timestamp), jitter: f64) -> Instant {
        later(now.0, left(self.ends, now.1).mul_f64(part(own, jitter)))
    }
}

impl Known {
    fn due(&mut self, life: Life, own: Role, now: Timestamp, jitter: f64) -> Option<Duration> {
        let Acquaintance { since, ends } = *self.meet(life, now);
        let passed = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        let is_late = left(ends, since).mul_f64(LATE) <= passed;
        (!is_late).then(|| left(life.ends, now).mul_f64(part(own, jitter)))
    }

    fn meet(&mut self, life: Life, now: Timestamp) -> &Acquaintance {
        if KNOWN_MAX <= self.0.len() && !self.0.contains_key(&life.key) {
            self.0.retain(|_, known| now <= known.ends);
            if KNOWN_MAX <= self.0.len() {
                self.0.clear();
            }
        }
        self.0.entry(life.key).or_insert(Acquaintance { since: now, ends: life.ends })
    }
}

pub(crate) fn name(role: Role) -> &'static str {
    match role {
        Role::Client => "client",
        Role::Server => "server",
    }
}

fn part(own: Role, jitter: f64) -> f64 {
    let (least, most) = moves_within(own);
    least + (most - least) * jitter.clamp(0.0, 1.0)
}

/// How long it is until a certificate is refused: its last second counts to its end.
fn left(ends: Timestamp, now: Timestamp) -> Duration {
    let over = Timestamp::from_second(ends.as_second().saturating_add(1)).unwrap_or(Timestamp::MAX);
    Duration::try_from(over.duration_since(now)).unwrap_or_default()
}

/// An instant, or one so late that nobody sees the difference.
fn later(now: Instant, wait: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);
    now + wait.min(CENTURY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    /// A life whose last second is this one.
    fn life(ends: i64, key: u64) -> Life {
        Life { ends: at(ends), of: Role::Client, key }
    }

    /// Seconds until a connection moves that begins at `second`, and until it ends.
    fn tenure(life: Life, own: Role, known: &mut Known, second: i64, jitter: f64) -> (Option<u64>, u64) {
        let now = Instant::now();
        let tenure = life.tenure(own, known, (now, at(second)), jitter);
        (tenure.due.map(|due| (due - now).as_secs()), (tenure.end - now).as_secs())
    }

    #[test]
    fn a_connection_moves_when_most_of_what_is_left_has_passed() {
        let known = &mut Known::default();
        assert_eq!(tenure(life(999, 1), Role::Client, known, 0, 1.0), (Some(800), 1000));
        assert_eq!(tenure(life(999, 1), Role::Client, known, 0, 0.0), (Some(720), 1000));
        assert_eq!(tenure(life(999, 1), Role::Server, known, 0, 0.0), (Some(800), 1000));
        assert_eq!(tenure(life(999, 1), Role::Server, known, 0, 1.0), (Some(880), 1000));
        assert_eq!(tenure(life(999, 1), Role::Client, known, 500, 1.0), (Some(400), 500));
    }

    #[test]
    fn certificates_that_are_not_renewed_move_a_connection_once() {
        for own in [Role::Client, Role::Server] {
            let known = &mut Known::default();
            let (mut begun, mut moves) = (0, 0);
            // Whoever has moved begins anew at once, as a client does that has no better certificate.
            while let (Some(due), _) = tenure(life(999, 1), own, known, begun, 0.5) {
                begun += i64::try_from(due).unwrap();
                moves += 1;
            }
            assert_eq!(moves, 1);
            assert_eq!(tenure(life(999, 1), own, known, begun, 0.5), (None, 1000 - begun as u64));
        }
    }

    #[test]
    fn a_server_leaves_those_in_peace_that_have_moved() {
        let (client, server) = (&mut Known::default(), &mut Known::default());
        let Some(moved) = tenure(life(999, 1), Role::Client, client, 0, 0.0).0 else { panic!("it moves") };
        assert!(tenure(life(999, 1), Role::Server, server, 0, 0.0).0.is_some());
        assert_eq!(tenure(life(999, 1), Role::Server, server, moved as i64, 0.0).0, None);
    }

    #[test]
    fn a_renewed_certificate_begins_anew() {
        let known = &mut Known::default();
        tenure(life(999, 1), Role::Client, known, 0, 1.0);
        assert_eq!(tenure(life(999, 1), Role::Client, known, 800, 1.0).0, None);
        assert_eq!(tenure(life(1799, 2), Role::Client, known, 800, 1.0).0, Some(800));
    }

    #[test]
    fn what_has_ended_is_for_the_other_side_to_judge_and_what_never_ends_does_not() {
        const YEARS: u64 = 50 * 365 * 24 * 3_600;
        let known = &mut Known::default();
        let (due, end) = tenure(life(-10, 1), Role::Client, known, 0, 1.0);
        assert!(due.is_none() && YEARS < end);
        let never = Life { ends: Timestamp::MAX, of: Role::Server, key: 2 };
        assert!(YEARS < tenure(never, Role::Client, known, 0, 1.0).1);
    }

    #[test]
    fn certificates_are_not_remembered_without_end() {
        let known = &mut Known::default();
        for key in 0..3 * KNOWN_MAX as u64 {
            tenure(life(999, key), Role::Server, known, 0, 1.0);
        }
        assert!(known.0.len() <= KNOWN_MAX);
        // Those that have ended go first.
        tenure(life(50_000, u64::MAX), Role::Server, known, 0, 1.0);
        for key in 0..2 * KNOWN_MAX as u64 {
            tenure(life(999 + key as i64, key), Role::Server, known, 998 + key as i64, 1.0);
        }
        assert!(known.0.contains_key(&u64::MAX) && known.0.len() <= KNOWN_MAX);
    }
}
