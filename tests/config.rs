//! The configuration file: what is refused and how it is said, what is accepted and what becomes of it.
#![expect(clippy::unwrap_used, clippy::string_slice, clippy::indexing_slicing, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

use landfall::config::{self, Config, NamedBy};
use rstest::rstest;
use serde_json::Value;

fn fixtures(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

fn parse(text: &str) -> Config {
    config::parse(text, Path::new("/etc/landfall/config.toml")).unwrap().config
}

fn root(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn every_mistake_is_named_with_its_place_and_a_way_out() {
    for (name, text) in fixtures("bad") {
        let said = config::parse(&text, Path::new("config.toml")).unwrap_err().to_string();
        insta::assert_snapshot!(format!("bad_{name}"), said);
    }
}

#[test]
fn no_message_repeats_a_secret_or_shows_a_control_character() {
    for (name, text) in fixtures("bad") {
        let said = config::parse(&text, Path::new("config.toml")).unwrap_err().to_string();
        assert!(!said.contains("CANARY") && !said.contains("12345"), "{name}: {said}");
        let hidden = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!said.contains(hidden), "{name}: {said:?}");
    }
}

#[test]
fn a_good_file_is_put_in_force_as_written() {
    for (name, text) in fixtures("good") {
        let loaded = config::parse(&text, Path::new("/etc/landfall/config.toml")).unwrap();
        let mut shown = config::show(&loaded.config).unwrap();
        for warning in &loaded.warnings {
            shown.push_str("\n# ");
            warning.write(&mut shown, &"config.toml".into()).unwrap();
        }
        insta::assert_snapshot!(format!("good_{name}"), shown);
    }
}

#[test]
fn what_is_shown_reads_back_as_the_same_configuration() {
    for (name, text) in fixtures("good") {
        let shown = config::show(&parse(&text)).unwrap();
        assert_eq!(config::show(&parse(&shown)).unwrap(), shown, "{name}");
    }
}

#[test]
fn the_example_stands_at_every_default() {
    let example = parse(&root("config.example.toml"));
    let smallest = parse(
        r#"
        [[ci]]
        name = "github"
        kind = "github"
        [[vault]]
        name = "vault"
        url = "https://vault.example.com:8200"
        token = { env = "VAULT_TOKEN" }
        [[aws]]
        name = "aws"
        regions = "eu-central-1"
        [[service]]
        name = "checkout"
        ci = "github"
        repo = "acme/checkout"
        [[service.image]]
        repository = "ghcr.io/acme/checkout"
        tags = ["sha-{sha:7}"]
        [[credential]]
        name = "ghcr push token"
        rotate_by = "2027-03-31"
        "#,
    );
    assert_eq!(config::show(&example).unwrap(), config::show(&smallest).unwrap());
}

#[test]
fn the_example_explains_every_key_of_the_schema() {
    let schema: Value = serde_json::from_str(&config::schema()).unwrap();
    let example = root("config.example.toml");
    let sections = [
        "Poll",
        "Policy",
        "Hours",
        "Credentials",
        "Ci",
        "Registry",
        "Vault",
        "Kv",
        "Aws",
        "Service",
        "Image",
        "Declared",
    ];
    for section in sections {
        let keys = schema.pointer(&format!("/$defs/{section}/properties")).unwrap().as_object().unwrap();
        for key in keys.keys().filter(|key| *key != "image") {
            // What stands in a list on one line is explained there.
            let inside = |line: &str| section == "Kv" && line.starts_with("#kv") && line.contains(&format!("{key} = "));
            let explained = |line: &str| line.trim_start_matches('#').starts_with(&format!("{key} = ")) || inside(line);
            assert!(example.lines().any(explained), "{section}.{key}");
        }
    }
}

#[test]
fn each_commented_key_of_the_example_is_accepted_too() {
    let example = root("config.example.toml");
    let commented = |line: &str| line.starts_with('#') && !line.starts_with("# ");
    let choices: Vec<usize> =
        example.lines().enumerate().filter(|(_, line)| commented(line)).map(|(at, _)| at).collect();
    assert!(choices.len() >= 6);
    for choice in choices {
        let uncommented = example.lines().nth(choice).unwrap().trim_start_matches('#');
        let key = uncommented.split(' ').next().unwrap();
        let section = example.lines().take(choice).collect::<Vec<_>>().join("\n");
        let start = section.rfind("\n[").unwrap();
        let twin = format!("\n{key} = ");
        let before = section[start..].find(&twin).map(|at| start + at + 1);
        let mut lines: Vec<&str> = example.lines().collect();
        if let Some(line) = before.map(|at| section[..at].matches('\n').count()) {
            lines[line] = "";
        }
        lines[choice] = uncommented;
        parse(&lines.join("\n"));
    }
}

#[test]
fn the_starter_is_good() {
    let loaded = config::parse(&root("assets/starter.toml"), Path::new("config.toml")).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
}

#[test]
fn the_published_schema_is_the_one_in_force() {
    assert!(
        root("assets/schema/config.schema.json") == config::schema(),
        "run: landfall config schema > assets/schema/config.schema.json"
    );
}

#[test]
fn the_schema_accepts_what_the_reader_accepts_and_knows_its_keys() {
    let schema: Value = serde_json::from_str(&config::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let value = |text: &str| serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap();
    let good = fixtures("good").into_iter().chain([("example".to_owned(), root("config.example.toml"))]);
    for (name, text) in good {
        let errors: Vec<String> = validator.iter_errors(&value(&text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
    for name in ["unknown_keys", "wrong_kinds", "nothing_required", "secrets", "credentials", "stores"] {
        let (_, text) = fixtures("bad").into_iter().find(|(it, _)| it == name).unwrap();
        assert!(!validator.is_valid(&value(&text)), "{name}");
    }
}

#[test]
fn relative_paths_start_at_the_files_folder() {
    let (_, text) = fixtures("good").into_iter().find(|(name, _)| name == "full").unwrap();
    let shown = config::show(&parse(&text)).unwrap();
    assert!(shown.contains("file = \"/etc/landfall/tokens/github\""), "{shown}");
    assert!(shown.contains("ca_file = \"/etc/ssl/company.pem\""), "{shown}");
}

#[test]
fn one_service_can_be_asked_for_by_name_alone() {
    let (_, text) = fixtures("good").into_iter().find(|(name, _)| name == "full").unwrap();
    let only = parse(&text).only(&["web".to_owned()]).unwrap();
    assert_eq!(only.services.iter().map(|service| service.name.as_str()).collect::<Vec<_>>(), ["web"]);
    let refused = parse(&text).only(&["wob".to_owned()]).unwrap_err();
    assert_eq!(refused, "no service is named \"wob\"; the configuration has checkout, web");
}

#[test]
fn a_moment_is_read_with_quotes_and_without() {
    let example = root("config.example.toml");
    let with = |written: &str| {
        let text = example.replace("rotate_by = \"2027-03-31\"", &format!("rotate_by = {written}"));
        parse(&text).credentials.declared[0].rotate_by.unwrap().to_string()
    };
    assert_eq!(with("2027-03-30"), "2027-03-30T00:00:00Z");
    assert_eq!(with("\"2027-03-30\""), "2027-03-30T00:00:00Z");
    assert_eq!(with("2027-03-30T09:00:00+02:00"), "2027-03-30T07:00:00Z");
    assert_eq!(with("2027-03-30 09:00:00Z"), "2027-03-30T09:00:00Z");
}

#[rstest]
#[case(Some("/a.toml"), Some("/b.toml"), "/a.toml", NamedBy::Argument)]
#[case(None, Some("/b.toml"), "/b.toml", NamedBy::Environment)]
fn the_argument_comes_before_the_environment(
    #[case] argument: Option<&str>,
    #[case] environment: Option<&str>,
    #[case] path: &str,
    #[case] named_by: NamedBy,
) {
    let place = config::find(argument.map(Path::new), environment.map(AsRef::as_ref));
    assert_eq!((place.path.as_path(), place.named_by), (Path::new(path), named_by));
    assert_eq!(config::find(None, Some("".as_ref())).named_by, NamedBy::Platform);
}

#[rstest]
#[case("10s", Some(10))]
#[case("2m", Some(120))]
#[case("1h30m", Some(5400))]
#[case("1h 30m", Some(5400))]
#[case("0s", Some(0))]
#[case("10", None)]
#[case("-10s", None)]
#[case("10s ago", None)]
#[case("", None)]
#[case("1 month", None)]
fn a_span_of_time_is_read_as_people_write_it(#[case] text: &str, #[case] seconds: Option<i64>) {
    assert_eq!(config::parse_duration(text).ok().map(|duration| duration.as_secs()), seconds);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_stumble(text in "[a-z\\[\\]{}=\"'.,#|\\n 0-9é]{0,200}") {
        let _ = config::parse(&text, Path::new("config.toml"));
    }
}
