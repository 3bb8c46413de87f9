//! Countersign beside other RPC systems over mutual TLS: the same calls, the same load, in one interleaved
//! run.
//!
//! `peers/` holds one file for each system, `load/` what a load process does and measures, `run/` how servers
//! and loads are started in turns, and `report/` what becomes of the figures. The page beside this folder has
//! the method.

mod about;
mod args;
mod case;
mod certs;
mod goals;
mod load;
mod os;
mod peers;
mod report;
mod run;

use clap::Parser;

use crate::args::{Arguments, Command};

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Certs { dir } => certs::generate(&dir),
        Command::Serve(end) => peers::serve(&end),
        Command::Load(load) => peers::load(&load),
        Command::Matrix(matrix) => run::matrix::run(&matrix),
        Command::Table(table) => run::table::run(&table),
        Command::Latency(latency) => run::latency::run(&latency),
        Command::Growth(growth) => run::growth::run(&growth),
        Command::Report(report) => report::run(&report),
    }
}
