//! The history, looked at and left as it is.

use std::fs;

use serde_json::Value;

use crate::support::{GOOD, Home, config, github, registry, result};

async fn examined(home: &Home) -> (i32, Value) {
    let (github, registry) = (github(GOOD).await, registry().await);
    let text = config("github", github.url.as_str().trim_end_matches('/'), &registry.host());
    let (path, state) = (home.write("config.toml", &text), home.path().join("state"));
    let arguments = ["doctor", "--format", "json", "--config", &path, "--state", state.to_str().unwrap()];
    let said = home.run(&arguments, &[]).await;
    (said.code, serde_json::from_str(&said.out).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_is_not_there_is_not_made() {
    let home = Home::new();
    let (code, found) = examined(&home).await;
    let (grade, says) = result(&found, "store", "history");
    assert!(code == 0 && grade == "ok" && says.ends_with("is not there yet; the first start makes it"), "{says}");
    assert!(!home.path().join("state").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_history_fails_and_is_not_touched_and_what_was_set_aside_is_named() {
    let home = Home::new();
    let state = home.path().join("state");
    fs::create_dir(&state).unwrap();
    let nonsense = "this is no database, whatever its name says ".repeat(50);
    fs::write(state.join("history.sqlite"), &nonsense).unwrap();
    fs::write(state.join("history.sqlite.corrupt-20260304T050000Z-2"), "before").unwrap();
    let (code, found) = examined(&home).await;
    let (grade, says) = result(&found, "store", "history");
    assert!(code == 1 && grade == "fail" && says.contains("is damaged"), "{says}");
    let (grade, says) = result(&found, "store", "set aside");
    assert!(grade == "warn" && says.contains("corrupt-20260304T050000Z-2, 6 bytes"), "{says}");
    assert_eq!(fs::read_to_string(state.join("history.sqlite")).unwrap(), nonsense);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_others_can_reach_into_is_a_warning() {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::new();
    let state = home.path().join("state");
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o755)).unwrap();
    let (code, found) = examined(&home).await;
    let (grade, says) = result(&found, "store", "folder");
    let mended = format!("(mode 755): chmod 700 {}", state.display());
    assert!(code == 0 && grade == "warn" && says.ends_with(&mended), "{says}");
}
