//! A scripted CI, a configuration, and the real binary run against them as a process.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::ci::{Ci, TOKEN};
use crate::marks::harmful;
use crate::push::{Login, Pusher};
use crate::registry::Registry;

/// The repository of images that most tests push to.
pub(crate) const IMAGE: &str = "acme/shop";

/// Grace is over at once and the second look comes soon, or no test would end.
const HEAD: &str = r#"
[poll]
timeout = "2s"
[policy]
grace = "0s"
second_look = "200ms"
"#;

/// What `check` is run against.
pub(crate) struct Lab {
    pub(crate) ci: Ci,
    pub(crate) folder: TempDir,
    head: String,
    body: String,
    environment: Vec<(String, String)>,
}

/// How one run of the binary ended.
pub(crate) struct Checked {
    pub(crate) code: i32,
    pub(crate) report: Value,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) about: String,
}

impl Lab {
    /// A CI without runs, and a configuration that names it alone.
    pub(crate) async fn new() -> Self {
        let ci = Ci::start().await;
        let mut lab = Self {
            folder: TempDir::new().unwrap(),
            head: HEAD.to_owned(),
            body: String::new(),
            environment: vec![("E2E_CI_TOKEN".to_owned(), TOKEN.to_owned())],
            ci,
        };
        lab.ci_of_kind("github");
        lab
    }

    /// A laboratory whose service `shop` pushes `sha-{sha:7}` to an open registry, and a pusher to it.
    pub(crate) async fn open() -> (Self, Registry, Pusher) {
        let registry = Registry::open();
        let lab = Self::shop(&registry.host).await;
        let pusher = Pusher::new(&registry.url, IMAGE, Login::Anonymous, None);
        (lab, registry, pusher)
    }

    /// A laboratory whose service `shop` pushes `sha-{sha:7}` to this host, without TLS and credentials.
    pub(crate) async fn shop(host: &str) -> Self {
        let mut lab = Self::new().await;
        lab.open_registry(host);
        lab.service("shop", host, "");
        lab
    }

    /// Names the CI once more, as one of another kind.
    pub(crate) fn ci_of_kind(&mut self, kind: &str) {
        let url = self.ci.url();
        self.add(&format!(
            "[[ci]]\nname = \"{kind}\"\nkind = \"{kind}\"\nurl = \"{url}\"\ntoken = {{ env = \"E2E_CI_TOKEN\" }}\n"
        ));
    }

    pub(crate) fn open_registry(&mut self, host: &str) {
        self.add(&format!("[[registry]]\nhost = \"{host}\"\nplain_http = true\ncredential = \"anonymous\"\n"));
    }

    /// A registry with a password, which the binary reads from its environment.
    pub(crate) fn locked_registry(&mut self, host: &str, (user, password): (&str, &str), more: &str) {
        let variable = format!("E2E_PASSWORD_{}", self.environment.len());
        self.add(&format!(
            "[[registry]]\nhost = \"{host}\"\n\
             credential = {{ username = \"{user}\", password = {{ env = \"{variable}\" }} }}\n{more}\n"
        ));
        self.environment.push((variable, password.to_owned()));
    }

    /// A service whose runs are `acme/NAME` on GitHub, and whose image is acme/shop; `more` are keys of the image.
    pub(crate) fn service(&mut self, name: &str, host: &str, more: &str) {
        self.service_with(name, host, "branch = [\"main\"]\npush_job = \"push*\"", more);
    }

    /// The same with these keys of the service.
    pub(crate) fn service_with(&mut self, name: &str, host: &str, keys: &str, more: &str) {
        self.add(&format!(
            "[[service]]\nname = \"{name}\"\nci = \"github\"\nrepo = \"acme/{name}\"\n{keys}\n\
             [[service.image]]\nrepository = \"{host}/{IMAGE}\"\ntags = [\"sha-{{sha:7}}\"]\n{more}\n"
        ));
    }

    /// Adds to the configuration.
    pub(crate) fn add(&mut self, text: &str) {
        self.body.push_str(text);
    }

    /// Changes a setting of the first part, which must be there.
    pub(crate) fn set(&mut self, from: &str, to: &str) {
        assert!(self.head.contains(from), "{from} is set");
        self.head = self.head.replace(from, to);
    }

    /// Sets a variable of the binary's environment.
    pub(crate) fn set_variable(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn write_config(&self) -> PathBuf {
        let path = self.folder.path().join("landfall.toml");
        fs::write(&path, format!("{}{}", self.head, self.body)).unwrap();
        path
    }

    /// Runs `landfall check --format json`, and holds what holds for every report.
    pub(crate) async fn check(&self) -> Checked {
        self.check_with(&[]).await
    }

    /// The same with more arguments.
    pub(crate) async fn check_with(&self, arguments: &[&str]) -> Checked {
        let mut checked = self.run(&[&["check", "--format", "json"], arguments].concat()).await;
        checked.report = serde_json::from_str(&checked.stdout).unwrap_or_else(|error| {
            panic!("{error}\nexit {}\n{}\n{}", checked.code, checked.stdout, checked.stderr);
        });
        checked.hold();
        checked
    }

    /// Runs the binary with this configuration, whatever it prints. It sees no home but its own, and remembers nothing
    /// but where a state folder is named.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Checked {
        let home = self.folder.path();
        // The first run finds nothing to forget.
        let _ = std::fs::remove_dir_all(home.join("state"));
        let output = Command::new(env!("CARGO_BIN_EXE_landfall"))
            .args(arguments)
            .arg("--config")
            .arg(self.write_config())
            .env_clear()
            .env("HOME", home)
            .env("XDG_STATE_HOME", home.join("state"))
            .env("XDG_CACHE_HOME", home.join("cache"))
            .env("NO_PROXY", "*")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(std::time::Duration::from_mins(1), output).await.expect("an end").unwrap();
        Checked {
            code: output.status.code().expect("no signal"),
            report: Value::Null,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            about: String::new(),
        }
    }
}

impl Checked {
    /// Notes what was tried, for the message of a test that fails.
    pub(crate) fn about(self, about: String) -> Self {
        Self { about, ..self }
    }

    /// Returns the row of this commit; there must be one only.
    #[track_caller]
    pub(crate) fn row(&self, sha: &str) -> &Value {
        let rows = self.report["images"].as_array().unwrap();
        let found: Vec<&Value> = rows.iter().filter(|row| row["sha"] == sha).collect();
        assert_eq!(found.len(), 1, "one row for {sha} in {:#}\n{}", self.report, self.stderr);
        found[0]
    }

    /// Holds that this commit has this verdict, and that the binary ended with this code.
    #[track_caller]
    pub(crate) fn says(&self, sha: &str, verdict: &str, code: i32) {
        let row = self.row(sha);
        assert_eq!(row["verdict"], verdict, "{}\n{row:#}\n{:#}\n{}", self.about, self.report["sources"], self.stderr);
        assert_eq!(self.code, code, "the exit code of {:#}", self.report["summary"]);
    }

    /// Returns the evidence of this commit's row, a sentence a line.
    #[track_caller]
    pub(crate) fn evidence(&self, sha: &str) -> String {
        let sentences = self.row(sha)["evidence"].as_array().unwrap();
        assert!(!sentences.is_empty(), "a verdict gives its evidence: {:#}", self.row(sha));
        sentences.iter().fold(String::new(), |mut all, sentence| {
            writeln!(all, "{}", sentence.as_str().unwrap()).unwrap();
            all
        })
    }

    /// Holds that nothing here is claimed of what could not be looked at: `unknown`, exit 3, and a reason.
    #[track_caller]
    pub(crate) fn could_not_look(&self, sha: &str) -> String {
        self.says(sha, "unknown", 3);
        self.evidence(sha)
    }

    /// What holds for every report, whatever it says.
    #[track_caller]
    fn hold(&self) {
        assert_eq!(self.report["schema_version"], 1);
        let rows = self.report["images"].as_array().unwrap();
        let summary = self.report["summary"].as_object().unwrap();
        assert_eq!(summary.len(), 10, "ten verdicts: {summary:?}");
        for (verdict, count) in summary {
            let found = rows.iter().filter(|row| row["verdict"] == verdict.as_str()).count() as u64;
            assert_eq!(count.as_u64(), Some(found), "{verdict} in {:#}", self.report);
        }
        assert_eq!(harmful(&self.stdout), None, "{}", self.stdout.escape_debug());
        assert_eq!(harmful(&self.stderr), None, "{}", self.stderr.escape_debug());
        for secret in [TOKEN, "right-horse", "writes-much", "reads-only"] {
            assert!(!self.stdout.contains(secret) && !self.stderr.contains(secret), "{secret} was shown");
        }
    }
}
