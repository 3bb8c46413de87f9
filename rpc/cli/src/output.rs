//! What a command prints: styled where a person reads it on a terminal, plain everywhere else.

use std::io::{self, Write};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use serde::Serialize;

use crate::failure::Failure;

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();

/// Whether somebody looks on here, and the cursor is ours to move.
pub(crate) fn is_screen(stream: &impl RawStream) -> bool {
    stream.is_terminal() && AutoStream::choice(stream) != ColorChoice::Never
}

/// Prints text, which may have styles in it.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Prints a value as one line of JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let mut line = serde_json::to_vec(value).map_err(io::Error::from)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    Ok(out.flush()?)
}

/// Tells what is not the output itself, beside it.
pub(crate) fn note(text: &str) {
    // Standard error is the last place to tell of anything.
    let _ = write!(anstream::stderr(), "{DIM}{text}{DIM:#}");
}

/// Tells of something that does not keep us from going on.
pub(crate) fn warn(what: impl std::fmt::Display) {
    // Standard error is the last place to tell of anything.
    let _ = writeln!(anstream::stderr(), "{BOLD}warning:{BOLD:#} {what}");
}
