//! Which refusals of a push concern its credential, and which have another cause.

/// Words of refusals that renewing a credential does not help, in lower case. Registries begin many with `denied:`.
const ELSE: [&str; 25] = [
    "quota",
    "storage resource",
    "configured upper limit",
    "toomanyrequests",
    "too many requests",
    "rate limit",
    "no space left",
    "immutable",
    "cannot be overwritten",
    "tag invalid",
    "name unknown",
    "does not exist",
    "too large",
    "http 413",
    "x509:",
    "tls: ",
    "tls handshake",
    "deadline exceeded",
    "i/o timeout",
    "connection refused",
    "connection reset",
    "no such host",
    "server misbehaving",
    "manifest invalid",
    "policy violation",
];

/// Words of refusals of a credential, in lower case.
const CREDENTIAL: [&str; 16] = [
    "denied",
    "unauthorized",
    "no basic auth credentials",
    "authentication required",
    "username and password required",
    "insufficient_scope",
    "insufficient scope",
    "not authorized to perform",
    "invalid clientid or client secret",
    "bad status during token exchange",
    "401 ",
    "403 forbidden",
    "expired",
    "token not to be used after",
    "expiredtoken",
    "not authenticated",
];

/// Returns whether a line that names a refusal is about the credential.
pub(super) fn names_a_credential(line: &str) -> bool {
    let line = line.to_lowercase();
    // ECR says of a repository that is not there what it also says of one that is hidden.
    let hidden = line.contains("may require 'docker login'");
    let other = !hidden && ELSE.iter().any(|words| line.contains(words));
    !other && CREDENTIAL.iter().any(|words| line.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_by_its_words() {
        let credential = [
            "denied: requested access to the resource is denied",
            "denied: Your authorization token has expired. Reauthenticate and try again.",
            "denied: permission_denied: write_package",
            "unauthorized: authentication required",
            "no basic auth credentials",
            "ERROR: failed to push ghcr.io/acme/cart:1: unexpected status: 401 Unauthorized",
            "failed to authorize: failed to fetch oauth token: unexpected status: 403 Forbidden",
            "insufficient_scope: authorization failed",
            "An error occurred (ExpiredToken) when calling the GetAuthorizationToken operation",
            "denied: User: arn:aws:iam::1:user/ci is not authorized to perform: ecr:InitiateLayerUpload",
            "denied: Permission \"artifactregistry.repositories.uploadArtifacts\" denied (or it may not exist)",
        ];
        for line in credential {
            assert!(names_a_credential(line), "{line}");
        }
        let other = [
            "denied: adding 29.0 MiB of storage resource, which when updated to 10 GiB will exceed the configured upper limit",
            "toomanyrequests: You have reached your rate limit",
            "tag invalid: The image tag 'v1' already exists and cannot be overwritten because the repository is immutable",
            "name unknown: The repository with name 'cart' does not exist in the registry with id '1'",
            "error checking push permissions -- make sure that you are authenticated correctly: dial tcp: no such host",
            "x509: certificate has expired or is not yet valid",
            "unexpected status: 503 Service Unavailable",
            "write /var/lib/registry: no space left on device",
            "An image does not exist locally with the tag: acme/cart",
        ];
        for line in other {
            assert!(!names_a_credential(line), "{line}");
        }
    }
}
