//! Everything that can be wrong with an identity's folder, in words.

use jiff::Timestamp;
use serde::Serialize;

use super::Role;
use super::tool::Suggestion;
use crate::certificate::words::moment;
use crate::name::TrustDomain;

/// Something wrong with a file of an identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Problem {
    // The folder and its files.
    /// The folder is not there.
    #[error("no such folder")]
    FolderMissing,
    /// It is a file, or something else.
    #[error("not a folder")]
    NotAFolder,
    /// None of the known files is in the folder.
    #[error("no identity in this folder")]
    NoIdentity,
    /// One of the files is not there.
    #[error("no such file")]
    FileMissing {
        /// A file of another tool's naming that may be it.
        instead: Option<String>,
    },
    /// Something else than a file has the name of one.
    #[error("not a file")]
    NotAFile,
    /// The system did not let us read it.
    #[error("cannot be read: {reason}")]
    Unreadable {
        /// What the system said.
        reason: String,
    },
    /// It is far larger than any certificate or key.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The most that is read.
        limit: u64,
    },
    /// A section of it is not well-formed PEM.
    #[error("damaged PEM: {reason}")]
    Damaged {
        /// What was found.
        reason: &'static str,
    },
    /// It holds something else.
    #[error("no {what} in this file; {hint}")]
    Lacks {
        /// What was looked for.
        what: &'static str,
        /// What the file seems to be instead.
        hint: &'static str,
    },
    /// A file in `trust` that nothing reads.
    #[error("nothing reads this file")]
    Ignored,
    /// Everyone can read or replace the key.
    #[error("everyone on this machine can reach this key (mode {mode:04o})")]
    KeyExposed {
        /// Its Unix mode bits.
        mode: u32,
        /// Whether Kubernetes mounted it, which then sets the mode.
        mounted: bool,
    },
    /// A group can read or replace the key.
    #[error("its group can reach this key (mode {mode:04o})")]
    KeyOpenToGroup {
        /// Its Unix mode bits.
        mode: u32,
        /// Whether Kubernetes mounted it, which then sets the mode.
        mounted: bool,
    },
    /// Everyone can replace what says whom to believe, or who this is.
    #[error("everyone on this machine can change it (mode {mode:04o})")]
    OpenToAll {
        /// Its Unix mode bits.
        mode: u32,
    },

    // The key.
    /// The key needs a passphrase, and nobody is there to give it.
    #[error("the key is encrypted")]
    KeyEncrypted,
    /// The bytes are no key.
    #[error("its key is damaged, or of an unknown form")]
    KeyUnreadable,
    /// The key is of a kind or a size that cannot be used.
    #[error("its key is {kind}, which cannot be used")]
    KeyKind {
        /// Such as `RSA 1024`.
        kind: String,
    },
    /// No key in the file belongs to the certificate.
    #[error("no key in this file belongs to the certificate")]
    KeyMismatch,

    // The certificate.
    /// A certificate cannot be read without doubt.
    #[error("its certificate {number} is {reason}")]
    CertificateUnreadable {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate is larger than a handshake takes.
    #[error("its certificate {number} has {len} bytes, and more than {limit} are refused")]
    CertificateTooLong {
        /// Which one, counted from 1.
        number: usize,
        /// Its length.
        len: usize,
        /// The most that is taken.
        limit: usize,
    },
    /// The certificate's key is too short.
    #[error("the key in its certificate is {kind}, which is refused as too short")]
    WeakKey {
        /// Such as `RSA 1024`.
        kind: String,
    },
    /// There are control characters in its names.
    #[error("there are control characters in the names in its certificate")]
    ControlCharacters,
    /// The first certificate is an authority's.
    #[error("its first certificate belongs to an authority ({subject})")]
    IsAuthority {
        /// Whose it is.
        subject: String,
    },
    /// The identity's own certificate is there, but not the first one.
    #[error("the identity's own certificate ({subject}) is number {number} in it and not the first")]
    LeafNotFirst {
        /// Whose it is.
        subject: String,
        /// Where it stands, counted from 1.
        number: usize,
    },
    /// The certificate names no URI at all.
    #[error("its certificate has no URI among its alternative names, where its SPIFFE ID belongs")]
    NoSpiffeId {
        /// What adds one.
        suggestion: Suggestion,
    },
    /// The certificate names several URIs.
    #[error("its certificate has several URIs, of which nobody can tell the one that counts: {}", .uris.join(", "))]
    SeveralUris {
        /// All of them.
        uris: Vec<String>,
    },
    /// The certificate names one URI, which is something else.
    #[error("the URI in its certificate {reason}")]
    NotSpiffeId {
        /// Why it is none.
        reason: String,
        /// What adds one.
        suggestion: Suggestion,
    },
    /// The SPIFFE ID names a whole domain and nobody in it.
    #[error("its SPIFFE ID {id} names a whole trust domain")]
    NoPath {
        /// The ID.
        id: String,
        /// What adds one.
        suggestion: Suggestion,
    },
    /// It is over.
    #[error("its certificate {number} ({subject}) has expired: it was valid until {}", moment(*.not_after))]
    Expired {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
        /// Its last moment.
        not_after: Timestamp,
    },
    /// It has not begun.
    #[error("its certificate {number} ({subject}) is not valid before {}", moment(*.not_before))]
    NotYetValid {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
        /// Its first moment.
        not_before: Timestamp,
    },
    /// Less than a third of its life is left.
    #[error("its certificate {number} ({subject}) ends on {}: {percent} % of its life is left", moment(*.not_after))]
    ExpiresSoon {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
        /// Its last moment.
        not_after: Timestamp,
        /// How much of its life is left.
        percent: u8,
    },
    /// Its key usage does not include signatures, by which a handshake proves who it is.
    #[error("its certificate does not say that its key may sign: its key usages are {}", listed(.has))]
    NoSignature {
        /// Those that it has.
        has: Vec<String>,
    },
    /// Its extended key usages do not include the role.
    #[error("its certificate is not for a {role}: its extended key usages are {}", listed(.has))]
    NotForRole {
        /// As what it was checked.
        role: Role,
        /// Those that it has.
        has: Vec<String>,
    },
    /// A server's certificate names no host.
    #[error("its certificate names no host at which it answers")]
    NoHost,
    /// The certificate does not name the host that was asked for.
    #[error("its certificate does not cover the host {host}: it covers {}", listed(.covers))]
    HostNotCovered {
        /// What was asked for.
        host: String,
        /// What it names.
        covers: Vec<String>,
    },

    // The chain.
    /// Whoever signed it is in neither file.
    #[error(
        "its certificate {number} ({subject}) was issued by {issuer}, who is neither in it nor in the trust"
    )]
    IssuerMissing {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
        /// Who issued it.
        issuer: String,
    },
    /// Somebody of that name is there, but with another key.
    #[error(
        "its certificate {number} ({subject}) was not signed by the authority {issuer} that is at hand, \
             but by another one of the same name"
    )]
    OtherAuthority {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
        /// The name of both.
        issuer: String,
    },
    /// A signature in the chain is of a kind that is not accepted.
    #[error("its certificate {number} ({subject}) is signed with {algorithm}, which is not accepted")]
    WeakSignature {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
        /// How it is signed.
        algorithm: String,
    },
    /// A certificate that is not an authority's stands where an issuer's belongs.
    #[error("its certificate {number} ({subject}) issued one, but is not an authority's")]
    IssuerNotAuthority {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
    },
    /// The verifier refuses the chain for another reason.
    #[error("its chain does not verify: {reason}")]
    ChainRefused {
        /// What the verifier says.
        reason: String,
    },
    /// There are more intermediates than a handshake takes.
    #[error("it has {count} certificates behind the first one, and more than {limit} are refused")]
    ChainTooLong {
        /// How many there are.
        count: usize,
        /// The most that is taken.
        limit: usize,
    },
    /// The certificates do not follow each other.
    #[error("its certificates are not in order: each has to be followed by its issuer's")]
    ChainOrder,
    /// A certificate plays no part in the chain.
    #[error("its certificate {number} ({subject}) is not needed to verify the first one")]
    Unneeded {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
    },

    // Trust.
    /// A root is somebody's own certificate.
    #[error("its certificate {number} ({subject}) is not an authority's")]
    NotAnAuthority {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
    },
    /// A root is of a kind that the verifier cannot work with.
    #[error("its certificate {number} ({subject}) cannot be a root: {reason}")]
    UnusableRoot {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
        /// What the verifier says.
        reason: String,
    },
    /// A root says that it is of another domain.
    #[error(
        "its certificate {number} ({subject}) is the authority of {says}, and here it speaks for {domain}"
    )]
    RootOfOtherDomain {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
        /// Whose authority it says it is.
        says: TrustDomain,
        /// Whose authority it is made by the place where it lies.
        domain: TrustDomain,
    },
    /// A root is beyond its dates. Our own verifiers do not ask for them, but others do.
    #[error(
        "its certificate {number} ({subject}) is not valid today, but from {} until {}",
        moment(*.not_before), moment(*.not_after)
    )]
    RootNotValid {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
        /// Its first moment.
        not_before: Timestamp,
        /// Its last moment.
        not_after: Timestamp,
    },

    // Revocation.
    /// Peers are not checked for revocation.
    #[error("there is no revocation list, so peers of {domain} are not checked for revocation")]
    NoCrl {
        /// Whose peers.
        domain: TrustDomain,
    },
    /// A list cannot be read without doubt.
    #[error("its list {number} is {reason}")]
    CrlUnreadable {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A list is of an authority that nobody here knows.
    #[error("its list {number} is of {issuer}, who is no authority of this trust domain")]
    CrlOfOther {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        issuer: String,
    },
    /// A list bears an authority's name, but not its signature.
    #[error("its list {number} bears the name of {issuer}, but not the signature")]
    CrlForged {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it says it is.
        issuer: String,
    },
    /// The authority that signed a list may not do so.
    #[error("its list {number} is of {issuer}, whose certificate does not allow to sign lists")]
    CrlNotAllowed {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        issuer: String,
    },
    /// A list is of a kind that the verifier cannot work with.
    #[error("its list {number} (of {issuer}) cannot be used: {reason}")]
    CrlUnusable {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        issuer: String,
        /// What the verifier says.
        reason: String,
    },
    /// Two lists are of the same issuer.
    #[error("its list {number} is another one of {issuer}")]
    CrlTwice {
        /// Which one, counted from 1.
        number: usize,
        /// The issuer of both.
        issuer: String,
    },
    /// The next list is overdue.
    #[error("its list {number} (of {issuer}) is stale since {}: new peers are refused", moment(*.since))]
    CrlStale {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        issuer: String,
        /// When the next one was due.
        since: Timestamp,
    },
    /// The next list is due soon.
    #[error("its list {number} (of {issuer}) will be stale on {}", moment(*.at))]
    CrlStaleSoon {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        issuer: String,
        /// When the next one is due.
        at: Timestamp,
    },
    /// A list is dated in the future.
    #[error("its list {number} (of {issuer}) is not made before {}", moment(*.from))]
    CrlNotYet {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        issuer: String,
        /// When it says that it was made.
        from: Timestamp,
    },
    /// There are lists, but none of an issuer in the chain.
    #[error("there is no list of {issuer}, so everyone whose certificate that one issued is refused")]
    CrlMissing {
        /// Who issued a certificate of the chain.
        issuer: String,
    },
    /// There are lists for a domain that has no roots.
    #[error("the trust domain {domain} has no roots here")]
    CrlOfStranger {
        /// The domain.
        domain: TrustDomain,
    },
    /// Lists of the own domain lie where those of others do.
    #[error("{domain} is the own trust domain, whose revocation list is beside the certificate")]
    CrlElsewhere {
        /// The own domain.
        domain: TrustDomain,
    },
    /// The certificate was revoked.
    #[error("its certificate {number} ({subject}) was revoked")]
    Revoked {
        /// Which one, counted from 1.
        number: usize,
        /// Whose it is.
        subject: String,
    },

    /// A file in `trust` is not called after a domain.
    #[error("its name is not that of a trust domain: {reason}")]
    TrustFileName {
        /// Why not.
        reason: String,
    },
    /// The identity's own domain has roots in two places.
    #[error("the trust domain {domain} has its roots in {elsewhere} already")]
    TrustTwice {
        /// The domain.
        domain: TrustDomain,
        /// The other place.
        elsewhere: String,
    },
}

/// What a certificate names, or that it names nothing.
fn listed(items: &[String]) -> String {
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
