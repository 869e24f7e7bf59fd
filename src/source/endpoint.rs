//! The certificate that a server shows. It is recorded and the handshake ended there, so that an expired one is seen too,
//! nothing is sent, and nobody can use this as a client that trusts everything.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::credential_files::certificate;
use super::{ExpirySource, x509};
use crate::domain::{Batch, CredentialScan, Evidence, Failure, SourceId, Stage, Text};

/// Servers that speak TLS.
pub struct Endpoints {
    /// Their name as a source.
    pub id: SourceId,
    /// Host and port.
    pub servers: Vec<(String, u16)>,
    /// How long one may take.
    pub timeout: Duration,
}

#[async_trait]
impl ExpirySource for Endpoints {
    fn id(&self) -> &SourceId {
        &self.id
    }

    async fn scan(&self, now: Timestamp) -> Vec<CredentialScan> {
        let mut scans = Vec::new();
        for (host, port) in &self.servers {
            let scope = Text::new(&format!("{}/{host}:{port}", self.id));
            let found = match tokio::time::timeout(self.timeout, leaf(host, *port)).await {
                Ok(Ok(der)) => read(&der, host, *port, &scope, now),
                Ok(Err(failure)) => Err(failure),
                Err(_) => Err(Failure::Unreachable { stage: Stage::Timeout, says: "".into() }),
            };
            scans.push(CredentialScan { scope, found });
        }
        scans
    }
}

fn read(
    der: &[u8],
    host: &str,
    port: u16,
    scope: &Text,
    now: Timestamp,
) -> Result<Batch<crate::domain::CredentialRecord>, Failure> {
    let odd = || Failure::Malformed("its certificate cannot be read".into());
    let mut record = certificate(&x509::certificate(der).ok_or_else(odd)?, 0, scope, now);
    (record.place, record.evidence) = (format!("{host}:{port}").into(), Evidence::Probe);
    Ok(Batch { items: vec![record], skipped: 0, complete: true })
}

async fn leaf(host: &str, port: u16) -> Result<Vec<u8>, Failure> {
    let failed = |stage, why: &dyn std::fmt::Display| Failure::Unreachable { stage, says: why.to_string().into() };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(Stage::Dns, &error))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let recorder = Arc::new(Recorder { provider: Arc::clone(&provider), leaf: OnceLock::new() });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(Stage::Tls, &error))?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_no_client_auth();
    let stream = TcpStream::connect((host, port)).await.map_err(|error| failed(Stage::Connect, &error))?;
    // It always fails: by then the certificate is recorded, or none was shown.
    let failure = TlsConnector::from(Arc::new(config)).connect(name, stream).await.err();
    recorder.leaf.get().cloned().ok_or_else(|| match failure {
        Some(error) => failed(Stage::Tls, &error),
        None => failed(Stage::Tls, &"no certificate was shown"),
    })
}

/// Records the server's own certificate, and accepts none.
#[derive(Debug)]
struct Recorder {
    provider: Arc<CryptoProvider>,
    leaf: OnceLock<Vec<u8>>,
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let _ = self.leaf.set(end_entity.to_vec());
        Err(Error::General("the certificate was recorded".to_owned()))
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("no handshake goes as far".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("no handshake goes as far".to_owned()))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
