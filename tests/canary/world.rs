//! A home with a configuration whose every secret is a canary, read in every way in which one can be.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use portable_pty::CommandBuilder;
use tempfile::TempDir;

use crate::loopback::Loopback;
use crate::parrot::{behind_a_user, forms};

/// What every canary begins with. The marks behind it are written differently in each form.
pub(crate) const CANARY: &str = "CANARY_d3adb33f";

/// In a variable, in a file, from a command, from a credential helper.
const VARIABLE: &str = "CANARY_d3adb33f/variable+\"quoted\"\\%";
const FILE: &str = "CANARY_d3adb33f/file+\"quoted\"\\%";
const COMMAND: &str = "CANARY_d3adb33f/command+\"quoted\"\\%";
const HELPER: &str = "CANARY_d3adb33f/helper+\"quoted\"\\%";

pub(crate) struct World {
    home: TempDir,
    secrets: Vec<String>,
}

impl World {
    /// Returns one that watches a GitHub, a GitLab, a registry with a password and one with a helper.
    pub(crate) fn new(servers: [&Loopback; 4]) -> Self {
        let home = TempDir::new().unwrap();
        let world = Self { home, secrets: [VARIABLE, FILE, COMMAND, HELPER].map(str::to_owned).to_vec() };
        let other = servers[3].host();
        world.write("token", FILE, 0o600);
        world.write("command-token", COMMAND, 0o600);
        world.write("docker/config.json", &format!(r#"{{"credHelpers":{{"{other}":"parrot"}}}}"#), 0o600);
        let dump = |name: &str, rest: &str| {
            let path = world.path().join(format!("seen-by-{name}"));
            format!("#!/bin/sh\n{{ env; cat /proc/self/limits; }} > {}\n{rest}\n", path.display())
        };
        let helper = serde_json::json!({ "Username": "robot", "Secret": HELPER }).to_string();
        world.write("helper.json", &helper, 0o600);
        let answer = format!("cat {}", world.path().join("helper.json").display());
        world.write("bin/docker-credential-parrot", &dump("helper", &answer), 0o700);
        let print = format!("cat {}", world.path().join("command-token").display());
        world.write("bin/print-password", &dump("command", &print), 0o700);
        world.write("bin/inventory", &dump("inventory", "echo '{}'"), 0o700);
        world.write("bin/xdg-open", &dump("browser", ""), 0o700);
        world.write("landfall.toml", &world.config(servers), 0o600);
        world
    }

    fn config(&self, [github, gitlab, basic, docker]: [&Loopback; 4]) -> String {
        let (github, gitlab, host, other) = (&github.url, &gitlab.url, basic.host(), docker.host());
        let bin = |name: &str| self.path().join("bin").join(name).display().to_string();
        let file = self.path().join("token").display().to_string();
        let service = |name: &str, ci: &str, host: &str| {
            format!(
                "[[service]]\nname = \"{name}\"\nci = \"{ci}\"\nrepo = \"acme/{name}\"\nreports = [\"junit*\"]\n\
                 [[service.image]]\nrepository = \"{host}/acme/{name}\"\ntags = [\"sha-{{sha:7}}\"]\n"
            )
        };
        format!(
            "[credentials]\ninventory = true\ncommands = [{{ name = \"vault\", command = [{inventory:?}] }}]\n\
             [[ci]]\nname = \"github\"\nkind = \"github\"\nurl = \"{github}\"\ntoken = {{ env = \"CANARY_TOKEN\" }}\n\
             [[ci]]\nname = \"gitlab\"\nkind = \"gitlab\"\nurl = \"{gitlab}\"\ntoken = {{ file = {file:?} }}\n\
             [[registry]]\nhost = \"{host}\"\nplain_http = true\n\
             credential = {{ username = \"robot\", password = {{ command = [{command:?}] }} }}\n\
             [[registry]]\nhost = \"{other}\"\nplain_http = true\ncredential = \"docker\"\n{}{}{}",
            service("shop", "github", &host),
            service("cart", "github", &other),
            service("till", "gitlab", &host),
            inventory = bin("inventory"),
            command = bin("print-password"),
        )
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn state(&self) -> PathBuf {
        self.path().join("state")
    }

    fn arguments(&self) -> [String; 4] {
        let shown = |path: PathBuf| path.display().to_string();
        ["--config".to_owned(), shown(self.path().join("landfall.toml")), "--state".to_owned(), shown(self.state())]
    }

    /// Returns the environment that the program finds.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let shown = |name: &str| self.path().join(name).display().to_string();
        let path = format!("{}:{}", shown("bin"), std::env::var("PATH").unwrap());
        vec![
            ("CANARY_TOKEN", VARIABLE.to_owned()),
            ("DOCKER_CONFIG", shown("docker")),
            ("HOME", shown("")),
            ("PATH", path),
            ("RUST_BACKTRACE", "full".to_owned()),
            ("RUST_LOG", "trace".to_owned()),
            ("DISPLAY", ":7".to_owned()),
        ]
    }

    pub(crate) fn command(&self, mut command: CommandBuilder) -> CommandBuilder {
        command.args(self.arguments());
        command
    }

    /// Returns everything that the program says.
    pub(crate) async fn run(&self, arguments: &[&str]) -> String {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_landfall"));
        command.args(arguments).args(self.arguments()).envs(self.variables()).stdin(Stdio::null());
        let output = command.output().await.unwrap();
        [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat()
    }

    /// Checks that none of the secrets is in there, in any form.
    pub(crate) fn is_clean(&self, place: &str, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes);
        let secrets = || self.secrets.iter().map(String::as_str).chain([CANARY]);
        for form in secrets().flat_map(forms).chain(secrets().flat_map(behind_a_user)) {
            if let Some(at) = text.find(&form) {
                let around = text.get(at.saturating_sub(200)..).unwrap_or_default();
                panic!("{place} holds {form}:\n{}", around.chars().take(600).collect::<String>());
            }
        }
    }

    /// Checks what was written into the state folder.
    pub(crate) fn is_kept_clean(&self) {
        let mut files = 0;
        for file in fs::read_dir(self.state()).unwrap() {
            let path = file.unwrap().path();
            self.is_clean(&path.display().to_string(), &fs::read(&path).unwrap());
            files += 1;
        }
        assert!(files > 0, "nothing was kept");
    }

    /// Checks what the commands found that were run.
    pub(crate) fn children_saw_nothing(&self) {
        let mut seen = 0;
        for name in ["helper", "command", "inventory", "browser"] {
            let Ok(found) = fs::read(self.path().join(format!("seen-by-{name}"))) else { continue };
            self.is_clean(&format!("the environment of the {name}"), &found);
            let text = String::from_utf8_lossy(&found);
            let cores = text.lines().find(|line| line.starts_with("Max core file size")).unwrap();
            assert_eq!(cores.split_whitespace().filter(|word| *word == "0").count(), 2, "{name}: {cores}");
            seen += 1;
        }
        assert!(seen >= 3, "only {seen} commands were run");
    }
}
