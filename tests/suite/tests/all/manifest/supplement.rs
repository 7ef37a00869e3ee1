//! The documents of supplemental content.

use super::{Folder, files, writes};
use partner_ingestion_sdk::types::ProductId;
use partner_ingestion_sdk::{Applied, Error, OfferManifest};
use partner_sandbox::{Calls, Fault};
use partner_tests::test_env::TestEnv;
use serde_json::json;
use std::path::Path;

const ONE: &str = "/products/{productID}/supplementalContents/{instanceID}";
const COMMIT: &str = "/products/{productID}/supplementalContents/{instanceID}/commit";

fn manifest(folder: &Path, documents: &[&str]) -> OfferManifest {
    let documents: Vec<String> = documents.iter().map(|file| format!("{{\"file\": {file:?}}}")).collect();
    let text = format!(
        "{{\"offerId\": \"app\", \"type\": \"AzureApplication\", \"name\": \"App\",\n \
         \"supplementalContent\": {{\"documents\": [{}]}}}}",
        documents.join(", ")
    );
    OfferManifest::from_json("offer.json", &text).unwrap().with_folder(folder)
}

async fn apply(env: &TestEnv, manifest: &OfferManifest) -> Result<Applied, Error> {
    env.client.apply_offer(manifest).await
}

/// The exported documents with their content.
async fn exported(env: &TestEnv, name: &str, product: &ProductId) -> Vec<(String, String)> {
    let folder = Folder::new(name);
    let missing = env.client.export_offer(product).to(folder.path()).await.unwrap().missing;
    let found = files(folder.path()).into_iter().filter(|(name, _)| name.starts_with("certification/"));
    let text = |content| String::from_utf8(content).unwrap();
    let missing = missing.into_iter().map(|name| (name, "missing".to_owned()));
    found.map(|(name, content)| (name, text(content))).chain(missing).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(name, content)| ((*name).to_owned(), (*content).to_owned())).collect()
}

#[tokio::test]
async fn documents_are_uploaded_replaced_and_removed() {
    let env = TestEnv::start().await;
    let folder = Folder::new("supplement");
    let write = |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    write("a.pdf", "one");
    write("b.pdf", "two");
    let both = manifest(folder.path(), &["a.pdf", "b.pdf"]);
    let applied = apply(&env, &both).await.unwrap();
    let product = applied.product.clone().unwrap();
    let mut steps: Vec<String> = applied.steps.iter().map(ToString::to_string).collect();
    steps[2..4].sort();
    let of = |action: &str| format!("offer, SupplementalContent: {action}");
    let uploads = [of("changed"), of("uploaded a.pdf"), of("uploaded b.pdf"), of("committed")];
    assert_eq!(steps[1..], uploads);
    let expected = [("certification/a.pdf", "one"), ("certification/b.pdf", "two")];
    assert_eq!(exported(&env, "supplement-1", &product).await, pairs(&expected));
    let sent = writes(&env);
    assert_eq!((apply(&env, &both).await.unwrap().to_string().as_str(), writes(&env)), ("", sent));

    write("b.pdf", "three");
    let diff = both.diff(&env.client).await.unwrap().to_string();
    assert_eq!(diff, "~ /supplementalContent/documents/1/file: changed\n");
    let steps = apply(&env, &both).await.unwrap().to_string();
    assert_eq!(steps, [of("changed\n"), of("uploaded b.pdf\n"), of("committed\n")].concat());
    let expected = [("certification/a.pdf", "one"), ("certification/b.pdf", "three")];
    assert_eq!(exported(&env, "supplement-2", &product).await, pairs(&expected));

    let one = manifest(folder.path(), &["b.pdf"]);
    assert_eq!(apply(&env, &one).await.unwrap().to_string(), "", "nothing is deleted without prune");
    let steps = env.client.apply_offer(&one).prune(true).await.unwrap().to_string();
    assert_eq!(steps, of("changed\n"));
    assert_eq!(exported(&env, "supplement-3", &product).await, pairs(&expected[1..]));
}

#[tokio::test]
async fn documents_may_have_the_same_name() {
    let env = TestEnv::start().await;
    let folder = Folder::new("supplement-names");
    for part in ["one", "two"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
        std::fs::write(folder.path().join(part).join("a.pdf"), part).unwrap();
    }
    let both = manifest(folder.path(), &["one/a.pdf", "two/a.pdf"]);
    let product = apply(&env, &both).await.unwrap().product.unwrap();
    let expected = pairs(&[("certification/2/a.pdf", "two"), ("certification/a.pdf", "one")]);
    assert_eq!(exported(&env, "supplement-same", &product).await, expected);
    assert_eq!(apply(&env, &both).await.unwrap().to_string(), "");
    std::fs::write(folder.path().join("one/a.pdf"), "three").unwrap();
    apply(&env, &both).await.unwrap();
    let expected = pairs(&[("certification/2/a.pdf", "two"), ("certification/a.pdf", "three")]);
    assert_eq!(exported(&env, "supplement-changed", &product).await, expected);
}

#[tokio::test]
async fn an_upload_that_was_not_committed_continues() {
    let env = TestEnv::start().await;
    let folder = Folder::new("supplement-continue");
    std::fs::write(folder.path().join("a.pdf"), "one").unwrap();
    let manifest = manifest(folder.path(), &["a.pdf"]);
    env.sandbox.fail(Calls::uploads(), Fault::status(403), 1);
    let product = apply(&env, &manifest).await.unwrap_err().applied().unwrap().product.clone().unwrap();
    let expected = pairs(&[("certification/a.pdf", "missing")]);
    assert_eq!(exported(&env, "supplement-announced", &product).await, expected, "an export does not fail");
    env.sandbox.fail(Calls::of("POST", COMMIT), Fault::status(400), 1);
    let error = apply(&env, &manifest).await.unwrap_err();
    assert_eq!(
        error.applied().unwrap().to_string(),
        "offer, SupplementalContent: uploaded a.pdf\noffer, SupplementalContent: not done\n"
    );
    assert_eq!(apply(&env, &manifest).await.unwrap().to_string(), "offer, SupplementalContent: committed\n");
    assert_eq!(apply(&env, &manifest).await.unwrap().to_string(), "");
    assert_eq!(exported(&env, "supplement-committed", &product).await, pairs(&[("certification/a.pdf", "one")]));
}

#[tokio::test]
async fn a_document_without_an_upload_address_is_an_error_with_its_place() {
    let env = TestEnv::start().await;
    let folder = Folder::new("supplement-address");
    std::fs::write(folder.path().join("guide.pdf"), "guide").unwrap();
    let body = json!({"id": "1", "assets": [{"assetID": "2", "fileName": "guide.pdf"}]});
    env.sandbox.fail(
        Calls::of("GET", ONE),
        Fault::status(200).header("content-type", "application/json").body(body.to_string()),
        1,
    );
    let error = apply(&env, &manifest(folder.path(), &["guide.pdf"])).await.unwrap_err();
    assert!(error.to_string().starts_with("offer.json:2:49: /supplementalContent/documents/0/file: "), "{error}");
    assert!(error.to_string().ends_with("the service issued no upload address for \"guide.pdf\""), "{error}");
    assert_eq!(error.applied().unwrap().remaining, ["offer, SupplementalContent"]);
}
