//! The connections: one pool per source, set up once; one request and one answer's head at a time.

use std::time::Duration;

use http::HeaderMap;
use reqwest::{Certificate, ClientBuilder, Request, Response};
use secrecy::ExposeSecret;
use url::{Host, Url};

use super::{Ask, ClientOptions, fault};
use crate::domain::Failure;

const CONNECT: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(90);

/// The connections of one source.
#[derive(Debug)]
pub(super) struct Wire {
    client: reqwest::Client,
}

impl Wire {
    /// Returns the connections' settings; nothing is connected yet.
    pub(super) fn new(options: &ClientOptions) -> Result<Self, String> {
        let own = options.ca_pem.as_deref().map(authorities).transpose()?;
        let mut builder = settings(options).tls_certs_merge(own.iter().flatten().cloned());
        // A loopback server is reached directly, whatever proxy the environment names.
        if is_loopback(&options.base) {
            builder = builder.no_proxy();
        }
        let fallback = own.or_else(|| (options.base.scheme() == "http").then(Vec::new));
        let client = match (builder.build(), fallback) {
            (Ok(client), _) => client,
            // Without a CA store on the system, the configured ones, or none for plain http, still do.
            (Err(_), Some(only)) => settings(options).tls_certs_only(only).build().map_err(|error| refusal(&error))?,
            (Err(error), None) => return Err(refusal(&error)),
        };
        Ok(Self { client })
    }

    /// Sends one request and returns the answer's head; its body is still to be read.
    pub(super) async fn send(&self, ask: &Ask, url: Url, headers: HeaderMap) -> Result<Response, Failure> {
        let mut request = Request::new(ask.method.clone(), url);
        *request.headers_mut() = headers;
        if let Some(form) = &ask.form {
            *request.body_mut() = Some(form.expose_secret().to_owned().into());
        }
        self.client.execute(request).await.map_err(|error| fault::sent(&error))
    }
}

fn settings(options: &ClientOptions) -> ClientBuilder {
    reqwest::Client::builder()
        .user_agent(concat!("landfall/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(CONNECT.min(options.timeout))
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(options.in_flight.max(1))
        .tcp_nodelay(true)
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
