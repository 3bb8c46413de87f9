//! `demo.Chat`: rooms in which everybody hears what anybody says.

use std::collections::{HashMap, VecDeque};
use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};

use countersign::{Code, Context, Receiver, Sender, Status};
use jiff::Timestamp;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// Rooms to talk in. One is there as long as somebody is in it.
#[countersign::service(package = "demo")]
pub trait Chat {
    /// Joins a room: what you send is said there, and what is said there comes back, your own words as well.
    ///
    /// The last things that were said before you came are told first. Whoever sends no more leaves the room,
    /// and the result is how often they spoke.
    async fn room(
        &self,
        cx: &Context,
        room: RoomName,
        words: Receiver<Words>,
        heard: Sender<Heard>,
    ) -> Result<u64, Status>;
}

/// What a room is called.
#[countersign::message]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RoomName(#[schemars(length(min = 1, max = 40), example = &"kitchen")] pub String);

/// What somebody says.
#[countersign::message]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words(#[schemars(length(min = 1, max = 500), example = &"Is there tea?")] pub String);

/// What happens in a room.
#[countersign::message]
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Heard {
    /// Somebody spoke.
    Said {
        /// Who: the ID in their certificate.
        who: String,
        /// What.
        words: String,
        /// When, by the server's clock.
        at: Timestamp,
    },
    /// Somebody came in.
    Joined(String),
    /// Somebody left.
    Left(String),
    /// So much happened while you did not listen.
    Missed(u64),
}

/// Rooms at the same time.
const ROOMS_MAX: usize = 100;
/// Things said that a room tells those who come later.
const REMEMBERED: usize = 20;
/// How far a listener may fall behind before it misses something.
const BEHIND_MAX: usize = 64;

/// Chat, as the demo serves it.
#[derive(Debug, Default)]
pub struct Parlour(Mutex<HashMap<RoomName, Room>>);

#[derive(Debug)]
struct Room {
    members: usize,
    said: VecDeque<Heard>,
    voice: broadcast::Sender<Heard>,
}

impl Chat for Parlour {
    async fn room(
        &self,
        cx: &Context,
        room: RoomName,
        mut words: Receiver<Words>,
        heard: Sender<Heard>,
    ) -> Result<u64, Status> {
        within(&room.0, "room", 40)?;
        let (mut member, before) = self.join(room, cx.peer().id().to_string())?;
        for said in before {
            heard.send(said).await?;
        }
        let mut spoken = 0;
        loop {
            tokio::select! {
                next = words.next() => match next? {
                    Some(Words(words)) => {
                        within(&words, "words", 500)?;
                        member.say(words);
                        spoken += 1;
                    }
                    None => break,
                },
                happened = member.listen() => heard.send(happened).await?,
            }
        }
        // They hear their last words, too.
        while let Ok(happened) = member.ear.try_recv() {
            heard.send(happened).await?;
        }
        Ok(spoken)
    }
}

/// The limits of the schema, for those who did not read it.
fn within(text: &str, place: &str, max: usize) -> Result<(), Status> {
    match text.chars().count() {
        found if found == 0 || found > max => {
            Err(Status::invalid_argument(format!("{place}: expected 1 to {max} characters, found {found}")))
        }
        _ => Ok(()),
    }
}

/// Somebody in a room. Leaves it when dropped.
struct Member<'a> {
    parlour: &'a Parlour,
    room: RoomName,
    who: String,
    ear: broadcast::Receiver<Heard>,
}

impl Parlour {
    /// The new member, and what was said before.
    fn join(&self, name: RoomName, who: String) -> Result<(Member<'_>, VecDeque<Heard>), Status> {
        let mut rooms = self.rooms();
        if rooms.len() >= ROOMS_MAX && !rooms.contains_key(&name) {
            return Err(Status::new(Code::ResourceExhausted, "every room is taken: join one of the others"));
        }
        let room = rooms.entry(name.clone()).or_insert_with(|| Room {
            members: 0,
            said: VecDeque::new(),
            voice: broadcast::Sender::new(BEHIND_MAX),
        });
        room.members += 1;
        room.tell(Heard::Joined(who.clone()));
        let ear = room.voice.subscribe();
        Ok((Member { parlour: self, room: name, who, ear }, room.said.clone()))
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<RoomName, Room>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member<'_> {
    fn say(&self, words: String) {
        let said = Heard::Said { who: self.who.clone(), words, at: Timestamp::now() };
        if let Some(room) = self.parlour.rooms().get_mut(&self.room) {
            room.said.push_back(said.clone());
            if room.said.len() > REMEMBERED {
                room.said.pop_front();
            }
            room.tell(said);
        }
    }

    async fn listen(&mut self) -> Heard {
        match self.ear.recv().await {
            Ok(happened) => happened,
            Err(RecvError::Lagged(missed)) => Heard::Missed(missed),
            // Not while somebody is in the room.
            Err(RecvError::Closed) => pending().await,
        }
    }
}

impl Drop for Member<'_> {
    fn drop(&mut self) {
        let mut rooms = self.parlour.rooms();
        let Some(room) = rooms.get_mut(&self.room) else { return };
        room.members -= 1;
        room.tell(Heard::Left(self.who.clone()));
        if room.members == 0 {
            rooms.remove(&self.room);
        }
    }
}

impl Room {
    fn tell(&self, happened: Heard) {
        // It is no mistake if nobody else is there to hear it.
        let _ = self.voice.send(happened);
    }
}
