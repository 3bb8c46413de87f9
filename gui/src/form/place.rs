//! Where in a value something is, for people and for JSON.

use countersign::schema::Path;

use super::Part;

/// A place in a value.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Such as `order.lines[2].price`; empty for the whole of the arguments.
    pub(crate) path: String,
    /// Such as `/order/lines/2/price`.
    pub(crate) pointer: String,
}

impl Place {
    /// The whole value. Arguments have names of their own; an item needs one.
    pub(crate) fn root(part: Part) -> Self {
        let path = match part {
            Part::Arguments => "",
            Part::Item => "item",
        };
        Self { path: path.to_owned(), pointer: String::new() }
    }

    /// The field or entry of this name.
    pub(crate) fn field(&self, name: &str) -> Self {
        // Odd names are quoted in brackets, the others follow a point.
        let step = Path::Root.key(name).to_string();
        let dot = if self.path.is_empty() || step.starts_with('[') { "" } else { "." };
        let escaped = name.replace('~', "~0").replace('/', "~1");
        Self { path: format!("{}{dot}{step}", self.path), pointer: format!("{}/{escaped}", self.pointer) }
    }

    /// The item at this index.
    pub(crate) fn item(&self, index: usize) -> Self {
        Self { path: format!("{}[{index}]", self.path), pointer: format!("{}/{index}", self.pointer) }
    }
}
