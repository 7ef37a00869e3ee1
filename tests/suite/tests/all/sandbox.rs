//! The sandbox as a tool of tests: it fails the test that leans on it when it has to, and many of them live side by side.

use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, RetryPolicy, reqwest};
use partner_sandbox::{Calls, Fault, Sandbox};
use partner_tests::stage::{Stage, checked, client_builder, open_sandbox, source};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What dropping a sandbox panics with.
fn panic_of(sandbox: Sandbox) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(sandbox))).expect_err("it fails the test");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap()
}

#[tokio::test]
async fn an_answer_against_the_contract_fails_the_test() {
    for (body, expected) in
        [(r#"{"value": [{"name": 7}]}"#, "/value/0/name"), (r#"{"value": {}}"#, "/value"), ("<html>", "not JSON")]
    {
        let stage = Stage::open().await;
        let fault = Fault::status(200).header("content-type", "application/json").body(body);
        stage.sandbox.fail(Calls::of("GET", "/products"), fault, 1);
        assert!(stage.client.list_products().send().await.is_err());
        let text = panic_of(stage.sandbox);
        assert!(text.contains("GET /products (200)") && text.contains(expected), "{text}");
    }
    let stage = Stage::open().await;
    let undocumented = Fault::status(206).header("content-type", "application/json").body("{}");
    stage.sandbox.fail(Calls::of("GET", "/products"), undocumented, 1);
    stage.client.list_products().send().await.unwrap();
    let text = panic_of(stage.sandbox);
    assert!(text.contains("the status is not in the document"), "{text}");
}

#[tokio::test]
async fn a_request_against_the_contract_that_passes_fails_the_test() {
    let stage = Stage::open().await;
    // The sandbox itself would refuse this; a fault lets it pass.
    let fault = Fault::status(200).header("content-type", "application/json").body("{}");
    let put = "/products/{productID}/listings/{listingID}";
    stage.sandbox.fail(Calls::of("PUT", put), fault, 1);
    let body = serde_json::json!({"title": 7});
    let request = stage.client.request(reqwest::Method::PUT, "products/p/listings/l?more=1");
    request.json(&body).send::<serde_json::Value>().await.unwrap();
    let text = panic_of(stage.sandbox);
    for expected in ["the header If-Match is required", "the query parameter more", "the request at \"/title\""] {
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn an_unmet_expectation_fails_the_test() {
    let stage = Stage::open().await;
    stage.sandbox.expect(Calls::of("GET", "/products"), 1..=1);
    stage.sandbox.expect(Calls::of("POST", "/products"), 1..);
    stage.client.list_products().send().await.unwrap();
    let text = panic_of(stage.sandbox);
    assert_eq!(text, "unexpected number of calls to the sandbox: POST /products: expected 1 or more, got 0");

    let stage = Stage::open().await;
    stage.sandbox.expect(Calls::tokens(), 1..=1);
    stage.sandbox.expect(Calls::any(), ..2);
    stage.client.list_products().send().await.unwrap();
    drop(stage);
}

#[tokio::test]
async fn a_panic_of_a_handler_fails_the_test() {
    let builder = Sandbox::builder().on_call(|call| assert_ne!(call.status, 404, "nothing is missing"));
    let sandbox = builder.start().await.unwrap();
    let client = client_builder().base_url(sandbox.url()).token_provider(source(&sandbox));
    let client = client.build().unwrap();
    assert!(client.get_product("nothing").send().await.unwrap_err().is_not_found());
    // It responds until the test ends.
    client.list_products().send().await.unwrap();
    let text = panic_of(sandbox);
    assert!(text.contains("nothing is missing"), "{text}");
}

#[tokio::test]
async fn a_test_that_fails_already_says_its_own() {
    let sandbox = open_sandbox().await;
    sandbox.expect(Calls::tokens(), 1..);
    let panic = catch_unwind(AssertUnwindSafe(move || {
        let _sandbox = sandbox;
        panic!("the test's own");
    }));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"the test's own"));
}

#[tokio::test]
async fn nothing_listens_when_it_is_dropped() {
    let sandbox = open_sandbox().await;
    let http = reqwest::Client::new();
    let url = sandbox.url();
    assert_eq!(http.get(&url).send().await.unwrap().status(), 401);
    drop(sandbox);
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(http.get(&url).send().await.unwrap_err().is_connect());
}

/// Every test file opens its sandboxes in the way that checks them.
#[test]
fn every_exchange_is_checked() {
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all")) {
        let text = std::fs::read_to_string(&path).unwrap();
        let own = path.ends_with("sandbox.rs");
        assert!(own || !text.contains("Sandbox::start("), "{}", path.display());
        let unchecked = text.replace("checked(Sandbox::builder())", "").contains("Sandbox::builder()");
        assert!(own || !unchecked, "{}", path.display());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, mut found): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    found.extend(folders.iter().flat_map(|folder| files(folder)));
    found
}

#[tokio::test]
async fn two_hundred_live_side_by_side() {
    open_sandbox().await;
    let mut starts = Vec::new();
    let mut stages = Vec::new();
    for _ in 0..200 {
        let begun = Instant::now();
        let sandbox = open_sandbox().await;
        starts.push(begun.elapsed());
        stages.push(sandbox);
    }
    starts.sort();
    println!("200 sandboxes: {:?} is the median of their starts", starts[100]);
    // Half of them, so that a busy machine does not matter.
    assert!(starts[100] < Duration::from_millis(50), "{:?}", starts[100]);
    let calls = stages.iter().map(|sandbox| async move {
        let client = client_builder().base_url(sandbox.url()).token_provider(source(sandbox));
        let client = client.build().unwrap();
        let offer = AzureProduct::application("one", "One");
        client.create_product(offer).send().await.unwrap();
        client.list_products().send().await.unwrap().into_inner().value.unwrap().len()
    });
    // Each has its own state.
    assert_eq!(futures_util::future::join_all(calls).await, vec![1; 200]);
}

/// How long the clients go on: two seconds, or as many as the soak says.
fn time() -> Duration {
    let seconds = std::env::var("PARTNER_SECONDS").ok();
    Duration::from_secs(seconds.map_or(2, |seconds| seconds.parse().unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_in_parallel() {
    let sandbox = checked(Sandbox::builder()).processing_delay(Duration::ZERO).start().await.unwrap();
    let (sandbox, end) = (&sandbox, Instant::now() + time());
    let clients = (0..64).map(|number| async move {
        let client = client_builder().base_url(sandbox.url()).token_provider(source(sandbox));
        let client = client.retry(RetryPolicy::none()).build().unwrap();
        let mut rounds = 0;
        while Instant::now() < end || rounds == 0 {
            round(&client, &format!("offer-{number}-{rounds}")).await.unwrap();
            rounds += 1;
        }
        rounds
    });
    let rounds: usize = futures_util::future::join_all(clients).await.into_iter().sum();
    assert!(rounds >= 64);
    let calls = sandbox.calls();
    let refused: Vec<_> = calls.iter().filter(|call| !(200..300).contains(&call.status)).collect();
    assert!(refused.is_empty(), "{refused:?}");
    println!("64 clients: {rounds} offers, {} of the newest calls without a refusal", calls.len());
}

/// An offer with a plan, a property that is changed, and its end.
async fn round(client: &Client, offer: &str) -> Result<(), partner_ingestion_sdk::Error> {
    let product = client.create_product(AzureProduct::application(offer, offer)).send().await?;
    let product = product.into_inner().id.unwrap();
    client.create_variant(&product, AzureSkuVariant::plan("one", "One")).send().await?;
    let branches = client.list_branches(&product, "Property").send().await?.into_inner();
    let branch = branches.value.unwrap().remove(0);
    let draft = branch.current_draft_instance_id.unwrap();
    let found = client.find_properties(&product, &draft).send().await?.into_inner();
    let property = found.value.unwrap().remove(0);
    let id = property.id.clone().unwrap();
    let changed = client.replace_property(&product, &id, property.set_app_version("2")).send().await?;
    assert_eq!(changed.app_version.as_deref(), Some("2"));
    client.delete_product(&product).send().await?;
    Ok(())
}
