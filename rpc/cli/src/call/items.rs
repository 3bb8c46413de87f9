//! The items of a streaming call as they are written: one JSON value a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::thread;

use countersign::Schema;
use countersign::cbor;
use countersign::schema::to_cbor;
use tokio::sync::mpsc::{Receiver, channel};

use super::unreadable;
use crate::failure::Failure;

/// Lines that are read ahead of what has been sent.
const LINES_AHEAD: usize = 16;

/// The longest line: more does not fit into a message, however it is written.
const LINE_LEN_MAX: usize = 64 << 20;

/// Items to send, from a file or from standard input.
pub(super) struct Items {
    place: String,
    lines: Receiver<io::Result<String>>,
    /// The number of the latest line.
    line: usize,
}

impl Items {
    /// Opens the file of this name; `-` is standard input.
    pub(super) fn open(place: &str) -> Result<Self, Failure> {
        let (place, input): (&str, Box<dyn BufRead + Send>) = match place {
            "-" => ("standard input", Box::new(BufReader::new(io::stdin()))),
            path => {
                let file = File::open(path).map_err(|error| unreadable(path, &error))?;
                (path, Box::new(BufReader::new(file)))
            }
        };
        let (sender, lines) = channel(LINES_AHEAD);
        // A thread of its own, which nobody has to wait for: reading a terminal cannot be given up.
        thread::spawn(move || {
            for line in Lines(input) {
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { place: place.to_owned(), lines, line: 0 })
    }

    /// The next item as it travels, checked by its schema; `None` after the last one. Empty lines are none.
    pub(super) async fn next(&mut self, schema: &Schema) -> Result<Option<Vec<u8>>, Failure> {
        while let Some(line) = self.lines.recv().await {
            self.line += 1;
            let line = line.map_err(|error| unreadable(&self.place, &error))?;
            if !line.trim().is_empty() {
                return self.item(schema, &line).map(Some);
            }
        }
        Ok(None)
    }

    fn item(&self, schema: &Schema, line: &str) -> Result<Vec<u8>, Failure> {
        let at = format!("{}, line {}", self.place, self.line);
        let json = serde_json::from_str(line)
            .map_err(|error| Failure::new(format!("{at}: not JSON: {}", without_line(&error))))?;
        let value = to_cbor(schema, &json).map_err(|error| {
            Failure::several(error.problems().iter().map(|problem| format!("{at}: {problem}")))
        })?;
        cbor::to_vec(&value).map_err(|error| Failure::new(format!("{at}: cannot be written: {error}")))
    }
}

/// Every line is the first one of its own text, which says nothing.
fn without_line(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

/// Lines without their ends, none longer than `LINE_LEN_MAX`.
struct Lines(Box<dyn BufRead + Send>);

impl Iterator for Lines {
    type Item = io::Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = String::new();
        let mut limited = io::Read::take(&mut self.0, LINE_LEN_MAX as u64);
        match limited.read_line(&mut line) {
            Ok(0) => None,
            Ok(LINE_LEN_MAX) => Some(Err(io::Error::other("a line is too long for an item"))),
            Ok(_) => Some(Ok(line)),
            Err(error) => Some(Err(error)),
        }
    }
}
