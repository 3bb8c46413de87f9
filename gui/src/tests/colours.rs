//! Colours that also those can tell apart who see no red, no green or no blue, and that stand out from their ground.

use egui::{Color32, Context, Theme};

use crate::ui::theme::{self, DARK, LIGHT, Palette};

/// A colour as amounts of light.
type Linear = [f64; 3];

/// How a colour is seen without one kind of cones, as a matrix on amounts of light: Machado, Oliveira, Fernandes, "A
/// physiologically-based model for simulation of color vision deficiency", IEEE TVCG 15(6), 2009, severity 1.0.
const EYES: [(&str, [Linear; 3]); 4] = [
    ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protanopia",
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
    ),
    (
        "deuteranopia",
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
    ),
    (
        "tritanopia",
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ),
];

/// The least difference between colours that stand for things in one graph, in CIEDE2000: side by side two is seen, and
/// from a legend to a line a colour is found again at ten.
const APART: f64 = 12.0;

fn linear(color: Color32) -> Linear {
    let [r, g, b, _] = color.to_array();
    [r, g, b].map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    })
}

fn times(matrix: &[Linear; 3], color: Linear) -> Linear {
    matrix.map(|row| row.iter().zip(color).map(|(weight, part)| weight * part).sum())
}

/// CIE 1976 L*a*b* under D65.
fn lab(color: Linear) -> Linear {
    const XYZ: [Linear; 3] = [
        [0.412_456_4, 0.357_576_1, 0.180_437_5],
        [0.212_672_9, 0.715_152_2, 0.072_175_0],
        [0.019_333_9, 0.119_192_0, 0.950_304_1],
    ];
    let white = [0.950_47, 1.0, 1.088_83];
    let xyz = times(&XYZ, color.map(|part| part.clamp(0.0, 1.0)));
    let [x, y, z] = [0, 1, 2].map(|i| {
        let t: f64 = xyz[i] / white[i];
        if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 }
    });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// CIEDE2000, after Sharma, Wu, Dalal, "The CIEDE2000 color-difference formula", 2005.
fn difference([l1, a1, b1]: Linear, [l2, a2, b2]: Linear) -> f64 {
    let far = |c: f64| (c.powi(7) / (c.powi(7) + 25_f64.powi(7))).sqrt();
    let g = 0.5 * (1.0 - far(f64::midpoint(a1.hypot(b1), a2.hypot(b2))));
    let [(c1, h1), (c2, h2)] = [(a1, b1), (a2, b2)].map(|(a, b)| {
        let a = (1.0 + g) * a;
        (a.hypot(b), b.atan2(a).to_degrees().rem_euclid(360.0))
    });
    let turn = (h2 - h1 + 180.0).rem_euclid(360.0) - 180.0;
    let is_grey = c1 * c2 == 0.0;
    let turn = if is_grey { 0.0 } else { turn };
    let (lightness, chroma) = (f64::midpoint(l1, l2), f64::midpoint(c1, c2));
    let hue = if is_grey { h1 + h2 } else { (h1 + turn / 2.0).rem_euclid(360.0) };
    let cos = |degrees: f64| degrees.to_radians().cos();
    let t = 1.0 - 0.17 * cos(hue - 30.0) + 0.24 * cos(2.0 * hue) + 0.32 * cos(3.0 * hue + 6.0)
        - 0.20 * cos(4.0 * hue - 63.0);
    let from_middle = (lightness - 50.0).powi(2);
    let dl = (l2 - l1) / (1.0 + 0.015 * from_middle / (20.0 + from_middle).sqrt());
    let dc = (c2 - c1) / (1.0 + 0.045 * chroma);
    let dh = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin() / (1.0 + 0.015 * chroma * t);
    let rotation = -2.0 * far(chroma) * (60.0 * (-((hue - 275.0) / 25.0).powi(2)).exp()).to_radians().sin();
    (dl * dl + dc * dc + dh * dh + rotation * dc * dh).sqrt()
}

/// The contrast of two colours by WCAG 2.2, "contrast ratio".
fn contrast(one: Color32, other: Color32) -> f64 {
    let light = |color| {
        let [r, g, b] = linear(color);
        0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
    };
    let (one, other) = (light(one), light(other));
    one.max(other) / one.min(other)
}

/// What is seen through one colour on another.
fn over(top: Color32, ground: Color32) -> Color32 {
    ground.blend(top)
}

fn both() -> [(&'static str, Palette); 2] {
    [("dark", DARK), ("light", LIGHT)]
}

#[test]
fn the_difference_of_colours_agrees_with_published_pairs() {
    for (one, other, expected) in [
        ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
        ([50.0, -1.3802, -84.2814], [50.0, 0.0, -82.7485], 1.0),
        ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
        ([2.0776, 0.0795, -1.1350], [0.9033, -0.0636, -0.5514], 0.9082),
    ] {
        assert!((difference(one, other) - expected).abs() < 1e-4, "{one:?} {other:?}");
    }
}

#[test]
fn colours_of_one_graph_are_told_apart_by_all_eyes() {
    let mut wrong = Vec::new();
    for (theme, palette) in both() {
        let times = [palette.muted, palette.codes[3], palette.warn, palette.accent, palette.codes[2]];
        for (what, colors) in [
            ("series", &palette.series[..]),
            ("codes", &palette.codes[..]),
            ("percentiles", &palette.percentiles[..]),
            ("the times of a call", &times[..]),
            ("well, a warning, an error", &[palette.ok, palette.warn, palette.error]),
        ] {
            for (eyes, matrix) in &EYES {
                let seen: Vec<Linear> =
                    colors.iter().map(|it| lab(self::times(matrix, linear(*it)))).collect();
                for (i, one) in seen.iter().enumerate() {
                    for (j, other) in seen[..i].iter().enumerate() {
                        let apart = difference(*one, *other);
                        if apart < APART {
                            wrong.push(format!("{theme} {what} {j} and {i} with {eyes}: {apart:.1}"));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn text_stands_out_from_its_ground_and_so_do_lines() {
    let context = Context::default();
    theme::install(&context);
    let mut wrong = Vec::new();
    for ((theme, palette), of) in both().into_iter().zip([Theme::Dark, Theme::Light]) {
        let visuals = context.style_of(of).visuals.clone();
        let (panel, buttons) = (visuals.panel_fill, &visuals.widgets);
        let grounds = [panel, visuals.extreme_bg_color, palette.card];
        let text = visuals.text_color();
        let mut check = |what: &str, color: Color32, ground: Color32, least: f64| {
            let contrast = contrast(color, ground);
            if contrast < least {
                wrong.push(format!("{theme}: {what} on {ground:?}: {contrast:.2} < {least}"));
            }
        };
        // WCAG 2.2, 1.4.3: text.
        for ground in grounds {
            for (what, color) in [
                ("text", text),
                ("what explains", palette.muted),
                ("what can be pressed", palette.accent),
                ("what is well", palette.ok),
                ("a warning", palette.warn),
                ("an error", palette.error),
                ("text in a tree", palette.text_value),
                ("a number in a tree", palette.number_value),
                ("a word in a tree", palette.word_value),
            ] {
                check(what, color, ground, 4.5);
            }
            let selected = over(visuals.selection.bg_fill, ground);
            check("what is selected", palette.on_selection, selected, 4.5);
            check("text that is selected", text, selected, 4.5);
            // WCAG 2.2, 1.4.11: parts of pictures.
            palette.series.iter().for_each(|color| check("a line", *color, ground, 3.0));
            palette.codes.iter().for_each(|color| check("a box", *color, ground, 3.0));
        }
        for state in [&buttons.inactive, &buttons.hovered, &buttons.active] {
            check("a button's text", text, state.weak_bg_fill, 4.5);
        }
        for (what, color) in [("a warning", palette.warn), ("an error", palette.error)] {
            check(what, color, buttons.inactive.weak_bg_fill, 4.5);
        }
        check("the main button's text", palette.on_accent, palette.accent, 4.5);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
