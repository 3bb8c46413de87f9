//! A recording that somebody looks at: a thread for each, since a far moment takes a while.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

use super::reel::Reel;
use super::{apart, say};
use crate::model::connection::Failure;
use crate::model::recording::RecordingNews;
use crate::worker::seat::Voice;

/// Where moments are asked for. Dropped, it closes the recording.
pub(in crate::worker) struct Player(Sender<Duration>);

impl Player {
    /// Opens a recording, and tells how far that is, what is in it, and then what was counted by its end.
    pub(super) fn open(path: PathBuf, voice: &Voice) -> Self {
        let (sender, wanted) = channel();
        let teller = voice.clone();
        let player = apart("replay", move || {
            if let Err(why) = play(&path, &wanted, &teller) {
                say(&teller, RecordingNews::Unreadable(unreadable(&path, &why)));
            }
        });
        if let Err(failure) = player {
            say(voice, RecordingNews::Unreadable(failure));
        }
        Self(sender)
    }

    /// Asks for a moment; whatever was asked for before and is not there yet is left out.
    pub(super) fn go_to(&self, at: Duration) {
        // A recording that could not be read has no moments.
        let _ = self.0.send(at);
    }
}

fn play(path: &Path, wanted: &Receiver<Duration>, voice: &Voice) -> Result<(), String> {
    let mut progress = |share| {
        say(voice, RecordingNews::Opening(share));
        !matches!(wanted.try_recv(), Err(TryRecvError::Disconnected))
    };
    let Some((mut reel, overview)) = Reel::open(path, Instant::now(), &mut progress)? else { return Ok(()) };
    let mut at = overview.length;
    say(voice, RecordingNews::Opened(Box::new(overview)));
    loop {
        let history = reel.go_to(at)?.clone();
        say(voice, RecordingNews::At(at, Box::new(history)));
        let Ok(next) = wanted.recv() else { return Ok(()) };
        at = wanted.try_iter().last().unwrap_or(next);
    }
}

fn unreadable(path: &Path, why: &str) -> Failure {
    let remedy = "Recordings are made with “Record…” of a dashboard.";
    Failure::new(format!("{} cannot be shown: {why}", path.display()), remedy)
}
