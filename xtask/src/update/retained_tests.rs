//! What a document drops stays whole: notes name the final successor, setters and names stay, and edited overlays lose nothing.

use super::tests::{project, settled, update};
use crate::diff::tests::at;
use crate::generate::tests::{Project, schema};
use serde_json::{Value, json};

const TYPES: &str = "partner-ingestion-sdk/src/generated/types.rs";
const ENUMS: &str = "partner-ingestion-sdk/src/generated/enums.rs";

fn with_spelling(project: &Project, to: &str) -> String {
    project.changed(|document| {
        schema(document, "AzureProductSetup")["properties"]["sellingOption"]["enum"][0] = json!(to);
    })
}

#[test]
fn a_note_names_the_final_successor() {
    let project = project();
    update(&project, with_spelling(&project, "Second-Name")).unwrap();
    update(&project, with_spelling(&project, "Third-Name")).unwrap();
    let enums: String = project.read(ENUMS).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(enums.contains("use `ThirdName`\")] ListingOnly = "), "{}", project.read("openapi/retained.toml"));
    assert!(enums.contains("use `ThirdName`\")] SecondName = "), "{}", project.read("openapi/retained.toml"));
    assert!(!enums.contains("use `SecondName`"));
    settled(&project);
}

#[test]
fn setters_stay_when_nothing_sends_the_type() {
    let project = project();
    let setters = "partner-ingestion-sdk/src/generated/setters.rs";
    assert!(project.read(setters).contains("struct AzureProductSetup {"));
    let document = project.changed(|document| {
        let setup = at(document, "/paths/~1products~1{productID}~1setup").as_object_mut().unwrap();
        setup.values_mut().for_each(|operation| drop(operation.as_object_mut().unwrap().remove("requestBody")));
    });
    update(&project, document).unwrap();
    assert!(project.read(setters).contains("struct AzureProductSetup {"), "the setters stay");
    assert!(project.read("openapi/retained.toml").contains("setters = [\"AzureProductSetup\"]"));
    settled(&project);
}

/// The variant of a value has a row in `names.toml`. It stays while the value is retained.
#[test]
fn a_value_that_returns_has_its_old_name() {
    let project = project();
    project.replace(
        "openapi/names.toml",
        "[operations]",
        "[variants]\n\"SellingOption.ListingOnly\" = \"Catalogue\"\n[operations]",
    );
    let first = project.read("openapi/partner-ingestion.json");
    project.run(|_| {}).unwrap();
    assert!(project.read(ENUMS).contains("Catalogue = \"ListingOnly\""));
    update(&project, with_spelling(&project, "Listed-Only")).unwrap();
    let names = project.read("openapi/names.toml");
    assert!(names.contains("\"SellingOption.ListingOnly\" = \"Catalogue\" # retained"), "{names}");
    settled(&project);
    update(&project, first).unwrap();
    assert!(project.read(ENUMS).contains("Catalogue = \"ListingOnly\""));
    settled(&project);
}

/// The old interface is that of the committed corrected document, not of the overlays as they are now.
#[test]
fn edited_overlays_lose_nothing() {
    const NAMES: &str = "openapi/overlays/10-names-and-values.overlay.yaml";
    let project = project();
    assert!(project.read(TYPES).contains("pub certifications_azure_government: Option<"));
    let text = project.read(NAMES);
    let start = text.find("  - target: $.components.schemas['Microsoft.Ingestion.Api.Models.Variants.AzureSkuVariant'].allOf[*].properties\n    update:\n      certificationsAzureGovernment").unwrap();
    let end = start + 1 + text[start + 1..].find("\n\n  - target").unwrap();
    project.write(NAMES, format!("{}{}", &text[..start], &text[end..]));
    let document = project.changed(|document: &mut Value| document["info"]["version"] = json!("1.1"));
    update(&project, document).unwrap();
    let types = project.read(TYPES);
    let field = &types[..types.find("pub certifications_azure_government: Option<").expect("the field is retained")];
    assert!(
        field.trim_end().ends_with(']') && field[field.len() - 300..].contains("deprecated"),
        "{}",
        &field[field.len() - 300..]
    );
    settled(&project);
}
