//! Files written so that nobody ever sees half of one, and nobody but the owner sees a key. What is written is on the
//! disk before the next step begins: whenever the power goes, there are the old files or the new ones.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::Builder;

use super::AuthorityError;

/// A file to be written.
pub(super) struct NewFile<'a> {
    name: &'a str,
    contents: &'a [u8],
    mode: u32,
}

impl NewFile<'_> {
    /// Whether there is nothing to be in it.
    pub(super) fn is_empty(&self) -> bool {
        self.contents.is_empty()
    }
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
/// `taken` is what it means if somebody else was first.
pub(super) fn create_folder(
    folder: &Path,
    files: &[NewFile<'_>],
    taken: impl FnOnce(PathBuf) -> AuthorityError,
) -> Result<(), AuthorityError> {
    try_create_folder(folder, files).map_err(|problem| match problem.kind() {
        ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists => taken(folder.to_owned()),
        _ => AuthorityError::io(folder, problem),
    })
}

fn try_create_folder(folder: &Path, files: &[NewFile<'_>]) -> io::Result<()> {
    let parent = folder.parent().filter(|parent| *parent != "").unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let mut builder = Builder::new();
    builder.prefix(TEMPORARY);
    set_mode(&mut builder, 0o700);
    let temporary = builder.tempdir_in(parent)?;
    for file in files {
        write(temporary.path(), file, &temporary.path().join(file.name))?;
    }
    point("before the folder");
    fs::rename(temporary.path(), folder)?;
    // It has its lasting name now; there is nothing left to clean up.
    let _ = temporary.keep();
    sync_folder(parent)?;
    point("after the folder");
    Ok(())
}

/// Puts a file in the place of another of that name, or where there was none, in one step.
pub(super) fn replace(folder: &Path, file: &NewFile<'_>) -> Result<(), AuthorityError> {
    let path = folder.join(file.name);
    write(folder, file, &path).map_err(|problem| AuthorityError::io(&path, problem))
}

/// Puts a file that everyone may read at `path`, in one step: a copy of the revocation lists, for
/// example, that servers are watching.
pub fn place(path: impl AsRef<Path>, text: &str) -> Result<(), AuthorityError> {
    let path = path.as_ref();
    let folder = path.parent().filter(|folder| *folder != "").unwrap_or(Path::new("."));
    write(folder, &public("", text.as_bytes()), path).map_err(|problem| AuthorityError::io(path, problem))
}

/// Removes the file of that name, if there is one.
pub(super) fn remove(folder: &Path, file: &NewFile<'_>) -> Result<(), AuthorityError> {
    let path = folder.join(file.name);
    point("before a removal");
    match fs::remove_file(&path).and_then(|()| sync_folder(folder)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(AuthorityError::io(&path, error)),
        _ => Ok(()),
    }
}

/// Removes what commands left behind that were killed while they wrote into this folder.
///
/// For folders in which nobody else is writing.
pub(super) fn clean(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            // It does no harm if it stays.
            let _ = if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        }
    }
}

/// Writes under a temporary name in `folder`, private from its first byte, and renames to `path`.
fn write(folder: &Path, file: &NewFile<'_>, path: &Path) -> io::Result<()> {
    let mut builder = Builder::new();
    builder.prefix(TEMPORARY);
    set_mode(&mut builder, file.mode);
    let mut temporary = builder.tempfile_in(folder)?;
    temporary.write_all(file.contents)?;
    sync(temporary.as_file())?;
    point("before a file");
    temporary.persist(path).map(drop::<File>).map_err(|error| error.error)?;
    sync_folder(folder)?;
    point("after a file");
    Ok(())
}

/// How temporary names begin. Nobody else calls anything so: what is left of them is removed.
const TEMPORARY: &str = ".countersign-new-";

/// Returns once everything in the file is on the disk.
pub(super) fn sync(file: &File) -> io::Result<()> {
    // The tests here end processes, not systems, and so often that waiting for the disk is most of what they do.
    if cfg!(test) { Ok(()) } else { file.sync_all() }
}

/// The names in a folder are data of its own: without this, a rename may be forgotten though its file is not.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    sync(&File::open(folder)?)
}

/// Elsewhere a folder cannot be opened for that; the file system writes its names in order.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn set_mode(builder: &mut Builder<'_, '_>, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(fs::Permissions::from_mode(mode));
}

/// Elsewhere a new file takes on the access list of its folder.
#[cfg(not(unix))]
fn set_mode(_builder: &mut Builder<'_, '_>, _mode: u32) {}

/// A moment between two steps, at which the tests let the power fail.
#[cfg(test)]
pub(super) use super::power::point;

#[cfg(not(test))]
pub(super) fn point(_moment: &str) {}
