//! Where the calls of runs are made, apart from everything else that the worker does.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;

use tokio::runtime::{Builder, Handle, Runtime};

/// Threads of their own for runs, from the first run on.
///
/// A run keeps all of its threads busy. On those of the worker it would hold up the connections of every tab, and what
/// it measures would have their work in it. Runs of several tabs share: there are no more cores for them.
#[derive(Debug, Default)]
pub(in crate::worker) struct Engine(Mutex<Option<Runtime>>);

impl Engine {
    /// The runtime of runs.
    pub(super) fn handle(&self) -> io::Result<Handle> {
        let mut runtime = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*runtime {
            return Ok(runtime.handle().clone());
        }
        // One core is left to the window.
        let threads = available_parallelism().map_or(1, |cores| cores.get() - 1).max(1);
        let made =
            Builder::new_multi_thread().worker_threads(threads).thread_name("load").enable_all().build()?;
        Ok(runtime.insert(made).handle().clone())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // It would wait for its threads, and the last who holds it may be a task, which must not wait.
        if let Some(runtime) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            runtime.shutdown_background();
        }
    }
}
