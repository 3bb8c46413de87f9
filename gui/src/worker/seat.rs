//! What the worker holds for one tab: its identity, its server, and its calls. Each has a task of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::service::CallKind;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, JoinSet, spawn_blocking};

use super::identity::{OwnIdentity, Ready};
use super::journal::{Journal, Scribe};
use super::link::{self, Link};
use super::load::{self, Engine, Load};
use super::recording::{self, Player, Tap};
use super::session::Session;
use super::stream::{self, Reins};
use super::watching::{self, Sights};
use super::{Desk, Speaker, export, shelf};
use crate::exchange::{CallOrder, Generation, LoadOrder, Purpose, TabNews, TabOrder, TabUpdate, Update};
use crate::model::calls::{CallNumber, Ended};
use crate::model::load::news::LoadNews;
use crate::model::manual::Manual;
use crate::model::reply::{Problem, ProblemKind};
use crate::model::tab::TabId;

/// Where the orders of a tab are obeyed. Dropped, it leaves the server and ends every call.
pub(super) struct Seat(UnboundedSender<TabOrder>);

impl Seat {
    /// Makes room for a tab.
    pub(super) fn start(
        tab: TabId,
        desk: &Desk,
        journal: Journal,
        engine: Arc<Engine>,
        speaker: Speaker,
    ) -> Self {
        let (sender, orders) = unbounded_channel();
        let sitter = Sitter {
            desk: desk.clone(),
            journal,
            engine,
            voice: Voice::new(tab, speaker),
            session: None,
            sights: Sights::default(),
            own: None,
            player: None,
            calls: HashMap::new(),
            running: JoinSet::new(),
            load: None,
        };
        tokio::spawn(sitter.run(orders));
        Self(sender)
    }

    /// Has an order obeyed, after those before it.
    pub(super) fn obey(&self, order: TabOrder) {
        // Who sits here goes when this is dropped, and not before.
        let _ = self.0.send(order);
    }
}

/// Tells the window what was learned for a tab.
#[derive(Clone)]
pub(super) struct Voice {
    tab: TabId,
    generation: Generation,
    speaker: Speaker,
    pub(super) tap: Tap,
}

impl Voice {
    pub(super) fn new(tab: TabId, speaker: Speaker) -> Self {
        Self { tab, generation: Generation::default(), speaker, tap: Tap::default() }
    }

    /// Says that this is so now.
    pub(super) fn say(&self, news: TabNews) {
        self.speaker.say(Update::Tab(self.tab, Box::new(self.update(news))));
    }

    /// Says it to a window that is drawn for another reason.
    pub(super) fn say_quietly(&self, news: TabNews) {
        self.speaker.quiet.put(self.tab, self.update(news));
    }

    /// Says it in the place of what of the same kind the window has not heard yet: it may be slow.
    pub(super) fn say_latest(&self, news: TabNews) {
        self.say_quietly(news);
        (self.speaker.repaint)();
    }

    /// Does what takes its time where nobody waits for it, and says what came of it.
    pub(super) fn work(&self, work: impl FnOnce() -> TabNews + Send + 'static) {
        let voice = self.clone();
        spawn_blocking(move || voice.say(work()));
    }

    fn update(&self, news: TabNews) -> TabUpdate {
        let update = TabUpdate { generation: self.generation, at: Instant::now(), news };
        self.tap.hear(&update);
        update
    }
}

/// A call that has not ended.
enum UnderWay {
    Unary { task: AbortHandle, began: Instant },
    Stream(Reins),
}

struct Sitter {
    desk: Desk,
    journal: Journal,
    engine: Arc<Engine>,
    voice: Voice,
    session: Option<Session>,
    sights: Sights,
    own: Option<OwnIdentity>,
    player: Option<Player>,
    calls: HashMap<CallNumber, UnderWay>,
    running: JoinSet<CallNumber>,
    load: Option<Load>,
}

impl Sitter {
    async fn run(mut self, mut orders: UnboundedReceiver<TabOrder>) {
        loop {
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => return,
                },
                Some(ended) = self.running.join_next() => {
                    if let Ok(number) = ended {
                        self.calls.remove(&number);
                    }
                }
                Some((number, ended)) = Load::ended(&mut self.load) => {
                    // Whoever hears of it may start another one.
                    self.load = None;
                    self.voice.say(TabNews::Load(number, ended));
                }
            }
        }
    }

    fn obey(&mut self, order: TabOrder) {
        match order {
            TabOrder::Connect(target, generation) => {
                self.voice.tap.close("Another server was connected with.");
                self.voice.generation = generation;
                self.load.iter().for_each(Load::stop);
                let ready = self.own(target.identity.clone());
                self.session =
                    Some(Session::start(target, ready, self.sights.subscribe(), self.voice.clone()));
            }
            TabOrder::Disconnect => self.leave(),
            TabOrder::RetryNow => self.session.iter().for_each(Session::retry_now),
            TabOrder::Reload => self.session.iter().for_each(Session::reload),
            TabOrder::Call(call) if call.kind == CallKind::Unary => self.call(*call),
            TabOrder::Call(call) => self.stream(*call),
            TabOrder::Send(number, item) => {
                if let Some(reins) = self.reins(number) {
                    reins.send(*item);
                }
            }
            TabOrder::SendFile(number, file) => {
                if let Some(reins) = self.reins(number) {
                    reins.send_file(*file);
                }
            }
            TabOrder::StopFile(number) => self.reins(number).into_iter().for_each(Reins::stop_file),
            TabOrder::HalfClose(number) => self.reins(number).into_iter().for_each(Reins::half_close),
            TabOrder::Export(path, format, graphs) => self.voice.work(move || {
                let written = export::write(&path, format, &graphs);
                TabNews::Exported(written.map(|()| path))
            }),
            // A large schema takes its time.
            TabOrder::Explain(procedure) => self.voice.work(move || {
                let page = Box::new(Manual::of(&procedure));
                TabNews::Explained(procedure.path, page)
            }),
            // A large item takes its time.
            TabOrder::Look { call, item, bytes, earlier } => self
                .voice
                .work(move || TabNews::Looked(call, item, link::looked_into(bytes, earlier.as_ref()))),
            TabOrder::Cancel(number) => self.cancel(number),
            TabOrder::ShowIdentity(folder) => drop(self.own(folder)),
            TabOrder::Browse(purpose) => self.browse(purpose),
            TabOrder::Watch(sight) => drop(self.sights.send_replace(sight)),
            TabOrder::CloseConnection { number, is_own } => self.close_connection(number, is_own),
            TabOrder::StartLoad(order) => self.start_load(*order),
            TabOrder::StopLoad(number) => {
                self.load.iter().filter(|load| load.number() == number).for_each(Load::stop);
            }
            TabOrder::Shelf(order) => shelf::obey(order, &self.voice, &self.desk.browse),
            TabOrder::Recording(order) => {
                let link = self.link();
                recording::obey(order, link, &self.voice, &mut self.player);
            }
        }
    }

    /// Has the server end somebody's connection, and looks at once who is left.
    fn close_connection(&self, number: u64, is_own: bool) {
        let (voice, sights) = (self.voice.clone(), self.sights.clone());
        let link = self.link();
        tokio::spawn(async move {
            let outcome = match link {
                Some(link) => watching::close(&link, number, is_own).await,
                None => Err(watching::no_connection()),
            };
            voice.say(TabNews::ConnectionClosed(outcome));
            sights.send_modify(|_| {});
        });
    }

    /// The identity in this folder, which is watched from now on.
    fn own(&mut self, folder: String) -> Ready {
        let voice = self.voice.clone();
        match &self.own {
            Some(own) if own.serves(&folder) => own.ready(),
            _ => self.own.insert(OwnIdentity::start(folder, voice)).ready(),
        }
    }

    /// The connection, while there is one.
    fn link(&self) -> Option<Link> {
        self.session.as_ref().and_then(Session::link)
    }

    fn call(&mut self, call: CallOrder) {
        let (number, voice) = (call.number, self.voice.clone());
        let link = self.link();
        let mut scribe = Scribe::new(&self.journal, &call);
        let began = Instant::now();
        let task = self.running.spawn(async move {
            let ended = match link {
                Some(link) => link.call(&call, |arguments| scribe.asks(arguments)).await,
                None => Ended::alone(Duration::ZERO, Err(link::no_connection())),
            };
            scribe.ends(&ended, 0);
            voice.say(TabNews::Ended(number, ended));
            number
        });
        self.calls.insert(number, UnderWay::Unary { task, began });
    }

    fn stream(&mut self, mut call: CallOrder) {
        let items = std::mem::take(&mut call.items);
        let (number, link) = (call.number, self.link());
        let scribe = Scribe::new(&self.journal, &call);
        let (mut reins, task) = stream::prepare(link, call, scribe, self.voice.clone());
        if !items.is_empty() {
            items.into_iter().for_each(|item| reins.send(item));
            reins.half_close();
        }
        self.running.spawn(task);
        self.calls.insert(number, UnderWay::Stream(reins));
    }

    fn start_load(&mut self, order: LoadOrder) {
        if self.load.is_some() {
            let failure = LoadNews::Failed(load::one_at_a_time());
            return self.voice.say(TabNews::Load(order.run, failure));
        }
        self.load = Some(Load::start(order, self.link(), self.engine.clone(), self.voice.clone()));
    }

    fn reins(&mut self, number: CallNumber) -> Option<&mut Reins> {
        match self.calls.get_mut(&number)? {
            UnderWay::Stream(reins) => Some(reins),
            UnderWay::Unary { .. } => None,
        }
    }

    /// Streams have no end of their own: whoever hangs up ends them.
    fn leave(&mut self) {
        self.voice.tap.close("The server was left.");
        self.session = None;
        self.load.iter().for_each(Load::stop);
        self.calls.retain(|_, call| matches!(call, UnderWay::Unary { .. }));
    }

    /// Dropping the call's future tells the server; the window is told here, or by the stream itself.
    fn cancel(&mut self, number: CallNumber) {
        match self.calls.remove(&number) {
            Some(UnderWay::Unary { task, began }) => {
                task.abort();
                let problem =
                    Problem::new(ProblemKind::Cancelled, "The call was given up. The handler may have run.");
                let ended = Ended::alone(began.elapsed(), Err(problem));
                self.voice.say(TabNews::Ended(number, ended));
            }
            Some(UnderWay::Stream(reins)) => reins.cancel(),
            None => {}
        }
    }

    fn browse(&self, purpose: Purpose) {
        let voice = self.voice.clone();
        let wants_folder = matches!(purpose, Purpose::Identity);
        (self.desk.browse)(wants_folder, Box::new(move |path| voice.say(TabNews::Picked(purpose, path))));
    }
}
