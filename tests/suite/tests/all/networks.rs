//! Corporate networks: proxies, root certificates and client certificates, each with a TLS server. See the guide `networks`.

use http::Response;
use http_body_util::Full;
use hyper::body::Bytes;
use partner_ingestion_sdk::partner_auth::{self, Authority, StaticToken, TokenProvider, TokenSource};
use partner_ingestion_sdk::{Client, ClientBuilder, ErrorKind, RetryPolicy, reqwest};
use partner_tests::tls_server::{OTHER_NAME, TlsOptions, TlsServer, authority_file, client_identity};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

const PRODUCT: &str = r#"{"resourceType":"AzureApplication","name":"Contoso","id":"p"}"#;
const TOKEN: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"e.e.e"}"#;
/// The host in the certificate [`OTHER_NAME`].
const HOST: &str = "other.example";

async fn server(options: TlsOptions<'_>) -> TlsServer {
    TlsServer::http(options, |request| {
        let body = if request.method() == http::Method::POST { TOKEN } else { PRODUCT };
        Response::new(Full::new(Bytes::from_static(body.as_bytes())))
    })
    .await
}

fn builder(base: &str) -> ClientBuilder {
    let builder = Client::builder().base_url(base).token_provider(StaticToken::new("t").unwrap());
    builder.retry(RetryPolicy::none())
}

/// Calls the server at the address in the environment, in a process with the variables of another test.
#[tokio::test]
#[ignore = "started by another test, with the variables of its case"]
#[allow(clippy::print_stdout, reason = "read by the other test")]
async fn calls_the_server_of_the_environment() {
    let address: SocketAddr = std::env::var("PARTNER_TEST_ADDRESS").unwrap().parse().unwrap();
    let base = format!("https://{HOST}:{}", address.port());
    let client = builder(&base).configure_http(move |http| http.resolve(HOST, address)).build().unwrap();
    match client.get_product("p").await {
        Ok(product) => println!("[[{}]]", product.name.as_deref().unwrap_or_default()),
        Err(error) => println!("[[{error}]]"),
    }
}

/// The outcome of a call to a server in a process with these variables.
async fn outcome_with(server: &TlsServer, variables: &[(&str, String)]) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "networks::calls_the_server_of_the_environment", "--ignored", "--nocapture"]);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE"] {
        child.env_remove(name);
    }
    child.env("PARTNER_TEST_ADDRESS", server.origin.trim_start_matches("https://"));
    child.envs(variables.iter().map(|(name, value)| (name, value)));
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let outcome = text.split("[[").nth(1).and_then(|text| text.split("]]").next());
    outcome.unwrap_or_else(|| panic!("{text}")).to_owned()
}

/// A proxy that connects every tunnel to one server, if the client has the credentials. Records the heads of its requests.
struct Proxy {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    async fn start(server: &TlsServer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, target) = (Arc::<Mutex<Vec<String>>>::default(), server.origin.replace("https://", ""));
        let log = requests.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (log, target) = (log.clone(), target.clone());
                // A client that closes the connection early is no failure of the proxy.
                tokio::spawn(async move { drop(tunnel(stream, &target, &log).await) });
            }
        });
        Self { address, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn tunnel(stream: TcpStream, target: &str, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Ok(());
        }
    }
    log.lock().unwrap().push(head.clone());
    // user:pass%word
    if !head.to_lowercase().contains("proxy-authorization: basic dxnlcjpwyxnzjxdvcmq=") {
        return stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n").await;
    }
    let mut server = TcpStream::connect(target).await?;
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    copy_bidirectional(&mut stream, &mut server).await.map(drop)
}

fn other_name() -> TlsOptions<'static> {
    TlsOptions { certificate: OTHER_NAME, ..TlsOptions::default() }
}

fn trusted() -> (&'static str, String) {
    ("SSL_CERT_FILE", authority_file().display().to_string())
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn ssl_cert_file_sets_the_root_certificates() {
    let server = server(other_name()).await;
    assert_eq!(outcome_with(&server, &[trusted()]).await, "Contoso");
    let untrusted = outcome_with(&server, &[]).await;
    assert!(untrusted.contains("certificate"), "{untrusted}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn https_proxy_with_credentials_is_used() {
    let server = server(other_name()).await;
    let proxy = Proxy::start(&server).await;
    let with = |user: &str| vec![trusted(), ("HTTPS_PROXY", format!("http://{user}@{}", proxy.address))];
    assert_eq!(outcome_with(&server, &with("user:pass%25word")).await, "Contoso");
    let tunnel = format!("CONNECT {HOST}:{} HTTP/1.1", server.origin.rsplit(':').next().unwrap());
    assert_eq!(proxy.requests()[0].lines().next(), Some(tunnel.as_str()));
    // The token is inside the tunnel only.
    assert!(!proxy.requests()[0].to_lowercase().contains("\r\nauthorization"));
    let refused = outcome_with(&server, &with("user:c4n4ry")).await;
    assert!(refused.contains("cannot be established") && !refused.contains("c4n4ry"), "{refused}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_proxy_excludes_hosts() {
    let server = server(other_name()).await;
    let proxy = Proxy::start(&server).await;
    let url = format!("http://user:pass%25word@{}", proxy.address);
    let variables = [trusted(), ("HTTPS_PROXY", url), ("NO_PROXY", format!("contoso.example,{HOST}"))];
    assert_eq!(outcome_with(&server, &variables).await, "Contoso");
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}

#[tokio::test]
async fn a_proxy_can_be_set_in_code() {
    let server = server(other_name()).await;
    let proxy = Proxy::start(&server).await;
    let url = format!("http://{}", proxy.address);
    let with_proxy = reqwest::Proxy::https(url).unwrap().basic_auth("user", "pass%word");
    let client = builder(&format!("https://{HOST}")).root_certificates(authority_file());
    let client = client.configure_http(|http| http.proxy(with_proxy)).build().unwrap();
    client.get_product("p").await.unwrap();
    assert_eq!(proxy.requests().len(), 1);
}

#[tokio::test]
async fn root_certificates_of_a_file_are_trusted_by_client_and_token_source() {
    let server = server(TlsOptions::default()).await;
    let tokens = TokenSource::builder("contoso.example", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "secret")
        .authority(Authority::loopback(&server.origin).unwrap())
        .root_certificates(authority_file())
        .build()
        .unwrap();
    tokens.token().await.unwrap();
    let client = builder(&server.origin).token_provider(tokens).root_certificates(authority_file()).build().unwrap();
    client.get_product("p").await.unwrap();
    let error = builder(&server.origin).build().unwrap().get_product("p").await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[test]
fn unreadable_root_certificates_are_a_configuration_error() {
    let folder = std::env::temp_dir().join(format!("partner-roots-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let cases: [(PathBuf, &str); 3] = [
        (folder.join("missing.pem"), "cannot be read"),
        (file("empty.pem", "no certificate"), "no certificate found"),
        (file("bad.pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n"), "cannot be read"),
    ];
    for (path, part) in cases {
        let error = builder("https://a.example").root_certificates(&path).build().unwrap_err();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(name) && error.to_string().contains(part), "{error}");
        let tokens = TokenSource::builder("contoso.example", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "secret");
        let error = tokens.root_certificates(&path).build().unwrap_err();
        assert_eq!(error.kind(), partner_auth::ErrorKind::Config);
        assert!(error.to_string().contains(name) && error.to_string().contains(part), "{error}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_client_certificate_is_an_identity_of_the_transport() {
    let options = TlsOptions { needs_client_certificate: true, ..TlsOptions::default() };
    let server = server(options).await;
    let anonymous = builder(&server.origin).root_certificates(authority_file()).build().unwrap();
    assert_eq!(anonymous.get_product("p").await.unwrap_err().kind(), ErrorKind::Connection);
    let identity = reqwest::Identity::from_pem(&client_identity()).unwrap();
    let client = builder(&server.origin).root_certificates(authority_file());
    client.configure_http(|http| http.identity(identity)).build().unwrap().get_product("p").await.unwrap();
}
