//! `countersign certs`: an authority, and the identities that it issues. Each command has a file of its own: what it
//! takes, then what it does.

mod bundle;
mod check;
mod crl;
mod csr;
mod home;
mod init;
mod issue;
mod life;
mod list;
mod renew;
mod revoke;
mod rollover;
mod show;
mod sign;

use clap::Subcommand;
use countersign_certs::authority::AuthorityError;
use jiff::Timestamp;

use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum Certs {
    /// Make the authority of a trust domain, in DIR/authority.
    #[command(after_help = "\
Examples:
  countersign certs init pki --trust-domain acme.internal
  countersign certs init pki --intermediate      # pki/authority/key.pem can then be taken offline
  countersign certs init pki --passphrase        # asked for, or from COUNTERSIGN_PASSPHRASE or --passphrase-file")]
    Init(init::Init),
    /// Issue an identity into DIR/NAME: certificate, key, and the root to trust.
    #[command(after_help = "\
Examples:
  countersign certs issue pki server --host localhost --host 127.0.0.1
  countersign certs issue pki alice --days 7
  countersign certs issue pki probe --valid 90m")]
    Issue(issue::Issue),
    /// Renew an identity: the same name and hosts, a new key and certificate.
    #[command(after_help = "\
Examples:
  countersign certs renew pki alice
  countersign certs renew pki server --days 7
  countersign certs renew pki --intermediate

Whoever has loaded DIR/NAME sees the new files by itself. The old certificate stays good until it expires.")]
    Renew(renew::Renew),
    /// Revoke every unexpired certificate of a name, or one by its serial number.
    #[command(after_help = "\
Examples:
  countersign certs revoke pki alice
  countersign certs revoke pki --serial 4f3a52c09e1b7d68a0c2e4f61b3d5f78
  countersign certs crl pki --out pki/server/crl.pem

DIR/authority/crl.pem then says so; servers and clients act on it once it lies where they read it.")]
    Revoke(revoke::Revoke),
    /// Sign the revocation lists anew, for thirty days.
    #[command(after_help = "\
Examples:
  countersign certs crl pki
  countersign certs crl pki --out pki/server/crl.pem

Every other command of the authority does so, too. Run it from time to time: stale lists refuse everyone.")]
    Crl(crl::Crl),
    /// Go over to a new root, in three steps in which everyone trusts everyone.
    #[command(after_help = "\
Examples:
  countersign certs rollover pki               # makes the next root; renew everyone, then
  countersign certs rollover pki --switch      # it signs from now on; renew everyone, then
  countersign certs rollover pki --retire      # the old one is no longer trusted

Each step tells what to do before the next one, which fails while somebody is not ready for it.")]
    Rollover(rollover::Rollover),
    /// Print the roots that are to be trusted: during a rollover both of them.
    #[command(after_help = "\
Examples:
  countersign certs bundle pki
  countersign certs bundle pki --out pki/server/ca.pem")]
    Bundle(bundle::Bundle),
    /// Make a key that never leaves this machine, and a request for its certificate.
    #[command(after_help = "\
Examples:
  countersign certs csr alice
  countersign certs csr server --host localhost --out /etc/acme/server
  countersign certs csr alice --replace      # a new key; the old one stays until its successor's certificate is here

Carry NAME/request.csr to the authority; what `countersign certs sign` makes of it belongs beside it.")]
    Csr(csr::Csr),
    /// Sign a request: a certificate for a key that is on another machine.
    #[command(after_help = "\
Examples:
  countersign certs show alice/request.csr      # what it asks for
  countersign certs sign pki alice/request.csr
  countersign certs sign pki upload.csr --name server --host acme.internal --out server

It gets the name and the hosts that it asks for, or else those that you state. Usages and SPIFFE ID are the
authority's to say; whatever else it asks for is not granted.")]
    Sign(sign::Sign),
    /// List every certificate that the authority has issued.
    #[command(after_help = "\
Example:
  countersign certs list pki

States: valid, expires soon (less than 30 % of its life is left), expired, revoked.")]
    List(list::List),
    /// Say whether an identity can be used, and everything that is wrong with it.
    #[command(after_help = "\
Examples:
  countersign certs check pki/alice
  countersign certs check /etc/tls --as server --host api.acme.internal

Takes the folders of other tools, too. The exit code is 0 only if it can be used.")]
    Check(check::Check),
    /// Say in words what is in PEM files: certificates, revocation lists, requests; of a key its kind alone.
    #[command(after_help = "\
Examples:
  countersign certs show pki/alice/cert.pem
  countersign certs show /etc/tls/tls.crt /etc/tls/ca.crt pki/authority/crl.pem")]
    Show(show::Show),
}

pub(crate) fn run(command: Certs, json: bool) -> Result<(), Failure> {
    match command {
        Certs::Check(check) => check.run(json),
        Certs::Init(init) => init.run(json),
        Certs::Issue(issue) => issue.run(json),
        Certs::Renew(renew) => renew.run(json),
        Certs::Revoke(revoke) => revoke.run(json),
        Certs::Crl(crl) => crl.run(json),
        Certs::Rollover(rollover) => rollover.run(json),
        Certs::Bundle(bundle) => bundle.run(json),
        Certs::Csr(csr) => csr.run(json),
        Certs::Sign(sign) => sign.run(json),
        Certs::List(list) => list.run(json),
        Certs::Show(show) => show.run(json),
    }
}

/// The last moment of a certificate: its day, or to the second if that is near.
fn until(at: Timestamp) -> String {
    let near = at.duration_since(Timestamp::now()).as_hours().abs() < 48;
    at.strftime(if near { "%Y-%m-%d %H:%M:%S UTC" } else { "%Y-%m-%d" }).to_string()
}

/// What replaces the identity that is in the way, if one is.
fn or_replace(error: AuthorityError) -> Failure {
    match error {
        AuthorityError::IdentityExists { .. } => Failure::new(error).or_try("the same with --replace"),
        other => other.into(),
    }
}

fn listed(hosts: &[String]) -> String {
    hosts.join(", ")
}
