//! The files of a manifest.

use super::{archive, item, resource};
use crate::error::{Error, ErrorKind};
use crate::generated::rules::FILE_RULES;
use crate::types::{ProductType, ValidationItem, ValidationSeverity};
use crate::workflows::check::rule::{FileCheck, FileRule};
use crate::workflows::manifest::files::{NamedFile, key, named};
use crate::workflows::manifest::names::local;
use crate::workflows::manifest::offer::OfferManifest;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Checks every file. Reads one file at a time.
pub(super) async fn check(manifest: &OfferManifest) -> Result<Vec<ValidationItem>, Error> {
    let entries = named(manifest);
    let folder = manifest.folder().to_owned();
    let has_rules = manifest.offer_type == ProductType::AzureApplication;
    let read = tokio::task::spawn_blocking(move || of_entries(&folder, &entries, has_rules));
    read.await
        .map_err(|error| Error::new(ErrorKind::Io, format!("the files cannot be checked: {error}")).with_source(error))
}

fn of_entries(folder: &Path, entries: &[NamedFile], has_rules: bool) -> Vec<ValidationItem> {
    let mut items = Vec::new();
    // Plans may share a package.
    let mut archives: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for entry in entries {
        let mut add = |code: &str, message: &str, source: Option<&str>| {
            let source = source.map(|source| format!(", see {source}")).unwrap_or_default();
            let message = format!("{}: {message}{source}", entry.file);
            items.push(item(code, ValidationSeverity::Error, &resource(&entry.at), &entry.at.join("file"), &message));
        };
        let path = local(folder, &entry.file);
        match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                add("file-missing", "the file does not exist", None)
            }
            Err(error) => add("file-missing", &format!("the file cannot be read: {error}"), None),
            Ok(metadata) if !metadata.is_file() => add("file-missing", "is no file", None),
            Ok(metadata) if metadata.len() == 0 => add("file-empty", "the file is empty", None),
            Ok(metadata) => {
                for rule in FILE_RULES.iter().filter(|rule| has_rules && is_about(rule, entry)) {
                    match &rule.check {
                        FileCheck::Image { width, height, square } => {
                            if let Err(message) = image(&path, *width, *height, *square) {
                                add(rule.id, &message, Some(rule.source));
                            }
                        }
                        FileCheck::Archive { max, .. } if metadata.len() > *max => {
                            let message = format!("has {} bytes, expected at most {max}", metadata.len());
                            add(rule.id, &message, Some(rule.source));
                        }
                        FileCheck::Archive { member_max, members, .. } => {
                            let check = || archive::check(&path, *member_max, members);
                            let found = archives.entry(&entry.file).or_insert_with(check);
                            found.iter().for_each(|message| add(rule.id, message, Some(rule.source)));
                        }
                    }
                }
            }
        }
    }
    items
}

fn is_about(rule: &FileRule, entry: &NamedFile) -> bool {
    let type_name = match &*key(&entry.at) {
        "images" => "ListingImage",
        "package" => "AzurePackage",
        _ => return false,
    };
    let properties = || serde_json::to_value(&entry.properties).unwrap_or_default();
    rule.type_name == type_name && rule.select.as_ref().is_none_or(|select| select.matches(&properties()))
}

/// Checks the header of a PNG file.
fn image(path: &Path, width: (u32, u32), height: (u32, u32), square: bool) -> Result<(), String> {
    let mut header = [0; 24];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    let Some((pixels_wide, pixels_high)) = read.ok().and_then(|()| size(&header)) else {
        return Err("is no PNG image".to_owned());
    };
    let is_within = |pixels: u32, (least, most): (u32, u32)| least <= pixels && pixels <= most;
    if is_within(pixels_wide, width) && is_within(pixels_high, height) && (!square || pixels_wide == pixels_high) {
        return Ok(());
    }
    let range =
        |(least, most): (u32, u32)| if least == most { least.to_string() } else { format!("{least} to {most}") };
    let square = if square { ", square" } else { "" };
    let expected = format!("{} by {} pixels{square}", range(width), range(height));
    Err(format!("is an image of {pixels_wide} by {pixels_high} pixels, expected {expected}"))
}

/// Width and height in the first chunk of a PNG file.
fn size(header: &[u8; 24]) -> Option<(u32, u32)> {
    let rest = header.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")?;
    let number = |bytes: &[u8]| bytes.try_into().ok().map(u32::from_be_bytes);
    Some((number(rest.get(..4)?)?, number(rest.get(4..8)?)?))
}
