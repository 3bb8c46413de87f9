//! The latest calls that were slow or failed, with where their time went; never what they were about.

mod recorder;
mod writes;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use recorder::{Outcome, Recorder, Spans, Traces};
pub(crate) use writes::Writes;

use crate::{Context, Status, Times};

/// Calls in a list whose length nobody chose: as many as a person looks through.
const LISTED: u32 = 100;

/// The latest calls of this server that were slow or failed.
#[countersign::service(package = "countersign")]
pub trait Trace {
    /// The latest slow and failed calls, newest first.
    ///
    /// Those of one procedure, if it is named, and at most `limit` of them, or else 100. Slow are the four calls of each procedure that took longest within a minute, and no less than a
    /// millisecond; the last 32 of each procedure are kept, beside the last 32 that failed. To leave a stream that
    /// has begun is not to fail.
    #[rpc(idempotent)]
    async fn list(
        &self,
        cx: &Context,
        procedure: Option<String>,
        limit: Option<u32>,
    ) -> Result<Vec<TracedCall>, Status>;
}

/// One call that was slow or failed. Its time is the sum of the parts that are told, but for `write_us`, which
/// comes after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct TracedCall {
    /// What was called, such as `acme.Ledger/balance`; also a name that the server does not have.
    pub procedure: String,
    /// Who called: a SPIFFE ID.
    pub peer: String,
    /// The name of the code that it ended with, such as `NOT_FOUND`; a slow call's is `OK`.
    pub code: String,
    /// What the status says, clipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// When the request was complete.
    pub started: Timestamp,
    /// How long ago that was when this was told, in microseconds: for clocks that differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_us: Option<u64>,
    /// From there to the reply handed to the connection, in microseconds; of a stream that was slow, to its first
    /// item.
    pub total_us: u64,
    /// Waiting for other calls, or for a task of its own.
    pub queue_us: u64,
    /// Reading the arguments; absent where they were so short that it is a part of `handler_us`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode_us: Option<u64>,
    /// The handler, waiting included.
    pub handler_us: u64,
    /// Writing the result; absent where it is a part of `handler_us`, since the handler never had to wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encode_us: Option<u64>,
    /// From the reply to the moment when the last of it was handed to the system; absent while it is not, and
    /// where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_us: Option<u64>,
    /// Bytes of the arguments.
    pub bytes_in: u64,
    /// Bytes of the result or the fault.
    pub bytes_out: u64,
}

/// The service on top of a server's recorder.
pub(crate) struct Recorded(Arc<Recorder>);

impl Recorded {
    pub(crate) fn new(recorder: Arc<Recorder>) -> Self {
        Self(recorder)
    }
}

impl Trace for Recorded {
    async fn list(
        &self,
        _: &Context,
        procedure: Option<String>,
        limit: Option<u32>,
    ) -> Result<Vec<TracedCall>, Status> {
        let limit = limit.unwrap_or(LISTED) as usize;
        let (now, time) = (Instant::now(), Timestamp::now());
        let calls = self.0.latest(procedure.as_deref()).into_iter().take(limit);
        Ok(calls.map(|outcome| outcome.described(now, time)).collect())
    }
}

impl Outcome {
    /// The call as the service tells it, by what the clock and the calendar say now.
    fn described(&self, now: Instant, time: Timestamp) -> TracedCall {
        let Spans { total, queue, decode, encode } = self.spans;
        let age = now.saturating_duration_since(self.arrived);
        TracedCall {
            procedure: self.procedure.to_string(),
            peer: self.peer.to_string(),
            code: self.code.name().to_owned(),
            message: self.message.clone(),
            // A clock that was set back beyond the year -9999 has other worries.
            started: time.checked_sub(age).unwrap_or(time),
            age_us: Some(micros(age)),
            total_us: micros(total),
            queue_us: micros(queue),
            decode_us: decode.map(micros),
            handler_us: micros(self.spans.handler()),
            encode_us: encode.map(micros),
            write_us: self.write.get().copied().map(micros),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
        }
    }
}

impl Spans {
    /// What is left for the handler.
    fn handler(&self) -> Duration {
        [self.queue, self.decode.unwrap_or_default(), self.encode.unwrap_or_default()]
            .iter()
            .fold(self.total, |left, part| left.saturating_sub(*part))
    }

    /// The same for the caller that asked.
    pub(crate) fn times(&self) -> Times {
        Times {
            decode_us: micros(self.decode.unwrap_or_default()),
            queue_us: micros(self.queue),
            handler_us: micros(self.handler()),
            encode_us: micros(self.encode.unwrap_or_default()),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
