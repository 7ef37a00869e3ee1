//! Checks every cell of the table of HTTP/2 faults in the SDK's documentation, and the limit of decompressed bodies.

use super::server::{Fault, FaultServer};
use futures_util::future::join_all;
use partner_ingestion_sdk::types::AzureProduct;
use partner_ingestion_sdk::{Error, RetryPolicy};
use std::time::Duration;

const TABLE: &str = include_str!("../../../../../partner-ingestion-sdk/src/docs/retry_behavior.md");

fn fault(name: &str) -> Fault {
    match name {
        "REFUSED_STREAM, once" => Fault::Refused,
        "RST_STREAM, once" => Fault::Reset,
        "RST_STREAM after the head of the response, once" => Fault::ResetAfterHead,
        "REFUSED_STREAM after the head of the response, once" => Fault::RefusedAfterHead,
        "GOAWAY before the request, once" => Fault::GoAwayBefore,
        "GOAWAY after the request, once" => Fault::GoAwayAfter,
        "no flow-control window, once" => Fault::NoWindow,
        other => panic!("unknown fault in the table: {other}"),
    }
}

async fn cell(name: &str, method: &str) -> String {
    let server = FaultServer::start(fault(name), 1).await;
    let client = server.server.client_builder(true).retry(RetryPolicy::default().max_attempts(3));
    let client = client.attempt_timeout(Duration::from_millis(1_500)).build().unwrap();
    let outcome = match method {
        "GET" => client.get_product("p").send().await.map(drop),
        _ => client.create_product(AzureProduct::application("a", "A")).send().await.map(drop),
    };
    format!("{} {}", outcome.map_or_else(description, |()| "ok".to_owned()), server.requests())
}

fn description(error: Error) -> String {
    let mark = if error.may_have_been_processed() { "!" } else { "" };
    format!("{:?}{mark}", error.kind())
}

#[tokio::test]
async fn the_table_of_http2_faults_is_true() {
    let table = TABLE.split("# Over HTTP/2").nth(1).unwrap();
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split('|').map(str::trim).collect()).collect();
    let rows: Vec<_> = rows.iter().filter(|row| row.len() == 6).skip(2).collect();
    assert_eq!(rows.len(), 7);
    let cells =
        rows.iter().flat_map(|row| [("GET", row[2]), ("POST", row[3])].map(|(method, cell)| (row[1], method, cell)));
    let found = cells.map(|(name, method, expected)| async move {
        let found = cell(name, method).await;
        (found != expected).then(|| format!("{name}, {method}: {found}, not {expected}"))
    });
    let wrong: Vec<String> = join_all(found).await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
