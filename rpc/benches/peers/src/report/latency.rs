//! Latencies under a load that does not wait: a table, and a panel for each setting.

use super::figures::{Case, Figures, Peer};
use super::scale::{Scale, grouped, short};
use super::svg::{Anchor, Svg, class};

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
    let whole = |name: &str| peer.median(name).map_or("–".to_owned(), grouped);
    let mut cells = vec![peer.name.clone(), whole("rate"), whole("rps")];
    cells.extend(PERCENTILES.map(|(name, _)| match peer.median(name) {
        Some(us) if us < 100.0 => format!("{us:.1}"),
        Some(us) => grouped(us),
        None => "–".to_owned(),
    }));
    format!("| {} |\n", cells.join(" | "))
}

const COLUMNS: usize = 2;
const PANEL: (f64, f64) = (440.0, 240.0);
const MARGIN: f64 = 16.0;
/// Around the curves: for figures at the left, names at the right, the title above, percentiles below.
const LEFT: f64 = 56.0;
const RIGHT: f64 = 124.0;
const TOP: f64 = 30.0;
const BOTTOM: f64 = 36.0;

pub(super) fn plot(figures: &Figures) -> String {
    let open: Vec<_> = figures
        .cases
        .iter()
        .filter(|case| case.peers.iter().any(|peer| peer.median("rate").is_some()))
        .collect();
    let rows = open.len().div_ceil(COLUMNS) as f64;
    let mut svg = Svg::new(MARGIN + COLUMNS as f64 * PANEL.0, MARGIN + rows * PANEL.1);
    for (i, case) in open.into_iter().enumerate() {
        let at = (MARGIN + (i % COLUMNS) as f64 * PANEL.0, MARGIN + (i / COLUMNS) as f64 * PANEL.1);
        panel(&mut svg, at, case);
    }
    svg.finish()
}

fn panel(svg: &mut Svg, (x, y): (f64, f64), case: &Case) {
    let of = |peer: &Peer| PERCENTILES.map(|(name, _)| peer.median(name));
    let all: Vec<f64> = case.peers.iter().flat_map(of).flatten().filter(|us| *us > 0.0).collect();
    let ends = (all.iter().copied().fold(f64::INFINITY, f64::min), all.iter().copied().fold(0.0, f64::max));
    let (left, right) = (x + LEFT, x + PANEL.0 - RIGHT);
    let (top, bottom) = (y + TOP, y + PANEL.1 - BOTTOM);
    let scale = Scale::log(ends, (bottom, top));
    svg.text((x, y + 14.0), Anchor::Start, "title", &case.name);
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
        let points: Vec<_> =
            (0..).zip(of(peer)).filter_map(|(i, us)| Some((i, us.filter(|us| *us > 0.0)?))).collect();
        let points: Vec<_> =
            points.into_iter().map(|(i, us)| (left + step * f64::from(i), scale.place(us))).collect();
        svg.curve(&points, class(&peer.name));
        points.iter().for_each(|point| svg.dot(*point, class(&peer.name)));
        labels.extend(points.last().map(|(x, y)| (x + 8.0, y + 4.0, peer.name.clone())));
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
