//! Peer benchmark harness. See README.md beside Cargo.toml's folder.
#[cfg(feature = "others")]
mod capnp_peer;
mod certs;
mod countersign_peer;
mod drive;
mod floor;
mod handshake;
mod matrix;
mod stats;
#[cfg(feature = "others")]
mod tarpc_peer;
#[cfg(feature = "others")]
mod tonic_peer;

use anyhow::{Context, Result, bail};
use certs::Pki;
use std::collections::HashMap;
use std::io::Write;

pub fn ready() {
    println!("READY");
    let _ = std::io::stdout().flush();
}

pub struct Args {
    pub one: HashMap<String, String>,
    pub ext: Vec<String>,
}
impl Args {
    fn parse() -> Result<(String, Args)> {
        let mut it = std::env::args().skip(1);
        let cmd = it.next().context("usage: peers certs|serve|load|handshake|matrix|report …")?;
        let mut a = Args { one: HashMap::new(), ext: vec![] };
        while let Some(k) = it.next() {
            let Some(k) = k.strip_prefix("--") else {
                a.ext.push(k);
                continue;
            };
            let v = it.next().with_context(|| format!("--{k} wants a value"))?;
            if k == "ext" {
                a.ext.push(v);
            } else {
                a.one.insert(k.to_string(), v);
            }
        }
        Ok((cmd, a))
    }
    pub fn s(&self, k: &str, d: &str) -> String {
        self.one.get(k).cloned().unwrap_or_else(|| d.to_string())
    }
    pub fn n<T: std::str::FromStr>(&self, k: &str, d: T) -> Result<T> {
        match self.one.get(k) {
            None => Ok(d),
            Some(v) => v.parse().ok().with_context(|| format!("--{k} {v}: not a number")),
        }
    }
}

fn main() -> Result<()> {
    let (cmd, a) = Args::parse()?;
    let dir = std::path::PathBuf::from(a.s("certs", "certs"));
    let _ = certs::provider("x25519").install_default();
    match cmd.as_str() {
        "certs" => return certs::generate(std::path::Path::new(&a.s("dir", &a.s("certs", "certs")))),
        "matrix" => return matrix::run(&a),
        "report" => return matrix::report(&a),
        _ => {}
    }
    let peer = a.s("peer", "floor");
    let addr = a.s("addr", "127.0.0.1:7700");
    let pki = Pki { dir: dir.clone() };
    // A pinned process sees one CPU, so it gets one worker.
    // --rt current: the one-thread scheduler, which has no LIFO slot.
    let rt = a.s("rt", "multi");
    let multi = || {
        if rt == "current" {
            tokio::runtime::Builder::new_current_thread().enable_all().build()
        } else {
            tokio::runtime::Builder::new_multi_thread().enable_all().build()
        }
    };
    #[cfg(feature = "others")]
    let local = || tokio::runtime::Builder::new_current_thread().enable_all().build();
    let server_pid = a.one.get("server-pid").and_then(|v| v.parse().ok());
    match cmd.as_str() {
        "serve" => match peer.as_str() {
            "countersign" => multi()?.block_on(async { tokio::spawn(async move { countersign_peer::serve(&addr, pki).await }).await? }),
            #[cfg(feature = "others")]
            "tonic" => multi()?.block_on(async { tokio::spawn(async move { tonic_peer::serve(&addr, pki).await }).await? }),
            #[cfg(feature = "others")]
            "capnp" => tokio::task::LocalSet::new().block_on(&local()?, capnp_peer::serve(&addr, pki)),
            "handshake" => multi()?.block_on(handshake::serve(&addr, pki, &a.s("kx", "x25519"))),
            #[cfg(feature = "others")]
            p if p.starts_with("tarpc") => multi()?.block_on(tarpc_peer::serve(&peer, &addr, pki)),
            p if floor::parse(p).is_some() => multi()?.block_on(floor::serve(&peer, &addr, pki)),
            p => bail!("no peer {p}"),
        },
        "load" => {
            let payload = a.n("payload", 0usize)?;
            let cfg = drive::Cfg {
                peer: peer.clone(),
                addr,
                certs: dir,
                work: a.s("work", "small"),
                conns: a.n("conns", 1)?,
                inflight: a.n("inflight", 1)?,
                payload,
                secs: a.n("secs", 3.0)?,
                warmup: a.n("warmup", 0.7)?,
                server_pid,
                count: a.n("count", if payload <= 4096 { 100_000 } else { (1u64 << 30) / payload as u64 })?,
            };
            match peer.as_str() {
                "countersign" => multi()?.block_on(countersign_peer::load(cfg)),
                #[cfg(feature = "others")]
                "tonic" => multi()?.block_on(tonic_peer::load(cfg)),
                #[cfg(feature = "others")]
                "capnp" => tokio::task::LocalSet::new().block_on(&local()?, capnp_peer::load(cfg)),
                #[cfg(feature = "others")]
                p if p.starts_with("tarpc") => multi()?.block_on(tarpc_peer::load(cfg)),
                p if floor::parse(p).is_some() => multi()?.block_on(floor::load(cfg)),
                p => bail!("no peer {p}"),
            }
        }
        "handshake" => multi()?.block_on(handshake::load(handshake::Hs {
            addr,
            certs: dir,
            kx: a.s("kx", "x25519"),
            resume: a.s("resume", "no") == "yes",
            conns: a.n("conns", 8)?,
            secs: a.n("secs", 3.0)?,
            server_pid,
            label: peer,
        })),
        c => bail!("no command {c}"),
    }
}
