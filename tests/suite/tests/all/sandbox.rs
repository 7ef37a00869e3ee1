//! The sandbox in tests: it fails the test on violations, and many sandboxes can run in parallel.

use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, RetryPolicy, reqwest};
use partner_sandbox::{Calls, Fault, Sandbox};
use partner_tests::test_env::{TestEnv, checked, client_builder, start_sandbox, token_source};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Drops a sandbox and returns the message of its panic.
fn panic_of(sandbox: Sandbox) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(sandbox))).expect_err("drop did not panic");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap()
}

#[tokio::test]
async fn invalid_response_fails_the_test() {
    for (body, expected) in
        [(r#"{"value": [{"name": 7}]}"#, "/value/0/name"), (r#"{"value": {}}"#, "/value"), ("<html>", "not JSON")]
    {
        let env = TestEnv::start().await;
        let fault = Fault::status(200).header("content-type", "application/json").body(body);
        env.sandbox.fail(Calls::of("GET", "/products"), fault, 1);
        assert!(env.client.list_products().send().await.is_err());
        let text = panic_of(env.sandbox);
        assert!(text.contains("GET /products (200)") && text.contains(expected), "{text}");
    }
    let env = TestEnv::start().await;
    let undocumented = Fault::status(206).header("content-type", "application/json").body("{}");
    env.sandbox.fail(Calls::of("GET", "/products"), undocumented, 1);
    env.client.list_products().send().await.unwrap();
    let text = panic_of(env.sandbox);
    assert!(text.contains("the status is not in the document"), "{text}");
}

#[tokio::test]
async fn accepted_invalid_request_fails_the_test() {
    let env = TestEnv::start().await;
    // The sandbox would reject this request; a fault replaces its response.
    let fault = Fault::status(200).header("content-type", "application/json").body("{}");
    let put = "/products/{productID}/listings/{listingID}";
    env.sandbox.fail(Calls::of("PUT", put), fault, 1);
    let body = serde_json::json!({"title": 7});
    let request = env.client.request(reqwest::Method::PUT, "products/p/listings/l?more=1");
    request.json(&body).send::<serde_json::Value>().await.unwrap();
    let text = panic_of(env.sandbox);
    for expected in ["the header If-Match is required", "the query parameter more", "the request at \"/title\""] {
        assert!(text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn unmet_expectation_fails_the_test() {
    let env = TestEnv::start().await;
    env.sandbox.expect(Calls::of("GET", "/products"), 1..=1);
    env.sandbox.expect(Calls::of("POST", "/products"), 1..);
    env.client.list_products().send().await.unwrap();
    let text = panic_of(env.sandbox);
    assert_eq!(text, "unexpected number of calls to the sandbox: POST /products: expected 1 or more, got 0");

    let env = TestEnv::start().await;
    env.sandbox.expect(Calls::tokens(), 1..=1);
    env.sandbox.expect(Calls::any(), ..2);
    env.client.list_products().send().await.unwrap();
    drop(env);
}

#[tokio::test]
async fn panic_of_a_hook_fails_the_test() {
    let builder = Sandbox::builder().on_call(|call| assert_ne!(call.status, 404, "nothing is missing"));
    let sandbox = builder.start().await.unwrap();
    let client = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox));
    let client = client.build().unwrap();
    assert!(client.get_product("nothing").send().await.unwrap_err().is_not_found());
    // The sandbox continues to respond.
    client.list_products().send().await.unwrap();
    let text = panic_of(sandbox);
    assert!(text.contains("nothing is missing"), "{text}");
}

#[tokio::test]
async fn drop_keeps_the_panic_of_a_failing_test() {
    let sandbox = start_sandbox().await;
    sandbox.expect(Calls::tokens(), 1..);
    let panic = catch_unwind(AssertUnwindSafe(move || {
        let _sandbox = sandbox;
        panic!("the test failed");
    }));
    assert_eq!(panic.unwrap_err().downcast_ref::<&str>(), Some(&"the test failed"));
}

#[tokio::test]
async fn drop_closes_the_port() {
    let sandbox = start_sandbox().await;
    let http = reqwest::Client::new();
    let url = sandbox.url();
    assert_eq!(http.get(&url).send().await.unwrap().status(), 401);
    drop(sandbox);
    tokio::time::sleep(Duration::from_millis(10)).await;
    assert!(http.get(&url).send().await.unwrap_err().is_connect());
}

/// Every test file starts its sandboxes with `checked`.
#[test]
fn every_test_file_uses_the_checked_sandbox() {
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all")) {
        let text = std::fs::read_to_string(&path).unwrap();
        // The simulation sends too many requests to compare each with the document.
        let own = path.ends_with("sandbox.rs") || path.ends_with("simulation/scenario.rs");
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
async fn two_hundred_sandboxes_run_in_parallel() {
    start_sandbox().await;
    let mut starts = Vec::new();
    let mut sandboxes = Vec::new();
    for _ in 0..200 {
        let begun = Instant::now();
        let sandbox = start_sandbox().await;
        starts.push(begun.elapsed());
        sandboxes.push(sandbox);
    }
    starts.sort();
    println!("200 sandboxes: the median start time is {:?}", starts[100]);
    // The median, so that a busy machine does not matter.
    assert!(starts[100] < Duration::from_millis(50), "{:?}", starts[100]);
    let calls = sandboxes.iter().map(|sandbox| async move {
        let client = client_builder().base_url(sandbox.url()).token_provider(token_source(sandbox));
        let client = client.build().unwrap();
        let offer = AzureProduct::application("one", "One");
        client.create_product(offer).send().await.unwrap();
        client.list_products().send().await.unwrap().into_inner().value.unwrap().len()
    });
    // Each sandbox has its own state.
    assert_eq!(futures_util::future::join_all(calls).await, vec![1; 200]);
}

/// Duration of the test. Default: two seconds; the soak test sets `PARTNER_SECONDS`.
fn duration() -> Duration {
    let seconds = std::env::var("PARTNER_SECONDS").ok();
    Duration::from_secs(seconds.map_or(2, |seconds| seconds.parse().unwrap()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_share_one_sandbox() {
    let sandbox = checked(Sandbox::builder()).processing_delay(Duration::ZERO).start().await.unwrap();
    let (sandbox, end) = (&sandbox, Instant::now() + duration());
    let clients = (0..64).map(|number| async move {
        let client = client_builder().base_url(sandbox.url()).token_provider(token_source(sandbox));
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
    let failed: Vec<_> = calls.iter().filter(|call| !(200..300).contains(&call.status)).collect();
    assert!(failed.is_empty(), "{failed:?}");
    println!("64 clients: {rounds} offers; no error in the latest {} calls", calls.len());
}

/// Creates an offer with a plan, changes its property and deletes it.
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
