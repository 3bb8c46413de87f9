//! By which column a table is sorted.

use std::cmp::Ordering;

/// A column, and whether its largest values come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sorted<C> {
    /// The column.
    pub(crate) by: C,
    /// Whether the largest come first.
    pub(crate) descending: bool,
}

impl<C: PartialEq> Sorted<C> {
    /// Turns the order around if the table is sorted by this column already; else sorts by it, the largest
    /// numbers first.
    pub(crate) fn choose(&mut self, column: C, is_number: bool) {
        let descending = if self.by == column { !self.descending } else { is_number };
        *self = Self { by: column, descending };
    }

    /// What comes first of two things that compare so.
    pub(crate) fn apply(&self, ordering: Ordering) -> Ordering {
        if self.descending { ordering.reverse() } else { ordering }
    }
}
