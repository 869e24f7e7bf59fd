//! The keys that AWS is asked with: from the environment, a profile of the shared credentials file, or a command that
//! answers as `credential_process` does. They are read anew with each look.

use std::path::{Path, PathBuf};

use secrecy::ExposeSecret as _;
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::domain::{AuthKind, AuthStage, AwsLogin, DateRead, Failure, SecretSource, SourceId};
use crate::http::{Secret, read_secret, run_command};

/// No credentials file is longer.
const LONGEST: u64 = 1 << 20;

/// Keys, and the session that they belong to.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) access_key_id: String,
    pub(super) secret: Secret,
    pub(super) session: Option<Secret>,
    /// When the session ends, where that is told.
    pub(super) expires: DateRead,
}

impl Keys {
    /// Returns whether they end with a session.
    pub(super) fn is_session(&self) -> bool {
        self.session.is_some()
    }

    /// Returns the text without them, should a server have sent them back.
    pub(super) fn redact(&self, text: &str) -> String {
        let secrets = [Some(&self.secret), self.session.as_ref()];
        let redact = |text: String, secret: &Secret| text.replace(secret.expose_secret(), "[redacted]");
        secrets.into_iter().flatten().fold(text.to_owned(), redact)
    }
}

/// What a `credential_process` prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrintedDto {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

/// Returns where the keys come from, in few words.
pub(super) fn origin(login: &AwsLogin) -> String {
    match login {
        AwsLogin::Env => "$AWS_ACCESS_KEY_ID".to_owned(),
        AwsLogin::Profile { name, file: None } => format!("the profile {name}"),
        AwsLogin::Profile { name, file: Some(file) } => format!("the profile {name} in the file {}", file.display()),
        AwsLogin::Command(words) => format!("the command {}", words.first().map_or("", String::as_str)),
    }
}

/// Reads the keys.
pub(super) async fn read(login: &AwsLogin, id: &SourceId) -> Result<Keys, Failure> {
    let read = match login {
        AwsLogin::Env => environment().await,
        AwsLogin::Profile { name, file } => profile(name, file.as_deref()).await,
        AwsLogin::Command(words) => command(words).await,
    };
    read.map_err(|why| Failure::Auth {
        stage: AuthStage::Local,
        kind: AuthKind::Absent,
        says: format!("the login for {id} (from {}): {why}", origin(login)).into(),
    })
}

async fn environment() -> Result<Keys, String> {
    let variable = async |name: &str| read_secret(&SecretSource::Env(name.to_owned())).await;
    let id = variable("AWS_ACCESS_KEY_ID").await.map_err(|error| error.0)?;
    Ok(Keys {
        access_key_id: id.expose_secret().to_owned(),
        secret: variable("AWS_SECRET_ACCESS_KEY").await.map_err(|error| error.0)?,
        session: variable("AWS_SESSION_TOKEN").await.ok(),
        // `aws configure export-credentials --format env` writes it.
        expires: std::env::var("AWS_CREDENTIAL_EXPIRATION").map_or(DateRead::Absent, |end| DateRead::text(&end)),
    })
}

async fn profile(name: &str, file: Option<&Path>) -> Result<Keys, String> {
    let named = || std::env::var_os("AWS_SHARED_CREDENTIALS_FILE").filter(|path| !path.is_empty()).map(PathBuf::from);
    let at_home = || Some(directories::BaseDirs::new()?.home_dir().join(".aws/credentials"));
    let path = file.map(Path::to_owned).or_else(named).or_else(at_home).ok_or("there is no home folder")?;
    let failed = |error: std::io::Error| format!("{} cannot be read: {}", path.display(), error.kind());
    if !tokio::fs::metadata(&path).await.map_err(failed)?.is_file() {
        return Err(format!("{} is no regular file", path.display()));
    }
    let mut text = String::new();
    let file = tokio::fs::File::open(&path).await.map_err(failed)?;
    file.take(LONGEST).read_to_string(&mut text).await.map_err(failed)?;
    let section = section(&text, name).ok_or_else(|| format!("{} has no profile {name:?}", path.display()))?;
    let value = |key: &str| section.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
    let lacks = |key: &str| format!("the profile {name:?} in {} has no {key}", path.display());
    let require = |key: &str| value(key).filter(|value| !value.is_empty()).ok_or_else(|| lacks(key));
    let ends = value("x_security_token_expires").or_else(|| value("aws_session_expiration"));
    Ok(Keys {
        access_key_id: require("aws_access_key_id")?,
        secret: require("aws_secret_access_key")?.into(),
        session: value("aws_session_token").map(Secret::from),
        expires: ends.map_or(DateRead::Absent, |end| DateRead::text(&end)),
    })
}

/// Returns the keys and values of a section; nothing where there is no such section.
fn section(text: &str, name: &str) -> Option<Vec<(String, String)>> {
    let mut found: Option<Vec<(String, String)>> = None;
    let mut inside = false;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(title) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            let title = title.0.trim();
            inside = title.strip_prefix("profile ").unwrap_or(title).trim() == name;
            if inside {
                found.get_or_insert_default();
            }
        } else if let (true, Some((key, value))) = (inside, line.split_once('=')) {
            let pair = (key.trim().to_ascii_lowercase(), value.trim().to_owned());
            found.get_or_insert_default().push(pair);
        }
    }
    found
}

async fn command(words: &[String]) -> Result<Keys, String> {
    let (program, arguments) = words.split_first().ok_or("the command is empty")?;
    let mut command = Command::new(program);
    command.args(arguments);
    let (success, output) = run_command(command, None).await?;
    if !success {
        return Err("it failed; run it by hand to see why".to_owned());
    }
    // What it printed is not repeated: it may be a secret.
    let printed: PrintedDto = serde_json::from_slice(&output).map_err(|_| {
        "it printed no JSON with AccessKeyId and SecretAccessKey, as a credential_process does".to_owned()
    })?;
    Ok(Keys {
        access_key_id: printed.access_key_id,
        secret: printed.secret_access_key.into(),
        session: printed.session_token.filter(|token| !token.is_empty()).map(Secret::from),
        expires: printed.expiration.map_or(DateRead::Absent, |end| DateRead::text(&end)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_is_its_section_alone() {
        let text = "# [ci]\n[default]\naws_access_key_id = one\n[profile ci]\n AWS_Access_Key_Id=two\n; x = y\n\
                    odd line\naws_secret_access_key = a=b\n[other]\naws_access_key_id = three\n";
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let expected = vec![pair("aws_access_key_id", "two"), pair("aws_secret_access_key", "a=b")];
        assert_eq!(section(text, "ci"), Some(expected));
        assert_eq!(section(text, "none"), None);
        assert_eq!(section("[empty]\n", "empty"), Some(Vec::new()));
    }
}
