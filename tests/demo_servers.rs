//! The demo's servers answer as the providers do: tokens, challenges, pages, 304, redirects, digests, time.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use landfall::analysis::Verdict;
use landfall::demo::{Kind, Server, Servers, World};
use reqwest::{Client, Response, StatusCode, redirect};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const EVERY_TYPE: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

struct Demo {
    servers: Servers,
    client: Client,
    config: toml::Table,
}

async fn demo() -> Demo {
    serving(World::incident().unwrap()).await
}

async fn serving(world: World) -> Demo {
    let now: Timestamp = "2026-03-04T11:22:33.5Z".parse().unwrap();
    let servers = Servers::start(world, Duration::ZERO, now).await.unwrap();
    let config = servers.config_toml().parse().unwrap();
    let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().unwrap();
    Demo { servers, client, config }
}

impl Demo {
    fn secret(&self, table: &str) -> String {
        let entry = &self.config[table].as_array().unwrap();
        let file = match table {
            "registry" => entry[0]["credential"]["password"]["file"].as_str().unwrap(),
            _ => unreachable!(),
        };
        std::fs::read_to_string(file).unwrap()
    }

    fn token(&self, ci: &str) -> String {
        let entries = self.config["ci"].as_array().unwrap();
        let entry = entries.iter().find(|entry| entry["name"].as_str() == Some(ci)).unwrap();
        std::fs::read_to_string(entry["token"]["file"].as_str().unwrap()).unwrap()
    }

    async fn github(&self, path: &str) -> Response {
        let url = format!("{}{path}", self.servers.origin(Server::GitHub));
        self.client.get(url).bearer_auth(self.token("github")).send().await.unwrap()
    }

    async fn gitlab(&self, path: &str) -> Response {
        let url = format!("{}/api/v4{path}", self.servers.origin(Server::GitLab));
        self.client.get(url).bearer_auth(self.token("gitlab")).send().await.unwrap()
    }

    async fn token_for(&self, repository: &str) -> Response {
        let url =
            format!("{}/token?service=demo&scope=repository:{repository}:pull", self.servers.origin(Server::Registry));
        self.client.get(url).basic_auth("demo", Some(self.secret("registry"))).send().await.unwrap()
    }

    async fn registry(&self, repository: &str, rest: &str) -> Response {
        let token = json(self.token_for(repository).await).await["token"].as_str().unwrap().to_owned();
        let url = format!("{}/v2/{repository}/{rest}", self.servers.origin(Server::Registry));
        self.client.get(url).bearer_auth(token).header("accept", EVERY_TYPE).send().await.unwrap()
    }

    fn newest_tag(&self, service: &str, verdict: Verdict) -> String {
        let deserved = self.servers.deserved();
        deserved.into_iter().find(|one| one.service == service && one.verdict == verdict).unwrap().tag
    }
}

async fn json(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.unwrap()).unwrap()
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

fn sha256(bytes: &[u8]) -> String {
    let hex: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", hex.concat())
}

#[tokio::test]
async fn every_verdict_of_the_contract_is_deserved_by_some_run() {
    let demo = demo().await;
    let deserved: BTreeSet<Verdict> = demo.servers.deserved().into_iter().map(|one| one.verdict).collect();
    assert_eq!(deserved, Verdict::ALL.into_iter().collect());
}

#[tokio::test]
async fn the_registry_says_where_to_get_a_token_and_takes_it() {
    let demo = demo().await;
    let url = format!("{}/v2/acme/cart/tags/list", demo.servers.origin(Server::Registry));
    let refused = demo.client.get(&url).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let challenge = header(&refused, "www-authenticate");
    assert!(challenge.starts_with("Bearer realm=\"http://127.0.0.1:"), "{challenge}");
    assert!(challenge.ends_with("scope=\"repository:acme/cart:pull\""), "{challenge}");
    assert_eq!(json(refused).await["errors"][0]["code"], "UNAUTHORIZED");

    let token = json(demo.token_for("acme/cart").await).await;
    assert_eq!(token["expires_in"], 300);
    assert_eq!(token["issued_at"], "2026-03-04T11:22:33Z");
    assert_eq!(demo.registry("acme/cart", "tags/list").await.status(), StatusCode::OK);
    assert_eq!(demo.servers.requests(Server::Registry)[&Kind::Challenge], 1);
}

#[tokio::test]
async fn a_wrong_password_gets_no_token_and_a_made_up_token_no_answer() {
    let demo = demo().await;
    let origin = demo.servers.origin(Server::Registry);
    let token = demo.client.get(format!("{origin}/token?service=demo")).basic_auth("demo", Some("wrong"));
    let refused = token.send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(json(refused).await["errors"][0]["message"], "incorrect username or password");

    let made_up = demo.client.get(format!("{origin}/v2/acme/cart/tags/list")).bearer_auth("a.b.c");
    let refused = made_up.send().await.unwrap();
    assert!(header(&refused, "www-authenticate").contains("error=\"invalid_token\""));
}

#[tokio::test]
async fn a_token_ends_and_is_then_invalid() {
    let demo = demo().await;
    let token = json(demo.token_for("acme/cart").await).await["token"].as_str().unwrap().to_owned();
    demo.servers.skip(Duration::from_secs(301));
    let url = format!("{}/v2/acme/cart/tags/list", demo.servers.origin(Server::Registry));
    let refused = demo.client.get(url).bearer_auth(token).send().await.unwrap();
    assert!(header(&refused, "www-authenticate").contains("error=\"invalid_token\""));
}

#[tokio::test]
async fn two_repositories_may_not_be_read_each_in_its_own_way() {
    let demo = demo().await;
    let denied = demo.token_for("acme-security/vault-bridge").await;
    assert_eq!(denied.status(), StatusCode::FORBIDDEN);
    assert_eq!(json(denied).await["errors"][0]["code"], "DENIED");

    let refused = demo.registry("acme-platform/telemetry", "tags/list").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(header(&refused, "www-authenticate").contains("error=\"insufficient_scope\""));
}

#[tokio::test]
async fn manifests_and_blobs_have_the_digests_that_they_are_named_by() {
    let demo = demo().await;
    let tag = demo.newest_tag("storefront", Verdict::Landed);
    let index = demo.registry("acme/storefront", &format!("manifests/{tag}")).await;
    let digest = header(&index, "docker-content-digest");
    assert_eq!(header(&index, "content-type"), INDEX);
    let bytes = index.bytes().await.unwrap();
    assert_eq!(sha256(&bytes), digest);

    let index: Value = serde_json::from_slice(&bytes).unwrap();
    let entries = index["manifests"].as_array().unwrap();
    assert_eq!(entries.len(), 4);
    assert_eq!(entries[3]["platform"]["os"], "unknown");
    for entry in entries {
        let digest = entry["digest"].as_str().unwrap();
        let child = demo.registry("acme/storefront", &format!("manifests/{digest}")).await.bytes().await.unwrap();
        assert_eq!(sha256(&child), digest);
        let child: Value = serde_json::from_slice(&child).unwrap();
        for part in child["layers"].as_array().unwrap().iter().chain([&child["config"]]) {
            let digest = part["digest"].as_str().unwrap();
            let blob = demo.registry("acme/storefront", &format!("blobs/{digest}")).await.bytes().await.unwrap();
            assert_eq!(
                (sha256(&blob), blob.len()),
                (digest.to_owned(), usize::try_from(part["size"].as_u64().unwrap()).unwrap())
            );
        }
    }
}

#[tokio::test]
async fn a_head_tells_type_and_digest_without_a_body() {
    let demo = demo().await;
    let tag = demo.newest_tag("storefront", Verdict::Landed);
    let token = json(demo.token_for("acme/storefront").await).await["token"].as_str().unwrap().to_owned();
    let url = format!("{}/v2/acme/storefront/manifests/{tag}", demo.servers.origin(Server::Registry));
    let head = demo.client.head(url).bearer_auth(token).header("accept", EVERY_TYPE).send().await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    assert!(header(&head, "docker-content-digest").starts_with("sha256:"));
    assert!(header(&head, "content-length").parse::<u64>().unwrap() > 100);
    assert!(head.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let demo = demo().await;
    let tag = demo.newest_tag("storefront", Verdict::Landed);
    let first = demo.registry("acme/storefront", &format!("manifests/{tag}")).await;
    let token = json(demo.token_for("acme/storefront").await).await["token"].as_str().unwrap().to_owned();
    let url = format!("{}/v2/acme/storefront/manifests/{tag}", demo.servers.origin(Server::Registry));
    let again = demo.client.get(url).bearer_auth(token).header("accept", EVERY_TYPE);
    let again = again.header("if-none-match", header(&first, "etag")).send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);

    let path = "/repos/acme/cart/actions/runs?per_page=5";
    let first = demo.github(path).await;
    let left: u64 = header(&first, "x-ratelimit-remaining").parse().unwrap();
    let url = format!("{}{path}", demo.servers.origin(Server::GitHub));
    let again = demo.client.get(url).bearer_auth(demo.token("github")).header("if-none-match", header(&first, "etag"));
    let again = again.send().await.unwrap();
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(header(&again, "x-ratelimit-remaining"), left.to_string());
    assert_eq!(demo.servers.not_modified(Server::GitHub), 1);
}

#[tokio::test]
async fn an_accept_header_without_oci_types_gets_a_404_that_says_so() {
    let demo = demo().await;
    let tag = demo.newest_tag("storefront", Verdict::Landed);
    let token = json(demo.token_for("acme/storefront").await).await["token"].as_str().unwrap().to_owned();
    let url = format!("{}/v2/acme/storefront/manifests/{tag}", demo.servers.origin(Server::Registry));
    let short = demo.client.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(short.status(), StatusCode::NOT_FOUND);
    assert!(json(short).await["errors"][0]["message"].as_str().unwrap().contains("accept header"));
}

#[tokio::test]
async fn lists_are_cut_into_pages_with_links_to_the_next() {
    let demo = demo().await;
    let first = demo.github("/repos/acme/cart/actions/workflows/release.yml/runs?per_page=8").await;
    let link = header(&first, "link");
    assert!(link.contains("per_page=8&page=2>; rel=\"next\""), "{link}");
    let first = json(first).await;
    assert_eq!(first["workflow_runs"].as_array().unwrap().len(), 8);
    let total = first["total_count"].as_u64().unwrap();
    assert!(total >= 20, "{total}");
    let last = demo.github("/repos/acme/cart/actions/workflows/release.yml/runs?per_page=8&page=3").await;
    assert!(!header(&last, "link").contains("rel=\"next\""));

    let path = "/projects/acme%2Fplatform%2Fedge%2Fledger/pipelines?per_page=10";
    let first = demo.gitlab(path).await;
    assert_eq!(header(&first, "x-next-page"), "2");
    let pages = header(&first, "x-total").parse::<usize>().unwrap().div_ceil(10);
    assert_eq!(header(&first, "x-total-pages"), pages.to_string());
    assert!(
        header(&first, "link").contains("acme%2Fplatform%2Fedge%2Fledger/pipelines?per_page=10&page=2>; rel=\"next\"")
    );
    assert_eq!(json(first).await.as_array().unwrap().len(), 10);

    let tags = demo.registry("acme/cart", "tags/list?n=3").await;
    let link = header(&tags, "link");
    let tags = json(tags).await["tags"].as_array().unwrap().clone();
    assert_eq!(tags.len(), 3);
    assert_eq!(link, format!("</v2/acme/cart/tags/list?last={}&n=3>; rel=\"next\"", tags[2].as_str().unwrap()));
}

#[tokio::test]
async fn wrong_and_absent_tokens_are_refused_in_the_providers_words() {
    let demo = demo().await;
    let github = format!("{}/repos/acme/cart/actions/runs", demo.servers.origin(Server::GitHub));
    let wrong = demo.client.get(&github).bearer_auth("wrong").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(json(wrong).await["message"], "Bad credentials");
    let absent = demo.client.get(&github).send().await.unwrap();
    assert_eq!(absent.status(), StatusCode::NOT_FOUND);

    let gitlab = format!("{}/api/v4/projects/acme%2Freports/pipelines", demo.servers.origin(Server::GitLab));
    let wrong = demo.client.get(&gitlab).bearer_auth("wrong").send().await.unwrap();
    assert_eq!(json(wrong).await["message"], "401 Unauthorized");
    assert_eq!(demo.gitlab("/projects/acme%2Flegacy%2Fcrm/pipelines").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_log_is_fetched_without_a_credential_and_one_sent_there_is_a_leak() {
    let demo = demo().await;
    let runs = json(demo.github("/repos/acme/cart/actions/workflows/release.yml/runs").await).await;
    let run = runs["workflow_runs"][0]["id"].as_u64().unwrap();
    let jobs = json(demo.github(&format!("/repos/acme/cart/actions/runs/{run}/attempts/1/jobs")).await).await;
    let job = jobs["jobs"].as_array().unwrap().iter().find(|job| job["name"] == "docker").unwrap()["id"].clone();
    let moved = demo.github(&format!("/repos/acme/cart/actions/jobs/{job}/logs")).await;
    assert_eq!(moved.status(), StatusCode::FOUND);
    let location = header(&moved, "location");
    assert!(location.starts_with(&demo.servers.origin(Server::Logs)));

    let log = demo.client.get(&location).send().await.unwrap().text().await.unwrap();
    assert!(log.contains("pushing layers"), "{log}");
    assert!(log.contains("denied: the access token of this robot account has expired"));
    assert!(!log.contains('{') || !log.contains("{image}"), "a blank was left open");
    assert_eq!(demo.servers.leaks(), 0);

    let careless = demo.client.get(&location).bearer_auth("secret").send().await.unwrap();
    assert_eq!(careless.status(), StatusCode::BAD_REQUEST);
    assert_eq!(demo.servers.leaks(), 1);
}

#[tokio::test]
async fn runs_finish_and_images_arrive_as_time_passes() {
    let demo = demo().await;
    let newest = async || {
        let runs = json(demo.github("/repos/acme/storefront/actions/workflows/release.yml/runs").await).await;
        runs["workflow_runs"][0].clone()
    };
    let run = newest().await;
    assert_eq!((run["status"].as_str(), &run["conclusion"]), (Some("in_progress"), &Value::Null));
    let tag = format!("manifests/sha-{}", run["head_sha"].as_str().unwrap().get(..7).unwrap());
    assert_eq!(demo.registry("acme/storefront", &tag).await.status(), StatusCode::NOT_FOUND);

    demo.servers.skip(Duration::from_secs(31));
    let over = newest().await;
    assert_eq!((over["id"].clone(), over["conclusion"].as_str()), (run["id"].clone(), Some("success")));
    assert_eq!(demo.registry("acme/storefront", &tag).await.status(), StatusCode::NOT_FOUND);

    demo.servers.skip(Duration::from_secs(12));
    assert_eq!(demo.registry("acme/storefront", &tag).await.status(), StatusCode::OK);

    demo.servers.skip(Duration::from_mins(1));
    assert_ne!(newest().await["id"], run["id"]);
}

#[tokio::test]
async fn a_moving_tag_follows_the_newest_run_of_its_branch() {
    let demo = demo().await;
    let before = header(&demo.registry("acme/storefront", "manifests/main").await, "docker-content-digest");
    demo.servers.skip(Duration::from_mins(1));
    let after = header(&demo.registry("acme/storefront", "manifests/main").await, "docker-content-digest");
    assert_ne!(before, after);
}

#[tokio::test]
async fn what_is_remembered_is_no_longer_there() {
    let demo = demo().await;
    let remembered = demo.servers.remembered();
    assert!(!remembered.is_empty());
    for landed in remembered {
        let landfall::domain::Fact::Landed(landed) = landed else { unreachable!("{landed:?}") };
        let tag = format!("manifests/{}", landed.tag_ref.tag);
        let gone = demo.registry(landed.tag_ref.image.repository(), &tag).await;
        assert_eq!(gone.status(), StatusCode::NOT_FOUND);
        assert_eq!(json(gone).await["errors"][0]["code"], "MANIFEST_UNKNOWN");
    }
}

#[tokio::test]
async fn the_secrets_are_in_private_files_that_go_with_the_servers() {
    let demo = demo().await;
    let file = demo.servers.config_file().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains(&demo.token("github")) && !text.contains(&demo.secret("registry")));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
    drop(demo);
    assert!(!file.parent().unwrap().exists());
}

#[tokio::test]
async fn the_bench_world_has_the_size_it_is_asked_for() {
    let demo = serving(World::bench(20, 20)).await;
    let deserved = demo.servers.deserved();
    let published = deserved.iter().filter(|one| one.verdict != Verdict::NotExpected).count();
    assert!((305..=325).contains(&published), "{published}");
    let findings = deserved.iter().filter(|one| one.verdict.is_finding()).count();
    assert!((5..=25).contains(&findings), "{findings}");
}

#[tokio::test]
async fn every_run_of_github_names_a_workflow_that_the_list_of_workflows_has() {
    let demo = demo().await;
    for service in demo.config["service"].as_array().unwrap() {
        let repo = service["repo"].as_str().unwrap();
        if service["ci"].as_str() != Some("github")
            || !demo.github(&format!("/repos/{repo}")).await.status().is_success()
        {
            continue;
        }
        let listed: Value = demo.github(&format!("/repos/{repo}/actions/workflows")).await.json().await.unwrap();
        let runs: Value = demo.github(&format!("/repos/{repo}/actions/runs?per_page=100")).await.json().await.unwrap();
        let named = |of: &Value, id: &str| (of[id].as_u64().unwrap(), of["path"].as_str().unwrap().to_owned());
        let of =
            |list: &Value, id: &str| list.as_array().unwrap().iter().map(|one| named(one, id)).collect::<BTreeSet<_>>();
        let (listed, used) = (of(&listed["workflows"], "id"), of(&runs["workflow_runs"], "workflow_id"));
        assert!(!used.is_empty() && used.is_subset(&listed), "{repo}: {used:?} of {listed:?}");
    }
}
