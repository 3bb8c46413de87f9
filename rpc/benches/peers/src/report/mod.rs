//! What becomes of the lines of a run.

mod figures;
mod table;

use anyhow::Result;

use crate::args::Report;

pub(crate) fn run(report: &Report) -> Result<()> {
    let runs = figures::read(&report.files)?;
    print!("{}", table::of_cases(&runs, [&report.base, &report.base2]));
    Ok(())
}
