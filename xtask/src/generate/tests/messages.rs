//! What the tools say about a wrong input: it is named at once, with its place and a next step that works.

use super::{Project, schema};
use serde_json::{Value, json};

const NAMES: &str = "openapi/overlays/10-names-and-values.overlay.yaml";

#[test]
fn files_are_named_for_what_they_are() {
    let utf16: Vec<u8> = "{\"openapi\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let table: [(&[u8], &str); 9] = [
        (b"\x1f\x8b\x08\x00", "a gzip file; decompress it with `gunzip`"),
        (b"PK\x03\x04\x14", "a zip archive; unpack it"),
        (b"\xff\xfe{\x00", "UTF-16 text; save the file as UTF-8"),
        (&utf16, "UTF-16 text without a byte order mark"),
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"\n<!DOCTYPE html><html></html>", "an HTML page; download the document itself"),
        (b"<?xml version=\"1.0\"?>", "XML; download the document as JSON or YAML"),
        (b"{openapi: 3.0.1, paths: {}}", "YAML in flow style; convert the file to JSON"),
    ];
    for (bytes, wanted) in table {
        let error = Project::new().other_document(bytes).unwrap_err();
        assert!(error.contains("other.json is not a usable document") && error.contains(wanted), "{wanted}: {error}");
        assert_eq!(error.matches(wanted).count(), 1, "{error}");
    }
}

#[test]
fn a_document_of_another_api_is_recognized() {
    let other = json!({
        "openapi": "3.0.1", "info": {"title": "Metering", "version": "1"},
        "paths": {"/usageEvent": {"post": {"responses": {"200": {"description": ""}}}}},
        "components": {"schemas": {"A": {"type": "object"}}},
    });
    let error = Project::new().other_document(other.to_string()).unwrap_err();
    let wanted = "the document of Metering shares no path with this one: it has 1 paths, such as /usageEvent";
    assert!(error.contains(wanted), "{error}");
    assert!(!error.contains("correction"), "nothing else is reported: {error}");
}

#[test]
fn a_fault_of_an_overlay_is_shown_in_the_overlay() {
    let project = Project::new();
    let before = project.read(NAMES);
    let at = before.lines().position(|line| line.contains("id: next-link")).unwrap() + 1;
    let fault = "\n  - target: $.components.schemas['Microsoft.Ingestion.Api.Models.Products.AzureProductSetup'].properties\n    \
                 update: {planted: {type: file}}\n    x-correction:\n      id: planted\n      kind: type\n      says: a\n      does: b\n      evidence: c\n      expect: 1\n";
    project.write(NAMES, before.replacen("\nx-not-applied", &format!("{fault}\nx-not-applied"), 1));
    let error = project.run(|_| {}).unwrap_err();
    let place = format!("{NAMES}:");
    assert!(
        error.contains(&place) && error.contains("unknown type \"file\" (added by the correction planted)"),
        "{error}"
    );
    project.write(NAMES, before);
    let document = project.changed(|document| {
        schema(document, "Common.PagedCollection")["properties"]["@odata.nextLink"] = json!({"type": "integer"});
    });
    let error = project.other_document(document).unwrap_err();
    assert!(error.contains(&format!("{NAMES}:{at}: correction next-link is broken")), "{at}: {error}");
}

#[test]
fn lists_are_capped_and_nothing_is_reported_twice() {
    let document = Project::new().changed(|document| {
        let gone = json!({"$ref": "#/components/schemas/Gone"});
        let many: serde_json::Map<String, Value> = (0..100).map(|at| (format!("x{at}"), gone.clone())).collect();
        document["components"]["schemas"]["A.Many"] = json!({"type": "object", "properties": many});
    });
    let error = Project::new().other_document(document).unwrap_err();
    assert!(error.contains("100 problems") && error.contains("and 60 more"), "{error}");
    assert_eq!(error.matches("x0/$ref").count(), 1, "{error}");
}

#[test]
fn alternatives_of_two_objects_are_plain_json() {
    let object = |name: &str| json!({"type": "object", "properties": {name: {"type": "string"}}});
    let document = Project::new().changed(|document| {
        let either = json!({"oneOf": [object("a"), object("b")]});
        document["components"]["schemas"]["A.Both"] = json!({"type": "object", "properties": {"either": either}});
    });
    let files = Project::new().other_document(document).unwrap();
    let types = &files.iter().find(|(path, _)| path.ends_with("generated/types.rs")).unwrap().1;
    let both = &types[types.find("pub struct Both {").unwrap()..];
    assert!(both.lines().take(8).any(|line| line.contains("pub either: Option<serde_json::Value>")), "{both:.400}");
}

#[test]
fn the_advice_of_check_is_the_command_that_was_meant() {
    let project = Project::generated();
    project.write("other.json", project.changed(|document| document["info"]["version"] = json!("1.1")));
    let other = project.path("other.json");
    let error = project.run(|options| (options.document, options.check) = (Some(other.clone()), true)).unwrap_err();
    assert!(error.ends_with(&format!("run `cargo xtask generate --document {}`", other.display())), "{error}");
    let error = project.run(|options| options.allow_broken = vec!["nothing".to_owned()]).unwrap_err();
    assert!(error.contains("--allow-broken nothing: no correction has this id; the ids are "), "{error}");
}
