//! Manifests as text and as files. Errors have file, line and column.

use super::fault::Pointer;
use super::json::Json;
use super::layout::Layout;
use super::offer::OfferManifest;
use super::place;
use super::source::{Format, Source, located};
use crate::error::{Error, ErrorKind};
use std::io;
use std::path::{Path, PathBuf};

/// The names of a manifest in its folder, in the order in which they are looked for.
const NAMES: &[&str] = &["offer.yaml", "offer.yml", "offer.json"];
/// The name of a new manifest.
const DEFAULT_NAME: &str = if cfg!(feature = "yaml") { "offer.yaml" } else { "offer.json" };
/// The largest file that is read. Texts of an offer have at most a few hundred kilobytes.
const MAX_BYTES: u64 = 16 << 20;

/// What to do about a folder that is missing or has no manifest.
const MISSING: &str =
    "Pass the folder of an offer, or export one first: Client::export_offer writes the manifest and its files.";

/// # Files
impl OfferManifest {
    /// Reads a manifest in JSON. `name` is the file in error messages.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Manifest`] with name, line and column of what is wrong.
    pub fn from_json(name: &str, text: &str) -> Result<Self, Error> {
        let json = Json::parse(text).map_err(|error| {
            let (line, column) = place::of_json_error(text, &error);
            located(name, line, column, place::without_position(&error.to_string()))
        })?;
        Self::from_source(json, Source::new(name, text, Format::Json))
    }

    /// Reads a manifest in YAML. `name` is the file in error messages. Numbers with more digits than an `f64` has need quotes.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Manifest`] with name, line and column of what is wrong.
    #[cfg(feature = "yaml")]
    pub fn from_yaml(name: &str, text: &str) -> Result<Self, Error> {
        let json: Json = serde_saphyr::from_str(text).map_err(|error| {
            let (line, column) = place::of_yaml_error(&error);
            located(name, line, column, &place::yaml_message(&error))
        })?;
        Self::from_source(json, Source::new(name, text, Format::Yaml))
    }

    fn from_source(json: Json, source: Source) -> Result<Self, Error> {
        let manifest = Self::read(json, Pointer::default()).map_err(|fault| source.error(&fault))?;
        Ok(Self { source: Some(source), ..manifest })
    }

    /// Reads a manifest from a file, or from `offer.yaml`, `offer.yml` or `offer.json` in a folder. The paths of its files are
    /// relative to its folder. YAML needs the feature `yaml`. Limit: 16 MiB.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Io`] if the file cannot be read, and [`ErrorKind::Manifest`] with file, line and column of what is wrong.
    pub async fn load(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = find(path.into()).await?;
        let unreadable = |error: io::Error| {
            let failed = Error::new(ErrorKind::Io, format!("{} cannot be read: {error}", path.display()));
            let failed = if error.kind() == io::ErrorKind::NotFound { failed.with_hint(MISSING) } else { failed };
            failed.with_source(error)
        };
        let length = tokio::fs::metadata(&path).await.map_err(unreadable)?.len();
        if length > MAX_BYTES {
            let message = format!("{} has {length} bytes, expected at most {MAX_BYTES}", path.display());
            return Err(Error::new(ErrorKind::Manifest, message));
        }
        let text = tokio::fs::read_to_string(&path).await.map_err(unreadable)?;
        let name = path.display().to_string();
        let manifest = match is_json(&path) {
            true => Self::from_json(&name, &text),
            false => yaml(&name, &text),
        };
        Ok(manifest?.with_folder(path.parent().unwrap_or(Path::new(""))))
    }

    /// Writes the manifest into a folder, which is created: `offer.yaml` with the feature `yaml`, otherwise `offer.json`. If the
    /// folder has a manifest, that file is replaced. Returns its path.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Io`] if the file cannot be written, and [`ErrorKind::Manifest`] if it is YAML and the feature `yaml` is
    /// disabled.
    pub async fn save(&self, folder: impl AsRef<Path>) -> Result<PathBuf, Error> {
        let folder = folder.as_ref();
        let failed = |error: io::Error| {
            Error::new(ErrorKind::Io, format!("{} cannot be written: {error}", folder.display())).with_source(error)
        };
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        let path = find(folder.to_owned()).await.unwrap_or_else(|_| folder.join(DEFAULT_NAME));
        let text = if is_json(&path) { self.to_json() } else { self.yaml_text(&path)? };
        // The file is complete or as it was.
        let partial = path.with_extension("part");
        tokio::fs::write(&partial, text).await.map_err(failed)?;
        tokio::fs::rename(&partial, &path).await.map_err(failed)?;
        Ok(path)
    }

    #[cfg(feature = "yaml")]
    fn yaml_text(&self, _: &Path) -> Result<String, Error> {
        self.to_yaml()
    }

    #[cfg(not(feature = "yaml"))]
    fn yaml_text(&self, path: &Path) -> Result<String, Error> {
        Err(no_yaml(&path.display().to_string()))
    }

    /// Returns the manifest as JSON with indentation. The same manifest gives the same text.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(&Json::Object(self.write())).unwrap_or_default();
        text + "\n"
    }

    /// Returns the manifest as YAML. The same manifest gives the same text.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Manifest`] if the serializer fails.
    #[cfg(feature = "yaml")]
    pub fn to_yaml(&self) -> Result<String, Error> {
        serde_saphyr::to_string(&Json::Object(self.write())).map_err(|error| {
            Error::new(ErrorKind::Manifest, format!("the manifest cannot be written as YAML: {error}"))
        })
    }
}

#[cfg(feature = "yaml")]
fn yaml(name: &str, text: &str) -> Result<OfferManifest, Error> {
    OfferManifest::from_yaml(name, text)
}

#[cfg(not(feature = "yaml"))]
fn yaml(name: &str, _: &str) -> Result<OfferManifest, Error> {
    Err(no_yaml(name))
}

#[cfg(not(feature = "yaml"))]
fn no_yaml(name: &str) -> Error {
    let error = Error::new(ErrorKind::Manifest, format!("{name} is YAML, which this program was built without"));
    error.with_hint("Enable the feature `yaml` of partner-ingestion-sdk, or write the manifest as JSON.")
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

/// Returns the manifest of a folder, or the path of a file itself.
pub(super) async fn find(path: PathBuf) -> Result<PathBuf, Error> {
    if !tokio::fs::metadata(&path).await.is_ok_and(|metadata| metadata.is_dir()) {
        return Ok(path);
    }
    for name in NAMES {
        let candidate = path.join(name);
        if tokio::fs::try_exists(&candidate).await.unwrap_or(false) {
            return Ok(candidate);
        }
    }
    let message = format!("{} has no manifest, expected one of {}", path.display(), NAMES.join(", "));
    Err(Error::new(ErrorKind::Io, message).with_hint(MISSING))
}
