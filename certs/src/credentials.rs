//! What a client or a server needs to prove itself and to judge others, loaded from one folder.

mod derived;
mod error;
mod files;
mod loader;
mod succession;
mod warning;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use self::derived::Derived;
use crate::identity::Identity;
use crate::trust::Trust;
use crate::watched::Watched;

pub(crate) use files::{FileNames, KNOWN_FILE_NAMES, OTHERS, certificate_in, crl_in, domain_called};
pub(crate) use warning::{RENEW_BELOW_PERCENT, soon};

pub use error::CredentialsError;
pub use loader::CredentialsLoader;
pub use succession::SuccessionError;
pub use warning::Warning;

/// An identity to show and the trust to judge others by. Cheap to clone.
///
/// ```no_run
/// use countersign_certs::Credentials;
///
/// let credentials = Credentials::load("pki/alice")?;
/// println!("I am {}", credentials.identity().id());
/// for warning in credentials.warnings_at(jiff::Timestamp::now()) {
///     eprintln!("warning: {warning}");
/// }
/// # Ok::<(), countersign_certs::CredentialsError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Credentials {
    identity: Identity,
    trust: Trust,
    /// Of the files as they were when they were read. Those that come with time are added when asked for.
    warnings: Arc<[Warning]>,
    derived: Derived,
}

impl Credentials {
    /// Brings together what was made or loaded elsewhere.
    pub fn new(identity: Identity, trust: Trust) -> Credentials {
        Credentials { identity, trust, warnings: Arc::new([]), derived: Derived::default() }
    }

    /// Loads a folder: its certificate chain, its key, and whom it trusts.
    ///
    /// The files are `cert.pem`, `key.pem` and `ca.pem`, or the same three as cert-manager
    /// (`tls.crt`, `tls.key`, `ca.crt`), SPIFFE's tools (`svid.pem`, `svid_key.pem`,
    /// `svid_bundle.pem`; `svid.0.pem`, `svid.0.key`, `bundle.0.pem`) and step-ca's autocert
    /// (`site.crt`, `site.key`, `root.crt`) name them. The third holds the
    /// roots of the certificate's own trust domain; those of other domains lie in
    /// `trust/DOMAIN.pem`. The key file may hold several keys, of which the matching one is taken.
    ///
    /// `crl.pem`, if there is one, holds the revocation lists of the own domain, one for each issuer, and
    /// `trust/DOMAIN.crl.pem` those of another one. Where an intermediate signed a list, its certificate
    /// may lie in the same file. The peers of a domain without lists are not checked for revocation.
    ///
    /// On Unix a key that everyone can read is refused. On Windows the access list of the folder is
    /// what protects it, and nothing is checked.
    pub fn load(folder: impl AsRef<Path>) -> Result<Credentials, CredentialsError> {
        Credentials::loader(folder).load()
    }

    /// As [`load`](Self::load), and again whenever the files say something else.
    ///
    /// All of a new set takes the place of the old one at once. A set that is broken, or whose parts do not
    /// belong together, is logged and otherwise ignored; see [`Watched::report`].
    pub fn watch(folder: impl AsRef<Path>) -> Result<Watched<Credentials>, CredentialsError> {
        Credentials::loader(folder).watch()
    }

    /// As [`load`](Self::load) and [`watch`](Self::watch), with more to say first.
    pub fn loader(folder: impl AsRef<Path>) -> CredentialsLoader {
        CredentialsLoader::new(folder.as_ref())
    }

    /// Who I am.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Whom I believe.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// What `make` makes of these credentials, once for all their clones: what takes long to make, such as settings of
    /// TLS, need not be made for each connection. It is dropped with the last clone. Meant for one type: one that is
    /// asked for later is made each time.
    pub fn derived<T, E>(&self, make: impl FnOnce(&Credentials) -> Result<T, E>) -> Result<Arc<T>, E>
    where
        T: Send + Sync + 'static,
    {
        self.derived.get(|| make(self))
    }

    /// What is worth telling the operator at `now`, though it does not prevent the work, or not yet: files
    /// that too many can read, and what expires soon.
    pub fn warnings_at(&self, now: Timestamp) -> Vec<Warning> {
        Warning::of(self, now)
    }
}
