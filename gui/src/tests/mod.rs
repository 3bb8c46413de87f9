//! The dashboard by its accessible labels. The worker is the test.

mod panels;
mod stage;
