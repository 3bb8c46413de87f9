//! By which column a table is sorted, and which of its rows are shown.

use std::cmp::Ordering;

/// A column, and whether its largest values come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sorted<C> {
    /// The column.
    pub(crate) by: C,
    /// Whether the largest come first.
    pub(crate) descending: bool,
}

impl<C: Default> Default for Sorted<C> {
    fn default() -> Self {
        Self { by: C::default(), descending: true }
    }
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

/// The places of the rows that are wanted, in their order.
pub(crate) fn arranged<R>(
    rows: &[R],
    is_wanted: impl Fn(&R) -> bool,
    order: impl Fn(&R, &R) -> Ordering,
) -> Vec<usize> {
    let mut places: Vec<usize> = (0..rows.len()).filter(|place| is_wanted(&rows[*place])).collect();
    places.sort_by(|a, b| order(&rows[*a], &rows[*b]));
    places
}
