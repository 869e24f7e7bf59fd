//! Secrets in memory: read when needed, redacted in every `Debug`, shown nowhere.

use std::path::Path;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::HeaderValue;
use memchr::memmem;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use url::form_urlencoded::byte_serialize;

use crate::domain::{SecretSource, shell_word};

/// A secret's value. Its `Debug` is redacted.
pub type Secret = SecretString;

/// How long a command may take to print a secret.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// No secret is longer than this.
const LONGEST: u64 = 64 << 10;
const REDACTED: &str = "[redacted]";
/// What is said of a program that is not there.
pub(crate) const NOT_FOUND: &str = "was not found";

/// What is sent as `Authorization`.
#[derive(Debug, Clone)]
pub enum Credential {
    /// `Bearer <token>`.
    Bearer(Secret),
    /// `Basic <base64 of user:password>`.
    Basic(String, Secret),
}

impl Credential {
    /// Returns the value of the header, marked sensitive; `None` where no header can carry it.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let mut value = match self {
            Self::Bearer(token) => HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())),
            Self::Basic(user, password) => HeaderValue::from_str(&format!("Basic {}", encoded(user, password))),
        }
        .ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Returns what tells this credential from others. Only ever hashed.
    pub(super) fn identity(&self) -> (&str, &str) {
        match self {
            Self::Bearer(token) => ("", token.expose_secret()),
            Self::Basic(user, password) => (user, password.expose_secret()),
        }
    }

    /// Returns the body without this credential, should the server have sent it back in whichever of the usual forms.
    pub(super) fn redact(&self, body: Bytes) -> Bytes {
        let forms = self.forms();
        let echoed = |form: &&String| memmem::find(&body, form.as_bytes()).is_some();
        let mut found = forms.iter().filter(echoed).peekable();
        if found.peek().is_none() {
            return body;
        }
        let mut blotted = body.to_vec();
        for form in found {
            blotted = replaced(&blotted, form.as_bytes());
        }
        blotted.into()
    }

    /// Returns how the credential may be written: plain, in base64, URL-encoded, as JSON; the longest first.
    fn forms(&self) -> Vec<String> {
        let (login, secret) = match self {
            Self::Bearer(token) => (None, token.expose_secret()),
            Self::Basic(user, password) => (Some(encoded(user, password)), password.expose_secret()),
        };
        let json = escaped(secret);
        let mut forms = vec![
            secret.to_owned(),
            STANDARD_NO_PAD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            byte_serialize(secret.as_bytes()).collect(),
            json.replace('/', "\\/"),
            // JSON that is quoted in a message is escaped again in the message's own JSON.
            escaped(&json),
            json,
        ];
        forms.extend(login);
        forms.retain(|form| form.len() >= SHORTEST);
        forms.sort_unstable_by_key(|form| std::cmp::Reverse(form.len()));
        forms
    }
}

/// Returns a text as it stands between the quotes of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// Anything shorter stands in texts by chance.
const SHORTEST: usize = 4;

fn replaced(text: &[u8], form: &[u8]) -> Vec<u8> {
    let mut blotted = Vec::with_capacity(text.len());
    let mut rest = 0;
    for at in memmem::find_iter(text, form) {
        blotted.extend_from_slice(text.get(rest..at).unwrap_or_default());
        blotted.extend_from_slice(REDACTED.as_bytes());
        rest = at + form.len();
    }
    blotted.extend_from_slice(text.get(rest..).unwrap_or_default());
    blotted
}

fn encoded(user: &str, password: &Secret) -> String {
    STANDARD.encode(format!("{user}:{}", password.expose_secret()))
}

/// Why a secret could not be read; names the variable, file or command, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretError(pub String);

/// Reads a secret: environment, file, or a command's first line within ten seconds.
///
/// # Errors
/// What could not be read, and how to mend it. An empty value is an error, and so is one with control characters.
pub async fn read(source: &SecretSource) -> Result<Secret, SecretError> {
    match source {
        SecretSource::Env(name) => match std::env::var(name) {
            Ok(value) => checked(&value, &format!("the environment variable {name}")),
            Err(std::env::VarError::NotPresent) => {
                Err(SecretError(format!("the environment variable {name} is not set: export it, or name another")))
            }
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(SecretError(format!("the environment variable {name} is not UTF-8")))
            }
        },
        SecretSource::File(path) => {
            let place = format!("the file {}", path.display());
            let bytes = contents(path).await.map_err(|why| SecretError(format!("{place} {why}")))?;
            let text = String::from_utf8(bytes).map_err(|_| SecretError(format!("{place} is not UTF-8")))?;
            checked(&text, &place)
        }
        SecretSource::Command(words) => {
            let (program, arguments) =
                words.split_first().ok_or_else(|| SecretError("the secret's command is empty".to_owned()))?;
            let place = format!("the command {program}");
            let mut command = Command::new(program);
            command.args(arguments);
            let (success, output) = run(command, None).await.map_err(|why| SecretError(format!("{place} {why}")))?;
            if !success {
                return Err(SecretError(format!("{place} failed; run it by hand to see why")));
            }
            let text = String::from_utf8(output).map_err(|_| SecretError(format!("{place} printed no UTF-8")))?;
            checked(text.trim_start().lines().next().unwrap_or_default(), &place)
        }
    }
}

/// Returns where a secret comes from, in few words; of a command only its name, for its arguments may be secret.
#[must_use]
pub fn origin(source: &SecretSource) -> String {
    match source {
        SecretSource::Env(name) => format!("${name}"),
        SecretSource::File(path) => format!("the file {}", path.display()),
        SecretSource::Command(words) => format!("the command {}", words.first().map_or("", String::as_str)),
    }
}

/// Returns a warning where others on this machine can read the secret's file.
#[must_use]
pub fn exposed(source: &SecretSource) -> Option<String> {
    match source {
        SecretSource::File(path) => exposed_file(path),
        SecretSource::Env(_) | SecretSource::Command(_) => None,
    }
}

#[cfg(unix)]
fn exposed_file(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        let path = path.display().to_string();
        let word = shell_word(&path);
        format!("the file {path} can be read by others (mode {:03o}): chmod 600 {word}", mode & 0o777)
    })
}

#[cfg(not(unix))]
fn exposed_file(_: &Path) -> Option<String> {
    None
}

fn checked(value: &str, place: &str) -> Result<Secret, SecretError> {
    let value = value.trim_start_matches('\u{feff}').trim();
    if value.is_empty() {
        return Err(SecretError(format!("{place} is empty or gave nothing")));
    }
    if value.chars().any(char::is_control) {
        return Err(SecretError(format!("{place} holds line breaks or control characters; one line is needed")));
    }
    Ok(value.to_owned().into())
}

async fn contents(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "is not there: put the secret into it, or name another file".to_owned(),
        kind => format!("cannot be read: {kind}"),
    };
    // A named pipe would wait for a writer for ever.
    if !tokio::fs::metadata(path).await.map_err(unreadable)?.is_file() {
        return Err("is no regular file".to_owned());
    }
    bounded(tokio::fs::File::open(path).await.map_err(unreadable)?).await
}

/// The environment variables that hold secrets of ours.
static HIDDEN: OnceLock<Vec<String>> = OnceLock::new();

/// Names the environment variables that hold secrets of ours, for the life of the process: no command that is run from
/// here on sees them. Only the first call counts.
pub fn hide_variables(names: Vec<String>) {
    HIDDEN.get_or_init(|| names);
}

/// Returns the environment variables that no command is to see.
pub(crate) fn hidden_variables() -> &'static [String] {
    HIDDEN.get().map_or(&[], Vec::as_slice)
}

/// Runs a command without a shell or a terminal, within ten seconds; returns whether it succeeded and what it
/// printed. Neither its output nor its errors enter a message.
pub(crate) async fn run(mut command: Command, input: Option<&str>) -> Result<(bool, Vec<u8>), String> {
    let stdin = if input.is_some() { Stdio::piped() } else { Stdio::null() };
    for name in hidden_variables() {
        command.env_remove(name);
    }
    let spawned = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn();
    let mut child = spawned.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => NOT_FOUND.to_owned(),
        kind => format!("could not be started: {kind}"),
    })?;
    let exchange = async {
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
            // A command that does not want its input closes it early: its exit status tells.
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stdin, input.as_bytes()).await;
        }
        let output = match child.stdout.take() {
            Some(stdout) => bounded(stdout).await?,
            None => Vec::new(),
        };
        let status = child.wait().await.map_err(|error| format!("could not be waited for: {}", error.kind()))?;
        Ok((status.success(), output))
    };
    match tokio::time::timeout(PATIENCE, exchange).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("took longer than {} s", PATIENCE.as_secs())),
    }
}

async fn bounded(from: impl AsyncRead + Unpin) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = from.take(LONGEST + 1).read_to_end(&mut bytes).await;
    read.map_err(|error| format!("cannot be read: {}", error.kind()))?;
    if bytes.len() as u64 > LONGEST {
        return Err(format!("gave more than {LONGEST} bytes"));
    }
    Ok(bytes)
}
