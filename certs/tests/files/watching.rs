//! What is seen of files that are replaced while somebody uses what they say.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use countersign_certs::{Credentials, Source, Watched};
use jiff::SignedDuration;
use rcgen::{ExtendedKeyUsagePurpose, KeyPair};

use crate::pki::{Ca, Folder, HOUR, alice, date, set_mode};

/// A file that exists only here: what a test writes, the next look reads. Counts how often it is parsed, and knows
/// whether the other day has come.
#[derive(Clone)]
struct Slate(Arc<Mutex<Result<String, String>>>, Arc<AtomicU32>, Arc<AtomicBool>);

impl Slate {
    fn saying(text: &str) -> Slate {
        Slate(Arc::new(Mutex::new(Ok(text.to_owned()))), Arc::default(), Arc::default())
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
        self.1.fetch_add(1, Ordering::Relaxed);
        assert_ne!(contents, "panic");
        contents.parse().map_err(|_| format!("slate: {contents:?} is no number"))
    }

    fn may_replace(&self, current: &u32, next: &u32) -> Result<(), String> {
        match next {
            13 if !self.2.load(Ordering::Relaxed) => Err("slate: 13 is for another day".to_owned()),
            next if next < current => Err(format!("slate: {next} goes back from {current}")),
            _ => Ok(()),
        }
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

#[test]
fn contents_that_cannot_be_used_are_not_parsed_again() {
    let (slate, watched) = slate();
    slate.write("two");
    watched.look();
    let parsed = slate.1.load(Ordering::Relaxed);
    for _ in 0..10 {
        watched.look();
    }
    assert_eq!(slate.1.load(Ordering::Relaxed), parsed);
}

#[test]
fn what_may_not_be_used_today_may_be_at_another_time() {
    let (slate, watched) = slate();
    slate.write("13");
    assert!(watched.reload().unwrap_err().to_string().ends_with("slate: 13 is for another day"));
    slate.2.store(true, Ordering::Relaxed);
    assert_eq!(watched.reload(), Ok(true));
}

#[test]
fn a_panic_of_the_parser_is_a_broken_set() {
    let (slate, watched) = slate();
    slate.write("panic");
    assert!(
        watched
            .reload()
            .unwrap_err()
            .to_string()
            .ends_with("reading them panicked, which is a bug; report it")
    );
    slate.write("2");
    assert_eq!(watched.reload(), Ok(true));
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

/// Alice's folder, watched by hand.
fn watched() -> (Folder, Watched<Credentials>) {
    let folder = Folder::of_alice();
    let watched = folder.on_request();
    (folder, watched)
}

fn fingerprint(watched: &Watched<Credentials>) -> String {
    watched.current().identity().certificate().fingerprint().to_owned()
}

/// A new certificate for a new key, both in PEM.
fn renewed(folder: &Folder) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    (folder.ca.sign(&alice(), &key), key.serialize_pem())
}

/// Why the set in the folder is not taken, after checking that the old one is still in force.
fn kept(folder: &Folder, watched: &Watched<Credentials>, file: &str) -> String {
    let before = fingerprint(watched);
    let refusal = watched.reload().unwrap_err().to_string();
    let said = format!(
        "the credentials in {} cannot be used, and the old ones stay in force: ",
        folder.home.path().display()
    );
    assert_eq!(fingerprint(watched), before);
    folder.about(file, refusal.strip_prefix(&said).unwrap_or_else(|| panic!("{refusal}")))
}

#[test]
fn a_renewal_by_three_renames_is_whole_at_every_step() {
    let (folder, watched) = watched();
    let (certificate, new) = renewed(&folder);
    let old = fingerprint(&watched);
    folder.write_key("key.pem", &(new.clone() + &folder.key.serialize_pem()));
    assert_eq!(watched.reload(), Ok(true));
    assert_eq!(fingerprint(&watched), old);
    folder.write("cert.pem", certificate);
    assert_eq!(watched.reload(), Ok(true));
    assert_ne!(fingerprint(&watched), old);
    folder.write_key("key.pem", &new);
    assert_eq!(watched.reload(), Ok(true));
    assert_eq!((watched.report().replaced, watched.report().failed), (3, 0));
}

#[test]
fn files_that_are_swapped_one_by_one_are_no_broken_set() {
    for order in [["key.pem", "cert.pem"], ["cert.pem", "key.pem"]] {
        let (folder, watched) = watched();
        let (certificate, key) = renewed(&folder);
        let old = fingerprint(&watched);
        for (step, name) in order.into_iter().enumerate() {
            match name {
                "key.pem" => folder.write_key(name, &key),
                _ => folder.write(name, &certificate),
            }
            watched.look();
            assert_eq!(fingerprint(&watched) == old, step == 0, "{order:?}");
            assert_eq!((watched.report().failed, watched.report().failure), (0, None), "{order:?}");
        }
    }
}

#[test]
fn a_key_that_stays_without_its_certificate_is_reported_and_recovers() {
    let (folder, watched) = watched();
    let (certificate, key) = renewed(&folder);
    folder.write_key("key.pem", &key);
    assert!(kept(&folder, &watched, "key.pem").starts_with("no key in this file belongs to the certificate"));
    folder.write("cert.pem", certificate);
    watched.look();
    let report = watched.report();
    assert_eq!((report.replaced, report.failed, report.failure), (1, 1, None));
}

#[test]
fn broken_files_of_every_kind_leave_the_old_set_in_force() {
    let (folder, watched) = watched();
    let whole = fs::read_to_string(folder.path("cert.pem")).unwrap();
    for (contents, reason) in [
        (String::new(), "no certificate in this file; it is empty"),
        (whole[..300].to_owned(), "damaged PEM"),
        (folder.ca.pem.clone(), "its first certificate belongs to an authority"),
        (Ca::new().sign(&alice(), &KeyPair::generate().unwrap()), "no key in this file"),
    ] {
        let file = if reason.starts_with("no key") { "key.pem" } else { "cert.pem" };
        folder.write("cert.pem", contents);
        assert!(kept(&folder, &watched, file).starts_with(reason), "{reason}");
    }
    fs::remove_file(folder.path("ca.pem")).unwrap();
    folder.write("cert.pem", &whole);
    assert!(kept(&folder, &watched, "ca.pem").starts_with("no such file"));
    assert_eq!(watched.report().failed, 5);
    folder.write("ca.pem", &folder.ca.pem);
    assert_eq!(watched.reload(), Ok(false));
    assert_eq!(watched.report().failure, None);
}

#[test]
fn a_folder_that_vanishes_leaves_its_credentials_in_force() {
    let (folder, watched) = watched();
    let path = folder.home.path().to_owned();
    fs::remove_dir_all(&path).unwrap();
    assert!(watched.reload().unwrap_err().to_string().contains("no such folder"));
    assert_eq!(watched.current().identity().id().as_str(), "spiffe://countersign.internal/alice");
    fs::create_dir(path).unwrap();
    assert!(watched.reload().unwrap_err().to_string().contains("no identity in this folder"));
}

#[cfg(unix)]
#[test]
fn a_key_that_others_were_given_access_to_is_reported() {
    let (folder, watched) = watched();
    set_mode(&folder.path("key.pem"), 0o644);
    assert!(kept(&folder, &watched, "key.pem").starts_with("everyone on this machine can reach this key"));
}

/// Kubernetes keeps each version of a secret in a folder of its own, and swaps one link to it.
#[cfg(unix)]
#[test]
fn a_secret_that_kubernetes_swaps_is_seen_all_at_once() {
    use std::os::unix::fs::symlink;
    let folder = Folder::called("..1/tls.crt", "..1/tls.key", "..1/ca.crt");
    let (certificate, key) = renewed(&folder);
    folder.write("..2/tls.crt", certificate);
    folder.write_key("..2/tls.key", &key);
    folder.write("..2/ca.crt", &folder.ca.pem);
    folder.write("..2/crl.pem", folder.ca.crl(1, &[]));
    symlink("..1", folder.path("..data")).unwrap();
    for name in ["tls.crt", "tls.key", "ca.crt", "crl.pem"] {
        symlink(format!("..data/{name}"), folder.path(name)).unwrap();
    }
    let watched = folder.on_request();
    let old = fingerprint(&watched);
    symlink("..2", folder.path("..data_tmp")).unwrap();
    fs::rename(folder.path("..data_tmp"), folder.path("..data")).unwrap();
    fs::remove_dir_all(folder.path("..1")).unwrap();
    assert_eq!(watched.reload(), Ok(true));
    assert_ne!(fingerprint(&watched), old);
    let own = watched.current().identity().id().trust_domain().clone();
    assert_eq!(watched.current().trust().revocation(&own).crls().len(), 1);
}

#[test]
fn the_same_contents_in_another_file_are_no_change() {
    let (folder, watched) = watched();
    for name in ["cert.pem", "key.pem", "ca.pem"] {
        fs::copy(folder.path(name), folder.path("copy")).unwrap();
        fs::rename(folder.path("copy"), folder.path(name)).unwrap();
    }
    assert_eq!(watched.reload(), Ok(false));
}

#[test]
fn trust_in_another_domain_comes_and_goes() {
    let (folder, watched) = watched();
    let partner = Ca::new();
    folder.write("trust/partner.example.pem", &partner.pem);
    folder.write("trust/partner.example.crl.pem", partner.crl(1, &[]));
    assert_eq!(watched.reload(), Ok(true));
    assert_eq!(watched.current().trust().domains().count(), 2);
    // Its lists go with it: who is not trusted at all need not be revoked.
    fs::remove_dir_all(folder.path("trust")).unwrap();
    assert_eq!(watched.reload(), Ok(true));
    assert_eq!(watched.current().trust().domains().count(), 1);
}

#[test]
fn a_new_revocation_list_is_in_force_at_the_first_look() {
    let (folder, watched) = watched();
    for number in 1..4 {
        folder.write("crl.pem", folder.ca.crl(number, &[]));
        assert_eq!(watched.reload(), Ok(true));
    }
}

#[test]
fn an_older_revocation_list_does_not_take_the_place_of_a_newer_one() {
    let (folder, watched) = watched();
    folder.write("crl.pem", folder.ca.crl(5, &[&[1]]));
    assert_eq!(watched.reload(), Ok(true));
    folder.write("crl.pem", folder.ca.crl(4, &[]));
    assert_eq!(
        kept(&folder, &watched, "crl.pem"),
        "its list of CN=an authority is older than the one in force (number 4 after number 5); \
         put the latest one here, or restart to use this one"
    );
    // Another authority of the same name counts for itself.
    let successor = Ca::new();
    folder.write("ca.pem", &successor.pem);
    folder.write("crl.pem", successor.crl(1, &[]));
    assert_eq!(watched.reload(), Ok(true));
}

#[test]
fn a_revocation_list_that_vanishes_stays_in_force() {
    let (folder, watched) = watched();
    folder.write("crl.pem", folder.ca.crl(1, &[&[1]]));
    assert_eq!(watched.reload(), Ok(true));
    fs::remove_file(folder.path("crl.pem")).unwrap();
    let refusal = kept(&folder, &watched, "crl.pem");
    assert!(refusal.starts_with("the revocation list of countersign.internal is gone"), "{refusal}");
}

#[test]
fn a_list_may_go_before_its_root_does_when_a_rollover_ends() {
    let (folder, watched) = watched();
    let old = Ca::named("the old authority");
    folder.write("ca.pem", folder.ca.pem.clone() + &old.pem);
    folder.write("crl.pem", folder.ca.crl(1, &[]) + &old.crl(1, &[]));
    assert_eq!(watched.reload(), Ok(true));
    for (name, contents) in [("crl.pem", folder.ca.crl(2, &[])), ("ca.pem", folder.ca.pem.clone())] {
        folder.write(name, contents);
        assert_eq!(watched.reload(), Ok(true), "{name}");
    }
}

#[test]
fn a_list_that_is_not_the_authoritys_leaves_the_old_one_in_force() {
    let (folder, watched) = watched();
    folder.write("crl.pem", folder.ca.crl(1, &[&[1]]));
    assert_eq!(watched.reload(), Ok(true));
    folder.write("crl.pem", Ca::new().crl(2, &[]));
    assert!(
        kept(&folder, &watched, "crl.pem").contains("is not signed by an authority of this trust domain")
    );
}

#[test]
fn a_valid_certificate_is_not_replaced_by_one_outside_its_dates() {
    let day = SignedDuration::from_hours(24);
    for (from, until, reason) in [(-2 * day, -day, "has expired"), (day, 2 * day, "is not valid yet")] {
        let (folder, watched) = watched();
        let mut params = alice();
        (params.not_before, params.not_after) = (date(from), date(until));
        folder.write_certificate(&params);
        let refusal = kept(&folder, &watched, "cert.pem");
        assert!(
            refusal.starts_with(&format!("its certificate {reason}, and the one in force is valid")),
            "{refusal}"
        );

        // At a start there is nothing better, and later the one is as good as the other.
        let watched = folder.on_request();
        (params.not_before, params.not_after) = (date(from - HOUR), date(until - HOUR));
        folder.write_certificate(&params);
        assert_eq!(watched.reload(), Ok(true));
    }
}

#[test]
fn a_servers_certificate_is_not_replaced_by_a_clients() {
    let folder = Folder::of_alice();
    let mut params = alice();
    params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
    folder.write_certificate(&params);
    let watched = folder.on_request();
    folder.write_certificate(&alice());
    assert!(kept(&folder, &watched, "cert.pem").starts_with("its certificate may not be used as a server's"));
}
