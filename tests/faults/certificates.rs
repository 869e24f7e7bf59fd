//! Certificates of an authority of our own: a good one for loopback, and flawed ones.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::fault::Flaw;

type Authority = CertifiedIssuer<'static, KeyPair>;

/// What servers identify themselves by.
pub(crate) struct Certificates {
    /// The authority's own certificate, as `ca_file` wants it.
    pub(crate) pem: String,
    good: Arc<ServerConfig>,
    expired: Arc<ServerConfig>,
    other_name: Arc<ServerConfig>,
    unknown_authority: Arc<ServerConfig>,
}

impl Certificates {
    pub(crate) fn new() -> Self {
        let (ours, nobodys) = (authority(), authority());
        let here = || CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let mut expired = here();
        expired.not_after = date_time_ymd(2020, 2, 29);
        let other_name = CertificateParams::new(vec!["registry.example.com".to_owned()]).unwrap();
        Self {
            pem: ours.pem(),
            good: issue(&ours, &here()),
            expired: issue(&ours, &expired),
            other_name: issue(&ours, &other_name),
            unknown_authority: issue(&nobodys, &here()),
        }
    }

    pub(crate) fn good(&self) -> Arc<ServerConfig> {
        self.good.clone()
    }

    pub(crate) fn flawed(&self, flaw: Flaw) -> Arc<ServerConfig> {
        match flaw {
            Flaw::Expired => self.expired.clone(),
            Flaw::OtherName => self.other_name.clone(),
            Flaw::UnknownAuthority => self.unknown_authority.clone(),
        }
    }
}

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn issue(authority: &Authority, params: &CertificateParams) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder().with_no_client_auth();
    Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap())
}
