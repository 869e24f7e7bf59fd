//! The commands that ask nobody: looking at the configuration, and writing a first one.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::ConfigCommand;
use crate::config::{self, Config, Loaded, NamedBy, Place};
use crate::domain::{CredentialSource, SecretSource, Text};

/// What `init` writes: short enough to be read whole.
const STARTER: &str = include_str!("../assets/starter.toml");

/// Why nothing was done, in words for standard error. The exit code is 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("landfall: {0}")]
pub struct Refusal(pub String);

/// Reads the configuration, and where nobody wrote one yet says what to do next.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load_or_point(place: &Place) -> Result<Config, Refusal> {
    read_or_point(place).map(|loaded| loaded.config)
}

/// Reads the configuration with what is odd about it, and where nobody wrote one yet says what to do next.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_or_point(place: &Place) -> Result<Loaded, Refusal> {
    if place.named_by == NamedBy::Platform && !place.path.exists() {
        return Err(Refusal(format!(
            "there is no configuration yet; it is looked for at {}\n\
             \x20 landfall demo   shows the dashboard on a made-up world: no token, no network\n\
             \x20 landfall init   writes a starter configuration there",
            shown(&place.path)
        )));
    }
    read(place)
}

fn load(place: &Place) -> Result<Config, Refusal> {
    read(place).map(|loaded| loaded.config)
}

fn read(place: &Place) -> Result<Loaded, Refusal> {
    config::read(&place.path).map_err(|error| Refusal(format!("the configuration is not usable\n{error}")))
}

/// Does what `landfall config …` asks for.
///
/// # Errors
/// Everything that is wrong with the configuration, where it is read at all.
pub fn config(what: ConfigCommand, place: &Place) -> Result<ExitCode, Refusal> {
    let text = match what {
        ConfigCommand::Path => format!("{}\n", place.path.display()),
        ConfigCommand::Schema => config::schema(),
        ConfigCommand::Show => {
            let text = config::show(&load(place)?).map_err(Refusal)?;
            format!("# {}, named by {}, with every default\n{text}", shown(&place.path), place.named_by)
        }
        ConfigCommand::Check => summary(place, &read(place)?),
    };
    print(&text).map(|()| ExitCode::SUCCESS).map_err(Refusal)
}

/// Writes an answer to standard output. A reader that went away, such as `head`, has what it wanted.
///
/// # Errors
/// It cannot be written, as on a full disk: in words for the user.
pub fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("the answer cannot be written to standard output: {error}"))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a short starter configuration.
///
/// # Errors
/// There is a file already, or it cannot be written.
pub fn init(place: &Place) -> Result<ExitCode, Refusal> {
    let path = &place.path;
    let refuse = |error: io::Error| {
        let why = match error.kind() {
            io::ErrorKind::AlreadyExists => "is there already and is left as it is".to_owned(),
            _ => format!("cannot be written: {error}"),
        };
        Refusal(format!("{} {why}", shown(path)))
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(refuse)?;
    }
    let mut file = fs::File::create_new(path).map_err(refuse)?;
    file.write_all(STARTER.as_bytes()).map_err(refuse)?;
    let said = format!("wrote {0}\nEdit it, then run: landfall config check\n", shown(path));
    let _ = io::stdout().lock().write_all(said.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn summary(place: &Place, loaded: &Loaded) -> String {
    let path = shown(&place.path);
    let mut text = String::new();
    for problem in &loaded.warnings {
        let _ = problem.write(&mut text, &path);
        text.push('\n');
    }
    for odd in unreadable(&loaded.config) {
        let _ = writeln!(text, "{path}: {odd}");
    }
    let _ = writeln!(text, "{path}: good: {}", holds(&loaded.config));
    text
}

/// Returns what a configuration holds, in numbers.
#[must_use]
pub fn holds(config: &Config) -> String {
    let Config { ci, registries, services, .. } = config;
    let tags: usize = services.iter().flat_map(|service| &service.images).map(|image| image.tags.len()).sum();
    let counts =
        [(services.len(), "service"), (tags, "tag"), (ci.len(), "CI provider"), (registries.len(), "registry")];
    let words: Vec<_> = counts.iter().map(|&(count, word)| plural(count, word)).collect();
    words.join(", ")
}

fn plural(count: usize, word: &str) -> String {
    match (count, word.strip_suffix('y')) {
        (1, _) => format!("1 {word}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {word}s"),
    }
}

/// Returns what looking at the secrets' places, not at the secrets, already shows to be wrong on this machine.
fn unreadable(config: &Config) -> Vec<String> {
    let tokens = config.ci.iter().filter_map(|ci| Some((ci.name.as_str(), ci.token.as_ref()?)));
    let passwords = config.registries.iter().filter_map(|registry| match &registry.credential {
        CredentialSource::Basic { password, .. } => Some((registry.host.as_str(), password)),
        CredentialSource::Docker | CredentialSource::Anonymous => None,
    });
    let vaults = config.expiry.vaults.iter().map(|vault| (vault.name.as_str(), &vault.token));
    let named = |(whose, source): (&str, &SecretSource)| Some(format!("{whose}: {}", odd_place(source)?));
    let aws = config.expiry.aws.iter().flat_map(|aws| aws.login.places().into_iter().map(|it| (aws.name.as_str(), it)));
    let aws = aws.filter_map(|(whose, source)| named((whose, &source)));
    tokens.chain(passwords).chain(vaults).filter_map(named).chain(aws).collect()
}

fn odd_place(source: &SecretSource) -> Option<String> {
    match source {
        SecretSource::Env(name) => match std::env::var_os(name) {
            Some(value) if value.is_empty() => Some(format!("the environment variable {name} is empty here")),
            Some(_) => None,
            None => Some(format!("the environment variable {name} is not set here")),
        },
        SecretSource::File(path) => odd_file(path),
        SecretSource::Command(_) => None,
    }
}

fn odd_file(path: &Path) -> Option<String> {
    let shown = shown(path);
    match fs::metadata(path) {
        Err(error) => Some(format!("{shown} cannot be read: {error}")),
        Ok(metadata) if !metadata.is_file() => Some(format!("{shown} is no file")),
        Ok(metadata) if metadata.len() == 0 => Some(format!("{shown} is empty")),
        Ok(metadata) => others_may_read(&metadata).then(|| format!("others may read {shown}; chmod 600 mends that")),
    }
}

#[cfg(unix)]
fn others_may_read(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn others_may_read(_: &fs::Metadata) -> bool {
    false
}

fn shown(path: &Path) -> Text {
    Text::new(&path.to_string_lossy())
}
