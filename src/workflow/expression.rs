//! The secrets that GitHub's expressions name: `${{ … }}`, and the whole of an `if`.

/// GitHub refuses expressions that are longer.
const LONGEST: usize = 21_000;

/// What an expression names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Named {
    /// The secret with this name.
    Exactly(String),
    /// All secrets at once.
    All,
    /// A secret whose name is computed.
    Computed,
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Quoted(String),
    Sign(char),
}

/// Returns what the expressions in a text name. What stands outside of them is only text; an expression that nothing
/// closes is none.
pub(super) fn embedded(text: &str) -> Vec<Named> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, inside)) = rest.split_once("${{") {
        let (tokens, after) = tokens(inside, true);
        let Some(after) = after else { break };
        named(&tokens, &mut found);
        rest = after;
    }
    found
}

/// Returns what an `if` names, which is an expression as a whole.
pub(super) fn condition(text: &str) -> Vec<Named> {
    if text.contains("${{") {
        return embedded(text);
    }
    let mut found = Vec::new();
    named(&tokens(text, false).0, &mut found);
    found
}

/// Returns whether an `if` plainly holds whenever what goes before went well: it is empty, or says no more than that.
pub(super) fn holds(condition: &str) -> bool {
    matches!(bare(condition).as_str(), "" | "true" | "success()") || runs_regardless(condition)
}

/// Returns whether an `if` plainly holds even where a job that is needed was skipped.
pub(super) fn runs_regardless(condition: &str) -> bool {
    matches!(bare(condition).as_str(), "always()" | "!cancelled()")
}

/// Returns an expression in lower case, without the signs around it and the spaces in it.
fn bare(condition: &str) -> String {
    let condition = condition.trim();
    let inside = condition.strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}"));
    inside.unwrap_or(condition).chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase()
}

/// Returns what an expression is made of, and what follows its end; nothing where it has none.
fn tokens(text: &str, closes: bool) -> (Vec<Token<'_>>, Option<&str>) {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if text.len() - rest.len() > LONGEST {
            break;
        }
        if closes && let Some(after) = rest.strip_prefix("}}") {
            return (tokens, Some(after));
        }
        if is_word(first) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            tokens.push(Token::Word(word));
            rest = after;
        } else if first == '\'' {
            let Some((quoted, after)) = quoted(rest) else { return (tokens, None) };
            tokens.push(Token::Quoted(quoted));
            rest = after;
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Sign(first));
            }
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    (tokens, None)
}

/// Returns a text in quotes, in which two quotes stand for one, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut quoted = String::new();
    let mut rest = text.strip_prefix('\'')?;
    loop {
        let (part, after) = rest.split_once('\'')?;
        quoted.push_str(part);
        let Some(more) = after.strip_prefix('\'') else { return Some((quoted, after)) };
        quoted.push('\'');
        rest = more;
    }
}

/// `secrets` alone hands on all of them, as `toJSON(secrets)` does; after a dot it belongs to something else.
fn named(tokens: &[Token<'_>], found: &mut Vec<Named>) {
    for (place, token) in tokens.iter().enumerate() {
        let is_secrets = matches!(token, Token::Word(word) if word.eq_ignore_ascii_case("secrets"));
        let before = place.checked_sub(1).and_then(|before| tokens.get(before));
        if !is_secrets || before == Some(&Token::Sign('.')) {
            continue;
        }
        found.push(match tokens.get(place + 1..).unwrap_or_default() {
            [Token::Sign('.'), Token::Word(name), ..] => Named::Exactly((*name).to_owned()),
            [Token::Sign('['), Token::Quoted(name), Token::Sign(']'), ..] => Named::Exactly(name.clone()),
            [Token::Sign('['), Token::Sign(sign), ..] if *sign != '*' => Named::Computed,
            [Token::Sign('['), Token::Word(_) | Token::Quoted(_), ..] => Named::Computed,
            _ => Named::All,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(found: Vec<Named>) -> Vec<String> {
        let word = |named| match named {
            Named::Exactly(name) => name,
            Named::All => "*".to_owned(),
            Named::Computed => "?".to_owned(),
        };
        found.into_iter().map(word).collect()
    }

    #[test]
    fn only_expressions_name_secrets() {
        for (text, wanted) in [
            ("${{ secrets.GHCR_TOKEN }}", &["GHCR_TOKEN"][..]),
            ("a ${{secrets.A}}b${{ SECRETS['B'] }}", &["A", "B"]),
            ("${{ secrets [ 'it''s' ] }}", &["it's"]),
            ("${{ format('{0}', secrets . C) || secrets.D }}", &["C", "D"]),
            ("${{ toJSON(secrets) }}", &["*"]),
            ("${{ toJson( Secrets ) }}", &["*"]),
            ("${{ secrets.* }}", &["*"]),
            ("${{ secrets[format('{0}_KEY', matrix.env)] }}", &["?"]),
            ("${{ secrets[secrets.WHICH] }}", &["?", "WHICH"]),
            ("${{ secrets['A' || 'B'] }}", &["?"]),
            ("${{ '}} secrets.NO' }} ${{ secrets.YES }}", &["YES"]),
            ("${{ inputs.secrets.NO }}", &[]),
            ("${{ my_secrets.NO || secretsX.NO || x-secrets }}", &[]),
            ("echo my-secrets.txt", &[]),
            ("cat /run/secrets.d/x", &[]),
            ("secrets.NO", &[]),
            ("# secrets.NO", &[]),
            ("${{ secrets.NO", &[]),
            ("${{ 'open secrets.NO }}", &[]),
            ("{{ secrets.NO }} $ { { secrets.NO } }", &[]),
            ("", &[]),
        ] {
            assert_eq!(words(embedded(text)), wanted, "{text}");
        }
    }

    #[test]
    fn a_condition_is_an_expression_as_a_whole() {
        for (text, wanted) in [
            ("secrets.A != ''", &["A"][..]),
            ("always() && secrets['B'] == 'secrets.NO'", &["B"]),
            ("!${{ secrets.C }}", &["C"]),
            ("${{ github.ref == 'x' }} && secrets.NO", &[]),
            ("success()", &[]),
        ] {
            assert_eq!(words(condition(text)), wanted, "{text}");
        }
    }

    #[test]
    fn only_what_plainly_always_holds_decides_nothing() {
        for (text, wanted) in [
            ("", (true, false)),
            ("true", (true, false)),
            ("${{ Success ( ) }}", (true, false)),
            ("always()", (true, true)),
            ("${{ !cancelled() }}", (true, true)),
            ("! cancelled()", (true, true)),
            ("false", (false, false)),
            ("failure()", (false, false)),
            ("cancelled()", (false, false)),
            ("!success()", (false, false)),
            ("!${{ always() }}", (false, false)),
            ("always() && github.ref == 'refs/heads/main'", (false, false)),
            ("${{ always() }} && ${{ false }}", (false, false)),
            ("startsWith(github.ref, 'refs/tags/')", (false, false)),
            ("'true'", (false, false)),
        ] {
            assert_eq!((holds(text), runs_regardless(text)), wanted, "{text}");
        }
    }
}
