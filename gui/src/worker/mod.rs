//! The thread that owns the clients. It obeys orders, tells what it learns, and asks for a repaint whenever
//! it has told something, so that the window itself never waits.

mod authority;
mod counting;
mod identity;
#[cfg_attr(not(test), expect(dead_code, reason = "the window takes it up"))]
mod journal;
mod link;
mod session;
mod stream;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use countersign::service::CallKind;
use tokio::runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, JoinSet};

use self::authority::Office;
pub(crate) use self::counting::Counting;
use self::identity::{OwnIdentity, Ready};
pub(crate) use self::link::{Link, answer, encoded, problem};
use self::session::Session;
use self::stream::Reins;
use crate::exchange::{CallOrder, Generation, News, Order, Purpose, Update};
use crate::model::calls::{CallNumber, Ended};
use crate::model::connection::Failure;
use crate::model::reply::{Problem, ProblemKind};
use crate::model::settings::Settings;

/// Called with what the user chose.
pub type Chosen = Box<dyn FnOnce(PathBuf) + Send>;

/// What the worker needs of the window system, as functions: the library has none.
#[derive(Clone)]
pub struct Desk {
    /// Asks for a repaint; called from the worker's thread.
    pub repaint: Arc<dyn Fn() + Send + Sync>,
    /// Lets the user choose a folder (`true`) or a file, and calls back if one was chosen.
    pub browse: Arc<dyn Fn(bool, Chosen) + Send + Sync>,
    /// Where the settings are kept, if anywhere.
    pub settings_file: Option<PathBuf>,
}

/// Starts the thread. It ends when the sender of orders is dropped.
pub(crate) fn start(desk: Desk) -> io::Result<(UnboundedSender<Order>, mpsc::Receiver<Update>)> {
    let (order_sender, orders) = unbounded_channel();
    let (update_sender, updates) = mpsc::channel();
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let speaker =
        Speaker { updates: update_sender, repaint: desk.repaint.clone(), generation: Generation::default() };
    thread::Builder::new().name("clients".to_owned()).spawn(move || {
        let office = Office::new(speaker.clone());
        let worker = Worker {
            desk,
            speaker,
            office,
            session: None,
            own: None,
            calls: HashMap::new(),
            running: JoinSet::new(),
        };
        runtime.block_on(worker.run(orders));
        runtime.shutdown_background();
    })?;
    Ok((order_sender, updates))
}

/// Tells the window what was learned.
#[derive(Clone)]
struct Speaker {
    updates: mpsc::Sender<Update>,
    repaint: Arc<dyn Fn() + Send + Sync>,
    generation: Generation,
}

impl Speaker {
    fn say(&self, news: News) {
        let update = Update { generation: self.generation, at: Instant::now(), news };
        // A window that has gone needs no news.
        if self.updates.send(update).is_ok() {
            (self.repaint)();
        }
    }
}

/// A call that has not ended.
enum UnderWay {
    Unary { task: AbortHandle, began: Instant },
    Stream(Reins),
}

/// What the thread holds.
struct Worker {
    desk: Desk,
    speaker: Speaker,
    office: Office,
    session: Option<Session>,
    own: Option<OwnIdentity>,
    calls: HashMap<CallNumber, UnderWay>,
    running: JoinSet<CallNumber>,
}

impl Worker {
    async fn run(mut self, mut orders: UnboundedReceiver<Order>) {
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
            }
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Connect(target, generation) => {
                self.speaker.generation = generation;
                let ready = self.own(target.identity.clone());
                self.session = Some(Session::start(target, ready, self.speaker.clone()));
            }
            Order::Disconnect => self.leave(),
            Order::RetryNow => self.session.iter().for_each(Session::retry_now),
            Order::Reload => self.session.iter().for_each(Session::reload),
            Order::Call(call) if call.kind == CallKind::Unary => self.call(*call),
            Order::Call(call) => self.stream(*call),
            Order::Send(number, item) => {
                if let Some(reins) = self.reins(number) {
                    reins.send(*item);
                }
            }
            Order::HalfClose(number) => self.reins(number).into_iter().for_each(Reins::half_close),
            Order::Look { call, item, bytes } => {
                let speaker = self.speaker.clone();
                // A large item takes its time.
                tokio::task::spawn_blocking(move || {
                    speaker.say(News::Looked(call, item, link::looked_into(&bytes)));
                });
            }
            Order::Cancel(number) => self.cancel(number),
            Order::OpenAuthority(folder) => self.office.look(folder),
            Order::Unlock(folder, secret) => self.office.unlock(folder, secret),
            Order::Lock(folder) => self.office.lock(folder),
            Order::Issue(order) => self.office.issue(*order),
            Order::Renew { folder, name } => self.office.renew(folder, name),
            Order::Revoke { folder, name } => self.office.revoke(folder, name),
            Order::ShowIdentity(folder) => drop(self.own(folder)),
            Order::Browse(purpose) => self.browse(purpose),
            Order::Save(settings) => self.save(settings),
        }
    }

    /// The identity in this folder, which is watched from now on.
    fn own(&mut self, folder: String) -> Ready {
        let speaker = self.speaker.clone();
        match &self.own {
            Some(own) if own.serves(&folder) => own.ready(),
            _ => self.own.insert(OwnIdentity::start(folder, speaker)).ready(),
        }
    }

    fn call(&mut self, call: CallOrder) {
        let (number, speaker) = (call.number, self.speaker.clone());
        let link = self.session.as_ref().and_then(Session::link);
        let began = Instant::now();
        let task = self.running.spawn(async move {
            let outcome = match link {
                Some(link) => link.call(&call).await,
                None => Err(link::no_connection()),
            };
            speaker.say(News::Ended(number, Ended { took: began.elapsed(), outcome }));
            number
        });
        self.calls.insert(number, UnderWay::Unary { task, began });
    }

    fn stream(&mut self, call: CallOrder) {
        let (number, link) = (call.number, self.session.as_ref().and_then(Session::link));
        let (reins, task) = stream::prepare(link, call, self.speaker.clone());
        self.running.spawn(task);
        self.calls.insert(number, UnderWay::Stream(reins));
    }

    fn reins(&mut self, number: CallNumber) -> Option<&mut Reins> {
        match self.calls.get_mut(&number)? {
            UnderWay::Stream(reins) => Some(reins),
            UnderWay::Unary { .. } => None,
        }
    }

    /// Streams have no end of their own: whoever hangs up ends them.
    fn leave(&mut self) {
        self.session = None;
        self.calls.retain(|_, call| matches!(call, UnderWay::Unary { .. }));
    }

    /// Dropping the call's future tells the server; the window is told here, or by the stream itself.
    fn cancel(&mut self, number: CallNumber) {
        match self.calls.remove(&number) {
            Some(UnderWay::Unary { task, began }) => {
                task.abort();
                let problem =
                    Problem::new(ProblemKind::Cancelled, "The call was given up. The handler may have run.");
                let ended = Ended { took: began.elapsed(), outcome: Err(problem) };
                self.speaker.say(News::Ended(number, ended));
            }
            Some(UnderWay::Stream(reins)) => reins.cancel(),
            None => {}
        }
    }

    fn browse(&self, purpose: Purpose) {
        let speaker = self.speaker.clone();
        let wants_folder = matches!(purpose, Purpose::Identity | Purpose::Authority);
        (self.desk.browse)(wants_folder, Box::new(move |path| speaker.say(News::Picked(purpose, path))));
    }

    fn save(&self, settings: Settings) {
        let Some(path) = self.desk.settings_file.clone() else { return };
        let speaker = self.speaker.clone();
        // Disks can be slow, networks of disks more so.
        tokio::task::spawn_blocking(move || {
            if let Err(error) = settings.save(&path) {
                let reason = format!("The settings could not be saved to {}: {error}", path.display());
                speaker.say(News::Trouble(Failure::new(reason, "They hold until this window closes.")));
            }
        });
    }
}
