//! Everything the window shows, without a window: commands and updates change it, panels read it.

pub(crate) mod alerts;
pub(crate) mod authority;
pub(crate) mod calls;
pub(crate) mod catalogue;
pub(crate) mod clock;
pub(crate) mod connection;
pub(crate) mod connections;
pub(crate) mod demonstration;
pub(crate) mod draft;
pub(crate) mod find;
pub(crate) mod graphs;
pub(crate) mod history;
pub(crate) mod identity;
pub(crate) mod journal;
pub(crate) mod life;
pub(crate) mod listing;
pub(crate) mod load;
pub(crate) mod manual;
pub(crate) mod preferences;
pub(crate) mod recording;
pub(crate) mod reply;
pub(crate) mod server;
pub(crate) mod settings;
pub(crate) mod shelf;
pub(crate) mod sorted;
pub(crate) mod stream;
pub(crate) mod tab;
pub(crate) mod table;
pub(crate) mod timing;
pub(crate) mod traces;
pub(crate) mod tree;
pub(crate) mod unanswered;
pub(crate) mod view;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use self::alerts::Alerts;
use self::authority::Office;
use self::clock::Clock;
use self::connection::{Connection, Failure, Target};
use self::demonstration::Demonstration;
use self::graphs::{Comparison, Source};
use self::journal::Journal;
use self::journal::asked::JournalCommand;
use self::preferences::{Preferences, Scale};
use self::recording::RecordingCommand;
use self::settings::Settings;
use self::shelf::{ShelfCommand, ShelfNews};
use self::tab::{Entry, Tab, TabId};
use self::view::{Page, Theme};
use crate::command::Command;
use crate::exchange::{Order, Purpose, TabNews, TabOrder, Update};

/// The most tabs: each may keep some hundred MiB of what a busy server counted.
pub(crate) const TABS_MAX: usize = 32;

/// The state of the dashboard: the servers, and what belongs to none of them.
#[derive(Debug)]
pub(crate) struct Model {
    /// One for each server, in the order in which they are shown. There is at least one.
    pub(crate) tabs: Vec<Tab>,
    /// Which of them is shown.
    shown: usize,
    /// The last number that was given to a tab.
    numbered: u64,
    /// What is remembered from run to run.
    pub(crate) settings: Settings,
    /// Where that is kept, if anywhere.
    pub(crate) settings_file: Option<PathBuf>,
    /// The authority at hand, and the form to make identities.
    pub(crate) office: Office,
    /// What is watched at the servers, and what came of it.
    pub(crate) alerts: Alerts,
    /// The calls that were made here, also in earlier runs.
    pub(crate) journal: Journal,
    /// What is to go to the clipboard.
    pub(crate) copied: Option<String>,
    /// The demo, if it was asked for.
    pub(crate) demo: Demonstration,
    /// What time it is.
    pub(crate) clock: Clock,
    /// What is typed into the list of commands, while that is shown.
    pub(crate) palette: Option<String>,
    /// Something that went wrong beside the servers, until it is dismissed.
    pub(crate) trouble: Option<Failure>,
    /// Whether the window is dark just now, whoever decided that.
    pub(crate) is_dark: bool,
}

impl Model {
    /// A model that has these settings, and one tab that shows this target in its connection panel.
    pub(crate) fn new(settings: Settings, target: Target) -> Self {
        let mut tab = Tab::new(TabId::default(), target);
        tab.preferences = settings.preferences;
        Self {
            tabs: vec![tab],
            shown: 0,
            numbered: 0,
            settings,
            settings_file: None,
            office: Office::default(),
            alerts: Alerts::default(),
            journal: Journal::default(),
            copied: None,
            demo: Demonstration::default(),
            clock: Clock::default(),
            palette: None,
            trouble: None,
            is_dark: false,
        }
    }

    /// Which of the tabs is shown.
    pub(crate) fn shown(&self) -> usize {
        self.shown
    }

    /// The tab that is shown.
    pub(crate) fn tab(&self) -> &Tab {
        &self.tabs[self.shown]
    }

    /// The same, to be changed.
    pub(crate) fn tab_mut(&mut self) -> &mut Tab {
        &mut self.tabs[self.shown]
    }

    /// The tab that is shown and the authority at hand, for the page that needs both.
    pub(crate) fn tab_and_office(&mut self) -> (&mut Tab, &mut Office) {
        (&mut self.tabs[self.shown], &mut self.office)
    }

    /// Does what the user wished, and says what the worker has to do for it.
    pub(crate) fn obey(&mut self, command: Command, now: Instant) -> Option<Order> {
        match command {
            Command::NewTab => self.open_tab(),
            Command::CloseTab(tab) => return self.close_tab(tab.unwrap_or(self.tab().id)),
            Command::ShowTab(tab) => self.show_tab(tab),
            Command::NextTab => self.shown = (self.shown + 1) % self.tabs.len(),
            Command::PreviousTab => self.shown = (self.shown + self.tabs.len() - 1) % self.tabs.len(),
            Command::ToggleTheme => {
                let theme = if self.is_dark { Theme::Light } else { Theme::Dark };
                return self.prefer(Preferences { theme, ..self.settings.preferences });
            }
            Command::Enlarge => return self.rescale(Scale::larger),
            Command::Shrink => return self.rescale(Scale::smaller),
            Command::UsualSize => return self.rescale(|_| Scale::default()),
            Command::CopyTable => self.copied = self.tab().table(now),
            Command::Prefer(preferences) => return self.prefer(preferences),
            Command::KeepCallsOf(index, keep) => {
                self.settings.profiles.get_mut(index)?.keep_calls = keep;
                return self.save();
            }
            Command::ToggleSettings => {
                let is_away = self.tab().page == Page::Settings;
                let page = if is_away { Page::Calls } else { Page::Settings };
                return self.obey(Command::Show(page), now);
            }
            Command::ToggleIdentity => {
                let is_away = self.tab().page.is_of_identity();
                let page = if is_away { Page::Calls } else { Page::Certificates };
                return self.obey(Command::Show(page), now);
            }
            Command::Show(Page::NewIdentity) => return self.enter_office(),
            Command::ToggleExport => {
                let date = self.clock.now();
                self.tab_mut().toggle_export(date);
            }
            Command::Recording(RecordingCommand::Ask) => {
                let date = self.clock.now();
                self.tab_mut().ask_to_record(date);
            }
            Command::Recording(RecordingCommand::Start) => return self.start_recording(),
            Command::Recording(RecordingCommand::Browse) => {
                return Some(Order::Tab(self.tab().id, TabOrder::Browse(Purpose::Recording)));
            }
            Command::Recording(RecordingCommand::Open(path)) => return self.open_recording(&path),
            Command::Export(format) => {
                let tab = self.tab();
                let order = tab.export(format, tab.moment((now, self.clock.now())), self.is_dark);
                return order.map(|order| Order::Tab(tab.id, order));
            }
            Command::OpenAuthority
            | Command::ChooseAuthority
            | Command::Unlock
            | Command::Lock
            | Command::MakeIdentity
            | Command::Renew(_)
            | Command::AskToRevoke(_)
            | Command::KeepCertificates
            | Command::Revoke => return self.office.obey(command).map(Order::Office),
            Command::Shelf(ShelfCommand::Toggle) if self.tab().shelf.folder.is_empty() => {
                self.tab_mut().shelf.folder = self.settings.requests.clone();
                return self.obey_in_tab(command, now);
            }
            Command::ShowCall(number) => {
                let id = self.journal.id(self.tab().id, number);
                self.tab_mut().show_call(number, &id, now);
            }
            Command::Load(command) => return self.obey_load(command),
            Command::Journal(command) => return self.obey_journal(command, now),
            Command::Alert(command) => return self.obey_alert(command, now),
            Command::UseProfile(index) => self.use_profile(index),
            Command::SaveProfile => return self.save_profile(),
            Command::ForgetProfile(index) => {
                self.settings.profiles.remove(index);
                return self.save();
            }
            Command::TogglePalette => {
                self.palette = if self.palette.is_none() { Some(String::new()) } else { None };
            }
            Command::TryDemo => return self.try_demo(now),
            Command::DismissTrouble => self.trouble = None,
            of_tab => return self.obey_in_tab(of_tab, now),
        }
        None
    }

    fn obey_in_tab(&mut self, command: Command, now: Instant) -> Option<Order> {
        let tab = self.tab_mut();
        let (id, order) = (tab.id, tab.obey(command, now)?);
        Some(Order::Tab(id, self.noted(id, order)))
    }

    /// Shows a recording in a tab of its own.
    pub(crate) fn open_recording(&mut self, path: &Path) -> Option<Order> {
        if !self.tab().is_blank() {
            if !self.allows(&Command::NewTab) {
                let reason = format!("There are {TABS_MAX} tabs, and the recording needs one.");
                self.trouble = Some(Failure::new(reason, "Close another one first."));
                return None;
            }
            self.tab_mut().recording.ended = None;
            self.open_tab();
        }
        let tab = self.tab_mut();
        Some(Order::Tab(tab.id, tab.open_recording(path)))
    }

    fn start_recording(&mut self) -> Option<Order> {
        let (date, name) = (self.clock.now(), self.tab().name(&self.settings));
        let tab = self.tab_mut();
        let order = tab.start_recording(name, date)?;
        Some(Order::Tab(tab.id, order))
    }

    /// Takes in what the worker learned, and says what it is to do about that.
    pub(crate) fn learn(&mut self, update: Update) -> Option<Order> {
        match update {
            Update::Tab(_, update) if matches!(update.news, TabNews::Picked(Purpose::Recording, _)) => {
                let TabNews::Picked(_, path) = update.news else { return None };
                self.open_recording(&path)
            }
            Update::Tab(id, update) => {
                // It may have been closed.
                let tab = self.tabs.iter_mut().find(|tab| tab.id == id)?;
                let has_folder = matches!(update.news, TabNews::Shelf(ShelfNews::Found(_, Ok(_))));
                let at = update.at;
                let order = tab.learn(*update).map(|order| Order::Tab(id, order));
                // What was recorded alarms nobody any more.
                if tab.replay.is_none() {
                    self.alerts.look(&self.settings, tab, at, self.clock.now());
                }
                if !has_folder || tab.shelf.folder == self.settings.requests {
                    return order;
                }
                self.settings.requests = tab.shelf.folder.clone();
                order.or_else(|| self.save())
            }
            Update::Office(news) => self.office.learn(news).map(Order::Office),
            Update::Journal(pages) => {
                let pages = Arc::new(pages);
                self.tabs.iter_mut().for_each(|tab| tab.recall.pages = pages.clone());
                self.journal.pages = pages;
                None
            }
            Update::Untold(failure) => {
                self.alerts.untold = Some(failure.clone());
                self.trouble = Some(failure);
                None
            }
            Update::Demo(Ok(demo)) => {
                self.demo = Demonstration::Running(demo);
                self.try_demo(Instant::now())
            }
            Update::Demo(Err(failure)) => {
                self.demo = Demonstration::Failed(failure);
                None
            }
            Update::Trouble(failure) => {
                self.trouble = Some(failure);
                None
            }
        }
    }

    /// The same order, and if it is a call, then one that is noted.
    fn noted(&self, id: TabId, mut order: TabOrder) -> TabOrder {
        if let TabOrder::Call(call) = &mut order
            && let Some(target) = self.tab().connection.target()
        {
            let on_disk = self.settings.profile_of(target).is_none_or(|profile| profile.keep_calls);
            call.note = Some(Box::new(self.journal.note(id, call.number, target, on_disk)));
        }
        order
    }

    /// Works out what the graphs show, if anything has changed. Call it once before drawing.
    pub(crate) fn refresh(&mut self, now: Instant) {
        let mut graphs = std::mem::take(&mut self.tab_mut().graphs);
        let own = self.tab();
        let others = self.tabs.iter().filter(|tab| tab.id != own.id && !tab.history.is_empty());
        // What was recorded was at another time.
        let others = others.filter(|tab| graphs.comparison == Comparison::Servers && tab.replay.is_none());
        let names: Vec<(String, &Tab)> =
            std::iter::once(own).chain(others).map(|tab| (tab.name(&self.settings), tab)).collect();
        let sources: Vec<Source<'_>> =
            names.iter().map(|(name, tab)| Source { name, history: tab.shown_history() }).collect();
        graphs.refresh(&sources, own.wanted(), now);
        self.tab_mut().graphs = graphs;
        self.tab_mut().search_on();
    }

    /// What the worker is told of what is looked at, if that has changed: it asks for nothing else of the kind.
    pub(crate) fn watch(&mut self, now: Instant) -> Vec<Order> {
        let played = self.tab_mut().play(now).map(|order| Order::Tab(self.tab().id, order));
        let shown = self.tab().id;
        let tabs = self.tabs.iter_mut();
        let watched = tabs.filter_map(|tab| Some(Order::Tab(tab.id, tab.watch(tab.id == shown)?)));
        watched.chain(played).collect()
    }

    /// The servers that are open, but for the demo, which will be gone.
    fn open(&self) -> impl Iterator<Item = &Target> {
        let demo = match &self.demo {
            Demonstration::Running(demo) => Some(demo.target()),
            _ => None,
        };
        let open = self.tabs.iter().filter(|tab| !matches!(tab.connection, Connection::Disconnected));
        open.filter_map(|tab| tab.connection.target()).filter(move |target| Some(*target) != demo)
    }

    /// Has written down which servers are open, if that has changed.
    pub(crate) fn remember(&mut self) -> Option<Order> {
        if self.open().eq(&self.settings.open) {
            return None;
        }
        self.settings.open = self.open().cloned().collect();
        self.save()
    }

    /// Opens the servers that were open last, and says what the worker has to do for it.
    pub(crate) fn reopen(&mut self, now: Instant) -> Vec<Order> {
        let targets = self.settings.open.clone();
        let orders = targets.into_iter().filter_map(|target| self.open_at(target, now)).collect();
        self.shown = 0;
        orders
    }

    /// What the window is called.
    pub(crate) fn title(&self) -> String {
        self.tab().title()
    }

    /// Whether a command would do anything now.
    pub(crate) fn allows(&self, command: &Command) -> bool {
        match command {
            Command::NewTab => self.tabs.len() < TABS_MAX,
            Command::NextTab | Command::PreviousTab => self.tabs.len() > 1,
            Command::Alert(command) => self.allows_alert(command),
            Command::Journal(JournalCommand::Copy(None, _)) => self.last_noted().is_some(),
            // The last one is left to the server's page.
            Command::CloseTab(_) => self.tabs.len() > 1 || !self.tab().is_blank(),
            of_tab => self.tab().allows(of_tab),
        }
    }

    /// Shows the demo, which is started first if it does not run.
    fn try_demo(&mut self, now: Instant) -> Option<Order> {
        let target = match &self.demo {
            Demonstration::Running(demo) => demo.target().clone(),
            Demonstration::Starting => return None,
            Demonstration::Off | Demonstration::Failed(_) => {
                self.demo = Demonstration::Starting;
                return Some(Order::StartDemo);
            }
        };
        if let Some(tab) = self.tabs.iter().find(|tab| tab.connection.target() == Some(&target)) {
            self.show_tab(tab.id);
            return None;
        }
        self.open_at(target, now)
    }

    /// Connects a tab with a server: the one that is shown, if nothing was done with it yet.
    fn open_at(&mut self, target: Target, now: Instant) -> Option<Order> {
        if !self.tab().is_blank() {
            self.open_tab();
        }
        self.tab_mut().entry = Entry { target, ..Entry::default() };
        self.obey(Command::Connect, now)
    }

    fn open_tab(&mut self) {
        if !self.allows(&Command::NewTab) {
            return;
        }
        // Most often it is the same identity.
        let identity = self.tab().entry.target.identity.clone();
        let target = Target { identity, ..Target::default() };
        self.shown += 1;
        let tab = self.blank_tab(target);
        self.tabs.insert(self.shown, tab);
    }

    fn close_tab(&mut self, id: TabId) -> Option<Order> {
        let place = self.tabs.iter().position(|tab| tab.id == id)?;
        self.tabs.remove(place);
        if place < self.shown {
            self.shown -= 1;
        }
        if self.tabs.is_empty() {
            let tab = self.blank_tab(Target::default());
            self.tabs.push(tab);
        }
        self.shown = self.shown.min(self.tabs.len() - 1);
        Some(Order::Close(id))
    }

    fn blank_tab(&mut self, target: Target) -> Tab {
        self.numbered += 1;
        let mut tab = Tab::new(TabId(self.numbered), target);
        tab.recall.pages = self.journal.pages.clone();
        tab.preferences = self.settings.preferences;
        tab
    }

    fn show_tab(&mut self, id: TabId) {
        if let Some(place) = self.tabs.iter().position(|tab| tab.id == id) {
            self.shown = place;
        }
    }

    /// Opens the authority beside our own identity, or the one that was chosen before.
    fn enter_office(&mut self) -> Option<Order> {
        let (tab, office) = self.tab_and_office();
        tab.page = Page::NewIdentity;
        let own = match tab.own.folder.as_str() {
            "" => tab.entry.target.identity.trim(),
            own => own,
        };
        office.enter(own).map(Order::Office)
    }

    /// Has the settings written down.
    fn save(&self) -> Option<Order> {
        Some(Order::Save(self.settings.clone()))
    }

    /// Lets all of the window be as the user likes it, now and in the next run.
    fn prefer(&mut self, preferences: Preferences) -> Option<Order> {
        self.settings.preferences = preferences;
        self.tabs.iter_mut().for_each(|tab| tab.preferences = preferences);
        self.save()
    }

    fn rescale(&mut self, step: impl FnOnce(Scale) -> Scale) -> Option<Order> {
        let preferences = self.settings.preferences;
        let scale = step(preferences.scale);
        (scale != preferences.scale).then(|| self.prefer(Preferences { scale, ..preferences }))?
    }

    fn use_profile(&mut self, index: usize) {
        if let Some(profile) = self.settings.profiles.get(index).cloned() {
            self.tab_mut().entry = Entry::of(profile);
        }
    }

    fn save_profile(&mut self) -> Option<Order> {
        let entry = &self.tab().entry;
        let name = match entry.profile.trim() {
            "" => entry.target.address.trim(),
            name => name,
        };
        if name.is_empty() {
            return None;
        }
        let (name, target) = (name.to_owned(), entry.target.clone());
        self.settings.keep(&name, &target);
        self.save()
    }
}
