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
    ] {
        assert_eq!(decided(more), wanted, "{more}");
    }
}
