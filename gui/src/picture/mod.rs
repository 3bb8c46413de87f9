//! What the window would show, as a file: drawn by ourselves, so that it takes neither a window nor a graphics card.

mod raster;

use egui::{Color32, ColorImage, Context, ImageData, RawInput, Rect, TextureId, Ui, Vec2};

use crate::model::graphs::export::Export;
use crate::ui::graphs::still_ui;
use crate::ui::theme;

/// How large a picture is, in points of a window.
const SIZE: Vec2 = Vec2::new(1280.0, 900.0);
/// And how many pixels a point is wide, so that it can be printed.
const SCALE: f32 = 2.0;

/// The graphs as a PNG. That takes a moment: not for the thread that draws the window.
pub(crate) fn png(export: &Export) -> Result<Vec<u8>, png::EncodingError> {
    let image = drawn(SIZE, SCALE, export.is_dark, |ui| still_ui(ui, export));
    let mut file = Vec::new();
    let [width, height] = image.size.map(|side| u32::try_from(side).unwrap_or(u32::MAX));
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let pixels: Vec<u8> = image.pixels.iter().flat_map(|pixel| [pixel.r(), pixel.g(), pixel.b()]).collect();
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(file)
}

/// What a function draws, as pixels.
fn drawn(size: Vec2, scale: f32, is_dark: bool, mut draw: impl FnMut(&mut Ui)) -> ColorImage {
    let context = Context::default();
    theme::install(&context);
    let theme = if is_dark { egui::Theme::Dark } else { egui::Theme::Light };
    context.set_theme(theme);
    context.set_pixels_per_point(scale);
    let input =
        || RawInput { screen_rect: Some(Rect::from_min_size(egui::Pos2::ZERO, size)), ..RawInput::default() };
    let mut atlas = ColorImage::filled([1, 1], Color32::WHITE);
    let mut shapes = Vec::new();
    // In the first pass the scale is not known yet, and in the second not every glyph.
    for _ in 0..3 {
        let mut output = context.run_ui(input(), &mut draw);
        for delta in output.textures_delta.set.remove(&TextureId::default()).into_iter().flatten() {
            let ImageData::Color(image) = &delta.image;
            match delta.pos {
                None => atlas = image.as_ref().clone(),
                Some(corner) => patch(&mut atlas, image, corner),
            }
        }
        // There are no other textures.
        output.textures_delta.clear();
        shapes = output.shapes;
    }
    let primitives = context.tessellate(shapes, scale);
    let ground = context.style_of(theme).visuals.panel_fill;
    let [width, height] = [size.x, size.y].map(|side| (side * scale).round().max(1.0) as usize);
    raster::raster(&primitives, &atlas, scale, ColorImage::filled([width, height], ground))
}

/// Overwrites a part of an image.
fn patch(whole: &mut ColorImage, part: &ColorImage, [left, top]: [usize; 2]) {
    let [width, height] = part.size;
    for row in 0..height {
        let from = &part.pixels[row * width..(row + 1) * width];
        let start = (top + row) * whole.size[0] + left;
        whole.pixels[start..start + width].copy_from_slice(from);
    }
}

#[cfg(test)]
mod tests {
    use egui::{Align2, FontId, pos2, vec2};

    use super::*;

    #[test]
    fn what_is_drawn_is_where_a_window_would_show_it() {
        let image = drawn(vec2(60.0, 40.0), 2.0, true, |ui| {
            let square = Rect::from_min_size(pos2(10.0, 10.0), vec2(10.0, 10.0));
            ui.painter().rect_filled(square, 0.0, Color32::from_rgb(200, 40, 20));
            ui.painter().text(
                pos2(40.0, 20.0),
                Align2::CENTER_CENTER,
                "m",
                FontId::monospace(20.0),
                Color32::WHITE,
            );
        });
        assert_eq!(image.size, [120, 80]);
        let at = |x: usize, y: usize| image.pixels[y * 120 + x];
        assert_eq!(at(30, 30), Color32::from_rgb(200, 40, 20));
        assert_eq!(at(4, 30), at(4, 4), "the ground is even");
        let letter = (60..100).flat_map(|x| (20..60).map(move |y| (x, y)));
        let bright = letter.filter(|(x, y)| at(*x, *y).r() > 230).count();
        assert!((40..400).contains(&bright), "{bright} pixels of a letter");
    }
}
