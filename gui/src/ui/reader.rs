//! Words of a page, of which those that are looked for are marked, and those that were gone to brought into sight.

use std::ops::Range;

use egui::style::ScrollAnimation;
use egui::text::{CCursor, LayoutJob, TextWrapping};
use egui::{Align, FontSelection, Label, Rect, Response, RichText, Stroke, Ui, WidgetText};

use super::theme::palette;
use crate::model::find::Find;

/// Reads a page passage by passage, in the order in which they stand in the text that is gone through.
pub(super) struct Reader<'f> {
    find: Option<&'f Find>,
    /// Where the next passage begins.
    at: usize,
    /// The match that is still to be brought into sight.
    sought: Option<usize>,
}

impl<'f> Reader<'f> {
    /// Begins a page.
    pub(super) fn new(ui: &Ui, find: Option<&'f Find>) -> Self {
        let (id, steps) = (ui.scope_id().with("steps"), find.map_or(0, |find| find.steps));
        let before = ui.data_mut(|data| std::mem::replace(data.get_temp_mut_or_default::<u64>(id), steps));
        let sought = find.filter(|_| steps != before).and_then(Find::gone_to);
        Self { find, at: 0, sought }
    }

    /// Takes in the next passage, drawn or not, and says where in the text it is.
    pub(super) fn pass(&mut self, passage: &str) -> Range<usize> {
        let part = self.at..self.at + passage.len();
        // Of an empty one there is no line.
        self.at += if passage.is_empty() { 0 } else { passage.len() + 1 };
        debug_assert!(self.find.is_none_or(|find| find.is_at(part.clone(), passage)), "{passage}");
        part
    }

    /// The words of a part of the text with what is found in them marked.
    pub(super) fn marked(
        &self,
        ui: &Ui,
        part: Range<usize>,
        words: &str,
        style: impl Fn(RichText) -> RichText,
    ) -> LayoutJob {
        let (font, align) = (FontSelection::Default, ui.text_valign());
        let plain = WidgetText::from(style(RichText::new(words))).into_layout_job(ui.style(), font, align);
        let plain = plain.sections.first().map(|section| section.format.clone()).unwrap_or_default();
        let mut job = LayoutJob::default();
        let mut write = |words: &str, is_gone_to: Option<bool>| {
            let mut format = plain.clone();
            if is_gone_to.is_some() {
                format.underline = Stroke::new(1.5, palette(ui).accent);
            }
            if is_gone_to == Some(true) {
                let selection = ui.visuals().selection;
                (format.background, format.color) = (selection.bg_fill, selection.stroke.color);
            }
            job.append(words, 0.0, format);
        };
        let mut done = 0;
        for (place, is_gone_to) in self.find.into_iter().flat_map(|find| find.marks(part.clone())) {
            let [from, to] = [place.start, place.end].map(|at| (at - part.start).clamp(done, words.len()));
            write(&words[done..from], None);
            write(&words[from..to], Some(is_gone_to));
            done = to;
        }
        write(&words[done..], None);
        job
    }

    /// Draws a passage in as many lines as it needs.
    pub(super) fn label_ui(
        &mut self,
        ui: &mut Ui,
        words: &str,
        style: impl Fn(RichText) -> RichText,
    ) -> Response {
        let part = self.pass(words);
        let (job, width) = (self.marked(ui, part.clone(), words, style), ui.available_width());
        let response = ui.add(Label::new(job.clone()).wrap());
        if let Some(at) = self.sought_in(&part) {
            // A long one is higher than the page.
            let wrap = TextWrapping::wrap_at_width(width);
            let galley = ui.fonts_mut(|fonts| fonts.layout_job(LayoutJob { wrap, ..job }));
            let before = words[..at - part.start].chars().count();
            let place = galley.pos_from_cursor(CCursor::new(before));
            self.show(ui, &part, place.translate(response.rect.min.to_vec2()));
        }
        response
    }

    /// Brings this place into sight if what is sought is in this part of the text, which is drawn there.
    pub(super) fn show(&mut self, ui: &Ui, part: &Range<usize>, place: Rect) {
        if self.sought.take_if(|at| part.contains(at)).is_some() && !ui.clip_rect().contains_rect(place) {
            ui.scroll_to_rect_animation(place, Some(Align::Center), ScrollAnimation::none());
        }
    }

    /// What is sought, if it is in this part of the text.
    pub(super) fn sought_in(&self, part: &Range<usize>) -> Option<usize> {
        self.sought.filter(|at| part.contains(at))
    }
}
