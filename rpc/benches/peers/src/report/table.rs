//! Markdown of whatever was run: a table for each case, with ratios to two peers.

use std::fmt::Write;

use super::figures::{Case, Peer};
use super::scale::or_dash;

pub(super) fn of_cases(cases: &[Case], bases: [&str; 2]) -> String {
    let mut text = String::new();
    for case in cases {
        let place = if case.pinned { "each process on a core of its own" } else { "not pinned" };
        let [first, second] = bases;
        _ = write!(
            text,
            "\n### {} ({place})\n\n\
             | peer | n | per second, median (range) | × {first} | × {second} | p50 µs | p99 µs | p99.9 µs \
             | client CPU µs/call | server CPU µs/call | MiB/s | server MiB | KiB/connection |\n\
             |---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
            case.name
        );
        for peer in &case.peers {
            _ = writeln!(text, "{}", row(case, peer, bases));
        }
    }
    text
}

fn row(case: &Case, peer: &Peer, bases: [&str; 2]) -> String {
    let written =
        |figure: Option<f64>, digits: usize| or_dash(figure.map(|figure| format!("{figure:.digits$}")));
    let figure = |name: &str, digits: usize| written(peer.median(name), digits);
    let ratio = |base: &str| written(case.peer(base).and_then(|base| peer.ratio(base, "rps")), 2);
    let range = peer.range("rps").map_or(String::new(), |(from, to)| format!(" ({from:.0}–{to:.0})"));
    let server_mib = peer.median("server_rss_kib").map(|kib| kib / 1024.0);
    let cells = [
        peer.name.clone(),
        peer.all("rps").len().to_string(),
        figure("rps", 0) + &range,
        ratio(bases[0]),
        ratio(bases[1]),
        figure("p50_us", 1),
        figure("p99_us", 1),
        figure("p999_us", 1),
        figure("client_cpu_s_per_m", 2),
        figure("server_cpu_s_per_m", 2),
        figure("mib_s", 0),
        written(server_mib, 1),
        figure("kib_per_conn", 1),
    ];
    format!("| {} |", cells.join(" | "))
}
