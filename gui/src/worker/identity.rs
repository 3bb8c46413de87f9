//! The identity's folder, read for the panel that shows it.

use countersign::Credentials;

use super::Speaker;
use super::link;
use crate::exchange::News;
use crate::model::connection::Failure;
use crate::model::identity::Identity;

/// Tells what is in the folder.
pub(super) async fn tell(folder: String, speaker: Speaker) {
    let loaded = link::load(folder.clone()).await;
    say(&folder, loaded.as_ref(), &speaker);
}

/// Tells what was found in the folder.
pub(super) fn say(folder: &str, loaded: Result<&Credentials, &Failure>, speaker: &Speaker) {
    let found = loaded.map(|credentials| Box::new(Identity::of(credentials))).map_err(Failure::clone);
    speaker.say(News::Identity(folder.to_owned(), found));
}
