//! Draws one graph: axes, lines, bars, the heatmap, and the cursor that all graphs share.

use std::time::Instant;

use egui::{
    Align2, Color32, FontId, Mesh, Painter, Pos2, Rangef, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2,
};

use super::axis::{Axis, Mark, TimeAxis};
use super::scene::Scene;
use crate::ui::theme::Palette;

/// Room below for what is written at the time axis.
const BELOW: f32 = 15.0;
/// One row of the legend.
const ROW: f32 = 15.0;
/// What keeps a line away from the word at the right edge, and the newest point in sight.
const RIGHT: f32 = 12.0;

/// Half the side of a mark.
pub(super) const MARK: f32 = 4.5;

/// How a line is drawn. Lines differ in width and style as well as in colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::ui) struct Pen {
    pub(in crate::ui) color: Color32,
    pub(in crate::ui) width: f32,
    pub(in crate::ui) style: Style,
}

/// What a line is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Style {
    Solid,
    Dashed,
    Dotted,
    /// Not a line: what is between it and the axis, in one colour.
    Filled,
}

/// What a graph draws, and what it says.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) title: String,
    pub(super) axis: Axis,
    pub(super) layers: Vec<Layer>,
    pub(super) entries: Vec<Entry>,
}

/// One thing that is drawn over the others before it.
#[derive(Debug)]
pub(super) enum Layer {
    /// Lines of one kind, with gaps between them.
    Line { runs: Vec<Vec<(Instant, f64)>>, pen: Pen, is_filled: bool },
    /// Rectangles, each from a moment to another and from a value to another.
    Boxes(Vec<Block>),
}

/// A rectangle of a colour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) from: Instant,
    pub(super) to: Instant,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) color: Color32,
}

/// A line of the legend: what something is called, and its value at the cursor.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::ui) struct Entry {
    pub(in crate::ui) name: String,
    pub(in crate::ui) value: String,
    pub(in crate::ui) pen: Pen,
}

/// Where the parts of a graph are.
#[derive(Debug, Clone, Copy)]
pub(in crate::ui) struct Places {
    pub(in crate::ui) whole: Rect,
    pub(in crate::ui) legend: Rect,
    pub(in crate::ui) plot: Rect,
}

impl Places {
    /// Divides a rectangle. The legend has so many rows whatever is in it, so that the plot never moves.
    pub(in crate::ui) fn of(whole: Rect, legend_rows: u8, axis_width: f32) -> Self {
        let legend = whole.with_max_y(whole.top() + ROW * f32::from(1 + legend_rows));
        let corner = pos2(whole.left() + axis_width, legend.bottom() + 5.0);
        let end = whole.max - vec2(RIGHT, BELOW);
        Self { whole, legend, plot: Rect::from_min_max(corner, end.max(corner + Vec2::splat(1.0))) }
    }

    /// What draws in the plot and nowhere else.
    pub(in crate::ui) fn inside(self, painter: &Painter) -> Painter {
        painter.with_clip_rect(painter.clip_rect().intersect(self.plot.expand(1.0)))
    }
}

/// What everything in a graph is drawn with.
pub(super) struct Canvas<'a> {
    pub(super) painter: Painter,
    pub(super) colors: &'a Palette,
    pub(super) text: Color32,
    pub(super) places: Places,
    pub(super) time: &'a TimeAxis,
    pub(super) axis: Axis,
}

impl Canvas<'_> {
    /// Draws the graph without what moves with the pointer.
    pub(super) fn draw(&self, graph: &Graph) {
        let (places, colors) = (self.places, self.colors);
        draw_legend(&self.painter, places.legend, (&graph.title, &graph.entries), (self.text, colors));
        let [up, across] = [self.axis.marks(places.plot.height()), self.time.marks(places.plot.width())];
        draw_grid(&self.painter, places, up, across, colors);
        let inside = places.inside(&self.painter);
        for layer in &graph.layers {
            match layer {
                Layer::Line { runs, pen, is_filled } => {
                    for run in runs {
                        let line = run.iter().map(|(at, value)| self.place(*at, *value)).collect();
                        draw_run(&inside, line, *pen, is_filled.then_some(places.plot.bottom()));
                    }
                }
                Layer::Boxes(blocks) => {
                    inside.add(self.boxes(blocks));
                }
            }
        }
    }

    /// A line where something happened that concerns all that is drawn.
    pub(super) fn event(&self, at: Instant, color: Color32) {
        let x = self.time.x(at, self.places.plot);
        if self.places.plot.x_range().contains(x) {
            let ends = [pos2(x, self.places.plot.top()), pos2(x, self.places.plot.bottom())];
            self.painter.extend(Shape::dashed_line(&ends, Stroke::new(1.0, color), 4.0, 3.0));
        }
    }

    /// The moment under the pointer; where that is, in words as well.
    pub(super) fn cursor(&self, at: Instant, is_here: bool) {
        let x = self.time.x(at, self.places.plot);
        let words = is_here.then(|| self.time.words(at));
        draw_cursor(&self.painter, self.places, (x, words), (self.text, self.colors));
    }

    /// What is about to be zoomed to.
    pub(super) fn selection(&self, range: Rangef) {
        let plot = self.places.plot;
        let left = range.min.max(plot.left());
        let place = Rect::from_x_y_ranges(left..=range.max.min(plot.right()).max(left), plot.y_range());
        let accent = self.colors.accent;
        self.painter.rect(
            place,
            0.0,
            accent.gamma_multiply(0.2),
            Stroke::new(1.0, accent),
            StrokeKind::Inside,
        );
    }

    /// The calls made here: a circle for an answer, a diamond for an error.
    pub(super) fn marks(&self, scene: &Scene<'_>) {
        let rim = Stroke::new(1.0, self.colors.card);
        for mark in scene.own() {
            let center = self.place(mark.at, mark.took.as_secs_f64());
            if mark.answered {
                self.painter.circle(center, MARK, self.colors.ok, rim);
            } else {
                let corners = [vec2(0.0, -1.2), vec2(1.2, 0.0), vec2(0.0, 1.2), vec2(-1.2, 0.0)];
                let corners = corners.map(|corner| center + corner * MARK).to_vec();
                self.painter.add(Shape::convex_polygon(corners, self.colors.error, rim));
            }
        }
    }

    /// Where a value at a moment is.
    pub(super) fn place(&self, at: Instant, value: f64) -> Pos2 {
        let plot = self.places.plot;
        pos2(self.time.x(at, plot), plot.bottom() - self.axis.fraction(value) * plot.height())
    }

    fn boxes(&self, blocks: &[Block]) -> Shape {
        let mut mesh = Mesh::default();
        mesh.reserve_vertices(4 * blocks.len());
        mesh.reserve_triangles(2 * blocks.len());
        let plot = self.places.plot;
        for block in blocks {
            let (mut low, mut high) = (self.place(block.from, block.low), self.place(block.to, block.high));
            // A day in a small graph: what is narrower than a pixel would not be seen.
            if high.x - low.x < 1.0 {
                low.x = high.x - 1.0;
            }
            if high.x > plot.left() && low.x < plot.right() {
                low.x = low.x.max(plot.left());
                high.x = high.x.min(plot.right());
                mesh.add_colored_rect(Rect::from_two_pos(low, high), block.color);
            }
        }
        Shape::mesh(mesh)
    }
}

/// A graph in words, for those who do not see it.
pub(in crate::ui) fn in_words(title: &str, when: &str, entries: &[Entry]) -> String {
    let values = entries.iter().map(|entry| format!("{} {}", entry.name, entry.value));
    let values: Vec<String> = values.collect();
    let values = if values.is_empty() { "none".to_owned() } else { values.join(", ") };
    format!("{title} graph, {when}: {values}")
}

/// The title of a graph and what its lines mean, in as many rows as there is room for.
pub(in crate::ui) fn draw_legend(
    painter: &Painter,
    room: Rect,
    (title, entries): (&str, &[Entry]),
    (text, colors): (Color32, &Palette),
) {
    let title = painter.layout_no_wrap(title.to_owned(), FontId::proportional(13.0), text);
    let mut at = pos2(room.left() + title.size().x + 12.0, room.top() + 1.0);
    painter.galley(room.min, title, text);
    if entries.is_empty() {
        painter.text(at, Align2::LEFT_TOP, "none", small(), colors.muted);
    }
    for (i, entry) in entries.iter().enumerate() {
        let name = painter.layout_no_wrap(entry.name.clone(), small(), colors.muted);
        let value = painter.layout_no_wrap(entry.value.clone(), small(), text);
        let width = 18.0 + name.size().x + 4.0 + value.size().x;
        // Something has to say that there is more.
        let is_last = i + 1 == entries.len();
        let on_last_row = at.y + 2.0 * ROW > room.bottom();
        let end = room.right() - if on_last_row && !is_last { 26.0 } else { 0.0 };
        if at.x + width > end && at.x > room.left() {
            at = pos2(room.left(), at.y + ROW);
        }
        if at.y + ROW > room.bottom() + 1.0 {
            let more = format!("+{}", entries.len() - i);
            painter.text(pos2(room.right(), at.y - ROW), Align2::RIGHT_TOP, more, small(), colors.muted);
            break;
        }
        let middle = at.y + ROW / 2.0 - 1.0;
        draw_line(painter, vec![pos2(at.x, middle), pos2(at.x + 14.0, middle)], entry.pen);
        let name_width = name.size().x;
        painter.galley(pos2(at.x + 18.0, at.y), name, colors.muted);
        painter.galley(pos2(at.x + 22.0 + name_width, at.y), value, text);
        at.x += width + 10.0;
    }
}

/// The lines across a graph, and what is written beside them; those from left to right come from the right.
pub(in crate::ui) fn draw_grid(
    painter: &Painter,
    Places { whole, plot, .. }: Places,
    up: Vec<Mark>,
    across: Vec<Mark>,
    colors: &Palette,
) {
    for mark in up {
        let y = plot.bottom() - mark.at * plot.height();
        let strength = if mark.text.is_some() { 0.9 } else { 0.4 };
        painter.hline(plot.x_range(), y, Stroke::new(1.0, colors.line.gamma_multiply(strength)));
        if let Some(text) = mark.text {
            painter.text(pos2(plot.left() - 5.0, y), Align2::RIGHT_CENTER, text, small(), colors.muted);
        }
    }
    let mut free = f32::INFINITY;
    for mark in across {
        let x = plot.left() + mark.at * plot.width();
        painter.vline(x, plot.y_range(), Stroke::new(1.0, colors.line.gamma_multiply(0.5)));
        let Some(text) = mark.text else { continue };
        let galley = painter.layout_no_wrap(text, small(), colors.muted);
        let half = galley.size().x / 2.0;
        let center = x.min(whole.right() - half);
        // Never over its neighbour, and never under what is written at the other axis.
        if center + half < free && center - half > plot.left() - 6.0 {
            painter.galley(pos2(center - half, plot.bottom() + 2.0), galley, colors.muted);
            free = center - half - 6.0;
        }
    }
}

/// The line under the pointer and, where there are any, the words below it.
pub(in crate::ui) fn draw_cursor(
    painter: &Painter,
    Places { whole, plot, .. }: Places,
    (x, words): (f32, Option<String>),
    (text, colors): (Color32, &Palette),
) {
    painter.vline(x, plot.y_range(), Stroke::new(1.0, text.gamma_multiply(0.7)));
    let Some(words) = words else { return };
    let galley = painter.layout_no_wrap(words, small(), text);
    let half = galley.size().x / 2.0 + 4.0;
    let leftmost = whole.left() + half;
    let center = x.clamp(leftmost, (whole.right() - half).max(leftmost));
    let size = galley.size() + vec2(8.0, 1.0);
    let place = Rect::from_center_size(pos2(center, plot.bottom() + BELOW / 2.0 + 1.0), size);
    painter.rect(place, 3.0, colors.card, Stroke::new(1.0, colors.line), StrokeKind::Inside);
    painter.galley(place.min + vec2(4.0, 0.5), galley, text);
}

/// What is written in graphs.
pub(in crate::ui) fn small() -> FontId {
    FontId::proportional(11.0)
}

/// A line without a gap, and what is between it and the axis down there.
pub(in crate::ui) fn draw_run(painter: &Painter, line: Vec<Pos2>, pen: Pen, filled_to: Option<f32>) {
    if let Some(bottom) = filled_to {
        painter.add(below(&line, bottom, pen.color.gamma_multiply(0.14)));
    }
    draw_line(painter, line, pen);
}

fn draw_line(painter: &Painter, line: Vec<Pos2>, pen: Pen) {
    let Pen { color, width, style } = pen;
    match (style, line.as_slice()) {
        (_, []) => {}
        // A single point is a line without length.
        (_, [point]) => {
            painter.circle_filled(*point, width.max(1.6), color);
        }
        (Style::Solid, _) => {
            painter.line(line, Stroke::new(width, color));
        }
        (Style::Dashed, _) => {
            painter.extend(Shape::dashed_line(&line, Stroke::new(width, color), 6.0, 3.0));
        }
        (Style::Dotted, _) => {
            painter.extend(Shape::dashed_line(&line, Stroke::new(width, color), 1.5, 2.5));
        }
        (Style::Filled, [first, .., last]) => {
            let sample = Rect::from_min_max(*first - vec2(-2.0, 4.0), *last + vec2(-2.0, 4.0));
            painter.rect_filled(sample, 2.0, color);
        }
    }
}

/// What is between a line and the axis.
fn below(line: &[Pos2], bottom: f32, color: Color32) -> Shape {
    let mut mesh = Mesh::default();
    for (i, place) in (0..).zip(line) {
        mesh.colored_vertex(*place, color);
        mesh.colored_vertex(pos2(place.x, bottom), color);
        if i > 0 {
            let at = 2 * i;
            mesh.add_triangle(at - 2, at - 1, at);
            mesh.add_triangle(at - 1, at, at + 1);
        }
    }
    Shape::mesh(mesh)
}
