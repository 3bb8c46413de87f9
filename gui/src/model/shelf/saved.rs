//! A request as a file: a small text that people read, mend and compare line by line.
//!
//! Arguments are JSON by the conventions of the command line (bytes as base64, `"NaN"`), in the order of the
//! form. A request that was written in diagnostic notation, or that no form can show, is kept as its lines.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign::MetadataValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::form::Arguments;
use crate::model::draft::{Draft, MOST_ROWS, MetadataRow, Spelling, Writing};
use crate::model::journal::entry::Said;

/// The longest name of a procedure, and the longest deadline: longer ones were not saved by us.
const NAME_MAX: usize = 4000;
const DEADLINE_MAX: usize = 100;
/// The most files that bytes come from: each has a field of its own.
const FILES_MAX: usize = 100;

/// What is in the file, in this order.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Saved {
    /// Whom to call.
    pub(crate) procedure: String,
    /// As it was typed; empty for the procedure's own.
    #[serde(skip_serializing_if = "String::is_empty")]
    deadline: String,
    /// By key: text, `{"base64": "…"}` for bytes, or null for a secret, which is not written down.
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<Json>,
    /// Which places, as JSON pointers, have their bytes from which files.
    #[serde(skip_serializing_if = "Map::is_empty")]
    files: Map<String, Json>,
    /// The arguments in diagnostic notation, if they are not above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notation: Vec<String>,
    /// The item to send, in the same ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Json>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    item_files: Map<String, Json>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    item_notation: Vec<String>,
}

impl Saved {
    /// What is written of this request, or what keeps it from being written down.
    pub(crate) fn of(procedure: &str, draft: &Draft) -> Result<Self, String> {
        let spelled = |writing: &Writing| {
            let mistake = |mistakes: Vec<_>| mistakes.first().map(ToString::to_string).unwrap_or_default();
            writing.spelling(draft.lens).map(parts).map_err(mistake)
        };
        draft.deadline()?;
        let metadata = draft.metadata()?.into_iter().map(|(key, value)| {
            let said = said(&key, &value);
            (key, said)
        });
        let (arguments, files, notation) = spelled(&draft.whole.arguments)?;
        let item = draft.whole.item.as_ref().filter(|item| item.is_edited());
        let (item, item_files, item_notation) = item.map(spelled).transpose()?.unwrap_or_default();
        Ok(Self {
            procedure: procedure.to_owned(),
            deadline: draft.whole.deadline.trim().to_owned(),
            metadata: metadata.collect(),
            arguments,
            files,
            notation,
            item,
            item_files,
            item_notation,
        })
    }

    /// The text of the file.
    pub(crate) fn text(&self) -> String {
        // Keys are texts, and nothing here fails to be written.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// What a file says, or at which line and column it says nothing.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let saved: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if saved.procedure.is_empty() {
            return Err("it names no procedure".to_owned());
        }
        let counted = [
            (saved.procedure.len(), NAME_MAX, "letters in the procedure's name"),
            (saved.deadline.len(), DEADLINE_MAX, "letters in the deadline"),
            (saved.metadata.len(), MOST_ROWS, "keys of metadata"),
            (saved.files.len() + saved.item_files.len(), FILES_MAX, "files"),
        ];
        match counted.into_iter().find(|(count, most, _)| most < count) {
            Some((count, most, what)) => Err(format!("it has {count} {what}, and {most} are the most")),
            None => Ok(saved),
        }
    }

    /// The arguments as they are written, if they are.
    pub(crate) fn arguments(&self) -> Option<Spelling> {
        spelling(self.arguments.as_ref(), &self.files, &self.notation)
    }

    /// The item as it is written, if one is.
    pub(crate) fn item(&self) -> Option<Spelling> {
        spelling(self.item.as_ref(), &self.item_files, &self.item_notation)
    }

    /// The deadline as it was typed.
    pub(crate) fn deadline(&self) -> &str {
        &self.deadline
    }

    /// The metadata as it is typed.
    pub(crate) fn metadata(&self) -> Vec<MetadataRow> {
        let row = |(key, said): (&String, &Json)| {
            let bytes = said.get("base64").and_then(Json::as_str).and_then(|text| STANDARD.decode(text).ok());
            let text = || said.as_str().unwrap_or_default().into();
            MetadataRow::of(key, &bytes.map_or_else(text, |bytes| MetadataValue::Bytes(bytes.into())))
        };
        self.metadata.iter().map(row).collect()
    }

    /// The keys of metadata whose values are secret, and not in the file.
    pub(crate) fn withheld(&self) -> Vec<&str> {
        self.metadata.iter().filter(|(_, said)| said.is_null()).map(|(key, _)| key.as_str()).collect()
    }
}

/// Whoever keeps requests in a repository shares them: what looks like a secret stays out.
fn said(key: &str, value: &MetadataValue) -> Json {
    match Said::of(key, value) {
        Said::Text(text) => text.into(),
        Said::Bytes(base64) => json!({ "base64": base64 }),
        Said::Withheld => Json::Null,
    }
}

fn parts(spelling: Spelling) -> (Option<Json>, Map<String, Json>, Vec<String>) {
    match spelling {
        Spelling::Json(Arguments { json, files }) => {
            let file = |(pointer, path): (String, std::path::PathBuf)| {
                (pointer, Json::from(path.to_string_lossy().into_owned()))
            };
            (Some(json), files.into_iter().map(file).collect(), Vec::new())
        }
        Spelling::Notation(text) => (None, Map::new(), text.lines().map(str::to_owned).collect()),
    }
}

fn spelling(json: Option<&Json>, files: &Map<String, Json>, notation: &[String]) -> Option<Spelling> {
    let files = || {
        let path = |file: &Json| file.as_str().unwrap_or_default().into();
        files.iter().map(|(pointer, file)| (pointer.clone(), path(file))).collect()
    };
    match json {
        Some(json) => Some(Spelling::Json(Arguments { json: json.clone(), files: files() })),
        None if notation.is_empty() => None,
        None => Some(Spelling::Notation(notation.join("\n"))),
    }
}
