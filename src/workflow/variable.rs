//! The variables that a text names, as shells write them: `$KEY`, `${KEY}` and `%KEY%`.

/// No key of GitLab is longer.
const LONGEST: usize = 255;

/// Shows every name that a text may mean. `$$` stands for a dollar.
pub(super) fn each(text: &str, mut show: impl FnMut(&str)) {
    let mut rest = text;
    while let Some(at) = rest.find(['$', '%']) {
        let (_, found) = rest.split_at_checked(at).unwrap_or_default();
        rest = match found.strip_prefix('$') {
            Some(after) => dollar(after, &mut show),
            None => percent(found.strip_prefix('%').unwrap_or_default(), &mut show),
        };
    }
}

fn dollar<'a>(after: &'a str, show: &mut impl FnMut(&str)) -> &'a str {
    if let Some(escaped) = after.strip_prefix('$') {
        return escaped;
    }
    let (name, rest) = name(after.strip_prefix('{').unwrap_or(after));
    if !name.is_empty() {
        show(name);
    }
    rest
}

/// What stands between two signs of per cent may be one; the second may begin the next.
fn percent<'a>(after: &'a str, show: &mut impl FnMut(&str)) -> &'a str {
    let (name, rest) = name(after);
    match rest.strip_prefix('%') {
        Some(closed) if !name.is_empty() => {
            show(name);
            closed
        }
        Some(_) | None => after,
    }
}

fn name(text: &str) -> (&str, &str) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end).unwrap_or_default();
    let is_name = name.len() <= LONGEST && !name.starts_with(|c: char| c.is_ascii_digit());
    (if is_name { name } else { "" }, rest)
}

#[cfg(test)]
mod tests {
    #[test]
    fn variables_are_named_as_shells_do() {
        for (text, wanted) in [
            ("docker login -p $TOKEN", &["TOKEN"][..]),
            ("\"${TOKEN}\" ${A:-$B}", &["TOKEN", "A", "B"]),
            ("echo %TOKEN% 50% %A%%B%", &["TOKEN", "A", "B"]),
            ("%a b%C%", &["C"]),
            ("$$TOKEN $1 $? ${ $", &[]),
            ("TOKEN", &[]),
        ] {
            let mut found = Vec::new();
            super::each(text, |name| found.push(name.to_owned()));
            assert_eq!(found, wanted, "{text}");
        }
    }
}
