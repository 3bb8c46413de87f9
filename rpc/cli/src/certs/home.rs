//! The folder of an authority, as every command takes it, and how it is opened: with a passphrase if it has one.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::Args;
use countersign_certs::authority::{Authority, AuthorityError, Passphrase};

use crate::failure::Failure;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Home {
    /// The folder in which `countersign certs init` made the authority.
    pub(super) dir: PathBuf,
    #[command(flatten)]
    pub(super) words: Words,
}

/// Where a passphrase comes from. Never an argument: everyone on a machine sees those.
#[derive(Debug, Args)]
pub(crate) struct Words {
    /// The file with the authority's passphrase, if it has one; else COUNTERSIGN_PASSPHRASE, or the terminal is asked.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

const VARIABLE: &str = "COUNTERSIGN_PASSPHRASE";

impl Home {
    pub(super) fn open(&self) -> Result<Authority, Failure> {
        match Authority::open(&self.dir) {
            Err(AuthorityError::Locked { path }) => {
                let passphrase = match self.words.given()? {
                    Some(passphrase) => passphrase,
                    None => asked(&format!("Passphrase of {}: ", path.display()), &path)?,
                };
                Ok(Authority::unlock(&self.dir, &passphrase)?)
            }
            opened => Ok(opened?),
        }
    }

    /// The command that puts the revocation lists where somebody reads them.
    pub(super) fn placing(&self) -> String {
        format!("countersign certs crl {} --out FILE", self.dir.display())
    }

    /// A file in the authority's own folder.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.join("authority").join(name)
    }
}

impl Words {
    /// Whether a file was named: who does that wants its words to be used.
    pub(super) fn in_a_file(&self) -> bool {
        self.passphrase_file.is_some()
    }

    /// For a new authority: what is typed blindly is typed twice.
    pub(super) fn chosen(&self, key: &Path) -> Result<Passphrase, Failure> {
        if let Some(passphrase) = self.given()? {
            return Ok(passphrase);
        }
        let first = ask("New passphrase: ", key)?;
        if first != ask("The same again: ", key)? {
            return Err(Failure::new("the two passphrases differ").or_try("the same command once more"));
        }
        Ok(Passphrase::new(first)?)
    }

    /// Given in a file, or else in the environment.
    fn given(&self) -> Result<Option<Passphrase>, Failure> {
        let words = match &self.passphrase_file {
            Some(file) => {
                let text = fs::read_to_string(file).map_err(|problem| {
                    Failure::new(format!("{}: cannot be read: {problem}", file.display()))
                })?;
                warn_if_open(file);
                // Editors end a file with a line break.
                Some(text.trim_end_matches(['\r', '\n']).to_owned())
            }
            None => env::var(VARIABLE).ok().filter(|words| !words.is_empty()),
        };
        Ok(words.map(Passphrase::new).transpose()?)
    }
}

/// A passphrase that others can read keeps nothing from them.
#[cfg(unix)]
fn warn_if_open(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS_READ: u32 = 0o044;
    let Ok(metadata) = fs::metadata(file) else { return };
    let mode = metadata.permissions().mode() & 0o7777;
    if metadata.is_file() && mode & OTHERS_READ != 0 {
        let file = file.display();
        output::warn(format_args!(
            "{file}: others on this machine can read this passphrase (mode {mode:04o}); run `chmod 600 {file}`"
        ));
    }
}

/// Elsewhere a file has no mode bits: who may read it is what its folder's access list says.
#[cfg(not(unix))]
fn warn_if_open(_: &Path) {}

fn asked(prompt: &str, key: &Path) -> Result<Passphrase, Failure> {
    Ok(Passphrase::new(ask(prompt, key)?)?)
}

/// Asks on the terminal, without showing what is typed.
fn ask(prompt: &str, key: &Path) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        let key = key.display();
        return Err(Failure::new(format!(
            "{key}: needs a passphrase, and there is no terminal to ask for it"
        ))
        .or_try(format!("--passphrase-file FILE, or set {VARIABLE}")));
    }
    rpassword::prompt_password(prompt)
        .map_err(|problem| Failure::new(format!("the passphrase cannot be read: {problem}")))
}
