//! Files written so that nobody ever sees half of one, and nobody but the owner sees a key.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use tempfile::Builder;

use super::AuthorityError;

/// A file to be written.
pub(super) struct NewFile<'a> {
    name: &'a str,
    contents: &'a [u8],
    mode: u32,
}

/// A file that everyone who can enter its folder may read.
pub(super) fn public<'a>(name: &'a str, contents: &'a [u8]) -> NewFile<'a> {
    NewFile { name, contents, mode: 0o644 }
}

/// A file for its owner alone.
pub(super) fn secret<'a>(name: &'a str, contents: &'a [u8]) -> NewFile<'a> {
    NewFile { name, contents, mode: 0o600 }
}

/// Creates a folder that its owner alone can enter, with all of its files at once.
///
/// It is made under a temporary name and then renamed: if anything goes wrong there is no folder.
pub(super) fn create_folder(folder: &Path, files: &[NewFile<'_>]) -> io::Result<()> {
    let parent = folder.parent().filter(|parent| *parent != "").unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let mut builder = Builder::new();
    builder.prefix(".new-");
    set_mode(&mut builder, 0o700);
    let temporary = builder.tempdir_in(parent)?;
    for file in files {
        write(temporary.path(), file, &temporary.path().join(file.name))?;
    }
    fs::rename(temporary.path(), folder)?;
    // It has its lasting name now; there is nothing left to clean up.
    let _ = temporary.keep();
    Ok(())
}

/// Whether a folder could not be created because somebody else was first.
pub(super) fn is_taken(problem: &io::Error) -> bool {
    matches!(problem.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists)
}

/// Puts a file in the place of another of that name, or where there was none, in one step.
pub(super) fn replace(folder: &Path, file: &NewFile<'_>) -> Result<(), AuthorityError> {
    let path = folder.join(file.name);
    write(folder, file, &path).map_err(|problem| AuthorityError::io(&path, problem))
}

/// Writes under a temporary name in `folder`, private from its first byte, and renames to `path`.
fn write(folder: &Path, file: &NewFile<'_>, path: &Path) -> io::Result<()> {
    let mut builder = Builder::new();
    builder.prefix(".new-");
    set_mode(&mut builder, file.mode);
    let mut temporary = builder.tempfile_in(folder)?;
    temporary.write_all(file.contents)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map(drop::<File>).map_err(|error| error.error)
}

#[cfg(unix)]
fn set_mode(builder: &mut Builder<'_, '_>, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(fs::Permissions::from_mode(mode));
}

/// Elsewhere a new file takes on the access list of its folder.
#[cfg(not(unix))]
fn set_mode(_builder: &mut Builder<'_, '_>, _mode: u32) {}
