//! Who is in the middle of a handshake, and who makes room for the next one. A table, which knows nothing of
//! sockets, tasks or time.
//!
//! The newest is never refused: whoever floods a server is always ahead of those who do not, and would keep all
//! places for himself. The oldest goes instead, and of those who hold the most places, so that a stranger that
//! shares its address with nobody stays.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};

/// Peers in the middle of their handshakes. Each costs a signature and some 30 KiB while it lasts.
pub(super) const PLACES: usize = 256;

/// Places of one source: a quarter, so that it takes four of them to fill the table.
pub(super) const SHARE: usize = PLACES / 4;

/// Strangers that go at once when the system has no descriptor left: one of theirs serves the next stranger, and
/// the others leave this process some for its files. A revocation list must be readable also then.
pub(super) const SHED: usize = 8;

/// The strangers with a place, each with what its owner wants to keep of it.
#[derive(Debug)]
pub(super) struct Strangers<T> {
    /// The oldest first, and so by number.
    places: VecDeque<Place<T>>,
    /// How many places each source holds; none that holds nothing.
    held: HashMap<Source, usize>,
    /// How many there may be.
    most: usize,
    next: u64,
}

#[derive(Debug)]
struct Place<T> {
    number: u64,
    source: Source,
    kept: T,
}

/// An IPv4 address, or the first 64 bits of an IPv6 one: that is what one customer is given, who may come from any
/// of the 2⁶⁴ addresses within.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Source(IpAddr);

impl<T> Strangers<T> {
    pub(super) fn new() -> Self {
        Self { places: VecDeque::new(), held: HashMap::new(), most: PLACES, next: 0 }
    }

    /// Gives a newcomer a place, and its number. Whoever has to leave for it comes back.
    pub(super) fn admit(&mut self, address: IpAddr, kept: T) -> (u64, Option<T>) {
        let source = Source::of(address);
        let gone = if SHARE <= self.held.get(&source).copied().unwrap_or_default() {
            self.oldest_of(source)
        } else if self.most <= self.places.len() {
            self.oldest_of_the_most()
        } else {
            None
        };
        let gone = gone.and_then(|at| self.remove(at));
        let number = self.next;
        self.next += 1;
        self.places.push_back(Place { number, source, kept });
        *self.held.entry(source).or_default() += 1;
        (number, gone)
    }

    /// What is kept of a stranger that still has its place.
    pub(super) fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        self.find(number).map(|at| &mut self.places[at].kept)
    }

    /// A stranger leaves by itself. `None` if it had to before.
    pub(super) fn leave(&mut self, number: u64) -> Option<T> {
        self.find(number).and_then(|at| self.remove(at))
    }

    /// Descriptors are short: some strangers go, and their places with them until [`relax`](Self::relax).
    pub(super) fn shed(&mut self) -> Vec<T> {
        let gone =
            (0..SHED).map_while(|_| self.oldest_of_the_most().and_then(|at| self.remove(at))).collect();
        self.most = self.places.len().max(1);
        gone
    }

    /// As many as ever may come again.
    pub(super) fn relax(&mut self) {
        self.most = PLACES;
    }

    fn oldest_of_the_most(&self) -> Option<usize> {
        let most = self.held.values().copied().max()?;
        self.places.iter().position(|place| self.held.get(&place.source) == Some(&most))
    }

    fn oldest_of(&self, source: Source) -> Option<usize> {
        self.places.iter().position(|place| place.source == source)
    }

    fn find(&self, number: u64) -> Option<usize> {
        self.places.binary_search_by_key(&number, |place| place.number).ok()
    }

    fn remove(&mut self, at: usize) -> Option<T> {
        let Place { source, kept, .. } = self.places.remove(at)?;
        if let Some(held) = self.held.get_mut(&source) {
            *held -= 1;
            if *held == 0 {
                self.held.remove(&source);
            }
        }
        Some(kept)
    }
}

impl Source {
    fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            address => address,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table, and who had to leave it.
    struct Door {
        strangers: Strangers<u32>,
        gone: Vec<u32>,
        came: u32,
    }

    impl Door {
        fn new() -> Self {
            Self { strangers: Strangers::new(), gone: Vec::new(), came: 0 }
        }

        /// Comes from there as the next, counted from 0.
        fn come(&mut self, address: &str) -> u64 {
            let (number, gone) = self.strangers.admit(address.parse().unwrap(), self.came);
            self.gone.extend(gone);
            self.came += 1;
            number
        }

        fn len(&self) -> usize {
            assert_eq!(self.strangers.held.values().sum::<usize>(), self.strangers.places.len());
            self.strangers.places.len()
        }
    }

    #[test]
    fn one_address_holds_its_share_and_its_oldest_goes() {
        let mut door = Door::new();
        for _ in 0..2_000 {
            door.come("127.0.0.2");
        }
        assert_eq!(door.len(), SHARE);
        assert_eq!(door.gone, (0..2_000 - SHARE as u32).collect::<Vec<_>>());
    }

    #[test]
    fn a_full_table_takes_a_newcomer_and_the_oldest_goes() {
        let mut door = Door::new();
        for nth in 0..PLACES {
            door.come(&format!("10.0.{}.{}", nth / 250, nth % 250));
        }
        assert_eq!((door.len(), door.gone.len()), (PLACES, 0));
        door.come("192.0.2.1");
        door.come("192.0.2.2");
        assert_eq!((door.len(), &door.gone[..]), (PLACES, &[0, 1][..]));
    }

    #[test]
    fn who_is_alone_at_its_address_outlasts_any_flood_from_others() {
        let mut door = Door::new();
        let good = door.come("192.0.2.1");
        for nth in 0..10_000 {
            door.come(&format!("10.0.0.{}", nth % 100));
        }
        assert_eq!(door.len(), PLACES);
        assert_eq!(door.strangers.leave(good), Some(0));
    }

    #[test]
    fn all_addresses_of_one_customer_are_one_source() {
        let mut door = Door::new();
        for nth in 0..100 {
            door.come(&format!("2001:db8:0:7::{nth:x}"));
        }
        assert_eq!(door.len(), SHARE);
        for nth in 0..100 {
            door.come(&format!("2001:db8:0:8:{nth:x}::"));
        }
        assert_eq!(door.len(), 2 * SHARE);
        for _ in 0..100 {
            door.come("192.0.2.1");
            door.come("::ffff:192.0.2.1");
        }
        assert_eq!(door.len(), 3 * SHARE);
    }

    #[test]
    fn who_has_left_leaves_nothing_behind() {
        let mut door = Door::new();
        let numbers: Vec<_> = (0..10).map(|nth| door.come(&format!("10.0.0.{nth}"))).collect();
        for number in numbers {
            assert!(door.strangers.leave(number).is_some());
            assert_eq!(door.strangers.leave(number), None);
        }
        assert!(door.strangers.places.is_empty() && door.strangers.held.is_empty());
    }

    #[test]
    fn who_had_to_leave_cannot_leave_again() {
        let mut door = Door::new();
        let first = door.come("127.0.0.2");
        for _ in 0..SHARE {
            door.come("127.0.0.2");
        }
        assert_eq!(door.gone, [0]);
        assert_eq!(door.strangers.leave(first), None);
        assert!(door.strangers.get_mut(first).is_none());
        assert_eq!(door.len(), SHARE);
    }

    #[test]
    fn short_of_descriptors_the_oldest_of_the_greediest_go_and_fewer_may_come() {
        let mut door = Door::new();
        let good = door.come("192.0.2.1");
        for _ in 0..20 {
            door.come("127.0.0.2");
        }
        let gone = door.strangers.shed();
        assert_eq!(gone, (1..=SHED as u32).collect::<Vec<_>>());
        let left = door.len();
        for _ in 0..20 {
            door.come("127.0.0.3");
            assert_eq!(door.len(), left);
        }
        assert!(door.strangers.get_mut(good).is_some());
        door.strangers.relax();
        door.come("127.0.0.3");
        assert_eq!(door.len(), left + 1);
    }

    #[test]
    fn with_nobody_to_send_away_there_is_still_a_place() {
        let mut door = Door::new();
        assert!(door.strangers.shed().is_empty());
        door.come("127.0.0.2");
        door.come("127.0.0.3");
        assert_eq!((door.len(), &door.gone[..]), (1, &[0][..]));
    }
}
