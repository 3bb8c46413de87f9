//! The server: one task for each connection, which answers all that it has read and then writes.

use std::io;

use tokio::io::AsyncWriteExt;

use super::frame::{self, Inbox, Kind};
use super::{Io, Variant, record};
use crate::load;

/// Messages of a stream that are written at once.
const STREAM_WRITE: usize = 64 << 10;

pub(super) async fn answer(mut io: impl Io, variant: Variant) -> io::Result<()> {
    let (mut inbox, mut out) = (Inbox::new(), Vec::new());
    while inbox.fill(&mut io).await? > 0 {
        while let Some(request) = inbox.next() {
            let number = request.number;
            match request.kind {
                Kind::Stream => {
                    let (count, size) = frame::stream_asked_for(request.payload);
                    stream(&mut io, &mut out, number, count, size as usize).await?;
                }
                Kind::Small => {
                    let echo = |out: &mut Vec<u8>| record::echo(variant.codec, request.payload, out);
                    frame::write(&mut out, number, Kind::Small, echo);
                }
                kind => frame::write(&mut out, number, kind, |out| out.extend_from_slice(request.payload)),
            }
            if out.len() >= variant.write_at {
                write(&mut io, &mut out).await?;
            }
        }
        if !out.is_empty() {
            write(&mut io, &mut out).await?;
        }
    }
    Ok(())
}

async fn stream(io: &mut impl Io, out: &mut Vec<u8>, number: u64, count: u64, size: usize) -> io::Result<()> {
    let data = load::blob(size);
    for _ in 0..count {
        frame::write(out, number, Kind::Item, |out| out.extend_from_slice(&data));
        if out.len() >= STREAM_WRITE {
            write(io, out).await?;
        }
    }
    frame::write(out, number, Kind::End, |_| ());
    Ok(())
}

async fn write(io: &mut impl Io, out: &mut Vec<u8>) -> io::Result<()> {
    io.write_all(out).await?;
    io.flush().await?;
    out.clear();
    Ok(())
}
