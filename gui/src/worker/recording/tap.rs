//! What the recorder hears of all that the window is told.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use countersign::builtin::stats::Snapshot;

use crate::exchange::{TabNews, TabUpdate};
use crate::model::calls::Mark;
use crate::model::catalogue::{Procedure, Service, Services};
use crate::model::recording::format::{Listed, ListedProcedure};

/// Snapshots that wait for a slow disk; what is in those beyond these, the next one tells, too.
const SNAPSHOTS_MAX: usize = 16;

/// Where what is told of a server can be listened to.
#[derive(Clone, Default)]
pub(in crate::worker) struct Tap(Arc<Mutex<Option<Line>>>);

/// What is on its way to the recorder.
struct Line {
    heard: Sender<Heard>,
    snapshots: Arc<AtomicUsize>,
}

/// The recorder's end.
pub(super) struct Ear {
    heard: Receiver<Heard>,
    snapshots: Arc<AtomicUsize>,
}

/// Something that goes into a recording.
pub(crate) enum Heard {
    Snapshot(Snapshot, Instant),
    Services(Vec<Listed>, bool),
    Called(Mark),
    Lost(String, Instant),
    Connected(Instant),
    Stop(&'static str),
}

impl Tap {
    /// Begins to listen, unless somebody does already.
    pub(super) fn open(&self) -> Option<Ear> {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if line.is_some() {
            return None;
        }
        let ((sender, heard), snapshots) = (channel(), Arc::new(AtomicUsize::new(0)));
        *line = Some(Line { heard: sender, snapshots: snapshots.clone() });
        Some(Ear { heard, snapshots })
    }

    /// Listens to what the window is told.
    pub(in crate::worker) fn hear(&self, update: &TabUpdate) {
        match &update.news {
            TabNews::Stats(Ok(snapshot)) => self.pass(|line| {
                let has_room = line.snapshots.load(Ordering::Relaxed) < SNAPSHOTS_MAX;
                has_room.then(|| {
                    line.snapshots.fetch_add(1, Ordering::Relaxed);
                    Heard::Snapshot(snapshot.clone(), update.at)
                })
            }),
            TabNews::Catalogue(Ok(services)) => self.list(services),
            TabNews::Reconnecting(retry) => {
                self.pass(|_| Some(Heard::Lost(retry.failure.reason.clone(), update.at)));
            }
            TabNews::Connected(_) => self.pass(|_| Some(Heard::Connected(update.at))),
            _ => {}
        }
    }

    /// What the server can do.
    pub(super) fn list(&self, services: &Services) {
        self.pass(|_| {
            Some(Heard::Services(services.all().iter().map(listed).collect(), services.names_forbidden))
        });
    }

    /// A call was made.
    pub(super) fn note(&self, mark: Mark) {
        self.pass(|_| Some(Heard::Called(mark)));
    }

    /// Listens no more, and says why.
    pub(in crate::worker) fn close(&self, why: &'static str) {
        self.pass(|_| Some(Heard::Stop(why)));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// What is passed is made only if somebody listens.
    fn pass(&self, heard: impl FnOnce(&Line) -> Option<Heard>) {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = line.as_ref().and_then(|line| Some(line.heard.send(heard(line)?)));
        if sent.is_some_and(|sent| sent.is_err()) {
            *line = None;
        }
    }
}

impl Ear {
    /// What is heard next; `None` once the tab is closed.
    pub(super) fn next(&self) -> Option<Heard> {
        let heard = self.heard.recv().ok()?;
        if matches!(heard, Heard::Snapshot(..)) {
            self.snapshots.fetch_sub(1, Ordering::Relaxed);
        }
        Some(heard)
    }
}

fn listed(service: &Service) -> Listed {
    let procedure = |procedure: &Procedure| ListedProcedure {
        name: procedure.name.clone(),
        documentation: procedure.documentation.clone(),
        kind: procedure.kind,
        idempotent: procedure.idempotent,
        deadline_ms: procedure.deadline_ms,
    };
    Listed {
        name: service.name.clone(),
        documentation: service.documentation.clone(),
        procedures: service.procedures.iter().map(procedure).collect(),
        forbidden: service.forbidden.iter().map(|forbidden| forbidden.name.clone()).collect(),
    }
}
