//! Calls that were made before, made again.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::{MetadataValue, cbor};

use super::Tab;
use crate::exchange::{ItemOrder, TabOrder};
use crate::form::{Content, Part};
use crate::model::connection::Failure;
use crate::model::draft::{Draft, MetadataRow};
use crate::model::journal::entry::{Entry, EntryId, Said};
use crate::text;

impl Tab {
    /// Makes a call again as it was, on the server of this tab.
    pub(crate) fn repeat(&mut self, id: &EntryId, now: Instant) -> Result<Option<TabOrder>, Failure> {
        let entry = self.known(id)?;
        if let Some(key) = self.missing(&entry) {
            let remedy = format!("{key} was not kept. Edit the call, type that again, and make it.");
            return Err(cannot(&remedy));
        }
        self.fill(&entry)?;
        let items = self.items_of(&entry)?;
        let Some(TabOrder::Call(mut call)) = self.call(now) else { return Ok(None) };
        if let Some(sending) = self.shown_stream().and_then(|stream| stream.sending.as_mut())
            && !items.is_empty()
        {
            (sending.waiting, sending.done) = (items.len() as u64, true);
        }
        call.items = items;
        Ok(Some(TabOrder::Call(call)))
    }

    /// Puts a call into the forms of its procedure, and shows them.
    pub(crate) fn fill_from(&mut self, id: &EntryId) -> Result<(), Failure> {
        let entry = self.known(id)?;
        let missing = self.missing(&entry);
        self.fill(&entry)?;
        self.recall.is_open = false;
        if let Some(draft) = self.drafts.get_mut(&entry.request.procedure) {
            draft.cursor_wanted = Some(Part::Arguments);
        }
        missing.map_or(Ok(()), |key| {
            Err(Failure::new(format!("{key} was not kept."), "Type it again before you make the call."))
        })
    }

    /// The first key of metadata whose value was not kept and is not typed there now either.
    fn missing(&self, entry: &Entry) -> Option<String> {
        let draft = self.drafts.get(&entry.request.procedure);
        let is_typed = |key: &str| draft.is_some_and(|draft| typed_row(draft, key).is_some());
        entry.request.withheld().find(|key| !is_typed(key)).map(str::to_owned)
    }

    fn known(&self, id: &EntryId) -> Result<Entry, Failure> {
        let noted = self.recall.pages.call(id);
        let entry = noted.map(|noted| noted.entry.clone()).ok_or_else(|| cannot("It was forgotten."))?;
        match entry.request.is_partial() {
            Some(reason) => Err(cannot(reason)),
            None => Ok(entry),
        }
    }

    fn fill(&mut self, entry: &Entry) -> Result<(), Failure> {
        let request = &entry.request;
        self.select(request.procedure.clone());
        let own_deadline = match self.catalogue.procedure(&request.procedure) {
            Some(procedure) => procedure.deadline_ms.map(Duration::from_millis),
            None => return Err(cannot("This server offers no such procedure to this identity.")),
        };
        let Some(draft) = self.drafts.get_mut(&request.procedure) else { return Ok(()) };
        let notation = request.arguments.text().unwrap_or_default();
        let value = cbor::from_diagnostic(notation).map_err(|error| cannot(&error.to_string()))?;
        // What does not fit the form is shown in notation, with the reason, and sent as it was.
        let _ = draft.fill(Part::Arguments, &value);
        if let Some(first) = request.items.first.first().filter(|_| draft.whole.item.is_some()) {
            let value = cbor::from_diagnostic(first).map_err(|error| cannot(&error.to_string()))?;
            let _ = draft.fill(Part::Item, &value);
        }
        let deadline = request.deadline().filter(|deadline| own_deadline != Some(*deadline));
        draft.whole.deadline = deadline.map(typed).unwrap_or_default();
        let row = |(key, said): &(String, Said)| match said {
            Said::Withheld => typed_row(draft, key).cloned().unwrap_or_else(|| row(key, said)),
            _ => row(key, said),
        };
        draft.whole.metadata = request.metadata.iter().map(row).collect();
        Ok(())
    }

    fn items_of(&self, entry: &Entry) -> Result<Vec<ItemOrder>, Failure> {
        let procedure = self.catalogue.procedure(&entry.request.procedure);
        let Some(schema) = procedure.and_then(|procedure| procedure.items_in.as_ref()) else {
            return Ok(Vec::new());
        };
        let order = |notation: &String| {
            let value = cbor::from_diagnostic(notation).map_err(|error| cannot(&error.to_string()))?;
            let item = cbor::to_vec(&value).map_err(|error| cannot(&error.to_string()))?;
            Ok(ItemOrder { item: Content::Encoded(item), schema: schema.clone() })
        };
        entry.request.items.first.iter().map(order).collect()
    }
}

fn cannot(reason: &str) -> Failure {
    Failure::new("This call cannot be made again.", reason)
}

/// The row in which a value is typed for this key.
fn typed_row<'d>(draft: &'d Draft, key: &str) -> Option<&'d MetadataRow> {
    let is_it = |row: &&MetadataRow| row.key.text.trim() == key && !row.value.line.text.is_empty();
    draft.whole.metadata.iter().find(is_it)
}

/// Metadata as it is typed. A value that was not kept has to be typed again.
fn row(key: &str, said: &Said) -> MetadataRow {
    let value = match said {
        Said::Text(text) => MetadataValue::from(text.as_str()),
        Said::Bytes(base64) => MetadataValue::Bytes(STANDARD.decode(base64).unwrap_or_default().into()),
        Said::Withheld => MetadataValue::from(""),
    };
    MetadataRow::of(key, &value)
}

/// A time as it is typed.
fn typed(time: Duration) -> String {
    let (number, unit) = text::exact(time, ["s", "ms", "us"]);
    format!("{number} {unit}")
}
