//! `openapi/source.toml`: where the committed document comes from, and its digest.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::path::Path;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// What the file is, in a sentence.
    pub description: String,
    /// Where the publisher shows the interface.
    pub url: String,
    /// The day on which the committed file was made.
    pub retrieved: String,
    /// `info.version` of the document.
    pub version: String,
    pub sha256: String,
}

pub fn read(path: &Path) -> Result<Source> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not a valid pin", path.display()))
}

/// Refuses a committed document that somebody edited: it stands for what the publisher gives out.
pub fn verify(source: &Source, bytes: &[u8], document: &Path) -> Result<()> {
    let found = sha256(bytes);
    if found != source.sha256 {
        bail!(
            "{} was changed: its sha256 is {found}, source.toml says {}, retrieved {}\n    \
             {} ({})\n    \
             a fact about the API belongs into openapi/overlays/; a new edition of the document needs a new pin",
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
