//! Requests over a socket, on a clock that stands still.

use crate::testing::{FakeEntra, Gate, ManualClock, Reply};
use crate::{AccessToken, Assertion, AssertionRequest, Credential, Endpoint, Error, ErrorKind};
use crate::{TokenProvider, TokenSource, TokenSourceBuilder};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECRET: &str = "s%e&c+r~e=t ü";

struct Stage {
    entra: FakeEntra,
    clock: ManualClock,
}

impl Stage {
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
async fn both_endpoints_get_what_they_expect() {
    let stage = Stage::new([]);
    for (endpoint, path) in
        [(Endpoint::V1, "/contoso.com/oauth2/token"), (Endpoint::V2, "/contoso.com/oauth2/v2.0/token")]
    {
        let token = stage.builder(SECRET).endpoint(endpoint).build().unwrap().token().await.unwrap();
        let requests = stage.entra.requests();
        assert_eq!(token.secret(), format!("token-{}", requests.len()));
        let request = requests.last().unwrap();
        assert_eq!(request.path(), path);
        assert_eq!(request.field("grant_type"), Some("client_credentials"));
        assert_eq!(request.field("client_id"), Some(stage.entra.client_id()));
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
async fn what_may_pass_is_tried_again() {
    for reply in [
        Reply::status(503),
        Reply::status(500),
        Reply::status(504),
        Reply::status(408),
        Reply::body(429, "Too Many Requests"),
        Reply::refusal(400, "temporarily_unavailable", 90_033),
        Reply::cut(),
        Reply::token("torn").torn(),
    ] {
        let stage = Stage::new([reply.clone(), reply.clone()]);
        assert_eq!(stage.token().await.unwrap().secret(), "token-3", "{reply:?}");
        let stage = Stage::new([reply.clone(), reply.clone(), reply.clone()]);
        assert!(stage.token().await.unwrap_err().is_retryable(), "{reply:?}");
        assert_eq!(stage.requests(), 3);
    }
}

#[tokio::test]
async fn what_a_person_has_to_change_is_not() {
    for reply in [
        Reply::refusal(401, "invalid_client", 7_000_215),
        Reply::refusal(400, "unauthorized_client", 700_016),
        Reply::status(404),
        Reply::body(200, "{}"),
    ] {
        let stage = Stage::new([reply.clone()]);
        assert!(!stage.token().await.unwrap_err().is_retryable(), "{reply:?}");
        assert_eq!(stage.requests(), 1);
    }
}

#[tokio::test]
async fn retry_after_is_kept_or_told() {
    let begin = |stage: &Stage| stage.clock.now();
    let stage = Stage::new([Reply::status(503).header("Retry-After", "20")]);
    let start = begin(&stage);
    assert_eq!(stage.token().await.unwrap().secret(), "token-2");
    assert!(stage.clock.now() - start >= Duration::from_secs(20));

    // It does not fit the deadline: the caller hears of it at once.
    let stage = Stage::new([Reply::status(429).header("Retry-After", "60")]);
    let start = begin(&stage);
    let error = stage.token().await.unwrap_err();
    assert_eq!((error.retry_after(), stage.requests()), (Some(Duration::from_secs(60)), 1));
    assert_eq!(stage.clock.now(), start);
}

#[tokio::test]
async fn an_outage_ends_within_the_deadline() {
    let stage = Stage::new([]);
    stage.entra.otherwise(Reply::status(503));
    let start = stage.clock.now();
    let source = stage.builder(SECRET).attempts(1000).build().unwrap();
    assert_eq!(source.token().await.unwrap_err().kind(), ErrorKind::Transient);
    assert!(stage.clock.now() - start <= Duration::from_secs(30));
    assert!(stage.requests() > 5);
}

#[tokio::test]
async fn a_hung_endpoint_ends_within_the_deadline() {
    let gate = Gate::new();
    let stage = Stage::new([]);
    stage.entra.otherwise(Reply::token("late").behind(&gate));
    let start = stage.clock.now();
    let source = stage.source();
    let waiting = tokio::spawn(async move { source.token().await });
    // The clock moves only when a request is on its way.
    for attempt in 1..=2 {
        while stage.requests() < attempt {
            tokio::task::yield_now().await;
        }
        stage.clock.advance(Duration::from_secs(15));
    }
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(stage.clock.now() - start <= Duration::from_secs(31));
    gate.open();
}

#[tokio::test]
async fn redirects_are_refused() {
    let elsewhere = FakeEntra::start().unwrap();
    for status in [301, 302, 307, 308] {
        let stage = Stage::new([Reply::status(status).header("Location", &elsewhere.url())]);
        let error = stage.token().await.unwrap_err();
        assert!(error.to_string().contains("redirects"), "{error}");
    }
    assert_eq!(elsewhere.requests().len(), 0);
}

#[tokio::test]
async fn a_body_beyond_the_cap_is_an_error() {
    let stage = Stage::new([Reply::body(200, vec![b' '; (1 << 20) + 1]), Reply::body(200, vec![b' '; 1 << 20])]);
    let error = stage.token().await.unwrap_err();
    assert!(error.to_string().contains("too large"), "{error}");
    let error = stage.token().await.unwrap_err();
    assert!(!error.to_string().contains("too large"), "{error}");
}

#[tokio::test]
async fn a_body_that_drips_is_read() {
    let stage = Stage::new([Reply::token("slow").drip(Duration::from_micros(50))]);
    assert_eq!(stage.token().await.unwrap().secret(), "slow");
}

#[tokio::test]
async fn a_source_outlives_the_runtime_that_asked() {
    // On threads of their own: a runtime cannot be dropped inside another.
    std::thread::spawn(|| {
        let stage = Stage::new([]);
        let (gate, source) = (Gate::new(), stage.source());
        stage.entra.script([Reply::token("lost").behind(&gate)]);
        let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let first = runtime();
        let asking = source.clone();
        let waiting = first.spawn(async move { asking.token().await });
        while stage.requests() == 0 {
            std::thread::yield_now();
        }
        drop(first);
        drop(waiting);
        gate.open();
        assert_eq!(runtime().block_on(source.token()).unwrap().secret(), "token-2");
        // And a runtime that ends between two requests leaves no broken connection behind.
        stage.clock.advance(Duration::from_secs(4000));
        assert_eq!(runtime().block_on(source.token()).unwrap().secret(), "token-3");
    })
    .join()
    .unwrap();
}

#[tokio::test]
async fn a_rotated_secret_works_at_once() {
    let stage = Stage::new([Reply::refusal(401, "invalid_client", 7_000_222)]);
    let source = stage.source();
    let graph = source.for_audience("https://graph.microsoft.com").unwrap();
    let error = source.token().await.unwrap_err();
    assert!(source.token().await.unwrap_err().same(&error));
    assert_eq!(source.status().last_error.unwrap().aadsts_codes(), [7_000_222]);
    source.set_credential("newer").unwrap();
    assert_eq!(source.token().await.unwrap().secret(), "token-2");
    assert_eq!(graph.token().await.unwrap().secret(), "token-3");
    let requests = stage.entra.requests();
    assert_eq!(requests[1].field("client_secret"), Some("newer"));
    assert_eq!(requests[2].field("client_secret"), Some("newer"));
    assert_eq!(requests[2].field("resource"), Some("https://graph.microsoft.com"));
    assert_eq!(source.set_credential("").unwrap_err().kind(), ErrorKind::Config);
}

#[tokio::test]
async fn a_stale_assertion_is_signed_again_by_the_clock_of_entra() {
    let stage = Stage::new([]);
    // Entra ID's clock is ten minutes ahead.
    let theirs = stage.clock.wall() + Duration::from_secs(600);
    let refusal = Reply::refusal(401, "invalid_client", 700_024).header("Date", &httpdate::fmt_http_date(theirs));
    stage.entra.script([refusal.clone()]);
    let times = Arc::new(Mutex::new(Vec::new()));
    let noted = times.clone();
    let credential = Credential::signed_by(move |request: AssertionRequest| {
        noted.lock().unwrap().push(request.now());
        async move { Ok(Assertion::new(format!("for {} at {}", request.client_id(), request.token_endpoint()))) }
    });
    let source = stage.builder(credential).build().unwrap();
    assert_eq!(source.token().await.unwrap().secret(), "token-2");
    let off = times.lock().unwrap()[1].duration_since(theirs).unwrap_or_else(|early| early.duration());
    assert!(off <= Duration::from_secs(1), "{off:?}");
    assert!((source.status().clock_skew.unwrap() - 600.0).abs() <= 1.0);
    let request = &stage.entra.requests()[1];
    assert_eq!(request.field("client_assertion_type"), Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
    let expected = format!("for {} at {}contoso.com/oauth2/token", stage.entra.client_id(), stage.entra.url() + "/");
    assert_eq!(request.field("client_assertion"), Some(expected.as_str()));
    assert_eq!(request.field("client_secret"), None);

    // Once only.
    let stage = Stage::new([refusal.clone(), refusal]);
    let credential = Credential::signed_by(|_| async { Ok(Assertion::new("x")) });
    let error = stage.builder(credential).build().unwrap().token().await.unwrap_err();
    assert_eq!((error.kind(), stage.requests()), (ErrorKind::ClockSkew, 2));
}

#[tokio::test]
async fn an_audience_that_hangs_holds_nobody_else_up() {
    let gate = Gate::new();
    let stage = Stage::new([Reply::token("hung").behind(&gate)]);
    let source = stage.source();
    let other = source.for_audience("https://graph.microsoft.com").unwrap();
    let waiting = tokio::spawn(async move { source.token().await });
    while stage.requests() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(other.token().await.unwrap().secret(), "token-2");
    assert!(!waiting.is_finished());
    gate.open();
    assert_eq!(waiting.await.unwrap().unwrap().secret(), "hung");
}

#[tokio::test]
async fn what_cannot_be_right_is_refused_before_anything_is_sent() {
    let stage = Stage::new([]);
    let config = |builder: TokenSourceBuilder, words: &str| {
        let error = builder.build().err().unwrap_or_else(|| panic!("{words} was taken"));
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(words), "{error}");
    };
    config(stage.builder(""), "secret is empty");
    config(stage.builder("s").audience("https://a/.default"), "audience");
    config(stage.builder("s").audience(""), "audience");
    config(stage.builder("s").audience("https://a https://b"), "audience");
    config(TokenSource::builder("a.com", "contoso-app", "s"), "no GUID");
    config(TokenSource::builder("a.com", " ", "s").any_client_id(), "client id is empty");
    config(TokenSource::builder("common", stage.entra.client_id(), "s"), "tenant");
    config(TokenSource::builder("a.com", " 9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", "s"), "spaces");
    assert!(TokenSource::builder("a.com", "contoso-app", "s").any_client_id().build().is_ok());
    assert_eq!(stage.requests(), 0);
}

#[tokio::test]
async fn headers_without_a_token_in_sight() {
    let stage = Stage::new([]);
    let source = stage.source();
    assert_eq!(source.try_header(), None);
    let header = source.header().await.unwrap();
    assert!(header.is_sensitive() && header == "Bearer token-1");
    assert_eq!(source.try_header().unwrap(), header);
    let mut request = reqwest::Request::new(reqwest::Method::GET, "https://api.partner.microsoft.com".parse().unwrap());
    source.authorize(&mut request).await.unwrap();
    assert_eq!(request.headers()["authorization"], header);
    assert!(!format!("{request:?}{source:?}").contains("token-1"));
}

/// Futures of the public API may be spawned.
#[allow(dead_code, reason = "compiling it is the test")]
fn futures_are_send(source: &'static TokenSource, request: &'static mut reqwest::Request) {
    fn send<T: Send>(_: T) {}
    send(source.header());
    send(source.authorize(request));
    send(source.token_valid_for(Duration::ZERO));
}
