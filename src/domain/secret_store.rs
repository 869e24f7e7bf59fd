//! Where in a store of secrets is looked, by name: never for a value.

/// A folder of Vault's key-value secrets, version 2, whose metadata is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KvPlace {
    /// Where the secrets engine is mounted, without slashes at its ends.
    pub mount: String,
    /// The folder below it, or one secret; empty for everything.
    pub path: String,
    /// Keys of custom metadata that hold an end; the first that is there counts.
    pub expiry_keys: Vec<String>,
}
