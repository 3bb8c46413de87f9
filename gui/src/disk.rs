//! Files of the dashboard's own, written so that a crash costs none of them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use tempfile::NamedTempFile;

/// Opens files that, where it makes them, only their owner can read on Unix.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a file anew, and the folder that it lies in where there is none: a crash leaves the old one or the new one.
/// On Unix such a file is its owner's alone from the beginning.
pub(crate) fn write_anew(path: &Path, bytes: &[u8]) -> io::Result<File> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    // A file system may rename before it writes, and after a crash there would be nothing.
    file.as_file().sync_all()?;
    Ok(file.persist(path)?)
}
