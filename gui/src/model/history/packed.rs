//! A history put away, to go on from later: in an eighth of the room.
//!
//! Most of a cell are buckets of sixteen bytes, of which nearly all hold few calls and lie beside each other. Put away,
//! each number takes seven bits a byte, and of a bucket there is only how far its index is from the one before.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use countersign::Code;
use countersign::builtin::stats::Histogram;

use super::History;
use super::cell::Cell;
use super::meter::Tick;
use super::tier::Tier;

/// A history put away.
#[derive(Debug)]
pub(crate) struct Packed {
    /// Everything but the cells.
    rest: History,
    /// The cells of each tier.
    tiers: Vec<VecDeque<Arc<PackedCell>>>,
    /// About how many bytes the cells take that no earlier one has.
    pub(crate) own_bytes: usize,
}

/// A cell put away.
#[derive(Debug)]
struct PackedCell {
    slot: u64,
    from: Instant,
    to: Instant,
    seconds: f64,
    /// Of whom there is anything to tell.
    names: Box<[Arc<str>]>,
    /// What there is to tell: of all together first, and then of each.
    numbers: Box<[u8]>,
}

impl Packed {
    /// Puts a history away. What an earlier state of it has already is put away once.
    pub(crate) fn of(history: &History, earlier: Option<&Self>) -> Self {
        let mut own_bytes = 0;
        let mut tiers = Vec::with_capacity(history.tiers.len());
        for (place, tier) in history.tiers.iter().enumerate() {
            let known = earlier.and_then(|earlier| earlier.tiers.get(place));
            let pack = |cell: &Arc<Cell>| {
                let same = known.and_then(|known| {
                    let place = known.binary_search_by_key(&cell.slot, |known| known.slot).ok()?;
                    known.get(place).filter(|known| known.to == cell.to)
                });
                same.cloned().unwrap_or_else(|| {
                    let packed = PackedCell::of(cell);
                    own_bytes += packed.bytes();
                    Arc::new(packed)
                })
            };
            tiers.push(tier.cells.iter().map(pack).collect());
        }
        let empty = history.tiers.iter().map(|tier| Tier::new(tier.width)).collect();
        Self { rest: History { tiers: empty, ..history.clone() }, tiers, own_bytes }
    }

    /// The history as it was.
    pub(crate) fn unpack(&self) -> History {
        let mut history = self.rest.clone();
        for (tier, cells) in history.tiers.iter_mut().zip(&self.tiers) {
            cells.iter().for_each(|cell| tier.push(cell.unpack()));
        }
        history
    }
}

impl PackedCell {
    fn of(cell: &Cell) -> Self {
        let mut numbers = Vec::new();
        for tick in std::iter::once(&cell.total).chain(cell.procedures.values()) {
            put_tick(&mut numbers, tick);
        }
        let &Cell { slot, from, to, seconds, .. } = cell;
        Self {
            slot,
            from,
            to,
            seconds,
            names: cell.procedures.keys().cloned().collect(),
            numbers: numbers.into(),
        }
    }

    fn unpack(&self) -> Cell {
        let &Self { slot, from, to, seconds, .. } = self;
        let mut numbers = self.numbers.iter().copied();
        let total = take_tick(&mut numbers);
        let procedures = self.names.iter().map(|name| (name.clone(), take_tick(&mut numbers))).collect();
        Cell { slot, from, to, seconds, procedures, total }
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.names) + self.numbers.len()
    }
}

fn put_tick(bytes: &mut Vec<u8>, tick: &Tick) {
    let Tick { calls, in_flight, errors, bytes_in, bytes_out, latency } = tick;
    let buckets = latency.buckets();
    for number in [*calls, *in_flight, *bytes_in, *bytes_out, errors.len() as u64, buckets.len() as u64] {
        put(bytes, number);
    }
    for (code, count) in errors {
        put(bytes, code.number().into());
        put(bytes, *count);
    }
    let mut before = 0;
    for (index, calls) in buckets {
        put(bytes, u64::from(index - before));
        put(bytes, *calls);
        before = *index;
    }
}

fn take_tick(bytes: &mut impl Iterator<Item = u8>) -> Tick {
    let [calls, in_flight, bytes_in, bytes_out, errors, buckets] = std::array::from_fn(|_| take(bytes));
    let error = |_| (Code::from_number(take(bytes)), take(bytes));
    let errors: BTreeMap<Code, u64> = (0..errors).map(error).collect();
    let mut index = 0;
    let bucket = |_| {
        index += take(bytes) as u32;
        (index, take(bytes))
    };
    let buckets = (0..buckets as usize).map(bucket).collect();
    let latency = Histogram::from_buckets(buckets).unwrap_or_default();
    Tick { calls, in_flight, errors, bytes_in, bytes_out, latency }
}

/// Seven bits a byte, the lowest first; the highest bit says that there are more.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut impl Iterator<Item = u8>) -> u64 {
    let mut number = 0;
    for (byte, shift) in bytes.zip((0..64).step_by(7)) {
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            break;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_comes_back_as_it_was_put_away_whatever_its_numbers() {
        let tick = |calls: u64, buckets: &[(u32, u64)]| Tick {
            calls,
            in_flight: 127,
            errors: [(Code::NotFound, 128), (Code::Unavailable, calls)].into(),
            bytes_in: 1 << 35,
            bytes_out: u64::MAX,
            latency: Histogram::from_buckets(buckets.to_vec()).unwrap(),
        };
        let procedures = [
            (Arc::from("a.B/one"), tick(u64::MAX, &[(0, 1), (1, u64::MAX), (1919, 300)])),
            (Arc::from("a.B/two"), Tick::default()),
        ];
        let (from, total) = (Instant::now(), tick(0, &[(700, 2)]));
        let cell = Cell { slot: 7, from, to: from, seconds: 0.5, procedures: procedures.into(), total };
        let back = PackedCell::of(&cell).unpack();
        assert_eq!((back.slot, back.from, back.to, back.seconds), (7, from, from, 0.5));
        assert_eq!((back.procedures, back.total), (cell.procedures, cell.total));
    }
}
