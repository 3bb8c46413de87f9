//! A long list of rows of one height: only those in sight are drawn, and one that is chosen elsewhere comes
//! into sight.

use std::ops::Range;

use egui::{AsIdSalt, Response, Role, ScrollArea, Sense, Ui, Vec2, WidgetInfo};

/// Where a list stood when it was drawn last.
#[derive(Debug, Clone, Copy)]
struct Stand {
    offset: f32,
    room: f32,
    chosen: Option<usize>,
}

/// What is chosen, and the row that it is in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    /// What: as long as it is the same, the list stays where it was scrolled to.
    pub(super) item: usize,
    /// Its row.
    pub(super) row: usize,
}

/// Draws the rows in sight of so many.
pub(super) fn rows_ui(
    ui: &mut Ui,
    name: impl AsIdSalt,
    height: f32,
    count: usize,
    chosen: Option<Chosen>,
    draw: impl FnOnce(&mut Ui, Range<usize>),
) {
    let id = ui.scope_id().with(name);
    let before = ui.data(|data| data.get_temp::<Stand>(id));
    let mut list = ScrollArea::both().id_salt(id).auto_shrink(false);
    let item = chosen.map(|chosen| chosen.item);
    if let Some(Chosen { row, .. }) = chosen.filter(|_| before.is_none_or(|before| before.chosen != item)) {
        let (offset, room) =
            before.map_or((0.0, ui.available_height()), |before| (before.offset, before.room));
        let top = row as f32 * height;
        if top < offset || offset + room < top + height {
            // A third of the room stays for what stands before it.
            list = list.vertical_scroll_offset((top - room / 3.0).max(0.0));
        }
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    let drawn = list.show_rows(ui, height, count, draw);
    let stand =
        Stand { offset: drawn.state.clamped_offset().y, room: drawn.inner_rect.height(), chosen: item };
    ui.data_mut(|data| data.insert_temp(id, stand));
}

/// The ground of a row that can be clicked, with its name for those who do not see it.
pub(super) fn row_ui(
    ui: &mut Ui,
    size: Vec2,
    rounding: f32,
    is_chosen: bool,
    name: impl Fn() -> String,
) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_chosen, name()));
    let painter = ui.painter_at(rect);
    if is_chosen {
        painter.rect_filled(rect, rounding, ui.visuals().selection.bg_fill);
    } else if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, rounding, ui.visuals().widgets.hovered.weak_bg_fill);
    }
    response
}
