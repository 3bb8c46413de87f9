//! What the worker has to tell that would change no pixel: it waits until the window is drawn for another reason.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::exchange::TabUpdate;
use crate::model::tab::TabId;

/// The latest of it for each tab, in the place of what waited before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quiet(Arc<Mutex<BTreeMap<TabId, TabUpdate>>>);

impl Quiet {
    /// Lets an update wait.
    pub(super) fn put(&self, tab: TabId, update: TabUpdate) {
        self.lock().insert(tab, update);
    }

    /// What waits for one tab, to be told before something else is.
    pub(super) fn take(&self, tab: TabId) -> Option<TabUpdate> {
        self.lock().remove(&tab)
    }

    /// Everything that waits.
    pub(crate) fn take_all(&self) -> BTreeMap<TabId, TabUpdate> {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TabId, TabUpdate>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use countersign::builtin::stats::Snapshot;

    use super::*;
    use crate::exchange::{TabNews, Update};
    use crate::worker::Speaker;
    use crate::worker::seat::Voice;

    fn counters(start_id: u64) -> TabNews {
        TabNews::Stats(Ok(Snapshot { start_id, ..Snapshot::default() }))
    }

    fn told(update: &TabUpdate) -> u64 {
        match &update.news {
            TabNews::Stats(Ok(snapshot)) => snapshot.start_id,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_no_news_rings_no_bell_and_is_told_before_what_comes_after_it() {
        let (updates, receiver) = mpsc::channel();
        let (rung, quiet) = (Arc::new(AtomicUsize::new(0)), Quiet::default());
        let bell = rung.clone();
        let repaint = Arc::new(move || {
            bell.fetch_add(1, Ordering::Relaxed);
        });
        let voice = Voice::new(TabId(7), Speaker { updates, repaint, quiet: quiet.clone() });
        (1..=3).for_each(|number| voice.say_quietly(counters(number)));
        assert_eq!((rung.load(Ordering::Relaxed), receiver.try_iter().count()), (0, 0));
        voice.say(counters(4));
        let order: Vec<u64> = receiver
            .try_iter()
            .map(|update| match update {
                Update::Tab(TabId(7), update) => told(&update),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(order, [3, 4], "the latest that was quiet, and then the news");
        assert_eq!(rung.load(Ordering::Relaxed), 1);
        voice.say_quietly(counters(5));
        assert_eq!(quiet.take_all().values().map(told).collect::<Vec<_>>(), [5], "whoever looks finds it");
    }
}
