//! Reads that an API shapes as POST. Landfall changes nothing anywhere: each of them is named here, with its whole body, and
//! nothing else can be posted.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use serde_json::json;
use url::Url;

use super::Ask;

/// What names the operation of AWS's JSON services.
const TARGET: HeaderName = HeaderName::from_static("x-amz-target");

/// A read that its API wants posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostedRead<'a> {
    /// Vault and OpenBao, `POST auth/MOUNT/role/ROLE/secret-id-accessor/lookup`: when a secret id ends, never the id itself.
    SecretIdLookup {
        /// What names the secret id, and cannot be used in its place.
        accessor: &'a str,
    },
    /// AWS Secrets Manager, `ListSecrets`: names and dates, those of secrets that are to be deleted among them.
    ListSecrets {
        /// Where the page before said that the list goes on.
        after: Option<&'a str>,
    },
    /// AWS ECR, `GetAuthorizationToken`: whether a registry's login can be had. What it gives is not read.
    GetAuthorizationToken,
    /// AWS IAM, `ListAccessKeys`: names and dates.
    ListAccessKeys {
        /// Whose; none for those of the user who asks.
        user: Option<&'a str>,
    },
    /// AWS IAM, `GetAccessKeyLastUsed`.
    GetAccessKeyLastUsed {
        /// The key's id, which is no secret.
        key: &'a str,
    },
}

/// The body of a read; `Ask::posted` alone makes one.
#[derive(Debug, Clone)]
pub struct Posted(pub(super) Bytes);

impl PostedRead<'_> {
    /// Returns whether the path of an address is that of this call.
    fn is_at(self, path: &str) -> bool {
        match self {
            Self::SecretIdLookup { .. } => path.ends_with("/secret-id-accessor/lookup"),
            // Which call it is stands in a header or in the body.
            Self::ListSecrets { .. }
            | Self::GetAuthorizationToken
            | Self::ListAccessKeys { .. }
            | Self::GetAccessKeyLastUsed { .. } => path == "/",
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::SecretIdLookup { .. } => "application/json",
            Self::ListSecrets { .. } | Self::GetAuthorizationToken => "application/x-amz-json-1.1",
            Self::ListAccessKeys { .. } | Self::GetAccessKeyLastUsed { .. } => "application/x-www-form-urlencoded",
        }
    }

    /// Returns the operation, where a header names it.
    fn target(self) -> Option<&'static str> {
        match self {
            Self::ListSecrets { .. } => Some("secretsmanager.ListSecrets"),
            Self::GetAuthorizationToken => Some("AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"),
            Self::SecretIdLookup { .. } | Self::ListAccessKeys { .. } | Self::GetAccessKeyLastUsed { .. } => None,
        }
    }

    fn body(self) -> String {
        let iam = |action: &str, name: &str, value: Option<&str>| {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("Action", action).append_pair("Version", "2010-05-08");
            form.extend_pairs(value.map(|value| (name, value)));
            form.finish()
        };
        match self {
            Self::SecretIdLookup { accessor } => json!({ "secret_id_accessor": accessor }).to_string(),
            Self::ListSecrets { after: None } => {
                json!({ "IncludePlannedDeletion": true, "MaxResults": 100 }).to_string()
            }
            Self::ListSecrets { after: Some(after) } => {
                json!({ "IncludePlannedDeletion": true, "MaxResults": 100, "NextToken": after }).to_string()
            }
            Self::GetAuthorizationToken => "{}".to_owned(),
            Self::ListAccessKeys { user } => iam("ListAccessKeys", "UserName", user),
            Self::GetAccessKeyLastUsed { key } => iam("GetAccessKeyLastUsed", "AccessKeyId", Some(key)),
        }
    }
}

impl Posted {
    /// Returns the body as it is sent, for whoever signs it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Ask {
    /// Returns a POST that reads, of at most a mebibyte, with no credential; `None` where the address is that of another
    /// call. It is never redirected, and its answer never remembered.
    #[must_use]
    pub fn posted(url: Url, read: PostedRead<'_>) -> Option<Self> {
        if !read.is_at(url.path()) {
            return None;
        }
        let target = read.target().map(|target| (TARGET, target));
        let headers = std::iter::once((header::CONTENT_TYPE, read.kind())).chain(target);
        let headers: HeaderMap = headers.map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
        let posted = Some(Posted(read.body().into()));
        Some(Self { method: Method::POST, headers, posted, ..Self::get(url) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_posted_to_the_address_of_another_call() {
        let posted = |url: &str, read| url.parse().ok().and_then(|url| Ask::posted(url, read));
        let lookup = PostedRead::SecretIdLookup { accessor: "a" };
        assert!(posted("https://v.example/v1/auth/approle/role/ci/secret-id-accessor/lookup", lookup).is_some());
        assert!(posted("https://v.example/v1/auth/approle/role/ci/secret-id-accessor/destroy", lookup).is_none());
        assert!(posted("https://v.example/v1/sys/seal?x=/secret-id-accessor/lookup", lookup).is_none());
        assert!(posted("https://iam.amazonaws.com/", PostedRead::ListAccessKeys { user: None }).is_some());
        assert!(posted("https://v.example/v1/sys/seal/", PostedRead::GetAuthorizationToken).is_none());
    }

    #[test]
    fn no_name_adds_a_parameter_of_its_own() {
        let body = PostedRead::ListAccessKeys { user: Some("x&Action=DeleteUser") }.body();
        assert_eq!(body, "Action=ListAccessKeys&Version=2010-05-08&UserName=x%26Action%3DDeleteUser");
        let body = PostedRead::ListSecrets { after: Some("\",\"MaxResults\":1") }.body();
        assert_eq!(body.matches("MaxResults").count(), 2, "{body}");
        assert!(
            serde_json::from_str::<serde_json::Value>(&body)
                .is_ok_and(|body| body.get("MaxResults").is_some_and(|it| it == 100))
        );
    }
}
