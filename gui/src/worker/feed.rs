//! Items from a file, one a line, sent as fast as the server has room for them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use countersign::call::RawSendHalf;
use countersign::{CallError, Schema, cbor, schema};
use tokio::fs::File;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::task::coop::consume_budget;

use super::journal::Scribe;
use crate::exchange::FileOrder;
use crate::model::stream::{FileProgress, FileState, Mistake};
use crate::text;

/// The longest line, in bytes: an item that fits into a message is not much longer as text.
const LINE_MAX: u64 = 16 << 20;
/// The longest mistake that is shown.
const MESSAGE_SHOWN: usize = 600;
/// How often is told how far it got.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// Sends what is in a file, and tells how far it got; fails once the call takes no more. A line that is no item
/// ends the file: what follows may have been meant to follow it.
pub(super) async fn send(
    half: &mut RawSendHalf,
    order: &FileOrder,
    stop: &AtomicBool,
    scribe: &mut Scribe,
    tell: impl Fn(FileProgress),
) -> Result<(), CallError> {
    let mut progress = FileProgress::begun(&order.path);
    let mut told = Instant::now();
    let mut lines = match Lines::open(order).await {
        Ok(lines) => lines,
        Err(mistake) => {
            tell(FileProgress { state: FileState::Failed(mistake), ..progress });
            return Ok(());
        }
    };
    progress.size = lines.size;
    let state = loop {
        let item = match lines.next(&order.schema).await {
            _ if stop.load(Ordering::Relaxed) => break FileState::Stopped,
            Ok(Some(item)) => item,
            Ok(None) => break FileState::Done,
            Err(mistake) => break FileState::Failed(mistake),
        };
        scribe.sends(&item);
        half.send(item).await?;
        (progress.sent, progress.read) = (progress.sent + 1, lines.read);
        if TOLD_EVERY <= told.elapsed() {
            tell(progress.clone());
            told = Instant::now();
        }
        // Lines may be there without end, and what comes has to be taken in between.
        consume_budget().await;
    };
    progress.read = lines.read;
    tell(FileProgress { state, ..progress });
    Ok(())
}

/// A file that is read line by line.
struct Lines {
    reader: BufReader<File>,
    line: Vec<u8>,
    number: u64,
    size: u64,
    read: u64,
}

impl Lines {
    async fn open(order: &FileOrder) -> Result<Self, Mistake> {
        let unread = |error| Mistake {
            line: None,
            message: text::line(&format!("{} cannot be read: {error}", order.path.display()), MESSAGE_SHOWN),
        };
        let file = File::open(&order.path).await.map_err(unread)?;
        let size = file.metadata().await.map_err(unread)?.len();
        Ok(Self { reader: BufReader::new(file), line: Vec::new(), number: 0, size, read: 0 })
    }

    /// The next item; lines with nothing in them are none.
    async fn next(&mut self, schema: &Schema) -> Result<Option<Vec<u8>>, Mistake> {
        loop {
            self.line.clear();
            let mut room = (&mut self.reader).take(LINE_MAX);
            let read = room.read_until(b'\n', &mut self.line).await;
            let read = read.map_err(|error| self.wrong(&error.to_string()))? as u64;
            if read == 0 {
                return Ok(None);
            }
            (self.number, self.read) = (self.number + 1, self.read + read);
            if read == LINE_MAX {
                return Err(self.wrong("It is longer than an item can be."));
            }
            if let Some(item) = item(&self.line, schema).map_err(|message| self.wrong(&message))? {
                return Ok(Some(item));
            }
        }
    }

    fn wrong(&self, message: &str) -> Mistake {
        Mistake { line: Some(self.number), message: text::paragraph(message, MESSAGE_SHOWN) }
    }
}

/// A line as an encoded item: JSON as the schema says, and whatever is no JSON as diagnostic notation.
fn item(line: &[u8], schema: &Schema) -> Result<Option<Vec<u8>>, String> {
    let line = std::str::from_utf8(line).map_err(|_| "It is not UTF-8.")?.trim();
    if line.is_empty() {
        return Ok(None);
    }
    let value = match serde_json::from_str::<serde_json::Value>(line) {
        Ok(json) => schema::to_cbor(schema, &json).map_err(|error| error.to_string())?,
        Err(_) => cbor::from_diagnostic(line).map_err(|error| error.to_string())?,
    };
    cbor::to_vec(&value).map(Some).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use countersign::cbor::{Value, from_slice};
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_is_json_by_the_schema_or_diagnostic_notation() {
        let data = json!({ "type": "string", "format": "bytes" });
        let schema = json!({ "type": "object", "properties": { "data": data }, "required": ["data"],
            "additionalProperties": false });
        let schema = Schema::try_from(schema).unwrap();
        let read = |line: &str| item(line.as_bytes(), &schema);
        let bytes = cbor::from_diagnostic("{\"data\": h'0102'}").unwrap();
        for line in ["{\"data\": \"AQI=\"}\r\n", "{\"data\": h'0102'}", "  {/ a remark / \"data\": h'01 02'}"]
        {
            let item = read(line).unwrap().unwrap();
            assert_eq!(from_slice::<Value>(&item).unwrap(), bytes, "{line}");
        }
        assert_eq!((read(""), read(" \r\n")), (Ok(None), Ok(None)));
        assert!(read("{\"data\": 1}").unwrap_err().contains("data"));
        assert!(read("{\"data\": }").is_err() && item(&[0xff], &schema).is_err());
    }
}
