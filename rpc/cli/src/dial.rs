//! From the arguments to a connection.

use countersign::{Client, Credentials, Watched};
use countersign_certs::{CredentialsLoader, StaleCrl, Warning};
use jiff::Timestamp;

use crate::args::{Dial, Identity};
use crate::failure::Failure;
use crate::output;

impl Identity {
    /// Loads the identity, and follows its files from then on.
    pub(crate) fn watch(&self) -> Result<Watched<Credentials>, Failure> {
        Ok(self.loader().watch()?)
    }

    fn loader(&self) -> CredentialsLoader {
        let loader = Credentials::loader(&self.folder);
        let loader = if self.accept_stale_crl { loader.stale_crl(StaleCrl::Accept) } else { loader };
        match &self.crl {
            Some(file) => loader.crl(file),
            None => loader,
        }
    }

    /// As it stands on a command line.
    fn words(&self) -> String {
        let mut words = format!("--identity {}", self.folder.display());
        if let Some(file) = &self.crl {
            words = format!("{words} --crl {}", file.display());
        }
        if self.accept_stale_crl {
            words.push_str(" --accept-stale-crl");
        }
        words
    }
}

impl Dial {
    /// Connects; returns when the server has accepted us.
    pub(crate) async fn connect(&self) -> Result<Client, Failure> {
        self.connect_as(self.credentials()?).await
    }

    /// Loads the identity, and passes on what is worth a warning.
    pub(crate) fn credentials(&self) -> Result<Watched<Credentials>, Failure> {
        let credentials = self.identity.watch()?;
        let warnings = credentials.current().warnings_at(Timestamp::now());
        // That nobody is checked for revocation is for a server to say, and not for every call.
        warnings.iter().filter(|warning| !matches!(warning, Warning::NoCrl { .. })).for_each(output::warn);
        Ok(credentials)
    }

    /// The same with an identity that is loaded already.
    pub(crate) async fn connect_as(&self, credentials: Watched<Credentials>) -> Result<Client, Failure> {
        let mut builder = Client::builder(credentials).connect_timeout(self.timeout).fail_fast();
        if let Some(id) = &self.expect_peer {
            builder = builder.expect_peer(id.clone());
        }
        Ok(builder.connect(&self.address).await?)
    }

    /// This command line with another command: what to try next.
    pub(crate) fn command(&self, command: &str, rest: &str) -> String {
        let mut line = format!("countersign {command} {}", self.address);
        for word in [rest, &self.identity.words()].into_iter().filter(|word| !word.is_empty()) {
            line.push(' ');
            line.push_str(word);
        }
        match &self.expect_peer {
            Some(id) => format!("{line} --expect-peer {id}"),
            None => line,
        }
    }
}
