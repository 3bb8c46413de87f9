//! A folder with identities, and the demo server for as long as a test lasts.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value as Json;
use tempfile::TempDir;

/// Where a test works.
pub(crate) struct Desk(TempDir);

impl Desk {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    /// An authority, a server and a client, made as the first page of the manual says.
    pub(crate) fn with_identities() -> Self {
        let desk = Self::empty();
        desk.run("certs init pki");
        desk.run("certs issue pki server --host localhost --host 127.0.0.1");
        desk.run("certs issue pki alice");
        desk
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The command with these words, which are separated by blanks.
    pub(crate) fn command(&self, words: &str) -> Command {
        self.command_with(words.split_whitespace())
    }

    pub(crate) fn command_with<'a>(&self, words: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(cargo_bin("countersign"));
        // What the surroundings say must not decide a test.
        command
            .env_remove("COUNTERSIGN_IDENTITY")
            .env_remove("COUNTERSIGN_PASSPHRASE")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .current_dir(self.path())
            .args(words);
        command
    }

    /// Runs a command that succeeds; what it printed.
    pub(crate) fn run(&self, words: &str) -> String {
        succeeded(self.command(words))
    }

    /// Runs a command that fails; what it said on standard error.
    pub(crate) fn fail(&self, words: &str) -> String {
        failed(self.command(words))
    }

    /// Serves the demo on a free port.
    pub(crate) fn serve(&self) -> Demo {
        self.serve_with("", Stdio::null())
    }

    /// The same with more words, and what it says beside its output goes there.
    pub(crate) fn serve_with(&self, words: &str, stderr: Stdio) -> Demo {
        let mut server = self
            .command(&format!("demo --listen 127.0.0.1:0 --identity pki/server {words}"))
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let output = server.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let address = line.trim_end().strip_prefix("listening on ").expect("it says where").to_owned();
        Demo { server, address }
    }

    /// The same, with its standard error to be read.
    pub(crate) fn serve_and_listen(&self, words: &str) -> (Demo, Said) {
        let mut demo = self.serve_with(words, Stdio::piped());
        let stderr = demo.server.stderr.take().expect("it is piped");
        (demo, Said::of(stderr))
    }
}

/// What a command says beside its output, line by line.
pub(crate) struct Said(Lines<BufReader<ChildStderr>>);

impl Said {
    pub(crate) fn of(stderr: ChildStderr) -> Self {
        Self(BufReader::new(stderr).lines())
    }

    /// Waits for a line with these words in it.
    pub(crate) fn next_with(&mut self, words: &str) -> String {
        self.0.find_map(|line| line.ok().filter(|line| line.contains(words))).expect("it goes on")
    }
}

/// The demo server, until it is dropped.
pub(crate) struct Demo {
    pub(crate) server: Child,
    pub(crate) address: String,
}

impl Demo {
    /// Sends a signal, and waits for the end.
    #[cfg(unix)]
    pub(crate) fn stop(mut self, signal: &str) -> std::process::ExitStatus {
        send(signal, &self.server);
        self.server.wait().expect("it ends")
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Sends a signal to a process, as Ctrl+C does with `-INT`.
#[cfg(unix)]
pub(crate) fn send(signal: &str, to: &Child) {
    let sent = Command::new("kill").args([signal, &to.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

/// What a command printed that succeeded.
pub(crate) fn succeeded(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert!(status.success(), "{command:?}: {status}\n{stdout}{stderr}");
    stdout
}

/// What a command said on standard error that failed. A panic has an exit code of its own.
pub(crate) fn failed(mut command: Command) -> String {
    let Output { status, stderr, .. } = command.output().expect("it runs");
    let stderr = text(stderr);
    assert!(matches!(status.code(), Some(1 | 2)), "{command:?}: {status}\n{stderr}");
    assert!(stderr.ends_with('\n'), "{command:?}: {stderr}");
    stderr
}

pub(crate) fn json(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

pub(crate) fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("it is text")
}
