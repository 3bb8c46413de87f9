//! Latencies under a load that does not wait: a table, and a panel for each setting.

use super::figures::{Case, Figures, Peer, range};
use super::scale::{Scale, grouped, or_dash, rounded, short};
use super::svg::{Anchor, Grid, Svg};

const PERCENTILES: [(&str, &str); 5] =
    [("p50_us", "p50"), ("p90_us", "p90"), ("p99_us", "p99"), ("p999_us", "p99.9"), ("max_us", "max")];

pub(super) fn markdown(figures: &Figures) -> String {
    let mut text = String::new();
    for case in &figures.cases {
        text += &format!(
            "**{}**\n\n| peer | due/s | answered/s | p50 µs | p90 µs | p99 µs | p99.9 µs | max µs |\n\
             |---|---|---|---|---|---|---|---|\n",
            case.name
        );
        for peer in &case.peers {
            text += &row(peer);
        }
        text.push('\n');
    }
    text
}

fn row(peer: &Peer) -> String {
    let whole = |name: &str| or_dash(peer.median(name).map(grouped));
    let mut cells = vec![peer.name.clone(), whole("rate"), whole("rps")];
    cells.extend(PERCENTILES.map(|(name, _)| or_dash(peer.median(name).map(rounded))));
    format!("| {} |\n", cells.join(" | "))
}

const GRID: Grid = Grid { columns: 2, panel: (440.0, 240.0), margin: 16.0 };
/// Around the curves: for figures at the left, names at the right, the title above, percentiles below.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 124.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 36.0;

pub(super) fn plot(figures: &Figures) -> String {
    let is_open = |case: &&Case| case.peers.iter().any(|peer| peer.median("rate").is_some());
    let open: Vec<_> = figures.cases.iter().filter(is_open).collect();
    GRID.plot(&open, |svg, at, case| panel(svg, at, case))
}

fn panel(svg: &mut Svg, (x, y): (f64, f64), case: &Case) {
    let of = |peer: &Peer| PERCENTILES.map(|(name, _)| peer.median(name));
    let all: Vec<f64> = case.peers.iter().flat_map(of).flatten().filter(|us| *us > 0.0).collect();
    svg.text((x, y + 14.0), Anchor::Start, "title", &case.name);
    let Some(ends) = range(&all) else { return };
    let (left, right) = (x + LEFT, x + GRID.panel.0 - RIGHT);
    let (top, bottom) = (y + TOP, y + GRID.panel.1 - BOTTOM);
    let scale = Scale::log(ends, (bottom, top));
    for tick in scale.ticks() {
        svg.line((left, scale.place(tick)), (right, scale.place(tick)), "grid");
        svg.text((left - 6.0, scale.place(tick) + 4.0), Anchor::End, "quiet small", &with_unit(tick));
    }
    let step = (right - left) / (PERCENTILES.len() - 1) as f64;
    for (i, (_, label)) in PERCENTILES.iter().enumerate() {
        svg.text((left + step * i as f64, bottom + 16.0), Anchor::Middle, "quiet small", label);
    }
    let mut labels = Vec::new();
    for peer in &case.peers {
        let spot = |(i, us): (u8, Option<f64>)| {
            let us = us.filter(|us| *us > 0.0)?;
            Some((left + step * f64::from(i), scale.place(us)))
        };
        let points: Vec<_> = (0..).zip(of(peer)).filter_map(spot).collect();
        labels.extend(svg.curve(&points, &peer.name));
    }
    svg.labels(labels);
}

/// Microseconds as one writes them.
fn with_unit(us: f64) -> String {
    match us {
        _ if us >= 1e6 => format!("{} s", short(us / 1e6)),
        _ if us >= 1e3 => format!("{} ms", short(us / 1e3)),
        _ => format!("{} µs", short(us)),
    }
}
