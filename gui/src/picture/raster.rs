//! Triangles to pixels, as a graphics card does it: colours between corners, texture, blending.

use egui::epaint::{ClippedPrimitive, Primitive, Vertex};
use egui::{Color32, ColorImage, Pos2, Rect, Vec2, pos2, vec2};

/// Draws everything over what is there.
pub(super) fn raster(
    primitives: &[ClippedPrimitive],
    atlas: &ColorImage,
    scale: f32,
    ground: ColorImage,
) -> ColorImage {
    let [width, height] = ground.size;
    let whole = Rect::from_min_size(Pos2::ZERO, vec2(width as f32, height as f32));
    let mut canvas = Canvas { image: ground, atlas };
    for ClippedPrimitive { clip_rect, primitive } in primitives {
        // Nothing of ours draws with callbacks.
        let Primitive::Mesh(mesh) = primitive else { continue };
        let clip = (*clip_rect * scale).intersect(whole);
        let (corners, _) = mesh.indices.as_chunks::<3>();
        for corners in corners {
            let corners = corners.map(|index| {
                let vertex = mesh.vertices[index as usize];
                Vertex { pos: (vertex.pos.to_vec2() * scale).to_pos2(), ..vertex }
            });
            canvas.triangle(corners, clip);
        }
    }
    canvas.image
}

struct Canvas<'a> {
    image: ColorImage,
    atlas: &'a ColorImage,
}

impl Canvas<'_> {
    fn triangle(&mut self, [a, mut b, mut c]: [Vertex; 3], clip: Rect) {
        if area(a.pos, b.pos, c.pos) < 0.0 {
            std::mem::swap(&mut b, &mut c);
        }
        let whole = area(a.pos, b.pos, c.pos);
        let bounds = Rect::from_points(&[a.pos, b.pos, c.pos]).intersect(clip);
        if whole <= 0.0 || !bounds.is_positive() {
            return;
        }
        // Pixels whose centres are within.
        let range = |min: f32, max: f32| (min - 0.5).ceil().max(0.0) as usize..=(max - 0.5).max(0.0) as usize;
        let [width, height] = self.image.size;
        for y in range(bounds.top(), bounds.bottom()) {
            for x in range(bounds.left(), bounds.right()) {
                let center = pos2(x as f32 + 0.5, y as f32 + 0.5);
                let edges = [(b.pos, c.pos), (c.pos, a.pos), (a.pos, b.pos)];
                let shares = edges.map(|(from, to)| (area(from, to, center), owns_edge(from, to)));
                let is_inside = shares.iter().all(|&(share, owns)| share > 0.0 || (share == 0.0 && owns));
                if !is_inside || x >= width || y >= height {
                    continue;
                }
                let [wa, wb, wc] = shares.map(|(share, _)| share / whole);
                let uv = a.uv.to_vec2() * wa + b.uv.to_vec2() * wb + c.uv.to_vec2() * wc;
                let mix = |i: usize| {
                    let of = |vertex: &Vertex| f32::from(vertex.color.to_array()[i]) / 255.0;
                    of(&a) * wa + of(&b) * wb + of(&c) * wc
                };
                self.blend(y * width + x, [mix(0), mix(1), mix(2), mix(3)], self.texel(uv));
            }
        }
    }

    /// The pixel of the texture at a place. Glyphs are drawn at their own size: nothing is between pixels.
    fn texel(&self, uv: Vec2) -> [f32; 4] {
        let [width, height] = self.atlas.size;
        let at = |share: f32, side: usize| ((share * side as f32).max(0.0) as usize).min(side - 1);
        let pixel = self.atlas.pixels[at(uv.y, height) * width + at(uv.x, width)];
        pixel.to_array().map(|channel| f32::from(channel) / 255.0)
    }

    /// Puts a colour, whose channels are multiplied with its opacity, over what is there.
    fn blend(&mut self, at: usize, color: [f32; 4], texel: [f32; 4]) {
        let below = self.image.pixels[at].to_array().map(f32::from);
        let opacity = color[3] * texel[3];
        let over = |i: usize| (color[i] * texel[i] * 255.0 + below[i] * (1.0 - opacity)).round() as u8;
        self.image.pixels[at] = Color32::from_rgb(over(0), over(1), over(2));
    }
}

/// Twice the area of a triangle: positive if its corners go around clockwise, as they are seen.
fn area(a: Pos2, b: Pos2, c: Pos2) -> f32 {
    let (ab, ac) = (b - a, c - a);
    ab.x * ac.y - ab.y * ac.x
}

/// Of two triangles that share an edge one has its pixels: none is drawn twice.
fn owns_edge(from: Pos2, to: Pos2) -> bool {
    let along = to - from;
    along.y < 0.0 || (along.y == 0.0 && along.x > 0.0)
}
