//! The connections: one pool per source, set up once; one request and one answer's head at a time.

use std::time::Duration;

use http::HeaderMap;
use reqwest::{Certificate, ClientBuilder, Request, Response};
use secrecy::ExposeSecret;
use tokio::sync::OnceCell;
use url::{Host, Url};

use super::{Ask, ClientOptions, fault, on_a_thread};
use crate::domain::{Failure, Stage, Text};

const CONNECT: Duration = Duration::from_secs(5);
/// A connection holds a buffer as large as what it read; after a burst only those stay that the background uses, whose
/// looks come every 20 seconds.
const IDLE: Duration = Duration::from_secs(30);

/// The connections of one source.
#[derive(Debug)]
pub(super) struct Wire {
    settings: Settings,
    plain: reqwest::Client,
    /// Set up with the first https request: reading the system's CA certificates takes a while.
    tls: OnceCell<Result<reqwest::Client, Text>>,
}

#[derive(Debug, Clone)]
struct Settings {
    in_flight: usize,
    connect: Duration,
    /// A loopback server is reached directly, whatever proxy the environment names.
    direct: bool,
    authorities: Vec<Certificate>,
}

impl Wire {
    /// Returns the connections' settings; nothing is connected yet.
    pub(super) fn new(options: &ClientOptions) -> Result<Self, String> {
        let settings = Settings {
            in_flight: options.in_flight.max(1),
            connect: CONNECT.min(options.timeout),
            direct: is_loopback(&options.base),
            authorities: options.ca_pem.as_deref().map(authorities).transpose()?.unwrap_or_default(),
        };
        // Besides serving plain http, this shows at once whether the configured authorities are any.
        let only_own = settings.builder().tls_certs_only(settings.authorities.clone());
        let plain = only_own.build().map_err(|error| refusal(&error))?;
        Ok(Self { settings, plain, tls: OnceCell::new() })
    }

    async fn client(&self, url: &Url) -> Result<&reqwest::Client, Failure> {
        if url.scheme() == "http" {
            return Ok(&self.plain);
        }
        let set_up = self.tls.get_or_init(|| async {
            let settings = self.settings.clone();
            let built = on_a_thread(move || settings.tls()).await;
            built.unwrap_or_else(|| Err("TLS could not be set up".to_owned())).map_err(Text::from)
        });
        set_up.await.as_ref().map_err(|why| Failure::Unreachable { stage: Stage::Tls, says: why.clone() })
    }

    /// Sends one request and returns the answer's head; its body is still to be read.
    pub(super) async fn send(&self, ask: &Ask, url: Url, headers: HeaderMap) -> Result<Response, Failure> {
        let mut request = Request::new(ask.method.clone(), url);
        *request.headers_mut() = headers;
        if let Some(form) = &ask.form {
            *request.body_mut() = Some(form.expose_secret().to_owned().into());
        } else if let Some(body) = &ask.posted {
            *request.body_mut() = Some(body.0.clone().into());
        }
        self.client(request.url()).await?.execute(request).await.map_err(|error| fault::sent(&error))
    }
}

impl Settings {
    fn builder(&self) -> ClientBuilder {
        let builder = reqwest::Client::builder()
            .user_agent(concat!("landfall/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.connect)
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(self.in_flight)
            .tcp_nodelay(true);
        if self.direct { builder.no_proxy() } else { builder }
    }

    fn tls(&self) -> Result<reqwest::Client, String> {
        match self.builder().tls_certs_merge(self.authorities.clone()).build() {
            Ok(client) => Ok(client),
            Err(error) if self.authorities.is_empty() => Err(refusal(&error)),
            // Without any CA certificates on the system, the configured ones still do.
            Err(_) => self.builder().tls_certs_only(self.authorities.clone()).build().map_err(|error| refusal(&error)),
        }
    }
}

fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, String> {
    let found = Certificate::from_pem_bundle(pem).unwrap_or_default();
    if found.is_empty() {
        return Err("the CA file holds no certificate: PEM blocks that begin with -----BEGIN CERTIFICATE----- \
                    are needed"
            .to_owned());
    }
    Ok(found)
}

fn refusal(error: &reqwest::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    format!(
        "TLS could not be set up ({deepest}): install the system's CA certificates (often the package \
         ca-certificates), or name a PEM file in ca_file"
    )
}

/// Returns whether the URL's host is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
