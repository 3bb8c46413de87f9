//! The client without callers: one loop for each connection, which answers each answer with the next request.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsConnector;

use super::frame::{self, Inbox, Kind};
use super::{Io, Variant, record};
use crate::case::{Case, Work};
use crate::load::{self, Gauge, Plan};
use crate::peers::{connect, connect_tls};

pub(super) async fn run(
    variant: Variant,
    addr: SocketAddr,
    connector: &TlsConnector,
    plan: &Plan,
) -> Result<()> {
    ensure!(matches!(plan.case.work, Work::Small | Work::Blob | Work::Stream), "not without callers");
    let gauge = Arc::new(Gauge::default());
    for _ in 0..plan.case.connections {
        let (case, gauge) = (plan.case.clone(), gauge.clone());
        if variant.tls {
            tokio::spawn(keep_busy(connect_tls(addr, connector).await?, variant, case, gauge));
        } else {
            tokio::spawn(keep_busy(connect(addr).await?, variant, case, gauge));
        }
    }
    load::measure(&gauge, plan).await
}

async fn keep_busy(io: impl Io, variant: Variant, case: Case, gauge: Arc<Gauge>) {
    if let Err(error) = exchange(io, variant, &case, &gauge).await {
        gauge.fail(error);
    }
}

async fn exchange(mut io: impl Io, variant: Variant, case: &Case, gauge: &Gauge) -> Result<()> {
    let data = load::blob(case.size);
    let ask = |out: &mut Vec<u8>, number: u64| match case.work {
        Work::Blob => frame::write(out, number, Kind::Blob, |out| out.extend_from_slice(&data)),
        Work::Stream => frame::write(out, number, Kind::Stream, |out| {
            frame::ask_for_stream(out, case.messages(), case.size as u32);
        }),
        _ => frame::write(out, number, Kind::Small, |out| record::encode(variant.codec, number, out)),
    };
    let (mut inbox, mut out) = (Inbox::new(), Vec::new());
    let mut asked = vec![Instant::now(); case.in_flight];
    (0..case.in_flight).for_each(|number| ask(&mut out, number as u64));
    loop {
        io.write_all(&out).await?;
        io.flush().await?;
        out.clear();
        ensure!(inbox.fill(&mut io).await? > 0, "the server left");
        let (measuring, now) = (gauge.is_measuring(), Instant::now());
        while let Some(answer) = inbox.next() {
            if answer.kind == Kind::Item {
                load::count(1);
                continue;
            }
            if answer.kind == Kind::Small {
                ensure!(record::decode(variant.codec, answer.payload) == answer.number, "another record");
            }
            let asked = &mut asked[answer.number as usize];
            if measuring {
                load::record(now - *asked);
            }
            *asked = now;
            ask(&mut out, answer.number);
        }
    }
}
