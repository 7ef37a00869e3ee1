//! Compares the content of files.

use super::{Change, ChangeKind, OfferDiff};
use crate::client::Client;
use crate::error::Error;
use crate::workflows::manifest::convert::Converted;
use crate::workflows::manifest::fault::Pointer;
use crate::workflows::manifest::json::Json;
use crate::workflows::manifest::layout::Layout;
use crate::workflows::manifest::names::{base_name, local};
use crate::workflows::manifest::offer::OfferManifest;
use crate::workflows::upload::is_same_file;

/// Adds a change for every file that both sides have, with another content. A file without a download address counts as the same.
pub(crate) async fn compare(
    client: &Client,
    manifest: &OfferManifest,
    service: &Converted,
    diff: &mut OfferDiff,
) -> Result<(), Error> {
    let (before, after) = (Json::Object(service.manifest.write()), Json::Object(manifest.write()));
    let mut pairs = Vec::new();
    same_files(&before, &after, &Pointer::default(), &mut pairs);
    for (at, theirs, own) in pairs {
        let remote = service.files.iter().find(|file| file.path == theirs);
        let Some(address) = remote.and_then(|file| file.address.as_ref()) else { continue };
        let path = local(manifest.folder(), &own);
        if !is_same_file(client, address, path.into()).await?.unwrap_or(true) {
            let (resource, pointer) = (super::compare::resource(&at), at.as_str().to_owned());
            diff.changes.push(Change {
                kind: ChangeKind::Set,
                resource,
                pointer,
                before: None,
                after: None,
                secret: false,
            });
        }
    }
    Ok(())
}

/// Collects the entries of the same file: its place, and its path on both sides.
fn same_files(before: &Json, after: &Json, at: &Pointer, pairs: &mut Vec<(Pointer, String, String)>) {
    match (before, after) {
        (Json::Object(before), Json::Object(after)) => {
            if let (Some(Json::Text(theirs)), Some(Json::Text(own))) = (before.get("file"), after.get("file"))
                && base_name(theirs) == base_name(own)
            {
                pairs.push((at.join("file"), theirs.clone(), own.clone()));
            }
            for (key, after) in after {
                if let Some(before) = before.get(key) {
                    same_files(before, after, &at.join(key), pairs);
                }
            }
        }
        (Json::List(before), Json::List(after)) => {
            for (number, after) in after.iter().enumerate() {
                let same =
                    before.iter().find(|before| super::compare::identity(before) == super::compare::identity(after));
                if let Some(before) = same {
                    same_files(before, after, &at.join(number), pairs);
                }
            }
        }
        _ => {}
    }
}
