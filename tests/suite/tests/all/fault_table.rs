//! Checks every cell of the fault table in the SDK's documentation.

use futures_util::StreamExt;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Error, RetryPolicy};
use partner_sandbox::{Calls, Fault};
use partner_tests::test_env::{TestEnv, client_builder, token_source};
use std::time::{Duration, Instant};

const TABLE: &str = include_str!("../../../../partner-ingestion-sdk/src/docs/retry_behavior.md");
const CLASSES: [&str; 4] = ["GET", "PUT with etag", "DELETE", "POST"];
const HTML: &str = "<html><body>Bad gateway</body></html>";

/// Returns the fault of a row and the number of affected calls. `None` for a connection that is refused.
fn fault(name: &str) -> Option<(Fault, usize)> {
    let status = Fault::status;
    let planned = match name {
        "connection refused, always" => return None,
        "connection reset before processing, once" => (Fault::reset(), 1),
        "response lost after processing, once" => (Fault::drop_response(), 1),
        "truncated body, once" => (Fault::truncate_body(), 1),
        "stalled body, once" => (Fault::stall(), 1),
        "408, once" => (status(408), 1),
        "429 with Retry-After, once" => (status(429).header("retry-after", "1"), 1),
        "429 without Retry-After, once" => (status(429), 1),
        "429, always" => (status(429).header("retry-after", "0"), 9),
        "429 with a long Retry-After, always" => (status(429).header("retry-after", "3600"), 9),
        "500, once" => (status(500), 1),
        "500, always" => (status(500), 9),
        "502 with HTML, once" => (status(502).header("content-type", "text/html").body(HTML), 1),
        "503 without Retry-After, once" => (status(503), 1),
        "503 with Retry-After, once" => (status(503).header("retry-after", "1"), 1),
        "504, once" => (status(504), 1),
        "401, once" => (status(401), 1),
        "401, always" => (status(401), 9),
        "403, always" => (status(403), 9),
        "409, once" => (status(409), 1),
        "malformed JSON, once" => (status(200).body("{\"id\": "), 1),
        "response too large, once" => (status(200).body("x".repeat(5_000)), 1),
        other => panic!("unknown fault in the table: {other}"),
    };
    Some(planned)
}

/// Runs a call with a fault. Returns its outcome in the notation of the table, and its duration.
async fn cell(name: &'static str, class: &'static str) -> (String, Duration) {
    // The responses violate the document on purpose.
    let env = TestEnv::start_unchecked().await;
    let product = env.product("app").await;
    let draft = env.draft(&product, "Listing", None).await;
    let found = env.client.find_listings(&product, &draft).send().await.unwrap();
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
            env.sandbox.fail(calls, fault, times);
            env.sandbox.url()
        }
        None => closed.to_owned(),
    };
    let client = client_builder().base_url(base).token_provider(token_source(&env.sandbox));
    let client = client.attempt_timeout(Duration::from_secs(2)).max_response_bytes(4_000);
    let client = client.retry(RetryPolicy::default().max_attempts(3)).build().unwrap();
    let before = count(&env, operation);
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
    let requests = count(&env, operation) - before;
    (format!("{} {requests}", notation(outcome)), begun.elapsed())
}

fn count(env: &TestEnv, operation: &str) -> usize {
    let calls = env.sandbox.calls();
    calls.iter().filter(|call| call.operation.as_deref() == Some(operation)).count()
}

fn notation(outcome: Result<(), Error>) -> String {
    let Err(error) = outcome else { return "ok".to_owned() };
    let mark = match (error.may_conflict_with_own_retry(), error.may_have_been_processed()) {
        (true, _) => "=",
        (false, true) => "!",
        (false, false) => "",
    };
    match (error.status(), mark) {
        // The mark follows the status if the error is about the status.
        (Some(status), mark) if error.kind() == partner_ingestion_sdk::ErrorKind::Status => {
            format!("Status {}{mark}", status.as_u16())
        }
        (Some(status), mark) => format!("{:?}{mark} {}", error.kind(), status.as_u16()),
        (None, mark) => format!("{:?}{mark}", error.kind()),
    }
}

/// Each call has the documented outcome, within the time of its attempts and delays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outcomes_match_the_documented_table() {
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
    // Limited concurrency: on a busy machine, more calls at once would time out.
    let mut cells = futures_util::stream::iter(cells).buffer_unordered(6);
    while let Some((fault, class, expected, found, time)) = cells.next().await {
        if found != expected {
            wrong.push(format!("{fault}, {class}: documented {expected}, found {found}"));
        }
        // Three attempts of 2 seconds, delays of at most 3 seconds in total, and a margin for a busy machine.
        assert!(time < Duration::from_secs(30), "{fault}, {class}: {time:?}");
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
