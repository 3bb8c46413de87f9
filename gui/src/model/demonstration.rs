//! The demo, for whoever has no server yet.

use super::connection::Failure;
use crate::demo::Demo;

/// How far the demo has come.
#[derive(Debug, Default)]
pub(crate) enum Demonstration {
    /// Nobody has asked for it.
    #[default]
    Off,
    /// Its certificates are being made.
    Starting,
    /// It runs until the window is closed.
    Running(Demo),
    /// Why it could not be started.
    Failed(Failure),
}
