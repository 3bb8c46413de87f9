//! Requests for certificates: made where the key is, which never leaves, and signed where the authority is.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PublicKeyData, SubjectPublicKeyInfo};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateSigningRequestDer};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;
use zeroize::Zeroizing;

use super::issued::Existing;
use super::{
    Authority, AuthorityError, CERTIFICATE, Host, KEY, REQUEST, Register, Request, TRUST, files, signers,
    template,
};
use crate::certificate::{AlternativeNames, CertificateInfo, words};
use crate::credentials::CredentialsError;
use crate::name::{Name, ParseNameError, SpiffeId};
use crate::pem::{self, PemFile};
use crate::signature;
use crate::text::shown;

/// Makes a key and a request for its certificate: `key.pem` and `request.csr` in `folder`.
///
/// With [`Existing::Replace`] the key goes beside the one of the certificate that is there: that one stays good until
/// the new certificate takes its place.
///
/// ```
/// use countersign_certs::{Credentials, TrustDomain};
/// use countersign_certs::authority::{self, Authority, Existing, Request, SigningRequest};
///
/// # let (machine, pki) = (tempfile::tempdir()?, tempfile::tempdir()?);
/// // On the machine:
/// let folder = machine.path().join("alice");
/// authority::request(&folder, &"alice".parse()?, &[], Existing::Refuse)?;
///
/// // Where the authority is:
/// let authority = Authority::init(pki.path(), &TrustDomain::default())?;
/// let asked = SigningRequest::load(folder.join("request.csr"))?;
/// authority.sign_request_to(&folder, &asked, &Request::client(asked.name()?.clone()))?;
///
/// // On the machine again:
/// assert_eq!(Credentials::load(&folder)?.identity().id().path(), "/alice");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn request(
    folder: impl AsRef<Path>,
    name: &Name,
    hosts: &[Host],
    existing: Existing,
) -> Result<(), AuthorityError> {
    let folder = folder.as_ref();
    let key = KeyPair::generate()?;
    let key_pem = Zeroizing::new(key.serialize_pem());
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name.as_str());
    params.subject_alt_names = hosts.iter().map(template::host).collect::<Result<_, _>>()?;
    let request = params.serialize_request(&key)?;
    let request = pem::encode("CERTIFICATE REQUEST", request.der());
    if folder.exists() && existing == Existing::Replace {
        files::clean(folder);
        let keys = Zeroizing::new([key_pem.as_str(), &key_in_use(folder)?].concat());
        files::replace(folder, &files::secret(KEY, keys.as_bytes()))?;
        return files::replace(folder, &files::public(REQUEST, request.as_bytes()));
    }
    let all = [files::secret(KEY, key_pem.as_bytes()), files::public(REQUEST, request.as_bytes())];
    files::create_folder(folder, &all, |home| AuthorityError::IdentityExists { home })
}

/// The key of the certificate in `folder`, as PEM; nothing if there is no certificate.
fn key_in_use(folder: &Path) -> Result<Zeroizing<String>, AuthorityError> {
    let nothing = Zeroizing::default();
    let certificates = match CertificateInfo::load(folder.join(CERTIFICATE)) {
        Err(CredentialsError::FileMissing { .. }) => return Ok(nothing),
        read => read?,
    };
    let Some(file) = PemFile::read_if_there(&folder.join(KEY))? else { return Ok(nothing) };
    let (keys, _) = file.keys()?;
    let mut keys = keys.iter().filter_map(|key| KeyPair::try_from(key.der()).ok());
    let in_use = keys.find(|key| key.subject_public_key_info() == certificates[0].public_key());
    Ok(in_use.map_or(nothing, |key| Zeroizing::new(key.serialize_pem())))
}

/// A request for a certificate, of which it is known that its sender has the key.
///
/// It may come from anyone. Nothing that it asks for is granted by itself: see [`Authority::sign_request`].
#[derive(Debug, Clone)]
pub struct SigningRequest {
    name: Result<Name, ParseNameError>,
    hosts: Vec<Host>,
    key: SubjectPublicKeyInfo,
}

impl SigningRequest {
    /// Reads a file with one request in PEM.
    pub fn load(path: impl AsRef<Path>) -> Result<SigningRequest, AuthorityError> {
        let path = path.as_ref();
        let file = PemFile::read(path)?;
        let unusable = |reason| AuthorityError::Unusable { path: path.to_owned(), reason };
        let mut requests = CertificateSigningRequestDer::pem_slice_iter(file.text());
        let request = match (requests.next(), requests.next()) {
            (Some(Ok(request)), None) => request,
            (Some(Ok(_)), Some(_)) => {
                return Err(unusable("it has several requests; give each a file".to_owned()));
            }
            (Some(Err(_)), _) => return Err(unusable("damaged PEM; get it once more".to_owned())),
            (None, _) => {
                let (what, hint) = ("certificate request", file.hint());
                return Err(CredentialsError::Empty { path: path.to_owned(), what, hint }.into());
            }
        };
        SigningRequest::read(&request).map_err(unusable)
    }

    fn read(der: &[u8]) -> Result<SigningRequest, String> {
        let (rest, request) =
            X509CertificationRequest::from_der(der).map_err(|e| format!("not a readable request: {e}"))?;
        let asked = &request.certification_request_info;
        let (algorithm, signature) = (&request.signature_algorithm, &request.signature_value);
        if !rest.is_empty() {
            return Err(format!("{} more bytes follow the request", rest.len()));
        }
        if words::is_weak(&asked.subject_pki) {
            return Err(
                "its key is too weak; use ECDSA P-256 or P-384, Ed25519, or RSA of 2048 bits".to_owned()
            );
        }
        if !signature::verifies_by(&asked.subject_pki, algorithm, signature, asked.raw) {
            return Err("its signature is not by the key in it; make it anew".to_owned());
        }
        let key = SubjectPublicKeyInfo::from_der(asked.subject_pki.raw)
            .map_err(|e| format!("a certificate cannot be made for its key: {e}"))?;
        let common_name = asked.subject.iter_common_name().next().and_then(|name| name.as_str().ok());
        let mut hosts = Vec::new();
        for extension in request.requested_extensions().into_iter().flatten() {
            if let ParsedExtension::SubjectAlternativeName(names) = extension {
                let names = AlternativeNames::among(&names.general_names).map_err(|e| e.to_string())?;
                for name in &names.dns_names {
                    hosts.push(
                        name.parse::<Host>().map_err(|e| format!("it asks for a host that is none: {e}"))?,
                    );
                }
                hosts.extend(names.ips.into_iter().map(Host::from));
            }
        }
        Ok(SigningRequest { name: common_name.unwrap_or_default().parse(), hosts, key })
    }

    /// The name that it asks for: its common name.
    pub fn name(&self) -> Result<&Name, ParseNameError> {
        self.name.as_ref().map_err(Clone::clone)
    }

    /// The hosts that it asks for.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }
}

impl Authority {
    /// Signs a certificate for the key of `signing`. Name, hosts and life are those of `request`: read what is asked for
    /// and decide. Usages and SPIFFE ID are the authority's to say, and whatever else is asked for is not granted.
    ///
    /// It is recorded like every other one.
    pub fn sign_request(
        &self,
        signing: &SigningRequest,
        request: &Request,
    ) -> Result<Signed, AuthorityError> {
        let mut register = self.lock_any()?;
        self.sign_request_under(register.as_mut(), signing, request)
    }

    /// The same, and puts the certificate with its trust into `folder`: `cert.pem` and `ca.pem`.
    ///
    /// Signs nothing if the certificate in that folder is somebody else's.
    pub fn sign_request_to(
        &self,
        folder: impl AsRef<Path>,
        signing: &SigningRequest,
        request: &Request,
    ) -> Result<Signed, AuthorityError> {
        let folder = folder.as_ref();
        let mut register = self.lock_any()?;
        check_folder(folder, &SpiffeId::new(&self.domain, &request.name))?;
        fs::create_dir_all(folder).map_err(|problem| AuthorityError::io(folder, problem))?;
        let signed = self.sign_request_under(register.as_mut(), signing, request)?;
        files::replace(folder, &files::public(TRUST, signed.trust.as_bytes()))?;
        files::replace(folder, &files::public(CERTIFICATE, signed.certificate_pem().as_bytes()))?;
        Ok(signed)
    }

    fn sign_request_under(
        &self,
        register: Option<&mut Register>,
        signing: &SigningRequest,
        request: &Request,
    ) -> Result<Signed, AuthorityError> {
        let now = Timestamp::now();
        let chain = self.sign(request, &signing.key, now)?;
        let info =
            CertificateInfo::from_der(&chain[0]).map_err(|e| AuthorityError::Signing(e.to_string()))?;
        if let Some(register) = register {
            self.remember(register, request, &info, now)?;
        }
        Ok(Signed { chain, info, trust: signers::certificates_pem(&self.signers.roots) })
    }
}

/// A certificate for a key that is elsewhere.
#[derive(Debug, Clone)]
pub struct Signed {
    chain: Vec<CertificateDer<'static>>,
    info: CertificateInfo,
    trust: String,
}

impl Signed {
    /// What it says.
    pub fn certificate(&self) -> &CertificateInfo {
        &self.info
    }

    /// It and what stands between it and the root, as PEM: what belongs into `cert.pem`.
    pub fn certificate_pem(&self) -> String {
        pem::encode_certificates(&self.chain)
    }

    /// The roots to trust, as PEM: what belongs into `ca.pem`.
    pub fn trust_pem(&self) -> &str {
        &self.trust
    }
}

/// Fails if the certificate in `folder` is of somebody else than `id`.
fn check_folder(folder: &Path, id: &SpiffeId) -> Result<(), AuthorityError> {
    let there = match CertificateInfo::load(folder.join(CERTIFICATE)) {
        Err(CredentialsError::FileMissing { .. }) => return Ok(()),
        read => read?.swap_remove(0),
    };
    let whose = match there.spiffe_id() {
        Ok(there) if there == id => return Ok(()),
        Ok(there) => there.to_string(),
        Err(_) => shown(there.subject(), 80),
    };
    Err(AuthorityError::FolderTaken { folder: folder.to_owned(), whose })
}
