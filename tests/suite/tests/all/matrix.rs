//! The table of faults in the SDK's documentation, held against the SDK.

use futures_util::StreamExt;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Error, RetryPolicy};
use partner_sandbox::{Calls, Fault};
use partner_tests::stage::{Stage, client_builder, source};
use std::time::{Duration, Instant};

const TABLE: &str = include_str!("../../../../partner-ingestion-sdk/src/docs/retry_behavior.md");
const CLASSES: [&str; 4] = ["GET", "PUT with etag", "DELETE", "POST"];
const HTML: &str = "<html><body>Bad gateway</body></html>";

/// The fault of a row and how often it strikes; none where nothing listens.
fn fault(name: &str) -> Option<(Fault, usize)> {
    let status = Fault::status;
    let planned = match name {
        "refused always" => return None,
        "reset before, once" => (Fault::reset(), 1),
        "reset after, once" => (Fault::drop_response(), 1),
        "torn body, once" => (Fault::truncate_body(), 1),
        "stall, once" => (Fault::stall(), 1),
        "408 once" => (status(408), 1),
        "429 with Retry-After, once" => (status(429).header("retry-after", "1"), 1),
        "429 without Retry-After, once" => (status(429), 1),
        "429 always" => (status(429).header("retry-after", "0"), 9),
        "429 with a long Retry-After" => (status(429).header("retry-after", "3600"), 9),
        "500 once" => (status(500), 1),
        "500 always" => (status(500), 9),
        "502 with HTML, once" => (status(502).header("content-type", "text/html").body(HTML), 1),
        "503 without Retry-After, once" => (status(503), 1),
        "503 with Retry-After, once" => (status(503).header("retry-after", "1"), 1),
        "504 once" => (status(504), 1),
        "401 once" => (status(401), 1),
        "401 always" => (status(401), 9),
        "403 always" => (status(403), 9),
        "409 once" => (status(409), 1),
        "malformed JSON, once" => (status(200).body("{\"id\": "), 1),
        "too large, once" => (status(200).body("x".repeat(5_000)), 1),
        other => panic!("the table has a fault that the test does not know: {other}"),
    };
    Some(planned)
}

/// What a call of a class comes to under a fault, as the table writes it, and how long it took.
async fn cell(name: &'static str, class: &'static str) -> (String, Duration) {
    // The contract is broken on purpose here.
    let stage = Stage::unchecked().await;
    let product = stage.product("app").await;
    let draft = stage.draft(&product, "Listing", None).await;
    let found = stage.client.find_listings(&product, &draft).send().await.unwrap();
    let listing: AzureListing = found.into_inner().value.unwrap().remove(0);
    let (operation, calls) = match class {
        "GET" => ("GET /products/{productID}", Calls::of("GET", "/products/{productID}")),
        "PUT with etag" => {
            let put = "/products/{productID}/listings/{listingID}";
            ("PUT /products/{productID}/listings/{listingID}", Calls::of("PUT", put))
        }
        "DELETE" => ("DELETE /products/{productID}", Calls::of("DELETE", "/products/{productID}")),
        _ => ("POST /products", Calls::of("POST", "/products")),
    };
    let closed = "http://127.0.0.1:1/v1.0/ingestion";
    let base = match fault(name) {
        Some((fault, times)) => {
            stage.sandbox.fail(calls, fault, times);
            stage.sandbox.url()
        }
        None => closed.to_owned(),
    };
    let client = client_builder().base_url(base).token_provider(source(&stage.sandbox));
    let client = client.attempt_timeout(Duration::from_secs(2)).max_response_bytes(4_000);
    let client = client.retry(RetryPolicy::default().max_attempts(3)).build().unwrap();
    let before = count(&stage, operation);
    let begun = Instant::now();
    let outcome = match class {
        "GET" => client.get_product(&product).send().await.map(drop),
        "PUT with etag" => {
            let changed = listing.clone().set_title("Changed");
            client.replace_listing(&product, &listing, changed).send().await.map(drop)
        }
        "DELETE" => client.delete_product(&product).send().await.map(drop),
        _ => client.create_product(AzureProduct::application("new", "New")).send().await.map(drop),
    };
    let requests = count(&stage, operation) - before;
    (format!("{} {requests}", written(outcome)), begun.elapsed())
}

fn count(stage: &Stage, operation: &str) -> usize {
    let calls = stage.sandbox.calls();
    calls.iter().filter(|call| call.operation.as_deref() == Some(operation)).count()
}

fn written(outcome: Result<(), Error>) -> String {
    let Err(error) = outcome else { return "ok".to_owned() };
    let mark = match (error.may_conflict_with_own_retry(), error.may_have_been_processed()) {
        (true, _) => "=",
        (false, true) => "!",
        (false, false) => "",
    };
    match (error.status(), mark) {
        // The mark of a status stands behind it, where it is the status that says so.
        (Some(status), mark) if error.kind() == partner_ingestion_sdk::ErrorKind::Status => {
            format!("Status {}{mark}", status.as_u16())
        }
        (Some(status), mark) => format!("{:?}{mark} {}", error.kind(), status.as_u16()),
        (None, mark) => format!("{:?}{mark}", error.kind()),
    }
}

/// Every cell of the table is true, and within the time that its pauses allow.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_meets_every_class_as_documented() {
    let rows = TABLE.lines().filter(|line| line.starts_with("| ")).skip(2);
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split('|').map(str::trim).collect()).collect();
    assert!(rows.len() >= 20, "{} rows", rows.len());
    let cells = rows.iter().flat_map(|row| {
        let classes = CLASSES.iter().zip(&row[2..6]);
        classes.map(move |(class, expected)| async move {
            let (found, time) = cell(row[1], class).await;
            (row[1], *class, *expected, found, time)
        })
    });
    let mut wrong = Vec::new();
    // Not all at once: an attempt that waits for the processor looks like one that hangs.
    let mut cells = futures_util::stream::iter(cells).buffer_unordered(6);
    while let Some((fault, class, expected, found, time)) = cells.next().await {
        if found != expected {
            wrong.push(format!("{fault}, {class}: {expected} is written, {found} is what happens"));
        }
        // Three attempts of two seconds, pauses of three seconds at most in all, and a busy machine.
        assert!(time < Duration::from_secs(30), "{fault}, {class}: {time:?}");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
