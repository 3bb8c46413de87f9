//! Every limit of a connection, with its default and its reason, in one place.

use std::time::Duration;

/// What this side accepts and how long it waits. The first five are announced in our hello.
///
/// ```
/// use countersign_proto::Limits;
/// let small = Limits { message_len: 64 * 1024, ..Limits::default() };
/// assert!(small.message_len < Limits::default().message_len);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest frame accepted, in bytes after the five of its head. Checked before any of it is awaited.
    /// Never less than [`before_hello::FRAME_LEN`], which is the default: what is longer is cut, so that calls
    /// take turns.
    pub frame_len: u32,
    /// Longest message accepted, in bytes of payload. 4 MiB is what gRPC made people expect.
    pub message_len: u32,
    /// Calls that may run at once on a connection. A cancelled call counts until its handler has ended, or
    /// else a peer that opens and cancels would run handlers without bound.
    pub calls_open: u32,
    /// Bytes of encoded metadata in one message. 16 KiB holds a large token and a trace.
    pub metadata_len: u32,
    /// Bytes of items, and of messages that are cut, that a call may send before it was granted more, in each
    /// direction. Never less than [`INITIAL_CREDIT_MIN`].
    ///
    /// What unread streams can make us hold is this much for each open call. 128 KiB keep a stream busy over a
    /// network with 10 ms to the other side and 100 Mbit/s.
    pub initial_credit: u32,
    /// Bytes of long messages, beyond their calls' initial credit, that a connection holds at once; never less
    /// than two of the longest messages. Four of them by default, so that one slow peer does not take much.
    pub receive_budget: u32,
    /// Longest time a unary call may take on a server, also where its caller asks for more or for none.
    pub deadline_max: Duration,
    /// The same for calls with streams, if there is to be one: many of them are meant to stay.
    pub stream_deadline_max: Option<Duration>,
    /// Silence after which we ask the peer whether it is there.
    pub keepalive: Duration,
    /// Silence after which a peer that was asked is gone. A lost machine sends no reset.
    pub silence_max: Duration,
    /// The shortest time between two pings that we accept from a peer on average. A peer that asks more
    /// often costs us a wake-up for nothing.
    pub ping_interval_min: Duration,
    /// How long a server lets a connection be without calls before it goes away. `None`, the default as with gRPC's
    /// servers, is for ever: a connection at rest costs some 10 KiB, and the next one a handshake, while a client that
    /// is gone is found by its silence.
    pub idle_limit: Option<Duration>,
    /// How old a connection becomes, give or take a tenth, before a server goes away, so that load moves to new
    /// servers and names are looked up again. `None`, the default as with gRPC's servers, is for ever: it helps only
    /// where there is somewhere else to go.
    pub age_max: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_len: before_hello::FRAME_LEN,
            message_len: 4 << 20,
            calls_open: 4_096,
            metadata_len: 16 << 10,
            initial_credit: 128 << 10,
            receive_budget: 16 << 20,
            deadline_max: Duration::from_secs(60),
            stream_deadline_max: None,
            keepalive: Duration::from_secs(20),
            silence_max: Duration::from_secs(40),
            ping_interval_min: Duration::from_secs(5),
            idle_limit: None,
            age_max: None,
        }
    }
}

/// The most that a stream may have on its way and unread: so much that a sender goes on while its reader takes what
/// came, also over a network with 50 ms to the other side and 150 Mbit/s. It begins with its initial credit, and
/// doubles while its reader waits for it. What is beyond comes out of the half of the budget for items that nobody
/// waits for, and not out of the place of the two longest messages.
pub(crate) const REACH_MAX: u64 = 1 << 20;

/// A stream that takes longer than this for half of its credit is well served with that, and leaves the budget to
/// others.
pub(crate) const REACH_GROWS_WITHIN: Duration = Duration::from_secs(1);

/// What a stream has brought before it may reach further: one that is shorter would be over by then.
pub(crate) const REACH_GROWS_AFTER: u64 = 8 << 20;

/// What a message costs in credit beside its bytes: about what it takes to keep it in a queue, so that a stream of
/// tiny items is bounded too.
pub const MESSAGE_COST: u32 = 32;

/// The longest part of a message that is cut, but for what would be left of it behind that: what one call sends in its
/// turn. Two TLS records.
pub(crate) const PART_LEN_MAX: usize = 32 << 10;

/// Bytes that wait to be written, above which messages wait for their turn: what a small call has before it when
/// others send without end. Three parts: with one more in each write, long messages took a fifth to two fifths more
/// time, since the two ends of a connection worked by turns rather than at a time.
pub(crate) const TURNS_LEN_MAX: usize = 96 << 10;

/// Bytes that wait for a peer which does not read, above which the owner of a connection must not read from it: answers
/// to what it sends, such as pongs, statuses and grants, have no other bound. Enough to keep a fast network busy.
pub const OUTBOX_LEN_MAX: usize = 1 << 20;

/// Longest header accepted within a frame, beside its metadata: a procedure name, numbers, a message.
pub(crate) const HEADER_LEN_MAX: usize = 8 << 10;

/// Longest name of a procedure, `package.Service/method`, in bytes.
pub const PROCEDURE_LEN_MAX: usize = 512;

/// Longest message of a status, in bytes; what is longer is cut by the sender at a character.
pub const STATUS_MESSAGE_LEN_MAX: usize = 4 << 10;

/// Longest software name in a hello, in bytes.
pub const SOFTWARE_LEN_MAX: usize = 128;

/// Longest interface revision in a hello, in bytes: twice a SHA-256.
pub const INTERFACE_REVISION_LEN_MAX: usize = 64;

/// The least initial credit that a hello may announce, so that a small call never waits.
pub const INITIAL_CREDIT_MIN: u32 = 16 << 10;

/// Pings above the agreed rate that are forgiven, since a network may deliver several at once.
pub(crate) const PINGS_FORGIVEN: u32 = 8;

/// How often, on average, a peer may send a frame that moves nothing forward and is not made up for by a useful one.
/// A thousand a second keep nobody busy, and add up to nothing however long a connection lives.
pub(crate) const FRUITLESS_INTERVAL: Duration = Duration::from_millis(1);

/// Such frames ahead of that which are forgiven, or twice [`Limits::calls_open`] where that is more: a client that
/// stalls cancels all its calls at once. They cost some tens of milliseconds of our time.
pub(crate) const FRUITLESS_FORGIVEN: u32 = 16 << 10;

/// The age at which a call that is cancelled was not fruitless: somebody waited for it. At this age all calls that
/// may be open can be cancelled again and again, which is less work than to answer them.
pub(crate) const HASTY: Duration = Duration::from_millis(10);

/// The shortest part of a message that is worth a frame. Ours have 32 KiB, and only a peer's credit cuts shorter ones.
pub(crate) const PART_LEN_MIN: usize = 256;

/// What a client assumes before it has read the server's hello. A server may announce less, except for the
/// length of a frame; then a call over it ends with a status, and its handler never ran.
pub mod before_hello {
    /// Longest frame, in bytes after its head. No hello may announce less, so that whatever belongs to the
    /// connection itself always fits.
    pub const FRAME_LEN: u32 = 64 << 10;
    /// Longest message, in bytes of payload.
    pub const MESSAGE_LEN: u32 = 32 << 10;
    /// Calls at once.
    pub const CALLS_OPEN: u32 = 64;
    /// Bytes of encoded metadata.
    pub const METADATA_LEN: u32 = 8 << 10;
}
