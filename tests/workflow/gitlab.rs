//! GitLab's merged configuration: which variables its jobs name.

use landfall::workflow::uses;

use super::told;

const MERGED: &str = r#"---
variables:
  IMAGE: "$REGISTRY/web"
default:
  before_script: [". ./login.sh $LOGIN"]
".hidden":
  script: [ "$NO" ]
build:
  environment: production
  script:
  - docker login -p "${TOKEN}" "$CI_REGISTRY"
  - echo $CI_COMMIT_SHA $$ESCAPED
windows:
  script: [ "deploy.exe %WIN_KEY%" ]
review:
  environment: { name: review/$CI_COMMIT_REF_SLUG }
  secrets:
    DB: { vault: production/db/password@ops }
  script: [ "$DB" ]
"#;

#[test]
fn jobs_name_variables_as_shells_do() {
    let told = told(&uses(MERGED).unwrap());
    let wanted = [
        "- LOGIN",
        "- REGISTRY",
        "build CI_REGISTRY @production",
        "build TOKEN @production",
        "review DB @?",
        "windows WIN_KEY",
    ];
    assert_eq!(told, wanted);
}

#[test]
fn what_is_no_configuration_is_a_reason() {
    for (text, wanted) in [("- a", "no mapping"), ("", "empty"), ("a: [", "line"), ("a: !reference [x]", "tag")] {
        assert!(uses(text).unwrap_err().contains(wanted), "{text}: {:?}", uses(text));
    }
}

#[test]
fn rules_decide_in_which_pipelines_a_job_runs() {
    let decided = |more: &str| uses(&format!("job: {{script: ['$TOKEN']{more}}}")).unwrap()[0].decided;
    for (more, wanted) in [
        ("", false),
        (", rules: [{if: '$CI_PIPELINE_SOURCE == \"push\"'}]", true),
        (", only: [schedules]", true),
        (", except: [tags]", true),
        (", when: always", false),
        (", when: on_success", false),
        (", when: manual", true),
        (", when: never", true),
        (", when: on_failure", true),
        (", rules: [{when: always}]", false),
        (", rules: [{when: manual}]", true),
        (", rules: [{if: $A, variables: {B: c}}, {when: on_success}]", false),
        (", rules: [{if: $A, when: manual}, {when: on_success}]", true),
        (", rules: [{if: $A, when: never}, {when: always}]", true),
        (", rules: [{changes: [x]}]", true),
        (", rules: []", true),
    ] {
        assert_eq!(decided(more), wanted, "{more}");
    }
}

#[test]
fn rules_of_the_whole_decide_for_every_job() {
    for (rules, wanted) in [
        ("", false),
        (", rules: [{if: $A}, {when: always}]", false),
        (", rules: [{if: '$CI_PIPELINE_SOURCE == \"push\"'}]", true),
        (", rules: [{if: $A, when: never}, {when: always}]", true),
    ] {
        let text = format!("workflow: {{name: x{rules}}}\nvariables: {{A: $ABOVE}}\njob: {{script: ['$TOKEN']}}\n");
        let found = uses(&text).unwrap();
        assert!(found.len() >= 2 && found.iter().all(|used| used.decided == wanted), "{rules}: {found:?}");
    }
}

#[test]
fn what_stands_above_the_jobs_is_surely_read_where_one_of_them_surely_runs() {
    let decided = |jobs: &str| uses(&format!("variables: {{A: $ABOVE}}\n{jobs}\n")).unwrap()[0].decided;
    assert!(!decided("a: {when: manual}\nb: {script: x}"));
    assert!(decided("a: {when: manual}\nb: {only: [tags]}"));
}
