//! The package of an Azure application: a zip file with its templates at the root.

use rawzip::{CompressionMethod, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder, ZipLocator};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// The largest number of members.
const MAX_MEMBERS: u64 = 100_000;
/// The largest template that is read. Azure Resource Manager accepts 4 MiB.
const MAX_TEMPLATE: u64 = 16 << 20;
/// The largest size of all members together.
const MAX_TOTAL: u64 = 16 << 30;

struct Member {
    size: u64,
    packed: u64,
    method: CompressionMethod,
    found: ZipArchiveEntryWayfinder,
}

/// Returns what is wrong with an archive. Memory is bounded by the largest template.
pub(super) fn check(path: &Path, member_max: u64, members: &[&str]) -> Vec<String> {
    match read(path, member_max, members) {
        Ok(found) => found,
        Err(message) => vec![message],
    }
}

fn damaged(error: impl std::fmt::Display) -> String {
    format!("is no valid zip file: {error}")
}

fn read(path: &Path, member_max: u64, members: &[&str]) -> Result<Vec<String>, String> {
    let file = std::fs::File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let locator: ZipLocator = ZipArchive::with_max_search_space(1 << 20);
    let archive = locator.locate_in_file(file, &mut buffer).map_err(|(_, error)| damaged(error))?;
    let (mut messages, mut templates) = (Vec::new(), BTreeMap::new());
    let (mut count, mut total, mut has_macosx) = (0_u64, 0_u64, false);
    let mut nested: BTreeMap<&str, String> = BTreeMap::new();
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(damaged)? {
        count += 1;
        total = total.saturating_add(entry.uncompressed_size_hint());
        if count > MAX_MEMBERS || total > MAX_TOTAL {
            return Err(format!("has more than {MAX_MEMBERS} members or {MAX_TOTAL} bytes when extracted"));
        }
        let path = entry.file_path();
        let name = String::from_utf8_lossy(path.as_ref()).into_owned();
        let size = entry.uncompressed_size_hint();
        if size > member_max {
            messages.push(format!("has `{name}` with {size} bytes, expected at most {member_max}"));
        }
        has_macosx |= name.starts_with("__MACOSX/");
        for member in members {
            if name == *member {
                let member = Member {
                    size: entry.uncompressed_size_hint(),
                    packed: entry.compressed_size_hint(),
                    method: entry.compression_method(),
                    found: entry.wayfinder(),
                };
                if templates.insert(name.clone(), member).is_some() {
                    messages.push(format!("has two members `{name}`"));
                }
            } else if name.rsplit(['/', '\\']).next().is_some_and(|last| last.eq_ignore_ascii_case(member)) {
                nested.entry(member).or_insert_with(|| name.clone());
            }
        }
    }
    if count != archive.entries_hint() {
        messages.push(format!("has {count} members, its directory says {}", archive.entries_hint()));
    }
    if has_macosx {
        messages.push("has a folder `__MACOSX`, create the archive without it (zip -X)".to_owned());
    }
    for member in members {
        match templates.get(*member) {
            Some(found) => messages.extend(template(&archive, member, found).err()),
            None => messages.push(match nested.get(member) {
                Some(place) => format!("has `{place}`, expected `{member}` at the root of the archive"),
                None => format!("has no `{member}` at its root"),
            }),
        }
    }
    Ok(messages)
}

/// Checks that a template is JSON. Its size in the directory limits what is read.
fn template(archive: &ZipArchive<rawzip::FileReader>, name: &str, member: &Member) -> Result<(), String> {
    if member.size > MAX_TEMPLATE || member.packed > MAX_TEMPLATE {
        return Err(format!("`{name}` has {} bytes, expected at most {MAX_TEMPLATE}", member.size.max(member.packed)));
    }
    let broken = |error: &dyn std::fmt::Display| format!("`{name}` cannot be extracted: {error}");
    let entry = archive.get_entry(member.found).map_err(|error| broken(&error))?;
    let mut packed = Vec::new();
    entry.reader().take(MAX_TEMPLATE).read_to_end(&mut packed).map_err(|error| broken(&error))?;
    let data = if member.method == CompressionMethod::STORE {
        packed
    } else if member.method == CompressionMethod::DEFLATE {
        let limit = usize::try_from(member.size).unwrap_or(usize::MAX);
        miniz_oxide::inflate::decompress_to_vec_with_limit(&packed, limit)
            .map_err(|_| broken(&"the compressed data is damaged or longer than its header says"))?
    } else {
        return Err(format!("`{name}` is compressed with a method other than deflate"));
    };
    let mut verified = entry.verifying_reader(data.as_slice());
    std::io::copy(&mut verified, &mut std::io::sink()).map_err(|error| broken(&error))?;
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&data);
    serde_json::from_slice::<IgnoredAny>(text).map_err(|error| format!("`{name}` is no valid JSON: {error}"))?;
    Ok(())
}
