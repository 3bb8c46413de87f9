//! Who a peer is and whom to believe: names, identities, trust, and the authority that issues them.
//!
//! - [`Name`], [`TrustDomain`] and [`SpiffeId`] need no feature: a contract or a policy can speak of
//!   identities without linking any cryptography.
//! - `identity` (on by default) loads and checks [`Credentials`]: an [`Identity`] to show, and the
//!   [`Trust`] to judge others by, each [`Watched`] if they may change. [`CertificateInfo`] says in words what a certificate claims.
//!   [`check`] finds everything that is wrong with an identity, wherever it was made, and
//!   [`contents`] tells what is in any PEM file.
//! - `authority` makes an [`authority::Authority`] and issues certificates. A server never needs it.
//!
//! Nothing here opens a connection or verifies a peer: that is the `countersign` crate, which takes
//! [`Credentials`] as they come out of this one.

mod name;
mod text;

#[cfg(feature = "authority")]
pub mod authority;
#[cfg(feature = "identity")]
mod certificate;
#[cfg(feature = "identity")]
pub mod check;
#[cfg(feature = "identity")]
pub mod contents;
#[cfg(feature = "identity")]
mod credentials;
#[cfg(feature = "identity")]
mod crl;
#[cfg(feature = "identity")]
mod identity;
#[cfg(feature = "identity")]
mod key;
#[cfg(feature = "identity")]
mod pem;
#[cfg(feature = "identity")]
mod sections;
#[cfg(feature = "identity")]
mod signature;
#[cfg(feature = "identity")]
mod trust;
#[cfg(feature = "identity")]
mod watched;
#[cfg(feature = "workload-api")]
mod workload_api;

pub use name::{Name, ParseNameError, SpiffeId, TrustDomain};

#[cfg(feature = "identity")]
pub use {
    certificate::{CertificateError, CertificateInfo, SpiffeIdError, Validity},
    credentials::{Credentials, CredentialsError, CredentialsLoader, SuccessionError, Warning},
    crl::{Crl, CrlError},
    identity::{Identity, IdentityError},
    trust::{Revocation, StaleCrl, Trust, TrustError},
    watched::{Changes, ReloadError, ReloadReport, Source, Watched},
};

#[cfg(feature = "authority")]
pub use authority::Authority;
#[cfg(feature = "workload-api")]
pub use workload_api::WorkloadApiError;
