//! What the user likes: chosen on a page, at once in force, and there again in the next run.

use std::time::Duration;

use egui::Key;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;

use super::flow::Window;
use super::stage::{Stage, ledger, target};
use crate::Target;
use crate::exchange::Order;
use crate::model::journal::asked::JournalOrder;
use crate::model::journal::tests::entry;
use crate::model::journal::{Noted, Pages};
use crate::model::preferences::{Preferences, Times};
use crate::model::settings::Settings;
use crate::model::view::{Page, Theme};

impl Stage {
    /// The settings that are to be written down.
    fn saved(&mut self) -> Settings {
        match self.any_order() {
            Some(Order::Save(settings)) => settings,
            other => panic!("settings were expected: {other:?}"),
        }
    }
}

#[test]
fn settings_act_at_once_and_are_written_down() {
    let mut stage = Stage::new();
    stage.keys(Key::Comma);
    assert!(stage.shows("Appearance") && stage.shows("History on disk"));
    stage.click("Theme light");
    assert_eq!(stage.saved().preferences.theme, Theme::Light);
    assert!(!stage.window.ctx.global_style().visuals.dark_mode);
    stage.choose("Scale", "150 %");
    assert_eq!(stage.saved().preferences.scale.percent(), 150);
    assert!((stage.window.ctx.zoom_factor() - 1.5).abs() < 1e-6);
    stage.window.get_by_role_and_label(Role::CheckBox, "Nothing fades, slides or turns").click();
    stage.settle();
    assert!(stage.saved().preferences.still);
    assert!(stage.window.ctx.global_style().animation_time.abs() < f32::EPSILON);
    stage.click("UTC");
    assert_eq!(stage.saved().preferences.times, Times::Utc);
    assert_eq!(stage.window.state().model.tab().preferences.times, Times::Utc);
    stage.click("Reset to defaults");
    assert_eq!(stage.saved().preferences, Preferences::default());
    stage.window.key_press(Key::Escape);
    stage.settle();
    assert_eq!(stage.window.state().model.tab().page, Page::Calls);
}

#[test]
fn everything_is_made_larger_and_smaller_by_keys_as_everywhere() {
    let mut stage = Stage::new();
    for (key, percent) in [(Key::Plus, 110), (Key::Equals, 125), (Key::Minus, 110), (Key::Num0, 100)] {
        stage.keys(key);
        assert_eq!(stage.saved().preferences.scale.percent(), percent, "{key:?}");
        assert!((stage.window.ctx.zoom_factor() * 100.0 - f32::from(percent)).abs() < 0.01);
    }
    stage.keys(Key::Num0);
    assert_eq!(stage.any_order(), None, "it has its usual size");
}

#[test]
fn a_call_that_has_no_deadline_of_its_own_gets_the_usual_one() {
    let mut stage = Stage::connected(ledger());
    stage.click("Settings");
    stage.choose("Default deadline", "5 s");
    stage.saved();
    stage.click("Back");
    stage.click("Call");
    let call = stage.call();
    assert_eq!(call.deadline, Some(Duration::from_secs(5)));
    stage.refuse(&call, countersign::Code::NotFound, "");
    stage.type_into("Deadline", "200 ms");
    stage.click("Call");
    assert_eq!(stage.call().deadline, Some(Duration::from_millis(200)));
}

#[test]
fn what_is_kept_on_disk_is_switched_off_for_a_profile_and_cleared_after_asking() {
    let mut stage = Stage::new();
    stage.window.state_mut().model.settings.keep("stage", &target("localhost:7443"));
    let call = Noted::new(entry("acme.Ledger/balance", "{}"));
    stage.tell_of_calls(Pages::new(vec![call.into()], Vec::new(), None));
    stage.click("Settings");
    stage.window.get_by_role_and_label(Role::CheckBox, "Keep the calls of stage").click();
    stage.settle();
    assert!(!stage.saved().profiles[0].keep_calls);
    stage.click("Clear history…");
    assert!(stage.shows("Forget every call of all servers that is not pinned?"));
    assert_eq!(stage.any_order(), None);
    stage.click("Clear");
    assert_eq!(stage.any_order(), Some(Order::Journal(JournalOrder::Clear(None))));
}

#[test]
fn whoever_comes_back_finds_everything_as_large_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dashboard.json");
    let mut window = Window::remembering(Target::default(), Some(file.clone()));
    window.press("Settings");
    assert!(window.shows(&file.display().to_string()), "where it is kept");
    window.press("Theme dark");
    window.wait_until("the settings", |_| std::fs::read_to_string(&file).is_ok_and(|it| it.contains("dark")));
    drop(window);
    let mut settings = Settings::load(&file).unwrap();
    settings.preferences.scale = settings.preferences.scale.larger();
    settings.save(&file).unwrap();
    let mut again = Window::remembering(Target::default(), Some(file));
    again.harness.run_steps(2);
    assert!((again.harness.ctx.zoom_factor() - 1.1).abs() < 1e-6);
    assert!(again.harness.ctx.global_style().visuals.dark_mode);
}
