//! A real docker-registry on a free loopback port, with its storage in a folder that tests may damage.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::TempDir;

use crate::certificates::Authority;

/// May do everything in the set-up with passwords.
pub(crate) const ALICE: (&str, &str) = ("alice", "right-horse");
/// The hashes are bcrypt; a registry takes no other.
const HTPASSWD: &str = "alice:$2y$05$abcdefghijklmnopqrstuukAGqk1114ICnhl6dLOh9a3Ti/e0h/ma\n";

/// Who may do what.
pub(crate) enum Access<'a> {
    /// Everybody everything, over plain http.
    Open,
    /// Basic over TLS, with a certificate of this authority.
    Password(&'a Authority),
    /// Bearer tokens of this realm, signed by this certificate.
    Token { realm: String, certificate: &'a Path },
}

/// A running registry. It ends when dropped.
pub(crate) struct Registry {
    child: Child,
    folder: TempDir,
    /// `127.0.0.1:port`, or `localhost:port` with TLS.
    pub(crate) host: String,
    /// With its scheme.
    pub(crate) url: String,
}

impl Registry {
    /// Starts one, and returns once it listens.
    pub(crate) fn start(access: &Access) -> Self {
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("config.yml");
        fs::write(&config, settings(folder.path(), access)).unwrap();
        let mut child = Command::new("docker-registry")
            .arg("serve")
            .arg(&config)
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("docker-registry is installed (apt-get install docker-registry); `bash tests/run` sees to it");
        let port = listening_port(&mut child);
        let (host, url) = match access {
            Access::Password(_) => (format!("localhost:{port}"), format!("https://localhost:{port}")),
            Access::Open | Access::Token { .. } => (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}")),
        };
        Self { child, folder, host, url }
    }

    /// An open one.
    pub(crate) fn open() -> Self {
        Self::start(&Access::Open)
    }

    /// Ends it at once.
    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Loses a blob: a layer, a config, or a manifest's content.
    pub(crate) fn lose_blob(&self, digest: &str) {
        let hex = digest.strip_prefix("sha256:").unwrap();
        remove(&self.storage().join("blobs/sha256").join(&hex[..2]).join(hex));
    }

    /// Loses a manifest, as a clean-up of untagged manifests does.
    pub(crate) fn lose_manifest(&self, repository: &str, digest: &str) {
        let hex = digest.strip_prefix("sha256:").unwrap();
        remove(&self.repository(repository).join("_manifests/revisions/sha256").join(hex));
        self.lose_blob(digest);
    }

    /// Loses a tag, as retention does.
    pub(crate) fn lose_tag(&self, repository: &str, tag: &str) {
        remove(&self.repository(repository).join("_manifests/tags").join(tag));
    }

    fn storage(&self) -> PathBuf {
        self.folder.path().join("storage/docker/registry/v2")
    }

    fn repository(&self, name: &str) -> PathBuf {
        self.storage().join("repositories").join(name)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is to be lost must have been there, or the test proves nothing.
fn remove(folder: &Path) {
    fs::remove_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
}

/// No cache of blob descriptors: what is gone from the folder is gone for the registry.
fn settings(folder: &Path, access: &Access) -> String {
    let place = folder.display();
    let mut text = format!(
        "version: 0.1\nlog:\n  level: info\n  accesslog:\n    disabled: true\nstorage:\n  filesystem:\n    \
         rootdirectory: {place}/storage\n  delete:\n    enabled: true\n  maintenance:\n    uploadpurging:\n      \
         enabled: false\nhttp:\n  addr: 127.0.0.1:0\n  secret: not-secret\n"
    );
    match access {
        Access::Open => {}
        Access::Password(authority) => {
            fs::write(folder.join("htpasswd"), HTPASSWD).unwrap();
            let (certificate, key) = authority.issue(folder);
            write!(text, "  tls:\n    certificate: {certificate}\n    key: {key}\n").unwrap();
            write!(text, "auth:\n  htpasswd:\n    realm: the-lab\n    path: {place}/htpasswd\n").unwrap();
        }
        Access::Token { realm, certificate } => {
            let bundle = certificate.display();
            let auth = "auth:\n  token:\n    service: the-lab\n    issuer: the-issuer\n";
            write!(text, "{auth}    realm: {realm}\n    rootcertbundle: {bundle}\n").unwrap();
        }
    }
    text
}

/// Reads the port from the line in which the registry says that it listens, and goes on reading behind it.
fn listening_port(child: &mut Child) -> u16 {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut seen = String::new();
    for line in lines.by_ref() {
        let line = line.unwrap();
        if let Some((_, after)) = line.split_once("listening on 127.0.0.1:") {
            let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
            thread::spawn(move || lines.for_each(drop));
            return digits.parse().unwrap();
        }
        writeln!(seen, "{line}").unwrap();
    }
    panic!("docker-registry did not come up:\n{seen}");
}
