//! The server of the benchmark, in a separate process: plain HTTP/1.1, and TLS with HTTP/2.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// Number of products of the long list, and of a page.
pub const ITEMS: usize = 100_000;
const PAGE: usize = 100;
/// Number of pages of the short list, each of which takes a millisecond.
pub const PAGES: usize = 100;
/// The authority that signed the server's certificate.
pub const AUTHORITY: &[u8] = include_bytes!("../../../../suite/certificates/authority.pem");
const CERTIFICATE: &[u8] = include_bytes!("../../../../suite/certificates/loopback.pem");
const KEY: &[u8] = include_bytes!("../../../../suite/certificates/server.key");

static CONNECTIONS: AtomicUsize = AtomicUsize::new(0);

/// A running server. It is killed when this is dropped.
pub struct Server {
    child: Child,
    pub plain: String,
    pub tls: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn start() -> Server {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program).arg("serve").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    Server { plain: line(), tls: line(), child }
}

pub async fn serve() {
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", plain.local_addr().unwrap());
    let tls = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("https://{}", tls.local_addr().unwrap());
    let acceptor = acceptor();
    tokio::spawn(async move {
        loop {
            let (stream, _) = tls.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                stream.set_nodelay(true).unwrap();
                if let Ok(stream) = acceptor.accept(stream).await {
                    connection(stream).await;
                }
            });
        }
    });
    loop {
        let (stream, _) = plain.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        tokio::spawn(connection(stream));
    }
}

fn acceptor() -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
    CONNECTIONS.fetch_add(1, Ordering::Relaxed);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http2().max_concurrent_streams(1_000);
    let _ = builder.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let query = head.uri.query().unwrap_or_default();
    let body = match path {
        "/connections" => json!(CONNECTIONS.load(Ordering::Relaxed)),
        "/v1.0/ingestion/products" if head.method == http::Method::POST => {
            body.collect().await.unwrap();
            product(7)
        }
        "/v1.0/ingestion/products" if query.contains("short") => {
            tokio::time::sleep(Duration::from_millis(1)).await;
            page(query, PAGES * 10, 10, "short")
        }
        "/v1.0/ingestion/products" => page(query, ITEMS, PAGE, "long"),
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

/// The token of a page is the name of its list and the number of its first item.
fn page(query: &str, items: usize, size: usize, list: &str) -> Value {
    let from: usize = query.rsplit('-').next().and_then(|at| at.parse().ok()).unwrap_or_default();
    let values: Vec<Value> = (from..from + size).map(product).collect();
    let mut page = json!({"value": values});
    if from + size < items {
        page["nextLink"] = format!("v1.0/ingestion/products?$skipToken={list}-{}", from + size).into();
    }
    page
}
