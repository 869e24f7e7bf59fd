//! The login of `podman login`, found where Podman keeps it, or not found.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::certificates::Authority;
use crate::lab::{IMAGE, Lab};
use crate::push::{Image, Login, Pusher};
use crate::registry::{ALICE, Access, Registry};
use crate::script::{Run, sha, tag};

/// A registry with passwords that holds the image of commit a and not that of commit b, and who looks with the logins of
/// the user's own files.
async fn bench() -> (Lab, Registry) {
    let authority = Authority::new();
    let registry = Registry::start(&Access::Password(&authority));
    let pusher = Pusher::new(&registry.url, IMAGE, Login::Basic(ALICE.0, ALICE.1), Some(&authority.pem()));
    pusher.image(Some(&tag(&sha('a'))), &Image::of("a", &sha('a'))).await;
    let mut lab = Lab::new().await;
    let file = lab.folder.path().join("ca.pem");
    fs::write(&file, authority.pem()).unwrap();
    let (host, file) = (&registry.host, file.display());
    lab.add(&format!("[[registry]]\nhost = \"{host}\"\ncredential = \"docker\"\nca_file = \"{file}\"\n"));
    lab.service("shop", host, "");
    lab.ci.runs("acme/shop", [Run::green(2, &sha('b')), Run::green(1, &sha('a'))]);
    (lab, registry)
}

/// Writes what `podman login` writes, at this place below the laboratory's home.
fn log_in(lab: &Lab, place: &str, host: &str, (user, password): (&str, &str)) -> PathBuf {
    let path = lab.folder.path().join(place);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let auth = STANDARD.encode(format!("{user}:{password}"));
    fs::write(&path, json!({ "auths": { host: { "auth": auth } } }).to_string()).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_login_is_found_where_podman_keeps_it_and_without_one_nothing_is_judged() {
    let (mut lab, registry) = bench().await;
    let home = lab.folder.path().to_owned();
    let places = [
        ("run/containers/auth.json", "XDG_RUNTIME_DIR", home.join("run")),
        ("elsewhere/logins.json", "REGISTRY_AUTH_FILE", home.join("elsewhere/logins.json")),
        ("config/containers/auth.json", "XDG_CONFIG_HOME", home.join("config")),
    ];
    for (place, variable, value) in places {
        let file = log_in(&lab, place, &registry.host, ALICE);
        let untold = lab.check().await.about(format!("{place} without {variable}"));
        untold.could_not_look(&sha('a'));
        untold.could_not_look(&sha('b'));
        lab.set_variable(variable, value.to_str().unwrap());
        let checked = lab.check().await.about(place.to_owned());
        checked.says(&sha('a'), "landed", 1);
        checked.says(&sha('b'), "missing", 1);
        fs::remove_file(file).unwrap();
        lab.check().await.about(format!("{place} is gone")).could_not_look(&sha('a'));
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs docker-registry: run tests/run"]
async fn a_login_that_is_refused_is_told_with_its_file() {
    let (mut lab, registry) = bench().await;
    let file = log_in(&lab, "logins.json", &registry.host, (ALICE.0, "wrong-horse"));
    lab.set_variable("REGISTRY_AUTH_FILE", file.to_str().unwrap());
    let checked = lab.check().await;
    let why = checked.could_not_look(&sha('a'));
    assert!(why.contains("logins.json"), "{why}");
    assert!(!why.contains("wrong-horse") && !checked.stderr.contains("wrong-horse"), "{why}");
}
