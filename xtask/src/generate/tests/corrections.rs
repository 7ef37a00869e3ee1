//! Corrections that no longer fit or are no longer needed are reported by id.

use super::{DOCS, Project, schema};
use crate::document::correction::{Correction, State};
use crate::generate::corrections_md::stale;
use serde_json::json;

const NAMES: &str = "openapi/overlays/10-names-and-values.overlay.yaml";

#[test]
fn correction_without_a_match_is_broken() {
    let project = Project::new();
    project.replace(
        NAMES,
        "properties.resourceType.enum\n    update: [SoftwareAsAService]\n    x-",
        "properties.kind.enum\n    update: [SoftwareAsAService]\n    x-",
    );
    let error = project.run(|_| {}).unwrap_err();
    assert!(error.contains("correction software-as-a-service is broken: expected 1 places, found 0"), "{error}");
    assert!(error.contains("--allow-broken software-as-a-service"), "{error}");
}

#[test]
fn correction_with_an_unexpected_number_of_matches_is_broken() {
    let project = Project::new();
    project.replace("openapi/overlays/40-secrets.overlay.yaml", "expect: 5", "expect: 4");
    project.replace("openapi/overlays/20-statuses-and-headers.overlay.yaml", "expect: 6", "expect: 7");
    let error = project.run(|_| {}).unwrap_err();
    // Both in one run.
    assert!(error.contains("secret-sas-addresses is broken: expected 4 places, found 5"), "{error}");
    assert!(error.contains("optional-if-match is broken: expected 7 places, found 6"), "{error}");
}

#[test]
fn correction_with_a_changed_old_value_is_broken() {
    let project = Project::new();
    let document = project.changed(|document| {
        let package = schema(document, "Packages.AzurePackage");
        package["allOf"][1]["properties"]["fileSize"] = json!({"type": "string"});
    });
    let error = project.other_document(document).unwrap_err();
    assert!(error.contains("correction whole-file-size is broken: the old value has changed"), "{error}");
    assert!(error.contains("fileSize") && error.contains("string"), "{error}");
}

#[test]
fn second_action_without_a_match_breaks_the_group() {
    let project = Project::new();
    project.replace(NAMES, ".properties['@odata.nextLink']\n    remove", ".properties['odata.nextLink']\n    remove");
    let error = project.run(|_| {}).unwrap_err();
    assert!(error.contains("correction next-link is broken: nothing matches"), "{error}");
}

#[test]
fn unneeded_correction_is_an_error_only_for_the_committed_document() {
    let project = Project::new();
    let document = project.changed(|document| {
        *schema(document, "Common.PagedCollection") =
            json!({"type": "object", "properties": {"nextLink": {"type": "string"}}});
        document["components"]["responses"]["204"].as_object_mut().unwrap().remove("content");
        schema(document, "Packages.AzurePackage")["allOf"][1]["properties"]["fileSize"] =
            json!({"type": "integer", "format": "int64", "nullable": true});
    });
    project.other_document(&document).unwrap();

    project.write("openapi/partner-ingestion.json", &document);
    let digest = crate::document::pin::sha256(document.as_bytes());
    let source = project.read("openapi/source.toml");
    let pinned = source.lines().last().unwrap();
    project.write("openapi/source.toml", source.replace(pinned, &format!("sha256 = \"{digest}\"")));
    let error = project.run(|_| {}).unwrap_err();
    for id in ["next-link", "empty-204", "whole-file-size"] {
        assert!(error.contains(&format!("correction {id} is no longer needed")), "{error}");
    }
}

#[test]
fn a_broken_correction_can_be_skipped() {
    let project = Project::new();
    let document = project.changed(|document| {
        document["components"]["schemas"].as_object_mut().unwrap().retain(|name, _| !name.ends_with("ValidationItem"));
        for schema in document["components"]["schemas"].as_object_mut().unwrap().values_mut() {
            let text = schema.to_string();
            if text.contains("Submissions.ValidationItem\"") {
                *schema =
                    serde_json::from_str(&text.replace("Submissions.ValidationItem\"", "Submissions.WorkflowDetail\""))
                        .unwrap();
            }
        }
    });
    let error = project.other_document(&document).unwrap_err();
    assert!(error.contains("correction validation-severities is broken"), "{error}");
    project.write("other.json", document);
    project
        .run(|options| {
            options.document = Some(project.path("other.json"));
            options.out = Some(project.path("out"));
            options.allow_broken = vec!["validation-severities".to_owned()];
        })
        .unwrap();
}

#[test]
fn partly_fixed_document_breaks_the_correction() {
    let project = Project::new();
    let document = project.changed(|document| {
        let parameters = &mut document["paths"]["/products/{productID}/variants/{variantID}"]["put"]["parameters"];
        parameters
            .as_array_mut()
            .unwrap()
            .push(json!({"name": "If-Match", "in": "header", "schema": {"type": "string"}}));
    });
    let error = project.other_document(document).unwrap_err();
    assert!(error.contains("optional-if-match is broken: already present in 1 of 6 places"), "{error}");
}

#[test]
fn rejects_duplicate_ids_and_wide_targets() {
    let project = Project::new();
    project.replace(NAMES, "id: next-link", "id: external-ids");
    assert!(project.run(|_| {}).unwrap_err().contains("\"external-ids\" is used twice"));
    let project = Project::new();
    project.replace(
        NAMES,
        "target: $.components.schemas['Microsoft.Ingestion.Api.Models.Common.PagedCollection'].properties\n",
        "target: $..properties\n",
    );
    assert!(project.run(|_| {}).unwrap_err().contains("must start with one of"));
}

#[test]
fn documentation_entry_without_a_match_is_no_error() {
    let project = Project::documented();
    let text = project.read(DOCS);
    project.write(DOCS, text + "  - target: $.components.schemas['Gone']\n    update: {description: \"x\"}\n");
    project.run(|_| {}).unwrap();
}

#[test]
fn corrections_md_lists_every_correction() {
    let project = Project::generated();
    let table = project.read("openapi/CORRECTIONS.md");
    let overlays = ["10-names-and-values", "20-statuses-and-headers", "30-fields-of-other-clients", "40-secrets"];
    let overlays: String =
        overlays.iter().map(|name| project.read(&format!("openapi/overlays/{name}.overlay.yaml"))).collect();
    let ids: Vec<&str> =
        overlays.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("id: ")).collect();
    assert!(ids.len() >= 60, "{}", ids.len());
    for id in ids {
        assert!(table.contains(&format!("| {id} |")), "{id}");
    }
}

/// The oldest confirmations come first, and before them what was never confirmed.
#[test]
fn old_confirmations_are_listed() {
    let correction = |id: &str, confirmed: Option<&str>| {
        let mut fact = json!({"id": id, "kind": "field", "says": "a", "does": "b", "evidence": "c", "expect": 1});
        if let Some(month) = confirmed {
            fact["confirmed"] = month.into();
        }
        let fact = serde_json::from_value(fact).unwrap();
        (Correction { fact, file: "a.yaml".to_owned(), actions: Vec::new() }, State::NoLongerNeeded)
    };
    let all = [
        correction("new", Some("2025-04")),
        correction("old", Some("2023-06")),
        correction("never-seen", None),
        correction("older", Some("2019-12")),
    ];
    let listed = |today: &str, age: &str| stale(&all, today.parse().unwrap(), age.parse().unwrap());
    assert_eq!(listed("2025-06", "2y"), ["never    never-seen  c", "2019-12  older       c"]);
    assert_eq!(listed("2025-07", "2y").len(), 3, "25 months");
    assert_eq!(listed("2025-06", "1m").len(), 4);
    let project = Project::new();
    project.replace(NAMES, "confirmed: '2025-04'", "confirmed: 'last year'");
    assert!(project.run(|_| {}).unwrap_err().contains("write it as `2025-04`"));
}
