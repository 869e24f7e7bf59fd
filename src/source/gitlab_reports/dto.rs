//! GitLab's report on the tests of a pipeline, as far as it is used: every field that may be null is optional.

use serde::Deserialize;
use serde_json::value::RawValue;

/// `GET /projects/{id}/pipelines/{id}/test_report`: one suite for each job. Cases are read one by one.
#[derive(Debug, Deserialize)]
pub(super) struct ReportDto<'a> {
    #[serde(borrow, default)]
    pub(super) test_suites: Vec<SuiteDto<'a>>,
}

/// The tests of one job.
#[derive(Debug, Deserialize)]
pub(super) struct SuiteDto<'a> {
    #[serde(default)]
    pub(super) name: Option<String>,
    /// Why GitLab could not read the job's file.
    #[serde(default)]
    pub(super) suite_error: Option<String>,
    #[serde(borrow, default)]
    pub(super) test_cases: Vec<&'a RawValue>,
}

/// One test case. `system_output` may be text or an object.
#[derive(Debug, Deserialize)]
pub(super) struct CaseDto {
    pub(super) status: String,
    pub(super) name: Option<String>,
    pub(super) classname: Option<String>,
    pub(super) file: Option<String>,
    pub(super) execution_time: Option<f32>,
    #[serde(default)]
    pub(super) system_output: Option<serde_json::Value>,
}
