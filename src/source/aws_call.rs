//! One call of AWS: where it goes, its signature (version 4), and what a refusal means.

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use http::{HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use url::Url;

use super::aws::AwsOptions;
use super::aws_login::Keys;
use super::{api, aws_xml};
use crate::domain::{AuthKind, AuthStage, Failure, Text, Traffic};
use crate::http::{Answer, Ask, Client, ClientOptions, PostedRead, http_date, retry_at};

/// A hundred secrets take about 100 kB.
const CAP: u64 = 4 << 20;
/// AWS accepts a clock that is off by five minutes.
const SKEW: SignedDuration = SignedDuration::from_mins(4);

/// A service of AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    SecretsManager,
    Ecr,
    /// It has one place for all regions of a partition.
    Iam,
}

/// Where calls go.
#[derive(Debug)]
pub(super) struct Calls {
    client: Client,
    endpoint: Option<Url>,
}

/// What an error in JSON holds.
#[derive(Deserialize)]
struct ErrorDto {
    #[serde(rename = "__type", default)]
    kind: String,
    #[serde(alias = "Message", default)]
    message: String,
}

impl Calls {
    pub(super) fn new(options: &AwsOptions) -> Result<Self, String> {
        let region = options.regions.first().map_or("us-east-1", String::as_str);
        let base = options.endpoint.clone().map_or_else(|| Service::SecretsManager.address(region), Ok)?;
        let (id, ca_pem) = (options.id.clone(), options.ca_pem.clone());
        let client = Client::new(ClientOptions::of_store(id, base, ca_pem, options.timeout))?;
        Ok(Self { client, endpoint: options.endpoint.clone() })
    }

    pub(super) fn traffic(&self) -> Traffic {
        self.client.traffic()
    }

    /// Sends one read, signed, and returns its answer where it is a success.
    pub(super) async fn read(
        &self,
        keys: &Keys,
        service: Service,
        region: &str,
        read: PostedRead<'_>,
        now: Timestamp,
    ) -> Result<Answer, Failure> {
        let withheld = |why: &str| Failure::Withheld(why.into());
        let region = service.signed_for(region);
        let url = self.endpoint.clone().map_or_else(|| service.address(region), Ok).map_err(|why| withheld(&why))?;
        let mut ask = Ask::posted(url, read).ok_or_else(|| withheld("this is not the address of a service"))?;
        ask.cap = CAP;
        signed(&mut ask, keys, service.signing_name(), region, now).map_err(withheld)?;
        let answer = self.client.send(ask).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(failure(&answer, keys, now)) }
    }
}

impl Service {
    fn signing_name(self) -> &'static str {
        match self {
            Self::SecretsManager => "secretsmanager",
            Self::Ecr => "ecr",
            Self::Iam => "iam",
        }
    }

    /// Returns the region that a signature names.
    fn signed_for(self, region: &str) -> &str {
        match self {
            Self::SecretsManager | Self::Ecr => region,
            Self::Iam if region.starts_with("cn-") => "cn-north-1",
            Self::Iam if region.starts_with("us-gov-") => "us-gov-west-1",
            Self::Iam => "us-east-1",
        }
    }

    /// Returns the service's own address; in partitions that are not public only `endpoint` can name it.
    fn address(self, region: &str) -> Result<Url, String> {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let host = match self {
            Self::SecretsManager => format!("secretsmanager.{region}.{suffix}"),
            Self::Ecr => format!("api.ecr.{region}.{suffix}"),
            Self::Iam if region.starts_with("cn-") => format!("iam.{region}.{suffix}"),
            Self::Iam if region.starts_with("us-gov-") => format!("iam.us-gov.{suffix}"),
            Self::Iam => format!("iam.{suffix}"),
        };
        Url::parse(&format!("https://{host}/")).map_err(|_| format!("{region:?} is no region"))
    }
}

/// Returns whether asking on would meet the same.
pub(super) fn is_of_all(failure: &Failure) -> bool {
    matches!(failure, Failure::RateLimited { .. } | Failure::Auth { .. } | Failure::Unreachable { .. })
}

/// Adds the signature, its time, and the session's token where there is one.
fn signed(ask: &mut Ask, keys: &Keys, service: &str, region: &str, now: Timestamp) -> Result<(), &'static str> {
    const ODD: &str = "the request could not be signed";
    let mut credentials = Credentials::builder()
        .access_key_id(&keys.access_key_id)
        .secret_access_key(keys.secret.expose_secret())
        .provider_name("landfall");
    if let Some(session) = &keys.session {
        credentials = credentials.session_token(session.expose_secret());
    }
    let identity = credentials.build().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(now.into())
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| ODD)?
        .into();
    let body = ask.posted.as_ref().map(crate::http::Posted::bytes).unwrap_or_default();
    let headers = ask.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let request =
        SignableRequest::new("POST", ask.url.as_str(), headers, SignableBody::Bytes(body)).map_err(|_| ODD)?;
    let (instructions, _) = sign(request, &params).map_err(|_| ODD)?.into_parts();
    for added in instructions.into_parts().0 {
        let mut value = HeaderValue::from_str(added.value()).map_err(|_| "the keys hold what no header can carry")?;
        value.set_sensitive(true);
        ask.headers.insert(added.name(), value);
    }
    Ok(())
}

/// Returns what an answer that is no success means. The words of a refused signature may hold what was signed.
fn failure(answer: &Answer, keys: &Keys, now: Timestamp) -> Failure {
    let Some((code, message)) = code(answer) else { return api::failure(answer) };
    let message = keys.redact(&message);
    let says = Text::from(if message.is_empty() { code.clone() } else { format!("{code}: {message}") });
    let auth = |kind, says| Failure::Auth { stage: AuthStage::Api, kind, says };
    match code.as_str() {
        "SignatureDoesNotMatch" | "InvalidSignatureException" | "RequestTimeTooSkewed" | "RequestExpired" => {
            let Some(ahead) = ahead(answer, now).filter(|ahead| ahead.abs() >= SKEW) else {
                let words = "the secret key is not that of the access key, or something on the way changes requests";
                return auth(AuthKind::BadPassword, format!("{code}: {words}").into());
            };
            let way = if ahead.is_positive() { "ahead of" } else { "behind" };
            let span = SignedDuration::from_secs(ahead.as_secs()).abs();
            let words = format!("{code}: this machine's clock is {span:#} {way} AWS's, which accepts 5m: set it");
            Failure::Ambiguous(words.into())
        }
        "ExpiredToken" | "ExpiredTokenException" => auth(AuthKind::Expired, says),
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "AuthFailure"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => auth(AuthKind::InvalidToken, says),
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Failure::Forbidden(says),
        "NoSuchEntity" | "NoSuchEntityException" => Failure::NotFound(says),
        "Throttling" | "ThrottlingException" | "TooManyRequestsException" | "RequestLimitExceeded" => {
            Failure::RateLimited { until: retry_at(&answer.headers), says }
        }
        _ if answer.status.is_server_error() => api::failure(answer),
        _ => Failure::Ambiguous(says),
    }
}

/// Returns the code of an error and its words, in JSON or XML.
fn code(answer: &Answer) -> Option<(String, String)> {
    if let Ok(dto) = serde_json::from_slice::<ErrorDto>(&answer.body) {
        let header = answer.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = if dto.kind.is_empty() { header } else { &dto.kind };
        // `namespace#Code`, and in the header `Code:http://…`.
        let code = kind.rsplit('#').next()?.split(':').next()?.to_owned();
        return (!code.is_empty()).then_some((code, dto.message));
    }
    let error = aws_xml::elements(&answer.body, "Error").ok()?.into_iter().next()?;
    Some((error.get("Code")?.clone(), error.get("Message").cloned().unwrap_or_default()))
}

/// Returns how far our clock is ahead of the server's.
fn ahead(answer: &Answer, now: Timestamp) -> Option<SignedDuration> {
    let date = http_date(answer.headers.get(header::DATE)?.to_str().ok()?)?;
    Some(now.duration_since(date))
}
