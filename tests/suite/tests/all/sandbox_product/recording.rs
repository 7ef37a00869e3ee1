//! Recordings: written without secrets, replayed without differences, and used as a seed.

use crate::sandbox_program::{Folder, program};
use partner_ingestion_sdk::Page;
use partner_ingestion_sdk::types::*;
use partner_sandbox::Sandbox;
use partner_tests::test_env::{TestEnv, checked};
use serde_json::Value;
use std::time::Duration;

/// Publishes an offer with a plan and a package to a sandbox that records, and returns the recording.
async fn recording(file: &str) -> String {
    let builder = checked(Sandbox::builder()).without_rules().record(file).processing_delay(Duration::from_millis(50));
    let env = TestEnv::with_builder(builder).await;
    let product = env.product("contoso").await;
    env.variant(&product).await;
    env.package(&product, b"PK\x03\x04\xff").await;
    env.client.listing_draft(&product).modify(|listing| listing.set_summary("A summary")).await.unwrap();
    env.client.publish(&product).to_live().await.unwrap();
    env.client.get_product(ProductId::from("missing")).send().await.unwrap_err();
    let secret = env.sandbox.client_secret();
    env.sandbox.stop().await.unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    assert!(!text.contains(&secret) && !text.contains("Bearer sandbox"), "a secret is recorded");
    text
}

#[tokio::test]
async fn a_recording_is_replayed_without_differences() {
    let folder = Folder::new();
    let text = recording(&folder.path("calls.jsonl")).await;
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(
            line["time"].is_string() && line["status"].is_u64() && line["response"]["headers"].is_object(),
            "{line}"
        );
        for half in ["request", "response"] {
            let address = line[half]["body"]["fileSasUri"].as_str().unwrap_or_default();
            assert!(address.is_empty() || address.contains("sig=***"), "{address}");
        }
    }
    let fresh = || checked(Sandbox::builder()).without_rules().processing_delay(Duration::from_millis(50));
    let sandbox = fresh().start().await.unwrap();
    let replay = sandbox.replay(&text).unwrap();
    assert!(replay.requests > 20, "{replay:?}");
    assert_eq!(replay.differences.iter().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    // As a seed, it creates the same offer, and again after a reset.
    let env = TestEnv::with_builder(fresh().seed(folder.path("calls.jsonl"))).await;
    for _ in 0..2 {
        let offers = env.client.list_products().send().await.unwrap().into_inner().into_items();
        assert_eq!(offers.len(), 1);
        let submissions = env.client.list_submissions(offers[0].id.as_ref().unwrap()).send().await.unwrap();
        assert_eq!(submissions.items().len(), 1);
        env.sandbox.reset();
    }
}

#[tokio::test]
async fn differences_name_the_line_and_the_place() {
    let folder = Folder::new();
    let file = folder.path("calls.jsonl");
    let mut lines: Vec<Value> =
        recording(&file).await.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let at = |lines: &[Value], operation: &str| lines.iter().position(|line| line["operation"] == operation).unwrap();
    // As if the service had returned another status, one property more, and another type.
    let create = at(&lines, "POST /products");
    lines[create]["response"]["body"]["publisher"] = "contoso".into();
    lines[create]["response"]["body"]["name"] = 7.into();
    let missing = lines.len() - 1;
    lines[missing]["status"] = 410.into();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, text).unwrap();
    let output = program(&["--without-rules", "--processing-delay", "50", "replay", &file]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    for expected in [
        format!("line {}: POST /products: /publisher is missing", create + 1),
        format!("line {}: POST /products: /name is a string, recorded a number", create + 1),
        format!("line {}: GET /products/{{productID}}: status 404", missing + 1),
        "3 differences".to_owned(),
    ] {
        assert!(printed.contains(&expected), "{expected}: {printed}");
    }
    let wrong = folder.with("wrong.jsonl", "{}\n");
    let output = program(&["replay", &wrong]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("line 1: missing field"));
}
