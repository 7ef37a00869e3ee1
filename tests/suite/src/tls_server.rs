//! A TLS server that counts its connections, and serves HTTP/1.1 or HTTP/2 as negotiated.

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use partner_ingestion_sdk::partner_auth::StaticToken;
use partner_ingestion_sdk::{Client, ClientBuilder, RetryPolicy, reqwest};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, crypto::aws_lc_rs};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

/// A connection to the server.
pub type Connection = tokio_rustls::server::TlsStream<TcpStream>;

const AUTHORITY: &[u8] = include_bytes!("../certificates/authority.pem");
pub const LOOPBACK: &[u8] = include_bytes!("../certificates/loopback.pem");
pub const OTHER_NAME: &[u8] = include_bytes!("../certificates/other-name.pem");
const KEY: &[u8] = include_bytes!("../certificates/server.key");
pub const CLIENT: &[u8] = include_bytes!("../certificates/client.pem");
const CLIENT_KEY: &[u8] = include_bytes!("../certificates/client.key");

/// The file with the certificate of the authority that signed the servers' certificates.
pub fn authority_file() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/certificates/authority.pem"))
}

/// The certificate of a client with its key, in PEM.
pub fn client_identity() -> Vec<u8> {
    [CLIENT, CLIENT_KEY].concat()
}

/// The options of a server.
pub struct TlsOptions<'a> {
    pub certificate: &'a [u8],
    /// The protocols that the server offers, in its order of preference.
    pub protocols: &'a [&'a [u8]],
    pub needs_client_certificate: bool,
}

impl Default for TlsOptions<'_> {
    fn default() -> Self {
        Self { certificate: LOOPBACK, protocols: &[b"h2", b"http/1.1"], needs_client_certificate: false }
    }
}

/// A running server. It stops when it is dropped.
pub struct TlsServer {
    pub origin: String,
    connections: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TlsServer {
    /// Starts a server that completes handshakes and closes the connection.
    pub async fn closing(certificate: &[u8]) -> Self {
        Self::start(TlsOptions { certificate, protocols: &[], ..TlsOptions::default() }, async |_, _| {}).await
    }

    /// Starts a server that handles each connection, which are counted from 0.
    pub async fn start<F, S>(options: TlsOptions<'_>, serve: S) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
        S: Fn(usize, Connection) -> F + Send + Sync + 'static,
    {
        let acceptor = acceptor(&options);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("https://{}", listener.local_addr().unwrap());
        let connections = Arc::<AtomicUsize>::default();
        let (counter, serve) = (connections.clone(), Arc::new(serve));
        let task = tokio::spawn(async move {
            // Dropped with the task, so that no connection outlives the server.
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = counter.fetch_add(1, Ordering::Relaxed);
                let (acceptor, serve) = (acceptor.clone(), serve.clone());
                open.spawn(async move {
                    // A handshake that the client ends is expected.
                    if let Ok(connection) = acceptor.accept(stream).await {
                        serve(number, connection).await;
                    }
                });
            }
        });
        Self { origin, connections, task }
    }

    /// Starts a server that responds to requests in the negotiated protocol.
    pub async fn http(
        options: TlsOptions<'_>,
        respond: impl Fn(&Request<Incoming>) -> Response<Full<Bytes>> + Send + Sync + 'static,
    ) -> Self {
        let respond = Arc::new(respond);
        Self::start(options, move |_, connection| {
            let respond = respond.clone();
            let service = service_fn(move |request| {
                let response = respond(&request);
                async move { Ok::<_, Infallible>(response) }
            });
            async move {
                let is_http2 = connection.get_ref().1.alpn_protocol() == Some(b"h2");
                let io = TokioIo::new(connection);
                // A client that closes the connection early is part of some tests.
                if is_http2 {
                    drop(http2::Builder::new(TokioExecutor::new()).serve_connection(io, service).await);
                } else {
                    drop(http1::Builder::new().serve_connection(io, service).await);
                }
            }
        })
        .await
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// A client that repeats failed requests, and trusts the authority of the tests if `trust` is true.
    pub fn client(&self, trust: bool) -> Client {
        self.client_builder(trust).build().unwrap()
    }

    pub fn client_builder(&self, trust: bool) -> ClientBuilder {
        let builder = Client::builder().base_url(&self.origin).token_provider(StaticToken::new("t").unwrap());
        let roots: Vec<_> = trust.then(|| reqwest::Certificate::from_pem(AUTHORITY).unwrap()).into_iter().collect();
        let builder = builder.configure_http(|http| http.tls_certs_only(roots).no_proxy());
        builder.retry(RetryPolicy::default().max_attempts(2))
    }
}

fn acceptor(options: &TlsOptions<'_>) -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_slice(options.certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
    let config = if options.needs_client_certificate {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(CLIENT).unwrap()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
        config.with_client_cert_verifier(verifier.build().unwrap())
    } else {
        config.with_no_client_auth()
    };
    let mut config = config.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = options.protocols.iter().map(|name| name.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}
