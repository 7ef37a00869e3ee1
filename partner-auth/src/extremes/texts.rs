//! Texts: whatever a parser, a header or a file system stumbles over.

use super::{Row, row, run};
use crate::testing::{Canary, FakeEntra, ManualClock, ReceivedRequest, Reply};
use crate::*;
use std::sync::Arc;

/// Texts that parsers and header values stumble over.
fn texts() -> Vec<String> {
    let fixed = [
        "",
        " ",
        "\0",
        "\r\n",
        "\t",
        ".",
        "..",
        "/",
        "\\",
        "%",
        "%2e%2e",
        "%zz",
        "?",
        "#",
        "@",
        ":",
        "\"",
        "'",
        "=",
        ",",
        "{",
        "}",
        "[",
        "]",
        "é",
        "\u{1f600}",
        "\u{202e}",
        "\u{feff}",
        "-",
        "+",
        "0",
        "-1",
        "NaN",
        "1e999999999",
        "9999999999999999999999999",
        "a:b",
        "://",
        "http://",
        "https://",
        "https://[",
        "https://[::1",
        "https://[::1]:99999",
        "https://a:0",
        "https://user:password@a",
        "https://a.example/?a#b",
        "http://127.0.0.1:1",
        "http://localhost",
        "ftp://a",
        "data:,a",
        "file:///",
        "Bearer",
        "Bearer =",
        "Bearer a=\"",
        "Bearer \\",
        "common",
        "a..b",
        "-----BEGIN ",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
        "{\"error\":[]}",
        "[]",
    ];
    let mut texts: Vec<String> = fixed.map(str::to_owned).into();
    texts.push("a".repeat(100_000));
    texts.push("\u{1f600}".repeat(10_000));
    let mut rng = fastrand::Rng::with_seed(16);
    let letters: Vec<char> = fixed.concat().chars().collect();
    texts.extend((0..20).map(|_| (0..rng.usize(0..30)).map(|_| *rng.choice(&letters).unwrap()).collect()));
    texts
}

/// Loading the root certificates would take 20 ms, which plain HTTP does not need.
fn built(builder: TokenSourceBuilder) -> Result<TokenSource, Error> {
    builder.clock(&ManualClock::new()).configure_http(|http| http.tls_certs_only([])).build()
}

async fn token_of(builder: TokenSourceBuilder) {
    if let Ok(source) = built(builder) {
        let _ = source.token().await;
        let _ = format!("{source:?} {:?}", source.status());
    }
}

fn builder_at(entra: &FakeEntra) -> TokenSourceBuilder {
    TokenSource::builder("contoso.com", entra.client_id(), "secret").authority(entra.authority()).max_attempts(1)
}

/// Calls a function without waiting.
fn now(function: &'static str, call: impl Fn(&str) + Send + Sync + 'static) -> Row<String> {
    let call = Arc::new(call);
    row(function, move |text: String| {
        let call = call.clone();
        async move { call(&text) }
    })
}

fn with_text() -> Vec<Row<String>> {
    vec![
        now("AccessToken::new", |text| drop(AccessToken::new(text))),
        now("Assertion::new", |text| drop(format!("{:?} {}", Assertion::new(text), Assertion::new(text).as_str()))),
        now("Authority::FromStr", |text| drop(text.parse::<Authority>())),
        now("Authority::custom", |text| drop(Authority::custom(text))),
        now("Authority::plain_http", |text| drop(Authority::plain_http(text))),
        now("Authority::loopback", |text| drop(Authority::loopback(text))),
        now("AzurePipelines::service_connection", |text| {
            let source = AzurePipelines::read(|name| {
                Some(if name.contains("URI") { "https://a" } else { "x" }.to_owned().into())
            });
            drop(source.unwrap().service_connection(text));
        }),
        row("AzurePipelines::from_env", |text: String| async move {
            let sources = AzurePipelines::read(|_| Some(text.clone().into())).map(Credential::from);
            let url = AzurePipelines::read(|name| {
                Some(if name.contains("URI") { "http://127.0.0.1:1" } else { &text }.to_owned().into())
            });
            for credential in sources.into_iter().chain(url.map(Credential::from)) {
                let entra = FakeEntra::start().unwrap();
                let _ = built(builder_at(&entra)).unwrap().set_credential(credential.clone());
                token_of(TokenSource::builder("a.com", entra.client_id(), credential).max_attempts(1)).await;
            }
        }),
        row("GitHubActions::from_env", |text: String| async move {
            let _ = GitHubActions::read(|_| Some(text.clone().into()));
            let source = GitHubActions::read(|name| {
                Some(if name.contains("URL") { "http://127.0.0.1:1" } else { &text }.to_owned().into())
            });
            token_of(
                TokenSource::builder("a.com", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", source.unwrap()).max_attempts(1),
            )
            .await;
        }),
        row("GitHubActions::audience", |text: String| async move {
            let source = GitHubActions::read(|name| {
                Some(if name.contains("URL") { "http://127.0.0.1:1" } else { "x" }.to_owned().into())
            });
            let source = source.unwrap().audience(text);
            token_of(TokenSource::builder("a.com", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", source).max_attempts(1))
                .await;
        }),
        now("Canary::new", |text| assert!(Canary::new(text).find(text).is_none_or(|_| true))),
        now("Canary::find", |text| assert!(Canary::new("a secret").find(text).is_none_or(|_| true))),
        now("Certificate::from_file", |text| drop(Certificate::from_file(text))),
        now("Certificate::from_pem", |text| drop(Certificate::from_pem(text))),
        now("Challenge::from_headers", |text| {
            let mut headers = http::HeaderMap::new();
            http::HeaderValue::from_str(text)
                .into_iter()
                .for_each(|value| drop(headers.insert("www-authenticate", value)));
            drop(Challenge::from_headers(&headers).map(|challenge| challenge.to_string()));
        }),
        now("Challenge::param", |text| {
            assert!(Challenge::parse("Bearer a=b").unwrap().param(text).map(str::len).is_none_or(|_| true))
        }),
        now("Challenge::parse", |text| drop(Challenge::parse(text).map(|challenge| challenge.to_string()))),
        now("ConnectionFailure::of", |text| {
            let error = Error::other(ErrorKind::Network, text, std::io::Error::other(text.to_owned()));
            let _ = (ConnectionFailure::of(&error).hint(), ConnectionFailure::of(&error).description());
        }),
        now("Credential::From<&str>", |text| drop(Credential::from(text))),
        now("Credential::From<String>", |text| drop(Credential::from(text.to_owned()))),
        row("Credential::secret", |text: String| async move {
            let entra = FakeEntra::start().unwrap();
            let source = built(builder_at(&entra)).unwrap();
            let _ = source.set_credential(Credential::secret(text.clone()));
            let _ = source.token().await;
        }),
        row("Credential::assertion_fn", |text: String| async move {
            let entra = FakeEntra::start().unwrap();
            let credential = Credential::assertion_fn(move |_| std::future::ready(Ok(Assertion::new(text.clone()))));
            token_of(TokenSource::builder("a.com", entra.client_id(), credential).authority(entra.authority())).await;
        }),
        now("Error::other", |text| {
            let error = Error::other(ErrorKind::Network, text, std::io::Error::other(text.to_owned()));
            drop(format!("{error} {error:?} {error:#?}"));
        }),
        row("FederatedTokenFile::new", |text: String| async move {
            let entra = FakeEntra::start().unwrap();
            let file = FederatedTokenFile::new(text);
            token_of(TokenSource::builder("a.com", entra.client_id(), file).authority(entra.authority())).await;
        }),
        row("FakeEntra::script", |text: String| async move {
            let entra = FakeEntra::start().unwrap();
            entra.script([200, 400, 503].map(|status| Reply::body(status, text.clone())));
            for _ in 0..3 {
                token_of(builder_at(&entra)).await;
            }
        }),
        row("FakeEntra::default_reply", |text: String| async move {
            let entra = FakeEntra::start().unwrap();
            entra.default_reply(Reply::token(text));
            token_of(builder_at(&entra)).await;
            drop(format!("{:?}", entra.requests()));
        }),
        now("ReceivedRequest::field", |text| assert!(received().field(text).is_none_or(|_| true))),
        now("ReceivedRequest::header", |text| assert!(received().header(text).is_none_or(|_| true))),
        now("Reply::header", |text| drop(Reply::status(200).header(text, text))),
        now("Reply::token", |text| drop(Reply::token(text))),
        now("StaticToken::new", |text| drop(StaticToken::new(text))),
        now("TokenSource::builder", |text| {
            drop(built(TokenSource::builder(text, text, text)));
            drop(built(TokenSource::builder(text, text, text).allow_any_client_id()));
            drop(built(TokenSource::builder("a.com", text, text).allow_any_client_id().endpoint(Endpoint::V2)));
        }),
        now("TokenSource::builder_from_env", |text| {
            let _ = env::read(|_| Some(text.to_owned().into()));
            let only = [
                "AZURE_CLIENT_SECRET",
                "AZURE_CLIENT_CERTIFICATE_PATH",
                "AZURE_FEDERATED_TOKEN_FILE",
                "AZURE_AUTHORITY_HOST",
            ];
            for name in only {
                let others = only.map(|other| (other != name).then_some(other));
                let _ = env::read(|asked| (!others.contains(&Some(asked))).then(|| text.to_owned().into()));
            }
        }),
        row("TokenSource::for_audience", |text: String| async move {
            let entra = FakeEntra::start().unwrap();
            let source = built(builder_at(&entra)).unwrap();
            if let Ok(source) = source.for_audience(text) {
                let _ = source.token().await;
            }
        }),
        row("TokenSource::set_credential", |text: String| async move {
            let entra = FakeEntra::start().unwrap();
            let source = built(builder_at(&entra)).unwrap();
            let _ = source.set_credential(text);
        }),
        now("retry_after", |text| {
            for name in [http::header::RETRY_AFTER, http::header::DATE] {
                let other = (http::header::DATE, http::HeaderValue::from_static("Fri, 31 Dec 9999 23:59:59 GMT"));
                let headers = http::HeaderValue::from_str(text).map(|value| [other, (name, value)]);
                drop(headers.map(|headers| retry_after(&http::HeaderMap::from_iter(headers))));
            }
        }),
        now("TokenSourceBuilder::root_certificates", |text| {
            let builder = TokenSource::builder("contoso.com", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "secret");
            drop(built(builder.root_certificates(text)));
        }),
        row("TokenSourceBuilder::audience", |text: String| async move {
            let entra = FakeEntra::start().unwrap();
            token_of(builder_at(&entra).audience(text.clone())).await;
            token_of(builder_at(&entra).audience(text).endpoint(Endpoint::V2)).await;
        }),
        now("parse_assertions", |text| {
            for field in ["value", "oidcToken"] {
                let _ = credential::oidc_endpoint::read("service", http::StatusCode::OK, text.as_bytes(), field);
            }
        }),
    ]
}

fn received() -> ReceivedRequest {
    static RECEIVED: std::sync::OnceLock<ReceivedRequest> = std::sync::OnceLock::new();
    let receive = || {
        let entra = FakeEntra::start().unwrap();
        let mut stream = std::net::TcpStream::connect(entra.url().trim_start_matches("http://")).unwrap();
        std::io::Write::write_all(&mut stream, b"POST /a HTTP/1.1\r\ncontent-length: 3\r\n\r\na=b").unwrap();
        let _ = std::io::Read::read(&mut stream, &mut [0; 9]);
        entra.requests().remove(0)
    };
    RECEIVED.get_or_init(receive).clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_of_every_kind_do_not_panic() {
    let texts = texts();
    for row in with_text() {
        assert_eq!(run(vec![row], &texts).await, Vec::<String>::new());
    }
}
