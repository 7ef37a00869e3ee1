//! Client secrets, tokens and upload URLs do not appear in errors, messages, hints or `Debug` output.

use partner_auth::{Authority, TokenSource};
use partner_ingestion_sdk::partner_auth::StaticToken;
use partner_ingestion_sdk::types::*;
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::client_builder;
use serde_json::json;
use std::error::Error as StdError;
use std::fmt::Debug;

pub(crate) const CANARY: &str = "c4n4ry~s3cret";

/// Returns everything that can be printed of an error, including its sources.
fn printed(error: &(dyn StdError + 'static)) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(" {error} {error:?}");
        source = error.source();
    }
    text
}

/// Returns the form in which the text contains the secret.
pub(crate) fn leak(text: &str) -> Option<String> {
    let bytes = CANARY.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{bytes:?}");
    let forms = [CANARY, &hex, list.trim_matches(['[', ']']), "c4n4ry%7Es3cret"];
    forms.into_iter().find(|form| text.contains(form)).map(str::to_owned)
}

fn assert_clean(text: &str) {
    assert_eq!(leak(text), None, "{text}");
}

fn assert_debug_clean(value: &impl Debug) {
    assert_clean(&format!("{value:?} {value:#?}"));
}

#[tokio::test]
async fn errors_do_not_contain_token_responses() {
    // Includes endpoints that echo the secret or truncate a token.
    let bodies = [
        (200, format!("{{\"access_token\":\"{CANARY}\"}}")),
        (200, format!("{{\"access_token\":\"{CANARY}\",\"token_type\":\"mac\",\"expires_in\":1}}")),
        (200, format!("{{\"access_token\":\"{CANARY}\",\"token_type\":\"Bearer\",\"expires_in\":\"soon\"}}")),
        (200, format!("{{\"access_token\":\"{CANARY}")),
        (200, CANARY.to_owned()),
        (400, format!("{{\"error\":\"{CANARY}\",\"error_description\":\"{CANARY}\"}}")),
        (401, format!("{{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215 {CANARY}\"}}")),
        (500, format!("<html>{CANARY}</html>")),
        (302, CANARY.to_owned()),
    ];
    for (status, body) in bodies {
        let response = CannedResponse::new(status, body)
            .header("content-type", "application/json")
            .header("location", format!("/{CANARY}"));
        let server = MockServer::with_responses(vec![response]).await;
        let source = TokenSource::builder("contoso.example", "client", CANARY)
            .allow_any_client_id()
            .authority(Authority::loopback(&server.origin).unwrap());
        assert_debug_clean(&source);
        let source = source.build().unwrap();
        assert_debug_clean(&source);
        let client = client_builder().base_url(&server.origin).token_provider(source).build().unwrap();
        let error = client.list_products().send().await.unwrap_err();
        assert_clean(&printed(&error));
        assert_clean(error.hint().unwrap_or_default());
    }
}

#[tokio::test]
async fn access_token_is_never_printed() {
    let token = StaticToken::new(CANARY).unwrap();
    assert_debug_clean(&token);
    let echo = MockServer::start(|request, _| {
        CannedResponse::new(400, json!(format!("bad {}", request.header("authorization").unwrap())).to_string())
    })
    .await;
    let client = client_builder().base_url(&echo.origin).token_provider(token.clone()).build().unwrap();
    assert_debug_clean(&client);
    assert_debug_clean(&client.list_products());
    let error = client.list_products().send().await.unwrap_err();
    assert_clean(&printed(&error));
    let unreachable = client_builder().base_url("http://127.0.0.1:1").token_provider(token).build().unwrap();
    assert_clean(&printed(&unreachable.delete_product("p").send().await.unwrap_err()));
}

#[tokio::test]
async fn upload_url_is_never_printed() {
    let address = Secret::from(format!("http://127.0.0.1:1/blob?sig={CANARY}"));
    let client = MockServer::with_responses(vec![CannedResponse::new(200, "")]).await.client();
    assert_clean(&printed(&client.upload(&address, &b"x"[..]).await.unwrap_err()));
    let server =
        MockServer::start(|request, _| CannedResponse::new(403, format!("<Error>{}</Error>", request.target))).await;
    let address = Secret::from(format!("{}/blob?sig={CANARY}", server.origin));
    let error = client.upload(&address, &b"x"[..]).await.unwrap_err();
    assert_clean(&printed(&error));
    assert_eq!(server.requests()[0].header("authorization"), None);
    assert_eq!(server.requests()[0].query(), format!("sig={CANARY}"), "sent exactly as issued");
    for bad in ["ftp://x", "http://example.com/x", CANARY] {
        assert_clean(&printed(&client.upload(&bad.into(), &b"x"[..]).await.unwrap_err()));
    }
    // The service repeats an upload URL in its message.
    let message = json!(format!("cannot read https://a.blob.core.windows.net/x?sv=1&sig={CANARY}&sp=r")).to_string();
    let server = MockServer::with_responses(vec![CannedResponse::new(400, message)]).await;
    assert_clean(&printed(&server.client().get_product("p").send().await.unwrap_err()));
}

#[test]
fn secret_and_unknown_fields_are_not_printed() {
    let lead = AzureBlobLeadConfiguration::default().set_connection_string(CANARY).set_container_name("leads");
    assert_debug_clean(&lead);
    assert!(format!("{lead:?}").contains("leads"));
    assert_debug_clean(&LeadConfiguration::from(lead));
    assert_debug_clean(&ListingImage::default().set_file_sas_uri(CANARY));
    assert_debug_clean(&HttpsEndpointLeadConfiguration::default().set_https_endpoint_uri(CANARY));
    let unknown = json!({"resourceType": "New", "key": CANARY, "title": "x"});
    let listing: AzureListing = serde_json::from_value(unknown.clone()).unwrap();
    assert_debug_clean(&listing);
    assert!(format!("{listing:?}").contains("\"key\""));
    assert_debug_clean(&serde_json::from_value::<LeadConfiguration>(unknown).unwrap());
}

#[tokio::test]
async fn errors_do_not_quote_bodies_with_secrets() {
    let body = format!("{{\"fileSasUri\": 7, \"x\": \"{CANARY}\"}}");
    let server = MockServer::with_responses(vec![
        CannedResponse::new(200, body.clone()).violates_contract(),
        CannedResponse::new(500, body),
    ])
    .await;
    let client = server.client();
    assert_clean(&printed(&client.get_package("p", "k").send().await.unwrap_err()));
    assert_clean(&printed(&client.get_package("p", "k").send().await.unwrap_err()));
    let text = format!("{{\"order\": \"{CANARY}\"}}");
    let server = MockServer::with_responses(vec![CannedResponse::new(200, text).violates_contract()]).await;
    let error = server.client().get_listing_image("p", "l", "i").send().await.unwrap_err();
    assert!(error.to_string().contains("order"), "{error}");
    assert_clean(&printed(&error));
}
