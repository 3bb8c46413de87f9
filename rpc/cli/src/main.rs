//! The command line of Countersign: certificates, the demo server, what a server can do, calls, and load.
//!
//! An ordinary client: what it shows came over the same authenticated protocol that everybody has.

mod args;
mod bench;
mod call;
mod certs;
mod columns;
mod demo;
mod dial;
mod failure;
mod inspect;
mod names;
mod output;
mod policy;
mod reflected;
mod signals;
mod time;
mod trace;
mod watch;

use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};

use crate::args::{Arguments, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(error) => return failure::of_usage(&error),
    };
    match run(arguments.command, arguments.json) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(arguments.json),
    }
}

fn run(command: Command, json: bool) -> Result<(), Failure> {
    match command {
        Command::Certs(command) => certs::run(command, json),
        Command::Policy(command) => policy::run(command, json),
        Command::Demo(demo) => runtime(None)?.block_on(demo::run(demo, json)),
        Command::List(list) => runtime(Some(1))?.block_on(inspect::list(list, json)),
        Command::Describe(describe) => runtime(Some(1))?.block_on(inspect::describe(describe, json)),
        Command::Call(call) => runtime(Some(1))?.block_on(call::run(call, json)),
        Command::Watch(watch) => runtime(Some(1))?.block_on(watch::run(watch, json)),
        Command::Trace(trace) => runtime(Some(1))?.block_on(trace::run(trace, json)),
        Command::Bench(bench) => runtime(bench.threads)?.block_on(bench::run(bench, json)),
    }
}

/// A runtime with so many threads, or else one for each core that this process may use.
fn runtime(threads: Option<usize>) -> Result<Runtime, Failure> {
    let mut builder = Builder::new_multi_thread();
    if let Some(threads) = threads {
        builder.worker_threads(threads);
    }
    builder.enable_all().build().map_err(|error| Failure::new(format!("cannot start: {error}")))
}
