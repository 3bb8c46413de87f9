//! Everything the window shows, without a window: commands and updates change it, panels read it.

pub(crate) mod authority;
pub(crate) mod calls;
pub(crate) mod catalogue;
pub(crate) mod clock;
pub(crate) mod connection;
pub(crate) mod draft;
pub(crate) mod graphs;
pub(crate) mod history;
pub(crate) mod identity;
#[expect(dead_code, reason = "the window takes it up")]
pub(crate) mod journal;
pub(crate) mod life;
pub(crate) mod reply;
pub(crate) mod server;
pub(crate) mod settings;
pub(crate) mod stream;
#[expect(dead_code, reason = "the reply takes it up")]
pub(crate) mod timing;
pub(crate) mod tree;
pub(crate) mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use self::authority::Office;
use self::calls::{CallNumber, Calls, OwnCall};
use self::catalogue::{Catalogue, Procedure};
use self::clock::Clock;
use self::connection::{Connection, Failure, Target};
use self::draft::Draft;
use self::graphs::Graphs;
use self::history::History;
use self::identity::Own;
use self::reply::Body;
use self::server::Server;
use self::settings::Settings;
use self::stream::{Look, Stream};
use self::view::{Lens, Page, Scope, Theme, TimeRange};
use crate::command::Command;
use crate::exchange::{CallOrder, Generation, ItemOrder, News, Order, Purpose, Update};
use crate::form::Part;
use crate::text;

/// The state of the dashboard. Fields that a text box edits in place are plain data.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// Where we stand with the server.
    pub(crate) connection: Connection,
    /// What is typed into the connection panel.
    pub(crate) entry: Entry,
    /// What is remembered from run to run.
    pub(crate) settings: Settings,
    /// What the server can do.
    pub(crate) catalogue: Catalogue,
    /// Why there are no statistics, if the server refused them.
    pub(crate) no_stats: Option<Failure>,
    /// The path of the procedure that is shown.
    pub(crate) selected: Option<String>,
    /// What is typed into the filter of the procedure list.
    pub(crate) filter: String,
    /// The services whose procedures are folded away.
    pub(crate) folded: BTreeSet<String>,
    /// What is typed into the forms, by the procedure's path. Nothing is ever removed.
    pub(crate) drafts: BTreeMap<String, Draft>,
    /// The calls made here.
    pub(crate) calls: Calls,
    /// What the server counted.
    pub(crate) history: History,
    /// The graphs as they stood when they were paused.
    pub(crate) frozen: Option<Frozen>,
    /// How far back the graphs go.
    pub(crate) range: TimeRange,
    /// Whose numbers they show.
    pub(crate) scope: Scope,
    /// How a reply is looked at.
    pub(crate) lens: Lens,
    /// What is drawn, worked out once for each change.
    pub(crate) graphs: Graphs,
    /// What the window is turned to.
    pub(crate) page: Page,
    /// Who we are, and whom we trust.
    pub(crate) own: Own,
    /// What the server says of its own identity, or why it does not.
    pub(crate) server: Option<Result<Box<Server>, Failure>>,
    /// The authority at hand, and the form to make identities.
    pub(crate) office: Office,
    /// What time it is.
    pub(crate) clock: Clock,
    /// What is typed into the list of commands, while that is shown.
    pub(crate) palette: Option<String>,
    /// Whether the filter is to get the cursor.
    pub(crate) find_wanted: bool,
    /// Something that went wrong beside the connection, until it is dismissed.
    pub(crate) trouble: Option<Failure>,
    /// Whether the window is dark just now, whoever decided that.
    pub(crate) is_dark: bool,
    generation: Generation,
}

/// What is typed into the connection panel.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    /// The address and the identity folder.
    pub(crate) target: Target,
    /// The name to save them under.
    pub(crate) profile: String,
    /// Whether the address is to get the cursor.
    pub(crate) focus_wanted: bool,
}

/// The graphs' data as it was at a moment.
#[derive(Debug, Clone)]
pub(crate) struct Frozen {
    /// The moment.
    pub(crate) at: Instant,
    history: History,
}

impl Model {
    /// A model that has these settings and shows this target in its connection panel.
    pub(crate) fn new(settings: Settings, target: Target) -> Self {
        let entry = Entry { focus_wanted: target.address.is_empty(), target, ..Entry::default() };
        Self { settings, entry, ..Self::default() }
    }

    /// Does what the user wished, and says what the worker has to do for it.
    pub(crate) fn obey(&mut self, command: Command, now: Instant) -> Option<Order> {
        match command {
            Command::Connect => return self.connect(),
            Command::Disconnect => {
                self.connection = Connection::Disconnected;
                self.generation.0 += 1;
                return Some(Order::Disconnect);
            }
            Command::RetryNow => {
                return matches!(self.connection, Connection::Reconnecting(..)).then_some(Order::RetryNow);
            }
            Command::ReloadProcedures => {
                return self.connection.is_connected().then(|| {
                    self.catalogue = Catalogue::Loading;
                    Order::Reload
                });
            }
            Command::Call => return self.call(now),
            Command::SendItem => return self.send_item(),
            Command::HalfClose => return self.half_close(),
            Command::CancelCall => return self.running().map(|call| Order::Cancel(call.number)),
            Command::LookAt(item) => return self.look_at(item),
            Command::LookAway => {
                if let Some(stream) = self.shown_stream() {
                    stream.looked_at = None;
                }
            }
            Command::ResetForm => self.reset_form(),
            Command::FillExample => {
                if let Some(draft) = self.selected.as_deref().and_then(|path| self.drafts.get_mut(path)) {
                    draft.fill_example();
                }
            }
            Command::Select(path) => self.select(path),
            Command::FillIn(path) => {
                self.select(path.clone());
                if let Some(draft) = self.drafts.get_mut(&path) {
                    draft.cursor_wanted = Some(Part::Arguments);
                }
            }
            Command::FindProcedure => self.find_wanted = true,
            Command::TogglePause => self.toggle_pause(now),
            Command::SetRange(range) => self.range = range,
            Command::SetScope(scope) => self.scope = scope,
            Command::ToggleTheme => {
                let opposite = if self.is_dark { Theme::Light } else { Theme::Dark };
                return self.set_theme(opposite);
            }
            Command::ToggleIdentity if self.page == Page::Calls => return self.turn_to(Page::Certificates),
            Command::ToggleIdentity => return self.turn_to(Page::Calls),
            Command::Show(page) => return self.turn_to(page),
            Command::OpenAuthority
            | Command::Unlock
            | Command::Lock
            | Command::MakeIdentity
            | Command::Renew(_)
            | Command::AskToRevoke(_)
            | Command::KeepCertificates
            | Command::Revoke => return self.obey_in_office(command),
            Command::SetLens(lens) => self.lens = lens,
            Command::ToggleRow(place) => self.toggle_row(place),
            Command::Browse(purpose) => return Some(Order::Browse(purpose)),
            Command::UseProfile(index) => self.use_profile(index),
            Command::SaveProfile => return self.save_profile(),
            Command::ForgetProfile(index) => {
                self.settings.profiles.remove(index);
                return Some(Order::Save(self.settings.clone()));
            }
            Command::TogglePalette => {
                self.palette = if self.palette.is_none() { Some(String::new()) } else { None };
            }
            Command::DismissTrouble => self.trouble = None,
        }
        None
    }

    /// Takes in what the worker learned, and says what it is to do about that.
    pub(crate) fn learn(&mut self, update: Update) -> Option<Order> {
        let is_present = update.generation == self.generation;
        match update.news {
            News::Items(number, batch) => self.learn_of_stream(number, |s| s.receive(batch, update.at)),
            News::Sent(number, sent) => self.learn_of_stream(number, |s| s.sent(sent)),
            News::Looked(number, item, body) => self.learn_of_stream(number, |s| s.looked(item, body)),
            News::Ended(number, ended) => self.calls.end(number, ended, update.at),
            News::Picked(purpose, path) => {
                return self.picked(&purpose, path.to_string_lossy().into_owned());
            }
            News::Trouble(failure) => self.trouble = Some(failure),
            News::Office(news) => self.learn_in_office(news),
            News::Identity(folder, found, remarks) => self.own.learn(&folder, found, remarks),
            news if is_present => self.learn_of_server(news, update.at),
            _ => {} // of a server that we have left
        }
        None
    }

    fn learn_of_stream(&mut self, number: CallNumber, learn: impl FnOnce(&mut Stream)) {
        // Another call may have taken its place.
        if let Some(stream) = self.calls.stream_mut(number) {
            learn(stream);
        }
    }

    fn learn_of_server(&mut self, news: News, at: Instant) {
        let Some(target) = self.connection.target().cloned() else { return };
        match news {
            News::Connected(session) => self.connection = Connection::Connected(target, session),
            News::Failed(failure) => self.connection = Connection::Failed(target, failure),
            News::Reconnecting(retry) => self.connection = Connection::Reconnecting(target, retry),
            News::Catalogue(Ok(services)) => self.show(services),
            // What was listed before stays: it is more use than an error while the server comes back.
            News::Catalogue(Err(failure)) if self.catalogue.services().is_empty() => {
                self.catalogue = Catalogue::Failed(failure);
            }
            News::Stats(Ok(snapshot)) => {
                self.no_stats = None;
                self.history.record(snapshot, at);
            }
            News::Stats(Err(failure)) => self.no_stats = Some(failure),
            News::Server(said) => self.server = Some(said),
            _ => {}
        }
    }

    /// Works out what the graphs show, if anything has changed. Call it once before drawing.
    pub(crate) fn refresh(&mut self, now: Instant) {
        let (history, now) = match &self.frozen {
            Some(frozen) => (&frozen.history, frozen.at),
            None => (&self.history, now),
        };
        let procedure = match self.scope {
            Scope::Selected => self.selected.as_deref(),
            Scope::All => None,
        };
        self.graphs.refresh(history, procedure, self.range, now);
    }

    /// The moment at the right edge of the graphs.
    pub(crate) fn view_now(&self, now: Instant) -> Instant {
        self.frozen.as_ref().map_or(now, |frozen| frozen.at)
    }

    /// What the window is called: what it shows, and how that is.
    pub(crate) fn title(&self) -> String {
        let address = self.connection.target().map(|target| text::line(&target.address, 60));
        let address = address.unwrap_or_default();
        let state = match &self.connection {
            Connection::Disconnected => return "Countersign".to_owned(),
            Connection::Connecting(_) => format!("connecting to {address}"),
            Connection::Connected(..) => address,
            Connection::Failed(..) => format!("no connection to {address}"),
            Connection::Reconnecting(..) => format!("connection to {address} lost"),
        };
        match self.procedure().filter(|_| self.connection.is_connected()) {
            Some(procedure) => format!("{} · {state} · Countersign", procedure.path),
            None => format!("{state} · Countersign"),
        }
    }

    /// The procedure that is shown.
    pub(crate) fn procedure(&self) -> Option<&Procedure> {
        self.catalogue.procedure(self.selected.as_deref()?)
    }

    /// Whether a command would do anything now.
    pub(crate) fn allows(&self, command: &Command) -> bool {
        match command {
            Command::Call => {
                self.connection.is_connected() && self.procedure().is_some() && self.running().is_none()
            }
            Command::SendItem => self.running_stream().is_some_and(Stream::takes_items),
            Command::HalfClose => self.running_stream().is_some_and(Stream::can_half_close),
            Command::CancelCall => self.running().is_some(),
            Command::RetryNow => matches!(self.connection, Connection::Reconnecting(..)),
            Command::ReloadProcedures => self.connection.is_connected(),
            Command::Connect => matches!(self.connection, Connection::Disconnected | Connection::Failed(..)),
            Command::Disconnect => {
                !matches!(self.connection, Connection::Disconnected | Connection::Failed(..))
            }
            Command::ResetForm | Command::FillExample | Command::FindProcedure => {
                !self.catalogue.services().is_empty()
            }
            _ => true,
        }
    }

    fn connect(&mut self) -> Option<Order> {
        let target = &self.entry.target;
        let target =
            Target { address: target.address.trim().to_owned(), identity: target.identity.trim().to_owned() };
        if target.address.is_empty() || target.identity.is_empty() {
            let remedy = "An address looks like localhost:7443; an identity is a folder such as pki/alice.";
            let failure = Failure::new("The address or the identity folder is missing.", remedy);
            self.connection = Connection::Failed(target, failure);
            return None;
        }
        if self.connection.target() != Some(&target) {
            self.catalogue = Catalogue::Loading;
            self.server = None;
            self.history = History::default();
            self.frozen = None;
            self.graphs = Graphs::default();
        }
        self.generation.0 += 1;
        self.own.ask(&target.identity);
        self.connection = Connection::Connecting(target.clone());
        Some(Order::Connect(target, self.generation))
    }

    fn call(&mut self, now: Instant) -> Option<Order> {
        if !self.allows(&Command::Call) {
            return None;
        }
        let procedure = self.catalogue.procedure(self.selected.as_deref()?)?;
        let (path, kind, schema) = (procedure.path.clone(), procedure.kind, procedure.arguments.clone());
        let stream = procedure.streams().then(|| Stream::new(procedure.items_in.is_some(), now));
        let procedure_deadline = procedure.deadline_ms.map(Duration::from_millis);
        let draft = self.drafts.get_mut(&path)?;
        draft.tried = true;
        let (arguments, deadline) = draft.request()?;
        let deadline = deadline.or(procedure_deadline);
        // Whoever starts such a call wants to send something next.
        draft.cursor_wanted = draft.item.is_some().then_some(Part::Item);
        let number = self.calls.start(&path, stream, now);
        Some(Order::Call(Box::new(CallOrder { number, procedure: path, kind, arguments, schema, deadline })))
    }

    fn send_item(&mut self) -> Option<Order> {
        if !self.allows(&Command::SendItem) {
            return None;
        }
        let draft = self.drafts.get_mut(self.selected.as_deref()?)?;
        draft.item_tried = true;
        let form = draft.item.as_ref()?;
        let item = ItemOrder { item: form.arguments().ok()?, schema: form.schema().clone() };
        let number = self.running()?.number;
        self.shown_stream()?.sending.as_mut()?.waiting += 1;
        Some(Order::Send(number, Box::new(item)))
    }

    fn half_close(&mut self) -> Option<Order> {
        if !self.allows(&Command::HalfClose) {
            return None;
        }
        let number = self.running()?.number;
        self.shown_stream()?.sending.as_mut()?.done = true;
        Some(Order::HalfClose(number))
    }

    fn look_at(&mut self, item: u64) -> Option<Order> {
        let call = self.calls.last(self.selected.as_deref()?)?.number;
        let stream = self.shown_stream()?;
        let bytes = stream.kept.numbered(item)?.bytes.clone();
        stream.looked_at = Some(Look { number: item, body: None });
        Some(Order::Look { call, item, bytes })
    }

    /// The call of the selected procedure that has not ended.
    pub(crate) fn running(&self) -> Option<&OwnCall> {
        self.calls.last(self.selected.as_deref()?).filter(|call| call.ended.is_none())
    }

    fn running_stream(&self) -> Option<&Stream> {
        self.running()?.stream.as_ref()
    }

    /// What came over the last call of the selected procedure, whether it has ended or not.
    fn shown_stream(&mut self) -> Option<&mut Stream> {
        self.calls.last_mut(self.selected.as_deref()?)?.stream.as_mut()
    }

    fn show(&mut self, services: Vec<catalogue::Service>) {
        let is_first = self.catalogue.services().is_empty();
        if is_first {
            let builtin = services.iter().filter(|service| catalogue::is_builtin(&service.name));
            self.folded.extend(builtin.map(|service| service.name.clone()));
        }
        self.catalogue = Catalogue::Ready(services);
        let selected = self.selected.take().filter(|path| self.catalogue.procedure(path).is_some());
        if let Some(path) = selected.or_else(|| self.catalogue.first().map(str::to_owned)) {
            self.select(path);
        }
    }

    fn select(&mut self, path: String) {
        if let Some(procedure) = self.catalogue.procedure(&path) {
            self.drafts.entry(path.clone()).or_insert_with(|| Draft::new(procedure)).meet(procedure);
            self.selected = Some(path);
        }
    }

    fn reset_form(&mut self) {
        if let Some(procedure) = self.procedure() {
            let (path, draft) = (procedure.path.clone(), Draft::new(procedure));
            self.drafts.insert(path, draft);
        }
    }

    fn toggle_pause(&mut self, now: Instant) {
        self.frozen = match self.frozen {
            Some(_) => None,
            None => Some(Frozen { at: now, history: self.history.clone() }),
        };
    }

    fn toggle_row(&mut self, place: usize) {
        if let Some(body) =
            self.selected.as_deref().and_then(|path| self.calls.last_mut(path)).and_then(body_of)
        {
            body.tree.toggle(place);
        }
    }

    fn set_theme(&mut self, theme: Theme) -> Option<Order> {
        self.settings.theme = theme;
        Some(Order::Save(self.settings.clone()))
    }

    fn use_profile(&mut self, index: usize) {
        if let Some(profile) = self.settings.profiles.get(index).cloned() {
            let target = Target { address: profile.address, identity: profile.identity };
            self.entry = Entry { target, profile: profile.name, focus_wanted: false };
        }
    }

    fn save_profile(&mut self) -> Option<Order> {
        let name = match self.entry.profile.trim() {
            "" => self.entry.target.address.trim(),
            name => name,
        };
        if name.is_empty() {
            return None;
        }
        self.settings.keep(name, &self.entry.target);
        Some(Order::Save(self.settings.clone()))
    }

    fn picked(&mut self, purpose: &Purpose, chosen: String) -> Option<Order> {
        match purpose {
            Purpose::Identity => self.entry.target.identity = chosen,
            Purpose::Authority => {
                self.office.folder = chosen;
                // Whoever chooses one wants to see it.
                return self.obey_in_office(Command::OpenAuthority);
            }
            Purpose::Bytes { procedure, part, path } => {
                let draft = self.drafts.get_mut(procedure);
                if let Some(form) = draft.and_then(|draft| draft.form_mut(*part)) {
                    form.choose_file(path, chosen);
                }
            }
        }
        None
    }
}

/// What is shown of a call: the item that is looked into, or else its result or its fault.
fn body_of(call: &mut OwnCall) -> Option<&mut Body> {
    if let Some(look) = call.stream.as_mut().and_then(|stream| stream.looked_at.as_mut()) {
        return look.body.as_mut()?.as_mut().ok();
    }
    match &mut call.ended.as_mut()?.outcome {
        Ok(answer) => Some(&mut answer.body),
        Err(problem) => problem.fault.as_deref_mut(),
    }
}
