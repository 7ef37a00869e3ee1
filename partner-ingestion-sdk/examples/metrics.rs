//! Records the calls of a client as OpenTelemetry metrics, with the names of its conventions for HTTP clients.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "examples print their output")]

#[allow(dead_code, reason = "each example uses only a part")]
mod common;

use common::{Connection, Outcome, print_error, table};
use opentelemetry::metrics::{Counter, Histogram, Meter, MeterProvider};
use opentelemetry::{KeyValue, StringValue, Value};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{SdkMeterProvider, Temporality};
use partner_ingestion_sdk::types::AzureProduct;
use partner_ingestion_sdk::{ClientBuilder, ErrorKind, Event, Measurement};
use partner_sandbox::{Calls, Fault};
use std::process::ExitCode;
use std::time::Duration;

/// Records the calls of a client as OpenTelemetry metrics and prints them. A sandbox in this process answers the calls.
#[derive(clap::Parser)]
#[command(after_help = "Exit codes: 0 success, 1 failure, 2 invalid arguments.")]
struct Options;

/// The instruments. A program has one of each.
struct Metrics {
    attempt_duration: Histogram<f64>,
    request_size: Histogram<u64>,
    response_size: Histogram<u64>,
    call_duration: Histogram<f64>,
    rate_limit_wait: Counter<f64>,
}

impl Metrics {
    fn new(meter: &Meter) -> Self {
        let seconds = |name| meter.f64_histogram(name).with_unit("s").build();
        let bytes = |name| meter.u64_histogram(name).with_unit("By").build();
        Self {
            attempt_duration: seconds("http.client.request.duration"),
            request_size: bytes("http.client.request.body.size"),
            response_size: bytes("http.client.response.body.size"),
            // The conventions have no name for a call with its retries and waiting.
            call_duration: seconds("partner_ingestion.call.duration"),
            rate_limit_wait: meter.f64_counter("partner_ingestion.call.rate_limit_wait").with_unit("s").build(),
        }
    }

    fn record(&self, event: &Event<'_>) {
        match event {
            Event::Attempt(attempt) => {
                let labels = labels(attempt);
                self.attempt_duration.record(attempt.duration().as_secs_f64(), &labels);
                self.request_size.record(attempt.request_bytes(), &labels);
                self.response_size.record(attempt.response_bytes(), &labels);
            }
            Event::Call(call) => {
                let labels = labels(call);
                self.call_duration.record(call.duration().as_secs_f64(), &labels);
                self.rate_limit_wait.add(call.rate_limit_wait().as_secs_f64(), &labels);
            }
            _ => {}
        }
    }
}

/// The attributes of the conventions. The path template, and not the path with its ids, keeps the number of series small.
fn labels(measurement: &Measurement<'_>) -> Vec<KeyValue> {
    let mut labels = vec![
        KeyValue::new("http.request.method", measurement.method().to_string()),
        KeyValue::new("url.template", measurement.operation().path),
        KeyValue::new("operation", measurement.operation().name),
    ];
    let status = measurement.status().map(|status| i64::from(status.as_u16()));
    labels.extend(status.map(|status| KeyValue::new("http.response.status_code", status)));
    labels.extend(measurement.error_kind().map(|kind| KeyValue::new("error.type", error_type(kind, status))));
    labels
}

/// For a response, the conventions want the status as text.
fn error_type(kind: ErrorKind, status: Option<i64>) -> StringValue {
    match status {
        Some(status) => status.to_string().into(),
        None => format!("{kind:?}").into(),
    }
}

fn observed(builder: ClientBuilder, meter: &Meter) -> ClientBuilder {
    let metrics = Metrics::new(meter);
    builder.observe(move |event| metrics.record(event))
}

#[tokio::main]
async fn main() -> ExitCode {
    <Options as clap::Parser>::parse();
    match example().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&*error);
            ExitCode::FAILURE
        }
    }
}

async fn example() -> Outcome<()> {
    // A program exports to a collector instead: the crate `opentelemetry-otlp` has the exporter.
    let provider = SdkMeterProvider::builder().with_periodic_exporter(PrintTable).build();
    let Connection { client, sandbox } =
        common::connect_with(false, |builder| observed(builder, &provider.meter("example"))).await?;
    if let Some(sandbox) = &sandbox {
        sandbox.fail(Calls::of("POST", "/products"), Fault::status(429).header("retry-after", "1"), 1);
    }
    let offer = client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
    for _ in 0..10 {
        client.get_product(&offer).send().await?;
    }
    client.get_product("123").send().await.err();
    provider.shutdown()?;
    Ok(())
}

/// An exporter that prints a table.
struct PrintTable;

impl PushMetricExporter for PrintTable {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let metrics = metrics.scope_metrics().flat_map(|scope| scope.metrics());
        let rows: Vec<Vec<String>> = metrics.flat_map(rows).collect();
        print!("{}", table(&["metric", "operation", "status", "count", "sum"], &rows));
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

/// The rows of one metric.
fn rows(metric: &Metric) -> Vec<Vec<String>> {
    let row = |labels: &mut dyn Iterator<Item = &KeyValue>, count: Option<u64>, sum: String| {
        let labels: Vec<&KeyValue> = labels.collect();
        let label = |name: &str| {
            let found = labels.iter().find(|label| label.key.as_str() == name);
            found.map_or_else(|| "-".to_owned(), |label| Value::to_string(&label.value))
        };
        let count = count.map_or_else(|| "-".to_owned(), |count| count.to_string());
        let sum = format!("{sum} {}", metric.unit());
        vec![metric.name().to_owned(), label("operation"), label("http.response.status_code"), count, sum]
    };
    let mut rows: Vec<_> = match metric.data() {
        AggregatedMetrics::F64(MetricData::Histogram(data)) => data
            .data_points()
            .map(|point| row(&mut point.attributes(), Some(point.count()), format!("{:.3}", point.sum())))
            .collect(),
        AggregatedMetrics::U64(MetricData::Histogram(data)) => data
            .data_points()
            .map(|point| row(&mut point.attributes(), Some(point.count()), point.sum().to_string()))
            .collect(),
        AggregatedMetrics::F64(MetricData::Sum(data)) => data
            .data_points()
            .map(|point| row(&mut point.attributes(), None, format!("{:.3}", point.value())))
            .collect(),
        _ => Vec::new(),
    };
    rows.sort();
    rows
}
