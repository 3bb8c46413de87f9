//! What those see who have been nowhere yet, and those who come back.

use super::flow::{Shop, Window};
use super::stage::Stage;
use crate::Target;
use crate::exchange::{Order, Update};
use crate::model::connection::Failure;

#[test]
fn whoever_has_no_server_is_offered_the_demo() {
    let mut window = Window::open(Target::default());
    assert!(window.shows("No server at hand?"));
    window.press("Try the demo");
    window.wait_for("demo.Echo/record");
    window.press("Example");
    window.press("Call");
    window.wait_for("OK");
}

#[test]
fn whoever_comes_back_finds_the_servers_that_were_open() {
    let shop = Shop::open();
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("dashboard.json");
    let mut window = Window::remembering(shop.target(), Some(settings.clone()));
    window.wait_for("demo.Echo/record");
    window.wait_until("the settings", |_| {
        std::fs::read_to_string(&settings).is_ok_and(|it| it.contains("open"))
    });
    drop(window);
    let mut again = Window::remembering(Target::default(), Some(settings.clone()));
    again.wait_for("demo.Echo/record");
    again.press("Disconnect");
    again.wait_until("the settings", |_| {
        std::fs::read_to_string(&settings).is_ok_and(|it| !it.contains("open"))
    });
    drop(again);
    assert!(
        Window::remembering(Target::default(), Some(settings)).shows("Address"),
        "whoever hung up meant it"
    );
}

#[test]
fn a_demo_that_cannot_start_says_why_and_may_be_tried_again() {
    let mut stage = Stage::new();
    stage.click("Try the demo");
    assert_eq!(stage.any_order(), Some(Order::StartDemo));
    stage.tell_window(Update::Demo(Err(Failure::new("The demo could not be started: no space left.", ""))));
    assert!(stage.shows("no space left"));
    stage.click("Try the demo");
    assert_eq!(stage.any_order(), Some(Order::StartDemo));
}
