//! Where a token service may be, and to which one a login may be sent: the registry names it, and it may be hostile.

use url::{Host, Url};

use crate::domain::Failure;

/// Suffixes under which strangers are neighbours: sharing one makes nobody the same party.
/// Country suffixes of the kind `co.uk` are recognised by their shape.
const SHARED: &[&str] = &[
    "amazonaws.com",
    "appspot.com",
    "azurecr.io",
    "azurecr.cn",
    "azurewebsites.net",
    "cloudapp.net",
    "cloudfront.net",
    "duckdns.org",
    "firebaseapp.com",
    "fly.dev",
    "github.io",
    "gitlab.io",
    "herokuapp.com",
    "netlify.app",
    "ngrok.app",
    "ngrok.io",
    "ngrok-free.app",
    "nip.io",
    "onrender.com",
    "pages.dev",
    "pkg.dev",
    "railway.app",
    "run.app",
    "scw.cloud",
    "sslip.io",
    "ts.net",
    "vercel.app",
    "web.app",
    "windows.net",
    "workers.dev",
];

/// What the registry is, for judging the token service that it names.
#[derive(Debug)]
pub(super) struct Trust {
    /// The registry's own address.
    pub(super) base: Url,
    /// Whether it is spoken to without TLS, as configured, or is on this machine.
    pub(super) plain: bool,
    /// Hosts that the configuration lets have the login.
    pub(super) hosts: Vec<String>,
}

impl Trust {
    /// Refuses a token service that is not to be asked at all, or not with a login.
    pub(super) fn check(&self, realm: &Url, with_login: bool) -> Result<(), Failure> {
        let host = realm.host_str().unwrap_or("nowhere");
        let withheld = |why: String| Err(Failure::Withheld(why.into()));
        match realm.scheme() {
            "https" => {}
            "http" if self.plain => {}
            _ => return withheld(format!("the registry names a token service at {host} that does not speak https")),
        }
        if !realm.username().is_empty() || realm.password().is_some() {
            return withheld(format!("the address of the token service at {host} holds a user name or password"));
        }
        if crate::http::is_link_local(realm) {
            return withheld(format!("the registry names a token service at {host}, a link-local address"));
        }
        if with_login && !self.may_have_login(realm) {
            return withheld(format!(
                "the registry names a token service at {host}, which is not known to be its own; \
                 the login was not sent there (if it is, name it in token_hosts)"
            ));
        }
        Ok(())
    }

    fn may_have_login(&self, realm: &Url) -> bool {
        if self.base.host() == realm.host() {
            return true;
        }
        let (Some(Host::Domain(registry)), Some(Host::Domain(service))) = (self.base.host(), realm.host()) else {
            return self.named(realm.host_str().unwrap_or_default());
        };
        let hub = registry == "registry-1.docker.io" && service == "auth.docker.io";
        hub || self.named(service) || same_party(registry, service)
    }

    fn named(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }
}

/// Returns whether both hosts are under one registrable domain, as far as can be told without the public list of
/// suffixes: where in doubt, not.
fn same_party(one: &str, other: &str) -> bool {
    registrable(one).is_some_and(|domain| Some(domain) == registrable(other))
}

fn registrable(host: &str) -> Option<&str> {
    let host = host.trim_end_matches('.');
    let dots: Vec<usize> = host.rmatch_indices('.').map(|(at, _)| at).collect();
    let tail = |dots_kept: usize| match dots.get(dots_kept) {
        Some(at) => host.get(at + 1..),
        None => (dots.len() == dots_kept).then_some(host),
    };
    let (top, pair) = (tail(0)?, tail(1)?);
    let second = pair.split('.').next().unwrap_or_default();
    let country_like = top.len() == 2 && (second.len() <= 3);
    let shared = SHARED.contains(&pair) || country_like;
    if !shared {
        return Some(pair);
    }
    tail(2)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("https://ghcr.io", "https://ghcr.io/token", true)]
    #[case("https://registry-1.docker.io", "https://auth.docker.io/token", true)]
    #[case("https://registry.gitlab.com", "https://gitlab.com/jwt/auth", true)]
    #[case("https://registry.example.co.uk", "https://auth.example.co.uk/t", true)]
    #[case("https://registry.example.co.uk", "https://auth.other.co.uk/t", false)]
    #[case("https://mine.azurecr.io", "https://theirs.azurecr.io/t", false)]
    #[case("https://mine.azurecr.io", "https://mine.azurecr.io/oauth2/token", true)]
    #[case("https://registry.example.com", "https://registry.example.com.evil.net/t", false)]
    #[case("https://registry.example.com", "https://evilexample.com/t", false)]
    #[case("https://registry.example.com", "https://sso.partner.net/t", true)]
    #[case("https://10.0.0.1", "https://10.0.0.2/t", false)]
    #[case("https://reg", "https://auth/t", false)]
    #[case("https://reg.com", "http://reg.com/t", false)]
    #[case("https://reg.com", "https://user:pw@reg.com/t", false)]
    #[case("https://169.254.169.254", "https://169.254.169.254/t", false)]
    #[case("https://reg.com", "file:///etc/passwd", false)]
    fn a_login_goes_only_to_the_registrys_own_party(#[case] base: &str, #[case] realm: &str, #[case] sent: bool) {
        let trust = Trust { base: base.parse().unwrap(), plain: false, hosts: vec!["sso.partner.net".to_owned()] };
        assert_eq!(trust.check(&realm.parse().unwrap(), true).is_ok(), sent);
    }
}
