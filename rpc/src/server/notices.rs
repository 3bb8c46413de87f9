//! What a running server tells its operator: at its start everything worth knowing of its credentials, and then each
//! thing as it comes near.

use std::convert::Infallible;
use std::time::Duration;

use countersign_certs::{Credentials, Warning, Watched};
use jiff::Timestamp;
use tokio::time::sleep;

/// How often it is looked whether something has come near. Replaced files are looked at when they are.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Logs warnings for as long as the server runs, each once.
pub(super) async fn tell(credentials: &Watched<Credentials>) -> Infallible {
    let mut changes = credentials.changes();
    let mut notices = Notices::default();
    loop {
        for warning in notices.not_told_yet(credentials.current().warnings_at(Timestamp::now())) {
            if warning.is_urgent() {
                tracing::warn!("{warning}");
            } else {
                tracing::info!("{warning}");
            }
        }
        tokio::select! {
            // Of credentials that are fixed there are none, and never again.
            Some(_) = changes.next() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
}

/// What the operator has been told, and still holds.
#[derive(Default)]
struct Notices(Vec<Warning>);

impl Notices {
    /// Those of the warnings that are news. What holds no longer is news when it comes back.
    fn not_told_yet(&mut self, warnings: Vec<Warning>) -> Vec<Warning> {
        let news = warnings.iter().filter(|warning| !self.0.iter().any(|told| told.repeats(warning)));
        let news = news.cloned().collect();
        self.0 = warnings;
        news
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn each_thing_is_told_once_and_again_when_it_comes_back() {
        let no_list = Warning::NoCrl { domain: "acme.internal".parse().unwrap(), own: true };
        let expires = |hours| Warning::ExpiresSoon {
            id: "spiffe://acme.internal/ledger".parse().unwrap(),
            at: Timestamp::UNIX_EPOCH,
            left: SignedDuration::from_hours(hours),
        };
        let mut notices = Notices::default();
        let mut told = |warnings: &[Warning]| notices.not_told_yet(warnings.to_vec());
        let at_first = [no_list.clone()];
        assert_eq!(told(&at_first), at_first);
        assert_eq!(told(&[no_list.clone(), expires(9)]), [expires(9)]);
        // The same, an hour later.
        assert_eq!(told(&[no_list.clone(), expires(8)]), []);
        assert_eq!(told(&[expires(7)]), []);
        assert_eq!(told(&[no_list.clone(), expires(6)]), [no_list]);
    }
}
