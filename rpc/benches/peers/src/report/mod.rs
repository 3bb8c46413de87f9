//! What becomes of the lines of a run: Markdown, and plots.

mod bars;
mod figures;
mod goals;
mod growth;
mod latency;
mod scale;
mod svg;
mod table;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use self::figures::Figures;
use crate::about::Kind;
use crate::args::Report;

pub(crate) fn run(report: &Report) -> Result<()> {
    let figures = figures::read(&report.files)?;
    print!("{}", markdown(&figures, [&report.base, &report.base2]));
    if let Some(folder) = &report.svg {
        fs::create_dir_all(folder)?;
        for (name, plot) in plots(&figures) {
            let path = folder.join(format!("{name}.svg"));
            fs::write(&path, plot).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

/// Prints what came of a run that is at its end.
pub(crate) fn print(file: &Path) -> Result<()> {
    print!("{}", markdown(&figures::read(&[file.to_path_buf()])?, ["floor", "tonic"]));
    Ok(())
}

fn markdown(figures: &Figures, bases: [&str; 2]) -> String {
    let about = figures.about.as_ref().map(|about| about.markdown() + "\n").unwrap_or_default();
    about
        + &match figures.kind() {
            Some(Kind::Table) => goals::markdown(figures),
            Some(Kind::Latency) => latency::markdown(figures),
            Some(Kind::Growth) => growth::markdown(figures),
            None => table::of_cases(&figures.cases, bases),
        }
}

/// Names and drawings.
fn plots(figures: &Figures) -> Vec<(String, String)> {
    match figures.kind() {
        Some(Kind::Table) | None => vec![("table".to_owned(), bars::plot(figures))],
        Some(Kind::Latency) => vec![("latency".to_owned(), latency::plot(figures))],
        Some(Kind::Growth) => growth::plots(figures),
    }
}
