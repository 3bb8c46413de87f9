//! Cells of one width, and the rule for which width a stretch of time is shown in.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::cell::Cell;

/// The points of one graph at most: more would be narrower than a pixel in most windows.
pub(crate) const MOST_POINTS: u64 = 600;

/// How wide the cells of a tier are, and how many it keeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Width {
    pub(crate) seconds: u64,
    pub(crate) kept: usize,
}

impl Width {
    /// How far back a tier of this width goes.
    pub(crate) const fn reach(self) -> Duration {
        Duration::from_secs(self.seconds * self.kept as u64)
    }
}

/// How wide the points of a graph are: so many cells of that tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale {
    pub(super) tier: usize,
    pub(super) cells: u64,
    /// How many seconds a point stands for.
    pub(crate) seconds: u64,
}

impl Scale {
    /// The scale for a stretch of time that began so long ago.
    pub(super) fn of(widths: &[Width], ago: Duration, length: Duration) -> Self {
        let is_reached = |width: &Width| ago <= width.reach();
        let tier = widths.iter().position(is_reached).unwrap_or(widths.len() - 1);
        let seconds = widths[tier].seconds;
        let fits = |cells: &u64| length.as_secs() <= MOST_POINTS * cells * seconds;
        // Numbers of which each is a part of an hour or of a day, so that points begin at round times.
        let cells = [1, 2, 3, 5, 10, 15, 20, 30, 60].into_iter().find(fits).unwrap_or(60);
        Self { tier, cells, seconds: cells * seconds }
    }

    /// The number of the point to which a cell belongs.
    pub(super) fn number(self, cell: &Cell) -> u64 {
        cell.slot / self.cells
    }
}

/// The cells of one width, oldest first. Cloning it is cheap.
#[derive(Debug, Clone)]
pub(super) struct Tier {
    pub(super) width: Width,
    pub(super) cells: VecDeque<Arc<Cell>>,
    weight: usize,
}

impl Tier {
    pub(super) fn new(width: Width) -> Self {
        Self { width, cells: VecDeque::new(), weight: 0 }
    }

    /// Adds what happened last, around this moment by the clock of the history.
    pub(super) fn add(&mut self, sample: &Cell, middle_ns: u64, heaviest: usize) {
        let slot = middle_ns / (self.width.seconds * super::SECOND_NS);
        match self.cells.back_mut().filter(|last| last.slot == slot) {
            Some(last) => {
                self.weight -= last.weight();
                // A view that was frozen keeps the cell as it was.
                let last = Arc::make_mut(last);
                last.extend(sample);
                self.weight += last.weight();
            }
            None => self.push(Cell { slot, ..sample.clone() }),
        }
        while self.cells.len() > self.width.kept || self.weight > heaviest {
            let Some(oldest) = self.cells.pop_front() else { break };
            self.weight -= oldest.weight();
        }
    }

    /// Adds a cell as it was, behind those that were there before it.
    pub(super) fn push(&mut self, cell: Cell) {
        self.weight += cell.weight();
        self.cells.push_back(Arc::new(cell));
    }

    #[cfg(test)]
    pub(super) fn weight(&self) -> usize {
        self.weight
    }
}
