//! One value, and the three ways to write it. The value is what was last written well in one of them; the
//! other two follow when they are looked at. A text that says nothing yet waits where it was typed.

use std::path::PathBuf;

use countersign::Schema;
use countersign::cbor::{self, Diagnostic, Value};
use countersign::schema;

use super::aside::Asides;
use crate::form::{Arguments, Content, Dropped, Form, Misfit, Mistake, Part};
use crate::lens::hex::{self, Misread};

/// How a request is looked at and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Lens {
    /// As fields to fill in.
    #[default]
    Form,
    /// In CBOR diagnostic notation.
    Notation,
    /// As the bytes that travel, in hexadecimal digits.
    Hex,
}

/// Longer texts are not edited in the window: every key would be felt.
const EDITABLE_MAX: usize = 256 << 10;

/// A message to send, as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Writing {
    form: Form,
    notation: Sheet,
    hex: Sheet,
    /// Where the value was written last.
    written_in: Lens,
    /// What was written last in notation or hex, and its encoding.
    value: Value,
    encoded: Vec<u8>,
    misfit: Option<Misfit>,
}

/// A message as it is written down.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Spelling {
    /// What is in the form.
    Json(Arguments),
    /// A text in diagnostic notation.
    Notation(String),
}

/// A text that says a value, or is on the way to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sheet {
    /// As it stands.
    pub(crate) text: String,
    /// What keeps it from being a value.
    pub(crate) mistake: Option<SheetMistake>,
    /// Whether the value takes too long a text to edit it here.
    pub(crate) is_too_long: bool,
    /// Whether the user typed it, rather than it was written out from the value.
    is_typed: bool,
}

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SheetMistake {
    /// At which byte of the text, if it is known.
    pub(crate) offset: Option<usize>,
    /// What is wrong, with the place in words.
    pub(crate) words: String,
}

impl From<Misread> for SheetMistake {
    fn from(Misread { offset, words }: Misread) -> Self {
        Self { offset: Some(offset), words }
    }
}

impl Lens {
    /// Every lens, in the order of the tabs.
    pub(crate) const ALL: [Self; 3] = [Self::Form, Self::Notation, Self::Hex];

    /// What it is called.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Form => "Form",
            Self::Notation => "Diagnostic",
            Self::Hex => "Hex",
        }
    }
}

impl Writing {
    /// A form with its defaults.
    pub(crate) fn new(part: Part, schema: &Schema) -> Self {
        Self {
            form: Form::new(part, schema),
            notation: Sheet::default(),
            hex: Sheet::default(),
            written_in: Lens::Form,
            value: Value::Null,
            encoded: Vec::new(),
            misfit: None,
        }
    }

    /// The form. Whoever edits it says so with [`Writing::form_was_edited`].
    pub(crate) fn form_mut(&mut self) -> &mut Form {
        &mut self.form
    }

    /// The form.
    pub(crate) fn form(&self) -> &Form {
        &self.form
    }

    /// The text of a lens that has one. Whoever edits it says so with [`Writing::text_was_edited`].
    pub(crate) fn sheet_mut(&mut self, lens: Lens) -> Option<&mut Sheet> {
        match lens {
            Lens::Form => None,
            Lens::Notation => Some(&mut self.notation),
            Lens::Hex => Some(&mut self.hex),
        }
    }

    fn sheet(&self, lens: Lens) -> Option<&Sheet> {
        match lens {
            Lens::Form => None,
            Lens::Notation => Some(&self.notation),
            Lens::Hex => Some(&self.hex),
        }
    }

    /// Whether anything was written.
    pub(crate) fn is_edited(&self) -> bool {
        self.form.is_edited() || self.notation.is_typed || self.hex.is_typed
    }

    /// Where the value was written last.
    pub(crate) fn written_in(&self) -> Lens {
        self.written_in
    }

    /// Why the form does not show the value, if it cannot.
    pub(crate) fn misfit(&self) -> Option<&Misfit> {
        self.misfit.as_ref().filter(|_| self.written_in != Lens::Form)
    }

    /// A lens whose text was left with a mistake in it.
    pub(crate) fn broken(&self) -> Option<(Lens, &SheetMistake)> {
        Lens::ALL.into_iter().find_map(|lens| Some((lens, self.sheet(lens)?.mistake.as_ref()?)))
    }

    /// Lets a lens show the value of now. What the user typed and gives way is put aside.
    pub(crate) fn look_through(&mut self, lens: Lens, asides: &mut Asides) {
        if self.written_in == lens {
            return;
        }
        match lens {
            Lens::Form => {
                let before = self.form.texts();
                self.misfit = self.form.fill(&self.value).err();
                asides.put_gone("The form held this before it followed the text", before, &self.form.texts());
            }
            // A text that says nothing yet waits for the user.
            lens if self.sheet(lens).is_some_and(|sheet| sheet.mistake.is_some()) => {}
            lens => self.write_out(lens, asides),
        }
    }

    /// Writes the value out, also over a text that says nothing yet, which is put aside.
    pub(crate) fn write_out(&mut self, lens: Lens, asides: &mut Asides) {
        let value = self.value_so_far();
        let text = match lens {
            Lens::Form => return,
            Lens::Notation => Diagnostic::new(&value).indented().limit(EDITABLE_MAX + 1).to_string(),
            // A value of the profile can be encoded.
            Lens::Hex => hex::lines(&cbor::to_vec(&value).unwrap_or_default(), EDITABLE_MAX + 1),
        };
        let is_too_long = text.len() > EDITABLE_MAX;
        let text = if is_too_long { String::new() } else { text };
        let Some(sheet) = self.sheet_mut(lens) else { return };
        if sheet.is_typed && sheet.text != text {
            asides.put_text(lens, std::mem::take(&mut sheet.text));
        }
        *sheet = Sheet { text, mistake: None, is_too_long, is_typed: false };
    }

    /// The value, with null wherever the form says nothing yet.
    fn value_so_far(&self) -> Value {
        match self.written_in {
            Lens::Form => self.form.value().unwrap_or_else(|_| self.form.value_so_far()),
            _ => self.value.clone(),
        }
    }

    /// The form was edited: its value is the one that counts.
    pub(crate) fn form_was_edited(&mut self) {
        self.written_in = Lens::Form;
        self.misfit = None;
    }

    /// The text of a lens was edited: its value is the one that counts, once it says one.
    pub(crate) fn text_was_edited(&mut self, lens: Lens) {
        let Some(sheet) = self.sheet_mut(lens) else { return };
        sheet.is_typed = true;
        match sheet.read(lens) {
            Ok((value, encoded)) => {
                sheet.mistake = None;
                (self.value, self.encoded, self.written_in) = (value, encoded, lens);
                self.misfit = None;
            }
            Err(mistake) => sheet.mistake = Some(mistake),
        }
    }

    /// The files whose bytes are put in when the call is made.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let arguments = match self.written_in {
            Lens::Form => self.form.arguments().ok(),
            _ => self.with_files(),
        };
        arguments.into_iter().flat_map(|arguments| arguments.files).map(|(_, file)| file).collect()
    }

    /// What is wrong with what this lens shows.
    pub(crate) fn mistakes(&self, lens: Lens) -> Vec<Mistake> {
        let broken = self.sheet(lens).and_then(|sheet| sheet.mistake.as_ref());
        match (broken, self.written_in) {
            (Some(mistake), _) => vec![Mistake { path: String::new(), message: mistake.words.clone() }],
            (None, Lens::Form) => self.form.arguments().err().unwrap_or_default(),
            (None, _) => Vec::new(),
        }
    }

    /// What is sent, if what this lens shows can be understood.
    pub(crate) fn content(&self, lens: Lens) -> Option<Content> {
        if self.sheet(lens).is_some_and(|sheet| sheet.mistake.is_some()) {
            return None;
        }
        if self.written_in == Lens::Form {
            return self.form.arguments().ok().map(Content::Typed);
        }
        Some(self.with_files().map_or_else(|| Content::Encoded(self.encoded.clone()), Content::Typed))
    }

    /// The value with the bytes of files, if the form has files and the text left the zeros that stand for
    /// them.
    fn with_files(&self) -> Option<Arguments> {
        if !self.form.has_files() {
            return None;
        }
        let mut form = self.form.clone();
        form.fill(&self.value).ok()?;
        form.arguments().ok().filter(|arguments| !arguments.files.is_empty())
    }

    /// Writes this value. One that does not fit the form is written in notation, and the form holds what
    /// fits.
    pub(crate) fn set(&mut self, value: &Value) -> Result<(), Misfit> {
        (self.notation, self.hex) = (Sheet::default(), Sheet::default());
        match self.form.fill(value) {
            Ok(()) => {
                self.form_was_edited();
                Ok(())
            }
            Err(misfit) => {
                self.form.fill_what_fits(&schema::to_json(self.form.schema(), value));
                self.set_in_notation(value, misfit.clone());
                Err(misfit)
            }
        }
    }

    /// Writes this value in notation, for this reason.
    fn set_in_notation(&mut self, value: &Value, misfit: Misfit) {
        self.encoded = cbor::to_vec(value).unwrap_or_default();
        (self.value, self.written_in) = (value.clone(), Lens::Hex);
        self.write_out(Lens::Notation, &mut Asides::default());
        self.notation.is_typed = true;
        (self.written_in, self.misfit) = (Lens::Notation, Some(misfit));
    }

    /// The message as it is written down, if what this lens shows can be understood.
    pub(crate) fn spelling(&self, lens: Lens) -> Result<Spelling, Vec<Mistake>> {
        let mistakes = self.mistakes(lens);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        match self.written_in {
            Lens::Form => self.form.arguments().map(Spelling::Json),
            Lens::Notation if !self.notation.is_too_long && self.notation.mistake.is_none() => {
                Ok(Spelling::Notation(self.notation.text.clone()))
            }
            _ => Ok(Spelling::Notation(Diagnostic::new(&self.value).indented().to_string())),
        }
    }

    /// Writes what was written down. What does not fit the form is written in notation, and the form holds
    /// what fits.
    pub(crate) fn spell(&mut self, spelling: Spelling) {
        (self.notation, self.hex) = (Sheet::default(), Sheet::default());
        let Arguments { json, files } = match spelling {
            Spelling::Json(arguments) => arguments,
            Spelling::Notation(text) => {
                self.notation.text = text;
                return self.text_was_edited(Lens::Notation);
            }
        };
        match schema::to_cbor(self.form.schema(), &json) {
            // Why it does not fit is shown where the form would be.
            Ok(value) => drop(self.set(&value)),
            Err(error) => {
                self.form.fill_what_fits(&json);
                let value = schema::to_cbor(&Schema::default(), &json).unwrap_or(Value::Null);
                self.set_in_notation(&value, Misfit(error.to_string()));
            }
        }
        for (pointer, file) in files {
            self.form.choose_file(&pointer, file.to_string_lossy().into_owned());
        }
    }

    /// Fills the form with a small example that fits.
    pub(crate) fn fill_example(&mut self) {
        self.form.fill_example();
        self.form_was_edited();
    }

    /// Takes on what the server says now, and returns what was typed into the form and has no place in that.
    pub(crate) fn meet(&mut self, schema: &Schema) -> Vec<Dropped> {
        let (form, dropped) = self.form.carried(schema);
        self.form = form;
        dropped
    }

    /// Everything that was typed, to read.
    pub(crate) fn texts(&self) -> Vec<Dropped> {
        let mut texts = self.form.texts();
        for lens in [Lens::Notation, Lens::Hex] {
            let typed = self.sheet(lens).filter(|sheet| sheet.is_typed);
            texts.extend(
                typed.map(|sheet| Dropped { path: lens.text().to_owned(), text: sheet.text.clone() }),
            );
        }
        texts
    }
}

impl Sheet {
    /// The value that the text says, and its encoding: in hex, the very bytes.
    fn read(&self, lens: Lens) -> Result<(Value, Vec<u8>), SheetMistake> {
        if lens == Lens::Hex {
            let bytes = hex::bytes(&self.text)?;
            return match cbor::from_slice(&bytes) {
                Ok(value) => Ok((value, bytes)),
                Err(error) => Err(SheetMistake { offset: None, words: error.to_string() }),
            };
        }
        match cbor::from_diagnostic(&self.text) {
            Ok(value) => {
                let encoded = cbor::to_vec(&value);
                let wrong =
                    |error: cbor::EncodeError| SheetMistake { offset: None, words: error.to_string() };
                Ok((value, encoded.map_err(wrong)?))
            }
            Err(error) => Err(SheetMistake {
                offset: Some(error.offset()),
                words: format!("Line {}, column {}: {}", error.line(), error.column(), error.message()),
            }),
        }
    }
}
