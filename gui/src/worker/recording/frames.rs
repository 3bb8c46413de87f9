//! A recording, frame by frame.

use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::time::Duration;

use crate::model::recording::format::{Decoder, Event, FRAME_MAX, LENGTH_LEN, MAGIC};

/// Reads the frames of a recording.
pub(super) struct Frames<R> {
    source: BufReader<R>,
    decoder: Decoder,
    /// Where the next frame begins, and where the file ends.
    offset: u64,
    end: u64,
    /// What was told last, of what has an order.
    latest: Duration,
    buffer: Vec<u8>,
}

/// What comes next in a recording.
#[derive(Debug, PartialEq)]
pub(super) enum Next {
    /// Something that happened.
    Event(Event),
    /// Nothing, but for so many bytes of a frame that is not whole.
    End { torn: u64 },
}

impl<R: Read + Seek> Frames<R> {
    /// A recording of so many bytes, of which the first ones say that it is one.
    pub(super) fn new(source: R, end: u64) -> Result<Self, String> {
        let mut source = BufReader::with_capacity(1 << 16, source);
        let mut magic = [0; MAGIC.len()];
        let is_one = source.read_exact(&mut magic).is_ok() && magic == MAGIC;
        if !is_one {
            let version = MAGIC.iter().position(|byte| *byte == b' ').unwrap_or(0);
            return Err(match magic.starts_with(&MAGIC[..=version]) {
                true => "it was recorded by another version, which this one cannot read".to_owned(),
                false => "it is no recording of a dashboard".to_owned(),
            });
        }
        let offset = MAGIC.len() as u64;
        let (decoder, latest, buffer) = (Decoder::default(), Duration::ZERO, Vec::new());
        Ok(Self { source, decoder, offset, end, latest, buffer })
    }

    /// Where the next frame begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Goes on with a frame that was read before.
    pub(super) fn go_to(&mut self, offset: u64) -> io::Result<()> {
        (self.offset, self.latest) = (offset, Duration::ZERO);
        self.source.seek(SeekFrom::Start(offset)).map(drop)
    }

    /// What comes next, or what is wrong with it.
    pub(super) fn next(&mut self) -> Result<Next, String> {
        let wrong = |what: &str, offset: u64| format!("at byte {offset}: {what}");
        let left = self.end.saturating_sub(self.offset);
        let mut length = [0; LENGTH_LEN];
        if left < LENGTH_LEN as u64 {
            return Ok(self.end(left));
        }
        let failed = |error: io::Error, offset| wrong(&error.to_string(), offset);
        self.source.read_exact(&mut length).map_err(|error| failed(error, self.offset))?;
        let length = u32::from_be_bytes(length) as usize;
        if length == 0 || FRAME_MAX < length {
            return Err(wrong(&format!("no frame has {length} bytes"), self.offset));
        }
        let whole = (LENGTH_LEN + length) as u64;
        if left < whole {
            return Ok(self.end(left));
        }
        self.buffer.resize(length, 0);
        self.source.read_exact(&mut self.buffer).map_err(|error| failed(error, self.offset))?;
        let event = self.decoder.event(&self.buffer).map_err(|what| wrong(&what, self.offset))?;
        if let Event::Step(at, _) = &event {
            if *at < self.latest {
                return Err(wrong("time goes backwards", self.offset));
            }
            self.latest = *at;
        }
        self.offset += whole;
        Ok(Next::Event(event))
    }

    /// From now on the file ends where its last whole frame does.
    fn end(&mut self, torn: u64) -> Next {
        self.end = self.offset;
        Next::End { torn }
    }
}
