//! How long the replies of calls that are traced took to be written. Replies share their writes, so that all of
//! one write take the same time to its end.

use std::sync::Arc;
use std::time::Instant;

use countersign_proto::CallId;

use super::Outcome;

/// Replies that are followed at once: more come only from a flood of failures, of which the first tell enough.
const FOLLOWED_MAX: usize = 64;

/// The replies of one connection that are followed until they are written.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    /// Those that wait for a write, or whose last part does.
    waiting: Vec<Reply>,
    /// Those of the write that goes on, of which so many bytes are left.
    going: Vec<Reply>,
    left: usize,
}

#[derive(Debug)]
struct Reply {
    call: CallId,
    since: Instant,
    outcome: Arc<Outcome>,
}

impl Writes {
    /// Follows the reply of a call, which was just handed over.
    pub(crate) fn follow(&mut self, call: CallId, outcome: Arc<Outcome>) {
        if self.waiting.len() < FOLLOWED_MAX {
            self.waiting.push(Reply { call, since: Instant::now(), outcome });
        }
    }

    /// A write of so many bytes begins. A call that is not open any more has all of its reply in it.
    pub(crate) fn begin(&mut self, len: usize, is_open: impl Fn(CallId) -> bool) {
        self.left = len;
        if !self.waiting.is_empty() {
            self.going.extend(self.waiting.extract_if(.., |reply| !is_open(reply.call)));
        }
    }

    /// So many bytes of it are with the system.
    #[inline]
    pub(crate) fn written(&mut self, len: usize) {
        // Mostly nothing is followed.
        if !self.going.is_empty() {
            self.written_of_followed(len);
        }
    }

    fn written_of_followed(&mut self, len: usize) {
        self.left = self.left.saturating_sub(len);
        if self.left == 0 {
            let now = Instant::now();
            for reply in self.going.drain(..) {
                // A call has one reply.
                let _ = reply.outcome.write.set(now.saturating_duration_since(reply.since));
            }
        }
    }
}
