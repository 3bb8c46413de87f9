//! Lets the power fail between any two steps of a command, and looks at what is left.
//!
//! The command runs in a process of its own, which ends at the given point without tidying up.

use std::path::Path;
use std::process::{self, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use jiff::Timestamp;

use super::{Authority, Existing, Late, Plan, Request, SigningRequest, Stage, State, list, request};
use crate::credentials::Credentials;
use crate::name::{Name, TrustDomain};

const COMMAND: &str = "COUNTERSIGN_TEST_COMMAND";
const FOLDER: &str = "COUNTERSIGN_TEST_FOLDER";
const STOP: &str = "COUNTERSIGN_TEST_STOP";

/// How a process ends whose power has failed.
const FAILED: i32 = 86;

static PASSED: AtomicUsize = AtomicUsize::new(0);

/// Where the power may fail.
pub(super) fn point(_moment: &str) {
    let Ok(stop) = env::var(STOP) else { return };
    if PASSED.fetch_add(1, Ordering::Relaxed).to_string() == stop {
        // No destructor runs: what is half done stays half done.
        process::exit(FAILED);
    }
}

#[test]
#[ignore = "a command in a process of its own, for the other tests"]
fn child() {
    let (command, pki) = (env::var(COMMAND).unwrap(), env::var(FOLDER).unwrap());
    run(&command, Path::new(&pki));
}

fn run(command: &str, pki: &Path) {
    let alice: Name = "alice".parse().unwrap();
    let request_of_carol = || SigningRequest::load(pki.join("carol/request.csr")).unwrap();
    let open = || Authority::open(pki).unwrap();
    match command {
        "found" => {
            let authority = Authority::init(pki, plan()).unwrap();
            authority.issue_to(pki, &client("alice"), Existing::Refuse).unwrap();
        }
        "init" => drop(Authority::init(pki, plan()).unwrap()),
        "issue" => drop(open().issue_to(pki, &client("bob"), Existing::Refuse).unwrap()),
        "replace" => drop(open().issue_to(pki, &client("alice"), Existing::Replace).unwrap()),
        "renew" => drop(open().renew(pki, &alice, None).unwrap()),
        "renew intermediate" => open().renew_intermediate().unwrap(),
        "revoke" => drop(open().revoke(&alice).unwrap()),
        "crl" => drop(open().crl().unwrap()),
        "begin" => open().begin_rollover(&plan()).unwrap(),
        "switch" => open().switch_root(Late::LeaveBehind).unwrap(),
        "retire" => open().retire_root(Late::LeaveBehind).unwrap(),
        "csr" => request(pki.join("carol"), &"carol".parse().unwrap(), &[], Existing::Replace).unwrap(),
        "sign" => {
            drop(open().sign_request_to(pki.join("carol"), &request_of_carol(), &client("carol")).unwrap());
        }
        other => panic!("{other}"),
    }
}

fn plan() -> Plan {
    Plan::new(TrustDomain::default()).with_intermediate()
}

fn client(name: &str) -> Request {
    Request::client(name.parse().unwrap())
}

/// Runs `command` again and again, each time in a new folder after the commands `before`, and lets the power fail one
/// point later each time, until it does not fail any more. `check` sees what is left.
fn cut_short_everywhere(command: &str, before: &[&str], check: impl Fn(&Path)) {
    for stop in 0.. {
        let pki = tempfile::tempdir().unwrap();
        for earlier in before {
            run(earlier, pki.path());
        }
        let status = Command::new(env::current_exe().unwrap())
            .args(["--exact", "authority::power::child", "--ignored"])
            .env(COMMAND, command)
            .env(FOLDER, pki.path())
            .env(STOP, stop.to_string())
            .stdout(process::Stdio::null())
            .status()
            .unwrap();
        let failed = status.code() == Some(FAILED);
        assert!(failed || status.success(), "{command}, point {stop}: {status}");
        everything_loads(pki.path());
        check(pki.path());
        if !failed {
            assert!(stop > 0, "{command} has no point");
            return;
        }
    }
}

/// Whatever there is can be used, and whatever certificate there is can be revoked.
fn everything_loads(pki: &Path) {
    if !pki.join("authority").exists() {
        return;
    }
    let authority = Authority::open(pki).unwrap();
    let records = list(pki).unwrap();
    for name in ["alice", "bob", "carol"] {
        let home = pki.join(name);
        if home.join("cert.pem").exists() {
            let credentials = Credentials::load(&home).unwrap();
            let serial = credentials.identity().certificate().serial();
            assert!(records.iter().any(|record| record.serial == serial), "{name}");
        }
    }
    // Nothing stands in the way of the next command, and nothing is left lying about after it.
    authority.issue_to(pki, &client("dora"), Existing::Replace).unwrap();
    for folder in [pki, &pki.join("authority")] {
        let mut names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(
            names.all(|name| !name.to_string_lossy().starts_with(".countersign-new-")),
            "{}",
            folder.display()
        );
    }
}

#[test]
fn an_authority_is_made_as_a_whole_or_not_at_all() {
    cut_short_everywhere("init", &[], |pki| {
        if !pki.join("authority").exists() {
            run("init", pki);
            everything_loads(pki);
        }
    });
}

#[test]
fn an_identity_is_issued_as_a_whole_or_not_at_all() {
    cut_short_everywhere("issue", &["found"], |pki| {
        if !pki.join("bob").exists() {
            run("issue", pki);
        }
        Credentials::load(pki.join("bob")).unwrap();
    });
}

#[test]
fn a_renewed_identity_is_the_old_one_or_the_new_one() {
    for command in ["renew", "replace"] {
        cut_short_everywhere(command, &["found"], |pki| {
            run(command, pki);
            let keys = fs::read_to_string(pki.join("alice/key.pem")).unwrap();
            assert_eq!(keys.matches("BEGIN PRIVATE KEY").count(), 1);
            assert_eq!(fs::read_dir(pki.join("alice")).unwrap().count(), 3, "nothing is left lying about");
        });
    }
}

#[test]
fn a_revocation_is_whole_or_is_given_again() {
    cut_short_everywhere("revoke", &["found"], |pki| {
        run("revoke", pki);
        let now = Timestamp::now();
        let alice = list(pki).unwrap().into_iter().filter(|record| record.name.as_str() == "alice");
        assert!(alice.map(|record| record.state(now)).eq([State::Revoked]));
    });
    cut_short_everywhere("crl", &["found", "revoke"], |pki| {
        assert!(list(pki).unwrap().iter().any(|record| record.revoked.is_some()));
    });
}

#[test]
fn an_intermediate_is_the_old_one_or_the_new_one() {
    cut_short_everywhere("renew intermediate", &["found"], |pki| run("renew intermediate", pki));
}

#[test]
fn each_step_of_a_rollover_is_taken_or_not() {
    let steps = [("begin", Stage::Announced), ("switch", Stage::Switched), ("retire", Stage::Settled)];
    let mut before = vec!["found"];
    let mut stage = Stage::Settled;
    for (step, next) in steps {
        cut_short_everywhere(step, &before, |pki| {
            let authority = Authority::open(pki).unwrap();
            if authority.stage() != next {
                assert_eq!(authority.stage(), stage);
                run(step, pki);
            }
            let authority = Authority::open(pki).unwrap();
            assert_eq!(authority.stage(), next);
            authority.renew(pki, &"alice".parse().unwrap(), None).unwrap();
        });
        before.push(step);
        stage = next;
    }
}

#[test]
fn a_request_and_its_certificate_come_as_a_whole() {
    cut_short_everywhere("csr", &["found"], |pki| {
        run("csr", pki);
        run("sign", pki);
        everything_loads(pki);
    });
    cut_short_everywhere("csr", &["found", "csr", "sign"], |pki| {
        run("csr", pki);
        run("sign", pki);
        everything_loads(pki);
    });
    cut_short_everywhere("sign", &["found", "csr", "sign", "csr"], |pki| {
        run("sign", pki);
        everything_loads(pki);
    });
}
