//! The certificates that servers show: recorded, expired ones too, and nothing sent after.

use std::sync::Arc;
use std::time::Duration;

use landfall::domain::{Batch, CredentialRecord, Expiry, Failure, Stage};
use landfall::source::{Endpoints, ExpirySource};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::{now, source};

async fn scan(port: u16) -> Result<Batch<CredentialRecord>, Failure> {
    let servers = vec![("localhost".to_owned(), port)];
    Endpoints { id: source("endpoints"), servers, timeout: Duration::from_secs(20) }.scan(now()).await.remove(0).found
}

/// Serves one handshake with a certificate that ends so; returns the port, and what was sent once it was over.
async fn server(year: i32) -> (u16, oneshot::Receiver<bool>) {
    let mut params = rcgen::CertificateParams::new(vec!["other.example".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(year, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let chain = vec![params.self_signed(&key).unwrap().der().clone()];
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let listener = TcpListener::bind("localhost:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (ended, was_quiet) = oneshot::channel();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let quiet = match TlsAcceptor::from(Arc::new(config)).accept(stream).await {
            Ok(mut stream) => stream.read(&mut [0; 16]).await.unwrap_or_default() == 0,
            Err(_) => true,
        };
        let _ = ended.send(quiet);
    });
    (port, was_quiet)
}

#[tokio::test]
async fn the_end_is_read_whatever_is_wrong_with_the_certificate_and_nothing_is_sent() {
    for (year, end) in [(2020, "2020-01-01T00:00:00Z"), (2027, "2027-01-01T00:00:00Z")] {
        let (port, was_quiet) = server(year).await;
        let batch = scan(port).await.unwrap();
        assert_eq!(batch.items[0].expiry, Expiry::At(end.parse().unwrap()));
        assert_eq!(batch.items[0].place.as_str(), format!("localhost:{port}"));
        assert!(was_quiet.await.unwrap(), "something was sent after the certificate");
    }
    let (port, _) = server(9999).await;
    assert_eq!(scan(port).await.unwrap().items[0].expiry, Expiry::Never);
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_or_is_not_there_is_a_failure() {
    let plain = crate::loopback::Loopback::raw("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let failure = scan(plain.url.port().unwrap()).await.unwrap_err();
    assert!(matches!(failure, Failure::Unreachable { .. }), "{failure:?}");
    let listener = TcpListener::bind("localhost:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert!(matches!(scan(port).await, Err(Failure::Unreachable { stage: Stage::Connect, .. })));
}
