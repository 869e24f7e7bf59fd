//! A private folder for the demo's secrets, gone when the demo is.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// How often it is tried to remove: a landfall that looks at the demo may write its history meanwhile.
const TRIES: usize = 3;

/// A folder that only this user may read. Dropping it removes it.
#[derive(Debug)]
pub(super) struct Folder {
    place: Arc<Place>,
}

#[derive(Debug)]
struct Place {
    path: PathBuf,
    /// Who comes second waits for the first.
    gone: OnceLock<()>,
}

impl Folder {
    /// Makes a new folder below the system's own for temporary files.
    pub(super) fn new() -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("landfall-demo-{:016x}", fastrand::u64(..)));
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path)?;
        Ok(Self { place: Arc::new(Place { path, gone: OnceLock::new() }) })
    }

    /// Writes a file that only this user may read, and returns where it is.
    pub(super) fn write(&self, name: &str, content: &str) -> io::Result<PathBuf> {
        let path = self.path().join(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path)?.write_all(content.as_bytes())?;
        Ok(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.place.path
    }

    /// Returns what removes the folder, for whoever ends the process where nothing is dropped any more.
    pub(super) fn removal(&self) -> impl Fn() + Send + Sync + 'static {
        let place = self.place.clone();
        move || place.remove()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.place.remove();
    }
}

impl Place {
    fn remove(&self) {
        self.gone.get_or_init(|| {
            // What cannot be removed holds nothing of worth: the servers that knew these secrets are gone.
            let _ = (0..TRIES).any(|_| fs::remove_dir_all(&self.path).is_ok());
        });
    }
}
