//! The window's content: the model, drawn; wishes obeyed; orders sent and updates taken in.

use std::io;
use std::path::PathBuf;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use egui::Ui;
use tokio::sync::mpsc::UnboundedSender;

use crate::command::Command;
use crate::exchange::{Order, Update};
use crate::model::Model;
use crate::model::connection::{Failure, Target};
use crate::model::settings::Settings;
use crate::ui::{self, theme};
use crate::worker::{self, Desk, Quiet};

/// How long news of the worker is taken in before a frame is drawn: what still waits comes in the next one. However
/// many servers tell however much at once, nobody waits for a picture.
const LEARNING: Duration = Duration::from_millis(8);

/// What a window shows first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// This server, or the panel that asks for one.
    Server(Target),
    /// The recording in this file.
    Recording(PathBuf),
}

/// The dashboard, without a window around it.
pub struct Dashboard {
    pub(crate) model: Model,
    orders: UnboundedSender<Order>,
    updates: Receiver<Update>,
    /// Whether there is a file in which to remember what is open.
    remembers: bool,
    /// What the worker tells that rang no bell.
    quiet: Quiet,
    /// Whether there was more news than there was time for.
    pub(crate) is_behind: bool,
    /// The moment at which everything is drawn, where a test chooses it.
    #[cfg(test)]
    pub(crate) still: Option<Instant>,
}

impl Dashboard {
    /// A dashboard that shows this model and speaks to a worker through these channels.
    pub(crate) fn new(model: Model, orders: UnboundedSender<Order>, updates: Receiver<Update>) -> Self {
        Self {
            model,
            orders,
            updates,
            remembers: false,
            quiet: Quiet::default(),
            is_behind: false,
            #[cfg(test)]
            still: None,
        }
    }

    /// A dashboard with a worker of its own, which connects at once if the target says where.
    pub fn start(desk: Desk, opening: Opening) -> io::Result<Self> {
        let (target, recording) = match opening {
            Opening::Server(target) => (target, None),
            Opening::Recording(path) => (Target::default(), Some(path)),
        };
        let (settings, unread) = match desk.settings_file.as_deref().map(Settings::load) {
            Some(Err(error)) => (Settings::default(), Some(error)),
            Some(Ok(settings)) => (settings, None),
            None => (Settings::default(), None),
        };
        let mut desk = desk;
        if unread.is_some() {
            // What could not be read is not overwritten.
            desk.settings_file = None;
        }
        let settings_file = desk.settings_file.clone();
        let (orders, updates, quiet) = worker::start(desk)?;
        let is_anywhere = target.address.is_empty();
        let wants_connection = !target.address.is_empty() && !target.identity.is_empty();
        let mut dashboard = Self::new(Model::new(settings, target), orders, updates);
        dashboard.quiet = quiet;
        dashboard.model.trouble = unread.map(|error| {
            Failure::new(
                format!("The settings could not be read: {error}"),
                "Profiles are not saved in this run.",
            )
        });
        // Whoever looks at a recording finds the servers open again in the next run.
        dashboard.remembers = settings_file.is_some() && recording.is_none();
        dashboard.model.settings_file = settings_file;
        let now = Instant::now();
        if let Some(path) = recording {
            let order = dashboard.model.open_recording(&path);
            dashboard.send(order);
        } else if wants_connection {
            dashboard.obey(Command::Connect, now);
        } else if is_anywhere {
            dashboard.model.reopen(now).into_iter().for_each(|order| dashboard.send(Some(order)));
        }
        Ok(dashboard)
    }

    /// Sets fonts, sizes and colours. Call it once, before the first frame.
    pub fn install(&self, ctx: &egui::Context) {
        theme::install(ctx);
        theme::choose(ctx, &self.model.settings.preferences);
    }

    /// What the window is called, while it shows this.
    pub fn title(&self) -> String {
        self.model.title()
    }

    /// Takes in what the worker has learned. Call it before each frame.
    pub fn learn(&mut self) {
        let began = Instant::now();
        self.is_behind = false;
        while let Ok(update) = self.updates.try_recv() {
            let order = self.model.learn(update);
            self.send(order);
            if LEARNING < began.elapsed() {
                self.is_behind = true;
                break;
            }
        }
        // What rang no bell is newer than what still waits.
        let quiet = if self.is_behind { Vec::new() } else { self.quiet.take_all() };
        for (tab, update) in quiet {
            let order = self.model.learn(Update::Tab(tab, Box::new(update)));
            self.send(order);
        }
        let now = self.now();
        if self.model.due(now).is_some_and(|due| due <= now) {
            self.model.look_at_all(now);
        }
        self.notify();
    }

    /// When `learn` is to be called though no repaint was asked for, also while nothing is drawn: an alert may be
    /// due.
    pub fn due(&self) -> Option<Duration> {
        let now = self.now();
        self.model.due(now).map(|due| due.saturating_duration_since(now))
    }

    /// Draws the dashboard, and does what the user wished.
    pub fn ui(&mut self, ui: &mut Ui) {
        let now = self.now();
        let preferences = self.model.settings.preferences;
        for wish in ui::dashboard_ui(ui, &mut self.model, now) {
            self.obey(wish, now);
            ui.ctx().request_repaint();
        }
        if let Some(copied) = self.model.copied.take() {
            ui.ctx().copy_text(copied);
        }
        for order in self.model.watch(now) {
            self.send(Some(order));
        }
        if self.remembers {
            let order = self.model.remember();
            self.send(order);
        }
        if self.is_behind {
            ui.ctx().request_repaint();
        }
        if self.model.settings.preferences != preferences {
            theme::choose(ui.ctx(), &self.model.settings.preferences);
        }
    }

    fn now(&self) -> Instant {
        #[cfg(test)]
        if let Some(moment) = self.still {
            return moment;
        }
        Instant::now()
    }

    fn obey(&mut self, command: Command, now: Instant) {
        let order = self.model.obey(command, now);
        self.send(order);
        // Rules may have changed, a tab been closed, a connection been given up.
        self.model.look_at_all(now);
        self.notify();
    }

    /// Has the desktop told what it is to be told.
    fn notify(&mut self) {
        for notice in self.model.alerts.take_notices() {
            self.send(Some(Order::Notify(notice)));
        }
    }

    fn send(&self, order: Option<Order>) {
        if let Some(order) = order {
            // The worker outlives the dashboard, which holds the only sender.
            let _ = self.orders.send(order);
        }
    }
}
