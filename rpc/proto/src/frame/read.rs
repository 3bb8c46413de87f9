//! Headers from bytes. Accepts any well-formed encoding, and nothing that the protocol does not have.

use std::borrow::Cow;

use bytes::Bytes;

use super::header::{End, GoingAway, Header, Hello, Open, Times, Unknown, extension, kind};
use crate::cbor::head::{HeadError, Major, Reader};
use crate::violation::Violation;
use crate::{Code, HandlerRan, Metadata, MetadataValue, limits};

/// Reads the header of a frame; the rest of the frame is its payload. Of metadata over `metadata_len` no more
/// is kept than that there is too much.
pub(crate) fn header(frame: &[u8], metadata_len: u32) -> Result<(Header<'_>, &[u8]), Violation> {
    let mut fields = Fields::new(frame)?;
    let kind = fields.u64()?;
    let id = fields.u64()?;
    let header = match kind {
        kind::OPEN => open(&mut fields, id, metadata_len)?,
        kind::END => end(&mut fields, id, metadata_len)?,
        kind::ITEM => item(&mut fields, id)?,
        kind::CONTINUATION => Header::Continuation { id },
        kind::CREDIT => Header::Credit { id, bytes: fields.u64()? },
        kind::HALF_CLOSE => Header::HalfClose { id },
        kind::CANCEL => Header::Cancel { id },
        kind::RESPONSE_METADATA => response_metadata(&mut fields, id, metadata_len)?,
        kind::HELLO => hello(&mut fields)?,
        kind::GOING_AWAY => Header::GoingAway(GoingAway {
            last: fields.u64()?,
            code: Code::from_number(fields.u64()?),
            message: fields.text(limits::STATUS_MESSAGE_LEN_MAX)?.into_owned(),
        }),
        kind::CLOSE => Header::Close {
            code: Code::from_number(fields.u64()?),
            message: fields.text(limits::STATUS_MESSAGE_LEN_MAX)?.into_owned(),
        },
        kind::PING => Header::Ping { token: fields.u64()? },
        kind::PONG => Header::Pong { token: fields.u64()? },
        unknown if unknown % 2 == 1 => Header::Unknown { id, what: Unknown::Frame(unknown) },
        _ => Header::Ignored,
    };
    if matches!(header, Header::Ignored | Header::Unknown { .. }) {
        return Ok((header, &[]));
    }
    // A connection's frame on a call's id, or the other way round.
    if (id == 0) != (kind < kind::OPEN) {
        return Err(Violation::Id { id, rule: "id 0, and no other, is for frames of the connection" });
    }
    // Extensions that this type of frame has none of yet.
    if let Some(key) = fields.unknown_extension()? {
        return Ok((Header::Unknown { id, what: Unknown::Extension(key) }, &[]));
    }
    let payload = fields.end()?;
    Ok((header, payload))
}

fn open<'a>(fields: &mut Fields<'a>, id: u64, metadata_len: u32) -> Result<Header<'a>, Violation> {
    let procedure = fields.text(limits::PROCEDURE_LEN_MAX)?;
    let mut open = Open {
        id,
        procedure,
        deadline_us: None,
        metadata: Metadata::new(),
        metadata_is_over: false,
        times: false,
        total_len: None,
    };
    let unknown = fields.extensions(|key, reader| {
        match key {
            extension::OPEN_DEADLINE_US => open.deadline_us = Some(reader.u64()?),
            extension::OPEN_TIMES => open.times = reader.u64()? != 0,
            extension::OPEN_METADATA => {
                (open.metadata, open.metadata_is_over) = metadata(reader, metadata_len as usize)?;
            }
            extension::TOTAL_LEN => open.total_len = Some(reader.u64()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(unknown.map_or(Header::Open(open), |key| Header::Unknown { id, what: Unknown::Extension(key) }))
}

fn item<'a>(fields: &mut Fields<'a>, id: u64) -> Result<Header<'a>, Violation> {
    let mut total_len = None;
    let unknown = fields.extensions(|key, reader| {
        match key {
            extension::TOTAL_LEN => total_len = Some(reader.u64()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let item = Header::Item { id, total_len };
    Ok(unknown.map_or(item, |key| Header::Unknown { id, what: Unknown::Extension(key) }))
}

fn response_metadata<'a>(
    fields: &mut Fields<'a>,
    id: u64,
    metadata_len: u32,
) -> Result<Header<'a>, Violation> {
    let mut said = (Metadata::new(), false);
    let unknown = fields.extensions(|key, reader| {
        match key {
            extension::RESPONSE_METADATA => said = metadata(reader, metadata_len as usize)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let (metadata, metadata_is_over) = said;
    let header = Header::ResponseMetadata { id, metadata, metadata_is_over };
    Ok(unknown.map_or(header, |key| Header::Unknown { id, what: Unknown::Extension(key) }))
}

fn end<'a>(fields: &mut Fields<'a>, id: u64, metadata_len: u32) -> Result<Header<'a>, Violation> {
    let mut end = End { id, code: Code::from_number(fields.u64()?), total_len: None, beside: None };
    let unknown = fields.extensions(|key, reader| {
        if key == extension::TOTAL_LEN {
            end.total_len = Some(reader.u64()?);
            return Ok(true);
        }
        let beside = end.beside.get_or_insert_default();
        match key {
            extension::END_MESSAGE => {
                beside.message = text(reader, limits::STATUS_MESSAGE_LEN_MAX)?.into_owned();
            }
            extension::END_RETRY_AFTER_MS => beside.retry_after_ms = Some(reader.u64()?),
            extension::END_HANDLER_RAN => {
                beside.handler_ran = match reader.u64()? {
                    0 => HandlerRan::No,
                    1 => HandlerRan::Yes,
                    _ => HandlerRan::Unknown,
                };
            }
            extension::END_METADATA => {
                (beside.metadata, beside.metadata_is_over) = metadata(reader, metadata_len as usize)?;
            }
            extension::END_TIMES => beside.times = Some(times(reader)?),
            extension::END_DEADLINE_CLAMPED_US => beside.deadline_clamped_us = Some(reader.u64()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(unknown.map_or(Header::End(end), |key| Header::Unknown { id, what: Unknown::Extension(key) }))
}

fn hello<'a>(fields: &mut Fields<'a>) -> Result<Header<'a>, Violation> {
    let mut hello = Hello {
        frame_len: fields.limit()?,
        message_len: fields.limit()?,
        calls_open: fields.limit()?,
        metadata_len: fields.limit()?,
        initial_credit: fields.limit()?,
        software: String::new(),
        interface_revision: None,
        ping_interval_ms: None,
        idle_limit_ms: None,
        age_max_ms: None,
    };
    let unknown = fields.extensions(|key, reader| {
        match key {
            extension::HELLO_SOFTWARE => {
                hello.software = text(reader, limits::SOFTWARE_LEN_MAX)?.into_owned();
            }
            extension::HELLO_INTERFACE_REVISION => {
                hello.interface_revision = Some(revision(reader)?);
            }
            extension::HELLO_PING_INTERVAL_MS => hello.ping_interval_ms = Some(reader.u64()?),
            extension::HELLO_IDLE_LIMIT_MS => hello.idle_limit_ms = Some(reader.u64()?),
            extension::HELLO_AGE_MAX_MS => hello.age_max_ms = Some(reader.u64()?),
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(unknown.map_or(Header::Hello(Box::new(hello)), |key| Header::Unknown {
        id: 0,
        what: Unknown::Extension(key),
    }))
}

fn revision(reader: &mut Reader<'_>) -> Result<Bytes, Violation> {
    let revision = reader.bytes()?;
    match revision.len() <= limits::INTERFACE_REVISION_LEN_MAX {
        true => Ok(Bytes::copy_from_slice(&revision)),
        false => Err(too_long("an interface revision", revision.len(), limits::INTERFACE_REVISION_LEN_MAX)),
    }
}

/// Four numbers, behind which a later version may have more.
fn times(reader: &mut Reader<'_>) -> Result<Times, Violation> {
    let mut left = reader.array()?;
    let mut next = || match reader.more(&mut left)? {
        true => Ok(reader.u64()?),
        false => Err(Violation::Header("the times of a server are four numbers".to_owned())),
    };
    let times = Times { decode_us: next()?, queue_us: next()?, handler_us: next()?, encode_us: next()? };
    while reader.more(&mut left)? {
        reader.skip_item(EXTENSION_DEPTH_MAX)?;
    }
    Ok(times)
}

/// The metadata, or none of it and that there is more than `len_max` allows. It is read to its end all the same,
/// since what follows it counts.
fn metadata(reader: &mut Reader<'_>, len_max: usize) -> Result<(Metadata, bool), Violation> {
    let mut entries = Vec::new();
    let mut counted = 0;
    let mut left = reader.map()?;
    while reader.more(&mut left)? {
        let key = reader.text()?;
        let value = match reader.peek_major() {
            Some(Major::Bytes) => MetadataValue::Bytes(Bytes::copy_from_slice(&reader.bytes()?)),
            _ => MetadataValue::Text(reader.text()?.into_owned()),
        };
        counted += Metadata::entry_counted(&key, &value);
        if counted <= len_max {
            entries.push((key.into_owned(), value));
        }
    }
    if len_max < counted {
        return Ok((Metadata::new(), true));
    }
    let metadata = Metadata::from_entries(entries).map_err(|error| Violation::Header(error.to_string()))?;
    Ok((metadata, false))
}

fn text<'a>(reader: &mut Reader<'a>, len_max: usize) -> Result<Cow<'a, str>, Violation> {
    let text = reader.text()?;
    match text.len() <= len_max {
        true => Ok(text),
        false => Err(too_long("a text", text.len(), len_max)),
    }
}

fn too_long(what: &str, len: usize, len_max: usize) -> Violation {
    Violation::Header(format!("{what} of {len} bytes is over the limit of {len_max}"))
}

/// The fields of a header's array, one after the other.
struct Fields<'a> {
    reader: Reader<'a>,
    /// How many are left; `None` while an array of indefinite length goes on.
    left: Option<u64>,
    /// The map of extensions was there, or its place was passed.
    extended: bool,
}

impl<'a> Fields<'a> {
    fn new(frame: &'a [u8]) -> Result<Self, Violation> {
        let mut reader = Reader::new(frame);
        let left = reader.array()?;
        Ok(Self { reader, left, extended: false })
    }

    fn next(&mut self) -> Result<&mut Reader<'a>, Violation> {
        match self.reader.more(&mut self.left)? {
            true => Ok(&mut self.reader),
            false => Err(Violation::Header("fields are missing".to_owned())),
        }
    }

    fn u64(&mut self) -> Result<u64, Violation> {
        Ok(self.next()?.u64()?)
    }

    /// A limit: what is over 32 bits means no more than 32 bits do.
    fn limit(&mut self) -> Result<u32, Violation> {
        Ok(u32::try_from(self.u64()?).unwrap_or(u32::MAX))
    }

    fn text(&mut self, len_max: usize) -> Result<Cow<'a, str>, Violation> {
        text(self.next()?, len_max)
    }

    /// Reads the map of extensions, if there is one. `known` reads the value of a key and says so, or leaves
    /// it. The answer is the first key that must be understood and is not.
    fn extensions(
        &mut self,
        mut known: impl FnMut(u64, &mut Reader<'a>) -> Result<bool, Violation>,
    ) -> Result<Option<u64>, Violation> {
        self.extended = true;
        if !self.reader.more(&mut self.left)? {
            return Ok(None);
        }
        let mut unknown = None;
        let mut seen = Seen::default();
        let mut entries = self.reader.map()?;
        while self.reader.more(&mut entries)? {
            let key = self.reader.u64()?;
            seen.insert(key)?;
            if !known(key, &mut self.reader)? {
                self.reader.skip_item(EXTENSION_DEPTH_MAX)?;
                if key % 2 == 1 {
                    unknown = unknown.or(Some(key));
                }
            }
        }
        Ok(unknown)
    }

    /// As `extensions`, for a frame that has none that we know, or whose were read already.
    fn unknown_extension(&mut self) -> Result<Option<u64>, Violation> {
        match self.extended {
            true => Ok(None),
            false => self.extensions(|_, _| Ok(false)),
        }
    }

    /// The bytes after the header.
    fn end(mut self) -> Result<&'a [u8], Violation> {
        match self.reader.more(&mut self.left)? {
            false => Ok(self.reader.remaining()),
            true => Err(Violation::Header("more fields than this type of frame has".to_owned())),
        }
    }
}

/// The keys of a map so far, of which none may come again.
#[derive(Default)]
struct Seen {
    /// Keys below 64, which all that we know are: a bit each, so that a call costs no allocation.
    low: u64,
    high: Vec<u64>,
}

impl Seen {
    fn insert(&mut self, key: u64) -> Result<(), Violation> {
        const HIGH_KEYS_MAX: usize = 32;
        let fresh = match key {
            0..64 => self.low & (1 << key) == 0,
            _ => self.high.len() < HIGH_KEYS_MAX && !self.high.contains(&key),
        };
        if !fresh {
            return Err(Violation::Header(format!("extension {key} comes twice, or there are too many")));
        }
        match key {
            0..64 => self.low |= 1 << key,
            _ => self.high.push(key),
        }
        Ok(())
    }
}

/// How deep an extension that we do not know may nest: ours are flat.
const EXTENSION_DEPTH_MAX: usize = 8;

impl From<HeadError> for Violation {
    fn from(malformed: HeadError) -> Self {
        Self::Header(malformed.to_string())
    }
}
