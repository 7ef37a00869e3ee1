//! `openapi/source.toml`: where the committed document comes from, and its digest.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// One sentence that describes the file.
    pub description: String,
    /// The publisher's page of the interface.
    pub url: String,
    /// The date of the committed file.
    pub retrieved: String,
    /// `info.version` of the document.
    pub version: String,
    pub sha256: String,
}

pub fn read(path: &Path) -> Result<Source> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not a valid pin", path.display()))
}

/// Returns an error if the committed document was edited.
pub fn verify(source: &Source, bytes: &[u8], document: &Path) -> Result<()> {
    let found = sha256(bytes);
    if found != source.sha256 {
        bail!(
            "{} was changed: its sha256 is {found}, but source.toml has {}, retrieved {}\n    \
             {} ({})\n    \
             put facts about the API into openapi/overlays/, or run `cargo xtask update` for a new version of the document",
            document.display(),
            source.sha256,
            source.retrieved,
            source.description,
            source.url,
        );
    }
    Ok(())
}

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
