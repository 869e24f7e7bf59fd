//! Pushes images over the distribution protocol: blobs first, then manifests, then what names them.

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub(crate) const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// How the pusher is let in.
#[derive(Clone)]
pub(crate) enum Login {
    Anonymous,
    Basic(&'static str, &'static str),
    Bearer(String),
}

/// Pushes to one repository.
#[derive(Clone)]
pub(crate) struct Pusher {
    client: Client,
    base: String,
    login: Login,
}

/// An image that is about to be pushed.
#[derive(Clone)]
pub(crate) struct Image {
    pub(crate) docker: bool,
    pub(crate) platform: (&'static str, &'static str),
    pub(crate) labels: Value,
    pub(crate) layers: Vec<String>,
    pub(crate) created: String,
}

/// What was pushed.
#[derive(Clone, Debug)]
pub(crate) struct Pushed {
    pub(crate) digest: String,
    pub(crate) size: usize,
    pub(crate) config: String,
    pub(crate) layers: Vec<String>,
    media_type: &'static str,
    platform: (&'static str, &'static str),
}

impl Image {
    /// An OCI image for linux/amd64 whose only layer holds this, with the commit as its revision label.
    pub(crate) fn of(content: &str, sha: &str) -> Self {
        Self { labels: json!({"org.opencontainers.image.revision": sha}), ..Self::unlabelled(content) }
    }

    /// The same without any label.
    pub(crate) fn unlabelled(content: &str) -> Self {
        Self {
            docker: false,
            platform: ("linux", "amd64"),
            labels: json!({}),
            layers: vec![format!("layer of {content}")],
            created: jiff::Timestamp::now().to_string(),
        }
    }

    pub(crate) fn docker(mut self) -> Self {
        self.docker = true;
        self
    }

    pub(crate) fn on(mut self, os: &'static str, architecture: &'static str) -> Self {
        self.platform = (os, architecture);
        self.layers = vec![format!("{} on {architecture}", self.layers[0])];
        self
    }
}

impl Pushed {
    /// Returns how an index lists it.
    pub(crate) fn entry(&self) -> Value {
        self.entry_for(self.platform.0, self.platform.1)
    }

    /// Returns how an index lists it that claims this platform.
    pub(crate) fn entry_for(&self, os: &str, architecture: &str) -> Value {
        json!({
            "mediaType": self.media_type, "digest": self.digest, "size": self.size,
            "platform": {"os": os, "architecture": architecture}
        })
    }

    /// Returns how an index lists it as the attestation of another of its images.
    pub(crate) fn attestation_of(&self, subject: &Pushed) -> Value {
        let mut entry = self.entry_for("unknown", "unknown");
        entry["annotations"] = json!({
            "vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": subject.digest
        });
        entry
    }
}

impl Pusher {
    /// Returns a pusher to `url/v2/repository`; `ca` is the PEM of an authority to trust.
    pub(crate) fn new(url: &str, repository: &str, login: Login, ca: Option<&str>) -> Self {
        let mut client = Client::builder().no_proxy();
        if let Some(pem) = ca {
            client = client.tls_certs_merge([reqwest::Certificate::from_pem(pem.as_bytes()).unwrap()]);
        }
        Self { client: client.build().unwrap(), base: format!("{url}/v2/{repository}"), login }
    }

    /// Pushes an image; without a tag only its digest names it.
    pub(crate) async fn image(&self, tag: Option<&str>, image: &Image) -> Pushed {
        let (media_type, config_type, layer_type) = if image.docker {
            let layer = "application/vnd.docker.image.rootfs.diff.tar.gzip";
            (DOCKER_MANIFEST, "application/vnd.docker.container.image.v1+json", layer)
        } else {
            let layer = "application/vnd.oci.image.layer.v1.tar+gzip";
            (OCI_MANIFEST, "application/vnd.oci.image.config.v1+json", layer)
        };
        let mut layers = Vec::new();
        for content in &image.layers {
            layers.push(self.blob(content.as_bytes()).await);
        }
        let config = json!({
            "created": image.created, "os": image.platform.0, "architecture": image.platform.1,
            "config": {"Labels": image.labels},
            "rootfs": {"type": "layers", "diff_ids": layers}, "history": []
        })
        .to_string();
        let config_digest = self.blob(config.as_bytes()).await;
        let described = |(digest, content): (&String, &String)| json!({"mediaType": layer_type, "digest": digest, "size": content.len()});
        let manifest = json!({
            "schemaVersion": 2, "mediaType": media_type,
            "config": {"mediaType": config_type, "digest": config_digest, "size": config.len()},
            "layers": layers.iter().zip(&image.layers).map(described).collect::<Vec<_>>(),
        });
        let (digest, size) = self.manifest(tag, media_type, &manifest).await;
        Pushed { digest, size, config: config_digest, layers, media_type, platform: image.platform }
    }

    /// Pushes an index of these entries, and returns its digest.
    pub(crate) async fn index(&self, tag: &str, media_type: &str, entries: &[Value]) -> String {
        let index = json!({"schemaVersion": 2, "mediaType": media_type, "manifests": entries});
        self.manifest(Some(tag), media_type, &index).await.0
    }

    /// Gives what lies under a digest one more tag.
    pub(crate) async fn retag(&self, digest: &str, tag: &str) {
        let accept = [OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST].join(", ");
        let answer = self.request(Method::GET, &format!("manifests/{digest}")).header("accept", accept);
        let answer = answer.send().await.unwrap().error_for_status().unwrap();
        let media_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
        self.put_manifest(tag, &media_type, answer.bytes().await.unwrap().to_vec()).await;
    }

    async fn manifest(&self, tag: Option<&str>, media_type: &str, manifest: &Value) -> (String, usize) {
        let bytes = manifest.to_string().into_bytes();
        let (digest, size) = (digest_of(&bytes), bytes.len());
        self.put_manifest(tag.unwrap_or(&digest), media_type, bytes).await;
        (digest, size)
    }

    async fn put_manifest(&self, reference: &str, media_type: &str, bytes: Vec<u8>) {
        let request = self.request(Method::PUT, &format!("manifests/{reference}"));
        let answer = request.header("content-type", media_type).body(bytes).send().await.unwrap();
        let status = answer.status();
        assert_eq!(status, StatusCode::CREATED, "{}", answer.text().await.unwrap());
    }

    async fn blob(&self, bytes: &[u8]) -> String {
        let digest = digest_of(bytes);
        let answer = self.request(Method::POST, "blobs/uploads/").send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED, "an upload begins");
        let location = answer.url().join(answer.headers()["location"].to_str().unwrap()).unwrap();
        let request = self.let_in(self.client.put(location)).query(&[("digest", &digest)]);
        let answer = request.body(bytes.to_vec()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED, "an upload ends");
        digest
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.let_in(self.client.request(method, format!("{}/{path}", self.base)))
    }

    fn let_in(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.login {
            Login::Anonymous => request,
            Login::Basic(user, password) => request.basic_auth(user, Some(password)),
            Login::Bearer(token) => request.bearer_auth(token),
        }
    }
}

fn digest_of(bytes: &[u8]) -> String {
    let hex: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", hex.concat())
}
