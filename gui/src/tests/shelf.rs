//! Saved requests. The worker, and so the disk, is the test; at the end both are real.

use std::fs;

use egui_kittest::kittest::NodeT as _;
use serde_json::json;

use super::flow::{Shop, Window};
use super::forms::{control, form_service};
use super::stage::Stage;
use crate::exchange::{Order, TabNews, TabOrder};
use crate::model::connection::Failure;
use crate::model::shelf::saved::Saved;
use crate::model::shelf::{SavedFile, ShelfNews, ShelfOrder};

fn accounts() -> Stage {
    let arguments = json!({ "type": "object", "properties": { "account": { "type": "integer" } },
        "required": ["account"], "additionalProperties": false });
    Stage::connected(vec![form_service(arguments)])
}

impl Stage {
    fn shelf_order(&mut self) -> ShelfOrder {
        loop {
            match self.any_order() {
                Some(Order::Tab(_, TabOrder::Shelf(order))) => return order,
                Some(_) => {}
                None => panic!("nothing was asked of saved requests"),
            }
        }
    }

    /// Opens the list, in which these files are found.
    pub(super) fn with_files(&mut self, files: &[(&str, Result<&str, &str>)]) {
        self.press("Saved requests");
        assert_eq!(self.shelf_order(), ShelfOrder::Look(String::new()));
        self.finds(files);
    }

    fn finds(&mut self, files: &[(&str, Result<&str, &str>)]) {
        let file = |(name, procedure): &(&str, Result<&str, &str>)| SavedFile {
            name: (*name).to_owned(),
            procedure: procedure.map(str::to_owned).map_err(str::to_owned),
        };
        let files = files.iter().map(file).collect();
        self.tell(TabNews::Shelf(ShelfNews::Found("/home/me/requests".to_owned(), Ok(files))));
    }
}

#[test]
fn a_request_is_saved_under_a_name_and_listed() {
    let mut stage = accounts();
    stage.fill("account", "17");
    stage.with_files(&[]);
    assert!(stage.shows("No saved requests"));
    stage.fill("Name of the saved request", "of Ada");
    stage.click("Save request");
    let ShelfOrder::Save(folder, name, saved) = stage.shelf_order() else { panic!("it is to be saved") };
    assert_eq!((folder.as_str(), name.as_str()), ("/home/me/requests", "of Ada"));
    assert!(saved.text().contains("\"account\": 17"));
    stage.tell(TabNews::Shelf(ShelfNews::Saved(Ok("/home/me/requests/of Ada.json".into()))));
    stage.finds(&[("of Ada", Ok("acme.Forms/send"))]);
    assert!(stage.shows("Saved to /home/me/requests/of Ada.json") && stage.shows("Of this procedure"));
    assert!(stage.shows("Replace"), "saving again would");
}

#[test]
fn a_request_with_a_mistake_is_not_saved_and_says_why() {
    let mut stage = accounts();
    stage.with_files(&[]);
    stage.fill("Name of the saved request", "a/b");
    assert!(stage.control("Save request").accesskit_node().is_disabled(), "that is no name of a file");
    stage.rewrite("Name of the saved request", "mine");
    while stage.any_order().is_some() {}
    stage.click("Save request");
    assert_eq!(stage.any_order(), None);
    assert!(stage.shows("Not saved: account: Write a whole number"));
}

#[test]
fn a_saved_request_is_opened_and_what_was_there_is_put_aside() {
    let mut stage = accounts();
    stage.fill("account", "1");
    stage.with_files(&[
        ("of Ada", Ok("acme.Forms/send")),
        ("elsewhere", Ok("acme.Other/do")),
        ("broken", Err("broken.json is not a saved request: line 2")),
    ]);
    assert!(stage.shows("Others") && stage.shows("broken.json is not a saved request"));
    stage.press("Open of Ada");
    let order = stage.shelf_order();
    assert_eq!(order, ShelfOrder::Open("/home/me/requests".to_owned(), "of Ada".to_owned()));
    let text = r#"{"procedure": "acme.Forms/send", "deadline": "5 s", "metadata": {"trace": "abc"},
        "arguments": {"account": 17}}"#;
    let saved = Box::new(Saved::parse(text).unwrap());
    stage.tell(TabNews::Shelf(ShelfNews::Opened("of Ada".to_owned(), Ok(saved))));
    assert_eq!(stage.control("account").value().as_deref(), Some("17"));
    assert_eq!(stage.control("Deadline").value().as_deref(), Some("5 s"));
    assert!(stage.shows("Metadata (1)") && stage.shows("Put aside (1)"));
    stage.press("Saved requests");
    stage.finds(&[]);
    let failure = Failure::new("gone.json cannot be read: no such file.", "See whether it is there.");
    stage.tell(TabNews::Shelf(ShelfNews::Opened("gone".to_owned(), Err(failure))));
    assert!(stage.shows("gone.json cannot be read") && stage.shows("See whether it is there."));
    let other = Box::new(Saved::parse(r#"{"procedure": "acme.Other/do", "arguments": {}}"#).unwrap());
    stage.tell(TabNews::Shelf(ShelfNews::Opened("elsewhere".to_owned(), Ok(other))));
    assert!(stage.shows("This server offers no acme.Other/do to this identity."));
}

#[test]
fn the_folder_is_chosen_and_remembered() {
    let mut stage = accounts();
    stage.with_files(&[]);
    stage.press("Choose folder…");
    assert_eq!(stage.shelf_order(), ShelfOrder::Choose);
    stage.tell(TabNews::Shelf(ShelfNews::Found("/srv/requests".to_owned(), Ok(Vec::new()))));
    assert_eq!(stage.control("Folder of saved requests").value().as_deref(), Some("/srv/requests"));
    assert_eq!(stage.window.state().model.settings.requests, "/srv/requests");
}

#[test]
fn what_is_in_a_chosen_folder_is_listed() {
    let shop = Shop::open();
    let folder = shop.folder.path().join("requests");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("of Ada.json"), r#"{"procedure": "demo.Echo/record", "arguments": {}}"#).unwrap();
    let mut window = Window::choosing(shop.target(), folder);
    window.wait_for("demo.Echo/record");
    window.press("Saved requests");
    window.wait_until("the user's own folder", |window| {
        let typed = control(&window.harness, "Folder of saved requests").value();
        typed.is_some_and(|folder| !folder.is_empty())
    });
    window.press("Choose folder…");
    window.wait_for("Open of Ada");
}
