//! An HTTP server that returns prepared responses and records the requests.

use crate::contract;
use crate::test_env::client_builder;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use partner_ingestion_sdk::partner_auth::StaticToken;
use partner_ingestion_sdk::{Client, RetryPolicy};
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A received request.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    pub method: String,
    /// Path and query, percent-encoded.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl ReceivedRequest {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }
}

/// A prepared response.
#[derive(Clone, Debug)]
pub struct CannedResponse {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    violates_contract: bool,
}

impl CannedResponse {
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), violates_contract: false }
    }

    /// Marks a response that violates the document on purpose.
    pub fn violates_contract(mut self) -> Self {
        self.violates_contract = true;
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// A running server. Dropping it fails the test if an exchange violates the document.
pub struct MockServer {
    pub origin: String,
    requests: Arc<Mutex<Vec<ReceivedRequest>>>,
    violations: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl MockServer {
    /// Starts a server that calls `respond` with each request and the number of requests before it.
    pub async fn start(respond: impl Fn(&ReceivedRequest, usize) -> CannedResponse + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let requests: Arc<Mutex<Vec<ReceivedRequest>>> = Arc::default();
        let violations: Arc<Mutex<Vec<String>>> = Arc::default();
        let (log, found) = (requests.clone(), violations.clone());
        let respond = Arc::new(respond);
        let handler = move |request: Request<Incoming>| {
            let (log, respond, found) = (log.clone(), respond.clone(), found.clone());
            async move {
                let (parts, body) = request.into_parts();
                let request = ReceivedRequest {
                    method: parts.method.to_string(),
                    target: parts.uri.to_string(),
                    headers: parts.headers,
                    body: body.collect().await.unwrap().to_bytes().to_vec(),
                };
                let count = {
                    let mut log = log.lock().unwrap();
                    log.push(request.clone());
                    log.len() - 1
                };
                let response = respond(&request, count);
                found.lock().unwrap().extend(violations_of(&request, &response));
                Ok::<_, Infallible>(http_response(response))
            }
        };
        let task = tokio::spawn(async move {
            // Dropped with the task, so that no connection outlives the server.
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(handler.clone()));
                // A client that closes the connection early is part of some tests.
                connections.spawn(async move { drop(connection.await) });
            }
        });
        Self { origin, requests, violations, task }
    }

    /// Starts a server that returns these responses in order and repeats the last one.
    pub async fn with_responses(responses: Vec<CannedResponse>) -> Self {
        Self::start(move |_, count| responses[count.min(responses.len() - 1)].clone()).await
    }

    /// Like [`with_responses`](Self::with_responses), but replaces `ORIGIN` in the bodies by the server's origin.
    pub async fn with_own_origin(responses: Vec<CannedResponse>) -> Self {
        Self::start(move |request, count| {
            let host = request.header("host").unwrap_or_default();
            let mut response = responses[count.min(responses.len() - 1)].clone();
            response.body = response.body.replace("ORIGIN", &format!("http://{host}"));
            response
        })
        .await
    }

    /// Returns the requests received so far.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.requests.lock().unwrap().clone()
    }

    /// Returns a client of this server with a fixed token and without retries.
    pub fn client(&self) -> Client {
        let builder = client_builder().base_url(format!("{}/v1.0/ingestion", self.origin)).retry(RetryPolicy::none());
        builder.token_provider(StaticToken::new("a-token").unwrap()).build().unwrap()
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        self.task.abort();
        let violations = self.violations.lock().unwrap();
        if !std::thread::panicking() {
            assert!(violations.is_empty(), "contract violations: {}", violations.join("; "));
        }
    }
}

fn violations_of(request: &ReceivedRequest, response: &CannedResponse) -> Vec<String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = request.headers.iter();
    let request_headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
    let mut response_headers: Vec<_> = response.headers.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
    if response.status < 300 {
        response_headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    contract::violations(&contract::Exchange {
        method: &request.method,
        target: &request.target,
        request_headers: &request_headers,
        request_body: &request.body,
        // Only the request is checked if the response violates the document on purpose.
        status: if response.violates_contract { 0 } else { response.status },
        response_headers: &response_headers,
        response_body: response.body.as_bytes(),
    })
}

fn http_response(canned: CannedResponse) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(canned.body));
    *response.status_mut() = StatusCode::from_u16(canned.status).unwrap();
    for (name, value) in canned.headers {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
    }
    response
}
