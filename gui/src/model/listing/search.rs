//! A filter at work: a step a frame, and from what the last one found where that is enough.

use crate::fuzzy::Pattern;
use crate::model::catalogue::{Entry, Listed, Services, is_builtin};

/// How many letters are looked at in one step: some milliseconds. Ten thousand ordinary names take one step; a
/// message full of long ones takes several.
const STEP: usize = 4_000_000;

/// A search through the names of all procedures.
#[derive(Debug)]
pub(crate) struct Search {
    pattern: Pattern,
    /// Where there is still something to look at, the next one first.
    waiting: std::vec::IntoIter<Entry>,
    found: Vec<Found>,
    is_done: bool,
}

/// A procedure that matches.
#[derive(Debug, Clone, Copy)]
struct Found {
    rank: Rank,
    entry: Entry,
}

/// The lower, the better: by how well it matches; what may be called before what may not, and the server's own
/// before what every server has; and then the shorter name.
type Rank = (i32, bool, bool, u32);

impl Search {
    /// Begins to search, among what the last search found if that is sure to have it all.
    pub(super) fn begin(pattern: Pattern, last: Option<Self>, services: &Services) -> Self {
        let last = last.filter(|last| last.is_done && pattern.narrows(&last.pattern));
        let waiting: Vec<Entry> = match last {
            Some(last) => last.found.into_iter().map(|found| found.entry).collect(),
            None => services.entries().collect(),
        };
        Self { pattern, waiting: waiting.into_iter(), found: Vec::new(), is_done: false }
    }

    /// What is searched for.
    pub(super) fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// Whether everything was looked at.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    /// Goes on for one step, and gives what was found once that is all, the best first.
    pub(super) fn advance(&mut self, services: &Services) -> Option<impl Iterator<Item = Entry>> {
        let mut work = 0;
        while work < STEP {
            let Some(entry) = self.waiting.next() else {
                self.is_done = true;
                self.found.sort_unstable_by_key(|found| (found.rank, found.entry));
                return Some(self.found.iter().map(|found| found.entry));
            };
            let listed = services.listed(entry);
            work += self.pattern.work(listed.path());
            self.found.extend(rank(&self.pattern, listed).map(|rank| Found { rank, entry }));
        }
        None
    }
}

fn rank(pattern: &Pattern, listed: Listed<'_>) -> Option<Rank> {
    let path = listed.path();
    // What came in one message is counted in 32 bits.
    Some((-pattern.score(path)?, !listed.is_allowed(), is_builtin(path), path.len() as u32))
}
