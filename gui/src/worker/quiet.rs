//! What the worker has to tell of which only the latest matters: it waits until the window looks.

use std::mem::{discriminant, take};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::exchange::TabUpdate;
use crate::model::tab::TabId;

/// The latest of each kind for each tab, in the place of what waited before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quiet(Arc<Mutex<Vec<(TabId, TabUpdate)>>>);

impl Quiet {
    /// Lets an update wait.
    pub(super) fn put(&self, tab: TabId, update: TabUpdate) {
        let mut waiting = self.lock();
        let kind = discriminant(&update.news);
        match waiting.iter_mut().find(|(of, before)| *of == tab && discriminant(&before.news) == kind) {
            Some((_, before)) => *before = update,
            None => waiting.push((tab, update)),
        }
    }

    /// What waits for one tab, to be told before something else is.
    pub(super) fn take(&self, tab: TabId) -> Vec<TabUpdate> {
        let mut waiting = self.lock();
        waiting.extract_if(.., |(of, _)| *of == tab).map(|(_, update)| update).collect()
    }

    /// Everything that waits.
    pub(crate) fn take_all(&self) -> Vec<(TabId, TabUpdate)> {
        take(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(TabId, TabUpdate)>> {
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
    use crate::model::load::RunNumber;
    use crate::model::load::news::LoadNews;
    use crate::worker::Speaker;
    use crate::worker::seat::Voice;

    /// Where a voice is heard.
    struct Window {
        voice: Voice,
        receiver: mpsc::Receiver<Update>,
        rung: Arc<AtomicUsize>,
        quiet: Quiet,
    }

    fn window() -> Window {
        let (updates, receiver) = mpsc::channel();
        let (rung, quiet) = (Arc::new(AtomicUsize::new(0)), Quiet::default());
        let bell = rung.clone();
        let repaint = Arc::new(move || {
            bell.fetch_add(1, Ordering::Relaxed);
        });
        let voice = Voice::new(TabId(7), Speaker { updates, repaint, quiet: quiet.clone() });
        Window { voice, receiver, rung, quiet }
    }

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
        let Window { voice, receiver, rung, quiet } = window();
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
        let waiting = quiet.take_all();
        assert_eq!(
            waiting.iter().map(|(_, update)| told(update)).collect::<Vec<_>>(),
            [5],
            "whoever looks finds it"
        );
    }

    #[test]
    fn of_what_moves_all_the_time_a_slow_window_is_told_the_latest_alone() {
        let Window { voice, receiver, rung, quiet } = window();
        let connecting = |done| TabNews::Load(RunNumber(1), LoadNews::Connecting { done, wanted: 9 });
        voice.say_quietly(counters(1));
        (0..9).for_each(|done| voice.say_latest(connecting(done)));
        assert_eq!((rung.load(Ordering::Relaxed), receiver.try_iter().count()), (9, 0));
        let waiting = quiet.take_all();
        assert!(
            matches!(&waiting[..], [(_, one), (_, other)] if told(one) == 1
                && matches!(other.news, TabNews::Load(_, LoadNews::Connecting { done: 8, .. }))),
            "{waiting:?}"
        );
    }
}
