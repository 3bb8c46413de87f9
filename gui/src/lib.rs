//! The Countersign dashboard as a library without a window system: give it an `egui::Ui` and it draws.
//!
//! State, commands and drawing are apart. [`Dashboard`] holds the model and draws it; panels read the model
//! and return wishes; a worker thread owns the clients and tells the model what it learned.

mod command;
mod dashboard;
pub mod demo;
mod disk;
mod exchange;
mod form;
mod fuzzy;
mod lens;
mod meaning;
mod model;
mod picture;
#[doc(hidden)]
pub mod rehearsal;
#[cfg(test)]
mod tests;
mod text;
mod ui;
mod worker;

pub use dashboard::{Dashboard, Opening};
pub use model::alerts::Notice;
pub use model::connection::Target;
pub use model::settings::settings_file;
pub use worker::{Browse, Chosen, Desk, Notify};
