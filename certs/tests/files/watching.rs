//! What is seen of files that are replaced while somebody uses what they say.

use std::sync::{Arc, Mutex};

use countersign_certs::{Source, Watched};

/// A file that exists only here: what a test writes, the next look reads.
#[derive(Clone)]
struct Slate(Arc<Mutex<Result<String, String>>>);

impl Slate {
    fn saying(text: &str) -> Slate {
        Slate(Arc::new(Mutex::new(Ok(text.to_owned()))))
    }

    fn write(&self, text: &str) {
        *self.0.lock().unwrap() = Ok(text.to_owned());
    }

    fn vanish(&self) {
        *self.0.lock().unwrap() = Err("slate: no such file".to_owned());
    }
}

/// Numbers can be used, and none may take the place of a larger one.
impl Source for Slate {
    type Contents = String;
    type Value = u32;
    type Error = String;

    fn name(&self) -> String {
        "the numbers on the slate".to_owned()
    }

    fn read(&self) -> Result<String, String> {
        self.0.lock().unwrap().clone()
    }

    fn parse(&self, contents: &String) -> Result<u32, String> {
        contents.parse().map_err(|_| format!("slate: {contents:?} is no number"))
    }

    fn may_replace(&self, current: &u32, next: &u32) -> Result<(), String> {
        if next < current { Err(format!("slate: {next} goes back from {current}")) } else { Ok(()) }
    }
}

fn slate() -> (Slate, Watched<u32>) {
    let slate = Slate::saying("1");
    (slate.clone(), Watched::load(slate).unwrap())
}

#[test]
fn a_fixed_value_stays() {
    let fixed = Watched::from(7);
    assert_eq!(fixed.reload(), Ok(false));
    assert_eq!(*fixed.current(), 7);
    assert_eq!(fixed.report().replaced, 0);
}

#[test]
fn what_cannot_be_used_at_the_start_is_an_error_of_the_start() {
    assert_eq!(Watched::load(Slate::saying("one")).unwrap_err(), "slate: \"one\" is no number");
    assert_eq!(Watched::watch(Slate::saying("one")).unwrap_err(), "slate: \"one\" is no number");
}

#[test]
fn a_new_value_is_in_force_at_the_first_look_and_for_every_handle() {
    let (slate, watched) = slate();
    let (before, other) = (watched.current(), watched.clone());
    slate.write("2");
    watched.look();
    assert_eq!((*before, *watched.current(), *other.current()), (1, 2, 2));
    assert_eq!(other.with(|value| *value), 2);
    assert_eq!(watched.report().replaced, 1);
}

#[test]
fn the_same_contents_are_no_change() {
    let (slate, watched) = slate();
    slate.write("1");
    assert_eq!(watched.reload(), Ok(false));
    assert_eq!(watched.report().replaced, 0);
}

#[test]
fn a_broken_set_that_is_whole_at_the_next_look_was_never_broken() {
    let (slate, watched) = slate();
    slate.write("half");
    watched.look();
    assert_eq!(*watched.current(), 1);
    slate.write("2");
    watched.look();
    assert_eq!(*watched.current(), 2);
    assert_eq!((watched.report().failed, watched.report().failure), (0, None));
}

#[test]
fn a_set_that_stays_broken_is_counted_once_and_the_old_one_stays() {
    let (slate, watched) = slate();
    slate.write("two");
    for _ in 0..10 {
        watched.look();
    }
    let report = watched.report();
    assert_eq!((*watched.current(), report.replaced, report.failed), (1, 0, 1));
    assert_eq!(report.failure.unwrap(), "slate: \"two\" is no number");
}

#[test]
fn a_file_that_vanishes_is_a_broken_set_too() {
    let (slate, watched) = slate();
    slate.vanish();
    watched.look();
    assert_eq!(watched.report().failure, None);
    watched.look();
    assert_eq!(watched.report().failure.unwrap(), "slate: no such file");
    assert_eq!(*watched.current(), 1);
}

#[test]
fn whoever_asks_by_hand_is_told_of_a_broken_set_at_once() {
    let (slate, watched) = slate();
    slate.write("two");
    let error = watched.reload().unwrap_err().to_string();
    assert_eq!(
        error,
        "the numbers on the slate cannot be used, and the old ones stay in force: \
         slate: \"two\" is no number"
    );
    assert!(watched.reload().is_err());
    assert_eq!(watched.report().failed, 1);
}

#[test]
fn recovery_clears_the_failure_and_keeps_the_count() {
    for recovered in ["1", "2"] {
        let (slate, watched) = slate();
        slate.write("two");
        watched.reload().unwrap_err();
        slate.write(recovered);
        watched.look();
        let report = watched.report();
        assert_eq!((report.failed, report.failure), (1, None), "{recovered}");
    }
}

#[test]
fn each_different_broken_set_counts() {
    let (slate, watched) = slate();
    for text in ["two", "three", "two"] {
        slate.write(text);
        watched.look();
        watched.look();
    }
    assert_eq!(watched.report().failed, 3);
}

#[test]
fn a_set_that_is_never_the_same_twice_is_reported_all_the_same() {
    let (slate, watched) = slate();
    for look in 0..100 {
        slate.write(&format!("garbage {look}"));
        watched.look();
    }
    let report = watched.report();
    assert_eq!(report.failed, 1);
    assert!(report.failure.unwrap().contains("garbage 3"));
}

#[test]
fn what_may_not_replace_the_value_in_force_is_refused() {
    let (slate, watched) = slate();
    slate.write("5");
    watched.look();
    slate.write("4");
    assert!(watched.reload().unwrap_err().to_string().ends_with("slate: 4 goes back from 5"));
    assert_eq!(*watched.current(), 5);
}

#[tokio::test]
async fn changes_are_told_after_they_are_in_force_and_the_latest_stands_for_all() {
    let (slate, watched) = slate();
    let mut changes = watched.changes();
    for text in ["2", "broken", "3"] {
        slate.write(text);
        watched.look();
    }
    assert_eq!(changes.next().await.as_deref(), Some(&3));
    drop(watched);
    assert_eq!(changes.next().await, None);
}

/// The one test of the thread itself: it waits, however long that takes, for what the thread does.
#[tokio::test]
async fn a_thread_looks_for_as_long_as_there_is_a_handle() {
    let slate = Slate::saying("1");
    let watched = Watched::watch(slate.clone()).unwrap();
    let mut changes = watched.changes();
    slate.write("2");
    assert_eq!(changes.next().await.as_deref(), Some(&2));
    let there = Arc::downgrade(&slate.0);
    drop((watched, slate));
    assert_eq!(changes.next().await, None);
    while there.upgrade().is_some() {
        std::thread::yield_now();
    }
}
