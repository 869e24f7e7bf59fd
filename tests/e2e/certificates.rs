//! A certificate authority of our own, and a key that signs tokens.

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SigningKey};

/// An authority that nobody knows but who is told.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap() }
    }

    /// Returns its own certificate, as `ca_file` wants it.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Writes a certificate for `localhost` and its key into the folder, and returns where they lie.
    pub(crate) fn issue(&self, folder: &Path) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let (certificate_file, key_file) = (folder.join("server.pem"), folder.join("server.key"));
        fs::write(&certificate_file, certificate.pem()).unwrap();
        fs::write(&key_file, key.serialize_pem()).unwrap();
        (certificate_file.display().to_string(), key_file.display().to_string())
    }
}

/// A P-256 key with a self-signed certificate.
pub(crate) struct Signer {
    key: KeyPair,
    certificate: rcgen::Certificate,
}

impl Signer {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).unwrap();
        Self { key, certificate }
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn der(&self) -> &[u8] {
        self.certificate.der()
    }

    /// Returns the signature as RFC 7518 wants it: both numbers, 32 bytes each.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let der = self.key.sign(message).unwrap();
        let (first, rest) = der_integer(&der[2..]);
        let (second, _) = der_integer(rest);
        [first, second].concat()
    }
}

/// Reads one ASN.1 integer, and returns its 32 bytes and what follows.
fn der_integer(der: &[u8]) -> (Vec<u8>, &[u8]) {
    assert_eq!(der[0], 2, "an integer");
    let (number, rest) = der[2..].split_at(usize::from(der[1]));
    let digits = &number[number.iter().take_while(|byte| **byte == 0).count()..];
    ([vec![0; 32 - digits.len()], digits.to_vec()].concat(), rest)
}
