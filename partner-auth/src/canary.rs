//! No secret, token or assertion reaches anything that is printed: every path, at the most talkative log level.

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

/// Everything that is logged, by any crate.
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

/// The log of the process: some crates speak on threads of their own.
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

fn told(error: &Error) -> String {
    let mut text = format!("{error} {} {:?}", printed(error), error.hint());
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, " {cause} {cause:?} {cause:#?}");
        source = cause.source();
    }
    text
}

/// Answers in which the canaries come back, as well-meant and as hostile ones do.
fn replies() -> Vec<Reply> {
    let refusal = format!(
        r#"{{"error":"invalid_client","error_description":"AADSTS7000215: {SECRET} {ASSERTION}\r\nTrace ID: <{SECRET}>","error_codes":[7000215],"trace_id":"{SECRET} x","correlation_id":"{TOKEN}<","timestamp":"{SECRET}","claims":"{TOKEN}"}}"#
    );
    vec![
        Reply::token(TOKEN),
        Reply::token(format!("{TOKEN}\n")),
        Reply::token(TOKEN).expires_in(0),
        Reply::token(TOKEN).torn(),
        Reply::body(200, format!(r#"{{"access_token":"{TOKEN}","token_type":"pop","expires_in":1}}"#)),
        Reply::body(200, format!(r#"{{"access_token":"{TOKEN}","token_type":"Bearer","expires_in":"{TOKEN}"}}"#)),
        Reply::body(200, format!(r#"{{"access_token":["{TOKEN}"]}}"#)),
        Reply::body(200, TOKEN),
        Reply::body(400, refusal.clone()),
        Reply::body(503, refusal),
        Reply::body(400, format!(r#"{{"error":"{SECRET} {TOKEN}"}}"#)),
        Reply::body(500, format!("<html>{SECRET}{ASSERTION}</html>")),
        Reply::status(302).header("Location", &format!("https://example.com/?{SECRET}")),
        Reply::status(429).header("Retry-After", SECRET).header("x-ms-request-id", &format!("{TOKEN} x")),
        Reply::cut(),
    ]
}

fn credentials() -> Vec<Credential> {
    let failing = || {
        Credential::signed_by(|_| async {
            Err(Error::other(crate::ErrorKind::Network, "no", std::io::Error::other("x")))
        })
    };
    vec![
        Credential::secret(SECRET),
        Credential::signed_by(|_| async { Ok(Assertion::new(ASSERTION)) }),
        Credential::signed_by(|_| async { Ok(Assertion::new(format!("{ASSERTION}\n"))) }),
        failing(),
    ]
}

#[tokio::test]
async fn no_canary_is_printed() {
    let log = log();
    let mut text = String::new();
    let mut tokens = 0;
    for reply in replies() {
        for credential in credentials() {
            for endpoint in [Endpoint::V1, Endpoint::V2] {
                let entra = FakeEntra::start().unwrap();
                entra.otherwise(reply.clone());
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
                    Err(error) => text += &told(&error),
                }
                text += &(printed(&source) + &printed(&credential) + &printed(&source.status()));
            }
        }
    }
    assert_eq!(tokens, 6, "three credentials at two endpoints");
    text += &printed(&StaticToken::new(TOKEN));
    text += &told(&AccessToken::new(format!("{TOKEN}\n")).unwrap_err());
    text += &printed(&Assertion::new(ASSERTION));
    let builder = TokenSource::builder("contoso.com", SECRET, SECRET);
    text += &told(&builder.build().unwrap_err());
    assert_eq!(leak(&text), None, "printed");

    let logged = log.0.lock().unwrap();
    assert!(logged.contains("a token is requested") && logged.contains("no token was issued"), "our events are there");
    assert!(logged.contains("\nhyper") || logged.contains("\nreqwest"), "those of the transport too");
    let line = logged.lines().find_map(|line| Some((leak(line)?, line)));
    assert_eq!(line, None, "logged");
}

#[tokio::test]
async fn a_panic_of_a_callback_prints_nothing_of_ours() {
    let entra = FakeEntra::start().unwrap();
    let credential = Credential::signed_by(|request| async move { panic!("as planned for {request:?}") });
    let builder = TokenSource::builder("contoso.com", entra.client_id(), credential).authority(entra.authority());
    let error = builder.build().unwrap().token().await.unwrap_err();
    assert_eq!(leak(&told(&error)), None);
    assert!(error.is_retryable());
}
