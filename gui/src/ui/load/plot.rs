//! A graph whose horizontal axis is not the time of day: lines over a run, or over shares of calls.

use egui::{Id, Pos2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2};

use crate::ui::graphs::axis::{Axis, Mark};
use crate::ui::graphs::chart::{Entry, Pen, Places, draw_cursor, draw_grid, draw_legend, draw_run, in_words};
use crate::ui::theme::palette;

/// What stands beside the vertical axis takes so much.
const AXIS_WIDTH: f32 = 46.0;

/// What a graph shows.
pub(super) struct Plot {
    pub(super) title: String,
    /// What the vertical axis counts.
    pub(super) axis: Axis,
    /// The lines from top to bottom, from the right one on.
    pub(super) across: Vec<Mark>,
    pub(super) lines: Vec<Line>,
    /// Where another part of the run begins, if it does.
    pub(super) event: Option<f64>,
    /// Whether each point tells of everything from the one before it on, and not of its surroundings.
    pub(super) is_stepped: bool,
}

/// One line of it, or several pieces of one.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) pen: Pen,
    pub(super) is_filled: bool,
    /// Points from left to right: from 0 to 1 across, and the value.
    pub(super) runs: Vec<Vec<(f64, f64)>>,
}

impl Line {
    /// The value at a place, or the last one, or none where there is no piece of the line.
    fn value(&self, at: Option<f64>, is_stepped: bool) -> Option<f64> {
        let Some(at) = at else { return self.runs.last()?.last().map(|point| point.1) };
        let run = self.runs.iter().find(|run| {
            run.first().is_some_and(|point| point.0 <= at) && run.last().is_some_and(|point| at <= point.0)
        })?;
        let after = run.partition_point(|point| point.0 < at);
        let (right, left) = (run.get(after)?, run.get(after.saturating_sub(1))?);
        let nearer = if !is_stepped && at - left.0 < right.0 - at { left } else { right };
        Some(nearer.1)
    }
}

/// Draws it in this place. The legend has the values where the pointer is, or else those at `usual` or at the end;
/// `words` says where that is.
pub(super) fn plot_ui(
    ui: &mut Ui,
    place: Rect,
    plot: &Plot,
    usual: Option<f64>,
    words: impl Fn(Option<f64>) -> String,
) {
    let colors = palette(ui);
    let places = Places::of(place, 0, AXIS_WIDTH);
    let id = ui.scope_id().with(Id::unique(&plot.title));
    let response = ui.interact(places.plot, id, Sense::hover());
    let pointer = response
        .hover_pos()
        .map(|pointer| f64::from((pointer.x - places.plot.left()) / places.plot.width()).clamp(0.0, 1.0));
    let at = pointer.or(usual);
    let entry = |line: &Line| {
        let value =
            line.value(at, plot.is_stepped).map_or_else(|| "–".to_owned(), |value| plot.axis.text(value));
        Entry { name: line.name.clone(), value, pen: line.pen }
    };
    let entries: Vec<Entry> = plot.lines.iter().map(entry).collect();
    response
        .widget_info(|| WidgetInfo::labeled(Role::Figure, true, in_words(&plot.title, &words(at), &entries)));
    let (painter, text) = (ui.painter(), ui.visuals().text_color());
    draw_legend(painter, places.legend, (&plot.title, &entries), (text, &colors));
    let up = plot.axis.marks(places.plot.height());
    draw_grid(painter, places, up, plot.across.clone(), &colors);
    let inside = places.inside(painter);
    let at_place = |(across, value): (f64, f64)| -> Pos2 {
        let x = places.plot.left() + across as f32 * places.plot.width();
        pos2(x, places.plot.bottom() - plot.axis.fraction(value) * places.plot.height())
    };
    for line in &plot.lines {
        for run in &line.runs {
            let points = run.iter().copied().map(at_place).collect();
            draw_run(&inside, points, line.pen, line.is_filled.then_some(places.plot.bottom()));
        }
    }
    if let Some(event) = plot.event {
        let x = at_place((event, 0.0)).x;
        inside.vline(x, places.plot.y_range(), Stroke::new(1.0, colors.muted));
    }
    if let Some(pointer) = pointer {
        let x = at_place((pointer, 0.0)).x;
        draw_cursor(painter, places, (x, Some(words(at))), (text, &colors));
    }
}
