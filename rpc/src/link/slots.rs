//! Where callers wait for what becomes of their calls.

use std::borrow::Cow;
use std::task::{Poll, Waker};

use countersign_proto::Metadata;

use super::client::{Arguments, Ended};
use super::stream_slot::StreamSlot;

/// What the callers of a connection wait for, one place each.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    /// Bytes of items that a server sends in a call before any were consumed.
    window: u32,
    free: Vec<usize>,
}

#[derive(Debug)]
enum Slot {
    Free,
    Waiting(Waiting),
    /// The end of a unary call, and its arguments, unless a result took their place.
    Ended(Ended, Arguments),
    Streaming(Box<StreamSlot>),
}

/// A unary call that has not ended.
#[derive(Debug)]
struct Waiting {
    waker: Waker,
    arguments: Arguments,
    /// What came before the end.
    response: Metadata,
}

impl Slots {
    /// For servers that send so many bytes of items in a call before any were consumed.
    pub(super) fn new(window: u32) -> Self {
        Self { window, ..Self::default() }
    }

    /// The place that is taken next.
    pub(super) fn next_place(&self) -> usize {
        self.free.last().copied().unwrap_or(self.slots.len())
    }

    /// Takes a place for a unary call, whose caller waits from now on.
    pub(super) fn take(&mut self, waker: &Waker, arguments: Arguments) {
        self.put(Slot::Waiting(Waiting { waker: waker.clone(), arguments, response: Metadata::new() }));
    }

    /// Takes a place for a streaming call; `takes_items` if its server may send items.
    pub(super) fn take_for_stream(&mut self, takes_items: bool) {
        self.put(Slot::Streaming(Box::new(StreamSlot::new(takes_items, self.window))));
    }

    pub(super) fn free(&mut self, slot: usize) {
        self.slots[slot] = Slot::Free;
        self.free.push(slot);
    }

    /// A call has ended; `wakers` gets whom to wake now.
    pub(super) fn end(&mut self, slot: usize, mut ended: Ended, wakers: &mut Vec<Waker>) {
        let slot = &mut self.slots[slot];
        match slot {
            Slot::Waiting(Waiting { waker, arguments, response }) => {
                ended.follow(std::mem::take(response));
                wakers.push(std::mem::replace(waker, Waker::noop().clone()));
                *slot = Slot::Ended(ended, std::mem::take(arguments));
            }
            Slot::Streaming(stream) => wakers.extend(stream.end(ended).into_iter().flatten()),
            Slot::Free | Slot::Ended(..) => {}
        }
    }

    /// Keeps a result: where the arguments were, if it was not put together from parts.
    pub(super) fn keep(&mut self, slot: usize, result: Cow<'_, [u8]>) -> Vec<u8> {
        match (result, &mut self.slots[slot]) {
            (Cow::Borrowed(result), Slot::Waiting(Waiting { arguments, .. })) => {
                let mut buffer = std::mem::take(arguments).into_buffer();
                buffer.extend_from_slice(result);
                buffer
            }
            (result, _) => result.into_owned(),
        }
    }

    /// Response metadata came.
    pub(super) fn respond(&mut self, slot: usize, metadata: Metadata) {
        match &mut self.slots[slot] {
            Slot::Waiting(Waiting { response, .. }) => *response = metadata,
            Slot::Streaming(stream) => stream.response = metadata,
            Slot::Free | Slot::Ended(..) => {}
        }
    }

    /// The place of a streaming call.
    pub(super) fn stream(&mut self, slot: usize) -> Option<&mut StreamSlot> {
        match &mut self.slots[slot] {
            Slot::Streaming(stream) => Some(stream),
            _ => None,
        }
    }

    /// Waits for the end of a unary call. Once it is there, the place is free.
    pub(super) fn poll(&mut self, slot: usize, waker: &Waker) -> Poll<(Ended, Arguments)> {
        match &mut self.slots[slot] {
            Slot::Waiting(waiting) => {
                waiting.waker.clone_from(waker);
                Poll::Pending
            }
            ended => {
                let Slot::Ended(ended, arguments) = std::mem::replace(ended, Slot::Free) else {
                    unreachable!("a call is polled only while its place is its own");
                };
                self.free.push(slot);
                Poll::Ready((ended, arguments))
            }
        }
    }

    fn put(&mut self, taken: Slot) {
        match self.free.pop() {
            Some(place) => self.slots[place] = taken,
            None => self.slots.push(taken),
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_proto::{Code, Status};

    use super::super::client::Answer;
    use super::*;

    fn taken(slots: &mut Slots) -> usize {
        let slot = slots.next_place();
        slots.take(Waker::noop(), Arguments::new(b"arguments".to_vec()));
        slot
    }

    fn answer(payload: &[u8]) -> Ended {
        Ended::Result(Answer { payload: payload.to_vec(), beside: None })
    }

    fn aborted() -> Ended {
        Ended::of(Status::new(Code::Aborted, ""))
    }

    #[test]
    fn a_place_is_used_again_once_its_end_was_taken() {
        let mut slots = Slots::default();
        let slot = taken(&mut slots);
        assert!(slots.poll(slot, Waker::noop()).is_pending());
        let mut wakers = Vec::new();
        slots.end(slot, answer(b"1"), &mut wakers);
        assert_eq!((wakers.len(), slots.next_place()), (1, slot + 1));
        assert!(matches!(slots.poll(slot, Waker::noop()), Poll::Ready((Ended::Result(_), _))));
        assert_eq!(taken(&mut slots), slot);
    }

    #[test]
    fn a_result_is_kept_where_the_arguments_were() {
        let mut slots = Slots::default();
        let slot = taken(&mut slots);
        assert_eq!(slots.keep(slot, Cow::Borrowed(b"1")), b"1");
        slots.end(slot, answer(b"1"), &mut Vec::new());
        let Poll::Ready((_, arguments)) = slots.poll(slot, Waker::noop()) else { panic!("an end") };
        assert!(arguments.payload().is_empty());
    }

    #[test]
    fn what_has_no_result_gives_its_arguments_back() {
        let mut slots = Slots::default();
        let slot = taken(&mut slots);
        slots.end(slot, aborted(), &mut Vec::new());
        let Poll::Ready((_, arguments)) = slots.poll(slot, Waker::noop()) else { panic!("an end") };
        assert_eq!(*arguments.payload(), *b"arguments");
    }

    #[test]
    fn metadata_that_came_first_is_there_with_the_result() {
        let (mut slots, mut metadata) = (Slots::default(), Metadata::new());
        metadata.insert("trace", "1").expect("a key");
        let slot = taken(&mut slots);
        slots.respond(slot, metadata.clone());
        slots.end(slot, answer(b"1"), &mut Vec::new());
        let Poll::Ready((Ended::Result(answer), _)) = slots.poll(slot, Waker::noop()) else {
            panic!("a result")
        };
        assert_eq!(answer.beside.expect("metadata").response, metadata);
    }

    #[test]
    fn a_stream_keeps_its_end_until_it_is_freed() {
        let mut slots = Slots::default();
        let slot = slots.next_place();
        slots.take_for_stream(true);
        slots.end(slot, aborted(), &mut Vec::new());
        slots.end(slot, answer(b"late"), &mut Vec::new());
        for _ in 0..2 {
            let ended = slots.stream(slot).and_then(|stream| stream.ended().cloned());
            assert!(matches!(ended, Some(Ended::Status(status, _)) if status.code == Code::Aborted));
        }
        slots.free(slot);
        assert_eq!(taken(&mut slots), slot);
    }
}
