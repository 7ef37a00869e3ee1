//! Calls: compares the SDK with the same calls through reqwest and serde, to a server in a separate process. Both send the same
//! headers, use the same timeout and keep unknown fields.
//!
//! Measures latency of sequential calls, throughput of 64 concurrent calls, allocations per call, and the memory of a list of
//! 100,000 products.

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use partner_auth::StaticToken;
use partner_bench::{contender, measure, print};
use partner_ingestion_sdk::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const TOKEN: &str = "a-token";
/// Number of sequential calls per round.
const ONE_BY_ONE: usize = 50;
/// Number of calls per round, and of concurrent calls.
const MANY: (usize, usize) = (640, 64);
const ITEMS: usize = 100_000;
const PAGE: usize = 100;

/// A client with reqwest and serde.
#[derive(Serialize, Deserialize)]
struct Product {
    #[serde(rename = "resourceType")]
    resource_type: Option<String>,
    name: Option<String>,
    id: Option<String>,
    #[serde(rename = "externalIDs")]
    external_ids: Option<Vec<Map<String, Value>>>,
    #[serde(rename = "isModularPublishing")]
    modular: Option<bool>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return Runtime::new().unwrap().block_on(serve());
    }
    let (_server, origin) = start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = sdk(&origin);
    let http = http();
    let base = format!("{origin}/v1.0/ingestion");

    let by_hand = || async { by_hand(&http, &base, "p").await.name.unwrap() };
    let ours = || async { client.get_product("p").send().await.unwrap().into_inner().name.unwrap() };
    let figures = measure(&[
        contender("reqwest and serde", || runtime.block_on(by_hand())),
        contender("SDK", || runtime.block_on(ours())),
    ]);
    print("one call (latency, allocations)", &figures, "reqwest and serde");

    let figures = measure(&[
        contender("reqwest and serde", || {
            runtime.block_on(async {
                for _ in 0..ONE_BY_ONE {
                    by_hand().await;
                }
            });
        }),
        contender("SDK", || {
            runtime.block_on(async {
                for _ in 0..ONE_BY_ONE {
                    ours().await;
                }
            })
        }),
    ]);
    print("50 sequential calls", &figures, "reqwest and serde");

    let figures = measure(&[
        contender("reqwest and serde", || {
            let calls = stream::iter((0..MANY.0).map(|_| by_hand())).buffer_unordered(MANY.1);
            runtime.block_on(calls.count())
        }),
        contender("SDK", || {
            let calls = stream::iter((0..MANY.0).map(|_| ours())).buffer_unordered(MANY.1);
            runtime.block_on(calls.count())
        }),
    ]);
    print("640 calls, 64 concurrent", &figures, "reqwest and serde");

    let before = peak();
    let count = runtime.block_on(async {
        let items = client.list_products().stream();
        items.try_fold(0_usize, |count, _| async move { Ok(count + 1) }).await.unwrap()
    });
    assert_eq!(count, ITEMS);
    println!("\na list of {ITEMS} products: the peak memory grew by {} KiB", peak() - before);
}

fn http() -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    builder.timeout(Duration::from_secs(60)).user_agent("by-hand/0.1.0").build().unwrap()
}

async fn by_hand(http: &reqwest::Client, base: &str, id: &str) -> Product {
    let request = http.get(format!("{base}/products/{id}")).bearer_auth(TOKEN);
    let request = request.header("accept", "application/json").header("client-request-id", new_id());
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success());
    serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap()
}

/// A new request id, as the SDK creates it.
fn new_id() -> String {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid().to_string()
}

fn sdk(origin: &str) -> Client {
    let builder = Client::builder().base_url(format!("{origin}/v1.0/ingestion"));
    builder.token_provider(StaticToken::new(TOKEN).unwrap()).build().unwrap()
}

/// Returns the peak memory of this process in KiB, or 0 if the system does not report it.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

/// Kills the server when this process exits.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start() -> (Server, String) {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program).arg("serve").stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Server(child), line.trim().to_owned())
}

async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
    }
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = match request.uri().path() {
        "/v1.0/ingestion/products" => page(request.uri().query().unwrap_or_default()),
        _ => product(7),
    };
    let response = Response::builder()
        .header("content-type", "application/json; charset=utf-8")
        .header("request-id", "d72a96c2-5ad8-4be7-9b4b-53ff25be2355");
    Ok(response.body(Full::new(body.to_string().into())).unwrap())
}

fn product(number: usize) -> Value {
    json!({
        "resourceType": "AzureApplication",
        "name": format!("Contoso {number}"),
        "externalIDs": [{"type": "AzureOfferId", "value": format!("contoso-{number}")}],
        "isModularPublishing": true,
        "id": "0ee90c14-b167-4831-ab0c-b44d1a289899",
    })
}

fn page(query: &str) -> Value {
    let from: usize = query.rsplit('=').next().and_then(|at| at.parse().ok()).unwrap_or_default();
    let items: Vec<Value> = (from..from + PAGE).map(product).collect();
    let mut page = json!({"value": items});
    if from + PAGE < ITEMS {
        page["nextLink"] = format!("v1.0/ingestion/products?$skipToken={}", from + PAGE).into();
    }
    page
}
