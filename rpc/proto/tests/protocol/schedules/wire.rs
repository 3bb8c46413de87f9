//! What lies between the two sides.

use super::dice::Dice;

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Wire {
    under_way: Vec<u8>,
    /// Arrived, and not taken yet.
    pub(super) arrived: Vec<u8>,
}

impl Wire {
    /// Takes what there is to send, and lets a part of all that is under way arrive.
    pub(super) fn carry(&mut self, outbox: &mut Vec<u8>, dice: &mut Dice) {
        self.under_way.append(outbox);
        let len = match dice.one_in(3) {
            true => dice.below(self.under_way.len() as u64 + 1) as usize,
            false => self.under_way.len(),
        };
        self.arrived.extend(self.under_way.drain(..len));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.under_way.is_empty() && self.arrived.is_empty()
    }
}
