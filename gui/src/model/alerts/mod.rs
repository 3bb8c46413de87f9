//! Alerts: rules that are watched at every server that is open, and what came of them.
//!
//! A rule is a plain value and its own identity: whoever changes one has another one. They are looked at
//! whenever a server tells its counters or how we stand with it changes, and where time alone decides, at that
//! moment.

mod asked;
pub(crate) mod draft;
pub(crate) mod kept;
pub(crate) mod log;
mod notice;
mod obey;
pub(crate) mod rule;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use jiff::Timestamp;

pub(crate) use self::asked::AlertCommand;
use self::draft::Draft;
use self::log::{Alert, AlertId, Log};
pub use self::notice::Notice;
use self::notice::{Budget, notice};
use self::rule::Rule;
use self::watch::{Facts, Turn, Watch};
use super::connection::{Connection, Failure, Target};
use super::settings::Settings;
use super::tab::{Tab, TabId};

/// For how long a new alert is shown over everything else.
pub(crate) const TOLD_FOR: Duration = Duration::from_secs(10);
/// The most that are shown so at once; the page has all.
pub(crate) const TOLD_MAX: usize = 3;
/// For how long a rule is muted.
pub(crate) const MUTED_FOR: Duration = Duration::from_secs(60 * 60);
/// What is to be done later than this is thought of again then.
const AHEAD_MAX: Duration = Duration::from_secs(60 * 60);

/// What is watched, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    /// Those that go on and those that are over.
    pub(crate) log: Log,
    /// The rule that is being written, while one is.
    pub(crate) draft: Option<Draft>,
    /// Why the desktop could not be told of the last alert.
    pub(crate) untold: Option<Failure>,
    posts: BTreeMap<TabId, Post>,
    /// Rules of which nothing is heard until then.
    muted: Vec<(Rule, Instant)>,
    /// New alerts that are shown over everything else until then.
    told: VecDeque<(AlertId, Instant)>,
    notices: Vec<Notice>,
    budget: Budget,
}

/// The rules that are watched at one server.
#[derive(Debug, Default)]
struct Post {
    target: Option<Target>,
    /// What of the server's counters was seen.
    counted: u64,
    watches: Vec<Watch>,
}

impl Alerts {
    /// Looks at a server of which there is news, or to which something was done.
    pub(super) fn look(&mut self, settings: &Settings, tab: &Tab, now: Instant, date: Timestamp) {
        self.assign(settings, tab, now);
        let Some(post) = self.posts.get_mut(&tab.id).filter(|post| !post.watches.is_empty()) else { return };
        let version = tab.history.version();
        let is_news = std::mem::replace(&mut post.counted, version) != version;
        let session = tab.connection.session();
        let facts = Facts {
            now,
            is_lost: matches!(tab.connection, Connection::Reconnecting(..)),
            own: tab.own.identity().map(|identity| identity.life(date)),
            server: session.map(|session| session.peer.life(date)),
            counted: is_news.then_some(&tab.history),
        };
        let turns: Vec<(Rule, Turn)> = post
            .watches
            .iter_mut()
            .filter_map(|watch| Some((watch.look(&facts)?, watch)))
            .map(|(turn, watch)| (watch.rule.clone(), turn))
            .collect();
        for (rule, turn) in turns {
            self.turn(settings, tab, rule, turn, (now, date));
        }
    }

    /// Forgets servers whose tabs were closed.
    pub(super) fn keep(&mut self, tabs: &[Tab], now: Instant) {
        let is_open = |id: TabId| tabs.iter().any(|tab| tab.id == id);
        self.posts.retain(|id, _| is_open(*id));
        self.log.end(now, |alert| !is_open(alert.tab));
    }

    /// When something has to be looked at, though there may be no news until then.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let watches = self.posts.values().flat_map(|post| &post.watches).filter_map(|watch| watch.due);
        let told = self.told.iter().map(|(_, until)| *until);
        let muted = self.muted.iter().map(|(_, until)| *until);
        Some(watches.chain(told).chain(muted).min()?.min(now + AHEAD_MAX))
    }

    /// Forgets what was to be so until now.
    pub(super) fn pass(&mut self, now: Instant) {
        self.told.retain(|(_, until)| now < *until);
        self.muted.retain(|(_, until)| now < *until);
    }

    /// What is to be told to the desktop.
    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// How many go on that want looking at: of all servers, or of one.
    pub(crate) fn count(&self, tab: Option<TabId>) -> usize {
        let is_counted = |alert: &&Alert| tab.is_none_or(|tab| alert.tab == tab) && self.is_loud(alert);
        self.log.active.iter().filter(is_counted).count()
    }

    /// The new ones, which are shown over everything else.
    pub(crate) fn told(&self) -> impl Iterator<Item = &Alert> {
        self.told.iter().filter_map(|(id, _)| self.log.find(*id))
    }

    /// Until when nothing is heard of a rule, if it is muted.
    pub(crate) fn muted_until(&self, rule: &Rule) -> Option<Instant> {
        self.muted.iter().find(|(muted, _)| muted == rule).map(|(_, until)| *until)
    }

    /// Whether it wants looking at.
    pub(crate) fn is_loud(&self, alert: &Alert) -> bool {
        alert.ended.is_none() && !alert.is_known && self.muted_until(&alert.rule).is_none()
    }

    /// Watches those rules at a server that are about it, and no others.
    fn assign(&mut self, settings: &Settings, tab: &Tab, now: Instant) {
        let target = tab.connection.target();
        let rules = settings.alerts.rules().iter();
        let rules = rules.filter(|rule| rule.is_on && target.is_some_and(|target| rule.is_for(target)));
        let post = self.posts.entry(tab.id).or_default();
        let is_same = post.target.as_ref() == target;
        if is_same && post.watches.iter().map(|watch| &watch.rule).eq(rules.clone()) {
            return;
        }
        let mut before = if is_same { std::mem::take(&mut post.watches) } else { Vec::new() };
        post.watches = rules
            .map(|rule| match before.iter().position(|watch| watch.rule == *rule) {
                Some(at) => before.swap_remove(at),
                None => Watch::new(rule.clone()),
            })
            .collect();
        post.target = target.cloned();
        let watches = &post.watches;
        self.log.end(now, |alert| {
            let is_watched = is_same && watches.iter().any(|watch| watch.rule == alert.rule);
            alert.tab == tab.id && !is_watched
        });
    }

    fn turn(
        &mut self,
        settings: &Settings,
        tab: &Tab,
        rule: Rule,
        turn: Turn,
        (now, date): (Instant, Timestamp),
    ) {
        match turn {
            Turn::Raised { since, worst } => {
                let ago = jiff::SignedDuration::try_from(now.saturating_duration_since(since));
                let alert = Alert {
                    id: AlertId::default(),
                    server: tab.name(settings),
                    tab: tab.id,
                    began: since,
                    date: ago.ok().and_then(|ago| date.checked_sub(ago).ok()).unwrap_or(date),
                    worst,
                    ended: None,
                    is_known: false,
                    rule,
                };
                let is_muted = self.muted_until(&alert.rule).is_some();
                let alert = self.log.raise(alert);
                if is_muted {
                    return;
                }
                self.told.push_front((alert.id, now + TOLD_FOR));
                self.told.truncate(TOLD_MAX);
                if settings.alerts.on_desktop {
                    self.notices.extend(self.budget.spend(now, notice(alert)));
                }
            }
            Turn::Worse(worst) => {
                if let Some(alert) = self.log.active_mut(tab.id, &rule) {
                    alert.worst = worst;
                }
            }
            Turn::Over { last } => {
                self.log.end(last, |alert| alert.tab == tab.id && alert.rule == rule);
            }
        }
    }
}
