//! A TLS server that counts the connections to it.

use partner_ingestion_sdk::{Client, RetryPolicy, partner_auth::StaticToken, reqwest};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

const AUTHORITY: &[u8] = include_bytes!("../../../certificates/authority.pem");
pub(crate) const LOOPBACK: &[u8] = include_bytes!("../../../certificates/loopback.pem");
pub(crate) const OTHER_NAME: &[u8] = include_bytes!("../../../certificates/other-name.pem");
const KEY: &[u8] = include_bytes!("../../../certificates/server.key");

pub(crate) struct TlsServer {
    pub(crate) origin: String,
    connections: Arc<AtomicUsize>,
}

impl TlsServer {
    /// Starts a server with this certificate. It completes handshakes and closes the connection.
    pub(crate) async fn start(certificate: &[u8]) -> Self {
        let chain = vec![CertificateDer::from_pem_slice(certificate).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
        let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into());
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        let acceptor = TlsAcceptor::from(Arc::new(config.with_single_cert(chain, key).unwrap()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("https://{}", listener.local_addr().unwrap());
        let connections = Arc::<AtomicUsize>::default();
        let counter = connections.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counter.fetch_add(1, Ordering::Relaxed);
                // A handshake that the client ends is expected.
                drop(acceptor.accept(stream).await);
            }
        });
        Self { origin, connections }
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// A client that repeats failed requests, and trusts the authority of the tests if `trust` is true.
    pub(crate) fn client(&self, trust: bool) -> Client {
        let builder = Client::builder().base_url(&self.origin).token_provider(StaticToken::new("t").unwrap());
        let roots: Vec<_> = trust.then(|| reqwest::Certificate::from_pem(AUTHORITY).unwrap()).into_iter().collect();
        let builder = builder.configure_http(|http| http.tls_certs_only(roots).no_proxy());
        builder.retry(RetryPolicy::default().max_attempts(2)).build().unwrap()
    }
}
