//! The dashboard by its accessible labels. The worker is the test.

mod alerts;
mod colours;
mod copies;
mod copying;
mod features;
mod finding;
mod first_run;
mod flow;
mod forms;
mod graphs;
mod hostile;
mod identity;
mod journal;
mod load;
mod office;
mod panels;
#[cfg(feature = "snapshots")]
mod pictures;
mod procedures;
mod recording;
mod replies;
mod requests;
mod runs;
mod settings;
mod shelf;
pub(crate) mod stage;
mod streams;
mod survey;
mod tabs;
mod watching;
