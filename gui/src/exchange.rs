//! What the window asks of the worker, and what the worker tells the window.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::service::CallKind;
use countersign::{MetadataValue, Schema};
use countersign_certs::Name;
use zeroize::Zeroizing;

use crate::demo::Demo;
use crate::form::{Content, Part};
use crate::model::alerts::Notice;
use crate::model::authority::{IssueOrder, OfficeNews};
use crate::model::calls::{CallNumber, Ended};
use crate::model::catalogue::{Procedure, Services};
use crate::model::connection::{Failure, Retry, Session, Target};
use crate::model::connections::Listing;
use crate::model::graphs::export::{Export, Format};
use crate::model::identity::{Identity, Remark};
use crate::model::journal::asked::JournalOrder;
use crate::model::journal::{Note, Pages};
use crate::model::load::RunNumber;
use crate::model::load::news::LoadNews;
use crate::model::load::plan::Plan;
use crate::model::manual::Manual;
use crate::model::recording::{RecordingNews, RecordingOrder};
use crate::model::reply::{Body, Earlier, Problem};
use crate::model::server::Server;
use crate::model::settings::Settings;
use crate::model::shelf::{ShelfNews, ShelfOrder};
use crate::model::stream::{Batch, FileProgress};
use crate::model::tab::TabId;
use crate::model::traces::Trace;
use crate::model::unanswered::Unanswered;
use countersign::builtin::stats::Snapshot;

/// Counts the targets that were asked for in a tab, so that news of an earlier one is not taken for the present one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Generation(pub(crate) u64);

/// What the window asks of the worker. Nothing here is answered directly: the answer is an [`Update`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Order {
    /// Do this for the server in a tab.
    Tab(TabId, TabOrder),
    /// The tab is closed: leave its server, and forget it.
    Close(TabId),
    /// Do this with an authority.
    Office(OfficeOrder),
    /// Do this with the calls that are kept.
    Journal(JournalOrder),
    /// Start the demo.
    StartDemo,
    /// Write the settings to their file.
    Save(Settings),
    /// Tell this as a notification of the desktop.
    Notify(Notice),
}

/// What is asked for the server in a tab.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TabOrder {
    /// Leave the present server, if any, and stay connected to this one.
    Connect(Target, Generation),
    /// Leave the server.
    Disconnect,
    /// Do not wait for the next attempt.
    RetryNow,
    /// Ask for the procedures again.
    Reload,
    /// Make a call.
    Call(Box<CallOrder>),
    /// Give a call up.
    Cancel(CallNumber),
    /// Send an item over a call.
    Send(CallNumber, Box<ItemOrder>),
    /// Send the items in a file over a call.
    SendFile(CallNumber, Box<FileOrder>),
    /// Send no more of the file.
    StopFile(CallNumber),
    /// Say that no items follow.
    HalfClose(CallNumber),
    /// Decode an item, to show what is in it.
    Look {
        /// The call over which it came.
        call: CallNumber,
        /// Its number.
        item: u64,
        /// As it came.
        bytes: Arc<[u8]>,
        /// The item before it.
        earlier: Option<Earlier>,
    },
    /// Write the page about a procedure.
    Explain(Box<Procedure>),
    /// Look what is in an identity's folder.
    ShowIdentity(String),
    /// Let the user choose a file or folder.
    Browse(Purpose),
    /// Do this with saved requests.
    Shelf(ShelfOrder),
    /// Do this with recordings.
    Recording(RecordingOrder),
    /// Write graphs to a new file.
    Export(PathBuf, Format, Box<Export>),
    /// Tell this now and again from now on, and nothing else of the kind. It is what is looked at.
    Watch(Option<Sight>),
    /// Have the server close a connection.
    CloseConnection {
        /// Its number there.
        number: u64,
        /// Whether it is the one of this window.
        is_own: bool,
    },
    /// Make many calls, to measure them.
    StartLoad(Box<LoadOrder>),
    /// Make no more of them. What was measured until then is told.
    StopLoad(RunNumber),
}

/// What is told only while it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Who is connected.
    Connections,
    /// Slow and failed calls: of a procedure, or of all.
    Traces(Option<String>),
}

/// What is asked of the authority at hand, which lies in a folder.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum OfficeOrder {
    /// Let the user choose the folder.
    Choose,
    /// Look for an authority there.
    Open(String),
    /// Open one whose keys are encrypted.
    Unlock(String, Secret),
    /// Forget what was unlocked.
    Lock(String),
    /// Have it make an identity.
    Issue(Box<IssueOrder>),
    /// Have it renew the identity of a name.
    Renew {
        /// The folder that holds the folder `authority`.
        folder: String,
        /// Whose identity.
        name: Name,
    },
    /// Have it revoke all certificates of a name.
    Revoke {
        /// The folder that holds the folder `authority`.
        folder: String,
        /// Whose certificates.
        name: Name,
    },
}

/// What nobody else may read. `Debug` never shows it, and its memory is cleared.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    /// What it is.
    pub(crate) fn words(&self) -> &str {
        &self.0
    }

    /// The same, to be typed.
    pub(crate) fn words_mut(&mut self) -> &mut String {
        &mut self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A call to make.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CallOrder {
    /// Its number here.
    pub(crate) number: CallNumber,
    /// What to call.
    pub(crate) procedure: String,
    /// Which sides send a stream of items.
    pub(crate) kind: CallKind,
    /// What was typed.
    pub(crate) arguments: Content,
    /// What the server says the arguments are.
    pub(crate) schema: Schema,
    /// How long to wait; without it, as long as the procedure says.
    pub(crate) deadline: Option<Duration>,
    /// What the result is to be compared with.
    pub(crate) earlier: Option<Earlier>,
    /// Items to send at once, after which no more follow; none leaves that to the window.
    pub(crate) items: Vec<ItemOrder>,
    /// How to note it, if it is to be.
    pub(crate) note: Option<Box<Note>>,
    /// What travels beside the arguments.
    pub(crate) metadata: Vec<(String, MetadataValue)>,
}

/// Many calls to make. Each is the same.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LoadOrder {
    /// Its number here.
    pub(crate) run: RunNumber,
    /// What to call: something with one reply.
    pub(crate) procedure: String,
    /// What was typed.
    pub(crate) arguments: Content,
    /// What the server says the arguments are.
    pub(crate) schema: Schema,
    /// How long to wait for each; without it, as long as `countersign bench` does.
    pub(crate) deadline: Option<Duration>,
    /// What travels beside the arguments of each.
    pub(crate) metadata: Vec<(String, MetadataValue)>,
    /// How many, when, and over how many connections.
    pub(crate) plan: Plan,
}

/// An item to send.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ItemOrder {
    /// What was typed.
    pub(crate) item: Content,
    /// What the server says an item is.
    pub(crate) schema: Schema,
}

/// A file to send, one item a line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FileOrder {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What the server says an item is.
    pub(crate) schema: Schema,
}

/// What a file or folder is chosen for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The identity folder.
    Identity,
    /// A recording to look at.
    Recording,
    /// The items to send over a call.
    Items(CallNumber),
    /// The bytes of a form field.
    Bytes {
        /// Whose form.
        procedure: String,
        /// Which of its forms.
        part: Part,
        /// Which field.
        path: String,
    },
}

/// What the worker tells the window.
#[derive(Debug)]
pub(crate) enum Update {
    /// Something of the server in a tab.
    Tab(TabId, Box<TabUpdate>),
    /// What an authority has, or has done.
    Office(OfficeNews),
    /// The calls that are kept.
    Journal(Pages),
    /// The demo runs, or why it does not.
    Demo(Result<Demo, Failure>),
    /// The desktop could not be told of an alert. It is said once.
    Untold(Failure),
    /// Something went wrong that belongs to no server, such as writing the settings.
    Trouble(Failure),
}

/// What the worker tells of the server in a tab, and about which target.
#[derive(Debug)]
pub(crate) struct TabUpdate {
    /// The target that was asked for when this became true.
    pub(crate) generation: Generation,
    /// When the worker learned it.
    pub(crate) at: Instant,
    /// What it learned.
    pub(crate) news: TabNews,
}

/// What the worker learned of the server in a tab.
#[derive(Debug)]
pub(crate) enum TabNews {
    /// The server's hello was read.
    Connected(Session),
    /// The first attempt failed.
    Failed(Failure),
    /// The connection is lost, and is being brought back.
    Reconnecting(Retry),
    /// What is in the identity's folder.
    Identity(String, Result<Box<Identity>, Failure>, Vec<Remark>),
    /// What the server can do.
    Catalogue(Result<Services, Failure>),
    /// The page about the procedure of this path.
    Explained(String, Box<Manual>),
    /// What the server says of its own identity.
    Server(Result<Box<Server>, Failure>),
    /// What the server counted.
    Stats(Result<Snapshot, Failure>),
    /// Items came over a call.
    Items(CallNumber, Batch),
    /// An item was sent over a call, or could not be made of what was typed.
    Sent(CallNumber, Result<(), Problem>),
    /// More of a file was sent over a call.
    Fed(CallNumber, FileProgress),
    /// An item that came over a call was decoded, or could not be.
    Looked(CallNumber, u64, Result<Body, String>),
    /// A call ended.
    Ended(CallNumber, Ended),
    /// Graphs were written to a file, or could not be.
    Exported(Result<PathBuf, Failure>),
    /// Who is connected to the server.
    Connections(Result<Listing, Unanswered>),
    /// Slow and failed calls: of a procedure, or of all.
    Traces(Option<String>, Result<Vec<Trace>, Unanswered>),
    /// A connection was closed, or had ended before (`false`), or could not be closed.
    ConnectionClosed(Result<bool, Unanswered>),
    /// The user chose a file or folder.
    Picked(Purpose, PathBuf),
    /// What became of saved requests.
    Shelf(ShelfNews),
    /// How many calls go that are made to measure them.
    Load(RunNumber, LoadNews),
    /// What became of recordings.
    Recording(RecordingNews),
}
