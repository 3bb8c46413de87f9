//! `countersign certs`: an authority, and the identities that it issues. Each command has a file of its own: what it
//! takes, then what it does.

mod init;
mod issue;
mod list;
mod show;

use clap::Subcommand;
use countersign_certs::authority::Host;
use jiff::Timestamp;

use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum Certs {
    /// Make the authority of a trust domain, in DIR/authority.
    #[command(after_help = "\
Example:
  countersign certs init pki --trust-domain acme.internal")]
    Init(init::Init),
    /// Issue an identity into DIR/NAME: certificate, key, and the root to trust.
    #[command(after_help = "\
Examples:
  countersign certs issue pki server --host localhost --host 127.0.0.1
  countersign certs issue pki alice --days 7")]
    Issue(issue::Issue),
    /// List every certificate that the authority has issued.
    #[command(after_help = "\
Example:
  countersign certs list pki")]
    List(list::List),
    /// Say in words what certificates claim.
    #[command(after_help = "\
Example:
  countersign certs show pki/alice/cert.pem")]
    Show(show::Show),
}

pub(crate) fn run(command: Certs, json: bool) -> Result<(), Failure> {
    match command {
        Certs::Init(init) => init.run(json),
        Certs::Issue(issue) => issue.run(json),
        Certs::List(list) => list.run(json),
        Certs::Show(show) => show.run(json),
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

fn listed(hosts: &[Host]) -> String {
    hosts.iter().map(Host::to_string).collect::<Vec<_>>().join(", ")
}
