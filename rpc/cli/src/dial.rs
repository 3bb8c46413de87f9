//! From the arguments to a connection.

use countersign::{Client, Credentials};
use countersign_certs::Warning;
use jiff::Timestamp;

use crate::args::{Dial, Identity};
use crate::failure::Failure;
use crate::output;

impl Identity {
    /// Loads the identity, and passes on what is worth a warning.
    pub(crate) fn load(&self) -> Result<Credentials, Failure> {
        let credentials = Credentials::load(&self.folder)?;
        let warnings = credentials.warnings_at(Timestamp::now());
        // That nothing is checked is for a server to say, not for every call.
        warnings.iter().filter(|warning| !matches!(warning, Warning::NoCrl { .. })).for_each(output::warn);
        Ok(credentials)
    }
}

impl Dial {
    /// Connects; returns when the server has accepted us.
    pub(crate) async fn connect(&self) -> Result<Client, Failure> {
        self.connect_as(self.identity.load()?).await
    }

    /// The same with an identity that is loaded already.
    pub(crate) async fn connect_as(&self, credentials: Credentials) -> Result<Client, Failure> {
        let mut builder = Client::builder(credentials).connect_timeout(self.timeout).fail_fast();
        if let Some(id) = &self.expect_peer {
            builder = builder.expect_peer(id.clone());
        }
        Ok(builder.connect(&self.address).await?)
    }

    /// This command line with another command: what to try next.
    pub(crate) fn command(&self, command: &str, rest: &str) -> String {
        let mut line = format!("countersign {command} {}", self.address);
        for word in [rest, "--identity"].into_iter().filter(|word| !word.is_empty()) {
            line.push(' ');
            line.push_str(word);
        }
        line = format!("{line} {}", self.identity.folder.display());
        match &self.expect_peer {
            Some(id) => format!("{line} --expect-peer {id}"),
            None => line,
        }
    }
}
