//! Which calls are open, and which id comes next. Knows nothing of bytes.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::CallId;
use super::flow::{Assembled, Flow, Incoming};

/// One open call.
#[derive(Debug)]
pub(super) struct Call<T> {
    /// What the owner of the connection keeps with it.
    pub(super) user: Option<T>,
    pub(super) deadline: Option<Instant>,
    /// The deadline that a server set in place of a later one or of none.
    pub(super) clamped_us: Option<u64>,
    /// When a server heard of it, and how long its client waits.
    pub(super) asked: Option<(Instant, Option<Duration>)>,
    /// A handler runs for it.
    pub(super) has_handler: bool,
    /// Its streams and long messages, once it has any.
    pub(super) flow: Option<Box<Flow>>,
}

impl<T> Call<T> {
    pub(super) fn new(deadline: Option<Instant>) -> Self {
        Self { user: None, deadline, clamped_us: None, asked: None, has_handler: false, flow: None }
    }

    /// Its flow, which begins with so much credit each way.
    pub(super) fn flow_mut(&mut self, credit_out: u32, credit_in: u32) -> &mut Flow {
        self.flow.get_or_insert_with(|| Box::new(Flow::new(credit_out, credit_in)))
    }

    /// Its arguments are complete: a handler runs for it, or has ended and only its reply waits.
    pub(super) fn was_handed_over(&self) -> bool {
        let assembly = self.flow.as_ref().and_then(|flow| flow.incoming.assembly.as_ref());
        !assembly.is_some_and(|assembly| matches!(assembly.what, Assembled::Arguments(_)))
    }

    pub(super) fn incoming(&mut self) -> Option<&mut Incoming> {
        self.flow.as_mut().map(|flow| &mut flow.incoming)
    }
}

/// The open calls of a connection.
#[derive(Debug)]
pub(super) struct Calls<T> {
    open: HashMap<CallId, Call<T>, foldhash::fast::RandomState>,
    /// The call opened last, while it is not in the table: most are answered before the next one arrives.
    latest: Option<(CallId, Call<T>)>,
    /// The highest id so far.
    last: CallId,
    /// Handlers that run on although their calls have ended: each keeps the place of its call.
    orphans: usize,
}

impl<T> Default for Calls<T> {
    fn default() -> Self {
        Self { open: HashMap::default(), latest: None, last: 0, orphans: 0 }
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
        if let Some((earlier, call)) = self.latest.replace((id, call)) {
            self.open.insert(earlier, call);
        }
    }

    /// Notes an id whose call never opens.
    pub(super) fn skip(&mut self, id: CallId) {
        self.last = id;
    }

    pub(super) fn remove(&mut self, id: CallId) -> Option<Call<T>> {
        let call = match self.latest.take_if(|(latest, _)| *latest == id) {
            Some((_, call)) => call,
            None => self.open.remove(&id)?,
        };
        self.orphans += usize::from(call.has_handler);
        Some(call)
    }

    pub(super) fn get(&self, id: CallId) -> Option<&Call<T>> {
        match &self.latest {
            Some((latest, call)) if *latest == id => Some(call),
            _ => self.open.get(&id),
        }
    }

    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut Call<T>> {
        match &mut self.latest {
            Some((latest, call)) if *latest == id => Some(call),
            _ => self.open.get_mut(&id),
        }
    }

    /// What is received in a call, once anything but its opening was.
    pub(super) fn incoming(&mut self, id: CallId) -> Option<&mut Incoming> {
        self.get_mut(id)?.incoming()
    }

    /// A handler has ended whose call ended before it.
    pub(super) fn release(&mut self) {
        self.orphans = self.orphans.saturating_sub(1);
    }

    /// The ids of all calls above `last`.
    pub(super) fn above(&self, last: CallId) -> Vec<CallId> {
        let latest = self.latest.iter().map(|(id, _)| *id);
        self.open.keys().copied().chain(latest).filter(|id| last < *id).collect()
    }

    /// The ids of all calls with streams or long messages.
    pub(super) fn flowing(&self) -> Vec<CallId> {
        let latest = self.latest.iter().map(|(id, call)| (id, call));
        self.open.iter().chain(latest).filter(|(_, call)| call.flow.is_some()).map(|(id, _)| *id).collect()
    }

    /// What is kept with each call, and the call's id.
    pub(super) fn kept(&self) -> impl Iterator<Item = (CallId, &T)> {
        let latest = self.latest.iter().map(|(id, call)| (id, call));
        self.open.iter().chain(latest).filter_map(|(id, call)| Some((*id, call.user.as_ref()?)))
    }

    /// Takes what is kept with each call.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> {
        let latest = self.latest.take().map(|(_, call)| call);
        self.open.drain().map(|(_, call)| call).chain(latest).filter_map(|call| call.user)
    }

    pub(super) fn deadline(&self, id: CallId) -> Option<Instant> {
        self.get(id)?.deadline
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
        self.open.len() + usize::from(self.latest.is_some()) + self.orphans
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
