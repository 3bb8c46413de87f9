//! A latency trend the size of a word.

use egui::{Color32, Painter, Pos2, Rect, Stroke, pos2};

/// Draws values from left to right, from zero at the bottom; one value is a point.
pub(crate) fn sparkline(painter: &Painter, rect: Rect, values: &[f64], color: Color32) {
    // From zero, so that a quiet procedure does not look like a stormy one.
    let largest = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max) * 1.25;
    let step = rect.width() / (values.len().max(2) - 1) as f32;
    let at = |(i, value): (usize, &f64)| -> Pos2 {
        let height = (value / largest) as f32 * rect.height();
        pos2(rect.left() + i as f32 * step, rect.bottom() - height)
    };
    match values {
        [] => {}
        [_] => {
            painter.circle_filled(rect.center(), 1.5, color);
        }
        _ => {
            painter.line(values.iter().enumerate().map(at).collect(), Stroke::new(1.3, color));
        }
    }
}
