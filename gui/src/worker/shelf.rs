//! Saved requests on the disk: a folder of small JSON files.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use tokio::runtime::Handle;

use super::Browse;
use super::seat::Voice;
use crate::disk;
use crate::exchange::TabNews;
use crate::model::connection::Failure;
use crate::model::shelf::saved::Saved;
use crate::model::shelf::{SavedFile, ShelfNews, ShelfOrder};
use crate::text;

/// A folder of more files is not one of requests.
const FILES_MAX: usize = 1000;
/// As much as is edited in the window: what people type, not what machines exchange. A longer one would be felt when it
/// is opened.
const FILE_MAX: u64 = 256 << 10;
/// What the name of a file ends in.
const ENDING: &str = "json";

/// Does it, where disks may be slow.
pub(super) fn obey(order: ShelfOrder, voice: &Voice, browse: &Browse) {
    match order {
        ShelfOrder::Choose => {
            let (voice, runtime) = (voice.clone(), Handle::current());
            let chosen = move |folder: PathBuf| {
                // Whoever calls back may be on a thread of the window system's.
                let _entered = runtime.enter();
                tell(&voice, move || look(folder.to_string_lossy().into_owned()));
            };
            browse(true, Box::new(chosen));
        }
        ShelfOrder::Look(folder) => tell(voice, || look(folder)),
        ShelfOrder::Save(folder, name, saved) => tell(voice, move || {
            ShelfNews::Saved(path(&folder, &name).and_then(|path| save(&path, &saved).map(|()| path)))
        }),
        ShelfOrder::Open(folder, name) => tell(voice, move || {
            let read = read(&folder, &name).map(Box::new);
            ShelfNews::Opened(name, read)
        }),
    }
}

fn tell(voice: &Voice, work: impl FnOnce() -> ShelfNews + Send + 'static) {
    voice.work(|| TabNews::Shelf(work()));
}

/// Says what is in a folder.
pub(crate) fn look(folder: String) -> ShelfNews {
    match resolved(&folder) {
        Ok(path) => {
            let found = list(&path);
            ShelfNews::Found(path.to_string_lossy().into_owned(), found)
        }
        Err(failure) => ShelfNews::Found(folder, Err(failure)),
    }
}

/// The request that is kept under this name.
pub(crate) fn read(folder: &str, name: &str) -> Result<Saved, Failure> {
    open(&path(folder, name)?)
}

/// The folder that was typed, or else one of ours in the user's own.
fn resolved(folder: &str) -> Result<PathBuf, Failure> {
    if !folder.is_empty() {
        return Ok(PathBuf::from(folder));
    }
    let own = etcetera::choose_base_strategy().map_err(|error| {
        Failure::new(format!("There is no folder of your own: {error}."), "Type or choose one.")
    })?;
    Ok(own.data_dir().join("countersign").join("requests"))
}

fn path(folder: &str, name: &str) -> Result<PathBuf, Failure> {
    Ok(resolved(folder)?.join(format!("{name}.{ENDING}")))
}

fn list(folder: &Path) -> Result<Vec<SavedFile>, Failure> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // It is made when something is saved.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            let reason = format!("{} cannot be read: {error}.", folder.display());
            return Err(Failure::new(reason, "Choose a folder that you may read."));
        }
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|it| it == ENDING)).collect();
    paths.sort();
    paths.truncate(FILES_MAX);
    Ok(paths.iter().map(|path| file(path)).collect())
}

fn file(path: &Path) -> SavedFile {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let procedure =
        open(path).map(|saved| text::line(&saved.procedure, 200)).map_err(|failure| failure.reason);
    SavedFile { name, procedure }
}

fn open(path: &Path) -> Result<Saved, Failure> {
    let unread = |error: io::Error| {
        let reason = format!("{} cannot be read: {error}.", path.display());
        Failure::new(reason, "See whether it is there and you may read it.")
    };
    let mut text = String::new();
    let file = fs::File::open(path).map_err(unread)?;
    file.take(FILE_MAX + 1).read_to_string(&mut text).map_err(unread)?;
    if text.len() as u64 > FILE_MAX {
        let reason = format!("{} is longer than any request that is kept.", path.display());
        return Err(Failure::new(reason, "Choose a file that was saved here."));
    }
    Saved::parse(&text).map_err(|wrong| {
        let reason = format!("{} is not a saved request: {}.", path.display(), text::line(&wrong, 300));
        Failure::new(reason, "Mend it in an editor, or save the request again.")
    })
}

fn save(path: &Path, saved: &Saved) -> Result<(), Failure> {
    let text = saved.text();
    if text.len() as u64 > FILE_MAX {
        let [length, most] = [text.len(), FILE_MAX as usize].map(text::size);
        let reason = format!("Not saved: as a text the request has {length}, and at most {most} are kept.");
        return Err(Failure::new(reason, "Bytes may come from a file, which is kept by its name."));
    }
    disk::write_anew(path, text.as_bytes()).map(drop).map_err(|error| {
        let reason = format!("{} could not be written: {error}.", path.display());
        Failure::new(reason, "Choose a folder that you may write to; what was typed is still here.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(procedure: &str) -> Saved {
        Saved::parse(&format!(r#"{{"procedure": "{procedure}", "arguments": {{"account": 17}}}}"#)).unwrap()
    }

    fn found(folder: &Path) -> Vec<SavedFile> {
        match look(folder.to_string_lossy().into_owned()) {
            ShelfNews::Found(_, files) => files.unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_request_comes_back_from_the_folder_that_it_was_saved_to() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("new");
        assert_eq!(found(&new), [], "a folder that is not there yet");
        let typed = new.to_string_lossy();
        for (name, procedure) in [("b", "acme.Ledger/rename"), ("a", "acme.Ledger/balance")] {
            save(&path(&typed, name).unwrap(), &saved(procedure)).unwrap();
        }
        fs::write(new.join("broken.json"), "{\n  \"procedure\": 7\n}").unwrap();
        fs::write(new.join("notes.txt"), "mine").unwrap();
        let files = found(&new);
        let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "broken"]);
        assert_eq!(files[0].procedure.as_deref(), Ok("acme.Ledger/balance"));
        let wrong = files[2].procedure.as_ref().unwrap_err();
        assert!(wrong.contains("broken.json is not a saved request") && wrong.contains("line 2"), "{wrong}");
        assert_eq!(open(&path(&typed, "b").unwrap()).unwrap(), saved("acme.Ledger/rename"));
    }

    #[test]
    fn what_cannot_be_read_or_written_names_the_file_and_the_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let below = file.join("a.json");
        for failure in [save(&below, &saved("a.B/c")).unwrap_err(), open(&below).unwrap_err()] {
            assert!(failure.reason.contains("a.json") && !failure.remedy.is_empty(), "{failure:?}");
        }
        let failure = list(&file).unwrap_err();
        assert!(failure.reason.contains("file cannot be read"), "{failure:?}");
    }
}
