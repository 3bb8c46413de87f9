//! A real server that speaks the protocol well and means ill: what it says of itself and what it answers is made to
//! freeze, confuse or fill whoever shows it. What frames cost meanwhile is for `benches/procedures.rs` to say.

use countersign::service::{DescriptionError, Handling, Service, ServiceDescription};
use countersign::{Context, Policy};
use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

use super::flow::{Shop, Window};
use crate::rehearsal::hostile::{self, NUISANCES};

/// A service that is what a hostile server says of one, and answers what it should not.
struct Hostile(ServiceDescription);

impl Service for Hostile {
    fn description(&self) -> Result<ServiceDescription, DescriptionError> {
        Ok(self.0.clone())
    }

    fn dispatch(&self, method: usize, _: Context, _: &[u8]) -> Handling {
        let results = hostile::results();
        Handling::Ready(Ok(results[method % results.len()].1.clone()))
    }
}

/// A shop that is run by somebody hostile. Everything may be called but what is in the package `secret`, and that is
/// named.
fn shop() -> Shop {
    let policy = Policy::builder()
        .allow(&["*"], &["evil.*", "countersign.*"])
        .allow(&["*"], &["countersign.Reflection/names"]);
    Shop::open_with(policy.build().unwrap(), |mut server| {
        let mut secret = hostile::services(50).swap_remove(1);
        secret.name = "secret.Crowd".to_owned();
        for described in hostile::services(1000).into_iter().chain([secret]) {
            server = server.service(Hostile(described));
        }
        server
    })
}

#[test]
fn what_a_hostile_server_lists_is_escaped_and_can_be_searched() {
    let shop = shop();
    let mut window = Window::open(shop.target());
    window.wait_for("evil.Nuisance/deep");
    window.find("line break 1 crowd");
    window.wait_for("evil.Crowd/line\\nbreak\\t1\\u{0}");
    window.harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::F);
    window.harness.run_steps(4);
    window.harness.event(egui::Event::Text("secret".to_owned()));
    window.harness.run_steps(4);
    assert!(window.shows("secret.Crowd/ordinary4") && !window.shows("there may be more"));
    for row in window.harness.query_all_by_role(Role::Button) {
        let label = row.accesskit_node().label().unwrap_or_default();
        assert!(!label.contains(['\n', '\u{202e}', '\u{2066}', '\0']), "{label:?}");
    }
}

#[test]
fn services_that_fit_no_message_together_are_asked_for_one_by_one() {
    let policy = Policy::builder().allow(&["*"], &["*"]).allow(&["*"], &["countersign.Reflection/names"]);
    let shop = Shop::open_with(policy.build().unwrap(), |mut server| {
        for i in 0..3 {
            let mut described = hostile::services(5).swap_remove(1);
            described.name = format!("large.Service{i}");
            described.documentation = "x".repeat(2 << 20);
            server = server.service(Hostile(described));
        }
        server
    });
    let mut window = Window::open(shop.target());
    window.wait_for("large.Service0/ordinary4");
    assert!(window.shows("large.Service2"));
}

#[test]
fn forms_and_pages_of_hostile_schemas_are_drawn_and_end() {
    let shop = shop();
    let mut window = Window::open(shop.target());
    window.wait_for("evil.Nuisance/deep");
    for name in NUISANCES {
        let path = format!("evil.Nuisance/{name}");
        window.find(&path);
        assert!(window.harness.state().title().starts_with(&path), "{path}");
        window.press("Documentation");
        window.wait_for("Copy arguments");
        window.press("JSON Schema");
        window.press("Types");
        window.press("Documentation");
        window.wait_for("Call");
    }
}
