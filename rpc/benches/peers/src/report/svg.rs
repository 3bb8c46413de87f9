//! Drawings: lines, bars and text, in colours that do on white and on black.

use std::fmt::Write;

pub(super) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

/// Where a text stands at its place.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Height of a line of text.
const LABEL: f64 = 14.0;

/// A peer's name, and where it is to stand.
pub(super) type Label = ((f64, f64), String);

/// What a peer's name begins with, and its colour on white and on black.
type Colour = (&'static str, &'static str, &'static str);

const COLOURS: [Colour; 7] = [
    ("countersign", "#0969da", "#58a6ff"),
    ("tonic", "#bc4c00", "#f0883e"),
    ("tarpc", "#1a7f37", "#3fb950"),
    ("capnp", "#8250df", "#bc8cff"),
    ("grpc", "#bf3989", "#f778ba"),
    ("rustls", "#8c959f", "#8b949e"),
    ("floor", "#8c959f", "#8b949e"),
];

/// The class of what belongs to a peer.
pub(super) fn class(peer: &str) -> &'static str {
    COLOURS.iter().find(|(name, ..)| peer.starts_with(name)).map_or("other", |(name, ..)| name)
}

impl Svg {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    pub(super) fn line(&mut self, (x1, y1): (f64, f64), (x2, y2): (f64, f64), class: &str) {
        _ = writeln!(
            self.body,
            r#"<line x1="{x1:.1}" y1="{y1:.1}" x2="{x2:.1}" y2="{y2:.1}" class="{class}"/>"#
        );
    }

    pub(super) fn bar(&mut self, (x, y): (f64, f64), width: f64, height: f64, class: &str) {
        _ = writeln!(
            self.body,
            r#"<rect x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" class="{class} fill"/>"#
        );
    }

    /// A peer's curve, with a dot at each point; its name is to stand at its end.
    pub(super) fn curve(&mut self, points: &[(f64, f64)], peer: &str) -> Option<Label> {
        let class = class(peer);
        let line: Vec<_> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        _ = writeln!(self.body, r#"<polyline points="{}" class="{class} curve"/>"#, line.join(" "));
        for (x, y) in points {
            _ = writeln!(self.body, r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" class="{class} fill"/>"#);
        }
        points.last().map(|(x, y)| ((x + 8.0, y + 4.0), peer.to_owned()))
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, class: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        _ = writeln!(
            self.body,
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" class="{class}">{text}</text>"#
        );
    }

    /// Names at the ends of curves, moved apart where they would overlap.
    pub(super) fn labels(&mut self, mut labels: Vec<Label>) {
        labels.sort_by(|((_, a), _), ((_, b), _)| a.total_cmp(b));
        let mut free = f64::NEG_INFINITY;
        for ((x, y), peer) in labels {
            let y = y.max(free);
            free = y + LABEL;
            self.text((x, y), Anchor::Start, class(&peer), &peer);
        }
    }

    /// The whole file.
    pub(super) fn finish(self) -> String {
        let Self { width, height, body } = self;
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">
<style>
text{{font:12px system-ui,sans-serif}} .title{{font-weight:600}} .small{{font-size:11px}}
.whisker{{stroke-width:1.2}} .curve{{fill:none;stroke-width:2;stroke-linejoin:round}}
{}
@media(prefers-color-scheme:dark){{
{}}}
</style>
<rect width="{width}" height="{height}" class="page"/>
{body}</svg>
"#,
            rules(&ON_WHITE, |(_, on_white, _)| on_white),
            rules(&ON_BLACK, |(_, _, on_black)| on_black),
        )
    }
}

/// Panels beside and below each other.
pub(super) struct Grid {
    pub(super) columns: usize,
    pub(super) panel: (f64, f64),
    pub(super) margin: f64,
}

impl Grid {
    /// The whole file: a panel for each of these, drawn from its upper left corner.
    pub(super) fn plot<T>(&self, all: &[T], draw: impl Fn(&mut Svg, (f64, f64), &T)) -> String {
        let &Self { columns, panel: (width, height), margin } = self;
        let rows = all.len().div_ceil(columns);
        let mut svg = Svg::new(margin + columns as f64 * width, margin + rows as f64 * height);
        for (i, one) in all.iter().enumerate() {
            let (column, row) = ((i % columns) as f64, (i / columns) as f64);
            draw(&mut svg, (margin + column * width, margin + row * height), one);
        }
        svg.finish()
    }
}

/// Colours of the page, of text, of what is said in passing, and of the grid.
const ON_WHITE: [&str; 4] = ["#ffffff", "#1f2328", "#59636e", "#d1d9e0"];
const ON_BLACK: [&str; 4] = ["#0d1117", "#f0f6fc", "#9198a1", "#3d444d"];

fn rules([page, ink, quiet, grid]: &[&str; 4], of_peer: fn(Colour) -> &'static str) -> String {
    let mut rules = format!(
        ".page{{fill:{page}}} text{{fill:{ink}}} text.quiet{{fill:{quiet}}} .grid{{stroke:{grid}}} \
         .whisker{{stroke:{ink}}}\n"
    );
    for colour in COLOURS {
        let (name, of_peer) = (colour.0, of_peer(colour));
        _ = writeln!(rules, ".{name}.fill,text.{name}{{fill:{of_peer}}} .{name}.curve{{stroke:{of_peer}}}");
    }
    rules
}
