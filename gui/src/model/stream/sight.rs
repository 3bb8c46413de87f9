//! Which of the items that came are in sight: those that match the filter, as they stood when the list was paused.

use std::collections::VecDeque;

use super::{Item, Newest, Stream};

/// How the list of items is looked at.
#[derive(Debug, Default)]
pub(super) struct Sight {
    filter: String,
    /// The same in small letters; empty where everything is in sight.
    needle: String,
    /// The numbers of the items that match, oldest first.
    found: VecDeque<u64>,
    /// How many of them were let go of with their items.
    gone: u64,
    paused: Option<Paused>,
}

/// The list as it stood when it was paused.
#[derive(Debug)]
struct Paused {
    items: Newest,
    /// How many items had come.
    received: u64,
}

impl Sight {
    /// Whether an item's row has what is looked for.
    fn matches(&self, item: &Item) -> bool {
        item.summary.to_lowercase().contains(&self.needle)
    }

    fn find_in(&mut self, items: &Newest) {
        self.gone = 0;
        self.found.clear();
        if !self.needle.is_empty() {
            self.found = items.iter().filter(|item| self.matches(item)).map(|item| item.number).collect();
        }
    }

    /// Items have come after the one of this number, and others may have been let go of.
    pub(super) fn follow(&mut self, items: &Newest, after: u64) {
        if self.needle.is_empty() || self.paused.is_some() {
            return;
        }
        let new = items.iter().rev().take_while(|item| after < item.number);
        let mut found: Vec<u64> = new.filter(|item| self.matches(item)).map(|item| item.number).collect();
        found.reverse();
        self.found.extend(found);
        let oldest = items.iter().next().map_or(0, |item| item.number);
        while self.found.front().is_some_and(|number| *number < oldest) {
            self.found.pop_front();
            self.gone += 1;
        }
    }
}

impl Stream {
    /// The items of which the list is made: the newest, or those that were when it was paused.
    pub(crate) fn items(&self) -> &Newest {
        self.sight.paused.as_ref().map_or(&self.kept, |paused| &paused.items)
    }

    /// How many rows the list has.
    pub(crate) fn rows(&self) -> usize {
        if self.sight.needle.is_empty() { self.items().len() } else { self.sight.found.len() }
    }

    /// The item in a row, counted from the oldest.
    pub(crate) fn row(&self, row: usize) -> Option<&Item> {
        match self.sight.needle.is_empty() {
            true => self.items().get(row),
            false => self.items().numbered(*self.sight.found.get(row)?),
        }
    }

    /// How many rows the list has lost at its beginning.
    pub(crate) fn rows_gone(&self) -> u64 {
        match self.sight.needle.is_empty() {
            true => self.items().iter().next().map_or(0, |oldest| oldest.number - 1),
            false => self.sight.gone,
        }
    }

    /// How many items had come when the list was as it is shown.
    pub(crate) fn received_in_sight(&self) -> u64 {
        self.sight.paused.as_ref().map_or(self.received, |paused| paused.received)
    }

    /// Whether the list stands still.
    pub(crate) fn is_paused(&self) -> bool {
        self.sight.paused.is_some()
    }

    /// Lets the list stand still while everything goes on, or lets it go on too.
    pub(crate) fn toggle_pause(&mut self) {
        self.sight.paused = match self.sight.paused {
            Some(_) => None,
            None => Some(Paused { items: self.kept.clone(), received: self.received }),
        };
        if !self.is_paused() {
            self.sight.find_in(&self.kept);
        }
    }

    /// What the rows are filtered by.
    pub(crate) fn filter(&self) -> &str {
        &self.sight.filter
    }

    /// Shows only the rows that have this in them, in letters of either size.
    pub(crate) fn set_filter(&mut self, filter: String) {
        self.sight.needle = filter.trim().to_lowercase();
        self.sight.filter = filter;
        // It is taken out while it looks at what may be its own.
        let paused = self.sight.paused.take();
        self.sight.find_in(paused.as_ref().map_or(&self.kept, |paused| &paused.items));
        self.sight.paused = paused;
    }
}
