//! Calls that were slow or failed, as the server kept them: found, sorted, and one of them looked into. All text
//! came from the server, and is clipped.

use std::time::{Duration, Instant};

use countersign::builtin::trace::TracedCall;
use jiff::{SignedDuration, Timestamp};

use super::catalogue::is_builtin;
use super::sorted::{Sorted, arranged};
use super::unanswered::Unanswered;
use super::view::Moment;
use crate::model::preferences::Times;
use crate::model::table::Record;
use crate::text;

/// The most calls that the server is asked for: as many as one looks through, in a few hundred KiB.
pub(crate) const TRACES_MAX: u32 = 500;
/// The longest names and the longest message.
const NAME_SHOWN: usize = 260;
const MESSAGE_SHOWN: usize = 2000;
/// So much before and after a moment of the graphs belongs to it, too: counters come once a second, and are
/// told a little after the calls that they count.
const SLACK: Duration = Duration::from_millis(1500);
/// What is told twice of one call differs by less.
const SAME: SignedDuration = SignedDuration::from_millis(20);

/// The calls that were slow or failed, and how they are looked at.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// What the server said last, if it was asked: the newest first.
    pub(crate) listed: Option<Result<Vec<Trace>, Unanswered>>,
    /// What is typed to find some of them. [`arrange`](Self::arrange) after a change.
    pub(crate) filter: String,
    /// Which of them.
    pub(crate) ended: Which,
    /// Whether those of the built-in services are shown, too. The dashboard itself makes such calls.
    pub(crate) with_builtin: bool,
    /// Their order.
    pub(crate) sorted: Sorted<Column>,
    /// The moment of the graphs that is looked into.
    pub(crate) moment: Option<Moment>,
    /// The one whose times are shown: the server may have forgotten it by now.
    pub(crate) chosen: Option<Trace>,
    /// The places in the list of those that are shown, in their order.
    shown: Vec<usize>,
}

/// Which calls are shown, by how they ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Which {
    #[default]
    All,
    Slow,
    Failed,
}

/// What calls are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Column {
    #[default]
    Time,
    Status,
    Procedure,
    Peer,
    Took,
}

/// One call that was slow or failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trace {
    /// What was called, and by whom.
    pub(crate) procedure: String,
    pub(crate) peer: String,
    /// The name of the code that it ended with, and what its status says.
    pub(crate) code: String,
    pub(crate) message: Option<String>,
    /// When its request was complete, by the server's clock.
    pub(crate) started: Timestamp,
    /// The same by the clock of this machine, if that goes back so far.
    began: Option<Instant>,
    /// From there to its reply, in microseconds.
    pub(crate) total_us: u64,
    /// Where that went, as far as it is known, and the write that came after it.
    pub(crate) phases: [(Phase, Option<u64>); 5],
    /// Bytes of the arguments, and of the result or the fault.
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    /// What a filter is looked for in.
    haystack: String,
}

/// What happens to a call, in the order in which it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It waits for other calls, or for a task of its own.
    Queue,
    /// Its arguments are decoded.
    Decode,
    /// The handler runs.
    Handler,
    /// Its result is encoded.
    Encode,
    /// Its reply is written, which is not a part of its time.
    Write,
}

/// A phase of a call on the scale of its time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    /// Which.
    pub(crate) phase: Phase,
    /// How long it took, in microseconds; `None` if it was not measured on its own.
    pub(crate) us: Option<u64>,
    /// Where on the scale it begins and ends, from 0 to 1.
    pub(crate) from: f64,
    pub(crate) to: f64,
}

impl Phase {
    /// All of them, in their order.
    pub(crate) const ALL: [Self; 5] = [Self::Queue, Self::Decode, Self::Handler, Self::Encode, Self::Write];

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Decode => "decode",
            Self::Handler => "handler",
            Self::Encode => "encode",
            Self::Write => "write",
        }
    }

    /// What happens in it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Queue => "Waited for other calls, or for a task of its own",
            Self::Decode => "Decoded the arguments",
            Self::Handler => "The handler, until it had its result; waiting included",
            Self::Encode => "Encoded the result",
            Self::Write => {
                "Handed the reply to the system; after the call's own time, shared with other replies"
            }
        }
    }

    /// What it means that it was not measured on its own.
    pub(crate) fn absence(self) -> &'static str {
        match self {
            Self::Write => "not known",
            _ => "within handler",
        }
    }
}

impl Trace {
    /// A call as the server told of it at a moment.
    pub(crate) fn of(call: &TracedCall, at: Instant) -> Self {
        let name = |name: &str| text::line(name, NAME_SHOWN);
        let [procedure, peer, code] = [&call.procedure, &call.peer, &call.code].map(|it| name(it));
        let message = call.message.as_deref().map(|words| text::paragraph(words, MESSAGE_SHOWN));
        // A server that does not say for how long is believed that its clock is right.
        let age = call
            .age_us
            .map(Duration::from_micros)
            .or_else(|| Timestamp::now().duration_since(call.started).try_into().ok());
        let words = message.as_deref().unwrap_or_default();
        Self {
            haystack: format!("{procedure} {peer} {code} {words}").to_lowercase(),
            procedure,
            peer,
            code,
            message,
            started: call.started,
            began: age.and_then(|age| at.checked_sub(age)),
            total_us: call.total_us,
            phases: [
                (Phase::Queue, Some(call.queue_us)),
                (Phase::Decode, call.decode_us),
                (Phase::Handler, Some(call.handler_us)),
                (Phase::Encode, call.encode_us),
                (Phase::Write, call.write_us),
            ],
            bytes_in: call.bytes_in,
            bytes_out: call.bytes_out,
        }
    }

    /// What is copied of it.
    pub(crate) fn record(&self) -> Record {
        let [total, bytes_in, bytes_out] =
            [self.total_us, self.bytes_in, self.bytes_out].map(|number| number.to_string());
        let mut record = vec![
            ("procedure", self.procedure.clone()),
            ("SPIFFE ID", self.peer.clone()),
            ("status", self.code.clone()),
            ("message", self.message.clone().unwrap_or_default()),
            ("time", self.started.to_string()),
            ("took in µs", total),
            ("bytes in", bytes_in),
            ("bytes out", bytes_out),
        ];
        record.extend(
            self.phases
                .iter()
                .map(|(phase, us)| (phase.name(), us.map(|us| us.to_string()).unwrap_or_default())),
        );
        record
    }

    /// When its request was complete, by the server's clock.
    pub(crate) fn time(&self, times: Times) -> String {
        self.started.to_zoned(times.zone()).strftime("%H:%M:%S%.3f").to_string()
    }

    /// Whether both are the same call, of which the server told twice: it counts back from now each time.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let [one, two] =
            [self, other].map(|it| (&it.procedure, &it.peer, &it.code, it.total_us, it.bytes_in));
        one == two && self.started.duration_since(other.started).abs() < SAME
    }

    /// Whether it ended well, and so was only slow.
    pub(crate) fn is_slow(&self) -> bool {
        self.code == "OK"
    }

    /// When it began, by the clock of this machine.
    pub(crate) fn age(&self, now: Instant) -> Option<Duration> {
        Some(now.saturating_duration_since(self.began?))
    }

    /// Its phases one after the other, on a scale that ends with the last of them.
    pub(crate) fn waterfall(&self) -> [Span; 5] {
        let taken = |phases: &[(Phase, Option<u64>)]| -> f64 {
            phases.iter().filter_map(|(_, us)| *us).map(|us| us as f64).sum()
        };
        // What the server claims may not add up; then the parts are the truth that is drawn.
        let whole = taken(&self.phases).max(self.total_us as f64).max(1.0);
        let mut from = 0.0;
        self.phases.map(|(phase, us)| {
            let to = f64::min(from + us.unwrap_or(0) as f64 / whole, 1.0);
            let span = Span { phase, us, from, to };
            from = to;
            span
        })
    }

    /// Where on that scale the reply was ready.
    pub(crate) fn ready(&self) -> f64 {
        self.waterfall()[3].to
    }

    fn is_of(&self, moment: &Moment) -> bool {
        let named = moment.procedure.as_ref().is_none_or(|procedure| *procedure == self.procedure);
        let Some(began) = self.began else { return false };
        let stretch = moment.stretch;
        let [from, to] =
            [stretch.to.checked_sub(stretch.length.saturating_add(SLACK)), Some(stretch.to + SLACK)];
        // Calls are counted when they end.
        let ended = began.checked_add(Duration::from_micros(self.total_us)).unwrap_or(began);
        named && from.is_none_or(|from| from <= ended) && to.is_none_or(|to| began <= to)
    }
}

impl Traces {
    /// The procedure whose calls the server is asked for; else all of them.
    pub(crate) fn procedure(&self) -> Option<&str> {
        self.moment.as_ref()?.procedure.as_deref()
    }

    /// Takes in what the server said of a procedure's calls, or of all.
    pub(crate) fn learn(&mut self, procedure: Option<&str>, listed: Result<Vec<Trace>, Unanswered>) {
        // Another one may be looked at by now.
        if procedure == self.procedure() {
            if let (Some(chosen), Ok(traces)) = (&mut self.chosen, &listed)
                && let Some(newer) = traces.iter().find(|trace| trace.is_same(chosen))
            {
                *chosen = newer.clone();
            }
            self.listed = Some(listed);
            self.arrange();
        }
    }

    /// Looks into a moment of the graphs, or at all that there is.
    pub(crate) fn look_into(&mut self, moment: Option<Moment>) {
        let before = self.procedure().map(str::to_owned);
        self.moment = moment;
        if self.moment.is_some() {
            self.filter.clear();
            (self.ended, self.chosen) = (Which::All, None);
        }
        if self.procedure() != before.as_deref() {
            self.listed = None;
        }
        self.arrange();
    }

    /// Sorts by a column, or turns its order around.
    pub(crate) fn sort_by(&mut self, column: Column) {
        self.sorted.choose(column, matches!(column, Column::Time | Column::Took));
        self.arrange();
    }

    /// Shows the times of the one in this row, or no longer.
    pub(crate) fn choose(&mut self, row: usize) {
        self.chosen = self.row(row).filter(|trace| !self.is_chosen(trace)).cloned();
    }

    /// Whether it is the one whose times are shown.
    pub(crate) fn is_chosen(&self, trace: &Trace) -> bool {
        self.chosen.as_ref().is_some_and(|chosen| chosen.is_same(trace))
    }

    /// Finds and sorts those that are shown.
    pub(crate) fn arrange(&mut self) {
        let Some(Ok(traces)) = &self.listed else { return self.shown.clear() };
        let wanted = self.filter.to_lowercase();
        let is_wanted = |trace: &Trace| {
            let of_moment = match &self.moment {
                Some(moment) => trace.is_of(moment),
                None => self.with_builtin || !is_builtin(&trace.procedure),
            };
            let ended = match self.ended {
                Which::All => true,
                Which::Slow => trace.is_slow(),
                Which::Failed => !trace.is_slow(),
            };
            of_moment && ended && text::has_words(&trace.haystack, &wanted)
        };
        let sorted = self.sorted;
        self.shown = arranged(traces, is_wanted, |a, b| {
            let ordering = match sorted.by {
                Column::Time => a.started.cmp(&b.started),
                Column::Status => a.code.cmp(&b.code),
                Column::Procedure => a.procedure.cmp(&b.procedure),
                Column::Peer => a.peer.cmp(&b.peer),
                Column::Took => a.total_us.cmp(&b.total_us),
            };
            sorted.apply(ordering).then(b.started.cmp(&a.started))
        });
    }

    /// How many are shown.
    pub(crate) fn shown(&self) -> usize {
        self.shown.len()
    }

    /// The one in this row.
    pub(crate) fn row(&self, row: usize) -> Option<&Trace> {
        let Some(Ok(traces)) = &self.listed else { return None };
        traces.get(*self.shown.get(row)?)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::model::view::Stretch;

    fn call(procedure: &str, code: &str, age_ms: u64, total_us: u64) -> Json {
        json!({
            "procedure": procedure, "peer": "spiffe://a/ann", "code": code, "age_us": age_ms * 1000,
            "started": (Timestamp::UNIX_EPOCH + Duration::from_millis(10_000_000 - age_ms)).to_string(),
            "total_us": total_us, "queue_us": 10, "handler_us": total_us.saturating_sub(10), "bytes_in": 1,
            "bytes_out": 2,
        })
    }

    fn traces(said: Vec<Json>, at: Instant) -> Traces {
        let said = said.into_iter().map(|call| Trace::of(&serde_json::from_value(call).unwrap(), at));
        let mut traces = Traces::default();
        traces.learn(None, Ok(said.collect()));
        traces
    }

    fn shown(traces: &Traces) -> Vec<&str> {
        (0..traces.shown()).filter_map(|row| traces.row(row)).map(|trace| trace.procedure.as_str()).collect()
    }

    #[test]
    fn the_newest_come_first_and_built_in_services_only_where_wanted() {
        let now = Instant::now();
        let said = vec![
            call("acme.A/a", "OK", 300, 5000),
            call("countersign.Trace/list", "OK", 200, 9000),
            call("acme.B/b", "NOT_FOUND", 100, 40),
        ];
        let mut traces = traces(said, now);
        assert_eq!(shown(&traces), ["acme.B/b", "acme.A/a"]);
        traces.with_builtin = true;
        traces.sort_by(Column::Took);
        assert_eq!(shown(&traces), ["countersign.Trace/list", "acme.A/a", "acme.B/b"]);
        traces.ended = Which::Failed;
        traces.arrange();
        assert_eq!(shown(&traces), ["acme.B/b"]);
    }

    #[test]
    fn a_moment_of_the_graphs_shows_the_calls_that_were_counted_then() {
        let now = Instant::now();
        let said = vec![
            call("acme.A/a", "OK", 60_000, 5000),
            call("acme.A/long", "OK", 33_000, 3_000_000),
            call("acme.A/b", "OK", 30_500, 5000),
            call("acme.A/c", "OK", 100, 5000),
        ];
        let mut traces = traces(said, now);
        let stretch = Stretch { to: now - Duration::from_secs(30), length: Duration::from_secs(1) };
        traces.look_into(Some(Moment { procedure: None, stretch }));
        assert_eq!(shown(&traces), ["acme.A/b", "acme.A/long"]);
        traces.look_into(Some(Moment { procedure: Some("acme.A/b".to_owned()), stretch }));
        assert!(traces.listed.is_none(), "the server is asked for more of this one");
        traces.learn(None, Ok(Vec::new()));
        assert!(traces.listed.is_none(), "what was asked before is not taken for it");
    }

    #[test]
    fn the_waterfall_is_to_scale_and_stays_on_it_whatever_is_claimed() {
        let mut said = call("acme.A/a", "OK", 0, 1000);
        said["queue_us"] = json!(100);
        said["handler_us"] = json!(900);
        said["write_us"] = json!(250);
        let call: TracedCall = serde_json::from_value(said.clone()).unwrap();
        let trace = Trace::of(&call, Instant::now());
        let percent = |share: f64| (share * 100.0).round() as u32;
        let places = trace.waterfall().map(|span| (percent(span.from), percent(span.to)));
        assert_eq!(places, [(0, 8), (8, 8), (8, 80), (80, 80), (80, 100)]);
        assert_eq!(percent(trace.ready()), 80);
        for part in ["queue_us", "handler_us", "write_us", "total_us"] {
            said[part] = json!(u64::MAX);
        }
        let call: TracedCall = serde_json::from_value(said).unwrap();
        for span in Trace::of(&call, Instant::now()).waterfall() {
            assert!((0.0..=1.0).contains(&span.from) && span.from <= span.to && span.to <= 1.0);
        }
    }

    #[test]
    fn what_a_server_says_of_its_calls_is_clipped() {
        let mut said = call(&"\u{202e}".repeat(10_000), "OK\n", 0, u64::MAX);
        said["age_us"] = json!(u64::MAX);
        said["message"] = json!("\u{7}".repeat(100_000));
        said["started"] = json!("-009999-01-03T00:00:00Z");
        let trace = Trace::of(&serde_json::from_value(said).unwrap(), Instant::now());
        assert!(trace.procedure.len() < 10 * NAME_SHOWN && !trace.procedure.contains('\u{202e}'));
        assert!(trace.message.as_ref().is_some_and(|words| words.len() < 10 * MESSAGE_SHOWN));
        assert!(!trace.code.contains('\n'));
        let stretch = Stretch { to: Instant::now(), length: Duration::MAX };
        assert!(trace.began.is_none() || trace.is_of(&Moment { procedure: None, stretch }));
    }
}
