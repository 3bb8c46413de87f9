//! Which calls are open, and which id comes next. Knows nothing of bytes.

use std::collections::{HashMap, VecDeque};
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
///
/// Ids rise and most calls end soon. So the latest stand in a row, where each is found by counting, and those that
/// others leave behind move to a table.
#[derive(Debug)]
pub(super) struct Calls<T> {
    /// A place for each id from `first` on, which is empty once its call has ended. The first one is not.
    row: VecDeque<Option<Call<T>>>,
    first: CallId,
    /// Places in the row that are not empty.
    in_row: usize,
    /// Calls with lower ids.
    behind: HashMap<CallId, Call<T>, foldhash::fast::RandomState>,
    /// The highest id so far.
    last: CallId,
    /// Handlers that run on although their calls have ended: each keeps the place of its call.
    orphans: usize,
}

/// Below this, empty places in the row cost less than moving the calls before them.
const ROW_MIN: usize = 64;

impl<T> Default for Calls<T> {
    fn default() -> Self {
        Self { row: VecDeque::new(), first: 0, in_row: 0, behind: HashMap::default(), last: 0, orphans: 0 }
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
        if self.place(id) != Some(self.row.len()) {
            // The row is empty, or the peer has left ids out.
            while !self.row.is_empty() {
                self.leave_behind();
            }
            self.first = id;
        }
        self.row.push_back(Some(call));
        self.in_row += 1;
        while ROW_MIN.max(2 * self.in_row) < self.row.len() {
            self.leave_behind();
        }
    }

    /// Notes an id whose call never opens.
    pub(super) fn skip(&mut self, id: CallId) {
        self.last = id;
    }

    pub(super) fn remove(&mut self, id: CallId) -> Option<Call<T>> {
        let call = match self.place(id) {
            Some(0) => self.take_first()?,
            Some(place) => {
                let call = self.row.get_mut(place)?.take()?;
                self.in_row -= 1;
                call
            }
            None => self.behind.remove(&id)?,
        };
        self.orphans += usize::from(call.has_handler);
        Some(call)
    }

    pub(super) fn get(&self, id: CallId) -> Option<&Call<T>> {
        match self.place(id) {
            Some(place) => self.row.get(place)?.as_ref(),
            None => self.behind.get(&id),
        }
    }

    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut Call<T>> {
        match self.place(id) {
            Some(place) => self.row.get_mut(place)?.as_mut(),
            None => self.behind.get_mut(&id),
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
        self.iter().map(|(id, _)| id).filter(|id| last < *id).collect()
    }

    /// The ids of all calls with streams or long messages.
    pub(super) fn flowing(&self) -> Vec<CallId> {
        self.iter().filter(|(_, call)| call.flow.is_some()).map(|(id, _)| id).collect()
    }

    /// What is kept with each call, and the call's id.
    pub(super) fn kept(&self) -> impl Iterator<Item = (CallId, &T)> {
        self.iter().filter_map(|(id, call)| Some((id, call.user.as_ref()?)))
    }

    /// Takes what is kept with each call.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = T> {
        self.in_row = 0;
        let behind = self.behind.drain().map(|(_, call)| call);
        behind.chain(self.row.drain(..).flatten()).filter_map(|call| call.user)
    }

    pub(super) fn deadline(&self, id: CallId) -> Option<Instant> {
        self.get(id)?.deadline
    }

    /// Each call that has a deadline and an owner's word with it.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = (Instant, CallId)> {
        self.iter().filter_map(|(id, call)| Some((call.deadline?, id)))
    }

    pub(super) fn last(&self) -> CallId {
        self.last
    }

    /// Calls that are open or whose handlers run.
    pub(super) fn len(&self) -> usize {
        self.in_row + self.behind.len() + self.orphans
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn iter(&self) -> impl Iterator<Item = (CallId, &Call<T>)> {
        let behind = self.behind.iter().map(|(id, call)| (*id, call));
        let row = self.row.iter().enumerate();
        let row = row.filter_map(|(place, call)| Some((self.first + 2 * place as CallId, call.as_ref()?)));
        behind.chain(row)
    }

    /// The place in the row that is this id's, whether or not the row goes so far; `None` if it is lower than those.
    fn place(&self, id: CallId) -> Option<usize> {
        let beyond = id.checked_sub(self.first)?;
        usize::try_from(beyond / 2).ok().filter(|_| beyond.is_multiple_of(2))
    }

    /// Moves the first call of the row to the table.
    fn leave_behind(&mut self) {
        let id = self.first;
        if let Some(call) = self.take_first() {
            self.behind.insert(id, call);
        }
    }

    /// Takes the first call out of the row, and the empty places behind it.
    fn take_first(&mut self) -> Option<Call<T>> {
        let call = self.row.pop_front()??;
        self.in_row -= 1;
        // No id is higher than the highest, also for a peer that begins there.
        self.first = self.first.saturating_add(2);
        while let Some(None) = self.row.front() {
            self.row.pop_front();
            self.first = self.first.saturating_add(2);
        }
        Some(call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(calls: &mut Calls<CallId>, id: CallId) {
        calls.insert(id, Call { user: Some(id), ..Call::new(None) });
    }

    fn kept(calls: &Calls<CallId>) -> Vec<CallId> {
        let mut kept: Vec<_> = calls.kept().map(|(id, user)| (id == *user).then_some(id)).collect();
        kept.sort_unstable();
        kept.into_iter().map(|id| id.expect("each is kept under its own id")).collect()
    }

    #[test]
    fn a_call_that_others_leave_behind_does_not_hold_up_the_row() {
        let mut calls = Calls::default();
        insert(&mut calls, 1);
        for id in (3..20_000).step_by(2) {
            insert(&mut calls, id);
            assert!(calls.remove(id).is_some() && calls.remove(id).is_none());
        }
        assert!(calls.row.capacity() <= 2 * ROW_MIN);
        assert_eq!((kept(&calls), calls.len()), (vec![1], 1));
        assert_eq!(calls.remove(1).and_then(|call| call.user), Some(1));
        assert!(calls.is_empty() && calls.remove(1).is_none());
    }

    #[test]
    fn ids_may_be_left_out() {
        let ids = [3, 5, 11, 13, 15, 1 << 40, (1 << 40) + 2, CallId::MAX];
        let mut calls = Calls::default();
        ids.iter().for_each(|id| insert(&mut calls, *id));
        assert_eq!((kept(&calls), calls.len()), (ids.to_vec(), ids.len()));
        for absent in [0, 1, 4, 7, 9, 17, 1 << 41, CallId::MAX - 2] {
            assert!(calls.get(absent).is_none() && calls.remove(absent).is_none());
        }
        assert_eq!(calls.above(13).len(), 4);
        assert!(calls.remove(CallId::MAX).is_some());
        assert_eq!(kept(&calls), ids[..ids.len() - 1]);
    }

    #[test]
    fn calls_that_end_in_any_order_are_found() {
        let mut calls = Calls::default();
        let mut open = Vec::new();
        for id in (1..2_000).step_by(2) {
            insert(&mut calls, id);
            open.push(id);
            if id % 3 != 0 {
                let ended = open.remove((id as usize * 31) % open.len());
                assert_eq!(calls.remove(ended).and_then(|call| call.user), Some(ended));
            }
            assert_eq!(calls.len(), open.len());
        }
        assert!(!calls.behind.is_empty() && !calls.row.is_empty());
        assert_eq!(kept(&calls), open);
        assert_eq!(calls.drain().count(), open.len());
        assert!(calls.is_empty());
    }
}
