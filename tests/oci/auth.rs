//! Logging in: what is asked how often, where a login goes, and what a refusal is called.
