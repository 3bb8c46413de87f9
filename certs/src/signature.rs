//! Whether an authority signed something, judged by the same algorithms as in a handshake.

use rustls::crypto::aws_lc_rs;
use x509_parser::asn1_rs::{BitString, ToDer};
use x509_parser::prelude::X509Certificate;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// Whether `signature` over `signed` was made with the key of `authority`.
pub(crate) fn verifies(
    authority: &X509Certificate<'_>,
    algorithm: &AlgorithmIdentifier<'_>,
    signature: &BitString<'_>,
    signed: &[u8],
) -> bool {
    verifies_by(authority.public_key(), algorithm, signature, signed)
}

/// Whether `signature` over `signed` was made with the private half of `key`.
pub(crate) fn verifies_by(
    key: &SubjectPublicKeyInfo<'_>,
    algorithm: &AlgorithmIdentifier<'_>,
    signature: &BitString<'_>,
    signed: &[u8],
) -> bool {
    let (Some(key_kind), Some(signature_kind)) = (identifier(&key.algorithm), identifier(algorithm)) else {
        return false;
    };
    let supported = aws_lc_rs::default_provider().signature_verification_algorithms.all;
    supported.iter().any(|algorithm| {
        algorithm.public_key_alg_id().as_ref() == key_kind
            && algorithm.signature_alg_id().as_ref() == signature_kind
            && algorithm.verify_signature(&key.subject_public_key.data, signed, &signature.data).is_ok()
    })
}

/// What is in an algorithm identifier, without the sequence around it: how rustls names algorithms.
fn identifier(algorithm: &AlgorithmIdentifier<'_>) -> Option<Vec<u8>> {
    let mut der = algorithm.algorithm.to_der_vec().ok()?;
    if let Some(parameters) = &algorithm.parameters {
        der.extend(parameters.to_der_vec().ok()?);
    }
    Some(der)
}
