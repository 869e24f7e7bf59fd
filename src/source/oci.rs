//! Any OCI registry, read by the distribution specification: what is there, what is not, and what was not seen.

pub(super) mod dto;

use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderValue, Method, StatusCode, header};
use rustc_hash::FxHashMap;
use url::Url;

use super::absence::{self, Asked};
use super::{Registry, manifest};
use crate::auth::{LoginFiles, Session, SessionOptions};
use crate::domain::{
    Batch, CredentialSource, Digest, Failure, ImageConfig, ImageName, LoginReport, Manifest, Probe, Rights, SourceId,
    Tag, TagRef, Traffic,
};
use crate::http::{Answer, Ask, Client, ClientOptions, OverCap};

/// The largest manifest, config or page of tags that is read.
const CAP: u64 = 4 << 20;
/// Manifests that are asked for again cost a 304 only.
const CACHE: usize = 1 << 20;
/// How many tags one page is to have.
const PAGE: usize = 100;
/// How many manifests of Docker Hub are remembered, where reading one again counts as a pull.
const KNOWN: usize = 512;
const HUB: &str = "docker.io";
const HUB_HOST: &str = "registry-1.docker.io";

/// How one registry is read.
#[derive(Debug, Clone)]
pub struct OciOptions {
    /// `host[:port]`, as image names write it.
    pub host: SourceId,
    /// Whether to speak http without TLS.
    pub plain_http: bool,
    /// How to log in.
    pub credential: CredentialSource,
    /// More certificate authorities, PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Requests in flight at most.
    pub in_flight: usize,
    /// From a request's start to the last byte of its answer.
    pub timeout: Duration,
    /// Hosts of token services that may have the login, besides the registry's own party.
    pub realm_hosts: Vec<String>,
    /// Where logins are looked for; `None` for the files of this user's Docker and Podman.
    pub login_files: Option<LoginFiles>,
    /// Where it is reached, if not at its own host: a mirror, or a stand-in.
    pub address: Option<Url>,
}

/// One registry.
#[derive(Debug)]
pub struct Oci {
    client: Client,
    session: Session,
    base: Url,
    /// Docker Hub counts a GET of a manifest as a pull, and a HEAD not.
    hub: bool,
    known: Mutex<FxHashMap<Digest, Arc<Manifest>>>,
}

impl Oci {
    /// Returns the registry. Nothing is sent yet, and no network is needed.
    ///
    /// # Errors
    /// A host that is none, or certificate authorities that cannot be read, in words for the user.
    pub fn new(options: OciOptions) -> Result<Self, String> {
        let base = match &options.address {
            Some(address) => address.clone(),
            None => address(options.host.as_str(), options.plain_http)?,
        };
        let hub = options.host.as_str() == HUB;
        let client = Client::new(ClientOptions {
            id: options.host.clone(),
            base: base.clone(),
            ca_pem: options.ca_pem,
            in_flight: options.in_flight,
            timeout: options.timeout,
            cache_bytes: CACHE,
            archive: None,
        })?;
        let session = Session::new(
            client.clone(),
            &base,
            SessionOptions {
                host: options.host.as_str().to_owned(),
                credential: options.credential,
                plain_http: options.plain_http,
                realm_hosts: options.realm_hosts,
                login_files: options.login_files,
            },
        );
        Ok(Self { client, session, base, hub, known: Mutex::default() })
    }

    fn url(&self, image: &ImageName, rest: impl Display) -> Result<Url, Failure> {
        let path = format!("v2/{}/{rest}", image.repository());
        self.base.join(&path).map_err(|_| Failure::Withheld(format!("{path} makes no address").into()))
    }

    async fn read_manifest(
        &self,
        image: &ImageName,
        reference: &str,
        asked: Option<&Digest>,
    ) -> Result<Probe<Arc<Manifest>>, Failure> {
        let url = self.url(image, format_args!("manifests/{reference}"))?;
        if self.hub
            && let Some(settled) = self.look_before_pulling(image, url.clone()).await?
        {
            return Ok(settled);
        }
        let ask = Ask { cap: CAP, conditional: true, ..accepting_all(Ask::get(url)) };
        let answer = self.session.send(image.repository(), ask).await?;
        if answer.status != StatusCode::OK {
            return Ok(absence::no(&answer, Asked::Manifest, &Method::GET));
        }
        let read = manifest::manifest(&answer, asked).inspect_err(|_| self.client.distrust(&answer));
        let manifest = Arc::new(read?);
        if self.hub {
            self.remember(&manifest);
        }
        Ok(Probe::Present(manifest))
    }

    /// Asks Docker Hub by HEAD. Returns the answer where that settles it; `None` where only a GET does, and the
    /// budget has room for one.
    async fn look_before_pulling(&self, image: &ImageName, url: Url) -> Result<Option<Probe<Arc<Manifest>>>, Failure> {
        let answer = self.session.send(image.repository(), accepting_all(Ask::head(url))).await?;
        match answer.status {
            StatusCode::OK => {
                let digest = manifest::stated_digest(&answer.headers)?;
                let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(known) = digest.and_then(|digest| known.get(&digest)) {
                    return Ok(Some(Probe::Present(Arc::clone(known))));
                }
            }
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {}
            _ => return Ok(Some(absence::no(&answer, Asked::Manifest, &Method::HEAD))),
        }
        let budget = self.client.traffic().budget;
        let scarce = budget.filter(|left| left.limit.is_some_and(|limit| left.remaining.saturating_mul(5) <= limit));
        match scarce {
            Some(left) => {
                let why = format!("Docker Hub allows {} more pulls, which are left for real pulls", left.remaining);
                Err(Failure::Withheld(why.into()))
            }
            None => Ok(None),
        }
    }

    fn remember(&self, manifest: &Arc<Manifest>) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KNOWN {
            known.clear();
        }
        known.insert(manifest.digest.clone(), Arc::clone(manifest));
    }

    async fn read_config(&self, image: &ImageName, digest: &Digest) -> Result<Probe<ImageConfig>, Failure> {
        let url = self.url(image, format_args!("blobs/{digest}"))?;
        let answer = self.session.send(image.repository(), Ask { cap: CAP, ..Ask::get(url) }).await?;
        if answer.status != StatusCode::OK {
            return Ok(absence::no(&answer, Asked::Blob, &Method::GET));
        }
        manifest::config(&answer, digest).map(Probe::Present)
    }

    async fn look_for_blob(&self, image: &ImageName, digest: &Digest) -> Result<Probe<()>, Failure> {
        let url = self.url(image, format_args!("blobs/{digest}"))?;
        let answer = self.session.send(image.repository(), Ask::head(url.clone())).await?;
        // Some registries know no HEAD, and an address signed for a GET refuses one: the first byte tells as well.
        // And a HEAD's 404 has no body to show that it is the registry's own word.
        let by_byte = match answer.status {
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_FOUND => true,
            StatusCode::FORBIDDEN => answer.elsewhere,
            _ => false,
        };
        if !by_byte {
            return seen_blob(&answer, digest, &Method::HEAD);
        }
        let first_byte = Ask { over_cap: OverCap::LeaveUnread, ..Ask::get(url) }.header(header::RANGE, "bytes=0-0");
        let answer = self.session.send(image.repository(), first_byte).await?;
        seen_blob(&answer, digest, &Method::GET)
    }

    async fn read_tags(&self, image: &ImageName) -> Result<Probe<Batch<Tag>>, Failure> {
        let url = self.url(image, format_args!("tags/list?n={PAGE}"))?;
        let ask = Ask { cap: CAP, ..Ask::get(url) }.header(header::ACCEPT, "application/json");
        let answer = self.session.send(image.repository(), ask).await?;
        if answer.status != StatusCode::OK {
            return Ok(absence::no(&answer, Asked::Tags, &Method::GET));
        }
        manifest::tags(&answer, PAGE).map(Probe::Present)
    }

    fn ping(&self) -> Result<Ask, Failure> {
        self.base.join("v2/").map(Ask::get).map_err(|error| Failure::Withheld(error.to_string().into()))
    }

    /// Returns what was seen, or why nothing was; a refusal says whose login was refused.
    async fn settle<T>(&self, image: &ImageName, outcome: Result<Probe<T>, Failure>) -> Probe<T> {
        match outcome.unwrap_or_else(Probe::Unseen) {
            Probe::Unseen(failure) => Probe::Unseen(self.session.named(image.repository(), failure).await),
            seen @ (Probe::Present(_) | Probe::Absent(_)) => seen,
        }
    }
}

fn address(name: &str, plain_http: bool) -> Result<Url, String> {
    let scheme = if plain_http { "http" } else { "https" };
    let host = if name == HUB { HUB_HOST } else { name };
    // The slash at the end is all that may follow the host: no path, no query; nor a user before it.
    let bare = |url: &Url| !host.contains(['/', '?', '#', '@', '\\']) && url.path() == "/";
    let parsed: Option<Url> = format!("{scheme}://{host}/").parse().ok();
    parsed.filter(bare).ok_or_else(|| format!("{name:?} is no registry: host[:port] is needed"))
}

/// A manifest is asked for with every type that it can have: a registry may say "unknown" of one that is not accepted.
fn accepting_all(mut ask: Ask) -> Ask {
    let types =
        [manifest::OCI_INDEX, manifest::OCI_MANIFEST, manifest::DOCKER_LIST, manifest::DOCKER_MANIFEST].join(", ");
    if let Ok(types) = HeaderValue::from_str(&types) {
        ask.headers.insert(header::ACCEPT, types);
    }
    ask
}

fn seen_blob(answer: &Answer, digest: &Digest, method: &Method) -> Result<Probe<()>, Failure> {
    match answer.status {
        // 416: there is no first byte, so it is there and empty.
        StatusCode::OK | StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {}
        _ => return Ok(absence::no(answer, Asked::Blob, method)),
    }
    match manifest::stated_digest(&answer.headers)? {
        Some(stated) if stated != *digest => {
            Err(Failure::Ambiguous(format!("asked for the blob {digest}, it offers {stated}").into()))
        }
        Some(_) => Ok(Probe::Present(())),
        None => match what_is_no_blob(answer, digest) {
            Some(other) => Err(Failure::Malformed(format!("{other} where a blob was asked for").into())),
            None => Ok(Probe::Present(())),
        },
    }
}

/// A gateway may say 200 to everything. Returns what came without a digest's name and cannot be the blob.
fn what_is_no_blob(answer: &Answer, digest: &Digest) -> Option<&'static str> {
    let header = |name| answer.headers.get(name).map_or(&b""[..], http::HeaderValue::as_bytes);
    let kind = header(header::CONTENT_TYPE);
    if kind.starts_with(b"text/html") {
        Some("an HTML page")
    } else if kind.starts_with(b"application/json") {
        Some("JSON")
    } else {
        let empty = answer.status == StatusCode::OK && header(header::CONTENT_LENGTH) == b"0";
        (empty && !manifest::is_of_nothing(digest)).then_some("nothing")
    }
}

#[async_trait]
impl Registry for Oci {
    async fn tag(&self, tag_ref: &TagRef) -> Probe<Arc<Manifest>> {
        let outcome = self.read_manifest(&tag_ref.image, tag_ref.tag.as_str(), None).await;
        self.settle(&tag_ref.image, outcome).await
    }

    async fn manifest(&self, image: &ImageName, digest: &Digest) -> Probe<Arc<Manifest>> {
        let outcome = self.read_manifest(image, &digest.to_string(), Some(digest)).await;
        self.settle(image, outcome).await
    }

    async fn config(&self, image: &ImageName, digest: &Digest) -> Probe<ImageConfig> {
        let outcome = self.read_config(image, digest).await;
        self.settle(image, outcome).await
    }

    async fn blob(&self, image: &ImageName, digest: &Digest) -> Probe<()> {
        let outcome = self.look_for_blob(image, digest).await;
        self.settle(image, outcome).await
    }

    async fn tags(&self, image: &ImageName) -> Probe<Batch<Tag>> {
        let outcome = self.read_tags(image).await;
        self.settle(image, outcome).await
    }

    async fn warm(&self, image: &ImageName) {
        if let Ok(ping) = self.ping() {
            // What goes wrong here goes wrong again where it is asked for, and is told there.
            let _ = self.session.warm(image.repository(), &ping).await;
        }
    }

    async fn login(&self, image: &ImageName) -> Result<LoginReport, Failure> {
        match self.session.login(image.repository(), &self.ping()?).await {
            Err(failure) => Err(self.session.named(image.repository(), failure).await),
            login => login,
        }
    }

    async fn rights(&self, image: &ImageName) -> Result<Rights, Failure> {
        match self.session.rights(image.repository(), &self.ping()?).await {
            Err(failure) => Err(self.session.named(image.repository(), failure).await),
            rights => rights,
        }
    }

    fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    async fn renewed(&self) -> bool {
        self.session.renewed().await
    }
}
