//! A registry whose token service wants to know who asks; it holds the image of commit a.

use std::path::Path;

use crate::lab::{IMAGE, Lab};
use crate::push::{Image, Login, Pusher};
use crate::registry::{Access, Registry};
use crate::script::{Run, sha, tag};
use crate::token::TokenService;

pub(crate) struct Guarded {
    pub(crate) lab: Lab,
    pub(crate) tokens: TokenService,
    pub(crate) registry: Registry,
}

/// Returns it, read by the binary with one login. `more` writes what else its entry in the configuration says, and gets
/// a folder for files of its own; `runs` are those of the service that is watched.
pub(crate) async fn guarded<const N: usize>(
    own: (&str, &str),
    more: impl FnOnce(&Path) -> String,
    runs: [Run; N],
) -> Guarded {
    let tokens = TokenService::start().await;
    let certificate = tokens.certificate();
    let registry = Registry::start(&Access::Token { realm: tokens.realm(), certificate: &certificate });
    let pusher = Pusher::new(&registry.url, IMAGE, Login::Bearer(tokens.push_token(IMAGE)), None);
    pusher.image(Some(&tag(&sha('a'))), &Image::of("a", &sha('a'))).await;
    let mut lab = Lab::new().await;
    let more = more(lab.folder.path());
    lab.locked_registry(&registry.host, own, &format!("plain_http = true\n{more}"));
    lab.service("shop", &registry.host, "");
    lab.ci.runs("acme/shop", runs);
    Guarded { lab, tokens, registry }
}
