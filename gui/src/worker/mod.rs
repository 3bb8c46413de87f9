//! The thread that owns the clients. It obeys orders, tells what it learns, and asks for a repaint whenever
//! it has told something, so that the window itself never waits.

mod authority;
mod counting;
mod described;
mod desktop;
mod export;
mod feed;
mod identity;
mod journal;
mod link;
mod load;
mod quiet;
pub(crate) mod recording;
mod seat;
mod session;
mod shelf;
mod stream;
mod watching;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use self::authority::Office;
pub(crate) use self::counting::{Counting, tame};
pub(crate) use self::described::services;
use self::desktop::Desktop;
pub use self::desktop::Notify;
pub(crate) use self::export::write as export;
use self::journal::Journal;
pub(crate) use self::journal::calls_in;
pub(crate) use self::link::{Link, body, encoded, problem};
use self::load::Engine;
pub(crate) use self::quiet::Quiet;
use self::seat::Seat;
pub(crate) use self::shelf::{look, read};
use crate::demo::Demo;
use crate::exchange::{OfficeOrder, Order, Update};
use crate::model::connection::Failure;
use crate::model::settings::Settings;
use crate::model::tab::TabId;

/// Called with what the user chose.
pub type Chosen = Box<dyn FnOnce(PathBuf) + Send>;

/// Lets the user choose a folder (`true`) or a file, and calls back if one was chosen, on whatever thread.
pub type Browse = Arc<dyn Fn(bool, Chosen) + Send + Sync>;

/// What the worker needs of the window system, as functions: the library has none.
#[derive(Clone)]
pub struct Desk {
    /// Asks for a repaint; called from the worker's thread.
    pub repaint: Arc<dyn Fn() + Send + Sync>,
    /// Lets the user choose.
    pub browse: Browse,
    /// Tells the desktop of an alert; called from the worker's threads.
    pub notify: Notify,
    /// Has a folder removed when the program is told to stop; called from the worker's threads.
    pub remove_on_exit: Arc<dyn Fn(PathBuf) -> io::Result<()> + Send + Sync>,
    /// Where the settings are kept, if anywhere.
    pub settings_file: Option<PathBuf>,
}

/// Starts the thread. What it tells that is no news waits in the last of these. It ends when the sender of orders is dropped.
pub(crate) fn start(desk: Desk) -> io::Result<(UnboundedSender<Order>, mpsc::Receiver<Update>, Quiet)> {
    let (order_sender, orders) = unbounded_channel();
    let (updates, update_receiver) = mpsc::channel();
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let quiet = Quiet::default();
    let speaker = Speaker { updates, repaint: desk.repaint.clone(), quiet: quiet.clone() };
    let kept_in = desk.settings_file.as_ref().map(|settings| settings.with_file_name(journal::FILE_NAME));
    let teller = speaker.clone();
    let journal = Journal::start(kept_in, move |pages| teller.say(Update::Journal(pages)))?;
    thread::Builder::new().name("clients".to_owned()).spawn(move || {
        let office = Office::new(speaker.clone(), desk.browse.clone());
        let desktop = Desktop::new(desk.notify.clone(), speaker.clone());
        let worker = Worker {
            desk,
            speaker,
            office,
            desktop,
            journal,
            engine: Arc::default(),
            seats: HashMap::new(),
            saves: 0,
            saved: Arc::default(),
        };
        runtime.block_on(worker.run(orders));
        runtime.shutdown_background();
    })?;
    Ok((order_sender, update_receiver, quiet))
}

/// Tells the window what was learned.
#[derive(Clone)]
struct Speaker {
    updates: mpsc::Sender<Update>,
    repaint: Arc<dyn Fn() + Send + Sync>,
    quiet: Quiet,
}

impl Speaker {
    fn say(&self, update: Update) {
        // What waits is older.
        if let Update::Tab(tab, _) = &update {
            for before in self.quiet.take(*tab) {
                let _ = self.updates.send(Update::Tab(*tab, Box::new(before)));
            }
        }
        // A window that has gone needs no news.
        if self.updates.send(update).is_ok() {
            (self.repaint)();
        }
    }
}

/// What the thread holds.
struct Worker {
    desk: Desk,
    speaker: Speaker,
    office: Office,
    desktop: Desktop,
    journal: Journal,
    /// Where calls are made in numbers.
    engine: Arc<Engine>,
    /// Where the orders of each tab are obeyed, one task each: a server that hangs holds up no other.
    seats: HashMap<TabId, Seat>,
    /// How many times settings were to be saved, and which of them were saved last.
    saves: u64,
    saved: Arc<Mutex<u64>>,
}

impl Worker {
    async fn run(mut self, mut orders: UnboundedReceiver<Order>) {
        while let Some(order) = orders.recv().await {
            self.obey(order);
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Tab(tab, order) => {
                let start = || {
                    let (journal, engine) = (self.journal.clone(), self.engine.clone());
                    Seat::start(tab, &self.desk, journal, engine, self.speaker.clone())
                };
                self.seats.entry(tab).or_insert_with(start).obey(order);
            }
            Order::Close(tab) => drop(self.seats.remove(&tab)),
            Order::Office(order) => self.obey_in_office(order),
            Order::Journal(order) => self.journal.order(order),
            Order::StartDemo => self.start_demo(),
            Order::Save(settings) => self.save(settings),
            Order::Notify(notice) => self.desktop.tell(notice),
        }
    }

    fn obey_in_office(&self, order: OfficeOrder) {
        match order {
            OfficeOrder::Choose => self.office.choose(),
            OfficeOrder::Open(folder) => self.office.look(folder),
            OfficeOrder::Unlock(folder, secret) => self.office.unlock(folder, secret),
            OfficeOrder::Lock(folder) => self.office.lock(folder),
            OfficeOrder::Issue(order) => self.office.issue(*order),
            OfficeOrder::Renew { folder, name } => self.office.renew(folder, name),
            OfficeOrder::Revoke { folder, name } => self.office.revoke(folder, name),
        }
    }

    fn start_demo(&self) {
        let (speaker, remove_on_exit) = (self.speaker.clone(), self.desk.remove_on_exit.clone());
        tokio::task::spawn_blocking(move || {
            let demo = Demo::start().and_then(|demo| {
                remove_on_exit(demo.folder().to_owned())?;
                Ok(demo)
            });
            let failed = |error| {
                let remedy = "It needs a folder for temporary files, and a port of this machine.";
                Failure::new(format!("The demo could not be started: {error:#}."), remedy)
            };
            speaker.say(Update::Demo(demo.map_err(failed)));
        });
    }

    fn save(&mut self, settings: Settings) {
        let Some(path) = self.desk.settings_file.clone() else { return };
        self.saves += 1;
        let (number, saved, speaker) = (self.saves, self.saved.clone(), self.speaker.clone());
        // Disks can be slow, networks of disks more so.
        tokio::task::spawn_blocking(move || {
            let mut saved = saved.lock().unwrap_or_else(PoisonError::into_inner);
            if number < *saved {
                // Whoever asked later was quicker, and knew more.
                return;
            }
            *saved = number;
            if let Err(error) = settings.save(&path) {
                let reason = format!("The settings could not be saved to {}: {error}", path.display());
                speaker.say(Update::Trouble(Failure::new(reason, "They hold until this window closes.")));
            }
        });
    }
}
