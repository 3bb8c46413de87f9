//! Frames: the unit on the wire. A byte string with a head of five bytes holds a header and a payload.

mod header;
mod read;
mod write;

pub use header::Times;
pub(crate) use header::{BesideEnd, End, GoingAway, Header, Hello, Open, Unknown};
pub(crate) use read::header;
pub(crate) use write::{
    EndExtensions, OpenExtensions, Writer, write_cancel, write_close, write_credit, write_going_away,
    write_half_close, write_hello, write_ping, write_pong, write_response_metadata,
};

use crate::cbor::head::Reader;
use crate::violation::Violation;

/// The head of a frame: `5a`, a byte string with a 32-bit length, and that length.
pub(crate) const HEAD_LEN: usize = 5;

/// A part of so many bytes is taken as they come. Shorter ones, of which too many are a flood, are judged whole.
const LONG_PART_LEN: usize = 4 << 10;

/// A byte string whose length follows in four bytes.
const BYTE_STRING_32: u8 = 0x5a;

/// Takes the first frame off `bytes`: its content and what it took with its head. `None` if it is not all
/// here yet, and an error as soon as its length is over `frame_len`.
pub(crate) fn split(bytes: &[u8], frame_len: u32) -> Result<Option<(&[u8], usize)>, Violation> {
    match bytes.first() {
        None => return Ok(None),
        Some(&BYTE_STRING_32) => {}
        Some(&other) => return Err(Violation::NotAFrame { first: other }),
    }
    let Some(len) = content_len(bytes) else { return Ok(None) };
    if frame_len < len {
        return Err(Violation::FrameTooLong { len, limit: frame_len });
    }
    let frame = bytes[HEAD_LEN..].get(..len as usize);
    Ok(frame.map(|frame| (frame, HEAD_LEN + frame.len())))
}

/// What the head of a frame says, if all of it is here.
fn content_len(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk::<HEAD_LEN>().map(|[_, len @ ..]| u32::from_be_bytes(*len))
}

/// A long continuation of which not all is here, but its header: its call, how long it is up to its payload, and
/// how long that is. Only the shortest encoding is looked for, which is what everyone writes.
pub(crate) fn begun_part(bytes: &[u8]) -> Option<(u64, usize, usize)> {
    let len = content_len(bytes)? as usize;
    let mut header = Reader::new(bytes[HEAD_LEN..].strip_prefix(&[0x82, header::kind::CONTINUATION as u8])?);
    let id = header.u64().ok()?;
    let header_len = 2 + header.position();
    let payload_len = len.checked_sub(header_len).filter(|len| LONG_PART_LEN <= *len)?;
    Some((id, HEAD_LEN + header_len, payload_len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_taken_when_all_of_it_is_here() {
        let bytes = [0x5a, 0, 0, 0, 2, 7, 8, 0x5a];
        for short in 0..7 {
            assert_eq!(split(&bytes[..short], 2), Ok(None));
        }
        assert_eq!(split(&bytes, 2), Ok(Some((&bytes[5..7], 7))));
    }

    #[test]
    fn a_frame_too_long_is_refused_before_its_content_arrives() {
        assert_eq!(
            split(&[0x5a, 0, 1, 0, 0], 0xffff),
            Err(Violation::FrameTooLong { len: 0x1_0000, limit: 0xffff })
        );
        assert_eq!(split(&[0x59], 0xffff), Err(Violation::NotAFrame { first: 0x59 }));
    }
}
