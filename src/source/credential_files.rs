//! Files that carry their own end: certificates, SSH certificates, and tokens that are JWTs. Of a token nothing is kept
//! but its dates.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::AsyncReadExt as _;

use super::x509::{self, Certificate};
use super::{ExpirySource, ssh_certificate};
use crate::domain::{
    Absent, Batch, CredentialKind, CredentialRecord, CredentialScan, DateRead, Evidence, Failure, SourceId, Text,
};

/// No bundle of certificates is larger.
const LARGEST: u64 = 4 << 20;

/// Files with credentials that carry their own end.
pub struct CredentialFiles {
    /// Their name as a source.
    pub id: SourceId,
    /// The files.
    pub files: Vec<PathBuf>,
}

/// The dates in a JWT's payload; who issued it is not asked, and nothing is verified.
#[derive(Deserialize)]
struct ClaimsDto<'a> {
    #[serde(borrow, default)]
    exp: Option<&'a RawValue>,
    #[serde(borrow, default)]
    iat: Option<&'a RawValue>,
    #[serde(borrow, default)]
    nbf: Option<&'a RawValue>,
}

#[async_trait]
impl ExpirySource for CredentialFiles {
    fn id(&self) -> &SourceId {
        &self.id
    }

    async fn scan(&self, now: Timestamp) -> Vec<CredentialScan> {
        let mut scans = Vec::new();
        for path in &self.files {
            let scope = Text::new(&format!("{}/{}", self.id, path.display()));
            let found = match contents(path).await {
                Ok(text) => read(&text, path, &scope, now),
                Err(failure) => Err(failure),
            };
            scans.push(CredentialScan { scope, found });
        }
        scans
    }
}

async fn contents(path: &Path) -> Result<String, Failure> {
    let failed = |why: &dyn std::fmt::Display| Failure::Withheld(format!("{}: {why}", path.display()).into());
    // A named pipe would wait for a writer for ever.
    let found = tokio::fs::metadata(path).await.map_err(|error| failed(&error.kind()))?;
    if !found.is_file() {
        return Err(failed(&"is no regular file"));
    }
    let file = tokio::fs::File::open(path).await.map_err(|error| failed(&error.kind()))?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).await.map_err(|error| failed(&error.kind()))?;
    if bytes.len() as u64 > LARGEST {
        return Err(Failure::TooLarge { limit: LARGEST });
    }
    String::from_utf8(bytes).map_err(|_| Failure::Malformed("it is no text; certificates are read in PEM".into()))
}

fn read(text: &str, path: &Path, scope: &Text, now: Timestamp) -> Result<Batch<CredentialRecord>, Failure> {
    let (certificates, skipped) = x509::bundle(text);
    let mut items: Vec<_> = certificates.iter().enumerate().map(|(at, it)| certificate(it, at, scope, now)).collect();
    if items.is_empty() && skipped == 0 {
        let line = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        let one = line.and_then(|line| ssh(line, scope, now).or_else(|| jwt(line, path, scope, now)));
        // What is in the file is not repeated: it may be a secret.
        let unknown = "neither a certificate in PEM, nor an SSH certificate, nor a JWT";
        items.push(one.ok_or_else(|| Failure::Malformed(unknown.into()))?);
    }
    for record in &mut items {
        record.place = Text::new(&path.to_string_lossy());
        record.evidence = Evidence::Jwt;
    }
    Ok(Batch { items, skipped, complete: true })
}

/// Returns what is known of a certificate, which is the same one after it is renewed.
pub(super) fn certificate(certificate: &Certificate, at: usize, scope: &Text, now: Timestamp) -> CredentialRecord {
    let name = certificate.name.clone().unwrap_or_else(|| format!("certificate {}", at + 1));
    let id = format!("{}/{}", scope.raw(), at + 1);
    let mut record = CredentialRecord::new(id, name, CredentialKind::Certificate, now);
    record.created_at = certificate.not_before;
    record.expiry = certificate.not_after.clone().expiry(Absent::Untold);
    record
}

fn ssh(line: &str, scope: &Text, now: Timestamp) -> Option<CredentialRecord> {
    let certificate = ssh_certificate::certificate(line)?;
    let mut record = CredentialRecord::new(scope.clone(), certificate.name, CredentialKind::SshCertificate, now);
    record.created_at = certificate.not_before;
    record.expiry = certificate.not_after.expiry(Absent::Untold);
    Some(record)
}

fn jwt(line: &str, path: &Path, scope: &Text, now: Timestamp) -> Option<CredentialRecord> {
    let [_, payload, _] = line.split('.').collect::<Vec<_>>().try_into().ok()?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: ClaimsDto<'_> = serde_json::from_slice(&payload).ok()?;
    let raw = |claim: Option<&RawValue>| DateRead::json(claim.map(RawValue::get));
    let name = path.file_name().map_or_else(|| "token".to_owned(), |name| name.to_string_lossy().into_owned());
    let mut record = CredentialRecord::new(scope.clone(), name, CredentialKind::Jwt, now);
    record.created_at = raw(claims.nbf).at().or_else(|| raw(claims.iat).at());
    record.expiry = raw(claims.exp).expiry(Absent::Untold);
    Some(record)
}
