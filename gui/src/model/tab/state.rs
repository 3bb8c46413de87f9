//! How a server stands, in the word and colour that its tab shows.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Tab;
use crate::model::connection::Connection;
use crate::model::life::{Health, Life};
use crate::model::settings::Settings;
use crate::text;

/// How long a connected server may send no counters, which come every second, before it is said to be silent.
const SILENCE: Duration = Duration::from_secs(5);

/// How a server stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing was asked for yet, or the user hung up.
    Blank,
    /// There is no server, but what was recorded of one.
    Recording,
    /// The handshake is under way.
    Connecting,
    /// It answers, and nothing is known to be wrong.
    Connected,
    /// It answers, and something wants looking at: there is at least one.
    Degraded(Vec<Concern>),
    /// The first attempt did not succeed.
    Failed,
    /// The connection is lost; so many seconds are left until the next attempt, if none is under way.
    Reconnecting(Option<u64>),
}

/// Something that wants looking at while calls still go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Concern {
    /// What it is, in a few words.
    pub(crate) words: String,
    /// Why, or what is to be done.
    pub(crate) why: String,
    /// Whether it cannot wait.
    pub(crate) is_urgent: bool,
    /// Whether the page of certificates is where to look.
    pub(crate) is_of_identity: bool,
}

impl State {
    /// The word for it, which also those get who do not see the colour.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Blank => "not connected".to_owned(),
            Self::Recording => "recording".to_owned(),
            Self::Connecting => "connecting".to_owned(),
            Self::Connected => "connected".to_owned(),
            Self::Degraded(concerns) => {
                let first = concerns.first().map_or("", |concern| concern.words.as_str());
                format!("degraded: {first}")
            }
            Self::Failed => "failed".to_owned(),
            Self::Reconnecting(Some(seconds)) => format!("reconnecting in {seconds} s"),
            Self::Reconnecting(None) => "reconnecting".to_owned(),
        }
    }
}

impl Tab {
    /// How the server stands.
    pub(crate) fn state(&self, now: Instant, date: Timestamp) -> State {
        match &self.connection {
            _ if self.replay.is_some() => State::Recording,
            Connection::Disconnected => State::Blank,
            Connection::Connecting(_) => State::Connecting,
            Connection::Failed(..) => State::Failed,
            Connection::Reconnecting(_, retry) => {
                let left = |at: Instant| at.saturating_duration_since(now).as_secs() + 1;
                State::Reconnecting(retry.next.map(left))
            }
            Connection::Connected(..) => match self.concerns(now, date) {
                concerns if concerns.is_empty() => State::Connected,
                concerns => State::Degraded(concerns),
            },
        }
    }

    /// What wants looking at though the server is connected, the most urgent first.
    fn concerns(&self, now: Instant, date: Timestamp) -> Vec<Concern> {
        let own = self.own_concern(date);
        let session = self.connection.session();
        let servers = session.and_then(|session| Concern::of_life("The server's", session.peer.life(date)));
        let silence = self.silence(now).map(|seconds| Concern {
            words: format!("No statistics for {seconds} s"),
            why: "The server is connected, and has sent nothing since.".to_owned(),
            is_urgent: true,
            is_of_identity: false,
        });
        let refused = self.no_stats.as_ref().map(|failure| Concern {
            words: "No statistics".to_owned(),
            why: failure.reason.clone(),
            is_urgent: false,
            is_of_identity: false,
        });
        let mut concerns: Vec<Concern> = [silence, own, servers, refused].into_iter().flatten().collect();
        concerns.sort_by_key(|concern| !concern.is_urgent);
        concerns
    }

    /// That our own identity wants looking at, if it does.
    fn own_concern(&self, date: Timestamp) -> Option<Concern> {
        let identity = self.own.identity()?;
        if let Some(reason) = &identity.reload.failure {
            let (words, why) = ("New identity not usable".to_owned(), reason.clone());
            return Some(Concern { words, why, is_urgent: false, is_of_identity: true });
        }
        Concern::of_life("Your", identity.life(date))
    }

    /// For how many seconds a server that used to tell its counters has not.
    fn silence(&self, now: Instant) -> Option<u64> {
        let heard = self.heard_at.filter(|_| self.no_stats.is_none())?;
        let silent = now.saturating_duration_since(heard);
        (silent > SILENCE).then_some(silent.as_secs())
    }

    /// What the tab is called: the profile's name or the address.
    pub(crate) fn name(&self, settings: &Settings) -> String {
        if let Some(replay) = &self.replay {
            return format!("Recording of {}", text::line(replay.name(), 40));
        }
        let Some(target) = self.connection.target() else { return "New tab".to_owned() };
        let profile = settings.profile_of(target).map(|profile| profile.name.as_str());
        match profile.unwrap_or(&target.address) {
            "" => "New tab".to_owned(),
            name => text::line(name, 60),
        }
    }
}

impl Concern {
    /// That a certificate wants looking at, if it does.
    fn of_life(whose: &str, life: Life) -> Option<Self> {
        let is_urgent = match life.health() {
            Health::Fine => return None,
            Health::Soon => false,
            Health::Urgent | Health::Invalid => true,
        };
        let words = format!("{whose} certificate {}", life.words());
        Some(Self { words, why: life.advice().to_owned(), is_urgent, is_of_identity: true })
    }
}
