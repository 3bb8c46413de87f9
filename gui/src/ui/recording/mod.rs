//! Recordings: the button that makes one and what it asks, and the page that shows one.

mod record;
mod replay;
mod timeline;

pub(crate) use self::record::{button_ui, dialogs_ui};
pub(crate) use self::replay::{facts_ui, page_ui};
