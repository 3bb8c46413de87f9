//! Where callers wait for what becomes of their calls.

use std::task::{Poll, Waker};

use countersign_proto::Metadata;

use super::client::Ended;
use super::stream_slot::StreamSlot;

/// What the callers of a connection wait for, one place each.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<usize>,
}

#[derive(Debug)]
enum Slot {
    Free,
    /// A unary call: whom to wake, and the metadata that came before its end.
    Waiting(Waker, Metadata),
    Ended(Ended),
    Streaming(Box<StreamSlot>),
}

impl Slots {
    /// A place for a unary call, whose caller waits from now on.
    pub(super) fn take(&mut self, waker: &Waker) -> usize {
        self.put(Slot::Waiting(waker.clone(), Metadata::new()))
    }

    /// A place for a streaming call.
    pub(super) fn take_for_stream(&mut self, stream: StreamSlot) -> usize {
        self.put(Slot::Streaming(Box::new(stream)))
    }

    pub(super) fn free(&mut self, slot: usize) {
        self.slots[slot] = Slot::Free;
        self.free.push(slot);
    }

    /// A call has ended; `wakers` gets whom to wake now.
    pub(super) fn end(&mut self, slot: usize, mut ended: Ended, wakers: &mut Vec<Waker>) {
        let slot = &mut self.slots[slot];
        match slot {
            Slot::Waiting(_, response) => {
                ended.follow(std::mem::take(response));
                if let Slot::Waiting(waker, _) = std::mem::replace(slot, Slot::Ended(ended)) {
                    wakers.push(waker);
                }
            }
            Slot::Streaming(stream) => wakers.extend(stream.end(ended).into_iter().flatten()),
            Slot::Free | Slot::Ended(_) => {}
        }
    }

    /// Response metadata came.
    pub(super) fn respond(&mut self, slot: usize, metadata: Metadata) {
        match &mut self.slots[slot] {
            Slot::Waiting(_, response) => *response = metadata,
            Slot::Streaming(stream) => stream.response = metadata,
            Slot::Free | Slot::Ended(_) => {}
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
    pub(super) fn poll(&mut self, slot: usize, waker: &Waker) -> Poll<Ended> {
        match &mut self.slots[slot] {
            Slot::Waiting(waiting, _) => {
                waiting.clone_from(waker);
                Poll::Pending
            }
            ended => {
                let Slot::Ended(ended) = std::mem::replace(ended, Slot::Free) else {
                    unreachable!("a call is polled only while its place is its own");
                };
                self.free.push(slot);
                Poll::Ready(ended)
            }
        }
    }

    fn put(&mut self, taken: Slot) -> usize {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::Free);
            self.slots.len() - 1
        });
        self.slots[slot] = taken;
        slot
    }
}

#[cfg(test)]
mod tests {
    use countersign_proto::{Code, Status};

    use super::super::client::Answer;
    use super::*;

    fn answer(payload: &[u8]) -> Ended {
        Ended::Result(Answer { payload: payload.to_vec(), beside: None })
    }

    #[test]
    fn a_place_is_used_again_once_its_end_was_taken() {
        let mut slots = Slots::default();
        let slot = slots.take(Waker::noop());
        assert!(slots.poll(slot, Waker::noop()).is_pending());
        let mut wakers = Vec::new();
        slots.end(slot, answer(b"1"), &mut wakers);
        assert_eq!(wakers.len(), 1);
        assert!(matches!(slots.poll(slot, Waker::noop()), Poll::Ready(Ended::Result(_))));
        assert_eq!(slots.take(Waker::noop()), slot);
    }

    #[test]
    fn metadata_that_came_first_is_there_with_the_result() {
        let (mut slots, mut metadata) = (Slots::default(), Metadata::new());
        metadata.insert("trace", "1").expect("a key");
        let slot = slots.take(Waker::noop());
        slots.respond(slot, metadata.clone());
        slots.end(slot, answer(b"1"), &mut Vec::new());
        let Poll::Ready(Ended::Result(answer)) = slots.poll(slot, Waker::noop()) else { panic!("a result") };
        assert_eq!(answer.beside.expect("metadata").response, metadata);
    }

    #[test]
    fn a_stream_keeps_its_end_until_it_is_freed() {
        let mut slots = Slots::default();
        let slot = slots.take_for_stream(StreamSlot::new(true));
        slots.end(slot, Ended::Status(Box::new(Status::new(Code::Aborted, ""))), &mut Vec::new());
        slots.end(slot, answer(b"late"), &mut Vec::new());
        for _ in 0..2 {
            let ended = slots.stream(slot).and_then(|stream| stream.ended().cloned());
            assert!(matches!(ended, Some(Ended::Status(status)) if status.code == Code::Aborted));
        }
        slots.free(slot);
        assert_eq!(slots.take(Waker::noop()), slot);
    }
}
