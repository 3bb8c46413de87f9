//! Which tool evidently made a certificate, and the line of its configuration that adds a SPIFFE ID.

use std::path::Path;

use serde::Serialize;

use super::files::is_mounted_by_kubernetes;
use super::member::Member;
use crate::credentials::FileNames;
use crate::name::{Name, SpiffeId, TrustDomain};

/// Something that makes certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tool {
    /// `openssl req` and `openssl x509`.
    OpenSsl,
    /// The `step` command and step-ca.
    Step,
    /// cert-manager in Kubernetes.
    CertManager,
    /// SPIRE.
    Spire,
    /// The PKI secrets engine of HashiCorp Vault and OpenBao.
    Vault,
}

impl Tool {
    /// Those for which the line is known, the most usual first.
    pub const ALL: [Tool; 5] = [Tool::OpenSsl, Tool::Step, Tool::CertManager, Tool::Spire, Tool::Vault];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Tool::OpenSsl => "openssl",
            Tool::Step => "step",
            Tool::CertManager => "cert-manager",
            Tool::Spire => "SPIRE",
            Tool::Vault => "Vault",
        }
    }

    /// The line of its configuration, or the argument of its command, that puts `id` into a certificate.
    pub fn line(self, id: &SpiffeId) -> String {
        match self {
            Tool::OpenSsl => format!("subjectAltName = URI:{id}"),
            Tool::Step => format!("--san {id}"),
            Tool::CertManager => format!("uris: [\"{id}\"]"),
            Tool::Spire => format!("-spiffeID {id}"),
            Tool::Vault => format!("uri_sans={id}"),
        }
    }

    /// Where that line belongs.
    pub fn place(self) -> &'static str {
        match self {
            Tool::OpenSsl => "in the section of extensions, or after -addext",
            Tool::Step => "to `step ca certificate`",
            Tool::CertManager => "under `spec` of the Certificate",
            Tool::Spire => "to `spire-server entry create`",
            Tool::Vault => "to `vault write pki/issue/ROLE`, whose role has allowed_uri_sans",
        }
    }
}

/// A SPIFFE ID for a certificate that has none, and how the tool that made it adds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// What it could be called.
    pub id: SpiffeId,
    /// What evidently made the certificate, if that can be told.
    pub tool: Option<Tool>,
}

impl Suggestion {
    /// For a certificate in a folder with files of these names, issued by those in its trust file.
    pub(super) fn of(leaf: &Member, folder: &Path, names: &FileNames, roots: &[Member]) -> Suggestion {
        let domain =
            roots.iter().filter_map(|root| root.info.spiffe_id().ok()).map(SpiffeId::trust_domain).next();
        let domain = domain.cloned().unwrap_or_else(TrustDomain::default);
        let name = leaf.common_name.as_deref().and_then(named);
        let name = name.unwrap_or_else(|| "alice".parse().expect("a name"));
        Suggestion { id: SpiffeId::new(&domain, &name), tool: evident(leaf, folder, names) }
    }

    /// One line for the tool that made the certificate, or for each that may have: `openssl: subjectAltName = …`.
    pub fn lines(&self) -> Vec<String> {
        let tools = self.tool.map_or(Tool::ALL.to_vec(), |tool| vec![tool]);
        let line = |tool: Tool| format!("{}: {}    ({})", tool.name(), tool.line(&self.id), tool.place());
        tools.into_iter().map(line).collect()
    }
}

/// A common name as the last part of a SPIFFE ID, if it can be one.
fn named(common_name: &str) -> Option<Name> {
    common_name.to_ascii_lowercase().replace(' ', "-").parse().ok()
}

fn evident(leaf: &Member, folder: &Path, names: &FileNames) -> Option<Tool> {
    let says = |words: &str| leaf.info.issuer().contains(words) || leaf.info.subject().contains(words);
    if leaf.has_extension(STEP_PROVISIONER) || says("Smallstep") || names.key == "site.key" {
        Some(Tool::Step)
    } else if says("O=SPIRE") || names.key.starts_with("svid") {
        Some(Tool::Spire)
    } else if says("cert-manager") || names.key == "tls.key" && is_mounted_by_kubernetes(folder) {
        Some(Tool::CertManager)
    } else if says("Vault") {
        Some(Tool::Vault)
    } else if says("Internet Widgits") || leaf.has_extension(NETSCAPE_COMMENT) {
        Some(Tool::OpenSsl)
    } else {
        None
    }
}

/// In which step-ca notes who asked for a certificate.
const STEP_PROVISIONER: &str = "1.3.6.1.4.1.37476.9000.64.1";

/// In which OpenSSL's own example of a configuration says that OpenSSL made it.
const NETSCAPE_COMMENT: &str = "2.16.840.1.113730.1.13";
