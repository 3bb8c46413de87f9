//! Recordings on disk: written as the server tells its statistics, and read again.

mod frames;
mod player;
mod recorder;
pub(crate) mod reel;
mod survey;
mod tap;
#[cfg(test)]
pub(crate) mod tests;

use std::thread;

pub(super) use self::player::Player;
pub(crate) use self::recorder::Tape;
use self::recorder::record;
pub(crate) use self::reel::Reel;
pub(crate) use self::tap::Heard;
pub(super) use self::tap::Tap;
use super::link::Link;
use super::seat::Voice;
use crate::exchange::TabNews;
use crate::model::connection::Failure;
use crate::model::recording::{RecordingNews, RecordingOrder};

/// Does what is asked of recordings in a tab.
pub(super) fn obey(order: RecordingOrder, link: Option<Link>, voice: &Voice, player: &mut Option<Player>) {
    match order {
        RecordingOrder::Record(path, head) => record(path, *head, link, voice),
        RecordingOrder::Note(mark) => voice.tap.note(mark),
        RecordingOrder::Stop => voice.tap.close("It was stopped."),
        RecordingOrder::Open(path) => *player = Some(Player::open(path, voice)),
        RecordingOrder::GoTo(at) => player.iter().for_each(|player| player.go_to(at)),
    }
}

/// Does it on a thread of its own, or says why not.
fn apart(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let started = thread::Builder::new().name(name.to_owned()).spawn(work);
    started
        .map(drop)
        .map_err(|error| Failure::new(format!("No thread could be started: {error}."), "Try again."))
}

fn say(voice: &Voice, news: RecordingNews) {
    voice.say(TabNews::Recording(news));
}
