//! One panel for each case, one bar for each peer: medians, and whiskers from the least to the greatest.

use super::figures::{Case, Figures, Peer};
use super::scale::{Scale, short};
use super::svg::{Anchor, Grid, Svg, class};
use crate::goals::GOALS;

const GRID: Grid = Grid { columns: 3, panel: (300.0, 176.0), margin: 16.0 };
/// Left of the bars, for the names of peers; above them, for the title.
const LEFT: f64 = 82.0;
const TOP: f64 = 34.0;
const BAR: f64 = 16.0;
const STEP: f64 = 25.0;

/// Who is shown in each panel, from above, at the better of its runtimes.
const PEERS: [(&str, &str); 5] = [
    ("countersign", "Countersign"),
    ("tonic", "tonic"),
    ("tarpc-bincode", "tarpc"),
    ("floor", "bare loop"),
    ("rustls", "tokio-rustls"),
];

pub(super) fn plot(figures: &Figures) -> String {
    GRID.plot(&figures.cases, panel)
}

fn panel(svg: &mut Svg, (x, y): (f64, f64), case: &Case) {
    let goal = GOALS.iter().find(|goal| goal.case == case.name);
    let (figure, unit) = match case.name.split_once(':') {
        Some(("idle", _)) => ("kib_per_conn", "KiB each"),
        Some(("handshake", _)) => ("rps", "handshakes/s"),
        Some((work, _)) if work.starts_with("stream") => ("rps", "messages/s"),
        _ => ("rps", "calls/s"),
    };
    let shown: Vec<(&str, &Peer)> =
        PEERS.iter().filter_map(|(name, label)| Some((*label, case.better(name)?))).collect();
    let most = shown.iter().filter_map(|(_, peer)| Some(peer.range(figure)?.1)).fold(0.0, f64::max);
    let bars = (x + LEFT, x + GRID.panel.0 - 2.0 * GRID.margin);
    let scale = Scale::linear(most, bars);
    let (top, bottom) = (y + TOP, y + TOP + STEP * shown.len() as f64);
    svg.text((x, y + 14.0), Anchor::Start, "title", goal.map_or(&case.name, |goal| goal.title));
    svg.text((bars.1, y + 14.0), Anchor::End, "quiet small", unit);
    for tick in scale.ticks() {
        svg.line((scale.place(tick), top - 6.0), (scale.place(tick), bottom), "grid");
        svg.text((scale.place(tick), bottom + 14.0), Anchor::Middle, "quiet small", &short(tick));
    }
    for (i, (label, peer)) in shown.into_iter().enumerate() {
        let (Some(median), Some((least, greatest))) = (peer.median(figure), peer.range(figure)) else {
            continue;
        };
        let y = top + STEP * i as f64;
        let middle = y + BAR / 2.0;
        svg.text((bars.0 - 8.0, middle + 4.0), Anchor::End, "", label);
        svg.bar((bars.0, y), scale.place(median) - bars.0, BAR, class(&peer.name));
        svg.line((scale.place(least), middle), (scale.place(greatest), middle), "whisker");
        for end in [least, greatest] {
            svg.line((scale.place(end), middle - 4.0), (scale.place(end), middle + 4.0), "whisker");
        }
    }
}
