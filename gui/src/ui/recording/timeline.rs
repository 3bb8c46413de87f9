//! The whole of a recording in one line: where something happened, which moment is shown, and what moves it.

use std::time::{Duration, Instant};

use egui::accesskit::{Action, ActionData};
use egui::{
    Align, Align2, Button, Event, EventFilter, Key, Label, Layout, Rect, Response, RichText, Role, Sense,
    Shape, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};
use jiff::tz::TimeZone;

use crate::command::Command;
use crate::model::recording::RecordingCommand;
use crate::model::recording::replay::{Overview, Playing, Speed};
use crate::model::tab::Tab;
use crate::model::view::Stretch;
use crate::text;
use crate::ui::graphs::TimeAxis;
use crate::ui::graphs::chart::small;
use crate::ui::parts::{hint_with_keys, muted, spinner_ui};
use crate::ui::theme::{Palette, palette};

/// How high the line is, and what is written below it.
const HEIGHT: f32 = 40.0;
const BELOW: f32 = 16.0;
/// What keeps the handle within the panel.
const MARGIN: f32 = 8.0;
/// What the keys do is said where there is as much room.
const HINT_WIDTH: f32 = 360.0;
/// How large the mark of a call is.
const MARK: f32 = 3.0;

/// The panel below the graphs.
pub(super) fn timeline_ui(ui: &mut Ui, tab: &mut Tab, wishes: &mut Vec<Command>) {
    let is_wanted = tab.playing_mut().is_some_and(|playing| std::mem::take(&mut playing.focus_wanted));
    let Some(playing) = tab.playing() else { return };
    let zone = tab.preferences.times.zone();
    ui.horizontal(|ui| controls_ui(ui, playing, &zone, wishes));
    ui.add_space(2.0);
    let line = line_ui(ui, playing, zone, wishes);
    if is_wanted {
        line.request_focus();
    }
    if playing.is_playing() {
        ui.ctx().request_repaint_after(playing.speed.pace());
    }
}

fn controls_ui(ui: &mut Ui, playing: &Playing, zone: &TimeZone, wishes: &mut Vec<Command>) {
    let (colors, overview) = (palette(ui), &playing.overview);
    let play = Command::Recording(RecordingCommand::Play);
    let text = if playing.is_playing() { "Pause" } else { "Play" };
    let button = ui.add(Button::new(text).min_size(vec2(72.0, 0.0)));
    let button = button.accessible_name(format!("{text} the recording"));
    if button.on_hover_text(hint_with_keys(ui, play.text(), &play)).clicked() {
        wishes.push(play);
    }
    for speed in Speed::ALL {
        let command = Command::Recording(RecordingCommand::SetSpeed(speed));
        let response = ui.selectable_label(playing.speed == speed, speed.text());
        if response.on_hover_text(command.text()).clicked() {
            wishes.push(command);
        }
    }
    ui.separator();
    ui.label(RichText::new(words(overview, playing.wanted, zone)).strong());
    ui.label(muted(&colors, overview.words(playing.wanted)));
    if let Some(outage) = overview.outage(playing.wanted) {
        let why = RichText::new(format!("No connection: {}", outage.why)).color(colors.error);
        ui.add(Label::new(why).truncate()).on_hover_text(&outage.why);
    }
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
        if playing.is_behind() && !playing.is_playing() {
            spinner_ui(ui, 14.0);
        }
        if let Some(remark) = &overview.remark {
            ui.add(Label::new(RichText::new(remark).color(colors.warn)).truncate()).on_hover_text(remark);
        } else if ui.available_width() >= HINT_WIDTH {
            let page = text::clock(page(overview).as_secs());
            let hint = format!("arrow keys 0:01 · with Shift 0:10 · page keys {page} · Space plays");
            ui.label(muted(&colors, hint).small());
        }
    });
}

/// A moment by the clock, with its date.
fn words(overview: &Overview, at: Duration, zone: &TimeZone) -> String {
    overview.date(at).to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The line, its handle and what was done to them.
fn line_ui(ui: &mut Ui, playing: &Playing, zone: TimeZone, wishes: &mut Vec<Command>) -> Response {
    let size = vec2(ui.available_width(), HEIGHT + BELOW);
    let (place, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let track = place.with_max_y(place.top() + HEIGHT).shrink2(vec2(MARGIN, 0.0));
    let line =
        Line { playing, scale: Scale::new(&playing.overview, zone, track), track, colors: palette(ui) };
    line.name(ui, &response);
    line.draw(ui, &response);
    let pointed = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked());
    if let Some(at) = pointed {
        response.request_focus();
        wishes.push(go_to(line.scale.at(at.x)));
    }
    let asked = line.asked(ui, &response).or_else(|| line.pressed(ui, &response, wishes));
    wishes.extend(asked.map(go_to));
    response
}

fn go_to(at: Duration) -> Command {
    Command::Recording(RecordingCommand::GoTo(at))
}

/// How far the page keys go: a twentieth of all of it, in whole seconds.
fn page(overview: &Overview) -> Duration {
    Duration::from_secs((overview.length.as_secs() / 20).max(5))
}

/// Where the moments of a recording are on its line. That is a second long at least, of which a shorter one takes a part.
struct Scale {
    axis: TimeAxis,
    base: Instant,
    length: Duration,
    track: Rect,
}

impl Scale {
    fn new(overview: &Overview, zone: TimeZone, track: Rect) -> Self {
        let &Overview { base, length, .. } = overview;
        let whole = length.max(Duration::from_secs(1));
        let end = (base + whole, overview.date(whole));
        let stretch = Stretch { to: end.0, length: whole };
        Self { axis: TimeAxis { stretch, is_live: false, now: end, zone }, base, length, track }
    }

    /// The moment of the recording at a place, or the nearest one.
    fn at(&self, x: f32) -> Duration {
        let moment = self.axis.moment(x, self.track).unwrap_or(self.base);
        moment.saturating_duration_since(self.base).min(self.length)
    }

    /// The place of a moment.
    fn x(&self, at: Duration) -> f32 {
        self.axis.x(self.base + at, self.track)
    }
}

/// What the line is drawn of.
struct Line<'p> {
    playing: &'p Playing,
    scale: Scale,
    track: Rect,
    colors: Palette,
}

impl Line<'_> {
    /// Says what it is and where it stands.
    fn name(&self, ui: &Ui, response: &Response) {
        let Playing { overview, wanted, .. } = self.playing;
        response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, "Time line"));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            node.set_min_numeric_value(0.0);
            node.set_max_numeric_value(overview.length.as_secs_f64());
            node.set_numeric_value(wanted.as_secs_f64());
            node.set_numeric_value_step(1.0);
            node.set_value(format!(
                "{}, {}",
                words(overview, *wanted, &self.scale.axis.zone),
                overview.words(*wanted)
            ));
            [Action::SetValue, Action::Increment, Action::Decrement]
                .into_iter()
                .for_each(|action| node.add_action(action));
        });
    }

    /// The moment that was asked for by those who use neither pointer nor keys.
    fn asked(&self, ui: &Ui, response: &Response) -> Option<Duration> {
        let wanted = self.playing.wanted;
        ui.input(|input| {
            let count = |action| input.num_accesskit_action_requests(response.id, action);
            if let Some(request) = input.accesskit_action_requests(response.id, Action::SetValue).last()
                && let Some(ActionData::NumericValue(seconds)) = request.data
            {
                return Duration::try_from_secs_f64(seconds).ok();
            }
            match (count(Action::Increment), count(Action::Decrement)) {
                (0, 0) => None,
                (more, less) => Some(
                    (wanted + Duration::from_secs(more as u64))
                        .saturating_sub(Duration::from_secs(less as u64)),
                ),
            }
        })
    }

    /// The moment that keys lead to.
    fn pressed(&self, ui: &Ui, response: &Response, wishes: &mut Vec<Command>) -> Option<Duration> {
        if !response.has_focus() {
            return None;
        }
        let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let mut at = self.playing.wanted;
        for event in ui.input(|input| input.events.clone()) {
            let Event::Key { key, pressed: true, modifiers, .. } = event else { continue };
            if modifiers.command {
                continue;
            }
            let step = Duration::from_secs(if modifiers.shift { 10 } else { 1 });
            at = match key {
                Key::ArrowLeft => at.saturating_sub(step),
                Key::ArrowRight => at + step,
                Key::PageUp => at.saturating_sub(page(&self.playing.overview)),
                Key::PageDown => at + page(&self.playing.overview),
                Key::Home => Duration::ZERO,
                Key::End => self.playing.overview.length,
                Key::Space => {
                    wishes.push(Command::Recording(RecordingCommand::Play));
                    continue;
                }
                _ => continue,
            };
        }
        (at != self.playing.wanted).then_some(at)
    }

    fn draw(&self, ui: &Ui, response: &Response) {
        let (painter, track, colors) = (ui.painter(), self.track, &self.colors);
        painter.rect(
            track,
            4.0,
            ui.visuals().extreme_bg_color,
            Stroke::new(1.0, colors.line),
            StrokeKind::Inside,
        );
        self.draw_activity(ui);
        self.draw_events(ui);
        let handle = self.scale.x(self.playing.wanted);
        let passed = track.with_max_x(handle);
        painter.rect_filled(passed, 4.0, colors.accent.gamma_multiply(0.12));
        self.draw_times(ui);
        if let Some(pointer) = response.hover_pos().filter(|_| !response.dragged()) {
            self.draw_pointer(ui, pointer.x);
        }
        let color = if response.has_focus() || response.hovered() {
            colors.accent
        } else {
            ui.visuals().text_color()
        };
        painter.vline(handle, track.y_range(), Stroke::new(2.0, color));
        painter.circle(pos2(handle, track.center().y), 6.0, color, Stroke::new(2.0, colors.card));
        if response.has_focus() {
            painter.rect_stroke(track.expand(2.0), 5.0, Stroke::new(1.0, colors.accent), StrokeKind::Outside);
        }
    }

    /// How much was going on: the calls of each slice, and how many of them failed.
    fn draw_activity(&self, ui: &Ui) {
        let activity = &self.playing.overview.activity;
        let most = activity.slices.iter().map(|slice| slice.calls).max().unwrap_or(0).max(1);
        let room = self.track.shrink(2.0);
        let height = |calls: u64| (calls.min(most) as f32 / most as f32) * room.height();
        for (number, slice) in (0_u32..).zip(&activity.slices) {
            let [from, to] =
                [number, number + 1].map(|number| self.scale.x(activity.slice * number).min(room.right()));
            for (calls, color) in [
                (slice.calls, self.colors.accent.gamma_multiply(0.45)),
                (slice.failed, self.colors.error.gamma_multiply(0.9)),
            ] {
                if calls > 0 {
                    let top = room.bottom() - height(calls).max(2.0);
                    let bar = Rect::from_min_max(pos2(from, top), pos2(to.max(from + 1.0), room.bottom()));
                    ui.painter().rect_filled(bar, 0.0, color);
                }
            }
        }
    }

    /// Outages, restarts, and the calls that were made.
    fn draw_events(&self, ui: &Ui) {
        let (painter, track, colors) = (ui.painter(), self.track, &self.colors);
        let overview = &self.playing.overview;
        for outage in &overview.outages {
            let [from, to] = [outage.from, outage.to.unwrap_or(overview.length)].map(|at| self.scale.x(at));
            let place = Rect::from_x_y_ranges(from..=to.max(from + 2.0), track.y_range());
            painter.rect_filled(place, 0.0, colors.error.gamma_multiply(0.22));
            painter.hline(place.x_range(), track.top() + 1.5, Stroke::new(3.0, colors.error));
        }
        for restart in &overview.restarts {
            let x = self.scale.x(*restart);
            let ends = [pos2(x, track.top()), pos2(x, track.bottom())];
            painter.extend(Shape::dashed_line(&ends, Stroke::new(1.0, colors.warn), 4.0, 3.0));
        }
        // A thousand marks at one place are one mark, and a failed one is seen among them.
        let mut last = [f32::NEG_INFINITY; 2];
        for mark in &overview.marks {
            let x = self.scale.x(mark.at.saturating_duration_since(overview.base));
            let last = &mut last[usize::from(mark.answered)];
            if x < *last + 1.0 {
                continue;
            }
            *last = x;
            let color = if mark.answered { colors.ok } else { colors.error };
            let center = pos2(x, track.top() + 7.0);
            if mark.answered {
                painter.circle(center, MARK, color, Stroke::new(1.0, colors.card));
            } else {
                let corners = [vec2(0.0, -1.3), vec2(1.3, 0.0), vec2(0.0, 1.3), vec2(-1.3, 0.0)];
                let corners = corners.map(|corner| center + corner * MARK).to_vec();
                painter.add(Shape::convex_polygon(corners, color, Stroke::new(1.0, colors.card)));
            }
        }
    }

    /// Round times of the clock.
    fn draw_times(&self, ui: &Ui) {
        let (painter, track) = (ui.painter(), self.track);
        let mut free = f32::INFINITY;
        for mark in self.scale.axis.marks(track.width()) {
            let x = track.left() + mark.at * track.width();
            painter.vline(x, track.bottom()..=track.bottom() + 3.0, Stroke::new(1.0, self.colors.muted));
            let text = mark.text.unwrap_or_default();
            let galley = painter.layout_no_wrap(text, small(), self.colors.muted);
            let half = galley.size().x / 2.0;
            let left = (x - half).clamp(track.left() - MARGIN, track.right() + MARGIN - 2.0 * half);
            if left + 2.0 * half < free {
                painter.galley(pos2(left, track.bottom() + 3.0), galley, self.colors.muted);
                free = left - 6.0;
            }
        }
    }

    /// What was going on at the moment under the pointer.
    fn draw_pointer(&self, ui: &Ui, x: f32) {
        let (painter, overview) = (ui.painter(), &self.playing.overview);
        let x = x.clamp(self.track.left(), self.track.right());
        let at = self.scale.at(x);
        painter.vline(
            x,
            self.track.y_range(),
            Stroke::new(1.0, ui.visuals().text_color().gamma_multiply(0.7)),
        );
        let activity = &overview.activity;
        let slice = activity.slices.get((at.as_nanos() / activity.slice.as_nanos()) as usize);
        let seconds = activity.slice.as_secs_f64();
        let rate = slice.map(|slice| format!("  {} calls/s", text::rate(slice.calls as f64 / seconds)));
        let words = format!("{}{}", words(overview, at, &self.scale.axis.zone), rate.unwrap_or_default());
        let galley = painter.layout_no_wrap(words, small(), ui.visuals().text_color());
        let size = galley.size() + vec2(10.0, 4.0);
        let left =
            (x - size.x / 2.0).clamp(self.track.left(), (self.track.right() - size.x).max(self.track.left()));
        let place = Align2::LEFT_TOP.anchor_size(pos2(left, self.track.bottom() + 1.0), size);
        painter.rect(place, 3.0, self.colors.card, Stroke::new(1.0, self.colors.line), StrokeKind::Inside);
        painter.galley(place.min + vec2(5.0, 2.0), galley, ui.visuals().text_color());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::recording::replay::tests::playing;

    #[test]
    fn a_moment_is_found_again_at_its_place_however_short_the_recording_is() {
        let track = Rect::from_x_y_ranges(20.0..=1220.0, 0.0..=HEIGHT);
        for length in [1, 250, 999, 1000, 1500, 600_000, 86_400_000].map(Duration::from_millis) {
            let scale = Scale::new(&playing(length).overview, TimeZone::UTC, track);
            for at in [0.0, 0.1, 0.5, 1.0].map(|share| length.mul_f64(share)) {
                let x = scale.x(at);
                assert!(track.x_range().expand(0.01).contains(x), "{at:?} of {length:?} is at {x}");
                // To within a hundredth of a point.
                let (found, width) = (scale.at(x), scale.axis.stretch.length / 120_000);
                assert!(found.abs_diff(at) <= width, "{found:?} for {at:?} of {length:?}");
            }
            // The handle stays under the pointer, as long as that is where there is something.
            let last = scale.x(length);
            for x in [20.0, 333.0, 1219.0, 1220.0] {
                assert!((scale.x(scale.at(x)) - x.min(last)).abs() < 0.01, "{x} of {length:?}");
            }
            assert_eq!((scale.at(-5.0), scale.at(f32::MAX)), (Duration::ZERO, length));
        }
    }
}
