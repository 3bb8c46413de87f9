//! Who is connected to the server, as it says: sorted, filtered, and one of them perhaps about to be closed. All
//! text came from the server, and is clipped.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use countersign::builtin::connections::ConnectionInfo;
use jiff::Timestamp;

use super::sorted::{Sorted, arranged};
use super::table::Record;
use super::unanswered::Unanswered;
use crate::text;

/// The most connections that are kept: they are sorted as one types, and nobody looks through more.
pub(crate) const CONNECTIONS_MAX: usize = 10_000;
/// The longest ID and the longest of the other texts that are shown.
const PEER_SHOWN: usize = 260;
const TEXT_SHOWN: usize = 80;

/// Who is connected, and how that is looked at.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    /// What the server said last, if it was asked.
    pub(crate) listed: Option<Result<Listing, Unanswered>>,
    /// What is typed to find some of them. [`arrange`](Self::arrange) after a change.
    pub(crate) filter: String,
    /// Their order.
    pub(crate) sorted: Sorted<Column>,
    /// The one that is to be closed, once that is confirmed.
    pub(crate) doomed: Option<Connected>,
    /// Whether the server was asked to close it.
    pub(crate) is_closing: bool,
    /// What came of closing one, in words.
    pub(crate) closed: Option<Result<String, Unanswered>>,
    /// The places in the list of those that are shown, in their order.
    shown: Vec<usize>,
}

/// What the server said.
#[derive(Debug)]
pub(crate) struct Listing {
    /// Its connections.
    pub(crate) rows: Vec<Connected>,
    /// How many peers they belong to.
    pub(crate) peers: usize,
    /// Whether it has more than are kept.
    pub(crate) has_more: bool,
}

/// One connection of the server.
#[derive(Debug, Clone)]
pub(crate) struct Connected {
    /// Its number there.
    pub(crate) number: u64,
    /// The peer's SPIFFE ID.
    pub(crate) peer: String,
    /// Where the peer is.
    pub(crate) address: String,
    /// Whether it is the one of this window.
    pub(crate) is_own: bool,
    /// When it was accepted; `None` if that was before this machine began to count.
    pub(crate) since: Option<Instant>,
    /// When the peer's certificate ends, if the server said something that is a date.
    pub(crate) until: Option<Timestamp>,
    /// Calls that are open, and all calls so far.
    pub(crate) open: u64,
    pub(crate) calls: u64,
    /// Bytes from the peer and to it.
    pub(crate) received: u64,
    pub(crate) sent: u64,
    /// Cipher suite, key exchange and the fingerprint of the peer's certificate.
    pub(crate) protection: String,
    pub(crate) fingerprint: String,
    /// What a filter is looked for in.
    haystack: String,
}

/// What a connection is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Column {
    Peer,
    Address,
    #[default]
    Age,
    Expiry,
    Open,
    Calls,
    Received,
    Sent,
}

impl Column {
    fn is_number(self) -> bool {
        !matches!(self, Self::Peer | Self::Address | Self::Expiry)
    }
}

impl Listing {
    /// What the server said at a moment.
    pub(crate) fn new(said: Vec<ConnectionInfo>, at: Instant) -> Self {
        let has_more = CONNECTIONS_MAX < said.len();
        let rows: Vec<_> =
            said.into_iter().take(CONNECTIONS_MAX).map(|info| Connected::of(&info, at)).collect();
        let peers: HashSet<&str> = rows.iter().map(|row| row.peer.as_str()).collect();
        Self { peers: peers.len(), rows, has_more }
    }
}

impl Connected {
    /// What is copied of it.
    pub(crate) fn record(&self, now: Instant) -> Record {
        let age = self.since.map(|since| now.saturating_duration_since(since).as_secs().to_string());
        let until = self.until.map(|until| until.to_string());
        let [number, open, calls, received, sent] =
            [self.number, self.open, self.calls, self.received, self.sent].map(|number| number.to_string());
        vec![
            ("SPIFFE ID", self.peer.clone()),
            ("address", self.address.clone()),
            ("fingerprint", self.fingerprint.clone()),
            ("certificate until", until.unwrap_or_default()),
            ("protection", self.protection.clone()),
            ("number", number),
            ("age in s", age.unwrap_or_default()),
            ("open calls", open),
            ("calls", calls),
            ("bytes received", received),
            ("bytes sent", sent),
        ]
    }

    fn of(info: &ConnectionInfo, at: Instant) -> Self {
        let peer = text::line(&info.peer, PEER_SHOWN);
        let address = info.address.map_or_else(|| "not known".to_owned(), |address| address.to_string());
        let protection = text::line(&format!("{} · {}", info.key_exchange, info.cipher), TEXT_SHOWN);
        let fingerprint = text::line(&info.fingerprint, TEXT_SHOWN);
        Self {
            number: info.number,
            is_own: info.is_yours,
            since: at.checked_sub(Duration::from_millis(info.age_ms)),
            until: info.not_after.parse().ok(),
            open: info.calls_open,
            calls: info.calls,
            received: info.bytes_in,
            sent: info.bytes_out,
            haystack: format!("{peer} {address} {fingerprint}").to_lowercase(),
            peer,
            address,
            protection,
            fingerprint,
        }
    }

    /// How long it has been there.
    pub(crate) fn age(&self, now: Instant) -> Option<Duration> {
        Some(now.saturating_duration_since(self.since?))
    }

    /// The same in words.
    pub(crate) fn age_words(&self, now: Instant) -> String {
        self.age(now).map_or_else(|| "very long".to_owned(), text::span_of)
    }

    /// Who it is, and from where.
    pub(crate) fn words(&self) -> String {
        format!("{} from {}", self.peer, self.address)
    }
}

impl Connections {
    /// Takes in what the server said.
    pub(crate) fn learn(&mut self, listed: Result<Listing, Unanswered>) {
        self.listed = Some(listed);
        self.arrange();
    }

    /// Sorts by a column, or turns its order around.
    pub(crate) fn sort_by(&mut self, column: Column) {
        self.sorted.choose(column, column.is_number());
        self.arrange();
    }

    /// Finds and sorts those that are shown.
    pub(crate) fn arrange(&mut self) {
        let Some(Ok(listing)) = &self.listed else { return self.shown.clear() };
        let sorted = self.sorted;
        let wanted = self.filter.to_lowercase();
        let is_wanted = |row: &Connected| text::has_words(&row.haystack, &wanted);
        self.shown = arranged(&listing.rows, is_wanted, |a, b| {
            let ordering = match sorted.by {
                Column::Peer => a.peer.cmp(&b.peer),
                Column::Address => a.address.cmp(&b.address),
                // Who came first is the oldest.
                Column::Age => b.since.cmp(&a.since),
                Column::Expiry => a.until.cmp(&b.until),
                Column::Open => a.open.cmp(&b.open),
                Column::Calls => a.calls.cmp(&b.calls),
                Column::Received => a.received.cmp(&b.received),
                Column::Sent => a.sent.cmp(&b.sent),
            };
            sorted.apply(ordering).then(a.number.cmp(&b.number))
        });
    }

    /// How many are shown.
    pub(crate) fn shown(&self) -> usize {
        self.shown.len()
    }

    /// The one in this row.
    pub(crate) fn row(&self, row: usize) -> Option<&Connected> {
        let Some(Ok(listing)) = &self.listed else { return None };
        listing.rows.get(*self.shown.get(row)?)
    }

    /// Asks whether the connection with this number is to be closed.
    pub(crate) fn ask_to_close(&mut self, number: u64) {
        if let Some(Ok(listing)) = &self.listed
            && !self.is_closing
        {
            self.doomed = listing.rows.iter().find(|row| row.number == number).cloned();
            self.closed = None;
        }
    }

    /// Nothing is to be closed any more, and what came of it was read.
    pub(crate) fn forget_closing(&mut self) {
        (self.doomed, self.is_closing, self.closed) = (None, false, None);
    }

    /// What came of closing the one that was to be closed.
    pub(crate) fn learn_closed(&mut self, outcome: Result<bool, Unanswered>) {
        self.is_closing = false;
        let Some(doomed) = self.doomed.take() else { return };
        self.closed = Some(outcome.map(|was_open| match was_open {
            true if doomed.is_own => {
                "Closed the connection of this window, which connects again by itself.".to_owned()
            }
            true => format!("Closed the connection of {}.", doomed.words()),
            false => format!("The connection of {} had ended already.", doomed.words()),
        }));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn info(number: u64, peer: &str, age_ms: u64) -> Json {
        json!({
            "number": number, "peer": peer, "address": format!("127.0.0.1:{}", 4000 + number),
            "age_ms": age_ms,
            "cipher": "TLS13_AES_256_GCM_SHA384", "key_exchange": "X25519MLKEM768", "fingerprint": "9f",
            "not_after": "2026-12-01T00:00:00Z", "calls_open": 0, "calls": 10 - number, "bytes_in": number,
            "bytes_out": 1,
        })
    }

    fn listing(said: Vec<Json>) -> Listing {
        let said = said.into_iter().map(|info| serde_json::from_value(info).unwrap());
        Listing::new(said.collect(), Instant::now())
    }

    fn numbers(connections: &Connections) -> Vec<u64> {
        (0..connections.shown()).filter_map(|row| connections.row(row)).map(|row| row.number).collect()
    }

    #[test]
    fn the_oldest_come_first_and_a_second_choice_turns_the_order_around() {
        let mut connections = Connections::default();
        let said =
            vec![info(1, "spiffe://a/x", 10), info(2, "spiffe://a/y", 30), info(3, "spiffe://a/x", 20)];
        connections.learn(Ok(listing(said)));
        assert_eq!(numbers(&connections), [2, 3, 1]);
        connections.sort_by(Column::Age);
        assert_eq!(numbers(&connections), [1, 3, 2]);
        connections.sort_by(Column::Peer);
        assert_eq!(numbers(&connections), [1, 3, 2]);
        connections.sort_by(Column::Calls);
        assert_eq!(numbers(&connections), [1, 2, 3]);
        connections.sort_by(Column::Received);
        assert_eq!(numbers(&connections), [3, 2, 1]);
    }

    #[test]
    fn every_word_of_the_filter_is_in_peer_or_address() {
        let mut connections = Connections::default();
        connections.learn(Ok(listing(vec![info(1, "spiffe://a/Ann", 1), info(2, "spiffe://a/bob", 2)])));
        connections.filter = "A/ANN 4001".to_owned();
        connections.arrange();
        assert_eq!(numbers(&connections), [1]);
    }

    #[test]
    fn what_a_server_says_of_its_connections_is_clipped_and_bounded() {
        let mut hostile = info(1, &"\u{202e}\n".repeat(10_000), u64::MAX);
        hostile["not_after"] = json!("soon\u{7}");
        hostile["cipher"] = json!("x".repeat(100_000));
        let listing = listing(vec![hostile; CONNECTIONS_MAX + 1]);
        assert_eq!((listing.rows.len(), listing.has_more, listing.peers), (CONNECTIONS_MAX, true, 1));
        let row = &listing.rows[0];
        assert!(row.peer.len() < 10 * PEER_SHOWN && !row.peer.contains(['\n', '\u{202e}']));
        assert!(row.protection.chars().count() <= TEXT_SHOWN + 1);
        assert_eq!(row.until, None);
        let age = row.age_words(Instant::now());
        assert!(age.ends_with("years") || age == "very long", "{age}");
    }
}
