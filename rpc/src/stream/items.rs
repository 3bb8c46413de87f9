//! Items that wait to be taken.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::ops::Deref;

use countersign_proto::cbor::{self, DecodeError};
use countersign_proto::limits::MESSAGE_COST;
use serde::de::DeserializeOwned;

/// Items in their order, in rows that are taken one after the other.
#[derive(Debug)]
pub(crate) struct Items {
    rows: VecDeque<Row>,
    row_len_max: usize,
}

/// Items that are taken together: short ones side by side, which saves each of them an allocation and whoever takes it
/// a lock, or a long one alone.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// Short items, each behind its length.
    short: Vec<u8>,
    /// Where the next of them begins.
    next: usize,
    long: Option<Vec<u8>>,
    sum: Sum,
}

/// An item that may be taken.
#[derive(Debug)]
pub(crate) enum Item<'a> {
    Short(&'a [u8]),
    /// With its memory.
    Long(&'a mut Vec<u8>),
}

/// So many items of so many bytes together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) items: usize,
    pub(crate) len: usize,
}

/// An item of so many bytes has its memory to itself, of which what is decoded may become a part.
const LONG_LEN: usize = 4 << 10;

/// The most bytes of a row, unless it is a longer item: what was taken counts as consumed when all of its row was.
const ROW_LEN_MAX: usize = 16 << 10;

/// The bytes of a first row, behind which each may be twice as long as the one before: a slow stream needs no more.
const ROW_LEN_MIN: usize = 2 << 10;

const PREFIX_LEN: usize = size_of::<u32>();

impl Items {
    /// For items of which there are no more than `window` bytes at first.
    pub(crate) fn new(window: u32) -> Self {
        Self { rows: VecDeque::new(), row_len_max: ROW_LEN_MAX.min(window as usize / 8) }
    }

    pub(crate) fn push(&mut self, item: Cow<'_, [u8]>) {
        if item.len() < LONG_LEN {
            self.row_for(PREFIX_LEN + item.len()).push(&item);
        } else {
            self.rows.push_back(Row::of(item.into_owned()));
        }
    }

    /// The same, from a buffer that is not needed any more, and is taken if the item is long.
    pub(crate) fn push_from(&mut self, item: &mut Vec<u8>) {
        match item.len() < LONG_LEN {
            true => self.push(Cow::Borrowed(item)),
            false => self.push(Cow::Owned(std::mem::take(item))),
        }
    }

    /// Takes item after item for as long as `take` does. Returns what was taken.
    pub(crate) fn take_while(&mut self, mut take: impl FnMut(Item<'_>) -> bool) -> Sum {
        let mut taken = Sum::default();
        while let Some(row) = self.rows.front_mut() {
            while let Some(len) = row.take_if(&mut take) {
                taken = taken.plus(Sum { items: 1, len });
            }
            if !row.is_empty() {
                break;
            }
            self.rows.pop_front();
        }
        taken
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The first row.
    pub(crate) fn pop(&mut self) -> Option<Row> {
        self.rows.pop_front()
    }

    /// Throws all of them away.
    pub(crate) fn clear(&mut self) -> Sum {
        std::mem::take(&mut self.rows).iter().map(|row| row.sum).fold(Sum::default(), Sum::plus)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.iter().map(|row| row.sum.items).sum()
    }

    /// The last row, or a new one if it has no room for so many bytes.
    fn row_for(&mut self, len: usize) -> &mut Row {
        let last = self.rows.back();
        if !last.is_some_and(|row| row.has_room_for(len)) {
            let room = 2 * last.map_or(0, |row| row.short.len());
            let room = room.max(ROW_LEN_MIN).min(self.row_len_max).max(len);
            self.rows.push_back(Row { short: Vec::with_capacity(room), ..Row::default() });
        }
        self.rows.back_mut().expect("one with room is there")
    }
}

impl Row {
    fn of(item: Vec<u8>) -> Self {
        let sum = Sum { items: 1, len: item.len() };
        Self { long: Some(item), sum, ..Self::default() }
    }

    fn has_room_for(&self, len: usize) -> bool {
        self.short.len() + len <= self.short.capacity()
    }

    fn push(&mut self, item: &[u8]) {
        let len = u32::try_from(item.len()).expect("it is short");
        self.short.extend_from_slice(&len.to_le_bytes());
        self.short.extend_from_slice(item);
        self.sum = self.sum.plus(Sum { items: 1, len: item.len() });
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.next == self.short.len() && self.long.is_none()
    }

    /// Takes the next item.
    pub(crate) fn next(&mut self) -> Option<Cow<'_, [u8]>> {
        if let Some(item) = self.long.take() {
            return Some(Cow::Owned(item));
        }
        let item = first_of(&self.short[self.next..])?;
        self.next += PREFIX_LEN + item.len();
        Some(Cow::Borrowed(item))
    }

    /// Takes the next item if `take` does. Returns its length then.
    fn take_if(&mut self, take: impl FnOnce(Item<'_>) -> bool) -> Option<usize> {
        if let Some(item) = &mut self.long {
            let len = item.len();
            return take(Item::Long(item)).then(|| {
                self.long = None;
                len
            });
        }
        let item = first_of(&self.short[self.next..])?;
        take(Item::Short(item)).then(|| {
            self.next += PREFIX_LEN + item.len();
            item.len()
        })
    }

    /// Takes and decodes the next item.
    pub(crate) fn next_as<T: DeserializeOwned>(&mut self) -> Option<Result<T, DecodeError>> {
        Some(match self.next()? {
            Cow::Borrowed(item) => cbor::from_slice(item),
            Cow::Owned(item) => cbor::from_owned(item),
        })
    }

    /// Makes an end of the row. Returns all that was in it, which counts as consumed now.
    pub(crate) fn finish(&mut self) -> Sum {
        std::mem::take(self).sum
    }
}

/// The first of items that are each behind its length.
fn first_of(items: &[u8]) -> Option<&[u8]> {
    let (len, rest) = items.split_first_chunk()?;
    Some(&rest[..u32::from_le_bytes(*len) as usize])
}

impl Deref for Item<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Short(item) => item,
            Self::Long(item) => item,
        }
    }
}

impl Sum {
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { items: self.items + other.items, len: self.len + other.len }
    }

    /// What they count, here as in credit.
    pub(crate) fn cost(self) -> usize {
        self.len + self.items * MESSAGE_COST as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: u32 = 128 << 10;

    fn taken(items: &mut Items) -> Vec<Vec<u8>> {
        let mut taken = Vec::new();
        while let Some(mut row) = items.pop() {
            while let Some(item) = row.next() {
                taken.push(item.into_owned());
            }
        }
        taken
    }

    #[test]
    fn items_keep_their_order_whatever_their_lengths() {
        let mut items = Items::new(WINDOW);
        let lens = [0, 1, LONG_LEN - 1, LONG_LEN, 3, ROW_LEN_MAX, 0].into_iter().cycle().take(100);
        let pushed: Vec<_> = lens.zip(0..).map(|(len, at)| vec![at; len]).collect();
        pushed.iter().for_each(|item| items.push(item.into()));
        assert_eq!(items.len(), 100);
        assert_eq!(taken(&mut items), pushed);
    }

    #[test]
    fn an_item_that_is_not_taken_stays_where_it_is() {
        let mut items = Items::new(WINDOW);
        let pushed = [vec![1], vec![2; LONG_LEN], vec![3; 3], vec![4]];
        pushed.iter().for_each(|item| items.push(item.into()));
        for (at, item) in pushed.iter().enumerate() {
            assert_eq!(items.take_while(|_| false), Sum::default());
            let mut taken = Vec::new();
            let sum = items.take_while(|item| {
                let is_first = taken.is_empty();
                if is_first {
                    taken = item.to_vec();
                }
                is_first
            });
            assert_eq!((&taken, sum), (item, Sum { items: 1, len: item.len() }));
            assert_eq!(items.is_empty(), at == 3);
        }
    }

    #[test]
    fn a_row_is_a_small_part_of_the_window() {
        for window in [16 << 10, WINDOW] {
            let mut items = Items::new(window);
            (0..1000).for_each(|_| items.push(Cow::Borrowed(&[0; 100])));
            let rows: Vec<_> = std::iter::from_fn(|| items.pop()).collect();
            assert!(rows.iter().all(|row| row.sum.len <= window as usize / 8));
            assert!(rows.len() < 60, "{}", rows.len());
        }
    }

    #[test]
    fn a_row_counts_as_consumed_as_a_whole() {
        let mut items = Items::new(WINDOW);
        (0..3).for_each(|len| items.push(vec![0; len].into()));
        let mut row = items.pop().expect("a row");
        assert!(row.next().is_some() && !row.is_empty());
        assert_eq!(row.finish(), Sum { items: 3, len: 3 });
        assert_eq!((row.is_empty(), row.finish()), (true, Sum::default()));
        items.push(vec![0; LONG_LEN].into());
        items.push(vec![0; 5].into());
        assert_eq!(items.clear(), Sum { items: 2, len: LONG_LEN + 5 });
        assert!(items.pop().is_none());
    }
}
