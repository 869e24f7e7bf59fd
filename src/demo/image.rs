//! Images with true digests: layers, configs, manifests, attestations and indexes of both media families.

use bytes::Bytes;
use serde_json::{Value, json};

use super::layer::{Layer, layer, sha256};
use super::world::Media;

/// A manifest as a registry keeps it.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub(super) digest: String,
    pub(super) media_type: &'static str,
    pub(super) bytes: Bytes,
}

/// What an image is built from.
pub(super) struct Recipe<'a> {
    pub(super) service: &'a str,
    pub(super) source: String,
    pub(super) revision: String,
    pub(super) title: &'a str,
    pub(super) created: String,
    pub(super) media: Media,
    /// Every platform, with the layers that all builds for it share, base first.
    pub(super) platforms: &'a [(String, [Layer; 2])],
}

/// A built image: one platform, or an index over several.
#[derive(Debug, Clone)]
pub(super) struct Image {
    /// What the tag is to point to.
    pub(super) root: Manifest,
    /// The children of an index, attestations last.
    pub(super) children: Vec<Manifest>,
    pub(super) blobs: Vec<(String, Bytes)>,
    /// The blobs of every platform, in the recipe's order.
    pub(super) parts: Vec<Parts>,
}

/// The blobs of one platform's image.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) config: String,
    /// Base first; the last belongs to this build alone.
    pub(super) layers: Vec<String>,
}

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const DOCKER_LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar.gzip";

/// Builds an image.
pub(super) fn build(recipe: &Recipe<'_>) -> Image {
    let mut blobs = Vec::new();
    let mut children = Vec::new();
    let mut entries = Vec::new();
    let mut parts = Vec::new();
    for (platform, shared) in recipe.platforms {
        let layers = layers(recipe, platform, shared);
        let config = config(recipe, platform, &layers);
        let manifest = manifest(recipe.media, &config, &layers);
        entries.push(entry(&manifest, platform));
        let digest = sha256(&config);
        parts.push(Parts { config: digest.clone(), layers: layers.iter().map(|layer| layer.digest.clone()).collect() });
        blobs.push((digest, config.into()));
        blobs.extend(layers.into_iter().map(|layer| (layer.digest, layer.blob)));
        children.push(manifest);
    }
    if children.len() > 1 {
        if recipe.media == Media::Oci {
            for subject in children.clone() {
                let (manifest, statement) = attestation(recipe, &subject.digest);
                entries.push(attestation_entry(&manifest, &subject.digest));
                children.push(manifest);
                blobs.extend(statement);
            }
        }
        return Image { root: index(recipe.media, &entries), children, blobs, parts };
    }
    let root = children.pop().unwrap_or_else(|| index(recipe.media, &[]));
    Image { root, children, blobs, parts }
}

/// Returns the layers that builds of a service share: a base of all services, and the service's own runtime.
pub(super) fn shared_layers(service: &str, platform: &str) -> [Layer; 2] {
    [
        layer("etc/os-release", &format!("PRETTY_NAME=\"Demo Linux 13\"\nID=demo\nVARIANT={platform}\n")),
        layer(&format!("opt/{service}/runtime"), &format!("runtime of {service} for {platform}\n")),
    ]
}

fn layers(recipe: &Recipe<'_>, platform: &str, shared: &[Layer; 2]) -> Vec<Layer> {
    let Recipe { service, revision, title, created, .. } = recipe;
    let own = layer(&format!("srv/{service}/REVISION"), &format!("{revision}\n{title}\n{platform}\n{created}\n"));
    shared.iter().cloned().chain([own]).collect()
}

fn config(recipe: &Recipe<'_>, platform: &str, layers: &[Layer]) -> Vec<u8> {
    let mut parts = platform.split('/');
    let mut config = json!({
        "os": parts.next().unwrap_or("linux"),
        "architecture": parts.next().unwrap_or("amd64"),
        "created": recipe.created,
        "config": {
            "Entrypoint": [format!("/srv/{}/run", recipe.service)],
            "Labels": {
                "org.opencontainers.image.created": recipe.created,
                "org.opencontainers.image.revision": recipe.revision,
                "org.opencontainers.image.source": recipe.source,
                "org.opencontainers.image.title": recipe.service,
            },
        },
        "rootfs": { "type": "layers", "diff_ids": layers.iter().map(|layer| &layer.diff_id).collect::<Vec<_>>() },
        "history": layers.iter().map(|_| json!({ "created": recipe.created, "created_by": "COPY" })).collect::<Vec<_>>(),
    });
    if let (Some(variant), Some(config)) = (parts.next(), config.as_object_mut()) {
        config.insert("variant".to_owned(), json!(variant));
    }
    config.to_string().into_bytes()
}

fn manifest(media: Media, config: &[u8], layers: &[Layer]) -> Manifest {
    let (media_type, config_type, layer_type) = match media {
        Media::Oci => (OCI_MANIFEST, OCI_CONFIG, OCI_LAYER),
        Media::Docker => (DOCKER_MANIFEST, DOCKER_CONFIG, DOCKER_LAYER),
    };
    let layers: Vec<Value> =
        layers.iter().map(|layer| descriptor(layer_type, &layer.digest, layer.blob.len())).collect();
    let config = descriptor(config_type, &sha256(config), config.len());
    seal(media_type, &json!({ "schemaVersion": 2, "mediaType": media_type, "config": config, "layers": layers }))
}

fn index(media: Media, entries: &[Value]) -> Manifest {
    let media_type = match media {
        Media::Oci => OCI_INDEX,
        Media::Docker => DOCKER_LIST,
    };
    seal(media_type, &json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": entries }))
}

/// What `BuildKit` puts beside every platform: a statement of provenance that is no image.
fn attestation(recipe: &Recipe<'_>, subject: &str) -> (Manifest, [(String, Bytes); 2]) {
    let hex = subject.strip_prefix("sha256:").unwrap_or(subject);
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "predicateType": "https://slsa.dev/provenance/v0.2",
        "subject": [{ "name": recipe.service, "digest": { "sha256": hex } }],
        "predicate": { "materials": [{ "uri": recipe.source, "digest": { "sha1": recipe.revision } }] },
    })
    .to_string();
    let config = json!({
        "os": "unknown", "architecture": "unknown", "config": {},
        "rootfs": { "type": "layers", "diff_ids": [sha256(statement.as_bytes())] },
    })
    .to_string();
    let layer = json!({
        "mediaType": "application/vnd.in-toto+json",
        "digest": sha256(statement.as_bytes()),
        "size": statement.len(),
        "annotations": { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v0.2" },
    });
    let manifest = seal(
        OCI_MANIFEST,
        &json!({
            "schemaVersion": 2, "mediaType": OCI_MANIFEST, "layers": [layer],
            "config": descriptor(OCI_CONFIG, &sha256(config.as_bytes()), config.len()),
        }),
    );
    let blobs = [statement, config].map(|text| (sha256(text.as_bytes()), Bytes::from(text)));
    (manifest, blobs)
}

fn attestation_entry(manifest: &Manifest, subject: &str) -> Value {
    let mut entry = entry(manifest, "unknown/unknown");
    if let Some(entry) = entry.as_object_mut() {
        let annotations = json!({
            "vnd.docker.reference.digest": subject,
            "vnd.docker.reference.type": "attestation-manifest",
        });
        entry.insert("annotations".to_owned(), annotations);
    }
    entry
}

fn entry(manifest: &Manifest, platform: &str) -> Value {
    let mut parts = platform.split('/');
    let mut claimed = json!({ "os": parts.next(), "architecture": parts.next() });
    if let (Some(variant), Some(claimed)) = (parts.next(), claimed.as_object_mut()) {
        claimed.insert("variant".to_owned(), json!(variant));
    }
    let mut entry = descriptor(manifest.media_type, &manifest.digest, manifest.bytes.len());
    if let Some(entry) = entry.as_object_mut() {
        entry.insert("platform".to_owned(), claimed);
    }
    entry
}

fn descriptor(media_type: &str, digest: &str, size: usize) -> Value {
    json!({ "mediaType": media_type, "digest": digest, "size": size })
}

fn seal(media_type: &'static str, manifest: &Value) -> Manifest {
    let bytes = Bytes::from(manifest.to_string());
    Manifest { digest: sha256(&bytes), media_type, bytes }
}
