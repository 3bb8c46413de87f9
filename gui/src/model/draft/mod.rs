//! What the user has typed for one procedure. It outlives selection, errors and lost connections, and
//! changes of what the server takes.

mod aside;
mod metadata;
mod writing;

use std::time::Duration;

use countersign::MetadataValue;
use countersign::cbor::Value;

use super::catalogue::Procedure;
use super::shelf::saved::Saved;
use crate::form::{Content, Dropped, Misfit, Mistake, Part};
use crate::text;

pub(crate) use self::aside::Asides;
pub(crate) use self::metadata::{MOST_ROWS, MetadataRow};
pub(crate) use self::writing::{Lens, SheetMistake, Spelling, Writing};

/// A request that is being written.
#[derive(Debug)]
pub(crate) struct Draft {
    /// What is sent.
    pub(crate) whole: Whole,
    /// How it is looked at.
    pub(crate) lens: Lens,
    /// Whether a call was tried, so that every mistake is shown and not only those in edited fields.
    pub(crate) tried: bool,
    /// Whether sending an item was tried.
    pub(crate) item_tried: bool,
    /// What was typed and has no place in what the server takes now; `None` once that was read.
    pub(crate) dropped: Option<Vec<Dropped>>,
    /// What was typed and gave way to something else.
    pub(crate) asides: Asides,
    /// Of which form the first field is to get the cursor.
    pub(crate) cursor_wanted: Option<Part>,
}

/// Everything of a request that is typed.
#[derive(Debug, Clone)]
pub(crate) struct Whole {
    /// The arguments.
    pub(crate) arguments: Writing,
    /// The next item to send, if the procedure takes items.
    pub(crate) item: Option<Writing>,
    /// The deadline as typed; empty for the procedure's own.
    pub(crate) deadline: String,
    /// What travels beside the arguments.
    pub(crate) metadata: Vec<MetadataRow>,
}

/// A request that can be sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ready {
    /// The arguments.
    pub(crate) arguments: Content,
    /// How long to wait, if it was said.
    pub(crate) deadline: Option<Duration>,
    /// What travels beside the arguments.
    pub(crate) metadata: Vec<(String, MetadataValue)>,
}

impl Draft {
    /// Forms with their defaults.
    pub(crate) fn new(procedure: &Procedure) -> Self {
        Self {
            whole: Whole::new(procedure),
            lens: Lens::Form,
            tried: false,
            item_tried: false,
            dropped: None,
            asides: Asides::default(),
            cursor_wanted: None,
        }
    }

    /// Takes on what the server says now. What was typed stays wherever it has a place; what has none is
    /// named. Forms that nobody has touched are made anew.
    pub(crate) fn meet(&mut self, procedure: &Procedure) {
        let whole = &self.whole;
        let is_same = *whole.arguments.form().schema() == procedure.arguments
            && whole.item.as_ref().map(|item| item.form().schema()) == procedure.items_in.as_ref();
        if is_same {
            return;
        }
        if !whole.is_edited() {
            self.whole = Whole::new(procedure);
            return self.look_through(self.lens);
        }
        self.asides.put_whole("Before the server described this differently", whole.clone());
        self.dropped = Some(self.whole.meet(procedure));
        self.look_through(self.lens);
    }

    /// Puts everything back to its defaults.
    pub(crate) fn reset(&mut self, procedure: &Procedure) {
        self.put_aside("Before the form was reset");
        *self = Self { asides: std::mem::take(&mut self.asides), lens: self.lens, ..Self::new(procedure) };
        self.look_through(self.lens);
    }

    /// Fills the forms with small examples that fit.
    pub(crate) fn fill_example(&mut self) {
        self.put_aside("Before the example");
        self.whole.writings_mut().for_each(Writing::fill_example);
        self.look_through(self.lens);
    }

    /// Writes a value. What was typed stays wherever it says the same, and is put aside. A value that does
    /// not fit the form is shown in notation, and sent as it is.
    pub(crate) fn fill(&mut self, part: Part, value: &Value) -> Result<(), Misfit> {
        self.put_aside("Before another request was opened");
        let none = || Misfit("this procedure takes no items".to_owned());
        let filled = self.writing_mut(part).ok_or_else(none)?.set(value);
        if filled.is_err() {
            self.lens = Lens::Notation;
        }
        self.look_through(self.lens);
        filled
    }

    /// Writes what a file says. What is there is put aside. What does not fit the form is shown in notation.
    pub(crate) fn open(&mut self, saved: &Saved) {
        self.put_aside("Before a saved request was opened");
        if let Some(spelling) = saved.arguments() {
            self.whole.arguments.spell(spelling);
        }
        if let (Some(item), Some(spelling)) = (&mut self.whole.item, saved.item()) {
            item.spell(spelling);
        }
        self.whole.deadline = saved.deadline().to_owned();
        self.whole.metadata = saved.metadata();
        self.look_through(self.whole.arguments.written_in());
    }

    /// Shows the request through a lens.
    pub(crate) fn look_through(&mut self, lens: Lens) {
        self.lens = lens;
        for writing in self.whole.writings_mut() {
            writing.look_through(lens, &mut self.asides);
        }
    }

    /// Writes the value out over a text that says nothing yet.
    pub(crate) fn write_out(&mut self, part: Part) {
        let (lens, asides) = (self.lens, &mut self.asides);
        if let Some(writing) = self.whole.writing_mut(part) {
            writing.write_out(lens, asides);
        }
    }

    /// Puts back what was put aside, and puts aside what is there.
    pub(crate) fn put_back(&mut self, index: usize, procedure: &Procedure) {
        let Some(whole) = self.asides.take(index) else { return };
        self.put_aside("Before an earlier request was put back");
        self.whole = whole;
        self.dropped = Some(self.whole.meet(procedure)).filter(|dropped| !dropped.is_empty());
        self.look_through(self.lens);
    }

    fn put_aside(&mut self, what: &str) {
        if self.whole.is_edited() {
            self.asides.put_whole(what, self.whole.clone());
        }
    }

    /// Takes a row of metadata away, and puts it aside.
    pub(crate) fn remove_metadata(&mut self, index: usize) {
        let before = self.whole.texts();
        self.whole.metadata.remove(index);
        self.asides.put_gone("Metadata that was removed", before, &self.whole.texts());
    }

    /// What is written of this part, if the procedure has it.
    pub(crate) fn writing_mut(&mut self, part: Part) -> Option<&mut Writing> {
        self.whole.writing_mut(part)
    }

    /// The request, if everything that was typed can be understood.
    pub(crate) fn request(&self) -> Option<Ready> {
        Some(Ready {
            deadline: self.deadline().ok()?,
            metadata: self.metadata().ok()?,
            arguments: self.whole.arguments.content(self.lens)?,
        })
    }

    /// The item, if it can be understood.
    pub(crate) fn item(&self) -> Option<Content> {
        self.whole.item.as_ref()?.content(self.lens)
    }

    /// What keeps a call or an item from being sent, once that was tried.
    pub(crate) fn mistakes(&self) -> Vec<Mistake> {
        let metadata = self.metadata().err().filter(|_| self.tried);
        let metadata = metadata.map(|message| Mistake { path: "metadata".to_owned(), message });
        let arguments = Some(&self.whole.arguments).filter(|_| self.tried);
        let item = self.whole.item.as_ref().filter(|_| self.item_tried);
        let writings = arguments.into_iter().chain(item);
        writings.flat_map(|writing| writing.mistakes(self.lens)).chain(metadata).collect()
    }

    /// The metadata that was typed, or what is wrong with it.
    pub(crate) fn metadata(&self) -> Result<Vec<(String, MetadataValue)>, String> {
        metadata::entries(&self.whole.metadata)
    }

    /// The deadline that was typed, or what is wrong with it.
    pub(crate) fn deadline(&self) -> Result<Option<Duration>, String> {
        match self.whole.deadline.trim() {
            "" => Ok(None),
            typed => text::duration(typed).map(Some).ok_or_else(|| "Write 500 ms, 5 s or 2 min".to_owned()),
        }
    }
}

impl Whole {
    fn new(procedure: &Procedure) -> Self {
        let item = procedure.items_in.as_ref();
        Self {
            arguments: Writing::new(Part::Arguments, &procedure.arguments),
            item: item.map(|schema| Writing::new(Part::Item, schema)),
            deadline: String::new(),
            metadata: Vec::new(),
        }
    }

    fn writings_mut(&mut self) -> impl Iterator<Item = &mut Writing> {
        std::iter::once(&mut self.arguments).chain(&mut self.item)
    }

    fn writing_mut(&mut self, part: Part) -> Option<&mut Writing> {
        match part {
            Part::Arguments => Some(&mut self.arguments),
            Part::Item => self.item.as_mut(),
        }
    }

    fn is_edited(&self) -> bool {
        self.arguments.is_edited()
            || self.item.as_ref().is_some_and(Writing::is_edited)
            || !self.deadline.trim().is_empty()
            || !self.metadata.iter().all(MetadataRow::is_empty)
    }

    /// Takes on what the server says now, and returns what was typed and has no place in that.
    fn meet(&mut self, procedure: &Procedure) -> Vec<Dropped> {
        let mut dropped = self.arguments.meet(&procedure.arguments);
        match (&mut self.item, &procedure.items_in) {
            (Some(item), Some(schema)) => dropped.extend(item.meet(schema)),
            (item, schema) => {
                dropped.extend(item.take().iter().flat_map(Writing::texts));
                *item = schema.as_ref().map(|schema| Writing::new(Part::Item, schema));
            }
        }
        dropped
    }

    /// Everything that was typed, to read.
    fn texts(&self) -> Vec<Dropped> {
        let piece = |path: &str, text: &str| Dropped { path: path.to_owned(), text: text.to_owned() };
        let mut texts = self.arguments.texts();
        texts.extend(self.item.iter().flat_map(Writing::texts));
        let rows = self.metadata.iter().filter(|row| !row.is_empty());
        texts.extend(rows.map(|row| piece(&format!("metadata {}", row.key.text), &row.value.line.text)));
        if !self.deadline.is_empty() {
            texts.push(piece("deadline", &self.deadline));
        }
        texts
    }
}

#[cfg(test)]
mod tests;
