//! An authority and its identities in files, as operators have them: renewed, revoked and placed while peers watch.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign::{Credentials, Watched};
use countersign_certs::authority::{Authority, Existing, Plan, Request, place};
use countersign_certs::{Name, Source};
use tempfile::TempDir;

/// A folder with an authority and the identities that it issued.
pub struct Pki {
    folder: TempDir,
    /// The authority itself.
    pub authority: Authority,
}

impl Pki {
    /// A new one.
    pub fn new(plan: impl Into<Plan>) -> Self {
        let folder = TempDir::new().expect("a folder");
        let authority = Authority::init(folder.path(), plan).expect("an authority");
        Self { folder, authority }
    }

    /// Issues the identity of a client that ends after so long, and watches it.
    pub fn client(&self, name: &str, valid: Duration) -> Watched<Credentials> {
        self.issue(Request { valid, ..Request::client(self::name(name)) })
    }

    /// Issues the identity of a server on this machine that ends after so long, and watches it.
    pub fn server(&self, name: &str, valid: Duration) -> Watched<Credentials> {
        let host = "localhost".parse().expect("a host");
        self.issue(Request { valid, ..Request::server(self::name(name), [host]) })
    }

    fn issue(&self, request: Request) -> Watched<Credentials> {
        self.authority.issue_to(self.folder.path(), &request, Existing::Refuse).expect("an identity");
        Credentials::watch(self.home(request.name.as_str())).expect("credentials")
    }

    /// Gives it a new certificate that ends after so long.
    pub fn renew(&self, name: &str, valid: Duration) {
        self.authority.renew(self.folder.path(), &self::name(name), Some(valid)).expect("a renewal");
    }

    /// Revokes its certificates. Nobody knows yet.
    pub fn revoke(&self, name: &str) {
        self.authority.revoke(&self::name(name)).expect("a revocation");
    }

    /// Places the revocation lists where this one looks for them.
    pub fn tell(&self, name: &str) {
        let lists = self.authority.crl().expect("lists");
        place(self.home(name).join("crl.pem"), &lists).expect("a place");
    }

    /// The folder of an identity.
    pub fn home(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Credentials that a story replaces when it likes, without any files.
#[derive(Clone)]
pub struct ByHand(Arc<Mutex<(u64, Credentials)>>);

impl ByHand {
    /// These, to begin with.
    pub fn watched(credentials: Credentials) -> (Self, Watched<Credentials>) {
        let hand = Self(Arc::new(Mutex::new((0, credentials))));
        let watched = Watched::load(hand.clone()).expect("it cannot fail");
        (hand, watched)
    }

    /// Takes the place of what is in force.
    pub fn replace(&self, credentials: Credentials, watched: &Watched<Credentials>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *held = (held.0 + 1, credentials);
        drop(held);
        assert!(watched.reload().expect("it cannot fail"));
    }
}

impl Source for ByHand {
    type Contents = u64;
    type Value = Credentials;
    type Error = Infallible;

    fn name(&self) -> String {
        "what a story holds in its hand".to_owned()
    }

    fn read(&self) -> Result<u64, Infallible> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).0)
    }

    fn parse(&self, _: &u64) -> Result<Credentials, Infallible> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone())
    }
}

fn name(text: &str) -> Name {
    text.parse().expect("a name")
}
