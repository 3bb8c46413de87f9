//! What a server counts, written to a file, and such a file in the place of a server.

use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;

use super::Tab;
use crate::command::Command;
use crate::exchange::TabOrder;
use crate::model::calls::CallNumber;
use crate::model::recording::format::Head;
use crate::model::recording::replay::{Overview, Playing, Replay, Stage};
use crate::model::recording::{RecordingCommand, RecordingNews, RecordingOrder};
use crate::model::view::{Page, Scope};
use crate::text;

impl Tab {
    pub(super) fn obey_of_recording(&mut self, command: &RecordingCommand, now: Instant) -> Option<TabOrder> {
        match command {
            RecordingCommand::Stop if self.recording.running.is_some() => {
                return Some(TabOrder::Recording(RecordingOrder::Stop));
            }
            RecordingCommand::Dismiss => self.recording.ended = None,
            RecordingCommand::Play => self.playing_mut()?.toggle(now),
            RecordingCommand::SetSpeed(speed) => self.playing_mut()?.set_speed(*speed, now),
            RecordingCommand::GoTo(at) => self.playing_mut()?.go_to(*at, now),
            // What a server is called, the date and the tabs are the window's to know.
            _ => {}
        }
        None
    }

    /// Asks where what the server counts is to be written, or asks no longer.
    pub(crate) fn ask_to_record(&mut self, date: Timestamp) {
        if self.recording.asking.is_some() || self.allows(&Command::Recording(RecordingCommand::Ask)) {
            let server = self.connection.target().map_or("", |target| target.address.as_str());
            self.recording.toggle_asking(server, date);
        }
    }

    /// Has it written from now on.
    pub(crate) fn start_recording(&mut self, name: String, date: Timestamp) -> Option<TabOrder> {
        let (target, session) = (self.connection.target()?, self.connection.session()?);
        let head = Head {
            began: date,
            name,
            address: target.address.clone(),
            peer: session.peer.id.clone(),
            recorder: concat!("countersign-gui ", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let path = self.recording.start()?;
        Some(TabOrder::Recording(RecordingOrder::Record(path, Box::new(head))))
    }

    /// Has a call written down that has ended.
    pub(super) fn record_call(&self, number: CallNumber) -> Option<TabOrder> {
        self.recording.running.as_ref()?;
        let mark = self.calls.marks(None).filter(|mark| mark.number == number).last()?;
        Some(TabOrder::Recording(RecordingOrder::Note(mark.clone())))
    }

    /// Shows a recording from now on.
    pub(crate) fn open_recording(&mut self, path: &Path) -> TabOrder {
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        self.replay = Some(Replay::of(text::line(&file, 60)));
        self.entry.focus_wanted = false;
        TabOrder::Recording(RecordingOrder::Open(path.to_owned()))
    }

    /// The recording that is looked at, once it can be.
    pub(crate) fn playing(&self) -> Option<&Playing> {
        self.replay.as_ref()?.playing()
    }

    /// The same, to go elsewhere.
    pub(crate) fn playing_mut(&mut self) -> Option<&mut Playing> {
        self.replay.as_mut()?.playing_mut()
    }

    /// Whether what is shown is a recording, or that one is being opened.
    pub(crate) fn shows_recording(&self) -> bool {
        self.replay.is_some() && matches!(self.page, Page::Calls | Page::Graphs)
    }

    /// The moment that is shown and its date: now, or one that was recorded.
    pub(crate) fn moment(&self, now: (Instant, Timestamp)) -> (Instant, Timestamp) {
        self.playing().map_or(now, Playing::moment)
    }

    /// Goes to a moment of the recording.
    pub(super) fn go_to_moment(&mut self, moment: Instant, now: Instant) {
        if let Some(playing) = self.playing_mut() {
            let at = moment.saturating_duration_since(playing.overview.base);
            playing.go_to(at, now);
        }
    }

    /// Lets a recording that is played move on.
    pub(crate) fn play(&mut self, now: Instant) -> Option<TabOrder> {
        let at = self.playing_mut()?.pass(now)?;
        Some(TabOrder::Recording(RecordingOrder::GoTo(at)))
    }

    pub(super) fn learn_of_recording(&mut self, news: RecordingNews, at: Instant) -> Option<TabOrder> {
        let Some(replay) = &mut self.replay else {
            self.recording.learn(news, at);
            return None;
        };
        match news {
            RecordingNews::Opening(share) => replay.stage = Stage::Opening(share),
            RecordingNews::Opened(overview) => self.show_recording(*overview),
            RecordingNews::Unreadable(failure) => replay.stage = Stage::Failed(failure),
            RecordingNews::At(at, history) => {
                let playing = replay.playing_mut()?;
                let next = playing.told(at);
                self.calls.set_marks(playing.marks());
                self.history = *history;
                self.graphs.forget_points();
                return next.map(|next| TabOrder::Recording(RecordingOrder::GoTo(next)));
            }
            RecordingNews::Started(..) | RecordingNews::Ended(_) => {}
        }
        None
    }

    fn show_recording(&mut self, mut overview: Overview) {
        self.show(std::mem::take(&mut overview.services));
        self.scope = Scope::All;
        if let Some(replay) = &mut self.replay {
            replay.stage = Stage::Open(Box::new(Playing::new(overview)));
        }
    }

    /// Whether a command is about anything that there is without a server.
    pub(super) fn is_of_replay(&self, command: &Command) -> bool {
        match command {
            Command::SetRange(_)
            | Command::SetScope(_)
            | Command::FindProcedure
            | Command::Show(Page::Calls | Page::Graphs)
            | Command::Recording(RecordingCommand::Play | RecordingCommand::SetSpeed(_)) => {
                self.playing().is_some()
            }
            Command::ToggleExport
            | Command::ZoomOut
            | Command::CompareNothing
            | Command::TryDemo
            | Command::ToggleTheme
            | Command::Enlarge
            | Command::Shrink
            | Command::UsualSize
            | Command::ToggleSettings
            | Command::Show(Page::Alerts)
            | Command::TogglePalette
            | Command::Recording(RecordingCommand::Browse) => true,
            _ => false,
        }
    }
}
