//! Which calls are open, and which id comes next. Knows nothing of bytes.

use std::collections::HashMap;
use std::time::Instant;

use super::CallId;

/// One open call.
#[derive(Debug)]
pub(super) struct Call<T> {
    /// What the owner of the connection keeps with it.
    pub(super) user: Option<T>,
    pub(super) deadline: Option<Instant>,
    /// The deadline that a server set in place of a later one or of none.
    pub(super) clamped_us: Option<u64>,
}

/// The open calls of a connection.
#[derive(Debug)]
pub(super) struct Calls<T> {
    open: HashMap<CallId, Call<T>, foldhash::fast::RandomState>,
    /// The call opened last, while it is not in the table: most are answered before the next one arrives.
    latest: Option<(CallId, Call<T>)>,
    /// The highest id so far.
    last: CallId,
    /// Handlers that have not ended, on a server: a cancelled call keeps its handler's place.
    handlers: usize,
}

impl<T> Default for Calls<T> {
    fn default() -> Self {
        Self { open: HashMap::default(), latest: None, last: 0, handlers: 0 }
    }
}

impl<T> Calls<T> {
    /// The client's next id.
    pub(super) fn next_id(&self) -> CallId {
        if self.last == 0 { 1 } else { self.last + 2 }
    }

    /// Opens a call with an id above all others so far.
    pub(super) fn insert(&mut self, id: CallId, call: Call<T>) {
        debug_assert!(self.last < id, "ids rise");
        self.last = id;
        self.open.extend(self.latest.replace((id, call)));
    }

    /// As `insert`, on the side where a handler runs for it.
    pub(super) fn insert_handled(&mut self, id: CallId, call: Call<T>) {
        self.handlers += 1;
        self.insert(id, call);
    }

    /// Notes an id whose call never opens.
    pub(super) fn skip(&mut self, id: CallId) {
        self.last = id;
    }

    pub(super) fn remove(&mut self, id: CallId) -> Option<Call<T>> {
        match self.latest.take_if(|(latest, _)| *latest == id) {
            Some((_, call)) => Some(call),
            None => self.open.remove(&id),
        }
    }

    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut Call<T>> {
        match &mut self.latest {
            Some((latest, call)) if *latest == id => Some(call),
            _ => self.open.get_mut(&id),
        }
    }

    /// A handler has ended.
    pub(super) fn release(&mut self) {
        self.handlers = self.handlers.saturating_sub(1);
    }

    /// Takes every call above `last`.
    pub(super) fn take_above(&mut self, last: CallId) -> Vec<Call<T>> {
        let latest = self.latest.take_if(|(id, _)| last < *id).map(|(_, call)| call);
        let table = self.open.extract_if(|id, _| last < *id).map(|(_, call)| call);
        table.chain(latest).collect()
    }

    /// Takes what is kept with each call.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> {
        let latest = self.latest.take().map(|(_, call)| call);
        self.open.drain().map(|(_, call)| call).chain(latest).filter_map(|call| call.user)
    }

    pub(super) fn deadline(&self, id: CallId) -> Option<Instant> {
        match &self.latest {
            Some((latest, call)) if *latest == id => call.deadline,
            _ => self.open.get(&id)?.deadline,
        }
    }

    /// Each call that has a deadline and an owner's word with it.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = (Instant, CallId)> {
        let latest = self.latest.iter().map(|(id, call)| (id, call));
        self.open.iter().chain(latest).filter_map(|(id, call)| Some((call.deadline?, *id)))
    }

    pub(super) fn last(&self) -> CallId {
        self.last
    }

    /// Calls that are open or whose handlers run.
    pub(super) fn len(&self) -> usize {
        self.handlers.max(self.open.len() + usize::from(self.latest.is_some()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
