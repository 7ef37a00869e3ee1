//! Token requests over a socket, with a manual clock.

use crate::testing::{FakeEntra, Gate, ManualClock, Reply};
use crate::{AccessToken, Assertion, AssertionRequest, Credential, Endpoint, Error, ErrorKind};
use crate::{TokenProvider, TokenSource, TokenSourceBuilder};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECRET: &str = "s%e&c+r~e=t ü";

struct Harness {
    entra: FakeEntra,
    clock: ManualClock,
}

impl Harness {
    fn new(script: impl IntoIterator<Item = Reply>) -> Self {
        let entra = FakeEntra::start().unwrap();
        entra.script(script);
        Self { entra, clock: ManualClock::new() }
    }

    fn builder(&self, credential: impl Into<Credential>) -> TokenSourceBuilder {
        TokenSource::builder("contoso.com", self.entra.client_id(), credential)
            .authority(self.entra.authority())
            .clock(&self.clock)
    }

    fn source(&self) -> TokenSource {
        self.builder(SECRET).build().unwrap()
    }

    async fn token(&self) -> Result<AccessToken, Error> {
        self.source().token().await
    }

    fn requests(&self) -> usize {
        self.entra.requests().len()
    }
}

#[tokio::test]
async fn sends_the_parameters_of_each_endpoint() {
    let harness = Harness::new([]);
    for (endpoint, path) in
        [(Endpoint::V1, "/contoso.com/oauth2/token"), (Endpoint::V2, "/contoso.com/oauth2/v2.0/token")]
    {
        let token = harness.builder(SECRET).endpoint(endpoint).build().unwrap().token().await.unwrap();
        let requests = harness.entra.requests();
        assert_eq!(token.secret(), format!("token-{}", requests.len()));
        let request = requests.last().unwrap();
        assert_eq!(request.path(), path);
        assert_eq!(request.field("grant_type"), Some("client_credentials"));
        assert_eq!(request.field("client_id"), Some(harness.entra.client_id()));
        assert_eq!(request.field("client_secret"), Some(SECRET));
        assert_eq!(request.header("authorization"), None);
        let audience = match endpoint {
            Endpoint::V1 => (Some(crate::PARTNER_CENTER), None),
            Endpoint::V2 => (None, Some("https://api.partner.microsoft.com/.default")),
        };
        assert_eq!((request.field("resource"), request.field("scope")), audience);
    }
}

#[tokio::test]
async fn retries_transient_failures() {
    for reply in [
        Reply::status(503),
        Reply::status(500),
        Reply::status(504),
        Reply::status(408),
        Reply::body(429, "Too Many Requests"),
        Reply::oauth_error(400, "temporarily_unavailable", 90_033),
        Reply::drop_response(),
        Reply::token("torn").truncate_body(),
    ] {
        let harness = Harness::new([reply.clone(), reply.clone()]);
        assert_eq!(harness.token().await.unwrap().secret(), "token-3", "{reply:?}");
        let harness = Harness::new([reply.clone(), reply.clone(), reply.clone()]);
        assert!(harness.token().await.unwrap_err().is_retryable(), "{reply:?}");
        assert_eq!(harness.requests(), 3);
    }
}

#[tokio::test]
async fn does_not_retry_permanent_failures() {
    for reply in [
        Reply::oauth_error(401, "invalid_client", 7_000_215),
        Reply::oauth_error(400, "unauthorized_client", 700_016),
        Reply::status(404),
        Reply::body(200, "{}"),
    ] {
        let harness = Harness::new([reply.clone()]);
        assert!(!harness.token().await.unwrap_err().is_retryable(), "{reply:?}");
        assert_eq!(harness.requests(), 1);
    }
}

#[tokio::test]
async fn honors_retry_after_within_the_timeout() {
    let harness = Harness::new([Reply::status(503).header("Retry-After", "20")]);
    let start = harness.clock.now();
    assert_eq!(harness.token().await.unwrap().secret(), "token-2");
    assert!(harness.clock.now() - start >= Duration::from_secs(20));

    // It exceeds the timeout: the error is returned immediately.
    let harness = Harness::new([Reply::status(429).header("Retry-After", "60")]);
    let start = harness.clock.now();
    let error = harness.token().await.unwrap_err();
    assert_eq!((error.retry_after(), harness.requests()), (Some(Duration::from_secs(60)), 1));
    assert_eq!(harness.clock.now(), start);
}

#[tokio::test]
async fn outage_fails_within_the_timeout() {
    let harness = Harness::new([]);
    harness.entra.default_reply(Reply::status(503));
    let start = harness.clock.now();
    let source = harness.builder(SECRET).max_attempts(1000).build().unwrap();
    assert_eq!(source.token().await.unwrap_err().kind(), ErrorKind::Transient);
    assert!(harness.clock.now() - start <= Duration::from_secs(30));
    assert!(harness.requests() > 5);
}

#[tokio::test]
async fn unresponsive_endpoint_fails_within_the_timeout() {
    let gate = Gate::new();
    let harness = Harness::new([]);
    harness.entra.default_reply(Reply::token("late").wait_for_gate(&gate));
    let start = harness.clock.now();
    let source = harness.source();
    let waiting = tokio::spawn(async move { source.token().await });
    // Advance the clock only after the request was received.
    for attempt in 1..=2 {
        while harness.requests() < attempt {
            tokio::task::yield_now().await;
        }
        harness.clock.advance(Duration::from_secs(15));
    }
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(harness.clock.now() - start <= Duration::from_secs(31));
    gate.open();
}

#[tokio::test]
async fn does_not_follow_redirects() {
    let elsewhere = FakeEntra::start().unwrap();
    for status in [301, 302, 307, 308] {
        let harness = Harness::new([Reply::status(status).header("Location", &elsewhere.url())]);
        let error = harness.token().await.unwrap_err();
        assert!(error.to_string().contains("redirect"), "{error}");
    }
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn body_above_the_size_limit_is_an_error() {
    let harness = Harness::new([Reply::body(200, vec![b' '; (1 << 20) + 1]), Reply::body(200, vec![b' '; 1 << 20])]);
    let error = harness.token().await.unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
    let error = harness.token().await.unwrap_err();
    assert!(!error.to_string().contains("too large"), "{error}");
}

#[tokio::test]
async fn reads_a_slow_body() {
    let harness = Harness::new([Reply::token("slow").byte_delay(Duration::from_micros(50))]);
    assert_eq!(harness.token().await.unwrap().secret(), "slow");
}

#[tokio::test]
async fn source_outlives_the_runtime_of_its_first_caller() {
    // On its own thread, because a runtime cannot be dropped inside another.
    std::thread::spawn(|| {
        let harness = Harness::new([]);
        let (gate, source) = (Gate::new(), harness.source());
        harness.entra.script([Reply::token("lost").wait_for_gate(&gate)]);
        let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let first = runtime();
        let asking = source.clone();
        let waiting = first.spawn(async move { asking.token().await });
        while harness.requests() == 0 {
            std::thread::yield_now();
        }
        drop(first);
        drop(waiting);
        gate.open();
        assert_eq!(runtime().block_on(source.token()).unwrap().secret(), "token-2");
        // A runtime dropped between two requests leaves no broken connection in the pool.
        harness.clock.advance(Duration::from_secs(4000));
        assert_eq!(runtime().block_on(source.token()).unwrap().secret(), "token-3");
    })
    .join()
    .unwrap();
}

#[tokio::test]
async fn new_secret_is_used_immediately() {
    let harness = Harness::new([Reply::oauth_error(401, "invalid_client", 7_000_222)]);
    let source = harness.source();
    let graph = source.for_audience("https://graph.microsoft.com").unwrap();
    let error = source.token().await.unwrap_err();
    assert!(source.token().await.unwrap_err().ptr_eq(&error));
    assert_eq!(source.status().last_error.unwrap().aadsts_codes(), [7_000_222]);
    source.set_credential("newer").unwrap();
    assert_eq!(source.token().await.unwrap().secret(), "token-2");
    assert_eq!(graph.token().await.unwrap().secret(), "token-3");
    let requests = harness.entra.requests();
    assert_eq!(requests[1].field("client_secret"), Some("newer"));
    assert_eq!(requests[2].field("client_secret"), Some("newer"));
    assert_eq!(requests[2].field("resource"), Some("https://graph.microsoft.com"));
    assert_eq!(source.set_credential("").unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn expired_assertion_is_signed_again_with_the_corrected_time() {
    let harness = Harness::new([]);
    // Entra ID's clock is ten minutes ahead.
    let theirs = harness.clock.wall() + Duration::from_secs(600);
    let error_reply =
        Reply::oauth_error(401, "invalid_client", 700_024).header("Date", &httpdate::fmt_http_date(theirs));
    harness.entra.script([error_reply.clone()]);
    let times = Arc::new(Mutex::new(Vec::new()));
    let noted = times.clone();
    let credential = Credential::assertion_fn(move |request: AssertionRequest| {
        noted.lock().unwrap().push(request.now());
        async move { Ok(Assertion::new(format!("for {} at {}", request.client_id(), request.token_endpoint()))) }
    });
    let source = harness.builder(credential).build().unwrap();
    assert_eq!(source.token().await.unwrap().secret(), "token-2");
    let off = times.lock().unwrap()[1].duration_since(theirs).unwrap_or_else(|early| early.duration());
    assert!(off <= Duration::from_secs(1), "{off:?}");
    assert!((source.status().clock_skew.unwrap() - 600.0).abs() <= 1.0);
    let request = &harness.entra.requests()[1];
    assert_eq!(request.field("client_assertion_type"), Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
    let expected =
        format!("for {} at {}contoso.com/oauth2/token", harness.entra.client_id(), harness.entra.url() + "/");
    assert_eq!(request.field("client_assertion"), Some(expected.as_str()));
    assert_eq!(request.field("client_secret"), None);

    // Only once.
    let harness = Harness::new([error_reply.clone(), error_reply]);
    let credential = Credential::assertion_fn(|_| async { Ok(Assertion::new("x")) });
    let error = harness.builder(credential).build().unwrap().token().await.unwrap_err();
    assert_eq!((error.kind(), harness.requests()), (ErrorKind::ClockSkew, 2));
}

#[tokio::test]
async fn unresponsive_audience_does_not_block_others() {
    let gate = Gate::new();
    let harness = Harness::new([Reply::token("hung").wait_for_gate(&gate)]);
    let source = harness.source();
    let other = source.for_audience("https://graph.microsoft.com").unwrap();
    let waiting = tokio::spawn(async move { source.token().await });
    while harness.requests() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(other.token().await.unwrap().secret(), "token-2");
    assert!(!waiting.is_finished());
    gate.open();
    assert_eq!(waiting.await.unwrap().unwrap().secret(), "hung");
}

#[tokio::test]
async fn invalid_configuration_fails_before_a_request_is_sent() {
    let harness = Harness::new([]);
    let config = |builder: TokenSourceBuilder, words: &str| {
        let error = builder.build().err().unwrap_or_else(|| panic!("no error for {words}"));
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(words), "{error}");
    };
    config(harness.builder(""), "secret is empty");
    config(harness.builder("s").audience("https://a/.default"), "audience");
    config(harness.builder("s").audience(""), "audience");
    config(harness.builder("s").audience("https://a https://b"), "audience");
    config(TokenSource::builder("a.com", "contoso-app", "s"), "must be a GUID");
    config(TokenSource::builder("a.com", " ", "s").allow_any_client_id(), "client id is empty");
    config(TokenSource::builder("common", harness.entra.client_id(), "s"), "tenant");
    config(TokenSource::builder("a.com", " 9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "s"), "spaces");
    assert!(TokenSource::builder("a.com", "contoso-app", "s").allow_any_client_id().build().is_ok());
    assert_eq!(harness.requests(), 0);
}

#[tokio::test]
async fn sets_sensitive_headers() {
    let harness = Harness::new([]);
    let source = harness.source();
    assert_eq!(source.cached_header(), None);
    let header = source.header().await.unwrap();
    assert!(header.is_sensitive() && header == "Bearer token-1");
    assert_eq!(source.cached_header().unwrap(), header);
    let mut request = reqwest::Request::new(reqwest::Method::GET, "https://api.partner.microsoft.com".parse().unwrap());
    source.authorize(&mut request).await.unwrap();
    assert_eq!(request.headers()["authorization"], header);
    assert!(!format!("{request:?}{source:?}").contains("token-1"));
}

/// The futures of the public API are `Send`.
#[allow(dead_code, reason = "compiling it is the test")]
fn futures_are_send(source: &'static TokenSource, request: &'static mut reqwest::Request) {
    fn send<T: Send>(_: T) {}
    send(source.header());
    send(source.authorize(request));
    send(source.token_valid_for(Duration::ZERO));
}
