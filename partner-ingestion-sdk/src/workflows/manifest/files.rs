//! The files that a manifest names, and whether they and its secrets can be read.

use super::fault::Pointer;
use super::json::{Fields, Json};
use super::layout::Layout;
use super::names::local;
use super::offer::OfferManifest;
use super::secrets::Secrets;
use crate::error::Error;

/// The keys whose objects are files.
const FILES: [&str; 5] = ["images", "videos", "documents", "thumbnail", "package"];

/// A file that a manifest names.
pub(crate) struct NamedFile {
    /// The place of its object.
    pub(crate) at: Pointer,
    /// The path, relative to the manifest.
    pub(crate) file: String,
    /// The whole object.
    pub(crate) properties: Fields,
}

/// Returns every file of a manifest, in its order.
pub(crate) fn named(manifest: &OfferManifest) -> Vec<NamedFile> {
    let mut files = Vec::new();
    collect(&Json::Object(manifest.write()), &Pointer::default(), &mut files);
    files
}

/// Finds the objects with a file. Secrets, which may be files, have other keys.
fn collect(json: &Json, at: &Pointer, files: &mut Vec<NamedFile>) {
    match json {
        Json::Object(fields) => {
            if let Some(Json::Text(file)) = fields.get("file").filter(|_| FILES.contains(&&*key(at))) {
                files.push(NamedFile { at: at.clone(), file: file.clone(), properties: fields.clone() });
            }
            fields.iter().for_each(|(key, value)| collect(value, &at.join(key), files));
        }
        Json::List(items) => items.iter().enumerate().for_each(|(number, item)| collect(item, &at.join(number), files)),
        _ => {}
    }
}

/// The last key in a pointer. Items of a list have none.
pub(crate) fn key(at: &Pointer) -> String {
    at.segments().filter(|key| key.parse::<usize>().is_err()).last().unwrap_or_default()
}

/// Checks that every file and every secret can be read.
///
/// # Errors
///
/// Returns the first one that cannot be read, with its place in the manifest.
pub(crate) async fn check_readable(manifest: &OfferManifest, secrets: &Secrets) -> Result<(), Error> {
    for NamedFile { at, file, .. } in named(manifest) {
        let path = local(manifest.folder(), &file);
        let fault = match tokio::fs::metadata(&path).await {
            Ok(metadata) if metadata.is_file() => continue,
            Ok(_) => "is no file".to_owned(),
            Err(error) => format!("cannot be read: {error}"),
        };
        let message = format!("file {} {fault}; write the path of a file relative to the manifest", path.display());
        return Err(manifest.fault(&at.join("file"), message));
    }
    secrets.replace(&mut Json::Object(manifest.write())).map_err(|unreadable| {
        let error = manifest.fault(&unreadable.at, &*unreadable.message);
        unreadable.explain(error)
    })
}
