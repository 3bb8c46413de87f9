//! A request for a certificate, in words.

use std::fmt::Write;
use std::net::IpAddr;

use serde::Serialize;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;

use crate::certificate::{AlternativeNames, words};

/// What a request asks for, fit to be shown. Whether its sender has the key is for the authority to find out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct RequestInfo {
    /// For whom, as a distinguished name.
    pub subject: String,
    /// The URIs that it asks for.
    pub uris: Vec<String>,
    /// The host names that it asks for.
    pub dns_names: Vec<String>,
    /// The addresses that it asks for.
    pub ips: Vec<IpAddr>,
    /// The key usages that it asks for, by their standard names.
    pub key_usages: Vec<&'static str>,
    /// The extended key usages that it asks for, by their standard names, or as an OID.
    pub extended_key_usages: Vec<String>,
    /// The kind of its key, such as `ECDSA P-256`.
    pub key_algorithm: String,
}

impl RequestInfo {
    pub(super) fn from_der(der: &[u8]) -> Result<RequestInfo, String> {
        let (rest, request) =
            X509CertificationRequest::from_der(der).map_err(|error| words::clipped(&error.to_string()))?;
        if !rest.is_empty() {
            return Err(format!("a request that {} more bytes follow", rest.len()));
        }
        let asked = &request.certification_request_info;
        let mut info = RequestInfo {
            subject: words::distinguished_name(&asked.subject),
            key_algorithm: words::key_algorithm(&asked.subject_pki),
            ..RequestInfo::default()
        };
        for extension in request.requested_extensions().into_iter().flatten() {
            match extension {
                ParsedExtension::SubjectAlternativeName(names) => {
                    let names = AlternativeNames::among(&names.general_names).map_err(|e| e.to_string())?;
                    info.uris = names.uris.iter().map(|uri| words::clipped(uri)).collect();
                    (info.dns_names, info.ips) = (names.dns_names, names.ips);
                }
                ParsedExtension::KeyUsage(usage) => info.key_usages = words::key_usages(usage),
                ParsedExtension::ExtendedKeyUsage(usage) => {
                    info.extended_key_usages = words::extended_key_usages(usage);
                }
                _ => {}
            }
        }
        Ok(info)
    }

    pub(super) fn describe(&self) -> String {
        let mut words = format!("A request for a certificate for {}.\n", self.subject);
        let mut line = |label: &str, items: Vec<String>| {
            if !items.is_empty() {
                // Writing to a `String` cannot fail.
                let _ = writeln!(words, "  {label:<13}{}", words::listed(items.into_iter()));
            }
        };
        line("URIs", self.uris.clone());
        let ips = self.ips.iter().map(IpAddr::to_string);
        line("Hosts", self.dns_names.iter().cloned().chain(ips).collect());
        let usages = self.key_usages.iter().map(|usage| (*usage).to_owned());
        line("Usages", usages.chain(self.extended_key_usages.iter().cloned()).collect());
        line("Key", vec![self.key_algorithm.clone()]);
        words
    }
}
