//! The `tracing` output: a span with name and outcome for each call, and no secrets.

use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{FileSource, RetryPolicy};
use partner_sandbox::{Calls, Fault, Incident, Sandbox, SubmissionOutcome};
use partner_tests::test_env::{checked, client_builder, start_sandbox, token_source};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt::{Debug, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

thread_local! {
    static LINES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Records a line for each span and event on the thread of a test. It is global, because a temporary subscriber can miss a call
/// site that another thread registers first.
struct Recorder(AtomicU64);

impl Recorder {
    /// Records the output of this thread from now on.
    fn start() {
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(|| tracing::subscriber::set_global_default(Self(AtomicU64::new(0))).unwrap());
        LINES.set(Some(Vec::new()));
    }

    fn lines() -> Vec<String> {
        LINES.with_borrow(|lines| lines.clone().unwrap())
    }

    fn note(&self, what: &str, name: &str, record: impl FnOnce(&mut Line)) {
        let mut line = Line(format!("{what} {name}"));
        record(&mut line);
        LINES.with_borrow_mut(|lines| lines.iter_mut().for_each(|lines| lines.push(line.0.clone())));
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

impl Subscriber for Recorder {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        // Not cached, because `enabled` depends on the thread.
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        LINES.with_borrow(Option::is_some)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.note("span", span.metadata().target(), |line| span.record(line));
        Id::from_u64(self.0.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        self.note("record", "", |line| values.record(line));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.note("event", event.metadata().target(), |line| event.record(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn every_call_has_a_span_with_its_outcome() {
    let sandbox = start_sandbox().await;
    let client = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox)).build().unwrap();
    Recorder::start();
    sandbox.fail(Calls::of("GET", "/products"), Fault::status(503).header("request-id", "r-1"), 1);
    client.list_products().filter("resourceType eq 'secret-filter'").send().await.unwrap();
    client.get_product("nothing").send().await.unwrap_err();
    let lines: Vec<_> = Recorder::lines().into_iter().filter(|line| !line.contains("partner_auth")).collect();
    let logged = |parts: &[&str]| lines.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    let span = [
        "span partner_ingestion_sdk",
        "otel.name=\"list_products\"",
        "otel.kind=\"client\"",
        "operation=\"list_products\"",
        "http.request.method=\"GET\"",
        "server.address=\"127.0.0.1\"",
        "url.path=\"/v1.0/ingestion/products\"",
    ];
    assert!(logged(&span), "{lines:#?}");
    assert!(logged(&["event", "status=503", "request_id=\"r-1\"", "delay_ms=", "retrying the call"]), "{lines:#?}");
    assert!(logged(&["record", "http.request.resend_count=1"]) && logged(&["record", "http.response.status_code=200"]));
    assert!(
        logged(&["record", "http.response.status_code=404"]) && logged(&["record", "error.type=Status"]),
        "{lines:#?}"
    );
    assert!(lines.iter().all(|line| !line.contains("secret-filter")), "no query: {lines:#?}");
}

/// Checks tokens, the client secret and the signatures of upload URLs, for all workflows and many faults.
#[tokio::test]
async fn no_secret_is_logged() {
    let secrets: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let seen = secrets.clone();
    let builder = checked(Sandbox::builder()).processing_delay(Duration::ZERO).on_exchange(move |exchange| {
        let mut seen = seen.lock().unwrap();
        for (name, value) in &exchange.request_headers {
            if name == "authorization" {
                seen.insert(value.trim_start_matches("Bearer ").to_owned());
            }
        }
        let body = String::from_utf8_lossy(&exchange.response_body).into_owned();
        for part in body.split("sig=").skip(1).chain(exchange.target.split("sig=").skip(1)) {
            seen.insert(part.split(['&', '"']).next().unwrap_or_default().to_owned());
        }
    });
    let sandbox = builder.start().await.unwrap();
    secrets.lock().unwrap().insert(sandbox.client_secret());
    Recorder::start();
    let client = client_builder().base_url(sandbox.url()).token_provider(token_source(&sandbox));
    let client = client.retry(RetryPolicy::default().max_attempts(2)).build().unwrap();
    let interval = Duration::from_millis(1);
    let mut output = vec![format!("{client:?} {sandbox:?}")];
    let mut record = |text: String| output.push(text);

    let offer = client.ensure_product(AzureProduct::application("app", "App")).await.unwrap();
    let plan = client.ensure_variant(&offer, AzureSkuVariant::managed_app("one", "One")).await.unwrap();
    for (number, fault) in [Fault::delay(Duration::ZERO), Fault::status(403), Fault::drop_response(), Fault::reset()]
        .into_iter()
        .enumerate()
    {
        sandbox.fail(Calls::uploads(), fault, if number == 1 { 1 } else { 9 });
        let file = FileSource::bytes(format!("{number}.zip"), &b"PK mainTemplate.json"[..]);
        let upload = client.upload_package(&offer, file).poll_interval(interval, interval);
        record(format!("{upload:?}"));
        let outcome = upload.send().await;
        record(format!("{outcome:?}"));
        if let Err(error) = outcome {
            record(format!("{error} {error:?} {error:#?} {}", error.hint().unwrap_or_default()));
        }
        sandbox.clear_faults();
    }
    sandbox.start_incident(Incident::FrontDoorUploads).unwrap();
    let package = client.upload_package(&offer, FileSource::bytes("app.zip", &b"PK mainTemplate.json"[..]));
    let package = package.poll_interval(interval, interval).send().await.unwrap();
    record(format!("{package:?}"));
    let draft = client.package_configuration_draft(&offer, &plan);
    record(format!("{draft:?} {:?}", draft.modify(|c| c.set_package(&package)).await.unwrap()));
    for outcome in [SubmissionOutcome::FailCreation, SubmissionOutcome::FailCertification, SubmissionOutcome::Pass] {
        sandbox.set_next_outcome(outcome);
        let publish = client.publish(&offer).to_live().poll_interval(interval, interval);
        record(format!("{publish:?}"));
        match publish.send().await {
            Ok(live) => record(format!("{live:?}")),
            Err(error) => record(format!("{error} {error:?} {}", error.hint().unwrap_or_default())),
        }
    }
    for fault in [Fault::status(401), Fault::status(500), Fault::truncate_body()] {
        sandbox.fail(Calls::of("GET", "/products/{productID}/packages/{packageID}"), fault, 9);
        let error = client.get_package(&offer, &package).send().await.unwrap_err();
        record(format!("{error} {error:?} {}", error.hint().unwrap_or_default()));
        sandbox.clear_faults();
    }
    record(format!("{:?}", sandbox.calls()));
    output.extend(Recorder::lines());
    let secrets = secrets.lock().unwrap();
    assert!(secrets.len() > 5 && output.len() > 100, "{} secrets, {} lines", secrets.len(), output.len());
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        let leaks: Vec<_> = output.iter().filter(|what| what.contains(secret.as_str())).collect();
        assert!(leaks.is_empty(), "{leaks:#?}");
    }
}
