//! One server: how we stand with it, what it can do, what was typed for it, and what it counted.

mod calling;
mod graphing;
mod loading;
mod recording;
mod repeating;
mod shelving;
pub(crate) mod state;
mod watching;

use std::collections::BTreeMap;
use std::time::Instant;

use self::calling::body_of;
use super::calls::{CallNumber, Calls};
use super::catalogue::{Catalogue, Listed, Procedure, Services};
use super::connection::{Connection, Failure, Target};
use super::connections::Connections;
use super::draft::Draft;
use super::find::{Find, Within};
use super::graphs::{Comparison, Graphs};
use super::history::History;
use super::identity::Own;
use super::journal::asked::JournalCommand;
use super::journal::recall::{Place, Reach, Recall};
use super::listing::Listing;
use super::load::Load;
use super::manual::Reading;
use super::preferences::Preferences;
use super::recording::replay::Replay;
use super::recording::{Recording, RecordingCommand};
use super::reply::Body;
use super::server::Server;
use super::settings::Profile;
use super::shelf::{Shelf, ShelfCommand};
use super::stream::Stream;
use super::traces::Traces;
use super::view::{Lens, Page, Scope, TimeRange};
use crate::command::Command;
use crate::exchange::{Generation, Purpose, Sight, TabNews, TabOrder, TabUpdate};
use crate::form::Part;
use crate::text;

/// Which tab: never used again once it is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct TabId(pub(crate) u64);

/// One server. Fields that a text box edits in place are plain data.
#[derive(Debug, Default)]
pub(crate) struct Tab {
    /// Which one.
    pub(crate) id: TabId,
    /// Where we stand with the server.
    pub(crate) connection: Connection,
    /// What is typed into the connection panel.
    pub(crate) entry: Entry,
    /// What the server can do.
    pub(crate) catalogue: Catalogue,
    /// Why there are no statistics, if the server refused them.
    pub(crate) no_stats: Option<Failure>,
    /// The path of the procedure that is shown.
    pub(crate) selected: Option<String>,
    /// The procedures as they are listed.
    pub(crate) listing: Listing,
    /// The page about the selected procedure.
    pub(crate) reading: Reading,
    /// What is typed into the forms, by the procedure's path. Nothing is ever removed.
    pub(crate) drafts: BTreeMap<String, Draft>,
    /// The calls made here.
    pub(crate) calls: Calls,
    /// How the calls that were made are looked at.
    pub(crate) recall: Recall,
    /// Requests that are kept as files.
    pub(crate) shelf: Shelf,
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
    /// What is looked for in the reply or on the page about the procedure.
    pub(crate) find: Option<Find>,
    /// Whether the reply is shown where there is room for it or the request.
    pub(crate) shows_reply: bool,
    /// What the user likes, in every tab.
    pub(crate) preferences: Preferences,
    /// What is drawn, worked out once for each change.
    pub(crate) graphs: Graphs,
    /// What the window is turned to.
    pub(crate) page: Page,
    /// Who we are, and whom we trust.
    pub(crate) own: Own,
    /// What the server says of its own identity, or why it does not.
    pub(crate) server: Option<Result<Box<Server>, Failure>>,
    /// Who is connected to the server.
    pub(crate) connections: Connections,
    /// Calls that were slow or failed.
    pub(crate) traces: Traces,
    /// What is written to a file of what the server counts.
    pub(crate) recording: Recording,
    /// The recording that is looked at here, in the place of a server.
    pub(crate) replay: Option<Replay>,
    /// What the worker was told is looked at.
    watched: Option<Sight>,
    /// Many calls that are made to measure them.
    pub(crate) load: Load,
    /// Whether the filter is to get the cursor.
    pub(crate) find_wanted: bool,
    /// When the server last told its counters over the present connection, or when that began.
    heard_at: Option<Instant>,
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

impl Entry {
    /// What a profile says.
    pub(crate) fn of(profile: Profile) -> Self {
        Self { target: profile.target(), profile: profile.name, focus_wanted: false }
    }
}

/// The graphs' data as it was at a moment.
#[derive(Debug, Clone)]
pub(crate) struct Frozen {
    /// The moment.
    pub(crate) at: Instant,
    history: History,
}

impl Tab {
    /// A tab that shows this target in its connection panel.
    pub(crate) fn new(id: TabId, target: Target) -> Self {
        let entry = Entry { focus_wanted: target.address.is_empty(), target, ..Entry::default() };
        Self { id, entry, ..Self::default() }
    }

    /// Whether it is as if it had just been opened.
    pub(crate) fn is_blank(&self) -> bool {
        let is_idle = matches!(self.connection, Connection::Disconnected) && self.replay.is_none();
        is_idle && self.catalogue.services().is_empty()
    }

    /// Does what the user wished of this server, and says what the worker has to do for it.
    pub(crate) fn obey(&mut self, command: Command, now: Instant) -> Option<TabOrder> {
        self.turn_over(&command);
        match command {
            Command::Connect => return self.connect(),
            Command::Disconnect => {
                self.connection = Connection::Disconnected;
                self.generation.0 += 1;
                return Some(TabOrder::Disconnect);
            }
            Command::RetryNow => {
                return matches!(self.connection, Connection::Reconnecting(..)).then_some(TabOrder::RetryNow);
            }
            Command::ReloadProcedures => {
                return self.connection.is_connected().then(|| {
                    self.catalogue = Catalogue::Loading;
                    TabOrder::Reload
                });
            }
            Command::Call => return self.call(now),
            Command::SendItem => return self.send_item(),
            Command::SendFile => return self.choose_file(),
            Command::StopFile => return self.running().map(|call| TabOrder::StopFile(call.number)),
            Command::HalfClose => return self.half_close(),
            Command::PauseItems => self.change_stream(Stream::toggle_pause),
            Command::FilterItems(filter) => self.change_stream(|stream| stream.set_filter(filter)),
            Command::CancelCall => return self.running().map(|call| TabOrder::Cancel(call.number)),
            Command::LookAt(item) => return self.look_at(item),
            Command::LookAway => {
                self.change_stream(|stream| stream.looked_at = None);
            }
            Command::ResetForm => self.with_draft(Draft::reset),
            Command::FillExample => self.with_draft(|draft, _| draft.fill_example()),
            Command::WriteIn(lens) => {
                (self.recall.is_open, self.shelf.is_open) = (false, false);
                self.with_draft(|draft, _| draft.look_through(lens));
            }
            Command::WriteOut(part) => self.with_draft(|draft, _| draft.write_out(part)),
            Command::PutBack(index) => self.with_draft(|draft, procedure| draft.put_back(index, procedure)),
            Command::DismissDropped => self.with_draft(|draft, _| draft.dropped = None),
            Command::Select(path) => {
                self.select(path);
                return self.explain();
            }
            Command::FillIn(path) => {
                self.reading.is_open = false;
                self.select(path.clone());
                if let Some(draft) = self.drafts.get_mut(&path) {
                    draft.cursor_wanted = Some(Part::Arguments);
                }
            }
            Command::FindProcedure => self.find_wanted = true,
            Command::ToggleManual => {
                self.reading.is_open = !self.reading.is_open;
                return self.explain();
            }
            Command::SetNotation(notation) => self.reading.notation = notation,
            Command::TogglePause
            | Command::SetRange(_)
            | Command::SetScope(_)
            | Command::ZoomTo(_)
            | Command::ZoomOut
            | Command::Compare(_)
            | Command::CompareServers
            | Command::CompareNothing
            | Command::ComparePercentile(_) => self.obey_of_graphs(command, now),
            Command::Show(page) => return self.turn_to(page),
            Command::SetLens(lens) => self.lens = lens,
            Command::FindInReply => self.find_within(Within::Reply),
            Command::FindOnPage => self.find_within(Within::Page),
            Command::Find(query) => self.find.get_or_insert_default().query = query,
            Command::FindNext => self.step(true),
            Command::FindPrevious => self.step(false),
            Command::FindNothing => self.find = None,
            Command::ToggleItem(item) => self.change_body(|body| body.toggle(item)),
            Command::SelectItem(item) => self.change_body(|body| body.select(item)),
            Command::Shelf(command) => return self.obey_shelf(command),
            Command::Recording(command) => return self.obey_of_recording(&command, now),
            Command::Browse(purpose) => return Some(TabOrder::Browse(purpose)),
            Command::AskAgain
            | Command::AskToClose(_)
            | Command::KeepConnection
            | Command::CloseConnection
            | Command::SortConnections(_)
            | Command::ShowTraces(_)
            | Command::ShowAllTraces
            | Command::SortTraces(_)
            | Command::SetTraced(_)
            | Command::LookAtTrace(_)
            | Command::PutTraceAway
            | Command::ShowProcedure(_) => return self.obey_watching(command, now),
            // What concerns the window is done by the window's model.
            _ => {}
        }
        None
    }

    /// Takes in what the worker learned.
    pub(crate) fn learn(&mut self, update: TabUpdate) -> Option<TabOrder> {
        let is_present = update.generation == self.generation;
        match update.news {
            TabNews::Items(number, batch) => self.learn_of_stream(number, |s| s.receive(batch, update.at)),
            TabNews::Sent(number, sent) => self.learn_of_stream(number, |s| s.sent(sent)),
            TabNews::Fed(number, progress) => self.learn_of_stream(number, |s| s.fed(progress)),
            TabNews::Looked(number, item, body) => self.learn_of_stream(number, |s| s.looked(item, body)),
            TabNews::Ended(number, ended) => {
                self.end(number, ended, update.at);
                return self.record_call(number);
            }
            TabNews::Recording(news) => return self.learn_of_recording(news, update.at),
            TabNews::Picked(Purpose::Items(number), path) => return self.send_file(number, path),
            TabNews::Load(run, news) => self.load.learn(run, news),
            TabNews::Shelf(news) => return self.learn_of_shelf(news),
            TabNews::Picked(purpose, path) => self.picked(&purpose, path.to_string_lossy().into_owned()),
            TabNews::Exported(done) => {
                if let Some(exporting) = &mut self.graphs.exporting {
                    exporting.done = Some(done);
                }
            }
            TabNews::Identity(folder, found, remarks) => self.own.learn(&folder, found, remarks),
            news if is_present => return self.learn_of_server(news, update.at),
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

    fn learn_of_server(&mut self, news: TabNews, at: Instant) -> Option<TabOrder> {
        let target = self.connection.target().cloned()?;
        match news {
            TabNews::Connected(session) => {
                self.connection = Connection::Connected(target, session);
                self.heard_at = Some(at);
            }
            TabNews::Failed(failure) => self.connection = Connection::Failed(target, failure),
            TabNews::Reconnecting(retry) => self.connection = Connection::Reconnecting(target, retry),
            TabNews::Catalogue(Ok(services)) => {
                self.show(services);
                return self.explain();
            }
            TabNews::Explained(path, page) => self.reading.learn(path, page),
            // What was listed before stays: it is more use than an error while the server comes back.
            TabNews::Catalogue(Err(failure)) if self.catalogue.services().is_empty() => {
                self.catalogue = Catalogue::Failed(failure);
            }
            TabNews::Stats(Ok(snapshot)) => {
                self.no_stats = None;
                self.heard_at = Some(at);
                self.history.record(snapshot, at);
            }
            TabNews::Stats(Err(failure)) => self.no_stats = Some(failure),
            TabNews::Server(said) => self.server = Some(said),
            TabNews::Connections(listed) => self.connections.learn(listed),
            TabNews::ConnectionClosed(outcome) => self.connections.learn_closed(outcome),
            TabNews::Traces(procedure, listed) => self.traces.learn(procedure.as_deref(), listed),
            _ => {}
        }
        None
    }

    /// What the window is called: what it shows, and how that is.
    pub(crate) fn title(&self) -> String {
        if let Some(replay) = &self.replay {
            return format!("Recording of {} · Countersign", text::line(replay.name(), 60));
        }
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
            Some(procedure) => format!("{} · {state} · Countersign", text::line(&procedure.path, 100)),
            None => format!("{state} · Countersign"),
        }
    }

    /// The procedure that is shown.
    pub(crate) fn procedure(&self) -> Option<&Procedure> {
        self.catalogue.procedure(self.selected.as_deref()?)
    }

    /// Whose calls are listed, as far as they are to be found.
    pub(crate) fn place(&self) -> Place {
        let address = self.connection.target().map(|target| target.address.clone());
        match self.recall.reach {
            Reach::Procedure => Place { address, procedure: self.selected.clone() },
            Reach::Server => Place { address, procedure: None },
            Reach::Everywhere => Place::default(),
        }
    }

    /// Whether a command would do anything now.
    pub(crate) fn allows(&self, command: &Command) -> bool {
        match command {
            command if self.replay.is_some() && !self.is_of_replay(command) => false,
            Command::Call => {
                let is_free = self.page != Page::Load && self.running().is_none();
                self.connection.is_connected() && self.procedure().is_some() && is_free
            }
            Command::Load(command) => self.allows_load(command),
            Command::Journal(JournalCommand::Toggle) => self.procedure().is_some(),
            Command::SendItem if self.page == Page::Load => false,
            Command::SendItem => self.running_stream().is_some_and(Stream::takes_items),
            Command::SendFile => self.running_stream().is_some_and(Stream::takes_a_file),
            Command::StopFile => self.running_stream().is_some_and(Stream::is_feeding),
            Command::PauseItems => self.last_stream().is_some(),
            Command::HalfClose => self.running_stream().is_some_and(Stream::can_half_close),
            Command::CancelCall => self.page != Page::Load && self.running().is_some(),
            Command::RetryNow => matches!(self.connection, Connection::Reconnecting(..)),
            Command::CopyTable => self.has_table(),
            Command::FindInReply => self.has_body(),
            Command::FindOnPage => self.reads_page(),
            Command::FindNext | Command::FindPrevious | Command::FindNothing => {
                self.finding(Within::Reply).is_some()
                    || (self.finding(Within::Page).is_some() && self.reads_page())
            }
            Command::ReloadProcedures => self.connection.is_connected(),
            Command::ToggleExport => self.graphs.sheet.is_some(),
            Command::ZoomOut => self.graphs.zoom.is_some(),
            Command::CompareNothing => self.graphs.comparison != Comparison::Nothing,
            Command::Connect => self.connection.is_idle(),
            Command::Disconnect => !self.connection.is_idle(),
            Command::Recording(RecordingCommand::Ask) => {
                self.connection.is_connected() && self.recording.running.is_none()
            }
            Command::Recording(RecordingCommand::Stop) => self.recording.running.is_some(),
            Command::Recording(RecordingCommand::Play | RecordingCommand::SetSpeed(_)) => {
                self.replay.is_some()
            }
            Command::ResetForm | Command::FillExample | Command::FindProcedure => {
                !self.catalogue.services().is_empty()
            }
            _ => true,
        }
    }

    fn connect(&mut self) -> Option<TabOrder> {
        let target = &self.entry.target;
        let [address, identity, expect_peer] =
            [&target.address, &target.identity, &target.expect_peer].map(|typed| typed.trim().to_owned());
        let target = Target { address, identity, expect_peer };
        if target.address.is_empty() || target.identity.is_empty() {
            let remedy = "An address looks like localhost:7443; an identity is a folder such as pki/alice.";
            let failure = Failure::new("The address or the identity folder is missing.", remedy);
            self.connection = Connection::Failed(target, failure);
            return None;
        }
        if let Err(failure) = target.expected_peer() {
            self.connection = Connection::Failed(target, failure);
            return None;
        }
        if self.connection.target() != Some(&target) {
            self.catalogue = Catalogue::Loading;
            self.server = None;
            self.history = History::default();
            self.frozen = None;
            self.graphs = Graphs::default();
            self.connections = Connections::default();
            self.traces = Traces::default();
        }
        self.connections.forget_closing();
        self.load.asked = None;
        self.generation.0 += 1;
        self.own.ask(&target.identity);
        self.connection = Connection::Connecting(target.clone());
        Some(TabOrder::Connect(target, self.generation))
    }

    /// Turns to the request or the reply, whichever a command is about.
    fn turn_over(&mut self, command: &Command) {
        self.shows_reply = match command {
            Command::TurnOver => !self.shows_reply,
            // Whoever has items to send does so beside the request.
            Command::Call => self.procedure().is_some_and(|procedure| procedure.items_in.is_none()),
            Command::SetLens(_) | Command::FindInReply => true,
            Command::Select(_)
            | Command::FillIn(_)
            | Command::WriteIn(_)
            | Command::FillExample
            | Command::ResetForm
            | Command::ToggleManual
            | Command::FindOnPage
            | Command::Shelf(ShelfCommand::Toggle) => false,
            _ => self.shows_reply,
        };
    }

    fn show(&mut self, services: Services) {
        self.listing.meet(&services, self.catalogue.services().is_empty());
        self.reading.forget();
        self.catalogue = Catalogue::Ready(services);
        let selected = self.selected.take().filter(|path| self.catalogue.listed(path).is_some());
        if let Some(path) = selected.or_else(|| self.catalogue.first().map(str::to_owned)) {
            self.reveal(&path);
            self.select(path);
        }
    }

    /// Has the list show where this procedure is.
    fn reveal(&mut self, path: &str) {
        if let Some(services) = self.catalogue.ready()
            && let Some(entry) = services.entry(path)
        {
            self.listing.reveal(entry, services);
        }
    }

    fn select(&mut self, path: String) {
        match self.catalogue.listed(&path) {
            Some(Listed::Offered(procedure)) => {
                self.drafts.entry(path.clone()).or_insert_with(|| Draft::new(procedure)).meet(procedure);
            }
            Some(Listed::Forbidden(_)) => {}
            None => return,
        }
        self.selected = Some(path);
    }

    /// Asks for the page about the selected procedure, if it is to be read and is not there yet.
    fn explain(&self) -> Option<TabOrder> {
        let procedure = self.procedure().filter(|_| self.reading.is_open)?;
        let is_missing = self.reading.page(&procedure.path).is_none();
        is_missing.then(|| TabOrder::Explain(Box::new(procedure.clone())))
    }

    /// Does something with the draft of the procedure that is shown.
    fn with_draft(&mut self, act: impl FnOnce(&mut Draft, &Procedure)) {
        let procedure = self.selected.as_deref().and_then(|path| self.catalogue.procedure(path));
        if let Some(procedure) = procedure
            && let Some(draft) = self.drafts.get_mut(&procedure.path)
        {
            act(draft, procedure);
        }
    }

    /// Changes how that is shown which came back.
    pub(super) fn change_body(&mut self, change: impl FnOnce(&mut Body)) {
        let call = self.selected.as_deref().and_then(|path| self.calls.last_mut(path));
        if let Some(body) = call.and_then(body_of) {
            change(body);
        }
    }

    fn picked(&mut self, purpose: &Purpose, chosen: String) {
        match purpose {
            Purpose::Identity => self.entry.target.identity = chosen,
            // They are sent at once.
            Purpose::Items(_) | Purpose::Recording => {}
            Purpose::Bytes { procedure, part, path } => {
                let draft = self.drafts.get_mut(procedure);
                if let Some(writing) = draft.and_then(|draft| draft.writing_mut(*part)) {
                    writing.form_mut().choose_file(path, chosen);
                    writing.form_was_edited();
                }
            }
        }
    }

    /// Turns the window to a page. Where no connection tells it, the worker has to look who we are.
    fn turn_to(&mut self, page: Page) -> Option<TabOrder> {
        self.page = page;
        let folder = self.entry.target.identity.trim();
        if page != Page::Certificates || !self.connection.is_idle() || folder.is_empty() {
            return None;
        }
        self.own.ask(folder);
        Some(TabOrder::ShowIdentity(folder.to_owned()))
    }
}
