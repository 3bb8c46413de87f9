//! Curves of how cost grows: a table and a drawing for each, both axes in equal ratios.

use super::figures::{Figures, Point, median, range};
use super::scale::{Scale, grouped, or_dash, rounded, short};
use super::svg::{Anchor, Svg};

/// A curve by peer, and each peer's figures by x.
struct Curve<'a> {
    name: &'a str,
    units: (&'a str, &'a str),
    peers: Vec<(&'a str, Vec<Spot>)>,
}

/// The median of all rounds, and the least and greatest.
struct Spot {
    x: f64,
    y: f64,
    range: (f64, f64),
}

fn curves(figures: &Figures) -> Vec<Curve<'_>> {
    let mut curves = Vec::<Curve<'_>>::new();
    for point in &figures.points {
        if !curves.iter().any(|curve| curve.name == point.curve) {
            let units = (&*point.x_unit, &*point.y_unit);
            curves.push(Curve { name: &point.curve, units, peers: Vec::new() });
        }
    }
    for curve in &mut curves {
        let points: Vec<_> = figures.points.iter().filter(|point| point.curve == curve.name).collect();
        for point in &points {
            if !curve.peers.iter().any(|(peer, _)| *peer == point.peer) {
                curve.peers.push((&point.peer, spots(&points, &point.peer)));
            }
        }
    }
    curves
}

fn spots(points: &[&Point], peer: &str) -> Vec<Spot> {
    let points: Vec<_> = points.iter().filter(|point| point.peer == peer).collect();
    let spot = |x: f64| {
        let ys: Vec<_> = points.iter().filter(|point| point.x == x).map(|point| point.y).collect();
        // In equal ratios there is no place for nothing: a run too short for a call says nothing.
        let range = range(&ys).filter(|(least, _)| *least > 0.0)?;
        Some(Spot { x, y: median(ys)?, range })
    };
    ascending(points.iter().map(|point| point.x)).into_iter().filter_map(spot).collect()
}

/// Each figure once.
fn ascending(figures: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures.dedup();
    figures
}

pub(super) fn markdown(figures: &Figures) -> String {
    let mut text = String::new();
    for Curve { name, units, peers } in curves(figures) {
        let xs = ascending(peers.iter().flat_map(|(_, spots)| spots.iter().map(|spot| spot.x)));
        let names: Vec<_> = peers.iter().map(|(peer, _)| *peer).collect();
        text += &format!("**{name}**, {}\n\n| {} | {} |\n|", units.1, units.0, names.join(" | "));
        text += &"---|".repeat(names.len() + 1);
        text.push('\n');
        for x in xs {
            let at = |spots: &[Spot]| spots.iter().find(|spot| spot.x == x).map(|spot| rounded(spot.y));
            let cells: Vec<_> = peers.iter().map(|(_, spots)| or_dash(at(spots))).collect();
            text += &format!("| {} | {} |\n", grouped(x), cells.join(" | "));
        }
        text.push('\n');
    }
    text
}

const SIZE: (f64, f64) = (640.0, 400.0);
/// Around the curves: for figures at the left, names at the right, the unit above, the other axis below.
const LEFT: f64 = 64.0;
const RIGHT: f64 = 120.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 52.0;

pub(super) fn plots(figures: &Figures) -> Vec<(String, String)> {
    curves(figures)
        .iter()
        .filter_map(|curve| Some((format!("growth-{}", curve.name), plot(curve)?)))
        .collect()
}

/// Nothing, if no run was long enough for a point.
fn plot(curve: &Curve<'_>) -> Option<String> {
    let mut svg = Svg::new(SIZE.0, SIZE.1);
    let spots = || curve.peers.iter().flat_map(|(_, spots)| spots);
    let ends = |figures: fn(&Spot) -> [f64; 2]| range(&spots().flat_map(figures).collect::<Vec<_>>());
    let (left, right, top, bottom) = (LEFT, SIZE.0 - RIGHT, TOP, SIZE.1 - BOTTOM);
    let across = Scale::log(ends(|spot| [spot.x; 2])?, (left, right));
    // What is about the same everywhere is to look like it.
    let (least, greatest) = ends(|spot| spot.range.into())?;
    let up = Scale::log((least.min(greatest / 10.0), greatest), (bottom, top));
    svg.text((16.0, 24.0), Anchor::Start, "title", curve.units.1);
    svg.text(((left + right) / 2.0, bottom + 38.0), Anchor::Middle, "", curve.units.0);
    for tick in up.ticks() {
        svg.line((left, up.place(tick)), (right, up.place(tick)), "grid");
        svg.text((left - 8.0, up.place(tick) + 4.0), Anchor::End, "quiet small", &short(tick));
    }
    for tick in across.ticks() {
        svg.line((across.place(tick), top), (across.place(tick), bottom), "grid");
        svg.text((across.place(tick), bottom + 18.0), Anchor::Middle, "quiet small", &short(tick));
    }
    let mut labels = Vec::new();
    for (peer, spots) in &curve.peers {
        let points: Vec<_> = spots.iter().map(|spot| (across.place(spot.x), up.place(spot.y))).collect();
        for (spot, (x, _)) in spots.iter().zip(&points) {
            svg.line((*x, up.place(spot.range.0)), (*x, up.place(spot.range.1)), "whisker");
        }
        labels.extend(svg.curve(&points, peer));
    }
    svg.labels(labels);
    Some(svg.finish())
}
