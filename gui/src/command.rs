//! Everything the user can ask for, under one name each: buttons, keys, the palette and the tests use these.

use egui::{Key, KeyboardShortcut, Modifiers};

use crate::exchange::Purpose;
use crate::form::Part;
use crate::model::alerts::AlertCommand;
use crate::model::calls::CallNumber;
use crate::model::connections;
use crate::model::draft as writing;
use crate::model::graphs::export::Format;
use crate::model::history::Percentile;
use crate::model::journal::asked::{CopyAs, JournalCommand};
use crate::model::load::asked::LoadCommand;
use crate::model::load::copies::CopyAs as CopyLoadAs;
use crate::model::manual::Notation;
use crate::model::preferences::Preferences;
use crate::model::recording::RecordingCommand;
use crate::model::recording::replay::Speed;
use crate::model::shelf::ShelfCommand;
use crate::model::tab::TabId;
use crate::model::traces::{self, Which};
use crate::model::view::{Lens, Moment, Page, Scope, Stretch, TimeRange};

/// A wish of the user. The model obeys it; what concerns the network becomes an order to the worker.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    /// Connect to what was typed.
    Connect,
    /// Hang up, and show the connection panel.
    Disconnect,
    /// Do not wait for the next attempt to reconnect.
    RetryNow,
    /// Ask the server again what it can do.
    ReloadProcedures,
    /// Make the call that is filled in.
    Call,
    /// Send the item that is filled in over the call that is under way.
    SendItem,
    /// Choose a file, and send the items in it over the call that is under way.
    SendFile,
    /// Send no more of it.
    StopFile,
    /// Say that no items follow.
    HalfClose,
    /// Give up the call that is under way.
    CancelCall,
    /// Let the list of items stand still while they go on coming, or let it go on.
    PauseItems,
    /// Show only the items that have this in them.
    FilterItems(String),
    /// Show what is in an item that came over the call.
    LookAt(u64),
    /// Show how the call ended instead.
    LookAway,
    /// Put the form back to its defaults.
    ResetForm,
    /// Fill the form with an example that fits.
    FillExample,
    /// Write the request in this way.
    WriteIn(writing::Lens),
    /// Write the value out over a text that says nothing yet.
    WriteOut(Part),
    /// Put a request back that was put aside.
    PutBack(usize),
    /// What has no place any more was read.
    DismissDropped,
    /// Show this procedure.
    Select(String),
    /// Show this procedure, with the cursor in its form.
    FillIn(String),
    /// Put the cursor into the filter.
    FindProcedure,
    /// Show the page about the selected procedure, or its form again.
    ToggleManual,
    /// Write the types on that page in this way.
    SetNotation(Notation),
    /// Freeze the graphs, or let them run.
    TogglePause,
    /// Show the graphs this far back.
    SetRange(TimeRange),
    /// Show the graphs of the selected procedure or of all.
    SetScope(Scope),
    /// Start a server with traffic on this machine, and connect to it.
    TryDemo,
    /// Open another tab.
    NewTab,
    /// Close this tab, or the one that is shown.
    CloseTab(Option<TabId>),
    /// Show this tab.
    ShowTab(TabId),
    /// Show the tab to the right.
    NextTab,
    /// Show the tab to the left.
    PreviousTab,
    /// Show this stretch of time, and stay there.
    ZoomTo(Stretch),
    /// Show the latest time again.
    ZoomOut,
    /// Graph a procedure beside the selected one, or no longer.
    Compare(String),
    /// Graph the selected procedure of every server that is open, or no longer.
    CompareServers,
    /// Graph nothing beside the selected procedure.
    CompareNothing,
    /// Which percentile is graphed where several things are compared.
    ComparePercentile(Percentile),
    /// Ask where the graphs are to be written, or ask no longer.
    ToggleExport,
    /// Write them there.
    Export(Format),
    /// Show a call that was made here.
    ShowCall(CallNumber),
    /// Show the traces of what happened at a moment.
    ShowTraces(Moment),
    /// Light if dark, dark if light.
    ToggleTheme,
    /// Show or leave the certificates of both sides.
    ToggleIdentity,
    /// Show or leave the page of settings.
    ToggleSettings,
    /// Make everything larger.
    Enlarge,
    /// Make everything smaller.
    Shrink,
    /// Make everything as large as it usually is.
    UsualSize,
    /// Let everything be as the user likes it from now on.
    Prefer(Preferences),
    /// Write down the calls of the profile in this place from now on, or do not.
    KeepCallsOf(usize, bool),
    /// Turn the window to this page.
    Show(Page),
    /// Ask the server again what it refused or failed to tell of connections or traces.
    AskAgain,
    /// Sort the connections by this column, or turn their order around.
    SortConnections(connections::Column),
    /// Ask whether the connection with this number is to be closed.
    AskToClose(u64),
    /// Leave it alone after all, or forget what came of closing it.
    KeepConnection,
    /// Close it.
    CloseConnection,
    /// Show those of all times and procedures.
    ShowAllTraces,
    /// Show all of them, or the slow or the failed ones.
    SetTraced(Which),
    /// Sort them by this column, or turn their order around.
    SortTraces(traces::Column),
    /// Show where the time of the one in this row went, or no longer.
    LookAtTrace(usize),
    /// Show the whole list again.
    PutTraceAway,
    /// Show this procedure on the page of calls.
    ShowProcedure(String),
    /// Choose the folder of an authority.
    ChooseAuthority,
    /// Look for an authority in the folder that was typed.
    OpenAuthority,
    /// Open the authority with the passphrase that was typed.
    Unlock,
    /// Forget the authority's keys.
    Lock,
    /// Have the identity made that is filled in.
    MakeIdentity,
    /// Renew somebody's identity.
    Renew(String),
    /// Ask whether somebody's certificates are to be revoked.
    AskToRevoke(String),
    /// Leave them alone after all.
    KeepCertificates,
    /// Revoke them.
    Revoke,
    /// Put the table that is shown on the clipboard.
    CopyTable,
    /// Find something in the reply.
    FindInReply,
    /// Find something on the page about the selected procedure.
    FindOnPage,
    /// Find this.
    Find(String),
    /// Go to the next match.
    FindNext,
    /// Go to the one before.
    FindPrevious,
    /// Find nothing any more.
    FindNothing,
    /// Show the reply in the place of the request, or the request again, where there is no room for both.
    TurnOver,
    /// Look at the reply in this way.
    SetLens(Lens),
    /// Fold or unfold an item of the reply, or of its fault.
    ToggleItem(usize),
    /// Highlight an item of it under every lens, or none.
    SelectItem(Option<usize>),
    /// Do this with the calls that were made.
    Journal(JournalCommand),
    /// What concerns alerts.
    Alert(AlertCommand),
    /// Do this with many calls that are made to measure them.
    Load(LoadCommand),
    /// What concerns saved requests.
    Shelf(ShelfCommand),
    /// What concerns recordings.
    Recording(RecordingCommand),
    /// Choose a file or folder.
    Browse(Purpose),
    /// Fill in the connection panel from a saved profile.
    UseProfile(usize),
    /// Keep what was typed as a profile.
    SaveProfile,
    /// Drop a saved profile.
    ForgetProfile(usize),
    /// Show or hide the list of commands.
    TogglePalette,
    /// The message was read.
    DismissTrouble,
}

const COMMAND_SHIFT: Modifiers = Modifiers { shift: true, ..Modifiers::COMMAND };

impl Command {
    /// What the palette lists, in its order; all that have a shortcut are here.
    pub(crate) const LISTED: &[Self] = &[
        Self::Call,
        Self::SendItem,
        Self::SendFile,
        Self::StopFile,
        Self::HalfClose,
        Self::PauseItems,
        Self::TurnOver,
        Self::SetLens(Lens::Tree),
        Self::SetLens(Lens::Diagnostic),
        Self::SetLens(Lens::Hex),
        Self::SetLens(Lens::Changes),
        Self::CancelCall,
        Self::Load(LoadCommand::Repeat),
        Self::Show(Page::Load),
        Self::Load(LoadCommand::Start),
        Self::Load(LoadCommand::Stop),
        Self::Load(LoadCommand::Copy(CopyLoadAs::Text)),
        Self::Load(LoadCommand::Copy(CopyLoadAs::Json)),
        Self::Load(LoadCommand::Copy(CopyLoadAs::Command)),
        Self::Load(LoadCommand::CompareNothing),
        Self::Journal(JournalCommand::Toggle),
        Self::Shelf(ShelfCommand::Toggle),
        Self::Journal(JournalCommand::Copy(None, CopyAs::Command)),
        Self::Journal(JournalCommand::Copy(None, CopyAs::Rust)),
        // Before the one whose keys are the same but for one.
        Self::FindInReply,
        Self::FindOnPage,
        Self::FindPrevious,
        Self::FindNext,
        Self::FindProcedure,
        Self::ToggleManual,
        Self::ResetForm,
        Self::FillExample,
        Self::WriteIn(writing::Lens::Form),
        Self::WriteIn(writing::Lens::Notation),
        Self::WriteIn(writing::Lens::Hex),
        Self::TogglePause,
        Self::SetScope(Scope::Selected),
        Self::SetScope(Scope::All),
        Self::SetRange(TimeRange::OneMinute),
        Self::SetRange(TimeRange::FiveMinutes),
        Self::SetRange(TimeRange::FifteenMinutes),
        Self::SetRange(TimeRange::OneHour),
        Self::SetRange(TimeRange::SixHours),
        Self::SetRange(TimeRange::OneDay),
        Self::Show(Page::Graphs),
        Self::ZoomOut,
        Self::CompareServers,
        Self::CompareNothing,
        Self::ToggleExport,
        Self::Recording(RecordingCommand::Ask),
        Self::Recording(RecordingCommand::Stop),
        Self::Recording(RecordingCommand::Browse),
        Self::Recording(RecordingCommand::Play),
        Self::Recording(RecordingCommand::SetSpeed(Speed::One)),
        Self::Recording(RecordingCommand::SetSpeed(Speed::Ten)),
        Self::Recording(RecordingCommand::SetSpeed(Speed::Sixty)),
        Self::Show(Page::Calls),
        Self::Show(Page::Connections),
        Self::Show(Page::Traces),
        Self::ShowAllTraces,
        Self::CopyTable,
        Self::Show(Page::Alerts),
        Self::Alert(AlertCommand::About),
        Self::Alert(AlertCommand::Write),
        Self::Alert(AlertCommand::AcknowledgeAll),
        Self::Alert(AlertCommand::ClearPast),
        Self::Alert(AlertCommand::ToggleDesktop),
        Self::ToggleIdentity,
        Self::Show(Page::NewIdentity),
        Self::TryDemo,
        Self::NewTab,
        Self::CloseTab(None),
        Self::NextTab,
        Self::PreviousTab,
        Self::ReloadProcedures,
        Self::RetryNow,
        Self::Connect,
        Self::Disconnect,
        Self::ToggleTheme,
        Self::Enlarge,
        Self::Shrink,
        Self::UsualSize,
        Self::ToggleSettings,
        Self::TogglePalette,
    ];

    /// What it is called in the window.
    pub(crate) fn text(&self) -> &'static str {
        match self {
            Self::Connect => "Connect",
            Self::Disconnect => "Disconnect",
            Self::RetryNow => "Try again now",
            Self::ReloadProcedures => "Reload procedures",
            Self::Call => "Call",
            Self::SendItem => "Send item",
            Self::SendFile => "Send a file of items…",
            Self::StopFile => "Stop sending the file",
            Self::HalfClose => "Send no more items",
            Self::PauseItems => "Pause or resume the list of items",
            Self::FilterItems(_) => "Filter items",
            Self::CancelCall => "Cancel call",
            Self::LookAt(_) => "Look into the item",
            Self::LookAway => "Close the item",
            Self::ResetForm => "Reset form",
            Self::FillExample => "Example",
            Self::WriteIn(writing::Lens::Form) => "Write the request in a form",
            Self::WriteIn(writing::Lens::Notation) => "Write the request in diagnostic notation",
            Self::WriteIn(writing::Lens::Hex) => "Write the request in hexadecimal digits",
            Self::WriteOut(_) => "Write out the last value",
            Self::PutBack(_) => "Put back",
            Self::DismissDropped => "Understood",
            Self::Select(_) => "Show procedure",
            Self::FillIn(_) => "Fill in",
            Self::FindProcedure => "Find procedure",
            Self::CopyTable => "Copy table",
            Self::FindInReply => "Find in the reply",
            Self::FindOnPage => "Find in the documentation",
            Self::Find(_) => "Find",
            Self::FindNext => "Next match",
            Self::FindPrevious => "Previous match",
            Self::FindNothing => "Close the search",
            Self::ToggleManual => "Documentation",
            Self::SetNotation(_) => "Change how types are written",
            Self::TogglePause => "Pause or resume graphs",
            Self::SetRange(TimeRange::OneMinute) => "Graph the last minute",
            Self::SetRange(TimeRange::FiveMinutes) => "Graph the last 5 minutes",
            Self::SetRange(TimeRange::FifteenMinutes) => "Graph the last 15 minutes",
            Self::SetRange(TimeRange::OneHour) => "Graph the last hour",
            Self::SetRange(TimeRange::SixHours) => "Graph the last 6 hours",
            Self::SetRange(TimeRange::OneDay) => "Graph the last 24 hours",
            Self::SetScope(Scope::Selected) => "Graph the selected procedure",
            Self::SetScope(Scope::All) => "Graph all procedures",
            Self::TryDemo => "Try the demo",
            Self::NewTab => "New tab",
            Self::CloseTab(_) => "Close tab",
            Self::ShowTab(_) => "Show tab",
            Self::NextTab => "Next tab",
            Self::PreviousTab => "Previous tab",
            Self::ZoomTo(_) => "Zoom in",
            Self::ZoomOut => "Zoom out",
            Self::Compare(_) => "Compare with this procedure",
            Self::CompareServers => "Compare servers",
            Self::CompareNothing => "Compare nothing",
            Self::ComparePercentile(_) => "Compare this percentile",
            Self::ToggleExport => "Export graphs…",
            Self::Export(Format::Csv) => "Save as CSV",
            Self::Export(Format::Png) => "Save as PNG",
            Self::ShowCall(_) => "Show call",
            Self::ShowTraces(_) => "Show traces",
            Self::ToggleTheme => "Switch between light and dark",
            Self::ToggleIdentity => "Identity and trust",
            Self::ToggleSettings | Self::Show(Page::Settings) => "Settings",
            Self::Enlarge => "Make everything larger",
            Self::Shrink => "Make everything smaller",
            Self::UsualSize => "Make everything its usual size",
            Self::Prefer(_) => "Change settings",
            Self::KeepCallsOf(..) => "Keep the calls of a profile on disk",
            Self::Show(Page::Graphs) => "Large graphs",
            Self::Show(Page::Calls) => "Calls",
            Self::Show(Page::Connections) => "Connections",
            Self::Show(Page::Traces) => "Traces",
            Self::Show(Page::Alerts) => "Alerts",
            Self::Show(Page::Load) => "Load",
            Self::Show(Page::Certificates) => "Certificates",
            Self::Show(Page::NewIdentity) => "New identity",
            Self::AskAgain => "Ask again",
            Self::SortConnections(_) => "Sort connections",
            Self::AskToClose(_) => "Close…",
            Self::KeepConnection => "Keep connection",
            Self::CloseConnection => "Close connection",
            Self::ShowAllTraces => "Show all traces",
            Self::SetTraced(Which::All) => "All",
            Self::SetTraced(Which::Slow) => "Slow",
            Self::SetTraced(Which::Failed) => "Failed",
            Self::SortTraces(_) => "Sort traces",
            Self::LookAtTrace(_) => "Show where its time went",
            Self::PutTraceAway => "Put away",
            Self::ShowProcedure(_) => "Show procedure",
            Self::ChooseAuthority => "Choose authority",
            Self::OpenAuthority => "Open",
            Self::Unlock => "Unlock",
            Self::Lock => "Lock",
            Self::MakeIdentity => "Make identity",
            Self::Renew(_) => "Renew",
            Self::AskToRevoke(_) => "Revoke…",
            Self::KeepCertificates => "Keep",
            Self::Revoke => "Revoke",
            Self::TurnOver => "Turn to the request or the reply",
            Self::SetLens(Lens::Tree) => "Show the reply as tree",
            Self::SetLens(Lens::Diagnostic) => "Show the reply in diagnostic notation",
            Self::SetLens(Lens::Hex) => "Show the reply in hex",
            Self::SetLens(Lens::Changes) => "Show what changed in the reply",
            Self::ToggleItem(_) => "Fold or unfold",
            Self::SelectItem(_) => "Highlight an item",
            Self::Journal(command) => command.text(),
            Self::Alert(command) => command.text(),
            Self::Load(command) => command.text(),
            Self::Shelf(command) => command.text(),
            Self::Recording(command) => command.text(),
            Self::Browse(_) => "Browse…",
            Self::UseProfile(_) => "Use profile",
            Self::SaveProfile => "Save as profile",
            Self::ForgetProfile(_) => "Forget profile",
            Self::TogglePalette => "All commands",
            Self::DismissTrouble => "Dismiss",
        }
    }

    /// The keys that mean it everywhere in the window.
    pub(crate) fn shortcut(&self) -> Option<KeyboardShortcut> {
        let key = match self {
            Self::FindInReply => return Some(KeyboardShortcut::new(COMMAND_SHIFT, Key::F)),
            Self::FindPrevious => return Some(KeyboardShortcut::new(Modifiers::SHIFT, Key::F3)),
            Self::FindNext => return Some(KeyboardShortcut::new(Modifiers::NONE, Key::F3)),
            // Never two at once: a call begins, and then its items are sent; and on the page of loads one is started.
            Self::Call | Self::SendItem | Self::Load(LoadCommand::Start) => Key::Enter,
            Self::CancelCall | Self::Load(LoadCommand::Stop) => Key::Period,
            Self::Load(LoadCommand::Repeat) => Key::N,
            Self::Show(Page::Load) => Key::L,
            Self::FindProcedure => Key::F,
            Self::ToggleManual => Key::U,
            Self::Journal(JournalCommand::Toggle) => Key::H,
            Self::Shelf(ShelfCommand::Toggle) => Key::S,
            Self::FillExample => Key::E,
            Self::TurnOver => Key::J,
            Self::CopyTable => Key::Y,
            Self::TogglePause => Key::P,
            Self::Show(Page::Graphs) => Key::G,
            Self::ToggleIdentity => Key::I,
            // Never both at once.
            Self::Recording(RecordingCommand::Ask | RecordingCommand::Stop) => Key::M,
            Self::Recording(RecordingCommand::Browse) => Key::O,
            Self::Recording(RecordingCommand::Play) => Key::Space,
            Self::Show(Page::Calls) => Key::Num1,
            Self::Show(Page::Connections) => Key::Num2,
            Self::Show(Page::Traces) => Key::Num3,
            Self::Show(Page::Alerts) => Key::B,
            Self::ToggleTheme => Key::D,
            Self::ToggleSettings => Key::Comma,
            Self::Enlarge => Key::Plus,
            Self::Shrink => Key::Minus,
            Self::UsualSize => Key::Num0,
            Self::NewTab => Key::T,
            Self::CloseTab(None) => Key::W,
            Self::NextTab => Key::PageDown,
            Self::PreviousTab => Key::PageUp,
            Self::RetryNow => Key::R,
            Self::TogglePalette => Key::K,
            _ => return None,
        };
        Some(KeyboardShortcut::new(Modifiers::COMMAND, key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_their_text_or_their_keys() {
        let mut texts: Vec<_> = Command::LISTED.iter().map(Command::text).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), Command::LISTED.len());
        let shared = [
            Command::SendItem,
            Command::Load(LoadCommand::Start),
            Command::Load(LoadCommand::Stop),
            Command::Recording(RecordingCommand::Stop),
        ];
        let own_keys = |command: &&Command| !shared.contains(command);
        let shortcuts: Vec<_> =
            Command::LISTED.iter().filter(own_keys).filter_map(Command::shortcut).collect();
        for (i, shortcut) in shortcuts.iter().enumerate() {
            assert!(!shortcuts[..i].contains(shortcut), "{shortcut:?}");
        }
    }
}
