//! Recordings on disk: written as the server tells its statistics, and read again.

mod frames;
mod player;
mod recorder;
pub(crate) mod reel;
mod survey;
mod tap;
#[cfg(test)]
pub(crate) mod tests;

pub(super) use self::player::Player;
pub(crate) use self::recorder::Tape;
use self::recorder::record;
pub(crate) use self::reel::Reel;
pub(crate) use self::tap::Heard;
pub(super) use self::tap::Tap;
use super::link::Link;
use super::seat::Voice;
use crate::model::recording::RecordingOrder;

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
