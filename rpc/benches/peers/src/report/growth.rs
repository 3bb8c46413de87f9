//! Curves of how cost grows: a table and a drawing for each, both axes in equal ratios.

use super::figures::{Figures, Point, median};
use super::scale::{Scale, grouped, short};
use super::svg::{Anchor, Svg, class};

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
    let mut xs: Vec<f64> = points.iter().map(|point| point.x).collect();
    xs.sort_by(f64::total_cmp);
    xs.dedup();
    let spot = |x: f64| {
        let ys: Vec<_> = points.iter().filter(|point| point.x == x).map(|point| point.y).collect();
        let range =
            (ys.iter().copied().fold(f64::INFINITY, f64::min), ys.iter().copied().fold(0.0, f64::max));
        // In equal ratios there is no place for nothing: a run too short for a call says nothing.
        Some(Spot { x, y: median(ys)?, range }).filter(|spot| spot.range.0 > 0.0)
    };
    xs.into_iter().filter_map(spot).collect()
}

pub(super) fn markdown(figures: &Figures) -> String {
    let mut text = String::new();
    for Curve { name, units, peers } in curves(figures) {
        let mut xs: Vec<f64> = peers.iter().flat_map(|(_, spots)| spots.iter().map(|spot| spot.x)).collect();
        xs.sort_by(f64::total_cmp);
        xs.dedup();
        let names: Vec<_> = peers.iter().map(|(peer, _)| *peer).collect();
        text += &format!("**{name}**, {}\n\n| {} | {} |\n|", units.1, units.0, names.join(" | "));
        text += &"---|".repeat(names.len() + 1);
        text.push('\n');
        for x in xs {
            let at = |spots: &[Spot]| {
                let spot = spots.iter().find(|spot| spot.x == x);
                spot.map_or("–".to_owned(), |spot| {
                    if spot.y < 100.0 { format!("{:.1}", spot.y) } else { grouped(spot.y) }
                })
            };
            let cells: Vec<_> = peers.iter().map(|(_, spots)| at(spots)).collect();
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
    curves(figures).iter().map(|curve| (format!("growth-{}", curve.name), plot(curve))).collect()
}

fn plot(curve: &Curve<'_>) -> String {
    let mut svg = Svg::new(SIZE.0, SIZE.1);
    let spots = || curve.peers.iter().flat_map(|(_, spots)| spots);
    let ends = |figure: fn(&Spot) -> (f64, f64)| {
        spots().map(figure).fold((f64::INFINITY, 0.0f64), |all, one| (all.0.min(one.0), all.1.max(one.1)))
    };
    let (left, right, top, bottom) = (LEFT, SIZE.0 - RIGHT, TOP, SIZE.1 - BOTTOM);
    let across = Scale::log(ends(|spot| (spot.x, spot.x)), (left, right));
    let up = Scale::log(ends(|spot| spot.range), (bottom, top));
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
        svg.curve(&points, class(peer));
        points.iter().for_each(|point| svg.dot(*point, class(peer)));
        labels.extend(points.last().map(|(x, y)| (x + 8.0, y + 4.0, (*peer).to_owned())));
    }
    svg.labels(labels);
    svg.finish()
}
