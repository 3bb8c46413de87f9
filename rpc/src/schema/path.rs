//! Where in a value.

use std::fmt;

use crate::cbor::quoted;

/// Where in a value, written as `order.lines[2].price`: the same as in the decoder's errors.
///
/// ```
/// use countersign::schema::Path;
/// let order = Path::Root.key("order");
/// let lines = order.key("lines");
/// assert_eq!(lines.index(2).key("price").to_string(), "order.lines[2].price");
/// assert_eq!(order.key("no name").to_string(), r#"order["no name"]"#);
/// ```
#[derive(Debug, Clone, Copy)]
pub enum Path<'a> {
    /// The whole value, written as nothing.
    Root,
    /// A field, the content of a variant, or an entry of a map.
    Key(&'a Self, &'a str),
    /// An element of a list.
    Index(&'a Self, usize),
    /// An entry of a map with numbers as keys.
    Number(&'a Self, i128),
}

impl<'a> Path<'a> {
    /// The field or the entry of this name.
    pub fn key(&'a self, name: &'a str) -> Self {
        Self::Key(self, name)
    }

    /// The element at this place.
    pub fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }

    /// The entry under this number.
    pub fn number(&'a self, number: i128) -> Self {
        Self::Number(self, number)
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not by recursion: paths may be long. The outermost step comes first.
        let mut steps = Vec::new();
        let mut path = self;
        while let Self::Key(parent, _) | Self::Index(parent, _) | Self::Number(parent, _) = path {
            steps.push(path);
            path = parent;
        }
        for (at, step) in steps.into_iter().rev().enumerate() {
            match step {
                Self::Root => {}
                Self::Key(_, name) if is_bare(name) => write!(f, "{}{name}", if at == 0 { "" } else { "." })?,
                Self::Key(_, name) => write!(f, "[{}]", quoted(name))?,
                Self::Index(_, index) => write!(f, "[{index}]")?,
                Self::Number(_, number) => write!(f, "[{number}]")?,
            }
        }
        Ok(())
    }
}

/// Whether a name reads as one without quotes.
pub(super) fn is_bare(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}
