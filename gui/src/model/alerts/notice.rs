//! What the desktop is told of an alert: not too much, and not too often.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::log::Alert;
use crate::text;

/// The most that the desktop is told in a minute: who has many servers loses them all at once.
pub(crate) const NOTICES_A_MINUTE: usize = 6;
const MINUTE: Duration = Duration::from_secs(60);
/// The longest line; more is not shown by any desktop.
const LINE_SHOWN: usize = 200;

/// What a notification of the desktop says. It is plain text, whatever a server calls its procedures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which server it is about.
    pub title: String,
    /// What happened there.
    pub body: String,
}

impl Notice {
    /// What is said when notifications are switched on.
    pub(super) fn first() -> Self {
        Self { title: "Countersign".to_owned(), body: "Alerts are told like this from now on.".to_owned() }
    }
}

/// What is said of a new alert.
pub(super) fn notice(alert: &Alert) -> Notice {
    let words = text::line(&alert.rule.condition.words(), LINE_SHOWN);
    let worst = alert.worst_words();
    let worst = if worst.is_empty() { worst } else { format!("\nNow: {worst}") };
    Notice { title: format!("Alert: {}", text::line(&alert.server, 60)), body: format!("{words}{worst}") }
}

/// When the desktop was told something last.
#[derive(Debug, Default)]
pub(super) struct Budget(VecDeque<Instant>);

impl Budget {
    /// The notice, if there is still room for one in this minute; the last one says that it is the last one.
    pub(super) fn spend(&mut self, now: Instant, notice: Notice) -> Option<Notice> {
        self.0.retain(|told| now.saturating_duration_since(*told) < MINUTE);
        let left = NOTICES_A_MINUTE.checked_sub(self.0.len() + 1)?;
        self.0.push_back(now);
        let more =
            if left == 0 { "\nWhat follows within the minute is told in the window alone." } else { "" };
        Some(Notice { body: notice.body + more, ..notice })
    }
}
