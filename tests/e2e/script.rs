//! The runs of a scripted CI: what is set in a test, as GitHub and GitLab would write it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

/// One run, finished an hour ago unless said otherwise.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) sha: String,
    pub(crate) branch: Option<String>,
    pub(crate) event: String,
    pub(crate) title: String,
    /// `None` while it runs.
    pub(crate) conclusion: Option<&'static str>,
    pub(crate) ended_ago: SignedDuration,
    pub(crate) attempt: u32,
    pub(crate) jobs: Vec<Job>,
}

/// One job of a run; it ends with the run.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) name: &'static str,
    pub(crate) conclusion: Option<&'static str>,
    pub(crate) log: Option<String>,
}

/// Returns a commit that begins with this digit.
pub(crate) fn sha(digit: char) -> String {
    let rest = "0123456789abcdef0123456789abcdef0123456";
    format!("{digit}{rest}")
}

/// Returns the tag that `sha-{sha:7}` gives for a commit.
pub(crate) fn tag(sha: &str) -> String {
    format!("sha-{}", &sha[..7])
}

impl Run {
    /// A green run of this commit on main, whose only job pushed.
    pub(crate) fn green(id: u64, sha: &str) -> Self {
        Self {
            id,
            sha: sha.to_owned(),
            branch: Some("main".to_owned()),
            event: "push".to_owned(),
            title: format!("Change number {id}"),
            conclusion: Some("success"),
            ended_ago: SignedDuration::from_mins(60),
            attempt: 1,
            jobs: vec![Job { name: "push image", conclusion: Some("success"), log: None }],
        }
    }

    /// The same with this in the log of its job.
    pub(crate) fn logging(mut self, log: impl Into<String>) -> Self {
        self.jobs[0].log = Some(log.into());
        self
    }

    fn ended(&self) -> Timestamp {
        Timestamp::now() - self.ended_ago
    }

    fn began(&self) -> Timestamp {
        self.ended() - SignedDuration::from_mins(10)
    }

    fn job_id(&self, at: usize) -> u64 {
        self.id * 100 + at as u64
    }

    /// Returns the log of one of its jobs.
    pub(crate) fn log(&self, job: u64) -> Option<String> {
        let found = (0..self.jobs.len()).find(|at| self.job_id(*at) == job)?;
        self.jobs[found].log.clone()
    }

    pub(crate) fn github(&self, repo: &str) -> Value {
        let ended = if self.conclusion.is_some() { self.ended() } else { Timestamp::now() };
        json!({
            "id": self.id, "name": "release", "node_id": "WFR_x", "head_branch": self.branch, "head_sha": self.sha,
            "path": ".github/workflows/release.yml@refs/heads/main", "display_title": self.title,
            "run_number": self.id, "run_attempt": self.attempt, "event": self.event,
            "status": if self.conclusion.is_some() { "completed" } else { "in_progress" },
            "conclusion": self.conclusion, "workflow_id": 7,
            "url": format!("https://ci.invalid/repos/{repo}/actions/runs/{}", self.id),
            "html_url": format!("https://ci.invalid/{repo}/actions/runs/{}", self.id),
            "pull_requests": [], "created_at": seconds(self.began()), "run_started_at": seconds(self.began()),
            "updated_at": seconds(ended),
            "head_commit": {"id": self.sha, "message": self.title, "timestamp": seconds(self.began())},
        })
    }

    pub(crate) fn github_jobs(&self, repo: &str) -> Value {
        let job = |(at, job): (usize, &Job)| {
            json!({
                "id": self.job_id(at), "run_id": self.id, "run_attempt": self.attempt, "name": job.name,
                "head_sha": self.sha, "head_branch": self.branch, "workflow_name": "release",
                "status": if job.conclusion.is_some() { "completed" } else { "in_progress" },
                "conclusion": job.conclusion, "created_at": seconds(self.began()), "started_at": seconds(self.began()),
                "completed_at": job.conclusion.map(|_| seconds(self.ended())), "steps": [],
                "html_url": format!("https://ci.invalid/{repo}/actions/runs/{}/job/{}", self.id, self.job_id(at)),
            })
        };
        let jobs: Vec<Value> = self.jobs.iter().enumerate().map(job).collect();
        json!({"total_count": jobs.len(), "jobs": jobs})
    }

    pub(crate) fn gitlab(&self, project: &str) -> Value {
        let ended = self.conclusion.map(|_| seconds(self.ended()));
        json!({
            "id": self.id, "iid": self.id, "project_id": 3, "sha": self.sha, "ref": self.branch,
            "status": status(self.conclusion), "source": self.event, "name": null, "tag": false,
            "created_at": seconds(self.began()), "started_at": seconds(self.began()),
            "updated_at": ended, "finished_at": ended, "duration": 600, "queued_duration": 1,
            "web_url": format!("https://ci.invalid/{project}/-/pipelines/{}", self.id),
        })
    }

    pub(crate) fn gitlab_jobs(&self, project: &str) -> Value {
        let job = |(at, job): (usize, &Job)| {
            json!({
                "id": self.job_id(at), "name": job.name, "stage": "deploy", "status": status(job.conclusion),
                "allow_failure": false, "ref": self.branch, "tag": false, "created_at": seconds(self.began()),
                "started_at": seconds(self.began()), "finished_at": job.conclusion.map(|_| seconds(self.ended())),
                "web_url": format!("https://ci.invalid/{project}/-/jobs/{}", self.job_id(at)),
                "commit": {"id": self.sha, "title": self.title}, "pipeline": {"id": self.id},
            })
        };
        self.jobs.iter().enumerate().map(job).collect()
    }
}

/// GitHub's word in GitLab's.
fn status(conclusion: Option<&str>) -> &str {
    match conclusion {
        None => "running",
        Some("failure") => "failed",
        Some("cancelled") => "canceled",
        Some(word) => word,
    }
}

/// Providers write whole seconds.
fn seconds(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap().to_string()
}
