//! The demo: a made-up world behind embedded servers that speak GitHub's, GitLab's and the registries' real
//! protocols on loopback. It only serves, and says how to configure landfall for it; nothing here is a shortcut.

mod bench;
mod call;
mod configuration;
mod counts;
mod credentials;
mod deployments;
mod folder;
mod github;
mod github_shape;
mod gitlab;
mod gitlab_shape;
mod image;
mod jobs;
mod layer;
mod least;
mod log;
mod memory;
mod pipelines;
mod registry;
mod reply;
mod reports;
mod scenario;
mod serve;
mod servers;
mod shelf;
mod stage;
mod stores;
mod token;
mod verdict;
mod world;

pub use counts::{Kind, Server};
pub use scenario::ScenarioError;
pub use serve::Recorded;
pub use servers::Servers;
pub use verdict::Deserved;
pub use world::World;
