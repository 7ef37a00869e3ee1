//! `openapi/manifest.toml`: what an offer as a file does not contain.

use anyhow::{Context, Result};
use serde::Deserialize;
use std::path::Path;

pub const FILE: &str = "manifest.toml";

/// The parts of a manifest.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Properties that the service assigns, at every depth.
    #[serde(default)]
    pub assigned: Vec<String>,
    #[serde(default, rename = "part")]
    pub parts: Vec<Part>,
}

/// A type that is a part of a manifest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    #[serde(rename = "type")]
    pub type_name: String,
    /// The resource type of a part without one.
    pub default: Option<String>,
    /// Properties of the object itself that are not part of a manifest.
    pub omits: Vec<String>,
}

/// Reads the parts. A project without the file has none.
pub fn read(path: &Path) -> Result<Manifest> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).with_context(|| format!("{} is not a valid table of parts", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Manifest::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

impl Manifest {
    /// Returns the part of a type.
    pub fn part(&self, type_name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.type_name == type_name)
    }

    /// Returns true if a property is not written in a manifest.
    pub fn omits(&self, part: Option<&Part>, wire: &str) -> bool {
        self.assigned.iter().chain(part.into_iter().flat_map(|part| &part.omits)).any(|name| name == wire)
    }
}
