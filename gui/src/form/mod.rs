//! A form for the arguments of a procedure, made from their schema.

use std::path::PathBuf;

use countersign::Schema;

/// What was typed, as JSON, and the files whose bytes belong in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Arguments {
    /// The map of parameters.
    pub(crate) json: serde_json::Value,
    /// Where in it (as a JSON pointer) the bytes of which file go.
    pub(crate) files: Vec<(String, PathBuf)>,
}

/// A form that is being filled in.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) text: String,
    edited: bool,
}

impl Form {
    pub(crate) fn new(_schema: &Schema) -> Self {
        Self { text: "{}".to_owned(), edited: false }
    }

    pub(crate) fn is_edited(&self) -> bool {
        self.edited
    }

    pub(crate) fn arguments(&self) -> Option<Arguments> {
        Some(Arguments { json: serde_json::from_str(&self.text).ok()?, files: Vec::new() })
    }

    pub(crate) fn choose_file(&mut self, _path: &str, _chosen: String) {}
}

use crate::command::Command;

pub(crate) fn form_ui(ui: &mut egui::Ui, form: &mut Form, _tried: bool, _wishes: &mut Vec<Command>) {
    let label = ui.label("Arguments as JSON");
    let edit = egui::TextEdit::multiline(&mut form.text).code_editor().desired_width(f32::INFINITY);
    form.edited |= ui.add(edit).labelled_by(label.id).changed();
}
