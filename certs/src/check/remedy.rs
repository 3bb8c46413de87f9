//! How bad each problem is, and what to do about it.

use std::path::Path;

use super::{Problem, Severity};

impl Problem {
    /// Whether it keeps the identity from being used.
    pub fn severity(&self) -> Severity {
        match self {
            Problem::Ignored | Problem::Unneeded { .. } | Problem::NoCrl { .. } => Severity::Note,
            Problem::KeyOpenToGroup { .. }
            | Problem::OpenToAll { .. }
            | Problem::ExpiresSoon { .. }
            | Problem::NoHost
            | Problem::ChainOrder
            | Problem::CrlStaleSoon { .. }
            | Problem::CrlNotYet { .. }
            | Problem::RootNotValid { .. }
            | Problem::RootOfOtherDomain { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// What to do about it, for someone who looks at `file`.
    pub fn remedy(&self, file: &Path) -> String {
        let path = file.display();
        match self {
            Problem::FolderMissing => "make an identity with `countersign certs issue`".to_owned(),
            Problem::NotAFolder => {
                "give the folder that holds the certificate, the key and the trust".to_owned()
            }
            Problem::NoIdentity => "put cert.pem, key.pem and ca.pem into it, \
                or tls.crt, tls.key and ca.crt, or the files of SPIRE's agent"
                .to_owned(),
            Problem::FileMissing { instead: Some(other) } => {
                format!("rename {other} if that is it: the three files are named in one way")
            }
            Problem::FileMissing { instead: None } => {
                "put it beside the others, or issue the identity anew".to_owned()
            }
            Problem::NotAFile | Problem::TooLarge { .. } => "put the right file there".to_owned(),
            Problem::Unreadable { .. } => format!("let this user read {path}"),
            Problem::Damaged { .. } | Problem::CertificateUnreadable { .. } => {
                "restore the file from where it was made".to_owned()
            }
            Problem::Lacks { .. } => "put the right file there, in PEM".to_owned(),
            Problem::Ignored => {
                "call it DOMAIN.pem for roots, or DOMAIN.crl.pem for a revocation list".to_owned()
            }
            Problem::KeyExposed { mounted: true, .. } | Problem::KeyOpenToGroup { mounted: true, .. } => {
                "mount the secret with `defaultMode: 0400`".to_owned()
            }
            Problem::KeyExposed { .. } | Problem::KeyOpenToGroup { .. } => {
                format!("run `chmod 600 {path}`; make a new key if others may have read this one")
            }
            Problem::OpenToAll { .. } => format!("run `chmod go-w {path}`"),
            Problem::KeyEncrypted => format!(
                "decrypt it with `openssl pkey -in {path} -out {path}.new`, \
                 then `chmod 600` that and put it in its place"
            ),
            Problem::KeyUnreadable => "put the key there as PKCS#8, SEC1 or PKCS#1 in PEM; \
                `openssl pkey` converts"
                .to_owned(),
            Problem::ControlCharacters => "have one issued whose names are plain text".to_owned(),
            Problem::KeyKind { .. } | Problem::WeakKey { .. } => {
                "make one of ECDSA P-256 or P-384, Ed25519, or RSA of 2048 bits or more".to_owned()
            }
            Problem::KeyMismatch => "put the right key here, or issue both anew".to_owned(),
            Problem::CertificateTooLong { .. } => {
                "have one issued with fewer names and extensions".to_owned()
            }
            Problem::IsAuthority { .. } => "put the identity's own certificate first, issued with CA:FALSE; \
                the authority's belongs into the trust file"
                .to_owned(),
            Problem::LeafNotFirst { .. } | Problem::ChainOrder => {
                "put the identity's own certificate first, then its issuer's, and so on".to_owned()
            }
            Problem::NoSpiffeId { suggestion }
            | Problem::NotSpiffeId { suggestion, .. }
            | Problem::NoPath { suggestion, .. } => {
                format!("issue it again with the SPIFFE ID {}", suggestion.id)
            }
            Problem::SeveralUris { .. } => "issue it again with exactly one URI, its SPIFFE ID".to_owned(),
            Problem::Expired { .. } | Problem::ExpiresSoon { .. } => {
                "renew it, as with `countersign certs renew`".to_owned()
            }
            Problem::NotYetValid { .. } => "wait until then, or set this machine's clock right".to_owned(),
            Problem::NoSignature { .. } => "issue it again with the key usage digitalSignature".to_owned(),
            Problem::NotForRole { role, .. } => {
                format!("issue it again with the extended key usage {}", role.usage())
            }
            Problem::NoHost => "issue it again with its hosts among the alternative names, \
                or have clients expect its SPIFFE ID instead"
                .to_owned(),
            Problem::HostNotCovered { host, .. } => {
                format!("issue it again with {host} among the alternative names")
            }
            Problem::IssuerMissing { .. } => "append the certificate of that issuer to the chain \
                if it is an intermediate, or put it into the trust file if it is the root"
                .to_owned(),
            Problem::OtherAuthority { .. } => {
                "get the certificate of the authority that signed it, or have it issued anew".to_owned()
            }
            Problem::WeakSignature { .. } => "have it signed with SHA-256 or better, \
                by a key of ECDSA, Ed25519, or RSA of 2048 bits or more"
                .to_owned(),
            Problem::ChainRefused { .. } | Problem::IssuerNotAuthority { .. } => {
                "have the certificate issued anew by an authority that may issue it".to_owned()
            }
            Problem::ChainTooLong { .. } => "take out those that nobody needs".to_owned(),
            Problem::Unneeded { .. } => "take it out of the chain".to_owned(),
            Problem::NotAnAuthority { .. } => "take it out: only authorities belong here".to_owned(),
            Problem::UnusableRoot { .. } => "put an authority's X.509 version 3 certificate there".to_owned(),
            Problem::RootNotValid { .. } => {
                "put its successor beside it, and take it out once nobody is of it any more".to_owned()
            }
            Problem::RootOfOtherDomain { says, .. } => {
                format!("move it to trust/{says}.pem if it was meant for that domain")
            }
            Problem::NoCrl { .. } => "put the authority's there: Countersign's own is authority/crl.pem, \
                which `countersign certs crl --out` copies"
                .to_owned(),
            Problem::CrlUnreadable { .. } | Problem::CrlForged { .. } => {
                "get it from its authority again".to_owned()
            }
            Problem::CrlOfOther { .. } => "put the list of the own authority here; \
                if an intermediate signed it, put that one's certificate into this file, too"
                .to_owned(),
            Problem::CrlNotAllowed { .. } => {
                "have that authority's certificate issued anew with the key usage cRLSign".to_owned()
            }
            Problem::CrlUnusable { .. } => "have a complete list of version 2 made".to_owned(),
            Problem::CrlTwice { .. } => "keep the latest of each issuer".to_owned(),
            Problem::CrlStale { .. } | Problem::CrlStaleSoon { .. } => {
                "get the next one, as with `countersign certs crl`".to_owned()
            }
            Problem::CrlNotYet { .. } => {
                "set this machine's clock right, or that of the authority".to_owned()
            }
            Problem::CrlMissing { .. } => "append that issuer's list to this file".to_owned(),
            Problem::CrlOfStranger { domain } => {
                format!("put them into trust/{domain}.pem, or remove this file")
            }
            Problem::CrlElsewhere { .. } => "move it there, as crl.pem".to_owned(),
            Problem::Revoked { .. } => {
                "issue the identity anew, if it is still trusted, with a new key".to_owned()
            }
            Problem::TrustFileName { .. } => {
                "call it DOMAIN.pem after the trust domain whose roots it holds".to_owned()
            }
            Problem::TrustTwice { .. } => "keep one of the two".to_owned(),
        }
    }
}
