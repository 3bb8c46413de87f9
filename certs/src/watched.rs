//! A value that is replaced while it is in use: read from files, which are looked at again and again.
//!
//! Knows when to look, what a change is and when a broken set is worth a word. What the files mean is
//! the business of a [`Source`].

use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::watch;

/// How often files are looked at: a revocation has to bite within a second.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A set that cannot be used is reported at its second look, so that files that are replaced one by one
/// may be. One that is another at every look is reported after so many of them.
const PATIENCE: u32 = 4;

/// A value that may be replaced while others use it. Cheap to clone; all clones see the same.
///
/// Whoever keeps what [`current`](Self::current) gives keeps that snapshot, and whoever asks again gets what
/// is in force by then. A plain value becomes one that is never replaced: `Watched::from(value)`.
///
/// ```no_run
/// use countersign_certs::Credentials;
///
/// # async fn follow() -> Result<(), countersign_certs::CredentialsError> {
/// let credentials = Credentials::watch("pki/alice")?;
/// let mut changes = credentials.changes();
/// println!("valid until {}", credentials.current().identity().certificate().not_after());
/// while let Some(renewed) = changes.next().await {
///     println!("renewed until {}", renewed.identity().certificate().not_after());
/// }
/// # Ok(())
/// # }
/// ```
pub struct Watched<T>(Arc<Shared<T>>);

struct Shared<T> {
    value: Arc<ArcSwap<T>>,
    replaced: watch::Sender<()>,
    report: Mutex<ReloadReport>,
    lookout: Option<Mutex<Box<dyn Lookout<T>>>>,
    /// The thread that looks ends when this does.
    _alive: mpsc::Sender<()>,
}

/// Where a watched value comes from.
pub trait Source: Send + 'static {
    /// What the files hold. Equal contents are no change, whatever became of the files.
    type Contents: PartialEq + Send;
    /// What is made of it.
    type Value: Send + Sync + 'static;
    /// Why it could not be read or used: one line that names the file and the remedy.
    type Error: fmt::Display;

    /// What this is, for the log: `the credentials in pki/alice`.
    fn name(&self) -> String;

    /// Reads everything that counts. Takes as long as files take, and is called twice a second.
    fn read(&self) -> Result<Self::Contents, Self::Error>;

    /// Makes the value. Called once for contents that are not those in force: they alone decide.
    fn parse(&self, contents: &Self::Contents) -> Result<Self::Value, Self::Error>;

    /// Whether `next`, sound in itself, may take the place of `current`, today.
    fn may_replace(&self, _current: &Self::Value, _next: &Self::Value) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// How reloading went since the start.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct ReloadReport {
    /// Since when the value in force has been.
    pub since: Timestamp,
    /// How many times it was replaced.
    pub replaced: u64,
    /// How many different new sets could not be used.
    pub failed: u64,
    /// Why the latest set is not in force; `None` while what the files hold is.
    pub failure: Option<String>,
}

/// What the files hold now cannot be used; what was in force stays in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} cannot be used, and the old ones stay in force: {reason}")]
pub struct ReloadError {
    name: String,
    reason: String,
}

/// The replacements of a [`Watched`] value, from when this was made.
#[derive(Debug)]
pub struct Changes<T> {
    value: Arc<ArcSwap<T>>,
    replaced: watch::Receiver<()>,
}

impl<T: Send + Sync + 'static> Watched<T> {
    /// A value that is never replaced.
    pub fn fixed(value: T) -> Watched<T> {
        Watched::made(value, None, mpsc::channel().0)
    }

    /// A value whose source is looked at only when [`reload`](Self::reload) or [`look`](Self::look) say so.
    pub fn load<S: Source<Value = T>>(source: S) -> Result<Watched<T>, S::Error> {
        Watched::from_source(source, mpsc::channel().0)
    }

    /// A value whose source is looked at twice a second, by a thread that ends with the last handle.
    ///
    /// Contents are compared, not dates: it works for links that are swapped, on network file systems, and
    /// on every platform. Fails if what is there cannot be used; later, a broken set is logged, shown in
    /// the [report](Self::report), and otherwise ignored. Needs no runtime.
    pub fn watch<S: Source<Value = T>>(source: S) -> Result<Watched<T>, S::Error> {
        let (alive, ended) = mpsc::channel();
        let watched = Watched::from_source(source, alive)?;
        let shared = Arc::downgrade(&watched.0);
        let started = thread::Builder::new()
            .name("countersign-watch".to_owned())
            .spawn(move || look_until(&ended, &shared));
        if let Err(error) = started {
            watched.0.fail(format!("nobody watches the files: no thread can be started: {error}"));
        }
        Ok(watched)
    }

    /// What is in force now.
    pub fn current(&self) -> Arc<T> {
        self.0.value.load_full()
    }

    /// Hands what is in force now to `read`: cheaper than [`current`](Self::current).
    pub fn with<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.0.value.load())
    }

    /// Everything that will take the place of what is in force now. Ask for it before
    /// [`current`](Self::current), and nothing is missed between the two.
    pub fn changes(&self) -> Changes<T> {
        Changes { value: self.0.value.clone(), replaced: self.0.replaced.subscribe() }
    }

    /// Looks at the files now and says what came of it; true if the value was replaced. For an operator who
    /// wants to know, as with SIGHUP: what cannot be used is not logged too. Blocks while files are read.
    pub fn reload(&self) -> Result<bool, ReloadError> {
        self.0.look(Asked::ByHand)
    }

    /// Looks at the files once, just as the thread does: a set that cannot be used is not reported unless it
    /// was there at the previous look, too. For those who would rather be the thread themselves.
    pub fn look(&self) {
        // What is wrong is in the report and in the log.
        let _ = self.0.look(Asked::ByTheClock);
    }

    /// How reloading went.
    pub fn report(&self) -> ReloadReport {
        lock(&self.0.report).clone()
    }

    fn from_source<S: Source<Value = T>>(source: S, alive: mpsc::Sender<()>) -> Result<Watched<T>, S::Error> {
        let contents = source.read()?;
        let value = source.parse(&contents)?;
        let lookout = FromSource { source, in_force: contents, broken: None };
        Ok(Watched::made(value, Some(Mutex::new(Box::new(lookout))), alive))
    }

    fn made(value: T, lookout: Option<Mutex<Box<dyn Lookout<T>>>>, alive: mpsc::Sender<()>) -> Watched<T> {
        let report = ReloadReport { since: Timestamp::now(), replaced: 0, failed: 0, failure: None };
        Watched(Arc::new(Shared {
            value: Arc::new(ArcSwap::from_pointee(value)),
            replaced: watch::Sender::new(()),
            report: Mutex::new(report),
            lookout,
            _alive: alive,
        }))
    }
}

impl<T> Changes<T> {
    /// Waits for the next replacement; `None` once nobody can make one any more. Of several that came in
    /// the meantime, only the latest.
    pub async fn next(&mut self) -> Option<Arc<T>> {
        self.replaced.changed().await.ok()?;
        Some(self.value.load_full())
    }

    /// The latest replacement since this was last asked or waited for, if there was one. Costs one look at a
    /// number where there was none, and so can be asked before everything that depends on the value.
    pub fn newest(&mut self) -> Option<Arc<T>> {
        // An error says that nobody can make one any more.
        if !matches!(self.replaced.has_changed(), Ok(true)) {
            return None;
        }
        self.replaced.borrow_and_update();
        Some(self.value.load_full())
    }
}

impl<T> Clone for Watched<T> {
    fn clone(&self) -> Watched<T> {
        Watched(self.0.clone())
    }
}

impl<T: Send + Sync + 'static> From<T> for Watched<T> {
    fn from(value: T) -> Watched<T> {
        Watched::fixed(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&self.0.value.load()).finish()
    }
}

/// Who wants to know.
#[derive(Clone, Copy, PartialEq)]
enum Asked {
    ByTheClock,
    ByHand,
}

impl<T> Shared<T> {
    fn look(&self, asked: Asked) -> Result<bool, ReloadError> {
        let Some(lookout) = &self.lookout else { return Ok(false) };
        // Held until the value is in place: two who look at once must not swap their results.
        let mut lookout = lock(lookout);
        match lookout.look(&self.value.load(), asked) {
            Sight::Same => {
                if self.recovered() {
                    tracing::info!("{} are again what is in force", lookout.name());
                }
                Ok(false)
            }
            Sight::New(value) => {
                self.value.store(Arc::new(value));
                {
                    let mut report = lock(&self.report);
                    report.replaced += 1;
                    report.since = Timestamp::now();
                }
                self.recovered();
                tracing::info!("{} were replaced, and the new ones are in force", lookout.name());
                self.replaced.send_replace(());
                Ok(true)
            }
            Sight::Broken { reason, tell } => {
                let error = ReloadError { name: lookout.name(), reason };
                if tell {
                    self.fail(error.reason.clone());
                    // Whoever asked is told by the error.
                    if asked == Asked::ByTheClock {
                        tracing::warn!("{error}");
                    }
                }
                Err(error)
            }
        }
    }

    /// Whether something was wrong before.
    fn recovered(&self) -> bool {
        lock(&self.report).failure.take().is_some()
    }

    fn fail(&self, reason: String) {
        let mut report = lock(&self.report);
        report.failed += 1;
        report.failure = Some(reason);
    }
}

/// A [`Source`] and what was seen of it, whatever its types.
trait Lookout<T>: Send {
    fn name(&self) -> String;
    fn look(&mut self, current: &T, asked: Asked) -> Sight<T>;
}

/// What a look came to.
enum Sight<T> {
    /// What is in force.
    Same,
    New(T),
    /// Nothing that can be used; `tell` once for each such set.
    Broken {
        reason: String,
        tell: bool,
    },
}

struct FromSource<S: Source> {
    source: S,
    in_force: S::Contents,
    broken: Option<Broken<S::Contents>>,
}

/// Why a set cannot be used.
enum Reason {
    /// It may be at another time.
    Passing(String),
    /// It never can.
    Hopeless(String),
}

/// A set that could not be used at the latest look.
struct Broken<C> {
    /// Its contents, or why they could not be read.
    seen: Result<C, String>,
    /// Why nothing can be made of them, which no time will mend.
    hopeless: Option<String>,
    told: bool,
    /// For how many looks no set could be used, this one or another.
    looks: u32,
}

impl<S: Source> Lookout<S::Value> for FromSource<S> {
    fn name(&self) -> String {
        self.source.name()
    }

    fn look(&mut self, current: &S::Value, asked: Asked) -> Sight<S::Value> {
        let (seen, reason) = match self.source.read() {
            Ok(contents) if contents == self.in_force => {
                self.broken = None;
                return Sight::Same;
            }
            Ok(contents) => match self.make(&contents, current) {
                Ok(value) => {
                    self.in_force = contents;
                    self.broken = None;
                    return Sight::New(value);
                }
                Err(reason) => (Ok(contents), reason),
            },
            Err(error) => (Err(error.to_string()), Reason::Passing(error.to_string())),
        };
        let (reason, hopeless) = match reason {
            Reason::Passing(reason) => (reason, None),
            Reason::Hopeless(reason) => (reason.clone(), Some(reason)),
        };
        let tell = self.note_broken(seen, hopeless, asked);
        Sight::Broken { reason, tell }
    }
}

impl<S: Source> FromSource<S> {
    fn make(&self, contents: &S::Contents, current: &S::Value) -> Result<S::Value, Reason> {
        if let Some(Broken { seen: Ok(seen), hopeless: Some(reason), .. }) = &self.broken
            && seen == contents
        {
            return Err(Reason::Hopeless(reason.clone()));
        }
        // A mistake of ours in reading hostile contents must not end the thread, and with it all reloading.
        let parsed = panic::catch_unwind(AssertUnwindSafe(|| self.source.parse(contents)))
            .map_err(|_| Reason::Hopeless("reading them panicked, which is a bug; report it".to_owned()))?;
        let value = parsed.map_err(|error| Reason::Hopeless(error.to_string()))?;
        let may = self.source.may_replace(current, &value);
        may.map_err(|error| Reason::Passing(error.to_string()))?;
        Ok(value)
    }

    /// Whether this broken set is to be told of now.
    fn note_broken(
        &mut self,
        seen: Result<S::Contents, String>,
        hopeless: Option<String>,
        asked: Asked,
    ) -> bool {
        let before = self.broken.take();
        let looks = before.as_ref().map_or(0, |broken| broken.looks) + 1;
        let (again, told) = match before {
            Some(broken) if broken.seen == seen => (true, broken.told),
            _ => (false, false),
        };
        let tell = !told && (again || looks == PATIENCE || asked == Asked::ByHand);
        self.broken = Some(Broken { seen, hopeless, told: told || tell, looks });
        tell
    }
}

/// Looks every now and then, until the last handle is gone.
fn look_until<T>(ended: &mpsc::Receiver<()>, shared: &Weak<Shared<T>>) {
    while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(LOOK_EVERY) {
        let Some(shared) = shared.upgrade() else { return };
        // What is wrong is in the report and in the log.
        let _ = shared.look(Asked::ByTheClock);
    }
}

/// What is behind our locks is whole at every moment: a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
