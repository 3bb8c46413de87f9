//! A streaming call under way. Its items are taken as they come, gathered for a moment, and handed to the window
//! once that has taken in the ones before: a window that is slow or hidden neither holds up the call nor fills
//! the memory.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use countersign::CallError;
use countersign::call::{End, RawSendHalf};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::coop::consume_budget;
use tokio::time::{MissedTickBehavior, interval};

use super::feed;
use super::journal::Scribe;
use super::link::{self, Link};
use super::seat::Voice;
use crate::exchange::{CallOrder, FileOrder, ItemOrder, TabNews};
use crate::model::calls::{CallNumber, Ended};
use crate::model::reply::{Problem, ProblemKind};
use crate::model::stream::{Batch, Item, Newest};

/// How long items are gathered: nobody sees more than twenty pictures a second of a list that runs.
const GATHERED: Duration = Duration::from_millis(50);

/// What a streaming call is led by. Dropped, it cancels the call.
pub(super) struct Reins {
    cancel: oneshot::Sender<()>,
    /// Until no more items follow.
    items: Option<UnboundedSender<Load>>,
    /// Stops the file that was sent last.
    stop: Arc<AtomicBool>,
}

/// What is to be sent, in its turn.
enum Load {
    Item(ItemOrder),
    File(FileOrder, Arc<AtomicBool>),
}

impl Reins {
    /// Sends an item, after those before it.
    pub(super) fn send(&self, item: ItemOrder) {
        self.load(Load::Item(item));
    }

    /// Sends the items in a file, after those before them.
    pub(super) fn send_file(&mut self, file: FileOrder) {
        self.stop = Arc::default();
        self.load(Load::File(file, self.stop.clone()));
    }

    /// Sends no more of the file.
    pub(super) fn stop_file(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn load(&self, load: Load) {
        if let Some(items) = &self.items {
            // A call that has ended takes no more.
            let _ = items.send(load);
        }
    }

    /// Says that no items follow those that were given.
    pub(super) fn half_close(&mut self) {
        self.items = None;
    }

    /// Ends the call here and at the server.
    pub(super) fn cancel(self) {
        // It may have ended by itself.
        let _ = self.cancel.send(());
    }
}

/// A streaming call, and what leads it. It says everything that happens, and last how it ended.
pub(super) fn prepare(
    link: Option<Link>,
    call: CallOrder,
    scribe: Scribe,
    voice: Voice,
) -> (Reins, impl Future<Output = CallNumber>) {
    let (cancel, cancelled) = oneshot::channel();
    let (item_sender, items) = unbounded_channel();
    let tray = Tray::new(call.number, voice);
    (
        Reins { cancel, items: Some(item_sender), stop: Arc::default() },
        run(link, call, items, cancelled, scribe, tray),
    )
}

async fn run(
    link: Option<Link>,
    call: CallOrder,
    items: UnboundedReceiver<Load>,
    cancelled: oneshot::Receiver<()>,
    mut scribe: Scribe,
    mut tray: Tray,
) -> CallNumber {
    let end = tokio::select! {
        biased;
        _ = cancelled => {
            let words = "The call was given up, and the server was told to end it.";
            Err(Problem::new(ProblemKind::Cancelled, words))
        }
        end = exchange(link, &call, items, &mut scribe, &mut tray) => end,
    };
    let took = tray.began.elapsed();
    tray.hand_over();
    let ended = match end {
        Ok(end) => link::ended(took, end, call.earlier).await,
        Err(problem) => Ended::alone(took, Err(problem)),
    };
    scribe.ends(&ended, tray.received);
    tray.voice.say(TabNews::Ended(call.number, ended));
    call.number
}

/// Opens the call, and sends and receives until it ends, which is a problem only if it could not be opened.
async fn exchange(
    link: Option<Link>,
    call: &CallOrder,
    items: UnboundedReceiver<Load>,
    scribe: &mut Scribe,
    tray: &mut Tray,
) -> Result<End, Problem> {
    let link = link.ok_or_else(link::no_connection)?;
    let (sending, mut receiving) = link.open(call, |arguments| scribe.asks(arguments)).await?.split();
    let mut sending = std::pin::pin!(send(sending, items, call.number, scribe, tray.voice.clone()));
    let mut is_sending = link::takes_items(call.kind);
    let mut ticks = interval(GATHERED);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = ticks.tick(), if !tray.is_empty() => tray.hand_over_in_turn(),
            () = &mut sending, if is_sending => is_sending = false,
            next = receiving.next() => match next {
                Ok(Some(item)) => tray.put(item),
                Ok(None) | Err(_) => return Ok(receiving.end().await),
            },
        }
        // Items may be there without end, and a cancel has to get in between.
        consume_budget().await;
    }
}

/// Sends items until no more follow, or none can.
async fn send(
    mut half: RawSendHalf,
    mut items: UnboundedReceiver<Load>,
    number: CallNumber,
    scribe: &mut Scribe,
    voice: Voice,
) {
    while let Some(load) = items.recv().await {
        let sent = match load {
            Load::Item(item) => send_item(&mut half, item, number, scribe, &voice).await,
            Load::File(file, stop) => {
                feed::send(&mut half, &file, &stop, scribe, |far| voice.say(TabNews::Fed(number, far))).await
            }
        };
        if sent.is_err() {
            // The call has ended: the receiving half learns how.
            return;
        }
    }
}

async fn send_item(
    half: &mut RawSendHalf,
    item: ItemOrder,
    number: CallNumber,
    scribe: &mut Scribe,
    voice: &Voice,
) -> Result<(), CallError> {
    let sent = match link::encoded(item.item, &item.schema).await {
        Ok(item) => {
            scribe.sends(&item);
            Ok(half.send(item).await?)
        }
        Err(problem) => Err(problem),
    };
    voice.say(TabNews::Sent(number, sent));
    Ok(())
}

/// Where items lie between the connection and the window.
struct Tray {
    call: CallNumber,
    began: Instant,
    voice: Voice,
    received: u64,
    bytes: u64,
    first_after: Option<Duration>,
    newest: Newest,
    /// The window holds another one while it has not taken in the last batch.
    receipt: Arc<()>,
}

impl Tray {
    fn new(call: CallNumber, voice: Voice) -> Self {
        Self {
            call,
            began: Instant::now(),
            voice,
            received: 0,
            bytes: 0,
            first_after: None,
            newest: Newest::default(),
            receipt: Arc::default(),
        }
    }

    fn put(&mut self, item: Vec<u8>) {
        let after = self.began.elapsed();
        self.received += 1;
        self.bytes += item.len() as u64;
        self.first_after.get_or_insert(after);
        self.newest.push(Item::new(self.received, after, item));
    }

    fn is_empty(&self) -> bool {
        self.newest.len() == 0
    }

    /// Hands the items over, unless the window still has the last ones before it.
    fn hand_over_in_turn(&mut self) {
        if Arc::strong_count(&self.receipt) == 1 {
            self.hand_over();
        }
    }

    fn hand_over(&mut self) {
        if self.is_empty() {
            return;
        }
        let mut newest = mem::take(&mut self.newest);
        newest.summarise();
        let Self { received, bytes, first_after, .. } = *self;
        let batch = Batch { received, bytes, first_after, newest, receipt: self.receipt.clone() };
        self.voice.say(TabNews::Items(self.call, batch));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::exchange::Update;
    use crate::model::tab::TabId;
    use crate::worker::{Quiet, Speaker};

    fn tray() -> (Tray, Receiver<Update>) {
        let (updates, window) = channel();
        let speaker = Speaker { updates, repaint: Arc::new(|| {}), quiet: Quiet::default() };
        (Tray::new(CallNumber(1), Voice::new(TabId(0), speaker)), window)
    }

    fn batch(window: &Receiver<Update>) -> Option<Batch> {
        match window.try_recv().ok()? {
            Update::Tab(_, update) => match update.news {
                TabNews::Items(_, batch) => Some(batch),
                other => panic!("a batch was expected: {other:?}"),
            },
            other => panic!("a batch was expected: {other:?}"),
        }
    }

    #[test]
    fn a_window_that_does_not_look_is_sent_one_batch_and_misses_no_count() {
        let (mut tray, window) = tray();
        for _ in 0..100 {
            (0..1000).for_each(|_| tray.put(vec![0x01]));
            tray.hand_over_in_turn();
        }
        let first = batch(&window).unwrap();
        assert_eq!(first.received, 1000);
        assert!(window.try_recv().is_err(), "the first has not been taken in yet");
        drop(first);
        tray.hand_over_in_turn();
        let batch = batch(&window).unwrap();
        assert_eq!(batch.received, 100_000);
        assert!(batch.newest.len() < 10_000, "the oldest were let go of");
    }
}
