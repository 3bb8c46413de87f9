//! Colours and sizes, once for dark and once for light.

use egui::{Color32, Context, CornerRadius, FontFamily, FontId, Margin, Stroke, Style, TextStyle, vec2};

use crate::model::preferences::Preferences;
use crate::model::tree::Kind;
use crate::model::view::Theme;

/// The colours that mean something. `tests::colours` says how far apart they are, for whom, and how they stand out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Palette {
    /// What can be pressed, and what is selected.
    pub(crate) accent: Color32,
    /// Text and frames on what is selected.
    pub(crate) on_selection: Color32,
    /// Text on `accent`.
    pub(crate) on_accent: Color32,
    /// All is well.
    pub(crate) ok: Color32,
    /// Soon it will not be.
    pub(crate) warn: Color32,
    /// It is not.
    pub(crate) error: Color32,
    /// Text on `error`.
    pub(crate) on_error: Color32,
    /// Text that explains.
    pub(crate) muted: Color32,
    /// The ground of a card.
    pub(crate) card: Color32,
    /// The lines between things.
    pub(crate) line: Color32,
    /// The percentiles, which also differ in how bright they are; the first is the rate's, too.
    pub(crate) percentiles: [Color32; 4],
    /// Things that are compared, in turn; lines of one kind of dash are told apart by nothing else.
    pub(crate) series: [Color32; 8],
    /// A cell of the heatmap, from few calls to many.
    pub(crate) heat: [Color32; 5],
    /// Values in a tree.
    pub(crate) text_value: Color32,
    pub(crate) number_value: Color32,
    pub(crate) word_value: Color32,
    /// Error codes, in turn.
    pub(crate) codes: [Color32; 8],
}

const fn rgb(hex: u32) -> Color32 {
    let [_, r, g, b] = hex.to_be_bytes();
    Color32::from_rgb(r, g, b)
}

pub(crate) const DARK: Palette = Palette {
    accent: rgb(0x4c9ffe),
    on_selection: rgb(0x7dbaff),
    on_accent: rgb(0x08131f),
    ok: rgb(0x46c8a2),
    warn: rgb(0xe6b450),
    error: rgb(0xf47c7c),
    on_error: rgb(0x1f0808),
    muted: rgb(0x97a0ae),
    card: rgb(0x1d2129),
    line: rgb(0x323845),
    percentiles: [rgb(0x4c9ffe), rgb(0xe6b450), rgb(0xe0605f), rgb(0xf0dcff)],
    series: [
        rgb(0x4c9ffe),
        rgb(0xf3e62e),
        rgb(0xf19d92),
        rgb(0x8dfaec),
        rgb(0xd00967),
        rgb(0x7d930e),
        rgb(0x6c5ac7),
        rgb(0x00817a),
    ],
    heat: [rgb(0x263a63), rgb(0x2f6690), rgb(0x2f9c95), rgb(0x8ccf67), rgb(0xfbe95e)],
    text_value: rgb(0x8fd19e),
    number_value: rgb(0x8cc4ff),
    word_value: rgb(0xd7a6ff),
    codes: [
        rgb(0xf19d92),
        rgb(0xf3e62e),
        rgb(0xd00967),
        rgb(0x8dfaec),
        rgb(0x6c5ac7),
        rgb(0x4c9ffe),
        rgb(0x7d930e),
        rgb(0x00817a),
    ],
};

pub(crate) const LIGHT: Palette = Palette {
    accent: rgb(0x1464d2),
    on_selection: rgb(0x0b4aa0),
    on_accent: rgb(0xffffff),
    ok: rgb(0x037751),
    warn: rgb(0x664300),
    error: rgb(0xc1153a),
    on_error: rgb(0xffffff),
    muted: rgb(0x5a6473),
    card: rgb(0xffffff),
    line: rgb(0xd3d8e0),
    percentiles: [rgb(0x1464d2), rgb(0xc08a00), rgb(0x9c1a20), rgb(0x4a1a5c)],
    series: [
        rgb(0x1464d2),
        rgb(0xff325c),
        rgb(0x10a07a),
        rgb(0x4c366f),
        rgb(0x717100),
        rgb(0xb879a8),
        rgb(0x104a00),
        rgb(0x903d54),
    ],
    heat: [rgb(0xd3e4f3), rgb(0x9cc4e4), rgb(0x4f97cd), rgb(0x1f639f), rgb(0x0a2a55)],
    text_value: rgb(0x18703f),
    number_value: rgb(0x0b57b5),
    word_value: rgb(0x7a35b5),
    codes: [
        rgb(0xb879a8),
        rgb(0x717100),
        rgb(0xff325c),
        rgb(0x10a07a),
        rgb(0x4c366f),
        rgb(0x1464d2),
        rgb(0x903d54),
        rgb(0x104a00),
    ],
};

impl Palette {
    /// The colour of a cell of the heatmap, from 0 for no call to 1 for the most there are.
    pub(crate) fn heat(&self, share: f32) -> Color32 {
        let at = share.clamp(0.0, 1.0) * (self.heat.len() - 1) as f32;
        let below = (at as usize).min(self.heat.len() - 2);
        self.heat[below].lerp_to_gamma(self.heat[below + 1], at - below as f32)
    }
}

/// The palette of the theme that is shown.
pub(crate) fn palette(ui: &egui::Ui) -> Palette {
    if ui.visuals().dark_mode { DARK } else { LIGHT }
}

/// The colour of a value of this kind.
pub(crate) fn value_color(colors: &Palette, kind: Kind) -> Color32 {
    match kind {
        Kind::Container | Kind::Remark => colors.muted,
        Kind::Text => colors.text_value,
        Kind::Number => colors.number_value,
        Kind::Bytes | Kind::Word => colors.word_value,
    }
}

/// Sets sizes and colours of both themes. Call it once, before the first frame.
pub(crate) fn install(ctx: &Context) {
    // It has commands of ours.
    ctx.options_mut(|options| options.zoom_with_keyboard = false);
    ctx.style_mut_of(egui::Theme::Dark, |style| {
        shape(style, &DARK);
        ground(style, &DARK, rgb(0x15181e), rgb(0x0f1116), rgb(0xdde2ea), [0x262b35, 0x2f3542, 0x394150]);
    });
    ctx.style_mut_of(egui::Theme::Light, |style| {
        shape(style, &LIGHT);
        ground(style, &LIGHT, rgb(0xf3f5f8), rgb(0xffffff), rgb(0x1b2230), [0xe6e9ef, 0xdbe0e8, 0xccd3de]);
    });
}

/// Shows everything as the user likes it.
pub(crate) fn choose(ctx: &Context, preferences: &Preferences) {
    ctx.set_theme(match preferences.theme {
        Theme::System => egui::ThemePreference::System,
        Theme::Light => egui::ThemePreference::Light,
        Theme::Dark => egui::ThemePreference::Dark,
    });
    ctx.set_zoom_factor(preferences.scale.factor());
    let animation_time = if preferences.still { 0.0 } else { Style::default().animation_time };
    ctx.all_styles_mut(|style| style.animation_time = animation_time);
}

/// Whether nothing is to move that need not.
pub(crate) fn is_still(ui: &egui::Ui) -> bool {
    ui.style().animation_time == 0.0
}

fn shape(style: &mut Style, palette: &Palette) {
    style.text_styles = [
        (TextStyle::Small, FontId::new(11.5, FontFamily::Proportional)),
        (TextStyle::Body, FontId::new(13.5, FontFamily::Proportional)),
        (TextStyle::Button, FontId::new(13.5, FontFamily::Proportional)),
        (TextStyle::Heading, FontId::new(17.0, FontFamily::Proportional)),
        (TextStyle::Monospace, FontId::new(12.5, FontFamily::Monospace)),
    ]
    .into();
    let spacing = &mut style.spacing;
    spacing.item_spacing = vec2(8.0, 6.0);
    spacing.button_padding = vec2(9.0, 4.0);
    spacing.interact_size.y = 24.0;
    spacing.window_margin = Margin::same(14);
    spacing.indent = 16.0;
    spacing.scroll = egui::style::ScrollStyle::solid();
    spacing.scroll.bar_width = 8.0;
    spacing.scroll.content_margin = Margin::ZERO;
    let visuals = &mut style.visuals;
    visuals.selection.bg_fill = palette.accent.gamma_multiply(0.24);
    visuals.selection.stroke = Stroke::new(1.0, palette.on_selection);
    visuals.hyperlink_color = palette.accent;
    // A window in which nothing changes draws nothing.
    visuals.text_cursor.blink = false;
    visuals.error_fg_color = palette.error;
    visuals.warn_fg_color = palette.warn;
    visuals.weak_text_color = Some(palette.muted);
    visuals.window_corner_radius = CornerRadius::same(8);
    visuals.menu_corner_radius = CornerRadius::same(6);
    let widgets = &mut visuals.widgets;
    for state in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        state.corner_radius = CornerRadius::same(5);
        state.expansion = 0.0;
    }
}

fn ground(
    style: &mut Style,
    palette: &Palette,
    panel: Color32,
    deep: Color32,
    text: Color32,
    button: [u32; 3],
) {
    let visuals = &mut style.visuals;
    visuals.panel_fill = panel;
    visuals.window_fill = palette.card;
    visuals.window_stroke = Stroke::new(1.0, palette.line);
    visuals.extreme_bg_color = deep;
    visuals.text_edit_bg_color = Some(deep);
    visuals.faint_bg_color = palette.card;
    visuals.code_bg_color = deep;
    let widgets = &mut visuals.widgets;
    widgets.noninteractive.bg_stroke = Stroke::new(1.0, palette.line);
    widgets.noninteractive.fg_stroke = Stroke::new(1.0, text);
    widgets.noninteractive.bg_fill = panel;
    for (state, fill) in
        [&mut widgets.inactive, &mut widgets.hovered, &mut widgets.active].into_iter().zip(button)
    {
        state.weak_bg_fill = rgb(fill);
        state.bg_fill = rgb(fill);
        state.bg_stroke = Stroke::new(1.0, palette.line);
        state.fg_stroke = Stroke::new(1.0, text);
    }
    widgets.hovered.bg_stroke = Stroke::new(1.0, palette.muted);
    widgets.open = widgets.active;
}
