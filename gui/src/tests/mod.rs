//! The dashboard by its accessible labels. The worker is the test.

mod forms;
mod panels;
mod stage;
