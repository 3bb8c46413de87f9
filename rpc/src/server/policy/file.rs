//! From the text of a policy to its rules, or to every mistake in it with line and column.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_certs::Source;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Place, PolicyError, PolicyProblem};
use super::pattern::{Mistake, Pattern};
use super::{Origin, Policy, Rule};
use crate::text::escaped;

/// The longest policy: some ten thousand rules.
const FILE_LEN_MAX: u64 = 1 << 20;

/// What a mistaken key or value is told.
const SHAPE: &str = "a rule is `[[allow]]`, then `peers = […]` and `procedures = […]`";

/// A file that is read again and again.
pub(in crate::server) struct PolicyFile {
    path: PathBuf,
    /// Whether it was empty when it was last read.
    was_empty: AtomicBool,
}

impl PolicyFile {
    pub(in crate::server) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), was_empty: AtomicBool::new(true) }
    }
}

impl Source for PolicyFile {
    type Contents = String;
    type Value = Policy;
    type Error = PolicyError;

    fn name(&self) -> String {
        format!("the rules in {}", self.path.display())
    }

    fn read(&self) -> Result<String, PolicyError> {
        let text = read(&self.path)?;
        // Some editors empty a file before they write it, and in between nobody should be locked out.
        let was_empty = self.was_empty.swap(text.is_empty(), Ordering::Relaxed);
        match text.is_empty() && !was_empty {
            true => Err(PolicyError::Emptied { path: self.path.clone() }),
            false => Ok(text),
        }
    }

    fn parse(&self, text: &String) -> Result<Policy, PolicyError> {
        Policy::of_text(text, Origin::File(self.path.clone()))
    }
}

/// The text of a file that not everyone may write.
pub(super) fn read(path: &Path) -> Result<String, PolicyError> {
    let unreadable = |problem| PolicyError::Unreadable { path: path.to_owned(), problem };
    let file = File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => PolicyError::Missing { path: path.to_owned() },
        _ => unreadable(error),
    })?;
    check_access(path, &file)?;
    let mut bytes = Vec::new();
    file.take(FILE_LEN_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let no_text = |what| PolicyError::NoText { path: path.to_owned(), what };
    if FILE_LEN_MAX < bytes.len() as u64 {
        return Err(no_text("longer than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| no_text("not UTF-8"))
}

/// Asks the open file, not its path: that may be another file by now.
#[cfg(unix)]
fn check_access(path: &Path, file: &File) -> Result<(), PolicyError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata =
        file.metadata().map_err(|problem| PolicyError::Unreadable { path: path.to_owned(), problem })?;
    let mode = metadata.permissions().mode() & 0o7777;
    match mode & 0o002 {
        0 => Ok(()),
        _ => Err(PolicyError::Exposed { path: path.to_owned(), mode }),
    }
}

/// Elsewhere a file has no mode bits, and its folder's access list is what protects it.
#[cfg(not(unix))]
fn check_access(_: &Path, _: &File) -> Result<(), PolicyError> {
    Ok(())
}

/// Mistakes that are told at once. Whoever makes more has something to do until the rest is told.
const MISTAKES_MAX: usize = 20;

/// What was found in a text.
pub(super) struct Problems<'t> {
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
    file: Option<PathBuf>,
    mistakes: Vec<PolicyProblem>,
    warnings: Vec<PolicyProblem>,
}

impl<'t> Problems<'t> {
    pub(super) fn new(text: &'t str, file: Option<&Path>) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, lines, file: file.map(Path::to_owned), mistakes: Vec::new(), warnings: Vec::new() }
    }

    /// What is no mistake, unless something is one.
    pub(super) fn warnings_unless_mistaken(self) -> Result<Vec<PolicyProblem>, PolicyError> {
        if self.mistakes.is_empty() { Ok(self.warnings) } else { Err(PolicyError::Mistaken(self.mistakes)) }
    }

    fn mistake(&mut self, at: Range<usize>, message: impl Into<String>) {
        if self.mistakes.len() < MISTAKES_MAX {
            self.mistakes.push(self.at(at, message));
        }
    }

    fn warn(&mut self, at: Range<usize>, message: impl Into<String>) {
        if self.warnings.len() < MISTAKES_MAX {
            self.warnings.push(self.at(at, message));
        }
    }

    fn at(&self, at: Range<usize>, message: impl Into<String>) -> PolicyProblem {
        let line = self.line(at.start);
        let before = self.text.get(self.lines[line - 1]..at.start).unwrap_or_default();
        let place = Place::Text { line, column: before.chars().count() + 1 };
        PolicyProblem { file: self.file.clone(), place, message: message.into() }
    }

    /// The line of a place, counted from 1.
    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|begin| *begin <= at)
    }
}

/// The rules in a text, as far as they are sound.
pub(super) fn rules(text: &str, problems: &mut Problems<'_>) -> Vec<Rule> {
    let root = match DeTable::parse(text) {
        Ok(root) => root,
        Err(error) => {
            problems
                .mistake(error.span().unwrap_or_default(), format!("not TOML: {}; {SHAPE}", error.message()));
            return Vec::new();
        }
    };
    let mut rules = Vec::new();
    for (key, value) in root.get_ref() {
        match (&**key.get_ref(), value.get_ref()) {
            ("allow", DeValue::Array(allow)) => {
                rules.extend(allow.iter().filter_map(|value| rule(value, problems)));
            }
            ("allow", DeValue::Table(_)) => {
                problems.mistake(
                    key.span(),
                    "`allow` is a list of rules; write `[[allow]]`, with two brackets on each side",
                );
            }
            ("allow", _) => problems.mistake(value.span(), format!("`allow` is no rule; {SHAPE}")),
            ("deny", _) => problems.mistake(key.span(), DENY),
            (other, _) => {
                problems.mistake(key.span(), format!("unknown key `{}`; {SHAPE}", escaped(other)));
            }
        }
    }
    if rules.is_empty() {
        problems.warn(0..0, format!("this policy allows nothing, so that every call is refused; {SHAPE}"));
    }
    rules
}

/// What those are told who want to take away.
const DENY: &str = "a policy only allows; what no rule allows is denied already, so leave this out";

fn rule(value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Rule> {
    let DeValue::Table(table) = value.get_ref() else {
        problems.mistake(value.span(), format!("this is no rule; {SHAPE}"));
        return None;
    };
    let (mut peers, mut procedures) = (None, None);
    for (key, value) in table {
        match &**key.get_ref() {
            "peers" => peers = Some(patterns("peers", value, problems)),
            "procedures" => procedures = Some(patterns("procedures", value, problems)),
            "deny" => problems.mistake(key.span(), DENY),
            other => problems.mistake(key.span(), format!("unknown key `{}`; {SHAPE}", escaped(other))),
        }
    }
    for (key, is_there) in [("peers", peers.is_some()), ("procedures", procedures.is_some())] {
        if !is_there {
            problems.mistake(value.span(), format!("the rule has no `{key}`; {SHAPE}"));
        }
    }
    Some(Rule { line: Some(problems.line(value.span().start)), peers: peers?, procedures: procedures? })
}

/// The patterns in a list.
fn patterns<P: Pattern>(key: &str, value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Vec<P> {
    let DeValue::Array(list) = value.get_ref() else {
        problems.mistake(value.span(), format!("`{key}` is a list, also of one; write `{key} = [\"…\"]`"));
        return Vec::new();
    };
    if list.is_empty() {
        problems.mistake(value.span(), Mistake::empty(key).0);
    }
    let mut patterns: Vec<P> = Vec::new();
    for each in list.iter() {
        let DeValue::String(text) = each.get_ref() else {
            problems.mistake(each.span(), format!("`{key}` are texts; write each in quotes"));
            continue;
        };
        match text.parse::<P>() {
            Ok(pattern) if patterns.contains(&pattern) => {
                problems.warn(each.span(), format!("`{}` stands here twice; leave one out", escaped(text)));
            }
            Ok(pattern) => {
                if let Some(doubt) = pattern.doubt() {
                    problems.warn(each.span(), doubt);
                }
                patterns.push(pattern);
            }
            Err(Mistake(message)) => problems.mistake(each.span(), message),
        }
    }
    patterns
}
