//! Which secrets pipelines read, and when these start: GitHub's workflows and GitLab's merged configuration. What is
//! read was written by others: it has limits, and what is odd about it is a reason and not a guess.

mod calls;
mod definition;
mod expression;
mod merged;
mod variable;
mod yaml;

pub use calls::pipelines;
pub use merged::uses;
