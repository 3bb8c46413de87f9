//! What the user has typed for one procedure. It outlives selection, errors and lost connections.

use std::time::Duration;

use countersign::cbor::Value;

use super::catalogue::Procedure;
use crate::form::{Arguments, Form, Misfit, Part};

/// A request that is being filled in.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The arguments.
    pub(crate) form: Form,
    /// The deadline as typed; empty for the procedure's own.
    pub(crate) deadline: String,
    /// Whether a call was tried, so that every mistake is shown and not only those in edited fields.
    pub(crate) tried: bool,
    /// The next item to send, if the procedure takes items.
    pub(crate) item: Option<Form>,
    /// Whether sending an item was tried.
    pub(crate) item_tried: bool,
    /// Whether the server describes what it takes differently from the forms.
    pub(crate) outdated: bool,
    /// Of which form the first field is to get the cursor.
    pub(crate) cursor_wanted: Option<Part>,
}

impl Draft {
    /// Forms with their defaults.
    pub(crate) fn new(procedure: &Procedure) -> Self {
        Self {
            form: Form::new(Part::Arguments, &procedure.arguments),
            deadline: String::new(),
            tried: false,
            item: procedure.items_in.as_ref().map(|schema| Form::new(Part::Item, schema)),
            item_tried: false,
            outdated: false,
            cursor_wanted: None,
        }
    }

    /// Compares the forms with what the server says now. What was typed stays; forms that nobody has touched
    /// are made anew.
    pub(crate) fn meet(&mut self, procedure: &Procedure) {
        self.outdated = *self.form.schema() != procedure.arguments
            || self.item.as_ref().map(Form::schema) != procedure.items_in.as_ref();
        if self.outdated && !self.form.is_edited() && !self.item.as_ref().is_some_and(Form::is_edited) {
            *self = Self::new(procedure);
        }
    }

    /// Fills the forms with small examples that fit.
    pub(crate) fn fill_example(&mut self) {
        self.form.fill_example();
        self.item.iter_mut().for_each(Form::fill_example);
    }

    /// Fills one of the forms from a value; what was typed stays wherever it says the same. A value that does not
    /// fit changes nothing.
    pub(crate) fn fill(&mut self, part: Part, value: &Value) -> Result<(), Misfit> {
        self.form_mut(part).ok_or_else(|| Misfit("this procedure takes no items".to_owned()))?.fill(value)
    }

    /// The form of this part, if the procedure has it.
    pub(crate) fn form_mut(&mut self, part: Part) -> Option<&mut Form> {
        match part {
            Part::Arguments => Some(&mut self.form),
            Part::Item => self.item.as_mut(),
        }
    }

    /// The request, if everything that was typed can be understood.
    pub(crate) fn request(&self) -> Option<(Arguments, Option<Duration>)> {
        let deadline = self.deadline().ok()?;
        Some((self.form.arguments().ok()?, deadline))
    }

    /// The deadline that was typed, or what is wrong with it.
    pub(crate) fn deadline(&self) -> Result<Option<Duration>, String> {
        match self.deadline.trim() {
            "" => Ok(None),
            text => duration(text).map(Some).ok_or_else(|| "Write 500 ms, 5 s or 2 min".to_owned()),
        }
    }
}

/// A number and its unit: `500 ms`, `5s`, `1.5 s`, `2 min`.
fn duration(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic() || c == 'µ')?;
    let (number, unit) = text.split_at(unit_at);
    let number: f64 = number.trim().parse().ok()?;
    let seconds = match unit {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * seconds).ok().filter(|duration| !duration.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_a_number_with_its_unit() {
        assert_eq!(duration("500 ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("1.5s"), Some(Duration::from_millis(1500)));
        assert_eq!(duration("2 min"), Some(Duration::from_secs(120)));
        for wrong in ["5", "ms", "-1 s", "0 s", "5 parsecs", "1e300 h"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
