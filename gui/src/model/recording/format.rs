//! The file of a recording: what a server told of its statistics, and what it takes to draw the same graphs again.
//!
//! ```text
//! file   = "countersign-recording 1\n" frame*
//! frame  = length (4 bytes, most significant first, 1 to 4 MiB)  one item of CBOR, of that many bytes
//! ```
//!
//! Frames are only ever appended, each with one write. Whatever ends the recording, all of it can be read but for a last
//! frame that is not whole. The first one is a `head`; of those that follow, each is a map with one key, its kind:
//!
//! | kind | what it says |
//! |---|---|
//! | `head` | which server, when the recording began, by what |
//! | `listing` | the server lists its procedures anew: what was listed before is no more |
//! | `service` | a service and its procedures; a service with many comes in several frames |
//! | `began`, `restarted` | counting begins: the moment and the server's clock, in nanoseconds |
//! | `passed` | what happened since the snapshot before: the moment, how much time had passed by the server's clock, the names of procedures that were not named before, and a row for each procedure of which there is anything to tell |
//! | `called` | a call that was made from the dashboard: its number, procedure, end, duration, and whether it was answered |
//! | `lost`, `regained` | the connection ended, and why; it stands again |
//! | `ended` | the recording ended in good order, and why |
//!
//! Moments are nanoseconds since the recording began. A row is the number of the procedure in the order of the names,
//! calls that ended, calls in flight, bytes in, bytes out, pairs of an error's code and its count, and the histogram of
//! latencies: for each bucket that is not empty how far its index is from the one before, and its calls. Nothing else of a
//! call is in the file: no arguments, no results, no metadata.
//!
//! A file may come from anybody. Whatever is not as it is written here is refused.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use countersign::builtin::stats::Histogram;
use countersign::service::CallKind;
use countersign::{Code, cbor};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::catalogue::NAME_SHOWN;
use crate::model::history::{Step, Tick, Ticks};
use crate::text;

/// What such a file begins with. The number is that of the version.
pub(crate) const MAGIC: &[u8] = b"countersign-recording 1\n";

/// What stands before each frame.
pub(crate) const LENGTH_LEN: usize = 4;

/// The longest frame: a second in which two thousand procedures are called in every way there is.
pub(crate) const FRAME_MAX: usize = 4 << 20;

/// The longest file, which a day of fifty busy procedures does not reach.
pub(crate) const FILE_MAX: u64 = 512 << 20;

/// Names of procedures beyond these are left out: a server that invents them would fill the memory of who reads on.
pub(crate) const NAMES_MAX: usize = 20_000;

/// Nobody records for longer than a year, and no moment is beyond.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// The longest documentation that is kept of a service or a procedure, and the longest reason.
const WORDS_MAX: usize = 400;

/// How many procedures go into a frame of a service.
const PROCEDURES_A_FRAME: usize = 500;

/// Which server was recorded, when, and by what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// When the recording began.
    pub(crate) began: Timestamp,
    /// What the dashboard called the server.
    pub(crate) name: String,
    /// `host:port`.
    pub(crate) address: String,
    /// The server's SPIFFE ID.
    pub(crate) peer: String,
    /// The program that recorded.
    pub(crate) recorder: String,
}

/// A service that a server listed, or a part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listed {
    /// `acme.Ledger`.
    pub(crate) name: String,
    /// What its author says of it.
    pub(crate) documentation: String,
    /// What may be called.
    pub(crate) procedures: Vec<ListedProcedure>,
    /// The names of what may not.
    pub(crate) forbidden: Vec<String>,
}

/// A procedure of such a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListedProcedure {
    /// `balance`.
    pub(crate) name: String,
    /// What its author says of it.
    pub(crate) documentation: String,
    /// Which sides send a stream of items.
    pub(crate) kind: CallKind,
    /// Whether it may be called twice without harm.
    pub(crate) idempotent: bool,
    /// The deadline that the author declared.
    pub(crate) deadline_ms: Option<u64>,
}

/// A call that was made from the dashboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Called {
    /// Its number there.
    pub(crate) number: u64,
    /// What was called.
    pub(crate) procedure: String,
    /// When it ended.
    pub(crate) at_ns: u64,
    /// How long it took.
    pub(crate) took_ns: u64,
    /// Whether it was answered.
    pub(crate) answered: bool,
}

/// Something that is in a recording, at a moment since it began.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// What every recording begins with.
    Head(Head),
    /// The procedures are listed anew; whether what may not be called is among them.
    Listing { names_forbidden: bool },
    /// Some of them.
    Service(Listed),
    /// What a snapshot told.
    Step(Duration, Step),
    /// A call was made.
    Called(Called),
    /// The connection ended.
    Lost(Duration, String),
    /// It stands again.
    Regained(Duration),
    /// The recording ended in good order.
    Ended(Duration, String),
}

/// The same as it is written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Frame {
    Head(Head),
    Listing(bool),
    Service(Listed),
    Began(u64, u64),
    Restarted(u64, u64),
    Passed(u64, u64, NewNames, Vec<Row>),
    Called(Called),
    Lost(u64, String),
    Regained(u64),
    Ended(u64, String),
}

/// The number of the first of some names, and the names.
#[derive(Serialize, Deserialize)]
struct NewNames(u32, Vec<String>);

/// A procedure by its number, calls, calls in flight, bytes in and out, errors, and buckets in pairs.
#[derive(Serialize, Deserialize)]
struct Row(u32, u64, u64, u64, u64, Vec<(u8, u64)>, Vec<u64>);

/// Writes frames.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    numbers: HashMap<Arc<str>, u32>,
}

/// Reads frames.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    names: Vec<Arc<str>>,
}

impl Encoder {
    /// The frame of an event, its length included; `None` for one that is longer than a frame may be.
    pub(crate) fn frame(&mut self, event: Event) -> Option<Vec<u8>> {
        let frame = match event {
            Event::Head(head) => Frame::Head(head),
            Event::Listing { names_forbidden } => Frame::Listing(names_forbidden),
            Event::Service(listed) => Frame::Service(listed),
            Event::Step(at, Step::Began { monotonic_ns }) => Frame::Began(nanos(at), monotonic_ns),
            Event::Step(at, Step::Restarted { monotonic_ns }) => Frame::Restarted(nanos(at), monotonic_ns),
            Event::Step(at, Step::Passed { elapsed_ns, ticks }) => {
                let (names, rows) = self.rows(ticks);
                Frame::Passed(nanos(at), elapsed_ns, names, rows)
            }
            Event::Called(called) => Frame::Called(called),
            Event::Lost(at, why) => Frame::Lost(nanos(at), text::line(&why, WORDS_MAX)),
            Event::Regained(at) => Frame::Regained(nanos(at)),
            Event::Ended(at, why) => Frame::Ended(nanos(at), text::line(&why, WORDS_MAX)),
        };
        let mut bytes = vec![0; LENGTH_LEN];
        cbor::encode_into(&frame, &mut bytes).ok()?;
        let length = bytes.len() - LENGTH_LEN;
        bytes[..LENGTH_LEN].copy_from_slice(&u32::try_from(length).ok()?.to_be_bytes());
        (length <= FRAME_MAX).then_some(bytes)
    }

    fn rows(&mut self, ticks: Ticks) -> (NewNames, Vec<Row>) {
        // There are fewer than 32 bits count.
        let mut new = NewNames(self.numbers.len() as u32, Vec::new());
        let mut rows = Vec::with_capacity(ticks.len());
        for (name, tick) in ticks {
            let next = self.numbers.len();
            let number = match self.numbers.get(&name) {
                Some(number) => *number,
                None if next == NAMES_MAX => continue,
                None => {
                    new.1.push(name.as_ref().to_owned());
                    self.numbers.insert(name, next as u32);
                    next as u32
                }
            };
            let errors = tick.errors.iter().map(|(code, count)| (code.number(), *count)).collect();
            let buckets = gaps(tick.latency.buckets());
            let Tick { calls, in_flight, bytes_in, bytes_out, .. } = tick;
            rows.push(Row(number, calls, in_flight, bytes_in, bytes_out, errors, buckets));
        }
        (new, rows)
    }
}

impl Decoder {
    /// The event of a frame, its length left out. Frames may be read again, but none before those that came before it.
    pub(crate) fn event(&mut self, frame: &[u8]) -> Result<Event, String> {
        let frame: Frame =
            cbor::from_slice(frame).map_err(|error| text::line(&error.to_string(), WORDS_MAX))?;
        Ok(match frame {
            Frame::Head(head) => Event::Head(head.clipped()),
            Frame::Listing(names_forbidden) => Event::Listing { names_forbidden },
            Frame::Service(listed) => Event::Service(listed.clipped()),
            Frame::Began(at, monotonic_ns) => Event::Step(moment(at)?, Step::Began { monotonic_ns }),
            Frame::Restarted(at, monotonic_ns) => Event::Step(moment(at)?, Step::Restarted { monotonic_ns }),
            Frame::Passed(at, elapsed_ns, names, rows) => {
                if elapsed_ns == 0 {
                    return Err("no time has passed".to_owned());
                }
                self.learn(names)?;
                let ticks = rows.into_iter().map(|row| self.tick(row)).collect::<Result<Vec<_>, _>>()?;
                let (count, ticks) = (ticks.len(), ticks.into_iter().collect::<Ticks>());
                if ticks.len() < count {
                    return Err("a procedure has two rows".to_owned());
                }
                Event::Step(moment(at)?, Step::Passed { elapsed_ns, ticks })
            }
            Frame::Called(called) => {
                moment(called.at_ns)?;
                Event::Called(Called { procedure: text::line(&called.procedure, NAME_SHOWN), ..called })
            }
            Frame::Lost(at, why) => Event::Lost(moment(at)?, text::line(&why, WORDS_MAX)),
            Frame::Regained(at) => Event::Regained(moment(at)?),
            Frame::Ended(at, why) => Event::Ended(moment(at)?, text::line(&why, WORDS_MAX)),
        })
    }

    fn learn(&mut self, NewNames(first, names): NewNames) -> Result<(), String> {
        let first = first as usize;
        if first > self.names.len() || first + names.len() > NAMES_MAX {
            return Err(format!("there is no name of the number {first}"));
        }
        for (number, name) in (first..).zip(names) {
            let name = text::line(&name, NAME_SHOWN);
            match self.names.get(number) {
                None => self.names.push(Arc::from(name)),
                Some(known) if known.as_ref() == name => {}
                Some(_) => return Err(format!("two procedures have the number {number}")),
            }
        }
        Ok(())
    }

    fn tick(&self, row: Row) -> Result<(Arc<str>, Tick), String> {
        let Row(number, calls, in_flight, bytes_in, bytes_out, errors, buckets) = row;
        let name =
            self.names.get(number as usize).ok_or_else(|| format!("no procedure has the number {number}"))?;
        let latency = buckets_of(&buckets).and_then(Histogram::from_buckets);
        let latency = latency.ok_or("the buckets of a histogram are out of order")?;
        let code = |(number, count): (u8, u64)| {
            let code = Code::from_number(number.into());
            (code.number() == number).then_some((code, count)).ok_or("there is no such code")
        };
        let errors = errors.into_iter().map(code).collect::<Result<BTreeMap<_, _>, _>>()?;
        Ok((name.clone(), Tick { calls, in_flight, errors, bytes_in, bytes_out, latency }))
    }
}

impl Head {
    fn clipped(self) -> Self {
        let Self { began, name, address, peer, recorder } = self;
        let [name, address, peer, recorder] =
            [name, address, peer, recorder].map(|words| text::line(&words, NAME_SHOWN));
        Self { began, name, address, peer, recorder }
    }
}

impl Listed {
    /// A service as frames hold it.
    pub(crate) fn parts(self) -> Vec<Self> {
        let Self { name, documentation, procedures, forbidden } = self.clipped();
        let part = |procedures: &[ListedProcedure], forbidden: &[String]| Self {
            name: name.clone(),
            documentation: documentation.clone(),
            procedures: procedures.to_vec(),
            forbidden: forbidden.to_vec(),
        };
        let offered = procedures.chunks(PROCEDURES_A_FRAME).map(|procedures| part(procedures, &[]));
        let not_offered = forbidden.chunks(PROCEDURES_A_FRAME).map(|forbidden| part(&[], forbidden));
        offered.chain(not_offered).collect()
    }

    fn clipped(self) -> Self {
        let line = |words: String| text::line(&words, NAME_SHOWN);
        let paragraph = |words: String| text::paragraph(&words, WORDS_MAX);
        let clip = |procedure: ListedProcedure| ListedProcedure {
            name: line(procedure.name),
            documentation: paragraph(procedure.documentation),
            ..procedure
        };
        Self {
            name: line(self.name),
            documentation: paragraph(self.documentation),
            procedures: self.procedures.into_iter().map(clip).collect(),
            forbidden: self.forbidden.into_iter().map(line).collect(),
        }
    }
}

/// 64 bits hold 584 years.
fn nanos(since: Duration) -> u64 {
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn moment(ns: u64) -> Result<Duration, String> {
    let at = Duration::from_nanos(ns);
    if at > LONGEST { Err("a moment is more than a year after the beginning".to_owned()) } else { Ok(at) }
}

/// Buckets as how far each is from the one before, and its calls.
fn gaps(buckets: &[(u32, u64)]) -> Vec<u64> {
    let mut before = 0;
    let gap = |&(index, calls): &(u32, u64)| {
        let gap = index - before;
        before = index;
        [u64::from(gap), calls]
    };
    buckets.iter().flat_map(gap).collect()
}

fn buckets_of(gaps: &[u64]) -> Option<Vec<(u32, u64)>> {
    let mut index = 0_u32;
    let (pairs, rest) = gaps.as_chunks::<2>();
    let bucket = |[gap, calls]: &[u64; 2]| {
        index = index.checked_add(u32::try_from(*gap).ok()?)?;
        Some((index, *calls))
    };
    rest.is_empty().then(|| pairs.iter().map(bucket).collect())?
}
