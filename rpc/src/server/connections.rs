//! The connections that a server has.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{Notify, watch};

use crate::link::mailbox::{Mailbox, Stop};
use crate::peer::Peer;
use crate::tls::{Life, Shown};

/// Every live connection of a server.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    table: Mutex<Table>,
    /// Told when one has gone.
    gone: Notify,
    /// Whether the server stops.
    stopping: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Table {
    live: HashMap<u64, Live>,
    next: u64,
    stop: Option<Stop>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) peer: Arc<Peer>,
    pub(crate) since: Instant,
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) shown: Shown,
    pub(crate) life: Life,
}

/// Keeps a connection in the table.
pub(crate) struct Entry {
    id: u64,
    connections: Arc<Connections>,
}

impl Connections {
    pub(crate) fn add(self: &Arc<Self>, live: Live) -> Entry {
        let mut table = self.lock();
        let id = table.next;
        table.next += 1;
        if let Some(stop) = table.stop {
            live.mailbox.stop(stop);
        }
        table.live.insert(id, live);
        Entry { id, connections: self.clone() }
    }

    /// Each of them with its number, oldest first.
    pub(crate) fn list(&self) -> Vec<(u64, Live)> {
        self.list_after(None, usize::MAX)
    }

    /// The oldest of those after this one, and at most so many.
    pub(crate) fn list_after(&self, after: Option<u64>, max: usize) -> Vec<(u64, Live)> {
        let table = self.lock();
        let mut ids: Vec<_> = table.live.keys().copied().filter(|id| after < Some(*id)).collect();
        ids.sort_unstable();
        ids.truncate(max);
        ids.into_iter().map(|id| (id, table.live[&id].clone())).collect()
    }

    /// Stops all of them, and those that are still to come.
    pub(crate) fn stop(&self, stop: Stop) {
        self.stopping.send_replace(true);
        let mut table = self.lock();
        table.stop = Some(stop);
        for live in table.live.values() {
            live.mailbox.stop(stop);
        }
    }

    /// Ends one of them, now. The peer that had it, if there was one with this number.
    pub(crate) fn close(&self, number: u64) -> Option<Arc<Peer>> {
        let table = self.lock();
        let live = table.live.get(&number)?;
        live.mailbox.stop(Stop::Closed);
        Some(live.peer.clone())
    }

    /// Lets every connection look whether something has changed for it.
    pub(crate) fn wake(&self) {
        self.lock().live.values().for_each(|live| live.mailbox.wake());
    }

    /// Whether the server stops.
    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits until the server stops: what would go on for ever must end then.
    pub(crate) async fn stopping(&self) {
        // It fails only without a sender, which is ours.
        let _ = self.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Waits until there is none.
    pub(crate) async fn emptied(&self) {
        loop {
            let gone = self.gone.notified();
            if self.len() == 0 {
                return;
            }
            gone.await;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().live.len()
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.connections.lock().live.remove(&self.id);
        self.connections.gone.notify_waiters();
    }
}
