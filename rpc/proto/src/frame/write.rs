//! Headers as bytes, by hand: what every call does twice is worth writing without a detour.

use super::HEAD_LEN;
use super::header::{GoingAway, Hello, Times, extension, kind};
use crate::cbor::head;
use crate::metadata::MetadataValue;
use crate::{Code, HandlerRan, Metadata, Status, limits};

/// What the header of an open says beside the procedure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenExtensions<'a> {
    pub(crate) deadline_us: Option<u64>,
    pub(crate) times: bool,
    pub(crate) metadata: &'a Metadata,
    pub(crate) total_len: Option<u64>,
}

/// What the header of any end may say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EndExtensions<'a> {
    pub(crate) metadata: &'a Metadata,
    pub(crate) times: Option<Times>,
    pub(crate) deadline_clamped_us: Option<u64>,
}

impl EndExtensions<'_> {
    fn len(&self) -> u64 {
        u64::from(!self.metadata.is_empty())
            + u64::from(self.times.is_some())
            + u64::from(self.deadline_clamped_us.is_some())
    }
}

/// Writes one frame at the end of a buffer: its head, then what is pushed, then the length when it ends.
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0x5a, 0, 0, 0, 0]);
        Self { out, start }
    }

    /// The header of an opening frame. The payload follows.
    pub(crate) fn open(&mut self, id: u64, procedure: &str, more: &OpenExtensions<'_>) {
        let extensions = u64::from(more.deadline_us.is_some())
            + u64::from(more.times)
            + u64::from(!more.metadata.is_empty())
            + u64::from(more.total_len.is_some());
        self.array(kind::OPEN, id, 1 + u64::from(extensions != 0));
        head::write_text(self.out, procedure);
        if extensions == 0 {
            return;
        }
        head::write_map(self.out, extensions);
        if let Some(deadline_us) = more.deadline_us {
            self.extension(extension::OPEN_DEADLINE_US, deadline_us);
        }
        if more.times {
            self.extension(extension::OPEN_TIMES, 1);
        }
        if !more.metadata.is_empty() {
            head::write_uint(self.out, extension::OPEN_METADATA);
            write_metadata(self.out, more.metadata);
        }
        self.total_len(more.total_len);
    }

    /// The header of an item. The payload follows.
    pub(crate) fn item(&mut self, id: u64, total_len: Option<u64>) {
        self.array(kind::ITEM, id, u64::from(total_len.is_some()));
        if total_len.is_some() {
            head::write_map(self.out, 1);
            self.total_len(total_len);
        }
    }

    /// The header of the next part of a message. The payload follows.
    pub(crate) fn continuation(&mut self, id: u64) {
        self.array(kind::CONTINUATION, id, 0);
    }

    /// The header of an end with a result. The payload follows.
    pub(crate) fn end_ok(&mut self, id: u64, more: &EndExtensions<'_>, total_len: Option<u64>) {
        let extensions = more.len() + u64::from(total_len.is_some());
        self.array(kind::END, id, 1 + u64::from(extensions != 0));
        head::write_uint(self.out, Code::Ok.number().into());
        if extensions != 0 {
            head::write_map(self.out, extensions);
            self.total_len(total_len);
            self.end_extensions(more);
        }
    }

    /// The header of an end with a status. Its details follow.
    pub(crate) fn end_status(&mut self, id: u64, status: &Status, more: &EndExtensions<'_>) {
        let message = clipped(&status.message, limits::STATUS_MESSAGE_LEN_MAX);
        let ran = match status.handler_ran {
            HandlerRan::No => Some(0),
            HandlerRan::Yes => Some(1),
            HandlerRan::Unknown => None,
        };
        let extensions = u64::from(!message.is_empty())
            + u64::from(status.retry_after_ms.is_some())
            + u64::from(ran.is_some())
            + more.len();
        self.array(kind::END, id, 1 + u64::from(extensions != 0));
        head::write_uint(self.out, status.code.number().into());
        if extensions == 0 {
            return;
        }
        head::write_map(self.out, extensions);
        if !message.is_empty() {
            head::write_uint(self.out, extension::END_MESSAGE);
            head::write_text(self.out, message);
        }
        if let Some(retry_after_ms) = status.retry_after_ms {
            self.extension(extension::END_RETRY_AFTER_MS, retry_after_ms);
        }
        if let Some(ran) = ran {
            self.extension(extension::END_HANDLER_RAN, ran);
        }
        self.end_extensions(more);
    }

    fn end_extensions(&mut self, more: &EndExtensions<'_>) {
        if !more.metadata.is_empty() {
            head::write_uint(self.out, extension::END_METADATA);
            write_metadata(self.out, more.metadata);
        }
        if let Some(Times { decode_us, queue_us, handler_us, encode_us }) = more.times {
            head::write_uint(self.out, extension::END_TIMES);
            head::write_array(self.out, 4);
            for time in [decode_us, queue_us, handler_us, encode_us] {
                head::write_uint(self.out, time);
            }
        }
        if let Some(clamped_us) = more.deadline_clamped_us {
            self.extension(extension::END_DEADLINE_CLAMPED_US, clamped_us);
        }
    }

    fn total_len(&mut self, total_len: Option<u64>) {
        if let Some(total_len) = total_len {
            self.extension(extension::TOTAL_LEN, total_len);
        }
    }

    /// The payload, and with it the end of the frame.
    pub(crate) fn finish(self, payload: &[u8]) {
        self.out.extend_from_slice(payload);
        let len = self.out.len() - self.start - HEAD_LEN;
        let len = u32::try_from(len).expect("a message is checked against its limit before it is written");
        self.out[self.start + 1..self.start + HEAD_LEN].copy_from_slice(&len.to_be_bytes());
    }

    /// `[kind, id, …]` with so many items after the first two.
    fn array(&mut self, kind: u64, id: u64, more: u64) {
        head::write_array(self.out, 2 + more);
        head::write_uint(self.out, kind);
        head::write_uint(self.out, id);
    }

    fn extension(&mut self, key: u64, value: u64) {
        head::write_uint(self.out, key);
        head::write_uint(self.out, value);
    }
}

pub(crate) fn write_hello(out: &mut Vec<u8>, hello: &Hello) {
    let mut frame = Writer::new(out);
    frame.array(kind::HELLO, 0, 6);
    for limit in
        [hello.frame_len, hello.message_len, hello.calls_open, hello.metadata_len, hello.initial_credit]
    {
        head::write_uint(frame.out, limit.into());
    }
    let revision = hello.interface_revision.as_ref();
    let times = [
        (extension::HELLO_PING_INTERVAL_MS, hello.ping_interval_ms),
        (extension::HELLO_IDLE_LIMIT_MS, hello.idle_limit_ms),
        (extension::HELLO_AGE_MAX_MS, hello.age_max_ms),
    ];
    let times = times.into_iter().filter_map(|(key, ms)| Some((key, ms?)));
    head::write_map(frame.out, 1 + u64::from(revision.is_some()) + times.clone().count() as u64);
    head::write_uint(frame.out, extension::HELLO_SOFTWARE);
    head::write_text(frame.out, clipped(&hello.software, limits::SOFTWARE_LEN_MAX));
    if let Some(revision) = revision {
        head::write_uint(frame.out, extension::HELLO_INTERFACE_REVISION);
        head::write_bytes(frame.out, revision);
    }
    times.for_each(|(key, ms)| frame.extension(key, ms));
    frame.finish(&[]);
}

pub(crate) fn write_going_away(out: &mut Vec<u8>, going: &GoingAway) {
    let mut frame = Writer::new(out);
    frame.array(kind::GOING_AWAY, 0, 3);
    head::write_uint(frame.out, going.last);
    head::write_uint(frame.out, going.code.number().into());
    head::write_text(frame.out, clipped(&going.message, limits::STATUS_MESSAGE_LEN_MAX));
    frame.finish(&[]);
}

pub(crate) fn write_close(out: &mut Vec<u8>, code: Code, message: &str) {
    let mut frame = Writer::new(out);
    frame.array(kind::CLOSE, 0, 2);
    head::write_uint(frame.out, code.number().into());
    head::write_text(frame.out, clipped(message, limits::STATUS_MESSAGE_LEN_MAX));
    frame.finish(&[]);
}

pub(crate) fn write_ping(out: &mut Vec<u8>, token: u64) {
    write_token(out, kind::PING, token);
}

pub(crate) fn write_pong(out: &mut Vec<u8>, token: u64) {
    write_token(out, kind::PONG, token);
}

pub(crate) fn write_cancel(out: &mut Vec<u8>, id: u64) {
    let mut frame = Writer::new(out);
    frame.array(kind::CANCEL, id, 0);
    frame.finish(&[]);
}

pub(crate) fn write_half_close(out: &mut Vec<u8>, id: u64) {
    let mut frame = Writer::new(out);
    frame.array(kind::HALF_CLOSE, id, 0);
    frame.finish(&[]);
}

pub(crate) fn write_credit(out: &mut Vec<u8>, id: u64, bytes: u64) {
    let mut frame = Writer::new(out);
    frame.array(kind::CREDIT, id, 1);
    head::write_uint(frame.out, bytes);
    frame.finish(&[]);
}

pub(crate) fn write_response_metadata(out: &mut Vec<u8>, id: u64, metadata: &Metadata) {
    let mut frame = Writer::new(out);
    frame.array(kind::RESPONSE_METADATA, id, 1);
    head::write_map(frame.out, 1);
    head::write_uint(frame.out, extension::RESPONSE_METADATA);
    write_metadata(frame.out, metadata);
    frame.finish(&[]);
}

fn write_token(out: &mut Vec<u8>, kind: u64, token: u64) {
    let mut frame = Writer::new(out);
    frame.array(kind, 0, 1);
    head::write_uint(frame.out, token);
    frame.finish(&[]);
}

/// Metadata as a map, its keys in the order of deterministic encoding: shorter first, then by their bytes.
fn write_metadata(out: &mut Vec<u8>, metadata: &Metadata) {
    let mut entries: Vec<_> = metadata.iter().collect();
    entries.sort_by_key(|(key, _)| (key.len(), *key));
    head::write_map(out, entries.len() as u64);
    for (key, value) in entries {
        head::write_text(out, key);
        match value {
            MetadataValue::Text(text) => head::write_text(out, text),
            MetadataValue::Bytes(bytes) => head::write_bytes(out, bytes),
        }
    }
}

/// The longest start of `text` with at most `len` bytes that ends at a character.
fn clipped(text: &str, len: usize) -> &str {
    &text[..text.floor_char_boundary(len)]
}
