//! A secret that may be replaced where it comes from: read when first needed, and again when that is worth the while.

use std::path::Path;
use std::time::{Duration, SystemTime};

use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::secret::{Secret, SecretError, read};
use crate::domain::SecretSource;

/// A command is not run again before this: it may be slow, ask somebody, or lock an account.
const PATIENCE: Duration = Duration::from_secs(30);

/// A file that serves is looked at again after this: requests that go together need one look.
const GLANCE: Duration = Duration::from_secs(5);

/// A secret and where it comes from. An environment variable never changes; a file is read again within seconds when it has
/// changed, or at once where its secret was refused; a command is run again once its secret was refused, and after `fresh`
/// where that is set.
#[derive(Debug)]
pub(crate) struct Renewable {
    source: SecretSource,
    fresh: Option<Duration>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Held>,
    /// When the source last gave nothing, and why.
    failed: Option<(Instant, SecretError)>,
    refused: Option<Refused>,
}

#[derive(Debug)]
struct Held {
    secret: Secret,
    read_at: Instant,
    /// The file's, and when it was looked at.
    stamp: Stamp,
    stamped_at: Instant,
}

/// What was last found wanting.
#[derive(Debug)]
enum Refused {
    /// This secret.
    This(Secret),
    /// The source itself: it gave none.
    Source,
}

/// What changes when a file does.
type Stamp = Option<(Option<SystemTime>, u64)>;

impl Renewable {
    /// Returns the secret's place; nothing is read yet.
    pub(crate) fn new(source: SecretSource, fresh: Option<Duration>) -> Self {
        Self { source, fresh, state: Mutex::default() }
    }

    /// Returns where it comes from.
    pub(crate) fn source(&self) -> &SecretSource {
        &self.source
    }

    /// Returns the secret, as far as is known the newest.
    pub(crate) async fn get(&self) -> Result<Secret, SecretError> {
        let mut state = self.state.lock().await;
        let outcome = self.look(&mut state).await;
        if outcome.is_err() {
            state.refused = Some(Refused::Source);
        }
        outcome
    }

    /// Takes note that a secret was refused. Returns another, where there is one by now.
    pub(crate) async fn another(&self, refused: &Secret) -> Option<Secret> {
        let mut state = self.state.lock().await;
        state.refused = Some(Refused::This(refused.clone()));
        self.look(&mut state).await.ok().filter(|secret| !same(secret, refused))
    }

    /// Takes note that the secret given last was refused.
    pub(crate) async fn doubt(&self) {
        let mut state = self.state.lock().await;
        if let Some(held) = &state.held {
            state.refused = Some(Refused::This(held.secret.clone()));
        }
    }

    /// Returns whether what was last refused has been replaced meanwhile.
    pub(crate) async fn renewed(&self) -> bool {
        let mut state = self.state.lock().await;
        if state.refused.is_none() || matches!(self.source, SecretSource::Env(_)) {
            return false;
        }
        let outcome = self.look(&mut state).await;
        match (&state.refused, outcome) {
            (Some(Refused::This(refused)), Ok(secret)) => !same(&secret, refused),
            (Some(Refused::Source), Ok(_)) => true,
            (Some(_), Err(_)) | (None, _) => false,
        }
    }

    /// Returns what is held, or what the source gives now.
    async fn look(&self, state: &mut State) -> Result<Secret, SecretError> {
        let refused = state.is_refused();
        if let Some(held) = state.held.as_ref().filter(|held| !refused && self.is_fresh(held)) {
            return Ok(held.secret.clone());
        }
        // Noted before reading: what is written meanwhile is seen next time.
        let stamped_at = Instant::now();
        let stamp = match &self.source {
            SecretSource::File(path) => stamp(path).await,
            SecretSource::Env(_) | SecretSource::Command(_) => None,
        };
        if let Some(held) = state.held.as_mut().filter(|held| self.is_current(held, refused, stamp)) {
            held.stamped_at = stamped_at;
            return Ok(held.secret.clone());
        }
        match (self.ask(state).await, &state.held) {
            (Ok(secret), _) => {
                state.held = Some(Held { secret: secret.clone(), read_at: Instant::now(), stamp, stamped_at });
                Ok(secret)
            }
            // A command that fails once does not take away what still works.
            (Err(_), Some(held)) if !refused && self.is_command() => Ok(held.secret.clone()),
            (Err(error), _) => {
                state.held = None;
                Err(error)
            }
        }
    }

    /// Reads the source. A command that failed a moment ago is not run again, and its failure told again.
    async fn ask(&self, state: &mut State) -> Result<Secret, SecretError> {
        if let Some((at, error)) = &state.failed
            && self.is_command()
            && at.elapsed() < PATIENCE
        {
            return Err(error.clone());
        }
        let outcome = read(&self.source).await;
        state.failed = outcome.as_ref().err().map(|error| (Instant::now(), error.clone()));
        outcome
    }

    fn is_command(&self) -> bool {
        matches!(self.source, SecretSource::Command(_))
    }

    /// Returns whether a file was looked at a moment ago.
    fn is_fresh(&self, held: &Held) -> bool {
        matches!(self.source, SecretSource::File(_)) && held.stamp.is_some() && held.stamped_at.elapsed() < GLANCE
    }

    fn is_current(&self, held: &Held, refused: bool, stamp: Stamp) -> bool {
        let age = held.read_at.elapsed();
        match &self.source {
            SecretSource::Env(_) => true,
            // A file can change within the grain of its time, and keep its length.
            SecretSource::File(_) => held.stamp == stamp && stamp.is_some() && !(refused && age >= PATIENCE),
            SecretSource::Command(_) => age < PATIENCE || (!refused && self.fresh.is_none_or(|fresh| age < fresh)),
        }
    }
}

impl State {
    /// Whether what is held is what was refused.
    fn is_refused(&self) -> bool {
        match (&self.refused, &self.held) {
            (Some(Refused::This(refused)), Some(held)) => same(refused, &held.secret),
            (Some(Refused::This(_) | Refused::Source) | None, _) => false,
        }
    }
}

fn same(one: &Secret, other: &Secret) -> bool {
    one.expose_secret() == other.expose_secret()
}

async fn stamp(path: &Path) -> Stamp {
    let found = tokio::fs::metadata(path).await.ok()?;
    Some((found.modified().ok(), found.len()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::fs;
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::*;

    /// A file, and how often the command that prints it was run.
    struct Place {
        folder: TempDir,
    }

    impl Place {
        fn new() -> Self {
            Self { folder: TempDir::new().unwrap() }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("token")
        }

        fn write(&self, secret: &str) {
            fs::write(self.path(), secret).unwrap();
        }

        fn file(&self) -> Renewable {
            Renewable::new(SecretSource::File(self.path()), None)
        }

        fn command(&self, fresh: Option<Duration>) -> Renewable {
            let script = format!("echo run >> {0}.runs; cat {0}", self.path().display());
            let words = ["sh", "-c", &script].map(str::to_owned).to_vec();
            Renewable::new(SecretSource::Command(words), fresh)
        }

        fn runs(&self) -> usize {
            fs::read_to_string(self.path().with_extension("runs")).unwrap_or_default().lines().count()
        }
    }

    async fn get(secret: &Renewable) -> Result<String, SecretError> {
        Ok(secret.get().await?.expose_secret().to_owned())
    }

    async fn later(seconds: u64) {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
    }

    #[tokio::test]
    async fn a_file_that_changed_is_read_again_within_seconds() {
        let place = Place::new();
        place.write("one");
        let secret = place.file();
        assert_eq!(get(&secret).await.unwrap(), "one");
        place.write("three");
        assert_eq!(get(&secret).await.unwrap(), "one", "it was looked at a moment ago");
        later(5).await;
        assert_eq!(get(&secret).await.unwrap(), "three");
        fs::remove_file(place.path()).unwrap();
        later(5).await;
        get(&secret).await.unwrap_err();
    }

    #[tokio::test]
    async fn a_file_that_changed_is_read_again_at_once_where_it_was_refused() {
        let place = Place::new();
        place.write("one");
        let secret = place.file();
        let refused = secret.get().await.unwrap();
        place.write("three");
        assert_eq!(secret.another(&refused).await.unwrap().expose_secret(), "three");
        assert_eq!(get(&secret).await.unwrap(), "three");
    }

    #[tokio::test]
    async fn a_refused_file_is_read_again_even_where_it_looks_the_same() {
        let place = Place::new();
        place.write("one");
        let written = fs::metadata(place.path()).unwrap().modified().unwrap();
        let secret = place.file();
        let refused = secret.get().await.unwrap();
        place.write("two");
        fs::File::options().write(true).open(place.path()).unwrap().set_modified(written).unwrap();
        assert!(secret.another(&refused).await.is_none(), "it was read a moment ago");
        assert!(!secret.renewed().await);
        later(31).await;
        assert!(secret.renewed().await);
        assert_eq!(get(&secret).await.unwrap(), "two");
    }

    #[tokio::test]
    async fn a_command_is_run_again_only_once_refused_and_not_more_often_than_every_30_seconds() {
        let place = Place::new();
        place.write("one");
        let secret = place.command(None);
        for _ in 0..3 {
            assert_eq!(get(&secret).await.unwrap(), "one");
            later(600).await;
        }
        assert_eq!(place.runs(), 1);
        let refused = secret.get().await.unwrap();
        assert!(secret.another(&refused).await.is_none(), "it still prints the same");
        for _ in 0..3 {
            assert!(!secret.renewed().await);
        }
        assert_eq!(place.runs(), 2);
        place.write("two");
        assert!(!secret.renewed().await, "not before the 30 seconds are over");
        later(31).await;
        assert!(secret.renewed().await);
        assert!(secret.renewed().await, "it stays so until something is refused");
        assert_eq!((get(&secret).await.unwrap().as_str(), place.runs()), ("two", 3));
        secret.doubt().await;
        assert!(!secret.renewed().await);
    }

    #[tokio::test]
    async fn a_refusal_long_after_reading_brings_another_at_once() {
        let place = Place::new();
        place.write("one");
        let secret = place.command(None);
        let refused = secret.get().await.unwrap();
        place.write("two");
        later(31).await;
        assert_eq!(secret.another(&refused).await.unwrap().expose_secret(), "two");
        assert_eq!(secret.another(&refused).await.unwrap().expose_secret(), "two", "whoever comes later gets it too");
        assert_eq!(place.runs(), 2);
    }

    #[tokio::test]
    async fn a_command_that_fails_rests_and_takes_nothing_away_that_works() {
        let place = Place::new();
        let secret = place.command(Some(Duration::from_mins(5)));
        for _ in 0..3 {
            get(&secret).await.unwrap_err();
        }
        assert_eq!(place.runs(), 1);
        place.write("one");
        later(31).await;
        assert!(secret.renewed().await, "it gives one now");
        assert_eq!(get(&secret).await.unwrap(), "one");
        fs::remove_file(place.path()).unwrap();
        later(301).await;
        for _ in 0..3 {
            assert_eq!(get(&secret).await.unwrap(), "one");
        }
        assert_eq!(place.runs(), 3);
        place.write("two");
        later(31).await;
        assert_eq!(get(&secret).await.unwrap(), "two", "it is no longer fresh");
    }

    #[tokio::test]
    async fn a_refused_secret_is_not_given_again_where_its_command_fails() {
        let place = Place::new();
        place.write("one");
        let secret = place.command(None);
        let refused = secret.get().await.unwrap();
        fs::remove_file(place.path()).unwrap();
        later(31).await;
        assert!(secret.another(&refused).await.is_none());
        get(&secret).await.unwrap_err();
        assert!(!secret.renewed().await);
        assert_eq!(place.runs(), 2);
    }

    #[tokio::test]
    async fn nothing_refused_is_nothing_renewed_and_the_environment_never_changes() {
        let place = Place::new();
        place.write("one");
        let secret = place.file();
        get(&secret).await.unwrap();
        place.write("another");
        assert!(!secret.renewed().await);
        let variable = Renewable::new(SecretSource::Env("PATH".to_owned()), None);
        let refused = variable.get().await.unwrap();
        assert!(variable.another(&refused).await.is_none());
        later(3_600).await;
        assert!(!variable.renewed().await);
        let unset = Renewable::new(SecretSource::Env("LANDFALL_TEST_NOT_SET".to_owned()), None);
        get(&unset).await.unwrap_err();
        assert!(!unset.renewed().await);
    }
}
