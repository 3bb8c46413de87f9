//! What commands do, in a sentence for those who have not used them yet: the tooltips of their buttons, and of the list
//! of commands. Where the name says it all, there is none.

use crate::command::Command;
use crate::model::journal::asked::{CopyAs, JournalCommand};
use crate::model::recording::RecordingCommand;
use crate::model::shelf::ShelfCommand;
use crate::model::view::{Lens, Page, Scope};

impl Command {
    /// What it does, where its name does not say it all.
    pub(crate) fn meaning(&self) -> &'static str {
        match self {
            Self::Connect => "Dials the server; both sides prove who they are before anything else is said",
            Self::Disconnect => "Leaves this server; what was typed and listed stays",
            Self::RetryNow => "Does not wait for the next attempt to reconnect",
            Self::ReloadProcedures => {
                "Asks the server again what it can do, such as after its policy has changed"
            }
            Self::SaveProfile => {
                "Keeps address, identity folder and server ID under a name; keys stay in their folder"
            }
            Self::TryDemo => "Makes certificates and starts a busy server on this machine, until you leave",
            Self::Call => "Sends what is filled in",
            Self::SendItem => "Sends what is filled in as the next item of the stream",
            Self::SendFile => "Sends items from a file: one a line, as JSON or in diagnostic notation",
            Self::HalfClose => "Tells the server that no items follow; it may still answer",
            Self::CancelCall => "Gives the call up here and at the server",
            Self::FillExample => "Fills in a small value that fits; what was typed is put aside",
            Self::ResetForm => "Puts everything back to the defaults; what was typed is put aside",
            Self::DismissDropped => {
                "Lets go of this notice; what has no place any more stays under “Put aside”"
            }
            Self::TurnOver => "In a window with no room for both, shows the one or the other",
            Self::FindOnPage => "Finds text on the page about the procedure, while that is open",
            Self::FindInReply => "Finds text in keys and values; under Hex, bytes by their digits, too",
            Self::SetLens(Lens::Tree) => "Rows to unfold: keys, values, and what they are",
            Self::SetLens(Lens::Diagnostic) => {
                "The whole value as text, in the notation of RFC 8949 for CBOR"
            }
            Self::SetLens(Lens::Hex) => "The bytes as they came over the wire",
            Self::SetLens(Lens::Changes) => "What is different from the reply before, place by place",
            Self::ToggleManual => "What the procedure does, takes, gives and fails with, and who may call it",
            Self::Journal(JournalCommand::Toggle) => {
                "The calls that were made, also in earlier runs: to repeat, edit or copy"
            }
            Self::Journal(JournalCommand::Copy(_, CopyAs::Command)) => {
                "The call as a `countersign` command, for a shell. It names the identity's folder, and has no key in it."
            }
            Self::Journal(JournalCommand::Copy(_, CopyAs::Rust)) => {
                "The call as a Rust program. It names the identity's folder, and has no key in it."
            }
            Self::Journal(JournalCommand::Edit(_)) => "Puts the call into the form, to be changed first",
            Self::Journal(JournalCommand::Pin(_, true)) => "Lets the call stay however many come after it",
            Self::Journal(JournalCommand::Forget(_)) => "Lets go of the call, on disk too",
            Self::Shelf(ShelfCommand::Toggle) => {
                "Requests that are kept as small text files, to be shared and compared"
            }
            Self::TogglePause => "Freezes the graphs; counting goes on",
            Self::ToggleExport => "Writes the points as a table (CSV) or the graphs as a picture (PNG)",
            Self::ZoomOut => "Shows the latest time again",
            Self::CompareServers => "Draws the same procedure of every server that is open in one graph",
            Self::SetScope(Scope::All) => "All procedures together, but for the built-in ones",
            Self::Show(Page::Graphs) => "Every graph as large as it gets, and bytes beside them",
            Self::Show(Page::Calls) => "The procedures of this server, calls and graphs",
            Self::Show(Page::Connections) => "Who is connected to this server, since when and how busily",
            Self::Show(Page::Traces) => "Calls that were slow or failed, and where their time went",
            Self::Show(Page::Load) => {
                "Many calls of one procedure, at a rate or as fast as they go, and how long they took"
            }
            Self::Show(Page::Alerts) => {
                "Rules that watch latency, errors, certificates and connections, and what they have told"
            }
            Self::Recording(RecordingCommand::Browse) => {
                "Shows a file that was recorded before, at any of its moments"
            }
            Self::Show(Page::Certificates) => {
                "Both sides' certificates, whom each believes, and by which revocation lists (CRLs)"
            }
            Self::Show(Page::NewIdentity) => {
                "Makes, renews and revokes identities, where the authority is at hand"
            }
            Self::ShowAllTraces => "Those of all times and procedures",
            Self::CopyTable => "The rows as they are sorted and filtered, with tabs between the values",
            Self::AskAgain => "Asks the server again, such as after its policy has changed",
            Self::AskToClose(_) => "Ends this connection and the calls on it; asks first",
            Self::ToggleIdentity => "Who both sides are, whom each believes, and until when",
            Self::Renew(_) => "Makes a new certificate for the same name; the old one holds until its end",
            Self::AskToRevoke(_) => "Takes back every certificate of this name; asks first",
            Self::Lock => "Forgets the authority's keys, which the passphrase unlocks again",
            Self::NewTab => "Another server beside this one, with an identity of its own",
            _ => "",
        }
    }
}
