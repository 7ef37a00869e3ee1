//! Checks every cell of the fault table in the SDK's documentation.

use futures_util::StreamExt;
use partner_ingestion_sdk::reqwest;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Error, RetryPolicy};
use partner_sandbox::{Calls, Fault};
use partner_tests::test_env::{TestEnv, client_builder, token_source};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

const TABLE: &str = include_str!("../../../../partner-ingestion-sdk/src/docs/retry_behavior.md");
const CLASSES: [&str; 4] = ["GET", "PUT with etag", "DELETE", "POST"];
/// The name of a row that is not in the table.
const NO_FAULT: &str = "no fault";
/// The variable with the class of the call, in the process with a proxy.
const CLASS: &str = "PARTNER_TEST_CLASS";
const HTML: &str = "<html><body>Bad gateway</body></html>";

/// What is wrong with the calls of a row.
enum Setup {
    /// This fault, for a number of calls.
    Fault(Fault, usize),
    NoFault,
    /// Nothing listens at the base URL.
    Refused,
    /// The connection of an earlier call was closed.
    ClosedIdle,
    /// The process has variables with a proxy.
    Proxy,
}

fn setup(name: &str) -> Setup {
    let status = Fault::status;
    let (fault, times) = match name {
        NO_FAULT => return Setup::NoFault,
        "connection refused, always" => return Setup::Refused,
        "connection closed while idle" => return Setup::ClosedIdle,
        "`HTTP_PROXY` set, loopback base URL" => return Setup::Proxy,
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
        "success whose JSON ends early, once" => (status(200).body("{\"id\": "), 1),
        "success with HTML, once" => (status(200).header("content-type", "text/html").body(HTML), 1),
        "success without a body, once" => (status(200), 1),
        "success without a body, always" => (status(200), 9),
        "411, once" => (status(411), 1),
        "response too large, once" => (status(200).body("x".repeat(5_000)), 1),
        other => panic!("unknown fault in the table: {other}"),
    };
    Setup::Fault(fault, times)
}

/// Forwards connections to a server, and closes them on demand.
struct Relay {
    origin: String,
    connections: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Relay {
    async fn start(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let connections: Arc<Mutex<Vec<AbortHandle>>> = Arc::default();
        let opened = connections.clone();
        tokio::spawn(async move {
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                let mut server = TcpStream::connect(&server).await.unwrap();
                let forward = tokio::spawn(async move { drop(copy_bidirectional(&mut client, &mut server).await) });
                opened.lock().unwrap().push(forward.abort_handle());
            }
        });
        Self { origin, connections }
    }

    /// Closes all connections. Returns how many there were.
    async fn close(&self) -> usize {
        let open = std::mem::take(&mut *self.connections.lock().unwrap());
        open.iter().for_each(AbortHandle::abort);
        // The client notices it.
        tokio::time::sleep(Duration::from_millis(100)).await;
        open.len()
    }
}

/// Runs a call without a fault in a process with a proxy, which must not be used. Returns its outcome.
async fn behind_proxy(class: &'static str) -> String {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "fault_table::prints_the_outcome_of_a_call", "--ignored", "--nocapture"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, &address);
    }
    child.env(CLASS, class).env_remove("NO_PROXY").env_remove("no_proxy");
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    let accept = tokio::spawn(async move {
        while proxy.accept().await.is_ok() {
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    accept.abort();
    let output = String::from_utf8(output.stdout).unwrap();
    assert_eq!(connections.load(Ordering::Relaxed), 1, "only the request to another host used the proxy: {output}");
    let outcome = output.split("[[").nth(1).and_then(|text| text.split("]]").next());
    outcome.unwrap_or_else(|| panic!("{output}")).to_owned()
}

/// Runs in the child process of [`behind_proxy`].
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by another test, with the variables of its case"]
#[allow(clippy::print_stdout, reason = "read by the other test")]
async fn prints_the_outcome_of_a_call() {
    let class = std::env::var(CLASS).unwrap();
    let class = CLASSES.iter().find(|known| **known == class).unwrap();
    println!("[[{}]]", Box::pin(cell(NO_FAULT, class)).await.0);
    // The proxy closes the connection.
    reqwest::get("http://partner.invalid/").await.unwrap_err();
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
    let relay = Relay::start(env.sandbox.url().split('/').nth(2).unwrap().to_owned()).await;
    let begun = Instant::now();
    let setup = setup(name);
    let base = match &setup {
        Setup::Fault(fault, times) => {
            env.sandbox.fail(calls, fault.clone(), *times);
            env.sandbox.url()
        }
        Setup::NoFault => env.sandbox.url(),
        Setup::Refused => "http://127.0.0.1:1/v1.0/ingestion".to_owned(),
        Setup::ClosedIdle => format!("{}/v1.0/ingestion", relay.origin),
        Setup::Proxy => return (behind_proxy(class).await, begun.elapsed()),
    };
    let client = client_builder().base_url(base).token_provider(token_source(&env.sandbox));
    let client = client.attempt_timeout(Duration::from_secs(2)).max_response_bytes(4_000);
    let client = client.retry(RetryPolicy::default().max_attempts(3)).build().unwrap();
    if matches!(setup, Setup::ClosedIdle) {
        client.get_product(&product).send().await.unwrap();
        assert_eq!(relay.close().await, 1);
    }
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
    let table = TABLE.split("# Over HTTP/2").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
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
