//! How much of its life a certificate has left: in words, as a share, and how bad that is.

use jiff::Timestamp;

use crate::text;

/// Below this share a certificate should be renewed, and below the second one at once.
pub(crate) const SOON: f64 = 0.30;
pub(crate) const URGENT: f64 = 0.10;

/// A certificate's dates, seen at a moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Life {
    /// The first and the last second.
    from: i64,
    until: i64,
    now: i64,
}

/// How things stand, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Health {
    /// There is time.
    Fine,
    /// It is time to renew it.
    Soon,
    /// It is high time.
    Urgent,
    /// It cannot be used: its time has passed, or has not come.
    Invalid,
}

impl Life {
    /// A certificate that is valid from one moment until another, at `now`.
    pub(crate) fn new(from: Timestamp, until: Timestamp, now: Timestamp) -> Self {
        Self { from: from.as_second(), until: until.as_second(), now: now.as_second() }
    }

    /// How many seconds are left; less than none once it has ended.
    pub(crate) fn left(self) -> i64 {
        self.until.saturating_sub(self.now)
    }

    /// How many seconds it lives in all.
    pub(crate) fn whole(self) -> i64 {
        self.until.saturating_sub(self.from)
    }

    /// Which share of its life is left, from 0 to 1.
    pub(crate) fn share(self) -> f64 {
        let whole = (self.until - self.from).max(1) as f64;
        ((self.until - self.now) as f64 / whole).clamp(0.0, 1.0)
    }

    /// How bad that is.
    pub(crate) fn health(self) -> Health {
        match self.share() {
            _ if self.now < self.from || self.until < self.now => Health::Invalid,
            share if share < URGENT => Health::Urgent,
            share if share < SOON => Health::Soon,
            _ => Health::Fine,
        }
    }

    /// When it ends, or ended, or begins: `expires in 29 d`.
    pub(crate) fn words(self) -> String {
        if self.now < self.from {
            format!("not valid yet, begins in {}", text::span(self.from - self.now))
        } else if self.until < self.now {
            format!("expired {} ago", text::span(self.now - self.until))
        } else {
            format!("expires in {}", text::span(self.until - self.now))
        }
    }

    /// What is to be done: the word that goes with the colour.
    pub(crate) fn advice(self) -> &'static str {
        match self.health() {
            // Whether it was revoked, others know.
            Health::Fine => "Within its dates",
            Health::Soon => "Renew soon",
            Health::Urgent => "Renew now",
            Health::Invalid if self.now < self.from => "Not valid yet",
            Health::Invalid => "Expired",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(now: i64) -> Life {
        let second = |second| Timestamp::from_second(1_800_000_000 + second).unwrap();
        Life::new(second(0), second(1000), second(now))
    }

    #[test]
    fn a_certificate_should_be_renewed_below_30_percent_and_at_once_below_10() {
        assert_eq!([0, 500, 700].map(|now| at(now).health()), [Health::Fine; 3]);
        assert_eq!([701, 900].map(|now| at(now).health()), [Health::Soon; 2]);
        assert_eq!([901, 1000].map(|now| at(now).health()), [Health::Urgent; 2]);
        assert_eq!([-1, 1001].map(|now| at(now).health()), [Health::Invalid; 2]);
        assert_eq!(
            [0, 701, 901, 1001, -1].map(|now| at(now).advice()),
            ["Within its dates", "Renew soon", "Renew now", "Expired", "Not valid yet"]
        );
    }

    #[test]
    fn what_is_left_never_leaves_its_scale() {
        assert_eq!([-500, 0, 250, 1000, 5000].map(|now| at(now).share()), [1.0, 1.0, 0.75, 0.0, 0.0]);
        let never = Life::new(Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH);
        assert_eq!(never.health(), Health::Fine);
        let reversed = Life::new(Timestamp::MAX, Timestamp::MIN, Timestamp::UNIX_EPOCH);
        assert_eq!(reversed.health(), Health::Invalid);
    }

    #[test]
    fn the_countdown_says_what_comes_next() {
        assert_eq!(at(100).words(), "expires in 15 min 0 s");
        assert_eq!(at(1000).words(), "expires in 0 s");
        assert_eq!(at(1060).words(), "expired 1 min 0 s ago");
        assert_eq!(at(-2).words(), "not valid yet, begins in 2 s");
    }
}
