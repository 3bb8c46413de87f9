//! Who takes part: a peer of this program on one of its runtimes, or any two commands.

use anyhow::{Context, Result};

use crate::case::Case;
use crate::peers::Peer;

/// What is behind the name of a peer that runs on tokio's one-thread runtime.
pub(crate) const ONE_THREAD: &str = "+ct";

/// A peer, and the two commands that it is. Words in braces are filled in for each run.
#[derive(Clone)]
pub(super) struct Contestant {
    pub(super) name: String,
    pub(super) serve: Vec<String>,
    pub(super) load: Vec<String>,
}

impl Contestant {
    /// Those with these names, of which some may be programs of another kind: `NAME=SERVE ::: LOAD`.
    pub(super) fn all(names: &[String], programs: &[String]) -> Result<Vec<Self>> {
        let programs = programs.iter().map(|text| Self::program(text)).collect::<Result<Vec<_>>>()?;
        let by_name = |name: &String| match programs.iter().find(|program| program.name == *name) {
            Some(program) => Ok(program.clone()),
            None => Self::built_in(name),
        };
        names.iter().map(by_name).collect()
    }

    fn program(text: &str) -> Result<Self> {
        let shape = "a program is given as NAME=SERVE ::: LOAD";
        let (name, commands) = text.split_once('=').context(shape)?;
        let (serve, load) = commands.split_once(":::").context(shape)?;
        Ok(Self { name: name.to_owned(), serve: words(serve), load: words(load) })
    }

    fn built_in(name: &str) -> Result<Self> {
        let (peer, runtime) = match name.strip_suffix(ONE_THREAD) {
            Some(peer) => (peer, "current"),
            None => (name, "multi"),
        };
        peer.parse::<Peer>()?;
        let program = std::env::current_exe()?.display().to_string();
        let end = format!("--peer {peer} --rt {runtime} --addr {{addr}} --certs {{certs}}");
        let command = |kind: &str, rest: &str| {
            [vec![program.clone(), kind.to_owned()], words(&end), words(rest)].concat()
        };
        let load = "--work {work} --conns {conns} --inflight {inflight} --payload {payload} --secs {secs} \
                    --warmup {warmup} --server-pid {server_pid}";
        Ok(Self { name: name.to_owned(), serve: command("serve", ""), load: command("load", load) })
    }

    /// tarpc has none.
    pub(super) fn has_streams(&self) -> bool {
        !self.name.starts_with("tarpc")
    }

    /// The others' are made by compilers of contracts, of which there would have to be one with so many.
    pub(super) fn has_procedures(&self) -> bool {
        self.name.starts_with("countersign")
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// What the words in braces stand for in one run.
pub(super) struct Filling<'a> {
    pub(super) peer: &'a str,
    pub(super) case: &'a Case,
    pub(super) addr: String,
    pub(super) certs: String,
    pub(super) secs: f64,
    pub(super) warmup: f64,
    /// Known once the server runs.
    pub(super) server_pid: u32,
}

impl Filling<'_> {
    pub(super) fn fill(&self, words: &[String]) -> Vec<String> {
        let values = [
            ("{peer}", self.peer.to_owned()),
            ("{addr}", self.addr.clone()),
            ("{certs}", self.certs.clone()),
            ("{work}", self.case.work.to_string()),
            ("{conns}", self.case.connections.to_string()),
            ("{inflight}", self.case.in_flight.to_string()),
            ("{payload}", self.case.size.to_string()),
            ("{count}", self.case.messages().to_string()),
            ("{secs}", self.secs.to_string()),
            ("{warmup}", self.warmup.to_string()),
            ("{server_pid}", self.server_pid.to_string()),
        ];
        let fill =
            |word: &String| values.iter().fold(word.clone(), |word, (name, value)| word.replace(name, value));
        words.iter().map(fill).collect()
    }
}
