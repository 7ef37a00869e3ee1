//! A server that answers what a test says and remembers what it was asked.

use crate::contract;
use crate::stage::client_builder;
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

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    /// Path and query, still encoded.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Seen {
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

/// An answer to give.
#[derive(Clone, Debug)]
pub struct Say {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    off_contract: bool,
}

impl Say {
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), off_contract: false }
    }

    /// An answer that breaks the contract on purpose.
    pub fn off_contract(mut self) -> Self {
        self.off_contract = true;
        self
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

pub struct Server {
    pub origin: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    violations: Arc<Mutex<Vec<String>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    /// Answers every request with what `say` makes of it and of the number of requests before it.
    pub async fn start(say: impl Fn(&Seen, usize) -> Say + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let violations: Arc<Mutex<Vec<String>>> = Arc::default();
        let (log, broken) = (seen.clone(), violations.clone());
        let say = Arc::new(say);
        let answer = move |request: Request<Incoming>| {
            let (log, say, broken) = (log.clone(), say.clone(), broken.clone());
            async move {
                let (parts, body) = request.into_parts();
                let seen = Seen {
                    method: parts.method.to_string(),
                    target: parts.uri.to_string(),
                    headers: parts.headers,
                    body: body.collect().await.unwrap().to_bytes().to_vec(),
                };
                let count = {
                    let mut log = log.lock().unwrap();
                    log.push(seen.clone());
                    log.len() - 1
                };
                let say = say(&seen, count);
                broken.lock().unwrap().extend(violations_of(&seen, &say));
                Ok::<_, Infallible>(respond(say))
            }
        };
        let task = tokio::spawn(async move {
            // Dropped with the task, so that no connection outlives the server.
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer.clone()));
                // A client that closes the connection early is part of some tests.
                connections.spawn(async move { drop(connection.await) });
            }
        });
        Self { origin, seen, violations, task }
    }

    /// Gives these answers one after the other, the last one for ever.
    pub async fn script(answers: Vec<Say>) -> Self {
        Self::start(move |_, count| answers[count.min(answers.len() - 1)].clone()).await
    }

    /// As [`script`](Self::script); `HERE` in an answer is the server's own origin.
    pub async fn here(answers: Vec<Say>) -> Self {
        Self::start(move |seen, count| {
            let host = seen.header("host").unwrap_or_default();
            let mut say = answers[count.min(answers.len() - 1)].clone();
            say.body = say.body.replace("HERE", &format!("http://{host}"));
            say
        })
        .await
    }

    /// What came so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// A client of this server with a fixed token that never tries again.
    pub fn client(&self) -> Client {
        let builder = client_builder().base_url(format!("{}/v1.0/ingestion", self.origin)).retry(RetryPolicy::none());
        builder.token_provider(StaticToken::new("a-token").unwrap()).build().unwrap()
    }
}

/// Every exchange is held against the corrected document; a violation fails the test.
impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
        let violations = self.violations.lock().unwrap();
        if !std::thread::panicking() {
            assert!(violations.is_empty(), "against the contract: {}", violations.join("; "));
        }
    }
}

fn violations_of(seen: &Seen, say: &Say) -> Vec<String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = seen.headers.iter();
    let request_headers: Vec<_> = headers.map(|(name, value)| (name.to_string(), text(value))).collect();
    let mut response_headers: Vec<_> = say.headers.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
    if say.status < 300 {
        response_headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    contract::violations(&contract::Exchange {
        method: &seen.method,
        target: &seen.target,
        request_headers: &request_headers,
        request_body: &seen.body,
        // What is answered against the contract on purpose says nothing of the request.
        status: if say.off_contract { 0 } else { say.status },
        response_headers: &response_headers,
        response_body: say.body.as_bytes(),
    })
}

fn respond(say: Say) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(say.body));
    *response.status_mut() = StatusCode::from_u16(say.status).unwrap();
    for (name, value) in say.headers {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
    }
    response
}
