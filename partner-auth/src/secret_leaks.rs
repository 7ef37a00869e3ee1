//! No secret, token or assertion is printed: every path, at the most verbose log level.

use crate::testing::{Canary, FakeEntra, ManualClock, Reply};
use crate::{AccessToken, Assertion, Credential, Endpoint, Error, StaticToken, TokenProvider, TokenSource};
use std::error::Error as StdError;
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, OnceLock};

const SECRET: &str = "canary-secret-7f3a";
const TOKEN: &str = "canary-token-19bc";
const ASSERTION: &str = "canary-assertion-42de";

fn leak(printed: &str) -> Option<(&'static str, &'static str)> {
    let mut canaries = [SECRET, TOKEN, ASSERTION].into_iter();
    canaries.find_map(|secret| Some((secret, Canary::new(secret).find(printed)?)))
}

/// Captures the log events of all crates.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        attributes.record(&mut self.clone());
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, values: &tracing::span::Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let _ = write!(self.0.lock().unwrap(), "\n{} ", event.metadata().target());
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

impl tracing::field::Visit for Log {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn Debug) {
        let _ = write!(self.0.lock().unwrap(), "{field}={value:?} ");
    }
}

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let _ = write!(self.0.lock().unwrap(), "\n{} {}", record.target(), record.args());
    }

    fn flush(&self) {}
}

/// The global logger, because some crates log on their own threads.
fn log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        tracing::subscriber::set_global_default(log.clone()).unwrap();
        log::set_boxed_logger(Box::new(log.clone())).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
        log
    })
}

fn printed(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

fn error_text(error: &Error) -> String {
    let mut text = format!("{error} {} {:?}", printed(error), error.hint());
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, " {cause} {cause:?} {cause:#?}");
        source = cause.source();
    }
    text
}

/// Replies that contain the canaries, valid and hostile.
fn replies() -> Vec<Reply> {
    let error_body = format!(
        r#"{{"error":"invalid_client","error_description":"AADSTS7000215: {SECRET} {ASSERTION}\r\nTrace ID: <{SECRET}>","error_codes":[7000215],"trace_id":"{SECRET} x","correlation_id":"{TOKEN}<","timestamp":"{SECRET}","claims":"{TOKEN}"}}"#
    );
    vec![
        Reply::token(TOKEN),
        Reply::token(format!("{TOKEN}\n")),
        Reply::token(TOKEN).expires_in(0),
        Reply::token(TOKEN).truncate_body(),
        Reply::body(200, format!(r#"{{"access_token":"{TOKEN}","token_type":"pop","expires_in":1}}"#)),
        Reply::body(200, format!(r#"{{"access_token":"{TOKEN}","token_type":"Bearer","expires_in":"{TOKEN}"}}"#)),
        Reply::body(200, format!(r#"{{"access_token":["{TOKEN}"]}}"#)),
        Reply::body(200, TOKEN),
        Reply::body(400, error_body.clone()),
        Reply::body(503, error_body),
        Reply::body(400, format!(r#"{{"error":"{SECRET} {TOKEN}"}}"#)),
        Reply::body(500, format!("<html>{SECRET}{ASSERTION}</html>")),
        Reply::status(302).header("Location", &format!("https://example.com/?{SECRET}")),
        Reply::status(429).header("Retry-After", SECRET).header("x-ms-request-id", &format!("{TOKEN} x")),
        Reply::drop_response(),
    ]
}

fn credentials() -> Vec<Credential> {
    let failing = || {
        Credential::assertion_fn(|_| async {
            Err(Error::other(crate::ErrorKind::Network, "no", std::io::Error::other("x")))
        })
    };
    vec![
        Credential::secret(SECRET),
        Credential::assertion_fn(|_| async { Ok(Assertion::new(ASSERTION)) }),
        Credential::assertion_fn(|_| async { Ok(Assertion::new(format!("{ASSERTION}\n"))) }),
        failing(),
    ]
}

#[tokio::test]
async fn secrets_are_never_printed() {
    let log = log();
    let mut text = String::new();
    let mut tokens = 0;
    for reply in replies() {
        for credential in credentials() {
            for endpoint in [Endpoint::V1, Endpoint::V2] {
                let entra = FakeEntra::start().unwrap();
                entra.default_reply(reply.clone());
                let builder = TokenSource::builder("contoso.com", entra.client_id(), credential.clone());
                let builder = builder.authority(entra.authority()).endpoint(endpoint).clock(&ManualClock::new());
                text += &printed(&builder);
                let source = builder.build().unwrap();
                match source.token().await {
                    Ok(token) => {
                        tokens += 1;
                        assert_eq!(token.secret(), TOKEN);
                        text += &(printed(&token) + &printed(token.header()) + &printed(&source.header().await));
                        let mut request =
                            reqwest::Request::new(reqwest::Method::GET, "http://localhost".parse().unwrap());
                        source.authorize(&mut request).await.unwrap();
                        text += &printed(&request);
                        source.invalidate(&token);
                    }
                    Err(error) => text += &error_text(&error),
                }
                text += &(printed(&source) + &printed(&credential) + &printed(&source.status()));
            }
        }
    }
    assert_eq!(tokens, 6, "three credentials at two endpoints");
    text += &printed(&StaticToken::new(TOKEN));
    text += &error_text(&AccessToken::new(format!("{TOKEN}\n")).unwrap_err());
    text += &printed(&Assertion::new(ASSERTION));
    let builder = TokenSource::builder("contoso.com", SECRET, SECRET);
    text += &error_text(&builder.build().unwrap_err());
    assert_eq!(leak(&text), None, "printed");

    let logged = log.0.lock().unwrap();
    assert!(logged.contains("token requested") && logged.contains("token request failed"), "events of this crate");
    assert!(logged.contains("\nhyper") || logged.contains("\nreqwest"), "events of the transport");
    let line = logged.lines().find_map(|line| Some((leak(line)?, line)));
    assert_eq!(line, None, "logged");
}

#[tokio::test]
async fn panic_of_a_callback_prints_no_secret() {
    let entra = FakeEntra::start().unwrap();
    let credential = Credential::assertion_fn(|request| async move { panic!("scripted panic for {request:?}") });
    let builder = TokenSource::builder("contoso.com", entra.client_id(), credential).authority(entra.authority());
    let error = builder.build().unwrap().token().await.unwrap_err();
    assert_eq!(leak(&error_text(&error)), None);
    assert!(error.is_retryable());
}

fn row(name: &'static str, value: &dyn Debug) -> (&'static str, String) {
    (name, format!("{value:?} {value:#?}"))
}

/// Every public type that can hold a secret. A test of the workspace reads the sources and fails if a type has no row here.
#[tokio::test]
async fn debug_of_every_public_type_prints_no_secret() {
    let entra = FakeEntra::start().unwrap();
    entra.script([Reply::token(TOKEN)]);
    entra.default_reply(Reply::body(400, format!(r#"{{"error":"{SECRET} x","error_description":"{SECRET}"}}"#)));
    let requests: Arc<Mutex<Vec<crate::AssertionRequest>>> = Arc::default();
    let seen = requests.clone();
    let credential = Credential::assertion_fn(move |request| {
        seen.lock().unwrap().push(request);
        async { Ok(Assertion::new(ASSERTION)) }
    });
    let builder = TokenSource::builder("contoso.com", entra.client_id(), credential).authority(entra.authority());
    let mut rows = vec![row("TokenSourceBuilder", &builder)];
    let source = builder.clock(&ManualClock::new()).build().unwrap();
    source.invalidate(&source.token().await.unwrap());
    let error = source.token().await.unwrap_err();
    assert_eq!(entra.requests()[0].field("client_assertion"), Some(ASSERTION));
    let lookup = |name: &str| {
        let url = if name.contains("UR") { "https://a.example/?sig=" } else { "" };
        Some(format!("{url}{SECRET}").into())
    };
    rows.extend([
        row("AccessToken", &AccessToken::new(TOKEN).unwrap()),
        row("Assertion", &Assertion::new(ASSERTION)),
        row("AssertionRequest", &requests.lock().unwrap()[0]),
        row("AzurePipelines", &crate::AzurePipelines::read(lookup).unwrap()),
        row("Canary", &Canary::new(SECRET)),
        row("Certificate", &crate::Certificate::from_pem(include_str!("credential/testdata/application.pem")).unwrap()),
        row("Credential", &Credential::secret(SECRET)),
        row("Error", &error),
        row("FakeEntra", &entra),
        row("GitHubActions", &crate::GitHubActions::read(lookup).unwrap()),
        row("ReceivedRequest", &entra.requests()[0]),
        row("StaticToken", &StaticToken::new(TOKEN).unwrap()),
        row("Status", &source.status()),
        row("TokenSource", &source),
    ]);
    let leaks: Vec<_> = rows.iter().filter(|(_, text)| leak(text).is_some()).map(|(name, _)| *name).collect();
    assert_eq!(leaks, Vec::<&str>::new());
}
