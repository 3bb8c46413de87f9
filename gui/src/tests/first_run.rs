//! What those see who have been nowhere yet.

use super::flow::Window;
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
fn a_demo_that_cannot_start_says_why_and_may_be_tried_again() {
    let mut stage = Stage::new();
    stage.click("Try the demo");
    assert_eq!(stage.any_order(), Some(Order::StartDemo));
    stage.tell_window(Update::Demo(Err(Failure::new("The demo could not be started: no space left.", ""))));
    assert!(stage.shows("no space left"));
    stage.click("Try the demo");
    assert_eq!(stage.any_order(), Some(Order::StartDemo));
}
