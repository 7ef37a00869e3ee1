//! `update` with each kind of change in a document. No other file changes.

use super::{Options, Proof, changelog, run};
use crate::generate::tests::inlined::inline;
use crate::generate::tests::{Project, schema};
use crate::report::Report;
use serde_json::{Value, json};

const DAY: &str = "2027-01-31";
const NAMES: &str = "openapi/overlays/10-names-and-values.overlay.yaml";

pub(super) fn project() -> Project {
    let project = Project::generated();
    project.write(changelog::FILE, "# Changelog\n\n## Unreleased\n\n* Something else.\n\n## 0.1.0\n");
    project
}

pub(super) fn update(project: &Project, bytes: impl AsRef<[u8]>) -> Result<(), String> {
    with(project, bytes, false)
}

fn with(project: &Project, bytes: impl AsRef<[u8]>, dry_run: bool) -> Result<(), String> {
    update_with_proof(project, bytes, dry_run, Proof::Generated)
}

fn update_with_proof(project: &Project, bytes: impl AsRef<[u8]>, dry_run: bool, proof: Proof) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new.json");
    std::fs::write(&file, bytes).unwrap();
    let options = Options { document: &file, dry_run, allow_broken: &[], proof, day: DAY };
    run(project.root(), &options, &Report::quiet())
        .map_err(|error| anstream::adapter::strip_str(&format!("{error:#}")).to_string())
}

/// Checks after a success that the generated files are up to date and that a second run changes nothing.
pub(super) fn settled(project: &Project) {
    project.check().unwrap();
    let before = project.tree();
    update(project, project.read("openapi/partner-ingestion.json")).unwrap();
    assert_eq!(project.tree(), before);
}

#[test]
fn renamed_value_stays_as_deprecated_and_can_return() {
    let project = project();
    let renamed = |value: &'static str| {
        move |document: &mut Value| {
            schema(document, "AzureProductSetup")["properties"]["sellingOption"]["enum"][0] = json!(value);
        }
    };
    let first = project.changed(|_| {});
    let old = serde_json::from_str::<Value>(&first).unwrap();
    let old = old.pointer("/components/schemas").unwrap().as_object().unwrap();
    let old = old.iter().find(|(name, _)| name.ends_with("AzureProductSetup")).unwrap().1.clone();
    let old = old["properties"]["sellingOption"]["enum"][0].as_str().unwrap().to_owned();

    update(&project, project.changed(renamed("Spelt-Otherwise"))).unwrap();
    let enums = project.read("partner-ingestion-sdk/src/generated/enums.rs");
    assert!(enums.contains("SpeltOtherwise = \"Spelt-Otherwise\","), "the new value exists");
    let note = "removed from the document of 2027-01-31; use `SpeltOtherwise`";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&enums).contains(&format!("#[deprecated(note = \"{note}\")] {old} = \"{old}\",")), "{enums}");
    let retained = project.read("openapi/retained.toml");
    assert!(
        retained.contains(&format!("text = \"{old}\"")) && retained.contains("since = \"2027-01-31\""),
        "{retained}"
    );
    let changelog = project.read(changelog::FILE);
    assert!(changelog.contains("### The document of 2027-01-31\n\nsha256 `"), "{changelog}");
    let row = format!("* `deprecated` `SellingOption::{old}`: removed from the document of 2027-01-31");
    assert!(changelog.contains("Behaviour: code compiles") && changelog.contains(&row), "{changelog}");
    assert!(changelog.contains("* Something else.") && changelog.contains("## 0.1.0"), "{changelog}");
    let pin = project.read("openapi/source.toml");
    assert!(pin.contains("retrieved = \"2027-01-31\"") && pin.contains("As published on 2027-01-31"), "{pin}");
    settled(&project);

    // The publisher reverts the rename: only the intermediate value stays as deprecated.
    update(&project, first).unwrap();
    let retained = project.read("openapi/retained.toml");
    assert!(!retained.contains(&format!("text = \"{old}\"")) && retained.contains("SpeltOtherwise"), "{retained}");
    settled(&project);
}

#[test]
fn removed_items_stay_as_deprecated() {
    let project = project();
    let without = project.changed(|document| {
        schema(document, "Branches.Branch")["allOf"][1]["properties"].as_object_mut().unwrap().remove("friendlyName");
        let setup = schema(document, "AzureProductSetup")["properties"].as_object_mut().unwrap();
        let value = setup.remove("callToAction").unwrap();
        setup.insert("calltoAction".to_owned(), value);
    });
    update(&project, without).unwrap();
    let types = project.read("partner-ingestion-sdk/src/generated/types.rs");
    let branch = &types[types.find("pub struct Branch {").unwrap()..];
    let branch = &branch[..branch.find("\n}").unwrap()];
    assert!(branch.contains("#[deprecated(note = \"removed from the document of 2027-01-31\")]"), "{branch}");
    assert!(branch.contains("pub friendly_name: Option<"), "{branch}");
    let setup = &types[types.find("pub struct AzureProductSetup {").unwrap()..];
    let setup = &setup[..setup.find("\n}").unwrap()];
    assert!(
        setup.contains("use `callto_action`") && setup.contains("pub call_to_action: Option<CallToAction>"),
        "{setup}"
    );
    settled(&project);
}

#[test]
fn adds_and_removes_rows_of_operations() {
    let project = project();
    let changed = project.changed(|document| {
        let paths = document["paths"].as_object_mut().unwrap();
        let mut reports = paths["/products/{productID}/submissions/{submissionID}/reports"].clone();
        reports["get"]["tags"] = json!(["New"]);
        paths.insert("/products/{productID}/submissions/{submissionID}/certificates".to_owned(), reports);
        paths.remove("/products/{productID}/submissions/{submissionID}/reports").unwrap();
    });
    let error = update(&project, &changed);
    error.unwrap();
    let names = project.read("openapi/names.toml");
    let row = "\"GET /products/{productID}/submissions/{submissionID}/certificates\" = \"list_certificates\"";
    assert!(names.contains(&format!("# New in the document of 2027-01-31, named by rule.\n{row}\n")), "{names}");
    assert!(!names.contains("list_submission_reports"), "the row of the removed operation is removed");
    assert!(names.contains("# METHOD path -> operation. PUT replaces the whole object"), "comments are preserved");
    let operations = project.read("partner-ingestion-sdk/src/generated/operations.rs");
    assert!(operations.contains("pub fn list_certificates(") && !operations.contains("list_submission_reports"));
    settled(&project);
}

#[test]
fn unneeded_correction_is_removed() {
    let project = project();
    let fixed = project.changed(|document| {
        let value = &mut schema(document, "Products.BaseProduct")["allOf"];
        let types = value
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .find_map(|part| part.pointer_mut("/properties/resourceType/enum").and_then(Value::as_array_mut));
        types.unwrap().push(json!("SoftwareAsAService"));
        let pages = &mut schema(document, "Common.PagedCollection")["properties"];
        pages["nextLink"] = json!({"type": "string"});
        pages.as_object_mut().unwrap().remove("@odata.nextLink");
        let types = schema(document, "Products.AzureProduct")["allOf"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .find_map(|part| part.pointer_mut("/properties/resourceType/enum").and_then(Value::as_array_mut));
        types.unwrap().push(json!("SoftwareAsAService"));
    });
    let before = project.read(NAMES);
    update(&project, fixed).unwrap();
    let after = project.read(NAMES);
    assert!(before.contains("id: next-link") && !after.contains("id: next-link"), "{after}");
    assert!(!after.contains("@odata.nextLink']\n    remove"), "the second action is removed, too");
    let comment = before.lines().next().unwrap();
    assert!(comment.starts_with('#') && after.starts_with(comment), "comments are preserved");
    assert!(after.contains("id: variant-sub-type"), "other corrections are preserved");
    assert!(!project.read("openapi/CORRECTIONS.md").contains("**next-link**"));
    settled(&project);
}

#[test]
fn broken_correction_stops_the_update_and_changes_nothing() {
    let project = project();
    let before = project.tree();
    let broken = project.changed(|document| {
        schema(document, "Common.PagedCollection")["properties"]["@odata.nextLink"] = json!({"type": "integer"});
        schema(document, "Branches.Branch")["allOf"][1]["properties"]["module"] =
            json!({"$ref": "#/components/schemas/Gone"});
    });
    let error = update(&project, &broken).unwrap_err();
    assert!(error.contains("correction next-link is broken: the old value has changed"), "{error}");
    assert!(error.contains("Gone does not exist"), "all problems are reported: {error}");
    assert!(error.contains("nothing was changed. Fix the problems above"), "{error}");
    assert_eq!(project.tree(), before);
    for unusable in ["", "{", "<html>", "{\"openapi\": \"3.1.0\"}", "[1, 2]"] {
        assert!(update(&project, unusable).unwrap_err().contains("not a usable document"), "{unusable}");
        assert_eq!(project.tree(), before);
    }
}

#[test]
fn a_broken_correction_is_removed_on_request() {
    let project = project();
    let broken = project.changed(|document| {
        schema(document, "Common.PagedCollection")["properties"]["@odata.nextLink"] = json!({"type": "integer"});
    });
    let error = update(&project, &broken).unwrap_err();
    assert!(error.contains("or skip it with --allow-broken next-link"), "{error}");
    let allow_broken = ["next-link".to_owned()];
    project.write("target/new.json", &broken);
    let file = project.path("target/new.json");
    let options =
        Options { document: &file, dry_run: false, allow_broken: &allow_broken, proof: Proof::Generated, day: DAY };
    let error = format!(
        "{:#}",
        run(project.root(), &options, &Report::quiet()).err().map_or(String::new(), |e| format!("{e:#}"))
    );
    assert_eq!(error, "");
    assert!(!project.read(NAMES).contains("id: next-link"));
    project.check().unwrap();
}

/// The copy has no manifest here, so the build fails.
#[test]
fn code_that_does_not_build_stays_in_the_copy() {
    let project = project();
    let own = |project: &Project| {
        project.tree().into_iter().filter(|(path, _)| !path.starts_with("target")).collect::<Vec<_>>()
    };
    let before = own(&project);
    let changed = project.changed(|document| document["info"]["version"] = json!("1.1"));
    for (proof, wanted) in
        [(Proof::Compiles, "does not build with the new document; nothing was changed"), (Proof::Tested, "tests fail")]
    {
        let error = update_with_proof(&project, &changed, false, proof).unwrap_err();
        assert!(error.contains(wanted), "{error}");
        assert_eq!(own(&project), before);
        assert!(
            project.read("target/update/openapi/partner-ingestion.json").contains("1.1"),
            "the copy contains the new document"
        );
    }
}

#[test]
fn dry_run_writes_nothing_and_edited_document_is_rejected() {
    let project = project();
    let before = project.tree();
    let changed = project.changed(|document| document["info"]["version"] = json!("1.1"));
    with(&project, &changed, true).unwrap();
    let mut after = project.tree();
    after.retain(|(path, _)| !path.starts_with("target"));
    assert_eq!(after, before);
    let copy = project.read("target/update/partner-ingestion-sdk/src/generated/table.rs");
    assert!(copy.contains("API_VERSION: &str = \"1.1\""), "the generator ran in the copy");
    project.replace("openapi/partner-ingestion.json", "\"1.0\"", "\"1.00\"");
    let error = update(&project, &changed).unwrap_err();
    assert!(error.contains("was changed: its sha256 is"), "{error}");
}

#[test]
fn yaml_and_swagger_are_committed_as_json() {
    let project = project();
    let yaml = {
        let changed = project.changed(|document| document["info"]["version"] = json!("1.1"));
        let value: Value = serde_json::from_str(&changed).unwrap();
        serde_saphyr::to_string(&value).unwrap()
    };
    update(&project, yaml).unwrap();
    let committed: Value = serde_json::from_str(&project.read("openapi/partner-ingestion.json")).unwrap();
    assert_eq!(committed["info"]["version"], "1.1");
    assert!(project.read("openapi/source.toml").contains("Converted to OpenAPI 3.0 in JSON"));
    settled(&project);
}

/// The committed form has the components, so that the next run needs no earlier document.
#[test]
fn an_inlined_document_is_committed_with_its_components() {
    let project = project();
    let before: Value = serde_json::from_str(&project.read("openapi/partner-ingestion.json")).unwrap();
    let mut inlined = inline(&before, &before, &["/components/"]);
    inlined.as_object_mut().unwrap().remove("components");
    inlined["info"]["version"] = json!("1.1");
    update(&project, inlined.to_string()).unwrap();
    let committed: Value = serde_json::from_str(&project.read("openapi/partner-ingestion.json")).unwrap();
    assert_eq!(committed["info"]["version"], "1.1");
    assert!(committed["components"]["schemas"] == before["components"]["schemas"]);
    settled(&project);
}
