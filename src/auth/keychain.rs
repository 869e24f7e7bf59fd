//! The logins that Docker and Podman remember: their files, and the helpers that the files name.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::login_file::{Entry, LoginFile};
use crate::http::{NOT_FOUND, Secret, SecretError, run_command};

/// How long a helper's answer is used before it is asked again; the tokens that it gives live for hours.
const HELPER_FRESH: Duration = Duration::from_mins(5);
/// How long a helper that failed is left alone.
const HELPER_RESTS: Duration = Duration::from_secs(30);
/// What stands for Docker Hub in Docker's own files.
pub(super) const HUB: &str = "https://index.docker.io/v1/";
const LARGEST_FILE: u64 = 4 << 20;

/// A login to a registry.
#[derive(Debug, Clone)]
pub enum Login {
    /// A user name and a password or token.
    Basic(String, Secret),
    /// A refresh token for the registry's token service.
    IdentityToken(Secret),
}

/// The files that are looked through, first match wins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginFiles(pub Vec<PathBuf>);

impl LoginFiles {
    /// Returns Docker's file and Podman's, as their own tools would find them. A `DOCKER_CONFIG` that is set
    /// replaces the one at home.
    #[must_use]
    pub fn from_env() -> Self {
        let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let base = directories::BaseDirs::new();
        let home = base.as_ref().map(directories::BaseDirs::home_dir);
        let docker = folder("DOCKER_CONFIG").or_else(|| Some(home?.join(".docker")));
        let podman = folder("XDG_CONFIG_HOME").or_else(|| Some(home?.join(".config")));
        let files = [
            docker.map(|folder| folder.join("config.json")),
            folder("REGISTRY_AUTH_FILE"),
            folder("XDG_RUNTIME_DIR").map(|folder| folder.join("containers/auth.json")),
            podman.map(|folder| folder.join("containers/auth.json")),
        ];
        Self(files.into_iter().flatten().collect())
    }
}

/// The logins of those files. A file is read anew when it has changed.
#[derive(Debug)]
pub struct Keychain {
    files: LoginFiles,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    files: HashMap<PathBuf, (Stamp, LoginFile)>,
    helpers: HashMap<(String, String), Helped>,
}

/// What a helper gave, or why it gave nothing, and how long that is used.
type Helped = (Instant, Result<Option<Login>, SecretError>);

/// What changes when a file does.
type Stamp = (Option<SystemTime>, u64);

impl Keychain {
    /// Returns the keychain; nothing is read yet.
    #[must_use]
    pub fn new(files: LoginFiles) -> Self {
        Self { files, held: Mutex::default() }
    }

    /// Returns the login for a repository: the entry with the longest matching path, then the registry's own.
    /// `None` is no login: the registry is asked anonymously.
    ///
    /// # Errors
    /// A file that is there and cannot be read, or a helper that the login is to come from and that fails.
    pub async fn login(&self, registry: &str, repository: &str) -> Result<Option<Login>, SecretError> {
        let mut held = self.held.lock().await;
        for path in &self.files.0 {
            let Some(stamp) = stamp(path).await else { continue };
            if held.files.get(path).is_none_or(|(known, _)| *known != stamp) {
                let read = read(path).await?;
                held.files.insert(path.clone(), (stamp, read));
                held.helpers.clear();
            }
            let entry = held.files.get(path).and_then(|(_, file)| file.find(registry, repository));
            match entry {
                None => {}
                Some(Entry::Login(login)) => return Ok(Some(login)),
                Some(Entry::Broken(why)) => return Err(SecretError(format!("{}: {why}", path.display()))),
                Some(Entry::Helper { name, server, certain }) => {
                    let found = held.helped(&name, &server, certain).await?;
                    if found.is_some() {
                        return Ok(found);
                    }
                }
            }
        }
        Ok(None)
    }

    /// Returns where the login for a repository was found last, in words.
    pub(super) async fn origin(&self, registry: &str, repository: &str) -> Option<String> {
        let held = self.held.lock().await;
        let found = |path: &PathBuf| match held.files.get(path)?.1.find(registry, repository)? {
            Entry::Login(_) | Entry::Broken(_) => Some(format!("from the file {}", path.display())),
            Entry::Helper { name, server, .. } => {
                let program = format!("from the helper docker-credential-{name}");
                let (_, login) = held.helpers.get(&(name, server))?;
                matches!(login, Ok(Some(_))).then_some(program)
            }
        };
        self.files.0.iter().find_map(found)
    }

    /// Lets helpers be asked anew after this long at the latest: a login was refused and may be renewed.
    pub async fn doubt(&self, wait: Duration) {
        for (until, _) in self.held.lock().await.helpers.values_mut() {
            *until = (*until).min(Instant::now() + wait);
        }
    }
}

impl Held {
    async fn helped(&mut self, name: &str, server: &str, certain: bool) -> Result<Option<Login>, SecretError> {
        let key = (name.to_owned(), server.to_owned());
        if let Some((until, login)) = self.helpers.get(&key)
            && Instant::now() < *until
        {
            return login.clone();
        }
        let login = ask_helper(name, server, certain).await;
        let good_for = if login.is_ok() { HELPER_FRESH } else { HELPER_RESTS };
        self.helpers.insert(key, (Instant::now() + good_for, login.clone()));
        login
    }
}

async fn stamp(path: &Path) -> Option<Stamp> {
    let found = tokio::fs::metadata(path).await.ok().filter(std::fs::Metadata::is_file)?;
    Some((found.modified().ok(), found.len()))
}

async fn read(path: &Path) -> Result<LoginFile, SecretError> {
    let refuse = |why: String| SecretError(format!("the login file {} {why}", path.display()));
    if tokio::fs::metadata(path).await.is_ok_and(|found| found.len() > LARGEST_FILE) {
        return Err(refuse(format!("is larger than {LARGEST_FILE} bytes")));
    }
    let bytes = tokio::fs::read(path).await.map_err(|error| refuse(format!("cannot be read: {}", error.kind())))?;
    // Where the JSON breaks may be said, what stands there may not.
    LoginFile::parse(&bytes)
        .map_err(|error| refuse(format!("is no JSON of that kind, at line {} column {}", error.line(), error.column())))
}

#[derive(Deserialize)]
struct HelperDto {
    #[serde(rename = "Username", default)]
    username: String,
    #[serde(rename = "Secret", default)]
    secret: String,
}

/// Runs `docker-credential-<name> get`. Nothing that it prints enters a message.
async fn ask_helper(name: &str, server: &str, certain: bool) -> Result<Option<Login>, SecretError> {
    let program = format!("docker-credential-{name}");
    let refuse = |why: &str| SecretError(format!("the credential helper {program}, named for {server}, {why}"));
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Err(SecretError(format!("a credential helper for {server} has a name that is none")));
    }
    let mut command = Command::new(&program);
    command.arg("get");
    let (success, output) = match run_command(command, Some(server)).await {
        Ok(outcome) => outcome,
        // The store for everything may be absent where nothing says that this login is in it.
        Err(why) if why == NOT_FOUND && !certain => return Ok(None),
        Err(why) => return Err(refuse(&why)),
    };
    if !success {
        let none = ["credentials not found", "no credentials server URL", "no basic auth credentials"];
        let said = String::from_utf8_lossy(&output);
        if none.iter().any(|words| said.contains(words)) {
            return Ok(None);
        }
        return Err(refuse(&format!("failed; to see why: echo {server} | {program} get")));
    }
    let answer: HelperDto = serde_json::from_slice(&output).map_err(|_| refuse("gave no JSON of that kind"))?;
    if answer.secret.is_empty() {
        return Ok(None);
    }
    Ok(Some(match answer.username.as_str() {
        "<token>" => Login::IdentityToken(answer.secret.into()),
        _ => Login::Basic(answer.username, answer.secret.into()),
    }))
}
