//! What is noted of a call while it is under way.

use std::time::{Duration, Instant};

use super::Journal;
use crate::exchange::CallOrder;
use crate::model::calls::Ended;
use crate::model::journal::Note;
use crate::model::journal::asked::JournalOrder;
use crate::model::journal::entry::{End, Entry, Items, Kept, Request, Said, Verdict};
use crate::model::reply::{Body, Problem, ProblemKind};

/// Takes down a call. Dropped before the call has ended, it notes that it was given up; one that was never sent is not
/// noted at all.
pub(in crate::worker) struct Scribe(Option<Draft>);

/// A call that has not ended.
struct Draft {
    journal: Journal,
    note: Note,
    request: Request,
    began: Instant,
    is_sent: bool,
}

impl Scribe {
    /// A call begins, which is noted if the window says how.
    pub(in crate::worker) fn new(journal: &Journal, call: &CallOrder) -> Self {
        Self(call.note.as_deref().map(|note| Draft {
            journal: journal.clone(),
            note: note.clone(),
            request: Request {
                procedure: call.procedure.clone(),
                kind: call.kind,
                arguments: Kept::TooLong(0),
                items: Items::default(),
                deadline_us: call.deadline.map(micros),
                metadata:
                    call.metadata.iter().map(|(key, value)| (key.clone(), Said::of(key, value))).collect(),
            },
            began: Instant::now(),
            is_sent: false,
        }))
    }

    /// These are its arguments.
    pub(in crate::worker) fn asks(&mut self, arguments: &[u8]) {
        if let Some(draft) = &mut self.0 {
            draft.request.arguments = Kept::encoded(arguments);
            draft.is_sent = true;
        }
    }

    /// An item is sent over it.
    pub(in crate::worker) fn sends(&mut self, item: &[u8]) {
        if let Some(draft) = &mut self.0 {
            draft.request.items.push(item);
        }
    }

    /// So it ended, after this many items had come.
    pub(in crate::worker) fn ends(mut self, ended: &Ended, received: u64) {
        if let Some(draft) = self.0.take() {
            draft.end(End { took_us: micros(ended.took), received, verdict: verdict(&ended.outcome) });
        }
    }
}

impl Drop for Scribe {
    fn drop(&mut self) {
        if let Some(draft) = self.0.take() {
            let took_us = micros(draft.began.elapsed());
            let verdict = Verdict::failed(ProblemKind::Cancelled.text(), "The call was given up.", None);
            draft.end(End { took_us, received: 0, verdict });
        }
    }
}

impl Draft {
    fn end(self, end: End) {
        if !self.is_sent {
            return;
        }
        let Note { id, at, server, on_disk } = self.note;
        let entry = Entry { id, at, server, request: self.request, end, pinned: false, on_disk: false };
        self.journal.order(JournalOrder::Add { entry: Box::new(entry), on_disk });
    }
}

fn verdict(outcome: &Result<Body, Problem>) -> Verdict {
    match outcome {
        Ok(body) => Verdict::Answered(kept(body)),
        Err(problem) => {
            Verdict::failed(problem.kind.text(), &problem.message, problem.fault.as_deref().map(kept))
        }
    }
}

fn kept(body: &Body) -> Kept {
    Kept::encoded(&body.bytes)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
