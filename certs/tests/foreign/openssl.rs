//! Identities as other tools make them: openssl makes the files, and each tool's habits say how they look and lie.
//!
//! Everything is made anew for every test. Without openssl they fail: nothing is skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The keys that an identity may have.
pub(crate) const KINDS: [Kind; 6] = [
    Kind { name: "ECDSA P-256", genpkey: "-algorithm EC -pkeyopt ec_paramgen_curve:P-256" },
    Kind { name: "ECDSA P-384", genpkey: "-algorithm EC -pkeyopt ec_paramgen_curve:P-384" },
    Kind { name: "ECDSA P-521", genpkey: "-algorithm EC -pkeyopt ec_paramgen_curve:P-521" },
    Kind { name: "Ed25519", genpkey: "-algorithm ED25519" },
    Kind { name: "RSA 2048", genpkey: "-algorithm RSA -pkeyopt rsa_keygen_bits:2048" },
    Kind { name: "RSA 4096", genpkey: "-algorithm RSA -pkeyopt rsa_keygen_bits:4096" },
];

pub(crate) const P256: Kind = KINDS[0];
pub(crate) const RSA_2048: Kind = KINDS[4];

/// A kind of key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// What Countersign calls it.
    pub(crate) name: &'static str,
    genpkey: &'static str,
}

impl Kind {
    /// The forms in which it is written: Ed25519 is younger than the traditional ones.
    pub(crate) fn forms(self) -> &'static [Form] {
        if self.name == "Ed25519" { &[Form::Pkcs8] } else { &[Form::Pkcs8, Form::Traditional] }
    }
}

/// How a key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `BEGIN PRIVATE KEY`.
    Pkcs8,
    /// `BEGIN EC PRIVATE KEY` (SEC1), or `BEGIN RSA PRIVATE KEY` (PKCS#1).
    Traditional,
}

/// A folder in which openssl works: an authority with an intermediate, and what they issue.
pub(crate) struct Workshop(TempDir);

impl Workshop {
    /// With a key of `kind` for the root.
    pub(crate) fn with_authorities(kind: Kind) -> Workshop {
        let workshop = Workshop(tempfile::tempdir().unwrap());
        workshop.key("root.key", kind, Form::Pkcs8);
        workshop.key("intermediate.key", P256, Form::Pkcs8);
        workshop.write("authority.cnf", AUTHORITY);
        workshop.openssl("req -x509 -config authority.cnf -key root.key -out root.pem -days 365");
        let request = "req -new -config authority.cnf -key intermediate.key -out intermediate.csr";
        workshop.openssl(&format!("{request} -subj /O=Acme/CN=Intermediate"));
        workshop.sign("intermediate", "root", "authority.cnf -extensions intermediate");
        workshop
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Runs openssl with these words, which are separated by blanks.
    pub(crate) fn openssl(&self, words: &str) {
        let output =
            Command::new("openssl").args(words.split_whitespace()).current_dir(self.0.path()).output();
        let output = output.expect("openssl is installed");
        assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
    }

    pub(crate) fn key(&self, name: &str, kind: Kind, form: Form) {
        self.openssl(&format!("genpkey {} -out made.key", kind.genpkey));
        let traditional = if form == Form::Traditional { "-traditional" } else { "" };
        self.openssl(&format!("pkey -in made.key {traditional} -out {name}"));
    }

    /// Issues `leaf.pem` to the key in `leaf.key`, with these extensions beside the alternative names.
    pub(crate) fn leaf(&self, issuer: &str, subject: &str, extensions: &str) {
        self.write("leaf.cnf", format!("{EXTENSIONS}{extensions}\n"));
        self.openssl(&format!("req -new -config authority.cnf -key leaf.key -out leaf.csr -subj {subject}"));
        self.sign("leaf", issuer, "leaf.cnf");
    }

    /// The folder of `spiffe://countersign.internal/NAME` with a key of this kind.
    pub(crate) fn identity(&self, name: &str, kind: Kind, form: Form) -> PathBuf {
        self.key("leaf.key", kind, form);
        self.leaf("root", &format!("/CN={name}"), &names(name));
        self.folder_of_leaf(name)
    }

    /// The folder with the leaf and the intermediate behind it, its key and the root, under these names.
    fn folder_behind_intermediate(&self, name: &str, [certificate, key, trust]: [&str; 3]) -> PathBuf {
        let chain = self.read("leaf.pem") + &self.read("intermediate.pem");
        self.folder(
            name,
            [(certificate, chain), (key, self.read("leaf.key")), (trust, self.read("root.pem"))],
        )
    }

    /// The folder with `leaf.pem`, `leaf.key` and `root.pem`.
    pub(crate) fn folder_of_leaf(&self, name: &str) -> PathBuf {
        let files = [("cert.pem", "leaf.pem"), ("key.pem", "leaf.key"), ("ca.pem", "root.pem")];
        self.folder(name, files.map(|(file, made)| (file, self.read(made))))
    }

    fn sign(&self, name: &str, issuer: &str, extensions: &str) {
        self.openssl(&format!(
            "x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -days 30 \
             -extfile {extensions} -out {name}.pem"
        ));
    }

    /// A folder with these files, of which keys are for their owner alone.
    fn folder(&self, name: &str, files: [(&str, String); 3]) -> PathBuf {
        let folder = self.path(name);
        fs::create_dir(&folder).unwrap();
        for (file, text) in files {
            fs::write(folder.join(file), text).unwrap();
            if file.contains("key") {
                set_mode(&folder.join(file), 0o600);
            }
        }
        folder
    }
}

/// How one tool leaves an identity behind: makes the folder of `spiffe://countersign.internal/NAME`.
pub(crate) struct Layout {
    pub(crate) tool: &'static str,
    pub(crate) make: fn(&Workshop, &str) -> PathBuf,
}

/// Each of them a client and a server at `localhost`.
pub(crate) const LAYOUTS: [Layout; 7] = [
    Layout { tool: "openssl by hand", make: by_hand },
    Layout { tool: "step-ca", make: step_ca },
    Layout { tool: "step-ca's autocert", make: autocert },
    Layout { tool: "cert-manager", make: cert_manager },
    Layout { tool: "a Kubernetes secret", make: kubernetes_secret },
    Layout { tool: "SPIRE's agent", make: spire_agent },
    Layout { tool: "spiffe-helper", make: spiffe_helper },
];

/// As `openssl ecparam -genkey` and `openssl x509 -text` write: parameters before the key, words before the
/// certificate, and no intermediate.
fn by_hand(workshop: &Workshop, name: &str) -> PathBuf {
    workshop.openssl("ecparam -name prime256v1 -genkey -out leaf.key");
    workshop.leaf("root", &format!("/CN={name}"), &names(name));
    workshop.openssl("x509 -in leaf.pem -text -out text.pem");
    workshop.write("leaf.pem", workshop.read("text.pem"));
    workshop.folder_of_leaf(name)
}

/// As `step ca certificate` writes: the intermediate behind the leaf, the key in SEC1, and the provisioner noted
/// in an extension.
fn step_ca(workshop: &Workshop, name: &str) -> PathBuf {
    step_files(workshop, name, ["tls.crt", "tls.key", "ca.crt"])
}

/// The same, under the names that its sidecar for Kubernetes gives.
fn autocert(workshop: &Workshop, name: &str) -> PathBuf {
    step_files(workshop, name, ["site.crt", "site.key", "root.crt"])
}

fn step_files(workshop: &Workshop, name: &str, names_of_files: [&str; 3]) -> PathBuf {
    workshop.key("leaf.key", P256, Form::Traditional);
    let provisioner = "1.3.6.1.4.1.37476.9000.64.1 = DER:30:03:02:01:01";
    workshop.leaf("intermediate", &format!("/CN={name}"), &format!("{}\n{provisioner}", names(name)));
    workshop.folder_behind_intermediate(name, names_of_files)
}

/// As cert-manager fills a secret: an RSA key in PKCS#1 unless told otherwise, and a leaf without a subject.
fn cert_manager(workshop: &Workshop, name: &str) -> PathBuf {
    workshop.key("leaf.key", RSA_2048, Form::Traditional);
    workshop.leaf(
        "intermediate",
        "/",
        &names(name).replace("subjectAltName = ", "subjectAltName = critical, "),
    );
    workshop.folder_behind_intermediate(name, ["tls.crt", "tls.key", "ca.crt"])
}

/// The same, as the kubelet mounts it: every name is a link by way of `..data`, which is swapped when the secret
/// changes.
fn kubernetes_secret(workshop: &Workshop, name: &str) -> PathBuf {
    let folder = cert_manager(workshop, name);
    let made = workshop.path("made");
    fs::rename(&folder, &made).unwrap();
    mount(&made, &folder, "..2026_11_22_10_00_00.1");
    folder
}

/// Mounts what is in `made` as the kubelet does, or swaps what is mounted for it.
pub(crate) fn mount(made: &Path, folder: &Path, version: &str) {
    fs::create_dir_all(folder).unwrap();
    fs::rename(made, folder.join(version)).unwrap();
    link(version, &folder.join("..data_tmp"));
    fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    for entry in fs::read_dir(folder.join(version)).unwrap() {
        let name = entry.unwrap().file_name();
        let shown = folder.join(&name);
        if !shown.exists() {
            link(Path::new("..data").join(name), &shown);
        }
    }
}

/// As `spire-agent api fetch x509 -write` writes.
fn spire_agent(workshop: &Workshop, name: &str) -> PathBuf {
    spire_files(workshop, name, ["svid.0.pem", "svid.0.key", "bundle.0.pem"])
}

/// The same, under the names that its helper is usually told to give.
fn spiffe_helper(workshop: &Workshop, name: &str) -> PathBuf {
    spire_files(workshop, name, ["svid.pem", "svid_key.pem", "svid_bundle.pem"])
}

fn spire_files(workshop: &Workshop, name: &str, names_of_files: [&str; 3]) -> PathBuf {
    workshop.key("leaf.key", P256, Form::Pkcs8);
    // SPIRE names all that the key could be used for.
    let extensions =
        names(name).replace("digitalSignature", "digitalSignature, keyEncipherment, keyAgreement");
    workshop.leaf("intermediate", "/C=US/O=SPIRE", &extensions);
    workshop.folder_behind_intermediate(name, names_of_files)
}

/// The extensions by which Countersign takes a certificate.
pub(crate) fn names(name: &str) -> String {
    format!(
        "keyUsage = critical, digitalSignature\nextendedKeyUsage = serverAuth, clientAuth\n\
         subjectAltName = URI:spiffe://countersign.internal/{name}, DNS:localhost\n"
    )
}

const EXTENSIONS: &str = "basicConstraints = critical, CA:FALSE\nauthorityKeyIdentifier = keyid\n";

const AUTHORITY: &str = "\
[req]
prompt = no
distinguished_name = name
x509_extensions = root

[name]
O = Acme
CN = Root

[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash

[intermediate]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
";

#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
pub(crate) fn set_mode(_path: &Path, _mode: u32) {}

#[cfg(unix)]
fn link(to: impl AsRef<Path>, at: &Path) {
    std::os::unix::fs::symlink(to, at).unwrap();
}

#[cfg(windows)]
fn link(to: impl AsRef<Path>, at: &Path) {
    std::os::windows::fs::symlink_dir(to, at).unwrap();
}
