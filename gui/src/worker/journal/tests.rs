use std::fs;
use std::path::Path;
use std::sync::mpsc::Receiver;

use tempfile::TempDir;

use super::file::FILE_MAX;
use super::*;
use crate::model::journal::entry::{Items, Kept};
use crate::model::journal::tests::entry;

/// A folder with the file, and what one dashboard keeps there.
struct Keeper {
    journal: Journal,
    told: Receiver<Pages>,
}

impl Keeper {
    fn at(path: &Path) -> Self {
        let (tell, told) = channel();
        let tell = move |pages| {
            // A test that has ended is told nothing.
            let _ = tell.send(pages);
        };
        let keeper = Self { journal: Journal::start(Some(path.to_owned()), tell).unwrap(), told };
        keeper.told.recv().unwrap();
        keeper
    }

    /// Has something done, and waits for what comes of it.
    fn order(&self, order: JournalOrder) -> Pages {
        self.journal.order(order);
        self.told.recv().unwrap()
    }

    fn add(&self, id: &str) -> Pages {
        self.order(added(numbered(id), true))
    }

    fn read(&self) -> Pages {
        self.order(JournalOrder::Read)
    }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new").join("calls.jsonl");
    (folder, path)
}

/// A call of this id. Later numbers are later.
fn numbered(id: &str) -> Entry {
    let mut entry = entry("demo.Math/divide", "{}");
    entry.id = EntryId(id.to_owned());
    entry.at += jiff::SignedDuration::from_secs(id.parse().unwrap_or_default());
    entry
}

fn added(entry: Entry, on_disk: bool) -> JournalOrder {
    JournalOrder::Add { entry: Box::new(entry), on_disk }
}

fn ids(pages: &Pages) -> Vec<&str> {
    pages.calls.iter().map(|noted| noted.entry.id.0.as_str()).collect()
}

#[test]
fn calls_come_back_in_the_next_run_the_newest_first() {
    let (_folder, path) = folder();
    let first = Keeper::at(&path);
    first.add("1");
    let told = first.add("2");
    assert!(told.calls.iter().all(|noted| noted.entry.on_disk));
    drop(first);
    let found = Keeper::at(&path).read();
    assert_eq!((ids(&found), &found.remarks[..]), (vec!["2", "1"], &[][..]));
    assert_eq!(found.calls, told.calls);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_what_lands_on_disk() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_folder, path) = folder();
    let keeper = Keeper::at(&path);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    keeper.add("1");
    assert_eq!([mode(&path), mode(&path.with_extension("lock"))], [0o600, 0o600]);
    keeper.order(JournalOrder::Pin(EntryId("1".to_owned()), true));
    assert_eq!(mode(&path), 0o600, "written anew");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    Keeper::at(&path);
    assert_eq!(mode(&path), 0o600, "found as somebody else's");
}

#[test]
fn a_broken_line_is_skipped_and_said_and_the_others_are_there() {
    let (_folder, path) = folder();
    let keeper = Keeper::at(&path);
    keeper.add("1");
    let whole = fs::read(&path).unwrap();
    // A crash in the middle of a line, another one's line, and bytes that are no text.
    let torn = [&whole[..], b"\xff\xfe\n", b"{\"v\":1,\"id\":\"x\"}\n", &whole[..whole.len() / 2]].concat();
    fs::write(&path, torn).unwrap();
    let pages = keeper.add("2");
    assert_eq!((ids(&pages), &pages.remarks[..]), (vec!["2", "1"], &[Remark::Broken(3)][..]));
    let pages = Keeper::at(&path).read();
    assert_eq!(ids(&pages), ["2", "1"], "what a crash has left does not swallow the next line");
}

#[test]
fn what_a_newer_version_wrote_is_left_as_it_is() {
    let (_folder, path) = folder();
    let keeper = Keeper::at(&path);
    keeper.add("1");
    let newer = "{\"v\":2,\"future\":[1, 2]}";
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{newer}\n{text}")).unwrap();
    let pages = keeper.add("2");
    assert_eq!((ids(&pages), &pages.remarks[..]), (vec!["2", "1"], &[Remark::Newer(1)][..]));
    keeper.order(JournalOrder::Pin(EntryId("2".to_owned()), true));
    let pages = keeper.order(JournalOrder::Clear(None));
    assert_eq!(ids(&pages), ["2"]);
    assert!(fs::read_to_string(&path).unwrap().starts_with(&format!("{newer}\n")));
}

#[test]
fn two_dashboards_see_each_others_calls_and_lose_none() {
    let (_folder, path) = folder();
    let (one, other) = (Keeper::at(&path), Keeper::at(&path));
    one.add("1");
    assert_eq!(ids(&other.add("2")), ["2", "1"]);
    one.order(JournalOrder::Pin(EntryId("2".to_owned()), true));
    other.order(JournalOrder::Forget(EntryId("1".to_owned())));
    assert_eq!(ids(&one.read()), ["2"]);
    // Both at once, some appending and some writing anew.
    let add = |keeper: &Keeper, from: u32| {
        for id in from..from + 50 {
            keeper.journal.order(added(numbered(&id.to_string()), true));
            keeper.journal.order(JournalOrder::Pin(EntryId(id.to_string()), id % 5 == 0));
        }
    };
    add(&one, 100);
    add(&other, 200);
    let all = |keeper: &Keeper| loop {
        let pages = keeper.read();
        if pages.calls.len() == 101 {
            return pages;
        }
    };
    let (seen, pinned) =
        (all(&one), |pages: &Pages| pages.calls.iter().filter(|noted| noted.entry.pinned).count());
    assert!(seen.remarks.is_empty() && all(&other).remarks.is_empty());
    drop((one, other));
    assert_eq!(pinned(&Keeper::at(&path).read()), 21);
}

#[test]
fn the_oldest_go_when_there_are_too_many_and_pinned_ones_stay() {
    let (_folder, path) = folder();
    let keeper = Keeper::at(&path);
    let mut file = JournalFile::at(path.clone());
    for id in 1..=ENTRIES_MAX {
        let pinned = id == 1;
        file.add(&Entry { pinned, ..numbered(&id.to_string()) }).unwrap();
    }
    assert_eq!(keeper.read().calls.len(), ENTRIES_MAX);
    let pages = keeper.add("5000");
    assert_eq!(
        pages.calls.len(),
        ENTRIES_MAX / 4 * 3,
        "a part goes, so that it is not written anew each time"
    );
    assert_eq!(ids(&pages)[0], "5000");
    assert_eq!(ids(&pages).last(), Some(&"1"), "it is pinned");
    assert!(!ids(&pages).contains(&"2"));
}

#[test]
fn a_file_has_no_more_bytes_than_it_may() {
    let (_folder, path) = folder();
    let mut file = JournalFile::at(path.clone());
    let mut large = entry("demo.Echo/blob", "");
    large.request.arguments = Kept::Whole("\u{1}".repeat(60 << 10));
    for id in 0..2 * FILE_MAX / (360 << 10) {
        file.add(&Entry { id: EntryId(id.to_string()), ..large.clone() }).unwrap();
        assert!(fs::metadata(&path).unwrap().len() <= FILE_MAX as u64);
    }
    assert!(FILE_MAX / 2 < usize::try_from(fs::metadata(&path).unwrap().len()).unwrap());
}

#[test]
fn a_file_that_cannot_be_used_is_left_alone_and_said() {
    let (_folder, path) = folder();
    let keeper = Keeper::at(&path);
    fs::File::create(&path).unwrap().set_len(3 * FILE_MAX as u64).unwrap();
    let pages = keeper.add("1");
    assert_eq!(ids(&pages), ["1"], "it is known until the window closes");
    assert!(!pages.calls[0].entry.on_disk);
    assert!(
        matches!(&pages.remarks[..], [Remark::Trouble(words)] if words.contains("24 MiB")),
        "{:?}",
        pages.remarks
    );
    assert_eq!(fs::metadata(&path).unwrap().len(), 3 * FILE_MAX as u64);
}

#[test]
fn a_call_that_is_not_to_be_written_is_known_until_the_window_closes() {
    let (_folder, path) = folder();
    let keeper = Keeper::at(&path);
    keeper.add("1");
    let mut secret = numbered("2");
    secret.request.items = Items::default();
    assert_eq!(ids(&keeper.order(added(secret, false))), ["2", "1"]);
    let pages = keeper.order(JournalOrder::Pin(EntryId("2".to_owned()), true));
    assert!(pages.calls[0].entry.pinned && !pages.calls[0].entry.on_disk);
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 1);
    assert_eq!(ids(&Keeper::at(&path).read()), ["1"]);
}

#[test]
fn clearing_takes_one_servers_calls_or_all_and_never_pinned_ones() {
    let (_folder, path) = folder();
    let keeper = Keeper::at(&path);
    let mut elsewhere = numbered("3");
    elsewhere.server.address = "stage:7443".to_owned();
    keeper.add("1");
    keeper.add("2");
    keeper.order(added(elsewhere, true));
    keeper.order(JournalOrder::Pin(EntryId("1".to_owned()), true));
    let pages = keeper.order(JournalOrder::Clear(Some("localhost:7443".to_owned())));
    assert_eq!(ids(&pages), ["3", "1"]);
    assert_eq!(ids(&keeper.order(JournalOrder::Clear(None))), ["1"]);
    keeper.order(JournalOrder::Pin(EntryId("1".to_owned()), false));
    keeper.order(JournalOrder::Clear(None));
    assert_eq!(fs::read_to_string(&path).unwrap(), "", "nothing is left of what was cleared");
}

#[test]
fn a_hundred_pinned_or_a_thousand_leave_half_of_the_room() {
    let (_folder, path) = folder();
    let mut file = JournalFile::at(path.clone());
    for id in 0..ENTRIES_MAX / 2 {
        file.add(&Entry { pinned: true, ..numbered(&id.to_string()) }).unwrap();
    }
    let keeper = Keeper::at(&path);
    keeper.add("5000");
    let pages = keeper.order(JournalOrder::Pin(EntryId("5000".to_owned()), true));
    assert!(matches!(&pages.remarks[..], [Remark::Trouble(words)] if words.contains("Unpin others first")));
    assert!(!pages.calls[0].entry.pinned);
}
