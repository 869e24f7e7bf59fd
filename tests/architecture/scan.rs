//! Reads a source file as far as the rules need: which paths it names, on which line, and which macros it calls.

/// A name or a mark, with the line it stands on. Comments, strings and characters are gone.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Token {
    text: String,
    line: usize,
}

/// One path as written out in full, such as `crate::domain::Run`; groups are taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
}

impl Path {
    pub(crate) fn text(&self) -> String {
        self.segments.join("::")
    }
}

/// Returns every path in the file, outside of `#[cfg(test)] mod … { }`. `module` is the file's own place below the
/// crate, such as `["analysis", "plan"]`; `self::` and `super::` come out as what they stand for, from `crate` on.
/// A lone name is a path of one segment, and a macro's name ends in `!`.
pub(crate) fn paths(source: &str, module: &[&str]) -> Vec<Path> {
    let tokens = without_tests(&tokens(source));
    let mut walk = Walk { tokens: &tokens, at: 0, depth: 0, modules: Vec::new(), found: Vec::new(), home: module };
    while walk.at < tokens.len() {
        walk.step();
    }
    walk.found
}

struct Walk<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
    /// Inline modules that the walk is inside of, and at which depth of braces each began.
    modules: Vec<(String, usize)>,
    found: Vec<Path>,
    home: &'a [&'a str],
}

impl Walk<'_> {
    fn peek(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| &token.text)
    }

    fn step(&mut self) {
        match self.peek(0) {
            "mod" if is_name(self.peek(1)) && self.peek(2) == "{" => {
                self.modules.push((self.peek(1).to_owned(), self.depth));
                self.depth += 1;
                self.at += 3;
            }
            "{" => {
                self.depth += 1;
                self.at += 1;
            }
            "}" => {
                self.depth = self.depth.saturating_sub(1);
                if self.modules.last().is_some_and(|(_, began)| *began == self.depth) {
                    self.modules.pop();
                }
                self.at += 1;
            }
            name if is_name(name) => {
                let start = self.at;
                let before = start.checked_sub(1).map_or("", |at| &self.tokens[at].text);
                let visibility = name == "crate" && matches!(before, "(" | "in") && self.peek(1) == ")";
                let own = !matches!(before, "." | "'") && !visibility;
                self.tree(&[], own);
            }
            _ => self.at += 1,
        }
    }

    /// Reads one path, or a `use` tree, whose first segments are known.
    fn tree(&mut self, before: &[String], keep: bool) {
        let line = self.tokens[self.at].line;
        let mut segments = before.to_vec();
        loop {
            match self.peek(0) {
                "{" => return self.group(&segments, keep),
                name if is_name(name) || name == "*" => segments.push(name.to_owned()),
                _ => break,
            }
            self.at += 1;
            if self.peek(0) == "!"
                && self.peek(1) != "="
                && let Some(last) = segments.last_mut()
            {
                last.push('!');
            }
            if self.peek(0) != "::" {
                break;
            }
            self.at += 1;
        }
        if segments.len() > before.len() && !before.is_empty() && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        if keep && !segments.is_empty() {
            let segments = self.absolute(segments);
            self.found.push(Path { segments, line });
        }
    }

    fn group(&mut self, before: &[String], keep: bool) {
        self.at += 1;
        while !matches!(self.peek(0), "}" | "") {
            let start = self.at;
            self.tree(before, keep);
            if self.peek(0) == "as" {
                self.at += 2;
            }
            if self.peek(0) == "," || self.at == start {
                self.at += 1;
            }
        }
        self.at += 1;
    }

    fn absolute(&self, segments: Vec<String>) -> Vec<String> {
        if segments.len() < 2 || !matches!(segments[0].as_str(), "self" | "super") {
            return segments;
        }
        let mut here: Vec<String> = self.home.iter().map(|name| (*name).to_owned()).collect();
        here.extend(self.modules.iter().map(|(name, _)| name.clone()));
        let mut rest = segments.into_iter().peekable();
        while let Some(step) = rest.next_if(|segment| segment == "self" || segment == "super") {
            if step == "super" {
                here.pop();
            }
        }
        std::iter::once("crate".to_owned()).chain(here).chain(rest).collect()
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Leaves out `#[cfg(test)] mod … { … }`.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    const MARK: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let marked = tokens.len() > at + 9 && MARK.iter().zip(&tokens[at..]).all(|(mark, token)| *mark == token.text);
        if marked && tokens[at + 9].text == "{" {
            let mut depth = 1;
            at += 10;
            while at < tokens.len() && depth > 0 {
                match tokens[at].text.as_str() {
                    "{" => depth += 1,
                    "}" => depth -= 1,
                    _ => {}
                }
                at += 1;
            }
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Cuts the source into names and marks; `::` is one mark. What is quoted or commented out is left out.
fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let quoted = quoted_end(&chars, at);
        let end = quoted.unwrap_or_else(|| mark_end(&chars, at));
        if quoted.is_none() && !chars[at].is_whitespace() {
            found.push(Token { text: chars[at..end].iter().collect(), line });
        }
        line += chars[at..end].iter().filter(|c| **c == '\n').count();
        at = end;
    }
    found
}

fn mark_end(chars: &[char], at: usize) -> usize {
    let word = |c: &char| c.is_alphanumeric() || *c == '_';
    if word(&chars[at]) {
        return at + chars[at..].iter().take_while(|c| word(c)).count();
    }
    if chars[at..].starts_with(&[':', ':']) { at + 2 } else { at + 1 }
}

/// Returns where the comment, string or character that begins here ends, if one begins here.
fn quoted_end(chars: &[char], at: usize) -> Option<usize> {
    let rest = &chars[at..];
    if rest.starts_with(&['/', '/']) {
        return Some(at + rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()));
    }
    if rest.starts_with(&['/', '*']) {
        return Some(at + comment_length(rest));
    }
    let starts_word = at == 0 || !(chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    let prefix = rest.iter().take_while(|c| matches!(c, 'b' | 'c' | 'r')).count();
    if starts_word && prefix <= 2 && rest[..prefix].contains(&'r') {
        let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
        if rest.get(prefix + hashes) == Some(&'"') {
            return Some(at + prefix + hashes + 1 + raw_length(&rest[prefix + hashes + 1..], hashes));
        }
    }
    match rest[0] {
        '"' => Some(at + escaped_length(rest, '"')),
        '\'' if rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'') => Some(at + escaped_length(rest, '\'')),
        _ => None,
    }
}

fn comment_length(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(&['/', '*']) {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(&['*', '/']) {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn raw_length(rest: &[char], hashes: usize) -> usize {
    let ends = |at: &usize| rest[*at] == '"' && rest[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes;
    (0..rest.len()).find(ends).map_or(rest.len(), |at| at + 1 + hashes)
}

fn escaped_length(rest: &[char], mark: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != mark {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}
