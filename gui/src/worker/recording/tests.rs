//! Recordings as bytes: what comes back, and what is refused.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::Code;
use countersign::builtin::stats::{Histogram, Snapshot};
use countersign::cbor::{self, Value};
use countersign::service::CallKind;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::frames::{Frames, Next};
use super::recorder::Tape;
use super::reel::Reel;
use super::tap::{Heard, Tap};
use crate::exchange::{Generation, TabNews, TabUpdate};
use crate::model::calls::Mark;
use crate::model::history::{Step, Tick, Ticks};
use crate::model::recording::format::{
    Called, Encoder, Event, FILE_MAX, FRAME_MAX, Head, Listed, ListedProcedure, MAGIC,
};
use crate::model::recording::replay::{Outage, Overview};
use crate::model::recording::{Recorded, RecordingNews};

fn head() -> Event {
    let words = |words: &str| words.to_owned();
    Event::Head(Head {
        began: Timestamp::UNIX_EPOCH,
        name: words("stage"),
        address: words("localhost:7443"),
        peer: words("spiffe://countersign.internal/server"),
        recorder: words("countersign-gui 0.1.0"),
    })
}

/// A second after which these procedures had so many calls, each of which took as many milliseconds.
fn second(at: u64, calls: &[(&str, u64)]) -> Event {
    let tick = |&(name, calls): &(&str, u64)| {
        let mut latency = Histogram::default();
        (1..=calls).for_each(|ms| latency.record(Duration::from_millis(ms)));
        let latency = Histogram::from_buckets(latency.buckets().to_vec()).unwrap();
        let errors = BTreeMap::from([(Code::NotFound, 1), (Code::Unavailable, calls)]);
        (Arc::from(name), Tick { calls, in_flight: 1, errors, bytes_in: 10, bytes_out: 300, latency })
    };
    let ticks: Ticks = calls.iter().map(tick).collect();
    Event::Step(Duration::from_secs(at), Step::Passed { elapsed_ns: 1_000_000_000, ticks })
}

fn file(events: &[Event]) -> Vec<u8> {
    let mut encoder = Encoder::default();
    let frames = events.iter().map(|event| encoder.frame(event.clone()).unwrap());
    std::iter::once(MAGIC.to_vec()).chain(frames).flatten().collect()
}

/// What is in a file, and how many bytes of it are not.
fn read(bytes: &[u8]) -> Result<(Vec<Event>, u64), String> {
    let mut frames = Frames::new(Cursor::new(bytes), bytes.len() as u64)?;
    let mut events = Vec::new();
    loop {
        match frames.next()? {
            Next::Event(event) => events.push(event),
            Next::End { torn } => return Ok((events, torn)),
        }
    }
}

/// A file in which one frame, after the head, is this item.
fn with_item(item: &serde_json::Value) -> Vec<u8> {
    with_bytes(&cbor::to_vec(item).unwrap())
}

fn with_bytes(frame: &[u8]) -> Vec<u8> {
    [file(&[head()]), (frame.len() as u32).to_be_bytes().to_vec(), frame.to_vec()].concat()
}

fn everything() -> Vec<Event> {
    let procedure = ListedProcedure {
        name: "balance".to_owned(),
        documentation: "What is in it.\nNow.".to_owned(),
        kind: CallKind::ServerStream,
        idempotent: true,
        deadline_ms: Some(500),
    };
    let service = Listed {
        name: "acme.Ledger".to_owned(),
        documentation: String::new(),
        procedures: vec![procedure],
        forbidden: Vec::new(),
    };
    let called = Called { number: 3, procedure: "a".to_owned(), at_ns: 7, took_ns: 5, answered: true };
    vec![
        head(),
        Event::Listing { names_forbidden: true },
        Event::Service(service),
        Event::Step(Duration::ZERO, Step::Began { monotonic_ns: u64::MAX }),
        second(1, &[("a", 3), ("b", 1)]),
        second(2, &[("a", 2), ("c", 70)]),
        Event::Called(called),
        Event::Lost(Duration::from_millis(2500), "The server went away.".to_owned()),
        Event::Regained(Duration::from_secs(9)),
        Event::Step(Duration::from_secs(9), Step::Restarted { monotonic_ns: 5 }),
        second(10, &[]),
        Event::Ended(Duration::from_secs(11), "It was stopped.".to_owned()),
    ]
}

#[test]
fn what_was_recorded_comes_back() {
    assert_eq!(read(&file(&everything())), Ok((everything(), 0)));
}

#[test]
fn of_ten_thousand_procedures_only_those_take_room_of_which_there_is_something_to_tell() {
    let names: Vec<String> = (0..10_000).map(|number| format!("acme.Service/method{number}")).collect();
    let all: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
    let mut encoder = Encoder::default();
    encoder.frame(second(1, &all)).unwrap();
    let frame = encoder.frame(second(2, &all[9_990..])).unwrap();
    assert!(frame.len() < 400, "{}", frame.len());
}

#[test]
fn a_file_that_was_torn_off_is_read_as_far_as_it_is_whole() {
    let bytes = file(&everything());
    let whole = file(&everything()[..11]).len();
    for cut in whole..bytes.len() {
        assert_eq!(read(&bytes[..cut]), Ok((everything()[..11].to_vec(), (cut - whole) as u64)));
    }
}

#[test]
fn what_is_no_recording_is_refused_in_a_line_that_says_where() {
    for (bytes, why) in [
        (&b""[..], "it is no recording"),
        (b"\x89PNG\r\n\x1a\n and many more bytes of it", "it is no recording"),
        (b"countersign-recording 2\n\0\0\0\x01\0", "another version"),
    ] {
        let refused = read(bytes).unwrap_err();
        assert!(refused.contains(why) && !refused.contains('\n'), "{refused}");
    }
    for length in [0, FRAME_MAX as u32 + 1, u32::MAX] {
        let bytes = [MAGIC, &length.to_be_bytes(), &[0; 64]].concat();
        assert_eq!(read(&bytes), Err(format!("at byte 24: no frame has {length} bytes")));
    }
    let refused = read(&with_bytes(&[0xff; 9])).unwrap_err();
    let offset = file(&[head()]).len();
    assert!(refused.starts_with(&format!("at byte {offset}: ")) && !refused.contains('\n'), "{refused}");
}

#[test]
fn what_cannot_be_true_is_refused() {
    let passed = |at: u64, elapsed: u64, names: serde_json::Value, rows: serde_json::Value| json!({ "passed": [at, elapsed, names, rows] });
    let row = |row: serde_json::Value| passed(1, 1, json!([0, ["a"]]), json!([row]));
    for (item, why) in [
        (row(json!([1, 1, 0, 0, 0, [], []])), "no procedure has the number 1"),
        (row(json!([0, -1, 0, 0, 0, [], []])), "expected"),
        (row(json!([0, 1.5, 0, 0, 0, [], []])), "expected"),
        (row(json!([0, 1, 0, 0, 0, [[99, 1]], []])), "no such code"),
        (row(json!([0, 1, 0, 0, 0, [], [7]])), "histogram"),
        (row(json!([0, 1, 0, 0, 0, [], [7, 1, 0, 1]])), "histogram"),
        (row(json!([0, 1, 0, 0, 0, [], [1920, 1]])), "histogram"),
        (row(json!([0, 1, 0, 0, 0, [], [4_294_967_295_u64, 1, 1, 1]])), "histogram"),
        (row(json!([0, 1, 0, 0])), "expected"),
        (passed(1, 0, json!([0, []]), json!([])), "no time has passed"),
        (passed(u64::MAX, 1, json!([0, []]), json!([])), "more than a year"),
        (passed(1, 1, json!([5, ["a"]]), json!([])), "no name of the number 5"),
        (
            passed(1, 1, json!([0, ["a"]]), json!([[0, 1, 0, 0, 0, [], []], [0, 1, 0, 0, 0, [], []]])),
            "two rows",
        ),
        (
            json!({ "called": { "number": 1, "procedure": "a", "at_ns": u64::MAX, "took_ns": 1, "answered": true } }),
            "year",
        ),
        (json!({ "unheard_of": 1 }), "unheard_of"),
    ] {
        let refused = read(&with_item(&item)).unwrap_err();
        assert!(refused.contains(why) && !refused.contains('\n'), "{item}: {refused}");
    }
    let nan = Value::Map(vec![("lost".into(), Value::Array(vec![Value::Float(f64::NAN), "why".into()]))]);
    assert!(read(&with_bytes(&cbor::to_vec(&nan).unwrap())).is_err());
}

#[test]
fn names_in_a_file_can_neither_turn_nor_hide_their_neighbours() {
    let hostile = "a\u{202e}b\nc".repeat(1000);
    let (events, _) = read(&with_item(&json!({ "lost": [1, hostile] }))).unwrap();
    let Event::Lost(_, why) = &events[1] else { panic!("{events:?}") };
    assert!(!why.contains(['\n', '\u{202e}']) && why.len() < 8000, "{why}");
}

/// A file in which this was recorded: what the server counted, and calls that were made.
pub(crate) fn record(path: &Path, began: Instant, told: &[(Instant, Snapshot)], marks: &[Mark]) {
    let Event::Head(head) = head() else { unreachable!() };
    let mut tape = Tape::create(path, &head, began, FILE_MAX).unwrap();
    let services = vec![Listed {
        name: "acme.Ledger".to_owned(),
        documentation: String::new(),
        procedures: ["balance", "rename"].map(listed).to_vec(),
        forbidden: vec!["close".to_owned()],
    }];
    tape.hear(Heard::Services(services, true)).unwrap();
    for (at, snapshot) in told {
        tape.hear(Heard::Snapshot(snapshot.clone(), *at)).unwrap();
    }
    marks.iter().for_each(|mark| tape.hear(Heard::Called(mark.clone())).unwrap());
    tape.end("It was stopped.").unwrap();
}

/// How the recording of this ends, if a file may have so many bytes and nobody stops it.
pub(crate) fn record_at_most(
    limit: u64,
    path: &Path,
    began: Instant,
    told: &[(Instant, Snapshot)],
) -> Recorded {
    let Event::Head(head) = head() else { unreachable!() };
    let tap = Tap::default();
    let ear = tap.open().unwrap();
    for (at, snapshot) in told.iter().cloned() {
        let news = TabNews::Stats(Ok(snapshot));
        tap.hear(&TabUpdate { generation: Generation::default(), at, news });
    }
    drop(tap);
    Tape::create(path, &head, began, limit).unwrap().run(&ear).unwrap()
}

fn listed(name: &str) -> ListedProcedure {
    ListedProcedure {
        name: name.to_owned(),
        documentation: "The balance of an account.".to_owned(),
        kind: CallKind::Unary,
        idempotent: true,
        deadline_ms: None,
    }
}

/// A recording as the worker has it open.
pub(crate) struct Film(Reel);

impl Film {
    /// Opens one that begins at this moment.
    pub(crate) fn open(path: &Path, base: Instant) -> Result<(Self, Overview), String> {
        let opened = Reel::open(path, base, &mut |_| true)?;
        let (reel, overview) = opened.expect("somebody waits for it");
        Ok((Self(reel), overview))
    }

    /// What had been counted by a moment.
    pub(crate) fn at(&mut self, at: Duration) -> RecordingNews {
        RecordingNews::At(at, Box::new(self.0.go_to(at).unwrap().clone()))
    }
}

#[test]
fn a_tape_is_its_owners_alone_and_takes_the_place_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stage.csrec");
    record(&path, Instant::now(), &[], &[]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let Event::Head(head) = head() else { unreachable!() };
    let again = Tape::create(&path, &head, Instant::now(), FILE_MAX).err().unwrap();
    assert!(again.remedy.contains("another name"), "{again:?}");
    let nowhere = Tape::create(&folder.path().join("nowhere/stage.csrec"), &head, Instant::now(), FILE_MAX)
        .err()
        .unwrap();
    assert!(nowhere.remedy.contains("folder that exists"), "{nowhere:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_a_recording_with_what_to_do_about_it() {
    let Event::Head(head) = head() else { unreachable!() };
    // Whatever is written there, the disk is full; it is no new file, which is all that the tape asks for.
    let full = Tape::on(
        OpenOptions::new().write(true).open("/dev/full").unwrap(),
        Path::new("/dev/full"),
        &head,
        Instant::now(),
        FILE_MAX,
    );
    let failure = full.err().unwrap();
    assert!(failure.remedy.contains("Make room"), "{failure:?}");
}

#[test]
fn a_recording_tells_what_happened_beside_the_statistics() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stage.csrec");
    fs::write(&path, file(&everything())).unwrap();
    let (_, overview) = Film::open(&path, Instant::now()).unwrap();
    let second = Duration::from_secs(1);
    assert_eq!((overview.length, overview.remark.as_deref()), (11 * second, None));
    let outage =
        Outage { from: second * 5 / 2, to: Some(9 * second), why: "The server went away.".to_owned() };
    assert_eq!((overview.outages, overview.restarts), (vec![outage], vec![9 * second]));
    assert_eq!((overview.marks.len(), overview.services.len()), (1, 1));
    assert_eq!(overview.activity.slices[2].calls, 72);
}

#[test]
fn one_that_was_cut_off_says_how_much_of_it_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stage.csrec");
    let bytes = file(&everything());
    fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    let torn = bytes.len() - 3 - file(&everything()[..11]).len();
    let (_, overview) = Film::open(&path, Instant::now()).unwrap();
    let remark = overview.remark.unwrap();
    assert!(remark.starts_with(&format!("The last {torn} bytes are incomplete")), "{remark}");
    fs::write(&path, &bytes[..file(&everything()[..11]).len()]).unwrap();
    let (_, overview) = Film::open(&path, Instant::now()).unwrap();
    assert!(overview.remark.unwrap().contains("not ended in good order"));
}

#[test]
fn one_in_which_time_goes_backwards_or_the_server_is_not_named_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stage.csrec");
    for (events, why) in [
        (vec![head(), second(5, &[]), second(4, &[])], "time goes backwards"),
        (vec![head(), head()], "begins once more"),
        (vec![Event::Listing { names_forbidden: true }], "does not say of which server"),
        (vec![], "does not say of which server"),
    ] {
        fs::write(&path, file(&events)).unwrap();
        let refused = Film::open(&path, Instant::now()).err().unwrap();
        assert!(refused.contains(why) && !refused.contains('\n'), "{refused}");
    }
    assert!(Film::open(folder.path(), Instant::now()).is_err(), "a folder is no recording");
}

proptest! {
    #[test]
    fn no_bytes_do_any_harm(bytes in vec(any::<u8>(), 0..400), at in 0_usize..4000, flip in any::<u8>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stage.csrec");
        let mut whole = file(&everything());
        let place = at % whole.len();
        whole[place] ^= flip;
        for hostile in [with_bytes(&bytes), [MAGIC, &bytes].concat(), whole] {
            fs::write(&path, hostile).unwrap();
            if let Ok((mut film, overview)) = Film::open(&path, Instant::now()) {
                film.at(overview.length);
                film.at(Duration::ZERO);
            }
        }
    }
}
