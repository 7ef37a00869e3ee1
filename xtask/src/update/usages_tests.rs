//! `update` lists the file, line and column of hand-written code that names removed or deprecated items.

use super::tests::{project, settled};
use super::usages::{self, Usage};
use super::{Options, Proof, run};
use crate::diff::edition::{Edition, Tables};
use crate::diff::tests::{at, document};
use crate::diff::users;
use crate::generate::model::hand_written;
use crate::generate::retained::Retained;
use crate::generate::tests::schema;
use crate::report::Report;
use serde_json::Value;
use std::path::Path;

const FILE: &str = "tests/suite/tests/planted.rs";
const CODE: &str = "\
//! Names items that the document removes. See [`SellingOption`].
use partner_ingestion_sdk::types::{AzureProductSetup, SellingOption};

async fn sold(client: &Client) -> Option<bool> {
    // SellingOption in a comment, and \"SellingOption\" in a text.
    let setup = client.get_product_setup(\"SellingOption\").send().await?;
    assert!(matches!(setup.selling_option, Some(SellingOption::ListAndSell)));
    // A method with the name of the field is another one.
    Some(setup.name == other.id.selling_option())
}
";

/// Removes an operation, and an enum with the property that has it.
fn edit(document: &mut Value) {
    drop(at(document, "/paths/~1products~1{productID}~1setup").as_object_mut().unwrap().remove("get"));
    let setup = schema(document, ".AzureProductSetup")["properties"].as_object_mut().unwrap();
    setup.remove("sellingOption").unwrap();
}

fn places(usages: &[Usage]) -> Vec<(&str, &str)> {
    usages.iter().map(|usage| (usage.place.strip_prefix(FILE).unwrap_or(&usage.place), usage.item.as_str())).collect()
}

/// Without retention, all are missing.
#[test]
fn removed_items_are_listed_with_their_places() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let tables = Tables {
        names: std::fs::read_to_string(root.join("openapi/names.toml")).unwrap(),
        retained: Retained::default(),
    };
    let overlays = crate::document::overlay::read_all(&root.join("openapi/overlays")).unwrap();
    let sdk = hand_written::read(root).unwrap();
    let api = |document: Value| Edition::of(document, &overlays, &tables, &sdk).unwrap().0.api.unwrap();
    let mut edited = document();
    edit(&mut edited);
    let (old, new) = (api(document()), api(edited));
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("tests/suite/tests")).unwrap();
    std::fs::write(folder.path().join(FILE), CODE).unwrap();
    let found = usages::find(folder.path(), &users::compare(&old, &new), &new).unwrap();
    let expected = [
        (":1:50", "SellingOption"),
        (":2:55", "SellingOption"),
        (":6:24", "Client::get_product_setup"),
        (":7:28", "AzureProductSetup.selling_option"),
        (":7:49", "SellingOption"),
    ];
    assert_eq!(places(&found), expected);
    assert!(found.iter().all(|usage| usage.is_missing && usage.change == "removed from the document"), "{found:?}");
}

/// `update` keeps the type and the field as deprecated, and says so before it builds. The method was removed.
#[test]
fn update_lists_what_is_missing_and_what_is_deprecated() {
    let project = project();
    project.write(FILE, CODE);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new.json");
    std::fs::write(&file, project.changed(edit)).unwrap();
    let report = Report::quiet();
    let options =
        Options { document: &file, dry_run: false, allow_broken: &[], proof: Proof::Generated, day: "2027-01-31" };
    run(project.root(), &options, &report).unwrap();
    let lines = report.lines.lock().unwrap();
    let lines: Vec<&str> = lines.iter().map(|line| line.trim()).collect();
    let first = lines.iter().position(|line| line.starts_with("usages  removed items are named at 1 place ")).unwrap();
    let missing = format!("{FILE}:6:24: Client::get_product_setup: removed from the document");
    assert_eq!(lines[first + 2], missing, "{lines:#?}");
    assert!(lines[first + 1].starts_with("usages  deprecated items are named at 4 places"), "{lines:#?}");
    for place in ["1:50: SellingOption", "7:28: AzureProductSetup.selling_option", "7:49: SellingOption"] {
        let wanted = format!("{FILE}:{place}: ");
        let line = lines.iter().find(|line| line.starts_with(&wanted)).unwrap_or_else(|| panic!("{wanted} {lines:#?}"));
        assert!(line.ends_with(": deprecated, removed from the document of 2027-01-31"), "{line}");
    }
    settled(&project);
}
