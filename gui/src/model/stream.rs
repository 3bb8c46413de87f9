//! What came over a streaming call: all of it is counted, and the newest of it is kept.

mod sending;
mod sight;

use std::collections::VecDeque;
use std::collections::vec_deque::Iter;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::cbor::{self, Diagnostic, Value};

pub(crate) use self::sending::{FileProgress, FileState, Mistake, Sending};
use self::sight::Sight;
use super::reply::Body;
use super::table::Record;
use super::tree::Kind;
use crate::lens::hex;
use crate::text;

/// How many items of a call are kept: more than anybody scrolls through, in a few megabytes.
pub(crate) const ITEMS_KEPT: usize = 5000;
/// How many bytes of items are kept, for those that are large. The newest item is kept whatever it takes.
const BYTES_KEPT: usize = 16 << 20;
/// An item with more bytes than this is not decoded until somebody looks at it.
const SUMMARISED: usize = 64 << 10;
/// How much of an item its row shows.
const SUMMARY_SHOWN: usize = 240;
/// The rate is that of this long: long enough to stand still, short enough to follow.
const RATE_OVER: Duration = Duration::from_secs(3);

/// One item that the server sent.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Which one, from 1.
    pub(crate) number: u64,
    /// When it came, counted from the button.
    pub(crate) after: Duration,
    /// As it came.
    pub(crate) bytes: Arc<[u8]>,
    /// On one line and fit to show; empty until [`summarise`](Self::summarise) was called.
    pub(crate) summary: String,
    /// What kind of value, for its colour.
    pub(crate) kind: Kind,
}

impl Item {
    /// An item that has just come.
    pub(crate) fn new(number: u64, after: Duration, bytes: Vec<u8>) -> Self {
        Self { number, after, bytes: bytes.into(), summary: String::new(), kind: Kind::Container }
    }

    /// Decodes the item for its row. The worker does it, and only for what it hands to the window.
    pub(crate) fn summarise(&mut self) {
        if SUMMARISED < self.bytes.len() {
            (self.kind, self.summary) = (Kind::Remark, text::size(self.bytes.len()));
            return;
        }
        (self.kind, self.summary) = match cbor::from_slice::<Value>(&self.bytes) {
            Ok(value) => {
                // A character takes four bytes at most.
                let summary = Diagnostic::new(&value).limit(4 * SUMMARY_SHOWN).to_string();
                (Kind::of(&value), text::line(&summary, SUMMARY_SHOWN))
            }
            Err(error) => (Kind::Remark, text::line(&format!("not understood: {error}"), SUMMARY_SHOWN)),
        };
    }

    /// What is copied of its row. What is in a large one is copied once it is looked into.
    pub(crate) fn record(&self) -> Record {
        let is_small = self.bytes.len() <= SUMMARISED;
        let value = if is_small { cbor::from_slice::<Value>(&self.bytes).ok() } else { None };
        vec![
            ("number", self.number.to_string()),
            ("time", text::elapsed(self.after)),
            ("value", value.map(|value| Diagnostic::new(&value).to_string()).unwrap_or_default()),
            ("bytes in hex", if is_small { hex::all(&self.bytes) } else { String::new() }),
        ]
    }
}

/// The newest of many items: so many of them, and so many bytes, whichever is less.
#[derive(Debug, Default, Clone)]
pub(crate) struct Newest {
    items: VecDeque<Item>,
    bytes: usize,
}

impl Newest {
    /// Takes an item, and lets go of those for which there is no room any more.
    pub(crate) fn push(&mut self, item: Item) {
        self.bytes += item.bytes.len();
        self.items.push_back(item);
        while ITEMS_KEPT < self.items.len() || (BYTES_KEPT < self.bytes && 1 < self.items.len()) {
            if let Some(oldest) = self.items.pop_front() {
                self.bytes -= oldest.bytes.len();
            }
        }
    }

    /// Makes the rows of all.
    pub(crate) fn summarise(&mut self) {
        self.items.iter_mut().for_each(Item::summarise);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The oldest of them first.
    pub(crate) fn iter(&self) -> Iter<'_, Item> {
        self.items.iter()
    }

    /// The item at this place, counted from the oldest.
    pub(crate) fn get(&self, place: usize) -> Option<&Item> {
        self.items.get(place)
    }

    /// The item of this number.
    pub(crate) fn numbered(&self, number: u64) -> Option<&Item> {
        let place = self.items.binary_search_by_key(&number, |item| item.number).ok()?;
        self.items.get(place)
    }
}

/// What came since the last batch, and how much came in all.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// How many items came since the call began.
    pub(crate) received: u64,
    /// How many bytes they had.
    pub(crate) bytes: u64,
    /// When the first of them came, counted from the button.
    pub(crate) first_after: Option<Duration>,
    /// The newest of those since the last batch.
    pub(crate) newest: Newest,
    /// Let go of when the batch was taken in: until then the worker sends no other.
    pub(crate) receipt: Arc<()>,
}

/// A streaming call, as it is shown.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Whether the server sends items, and not only its result.
    pub(crate) gives_items: bool,
    /// The newest items.
    pub(crate) kept: Newest,
    /// How many came in all.
    pub(crate) received: u64,
    /// How many bytes they had.
    pub(crate) bytes: u64,
    /// When the first came, counted from the button.
    pub(crate) first_after: Option<Duration>,
    /// The item that is looked into.
    pub(crate) looked_at: Option<Look>,
    /// What was sent, where the procedure takes items.
    pub(crate) sending: Option<Sending>,
    /// Which of the newest items are in sight.
    sight: Sight,
    /// How many had come at which moment of the last seconds, oldest first.
    pace: VecDeque<(Instant, u64)>,
}

/// An item that is looked into. It stays even when it is not kept among the newest any more.
#[derive(Debug)]
pub(crate) struct Look {
    /// Which one.
    pub(crate) number: u64,
    /// What is in it; nothing until the worker has decoded it.
    pub(crate) body: Option<Result<Body, String>>,
}

impl Stream {
    /// A call that begins now.
    pub(crate) fn new(takes_items: bool, now: Instant) -> Self {
        Self {
            gives_items: true,
            kept: Newest::default(),
            received: 0,
            bytes: 0,
            first_after: None,
            looked_at: None,
            sending: takes_items.then(Sending::default),
            sight: Sight::default(),
            pace: VecDeque::from([(now, 0)]),
        }
    }

    /// The same call of a procedure whose server sends items, or sends nothing but its result.
    pub(crate) fn giving(self, gives_items: bool) -> Self {
        Self { gives_items, ..self }
    }

    /// Takes in what came.
    pub(crate) fn receive(&mut self, batch: Batch, at: Instant) {
        let Batch { received, bytes, first_after, newest, receipt } = batch;
        (self.received, self.bytes, self.first_after) = (received, bytes, first_after);
        let before = self.kept.iter().next_back().map_or(0, |item| item.number);
        newest.items.into_iter().for_each(|item| self.kept.push(item));
        self.sight.follow(&self.kept, before);
        drop(receipt);
        self.pace.push_back((at, self.received));
        while self.pace.get(1).is_some_and(|(then, _)| *then + RATE_OVER <= at) {
            self.pace.pop_front();
        }
    }

    /// Items a second over the last seconds.
    pub(crate) fn rate(&self, now: Instant) -> f64 {
        let is_before = |(then, _): &&(Instant, u64)| *then + RATE_OVER <= now;
        let base = self.pace.iter().rev().find(is_before).or_else(|| self.pace.front());
        let Some((then, received)) = base else { return 0.0 };
        let elapsed = now.saturating_duration_since(*then).clamp(Duration::from_millis(100), RATE_OVER);
        (self.received - received) as f64 / elapsed.as_secs_f64()
    }

    /// The worker has decoded the item that is looked at.
    pub(crate) fn looked(&mut self, number: u64, body: Result<Body, String>) {
        if let Some(look) = self.looked_at.as_mut().filter(|look| look.number == number) {
            look.body = Some(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(number: u64, bytes: usize) -> Item {
        Item::new(number, Duration::from_millis(number), vec![0; bytes])
    }

    #[test]
    fn of_a_million_items_the_newest_are_kept_and_all_are_counted() {
        let start = Instant::now();
        let mut stream = Stream::new(false, start);
        for batch in 0..1000 {
            let mut newest = Newest::default();
            (1..=1000).for_each(|i| newest.push(item(batch * 1000 + i, 9)));
            let batch = Batch { received: (batch + 1) * 1000, newest, ..Batch::default() };
            stream.receive(batch, start);
        }
        assert_eq!((stream.received, stream.kept.len()), (1_000_000, ITEMS_KEPT));
        assert_eq!(stream.kept.iter().last().map(|item| item.number), Some(1_000_000));
        assert!(stream.kept.numbered(1_000_000 - 1).is_some() && stream.kept.numbered(1).is_none());
    }

    #[test]
    fn neither_a_filter_nor_a_pause_keeps_more_of_a_million_items() {
        let start = Instant::now();
        let mut stream = Stream::new(false, start);
        let mut came = 0;
        let mut receive = |stream: &mut Stream, batches: u64| {
            for _ in 0..batches {
                let mut newest = Newest::default();
                (1..=1000).for_each(|i| newest.push(Item { summary: "tea".to_owned(), ..item(came + i, 9) }));
                came += 1000;
                stream.receive(Batch { received: came, newest, ..Batch::default() }, start);
            }
        };
        stream.set_filter("TEA".to_owned());
        receive(&mut stream, 500);
        assert_eq!((stream.rows(), stream.rows_gone()), (ITEMS_KEPT, 500_000 - ITEMS_KEPT as u64));
        stream.toggle_pause();
        receive(&mut stream, 500);
        assert_eq!((stream.rows(), stream.kept.len(), stream.received), (ITEMS_KEPT, ITEMS_KEPT, 1_000_000));
        assert_eq!(stream.row(ITEMS_KEPT - 1).map(|item| item.number), Some(500_000), "it stands still");
        stream.set_filter("coffee".to_owned());
        assert_eq!((stream.rows(), stream.row(0).is_none()), (0, true));
        stream.set_filter(" ".to_owned());
        stream.toggle_pause();
        assert_eq!(stream.row(stream.rows() - 1).map(|item| item.number), Some(1_000_000));
    }

    #[test]
    fn a_file_counts_what_was_sent_of_it_once() {
        let mut stream = Stream::new(true, Instant::now());
        stream.sent(Ok(()));
        for (sent, state) in [(0, FileState::Going), (10, FileState::Going), (25, FileState::Done)] {
            let begun = FileProgress::begun("/tmp/numbers.jsonl".as_ref());
            stream.fed(FileProgress { sent, state, ..begun });
        }
        let sending = stream.sending.as_ref().unwrap();
        assert_eq!((sending.sent, sending.is_feeding(), stream.takes_a_file()), (26, false, true));
    }

    #[test]
    fn of_large_items_fewer_are_kept_and_always_the_newest() {
        let mut newest = Newest::default();
        (1..=100).for_each(|number| newest.push(item(number, 1 << 20)));
        assert_eq!((newest.len(), newest.bytes), (16, BYTES_KEPT));
        newest.push(item(101, 2 * BYTES_KEPT));
        assert_eq!(newest.iter().map(|item| item.number).collect::<Vec<_>>(), [101]);
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let after = |tenths: u64| start + Duration::from_millis(100 * tenths);
        let mut stream = Stream::new(false, start);
        for tenth in 1..=100 {
            stream.receive(Batch { received: 5 * tenth, ..Batch::default() }, after(tenth));
        }
        assert!((stream.rate(after(100)) - 50.0).abs() < 0.01, "{}", stream.rate(after(100)));
        assert!((stream.rate(after(115)) - 25.0).abs() < 0.01, "{}", stream.rate(after(115)));
        assert!(stream.rate(after(200)) < 0.01, "nothing comes any more");
        assert!(stream.pace.len() < 40);
    }

    #[test]
    fn a_row_shows_what_is_in_an_item_or_that_it_makes_no_sense() {
        let summary = |bytes: &[u8]| {
            let mut item = Item::new(1, Duration::ZERO, bytes.to_vec());
            item.summarise();
            (item.kind, item.summary)
        };
        assert_eq!(summary(&[0x18, 0x2a]), (Kind::Number, "42".to_owned()));
        assert_eq!(summary(&[0xa1, 0x61, b'n', 0x01]), (Kind::Container, "{\"n\": 1}".to_owned()));
        let (kind, words) = summary(&[0x18]);
        assert!(kind == Kind::Remark && words.starts_with("not understood: "), "{words}");
        assert_eq!(summary(&[0; 100_000]), (Kind::Remark, "97.7 KiB".to_owned()));
    }

    #[test]
    fn what_is_copied_of_a_row_is_the_whole_item_unless_that_is_large() {
        let copied = |bytes: Vec<u8>| {
            let record = Item::new(7, Duration::from_millis(1500), bytes).record();
            record.into_iter().map(|(_, value)| value).collect::<Vec<_>>()
        };
        assert_eq!(copied(vec![0xa1, 0x61, b'n', 0x01]), ["7", "1.50 s", "{\"n\": 1}", "a1616e01"]);
        assert_eq!(copied(vec![0x18]), ["7", "1.50 s", "", "18"]);
        assert_eq!(copied(vec![0; 100_000]), ["7", "1.50 s", "", ""]);
    }
}
