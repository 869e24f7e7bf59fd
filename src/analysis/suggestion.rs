//! What could be done about a flake, in the words of the tool at hand: text to copy. landfall runs none of it.

use super::TestFlakiness;
use super::test_tool::Ecosystem;
use crate::domain::{Retries, Run, Text};

/// What a suggestion is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To see the flake again, and to let a build get over it.
    RunAgain,
    /// To see whether it depends on what runs before it.
    Shuffle,
    /// To keep it from failing builds until it is mended.
    Quarantine,
}

impl Purpose {
    /// Returns the word that the report uses.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::RunAgain => "run-again",
            Self::Shuffle => "shuffle",
            Self::Quarantine => "quarantine",
        }
    }

    /// Returns the words that stand before the text.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::RunAgain => "run again",
            Self::Shuffle => "shuffle",
            Self::Quarantine => "quarantine",
        }
    }
}

/// A command, or a mark for the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What it is good for.
    pub purpose: Purpose,
    /// The tool that understands it.
    pub tool: &'static str,
    /// The text: what others named stands in quotes, so that a shell takes it for nothing but a name.
    pub text: String,
}

/// Returns what could be done about a test; nothing where its report does not tell which tool runs it.
#[must_use]
pub fn for_test(test: &TestFlakiness) -> Vec<Suggestion> {
    let (classname, name) = (test.classname.as_str(), test.name.as_str());
    let file = test.file.as_ref().map(Text::as_str);
    match Ecosystem::of(test) {
        Some(Ecosystem::Rust) => rust(name),
        Some(Ecosystem::Go) => go(classname, name),
        Some(Ecosystem::Python) => python(classname, name, file),
        Some(Ecosystem::JavaScript) => javascript(name),
        Some(Ecosystem::Jvm) => jvm(classname, name),
        Some(Ecosystem::Ruby) => ruby(name, file),
        Some(Ecosystem::Php) => php(name),
        Some(Ecosystem::DotNet) => dot_net(classname, name),
        None => Vec::new(),
    }
}

/// Returns what could be done about a job of a provider that retries so. `run` is one in which it failed.
#[must_use]
pub fn for_job(run: Option<&Run>, retries: Retries) -> Vec<Suggestion> {
    match retries {
        Retries::Runs => {
            let again = run.map(|run| {
                let (id, repo) = (run.key.id, quoted(run.key.repo.as_str()));
                // Where it passed in the end there is no failed job to try again.
                let failed = if run.state.is_success() { "" } else { " --failed" };
                again("gh", format!("gh run rerun {id}{failed} --repo {repo}"))
            });
            again.into_iter().chain([quarantine("GitHub Actions", "continue-on-error: true".to_owned())]).collect()
        }
        Retries::Jobs => {
            vec![again("GitLab CI", "retry: 2".to_owned()), quarantine("GitLab CI", "allow_failure: true".to_owned())]
        }
    }
}

fn again(tool: &'static str, text: String) -> Suggestion {
    Suggestion { purpose: Purpose::RunAgain, tool, text }
}

fn shuffle(tool: &'static str, text: &str) -> Suggestion {
    Suggestion { purpose: Purpose::Shuffle, tool, text: text.to_owned() }
}

fn quarantine(tool: &'static str, text: String) -> Suggestion {
    Suggestion { purpose: Purpose::Quarantine, tool, text }
}

fn rust(name: &str) -> Vec<Suggestion> {
    let filter = format!("test(={})", escaped(name, "\\/),"));
    vec![
        again("nextest", format!("cargo nextest run --retries 3 -E {}", quoted(&filter))),
        shuffle("libtest", "cargo +nightly test -- -Z unstable-options --shuffle"),
        quarantine("libtest", "#[ignore = \"flaky\"]".to_owned()),
    ]
}

fn go(package: &str, name: &str) -> Vec<Suggestion> {
    let pattern: Vec<String> = name.split('/').map(|part| format!("^{}$", regex::escape(part))).collect();
    let package = path(package);
    vec![
        again("go test", format!("go test {package} -count=10 -run {}", quoted(&pattern.join("/")))),
        shuffle("go test", &format!("go test {package} -count=5 -shuffle=on")),
        quarantine("go test", "t.Skip(\"flaky\")".to_owned()),
    ]
}

fn python(classname: &str, name: &str, file: Option<&str>) -> Vec<Suggestion> {
    let class = classname.rsplit('.').next().filter(|last| last.starts_with(char::is_uppercase));
    let which = match file {
        Some(file) => {
            let parts: Vec<&str> = [file].into_iter().chain(class).chain([name]).collect();
            format!(" {}", path(&parts.join("::")))
        }
        None => by_keyword(name),
    };
    vec![
        again("pytest-rerunfailures", format!("pytest --reruns 3{which}")),
        shuffle("pytest-random-order", "pytest --random-order"),
        quarantine("pytest", "@pytest.mark.xfail(reason=\"flaky\", strict=False)".to_owned()),
    ]
}

/// pytest reads what follows `-k` as an expression; a name with its parameters is none.
fn by_keyword(name: &str) -> String {
    let name = name.split('[').next().unwrap_or(name);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_name { format!(" -k {}", quoted(name)) } else { String::new() }
}

fn javascript(name: &str) -> Vec<Suggestion> {
    let pattern = quoted(&regex::escape(name));
    vec![
        again("Vitest", format!("npx vitest run --retry=3 -t {pattern}")),
        again("Jest (with jest.retryTimes(3) in the file)", format!("npx jest -t {pattern}")),
        again("Playwright", format!("npx playwright test --repeat-each=10 -g {pattern}")),
        shuffle("Vitest", "npx vitest run --sequence.shuffle"),
        shuffle("Jest", "npx jest --randomize"),
        quarantine("Vitest, Jest, Playwright", "test.skip".to_owned()),
    ]
}

/// `adds()[1]` and `adds(int)` are calls of the method `adds`.
fn method(name: &str) -> &str {
    name.split(['(', '[']).next().unwrap_or(name)
}

fn jvm(classname: &str, name: &str) -> Vec<Suggestion> {
    let name = method(name);
    let (maven, gradle) = (quoted(&format!("-Dtest={classname}#{name}")), quoted(&format!("{classname}.{name}")));
    vec![
        again("Maven", format!("mvn test -Dsurefire.rerunFailingTestsCount=3 {maven}")),
        again("Gradle", format!("./gradlew test --rerun --tests={gradle}")),
        shuffle("Maven", "mvn test -Dsurefire.runOrder=random"),
        quarantine("JUnit 5", "@Disabled(\"flaky\")".to_owned()),
    ]
}

fn ruby(name: &str, file: Option<&str>) -> Vec<Suggestion> {
    let file = file.map(|file| format!(" {}", path(file))).unwrap_or_default();
    vec![
        again("RSpec", format!("bundle exec rspec{file} --example={}", quoted(name))),
        shuffle("RSpec", "bundle exec rspec --order rand"),
        quarantine("RSpec", "skip: \"flaky\"".to_owned()),
    ]
}

fn php(name: &str) -> Vec<Suggestion> {
    let filter = format!("/::{}$/", regex::escape(name).replace('/', "\\/"));
    vec![
        again("PHPUnit", format!("vendor/bin/phpunit --filter {}", quoted(&filter))),
        shuffle("PHPUnit", "vendor/bin/phpunit --order-by=random"),
        quarantine("PHPUnit", "$this->markTestSkipped('flaky');".to_owned()),
    ]
}

fn dot_net(classname: &str, name: &str) -> Vec<Suggestion> {
    let full = escaped(&format!("{classname}.{}", method(name)), "\\()&|=!~");
    vec![
        again("dotnet test", format!("dotnet test --filter {}", quoted(&format!("FullyQualifiedName={full}")))),
        quarantine("xUnit", "[Fact(Skip = \"flaky\")]".to_owned()),
    ]
}

fn escaped(text: &str, special: &str) -> String {
    let escape = |c: char| special.contains(c).then_some('\\').into_iter().chain([c]);
    text.chars().flat_map(escape).collect()
}

/// Returns the text as one word of a POSIX shell, whatever is in it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,=-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Returns a path as one word that no command takes for an option.
fn path(text: &str) -> String {
    if text.starts_with('-') { quoted(&format!("./{text}")) } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_what_others_named_for_one_word() {
        let cases = [
            ("adds", "adds"),
            ("a::b", "a::b"),
            ("", "''"),
            ("two words", "'two words'"),
            ("$(rm -rf ~)", "'$(rm -rf ~)'"),
            ("`x`; y & z | w > v", "'`x`; y & z | w > v'"),
            ("it's", "'it'\\''s'"),
            ("--help", "--help"),
            ("größe", "'größe'"),
        ];
        for (text, word) in cases {
            assert_eq!(quoted(text), word, "{text}");
        }
        assert_eq!(path("--help"), "./--help");
    }
}
