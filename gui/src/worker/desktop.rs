//! Tells the desktop of alerts. That it does not listen is said once, and not with each alert.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Speaker;
use crate::exchange::Update;
use crate::model::alerts::Notice;
use crate::model::connection::Failure;
use crate::text;

/// Shows a notification of the desktop, or says why it cannot. It may take as long as it likes.
pub type Notify = Arc<dyn Fn(&Notice) -> Result<(), String> + Send + Sync>;

/// The longest reason that is shown.
const REASON_SHOWN: usize = 300;

/// The way to the desktop.
pub(super) struct Desktop {
    notify: Notify,
    speaker: Speaker,
    has_failed: Arc<AtomicBool>,
}

impl Desktop {
    pub(super) fn new(notify: Notify, speaker: Speaker) -> Self {
        Self { notify, speaker, has_failed: Arc::default() }
    }

    /// Tells it. To be called within a runtime.
    pub(super) fn tell(&self, notice: Notice) {
        let (notify, speaker, has_failed) =
            (self.notify.clone(), self.speaker.clone(), self.has_failed.clone());
        // The bus of the desktop may hang, and its notification service may have to be started.
        tokio::task::spawn_blocking(move || match notify(&notice) {
            Ok(()) => has_failed.store(false, Ordering::Relaxed),
            Err(reason) if !has_failed.swap(true, Ordering::Relaxed) => {
                let reason = text::line(&reason, REASON_SHOWN);
                let reason = format!("The desktop cannot be told of alerts: {reason}.");
                let remedy = "They are told in the window all the same.";
                speaker.say(Update::Untold(Failure::new(reason, remedy)));
            }
            Err(_) => {}
        });
    }
}
