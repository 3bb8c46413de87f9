//! Writing graphs to files.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use crate::model::connection::Failure;
use crate::model::graphs::csv::csv;
use crate::model::graphs::export::{Export, Format};
use crate::picture;

/// Writes a new file. One that is there already may be somebody's work.
pub(crate) fn write(path: &Path, format: Format, export: &Export) -> Result<(), Failure> {
    let written = match format {
        Format::Csv => Ok(csv(&export.sheet, export.now).into_bytes()),
        Format::Png => picture::png(export).map_err(io::Error::other),
    };
    let open = |bytes: Vec<u8>| {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
        file.write_all(&bytes)
    };
    written.and_then(open).map_err(|error| {
        let remedy = match error.kind() {
            io::ErrorKind::AlreadyExists => "Choose another name: nothing is overwritten.",
            io::ErrorKind::NotFound => "Choose a folder that exists.",
            _ => "Choose another folder.",
        };
        Failure::new(format!("{} could not be written: {error}", path.display()), remedy)
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use jiff::Timestamp;

    use super::*;
    use crate::model::graphs::Sheet;
    use crate::model::history::Percentile;
    use crate::model::preferences::Times;
    use crate::model::view::Stretch;

    #[test]
    fn a_file_that_exists_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let stretch = Stretch { to: Instant::now(), length: Duration::from_secs(60) };
        let sheet = Sheet {
            series: Vec::new(),
            restarts: Vec::new(),
            stretch,
            is_live: true,
            point: Duration::from_secs(1),
            percentile: Percentile::P99,
        };
        let now = (Instant::now(), Timestamp::UNIX_EPOCH);
        let export =
            Export { title: String::new(), sheet, marks: Vec::new(), now, times: Times::Utc, is_dark: true };
        let path = folder.path().join("graphs.csv");
        write(&path, Format::Csv, &export).unwrap();
        let failure = write(&path, Format::Csv, &export).unwrap_err();
        assert!(failure.remedy.contains("another name"), "{failure:?}");
        assert!(std::fs::read_to_string(&path).unwrap().starts_with("from [UTC]"));
        let nowhere = folder.path().join("nowhere/graphs.csv");
        assert!(write(&nowhere, Format::Csv, &export).unwrap_err().remedy.contains("folder that exists"));
    }
}
