//! Real servers that come as Python packages: found on the PATH, or where `tests/run` installs them.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server that ends when dropped.
pub(crate) struct Bed {
    child: Child,
    /// Where it listens, without a slash at its end.
    pub(crate) url: String,
}

impl Bed {
    /// Starts a program of a package and waits until it answers at `ready`; `arguments` are made of the port.
    pub(crate) async fn start(
        package: &str,
        program: &str,
        ready: &str,
        arguments: impl Fn(u16) -> Vec<String>,
    ) -> Self {
        for _ in 0..3 {
            // Between this and the start somebody else may take the port; then another is tried.
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let child = Command::new(find(package, program))
                .args(arguments(port))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap_or_else(|error| panic!("{program} of {package}: {error}; `bash tests/run` installs it"));
            let mut bed = Self { child, url: format!("http://127.0.0.1:{port}") };
            if bed.answers(ready).await {
                return bed;
            }
        }
        panic!("{program} of {package} does not answer at {ready}");
    }

    async fn answers(&mut self, path: &str) -> bool {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        for _ in 0..600 {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            let answer = client.get(format!("{}{path}", self.url)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn find(package: &str, program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file());
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|cache| !cache.is_empty()).map(PathBuf::from);
    let cache = cache.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache"));
    on_path.unwrap_or_else(|| cache.join("landfall-tests").join(package).join("bin").join(program))
}
