//! What identifies the parts and the files of an offer.

use super::json::Json;
use crate::types::*;
use std::path::{Path, PathBuf};

/// The language of a listing that names none.
const LANGUAGE: &str = "en-us";

pub(crate) fn language(listing: &AzureListing) -> String {
    let code = listing.language_code.as_deref().filter(|code| !code.is_empty());
    code.unwrap_or(LANGUAGE).to_owned()
}

/// The plan id, which the portal shows; the id of the service for a plan without one, such as `testdrive`.
pub(crate) fn plan_id(variant: &Variant) -> String {
    let external = variant.as_azure_sku().and_then(|sku| sku.external_id.as_deref());
    external.map_or_else(|| VariantId::from(variant).as_str().to_owned(), str::to_owned)
}

/// The id of the package in a technical configuration of any type.
pub(crate) fn package_id(configuration: &PackageConfiguration) -> Option<String> {
    let json = Json::of(configuration).ok()?;
    let Json::List(references) = json.as_object()?.get("packageReferences")? else { return None };
    references.first()?.as_object()?.get("value")?.as_text().map(str::to_owned)
}

/// Converts a path of a manifest to one of this system.
pub(crate) fn local(folder: &Path, file: &str) -> PathBuf {
    file.split('/').fold(folder.to_owned(), |path, part| path.join(part))
}

/// The name of a file in a path of a manifest.
pub(crate) fn base_name(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
}
