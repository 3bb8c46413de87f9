//! The calls made from this window, and what came of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::reply::{Beside, Body, Earlier, Problem};
use super::stream::Stream;
use super::timing::{Rank, Timing};

/// How many calls are remembered for their marks on the graphs.
const REMEMBERED: usize = 2000;

/// The number of a call, counted from 1 in the order in which they were made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CallNumber(pub(crate) u64);

/// One call that was made here.
#[derive(Debug)]
pub(crate) struct OwnCall {
    /// Which one.
    pub(crate) number: CallNumber,
    /// What was called.
    pub(crate) procedure: String,
    /// When the button was pressed.
    pub(crate) started: Instant,
    /// What came over it, if it is one that streams.
    pub(crate) stream: Option<Stream>,
    /// How it ended, if it has.
    pub(crate) ended: Option<Ended>,
    /// Where it lies among others, once it has ended.
    pub(crate) rank: Option<Rank>,
    /// The last result of this procedure before it, to compare with.
    pub(crate) earlier: Option<Earlier>,
}

impl OwnCall {
    /// The time by which it is compared with others, and whether that is the server's own: a stream's is that
    /// to its first item.
    pub(crate) fn compared(&self) -> Option<(Duration, bool)> {
        let Ended { took, outcome, beside } = self.ended.as_ref()?;
        let at_server = Timing::new(*took, beside.times).at_server();
        match (&self.stream, at_server, outcome) {
            (Some(stream), ..) => Some((stream.first_after?, false)),
            (None, Some(at_server), _) => Some((at_server, true)),
            (None, None, Err(problem)) if !problem.is_of_server() => None,
            (None, None, _) => Some((*took, false)),
        }
    }

    /// What a later call is compared with.
    fn to_compare(&self) -> Option<Earlier> {
        match self.ended.as_ref().map(|ended| &ended.outcome) {
            Some(Ok(body)) => {
                Some(Earlier { name: format!("#{}", self.number.0), bytes: body.bytes.clone() })
            }
            _ => self.earlier.clone(),
        }
    }
}

/// How a call ended, and how long it took.
#[derive(Debug)]
pub(crate) struct Ended {
    /// From the request, when it was ready, to the verdict, as the worker measured it.
    pub(crate) took: Duration,
    /// The verdict.
    pub(crate) outcome: Result<Body, Problem>,
    /// What came beside it.
    pub(crate) beside: Beside,
}

impl Ended {
    /// An end with nothing beside it.
    pub(crate) fn alone(took: Duration, outcome: Result<Body, Problem>) -> Self {
        Self { took, outcome, beside: Beside::default() }
    }
}

/// A call as a mark on the graphs: all that is left of it once another call of its procedure was made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    /// Which call.
    pub(crate) number: CallNumber,
    /// What was called.
    pub(crate) procedure: String,
    /// When it ended.
    pub(crate) at: Instant,
    /// How long it took; a stream, to its first item.
    pub(crate) took: Duration,
    /// Whether it was answered.
    pub(crate) answered: bool,
}

/// The last call of each procedure with its reply, and the marks of all.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    made: u64,
    last: BTreeMap<String, OwnCall>,
    marks: Vec<Mark>,
}

impl Calls {
    /// A new call begins; it takes the place of the one before it.
    pub(crate) fn start(&mut self, procedure: &str, stream: Option<Stream>, now: Instant) -> CallNumber {
        self.made += 1;
        let number = CallNumber(self.made);
        let earlier = self.last.get(procedure).and_then(OwnCall::to_compare);
        let procedure = procedure.to_owned();
        let call = OwnCall { number, procedure, started: now, stream, ended: None, rank: None, earlier };
        self.last.insert(call.procedure.clone(), call);
        number
    }

    /// A call has ended. One that was never sent leaves no mark, and one that is given up as it is answered was
    /// answered.
    pub(crate) fn end(&mut self, number: CallNumber, ended: Ended, now: Instant) -> Option<&mut OwnCall> {
        let under_way = |call: &&mut OwnCall| call.number == number && call.ended.is_none();
        let call = self.last.values_mut().find(under_way)?;
        if !matches!(&ended.outcome, Err(problem) if problem.is_local()) {
            let answered = ended.outcome.is_ok();
            let to_first_item = call.stream.as_ref().and_then(|stream| stream.first_after);
            let took = to_first_item.unwrap_or(ended.took);
            let mark = Mark { number, procedure: call.procedure.clone(), at: now, took, answered };
            if self.marks.len() == REMEMBERED {
                self.marks.remove(0);
            }
            self.marks.push(mark);
        }
        call.ended = Some(ended);
        Some(call)
    }

    /// The stream of this call, unless another call of its procedure has taken its place.
    pub(crate) fn stream_mut(&mut self, number: CallNumber) -> Option<&mut Stream> {
        let call = self.last.values_mut().find(|call| call.number == number)?;
        call.stream.as_mut()
    }

    /// This call, while it has not ended.
    pub(crate) fn under_way_mut(&mut self, number: CallNumber) -> Option<&mut OwnCall> {
        self.last.values_mut().find(|call| call.number == number && call.ended.is_none())
    }

    /// The last call of this procedure.
    pub(crate) fn last(&self, procedure: &str) -> Option<&OwnCall> {
        self.last.get(procedure)
    }

    /// The same, to fold and unfold its reply.
    pub(crate) fn last_mut(&mut self, procedure: &str) -> Option<&mut OwnCall> {
        self.last.get_mut(procedure)
    }

    /// Has these marks, the latest of them, and no others.
    pub(crate) fn set_marks(&mut self, marks: &[Mark]) {
        self.marks = marks[marks.len().saturating_sub(REMEMBERED)..].to_vec();
    }

    /// The marks of one procedure, or of all.
    pub(crate) fn marks(&self, procedure: Option<&str>) -> impl Iterator<Item = &Mark> {
        self.marks.iter().filter(move |mark| procedure.is_none_or(|path| mark.procedure == path))
    }
}
