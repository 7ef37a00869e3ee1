//! Planted faults in manifests and in files, and what the check says about them.

use super::archive;
use crate::OfferManifest;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A folder that is removed at the end of a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("partner-check-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn png(width: u32, height: u32) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(), &width.to_be_bytes(), &height.to_be_bytes(), &[8, 6]].concat()
}

/// A zip file, compressed if a member is JSON.
fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut output = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut output);
    for (name, data) in members {
        let packs = name.ends_with(".json");
        let method = if packs { rawzip::CompressionMethod::DEFLATE } else { rawzip::CompressionMethod::STORE };
        let (mut entry, config) = archive.new_file(name).compression_method(method).start().unwrap();
        let mut writer = config.wrap(Vec::new());
        writer.write_all(data).unwrap();
        let (stored, descriptor) = writer.finish().unwrap();
        let packed = if packs { miniz_oxide::deflate::compress_to_vec(&stored, 6) } else { stored };
        entry.write_all(&packed).unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    output
}

const TEMPLATES: [(&str, &[u8]); 2] = [("mainTemplate.json", b"{}"), ("createUiDefinition.json", b"{}")];

async fn findings(folder: &Folder, manifest: Value) -> Vec<String> {
    let mut whole = json!({"offerId": "contoso-app", "type": "AzureApplication", "name": "Contoso"});
    whole.as_object_mut().unwrap().extend(manifest.as_object().unwrap().clone());
    let manifest = OfferManifest::from_json("offer.json", &whole.to_string()).unwrap().with_folder(&folder.0);
    manifest.check().await.unwrap().iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_part_that_the_manifest_leaves_alone_is_not_checked() {
    let folder = Folder::new("absent");
    assert_eq!(findings(&folder, json!({})).await, Vec::<String>::new());
    assert_eq!(findings(&folder, json!({"plans": {"standard": {}}})).await, Vec::<String>::new());
    let found = findings(&folder, json!({"listings": {"en-us": {"images": []}}})).await;
    assert!(found.len() == 1 && found[0].contains("large-logo-required"), "{found:?}");
    let found =
        findings(&folder, json!({"plans": {"a": {"subType": "managed-application", "configuration": {}}}})).await;
    assert!(!found.iter().any(|finding| finding.contains("managed-package-required")), "{found:?}");
}

#[tokio::test]
async fn findings_name_place_resource_and_rule() {
    let folder = Folder::new("places");
    for (manifest, expected) in [
        (json!({"offerId": "Contoso App"}), "offer, Product: /offerId: externalIDs"),
        (json!({"property": {}}), "offer, Property: /property: leveledCategories is missing"),
        (json!({"listings": {"de-de": {"title": ""}}}), "offer, Listing: /listings/de-de: title is missing"),
        (json!({"plans": {"A B": {}}}), "plan A B, Plan: /plans/A B: externalID is \"A B\", expected lowercase"),
        (
            json!({"plans": {"a": {"listings": {"en-us": {"title": ""}}}}}),
            "plan a, Listing: /plans/a/listings/en-us: title is missing",
        ),
        (
            json!({"plans": {"a": {"subType": "managed-application", "configuration": {"version": "1"}}}}),
            "plan a, Package: /plans/a/configuration: version is \"1\", expected three integers",
        ),
        (
            json!({"plans": {"a": {"subType": "solution-template", "configuration": {"version": "1"}}}}),
            "plan a, Package: /plans/a/configuration: version is \"1\", expected three integers",
        ),
        (
            json!({"plans": {"a": {"friendlyName": "Same"}, "b": {"friendlyName": "same"}}}),
            "offer, Plan: /plans/b: friendlyName \"same\" is used twice",
        ),
        (
            json!({"listings": {"en-us": {"sumary": "x"}}}),
            "offer, Listing: /listings/en-us/sumary: `sumary` is unknown, did you mean `summary`? (Warning check/unknown-property)",
        ),
        (
            json!({"listings": {"en-us": {"listingContacts": [{"type": "x", "emial": "y"}]}}}),
            "/listings/en-us/listingContacts/0/emial: `emial` is unknown, did you mean `email`?",
        ),
        (
            json!({"plans": {"a": {"availibility": {}}}}),
            "plan a, Plan: /plans/a/availibility: `availibility` is unknown, did you mean `availability`?",
        ),
        (
            json!({"plans": {"a": {"availability": {"marketStates": [{"marketCode": "usa"}]}}}}),
            "plan a, Availability: /plans/a/availability/marketStates/0/marketCode: is \"usa\", expected 2 uppercase letters",
        ),
        (
            json!({"plans": {"a": {"availability": {"priceSchedules": [{"marketCodes": ["US", "u"]}]}}}}),
            "/plans/a/availability/priceSchedules/0/marketCodes/1: is \"u\", expected 2 uppercase letters such as US",
        ),
        (
            json!({"listings": {"en-us": {"images": [{"file": "none.png", "type": "AzureLogoLarge"}]}}}),
            "/listings/en-us/images/0/file: none.png: the file does not exist (Error check/file-missing)",
        ),
    ] {
        let found = findings(&folder, manifest.clone()).await;
        assert!(found.iter().any(|finding| finding.contains(expected)), "{manifest}\n{expected}\n{found:#?}");
    }
    // A new property of the service resembles no other.
    assert_eq!(findings(&folder, json!({"setup": {"brandNewProperty": 1}})).await, Vec::<String>::new());
}

#[tokio::test]
async fn images_have_the_size_of_their_type() {
    let folder = Folder::new("images");
    for (kind, bytes, expected) in [
        ("AzureLogoLarge", png(216, 216), None),
        (
            "AzureLogoLarge",
            png(300, 216),
            Some("is an image of 300 by 216 pixels, expected 216 to 350 by 216 to 350 pixels, square"),
        ),
        ("AzureLogoLarge", png(400, 400), Some("expected 216 to 350")),
        ("AzureLogoSmall", png(48, 48), None),
        ("AzureLogoSmall", png(49, 48), Some("expected 48 by 48 pixels")),
        ("AzureLogoSmall", b"GIF89a".to_vec(), Some("logo.png: is no PNG image")),
        ("Image", png(1280, 719), Some("expected 1280 by 720 pixels")),
        ("AzureLogoMedium", Vec::new(), Some("logo.png: the file is empty")),
    ] {
        folder.write("logo.png", &bytes);
        let manifest = json!({"listings": {"en-us": {"images": [{"file": "logo.png", "type": kind}]}}});
        let found = findings(&folder, manifest).await;
        let found: Vec<_> = found.iter().filter(|finding| finding.contains("logo.png")).collect();
        match expected {
            None => assert!(found.is_empty(), "{kind} {found:?}"),
            Some(text) => assert!(found.len() == 1 && found[0].contains(text), "{kind} {text} {found:?}"),
        }
    }
}

#[tokio::test]
async fn packages_have_their_templates_at_the_root() {
    let folder = Folder::new("packages");
    let [main, ui] = TEMPLATES;
    let long = [b"[".as_slice(), &vec![b' '; 20 << 20], b"]"].concat();
    let mut truncated = zip(&TEMPLATES);
    truncated.truncate(truncated.len() - 30);
    let mut flipped = zip(&[("mainTemplate.json", b"{\"a\": \"bbbb\"}"), ui]);
    let data = 30 + "mainTemplate.json".len();
    flipped[data + 4] ^= 0x55;
    // The directory says that the last member is larger than 1 GiB when it is extracted.
    let mut huge = zip(&[main, ui, ("nested/a.json", b"no json")]);
    let entry = huge.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
    huge[entry + 24..entry + 28].copy_from_slice(&((1_u32 << 30) + 1).to_le_bytes());
    let cases: Vec<(Vec<u8>, Option<&str>)> = vec![
        (zip(&TEMPLATES), None),
        (zip(&[main, ui, ("nested/a.json", b"no json")]), None),
        (zip(&[main]), Some("has no `createUiDefinition.json` at its root")),
        (
            zip(&[("app/mainTemplate.json", b"{}"), ui]),
            Some("has `app/mainTemplate.json`, expected `mainTemplate.json` at the root"),
        ),
        (zip(&[("maintemplate.json", b"{}"), ui]), Some("has `maintemplate.json`, expected `mainTemplate.json`")),
        (zip(&[main, ui, ("__MACOSX/._a", b"x")]), Some("has a folder `__MACOSX`")),
        (zip(&[("mainTemplate.json", b"{"), ui]), Some("`mainTemplate.json` is no valid JSON: EOF while parsing")),
        (zip(&[main, ("createUiDefinition.json", b"")]), Some("`createUiDefinition.json` is no valid JSON")),
        (zip(&[main, main, ui]), Some("has two members `mainTemplate.json`")),
        (zip(&[("mainTemplate.json", &long), ui]), Some("expected at most 16777216")),
        (truncated, Some("is no valid zip file")),
        (flipped, Some("`mainTemplate.json` ")),
        (huge, Some("has `nested/a.json` with 1073741825 bytes, expected at most 1073741824")),
        (b"PK\x03\x04 nothing".to_vec(), Some("is no valid zip file")),
    ];
    for (number, (bytes, expected)) in cases.into_iter().enumerate() {
        folder.write("app.zip", &bytes);
        let manifest = json!({"plans": {"a": {"package": {"file": "app.zip"}}}});
        let found = findings(&folder, manifest).await;
        match expected {
            None => assert!(found.is_empty(), "{number} {found:?}"),
            Some(text) => {
                assert!(found.len() == 1 && found[0].contains(text), "{number} {text} {found:?}");
                let start = "offer.json:1:75: plan a, Package: /plans/a/package/file: app.zip: ";
                assert!(found[0].starts_with(start) && found[0].contains("check/package-archive"), "{found:?}");
            }
        }
    }
}

/// A member that is larger than its header says is not extracted beyond it, and no damaged archive makes the check panic.
#[test]
fn damaged_archives_are_findings() {
    let folder = Folder::new("damaged");
    let names = TEMPLATES.map(|(name, _)| name);
    let good = zip(&[("mainTemplate.json", &[b' '; 5000]), TEMPLATES[1]]);
    // The size in the central directory says 1 byte.
    let directory = good.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    let mut bomb = good.clone();
    bomb[directory + 24..directory + 28].copy_from_slice(&1_u32.to_le_bytes());
    let found = archive::check(&folder.write("bomb.zip", &bomb), 1 << 30, &names);
    assert!(found.iter().any(|message| message.contains("cannot be extracted")), "{found:?}");
    for at in 0..good.len() {
        let mut damaged = good.clone();
        damaged[at] ^= 0xff;
        archive::check(&folder.write("damaged.zip", &damaged), 1 << 30, &names);
        archive::check(&folder.write("damaged.zip", &good[..at]), 1 << 30, &names);
    }
}
