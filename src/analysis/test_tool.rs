//! Which tool runs a test, as far as its report gives that away.

use super::TestFlakiness;

/// The ecosystem that a test belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Ecosystem {
    Rust,
    Go,
    Python,
    JavaScript,
    Jvm,
    Ruby,
    Php,
    DotNet,
}

impl Ecosystem {
    /// Returns the ecosystem by the file, or else by how the class and the name are written; nothing where they do not
    /// tell.
    pub(super) fn of(test: &TestFlakiness) -> Option<Self> {
        let (classname, name) = (test.classname.as_str(), test.name.as_str());
        let file = test.file.as_ref().and_then(|file| Self::by_file(file.as_str()));
        file.or_else(|| Self::by_file(classname)).or_else(|| Self::by_shape(classname, name))
    }

    fn by_file(file: &str) -> Option<Self> {
        let (stem, extension) = file.rsplit_once('.')?;
        // A dotted class such as `shop.cart.py` is no file.
        let is_dotted = stem.contains('.') && ![".test", ".spec"].iter().any(|kind| stem.ends_with(kind));
        let is_path = stem.contains(['/', '\\']) || !is_dotted;
        Some(match extension {
            _ if !is_path => return None,
            "rs" => Self::Rust,
            "go" => Self::Go,
            "py" => Self::Python,
            "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" => Self::JavaScript,
            "java" | "kt" | "kts" | "groovy" | "scala" => Self::Jvm,
            "rb" => Self::Ruby,
            "php" => Self::Php,
            "cs" | "fs" | "vb" => Self::DotNet,
            _ => return None,
        })
    }

    fn by_shape(classname: &str, name: &str) -> Option<Self> {
        let segments: Vec<&str> = classname.split('.').collect();
        let starts = |segment: &str, upper: bool| {
            segment.chars().next().is_some_and(|first| if upper { first.is_uppercase() } else { first.is_lowercase() })
        };
        let is_class = segments.len() > 1 && segments.last().is_some_and(|last| starts(last, true));
        let is_go = |prefix: &str| {
            let rest = name.strip_prefix(prefix);
            rest.is_some_and(|rest| !rest.starts_with(char::is_lowercase))
        };
        if classname.contains('\\') {
            Some(Self::Php)
        } else if classname.contains("::") || name.contains("::") {
            Some(Self::Rust)
        } else if classname.contains('/') && ["Test", "Fuzz", "Example"].into_iter().any(is_go) {
            Some(Self::Go)
        } else if segments.iter().any(|segment| segment.ends_with("_spec")) {
            Some(Self::Ruby)
        } else if segments.iter().any(|segment| segment.starts_with("test_")) || name.starts_with("test_") {
            Some(Self::Python)
        } else if is_class && segments.first().is_some_and(|first| starts(first, false)) {
            Some(Self::Jvm)
        } else if is_class {
            Some(Self::DotNet)
        } else {
            None
        }
    }
}
