//! Scans for secrets: client secret, token and upload address appear in nothing that a person can read.

use partner_auth::{Authority, TokenSource};
use partner_ingestion_sdk::partner_auth::StaticToken;
use partner_ingestion_sdk::types::*;
use partner_tests::server::{Say, Server};
use partner_tests::stage::client_builder;
use serde_json::json;
use std::error::Error as StdError;
use std::fmt::Debug;

const CANARY: &str = "c4n4ry~s3cret";

/// Everything that can be printed of an error, sources included.
fn printed(error: &(dyn StdError + 'static)) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(" {error} {error:?}");
        source = error.source();
    }
    text
}

fn assert_clean(text: &str) {
    let bytes = CANARY.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list = format!("{bytes:?}");
    for form in [CANARY, &hex, list.trim_matches(['[', ']']), "c4n4ry%7Es3cret"] {
        assert!(!text.contains(form), "{form} in {text}");
    }
}

fn clean(value: &impl Debug) {
    assert_clean(&format!("{value:?} {value:#?}"));
}

#[tokio::test]
async fn token_endpoint_answers_never_reach_an_error() {
    // Whatever the endpoint answers, and even when it echoes the secret or cuts a token in two.
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
        let say =
            Say::new(status, body).with("content-type", "application/json").with("location", format!("/{CANARY}"));
        let server = Server::script(vec![say]).await;
        let source = TokenSource::builder("contoso.example", "client", CANARY)
            .allow_any_client_id()
            .authority(Authority::loopback(&server.origin).unwrap());
        clean(&source);
        let source = source.build().unwrap();
        clean(&source);
        let client = client_builder().base_url(&server.origin).token_provider(source).build().unwrap();
        let error = client.list_products().send().await.unwrap_err();
        assert_clean(&printed(&error));
        assert_clean(error.hint().unwrap_or_default());
    }
}

#[tokio::test]
async fn a_token_never_leaves_its_header() {
    let token = StaticToken::new(CANARY).unwrap();
    clean(&token);
    let echo = Server::start(|seen, _| {
        Say::new(400, json!(format!("bad {}", seen.header("authorization").unwrap())).to_string())
    })
    .await;
    let client = client_builder().base_url(&echo.origin).token_provider(token.clone()).build().unwrap();
    clean(&client);
    clean(&client.list_products());
    let error = client.list_products().send().await.unwrap_err();
    assert_clean(&printed(&error));
    let gone = client_builder().base_url("http://127.0.0.1:1").token_provider(token).build().unwrap();
    assert_clean(&printed(&gone.delete_product("p").send().await.unwrap_err()));
}

#[tokio::test]
async fn an_upload_address_is_never_printed() {
    let address = Secret::from(format!("http://127.0.0.1:1/blob?sig={CANARY}"));
    let client = Server::script(vec![Say::new(200, "")]).await.client();
    assert_clean(&printed(&client.upload(&address, &b"x"[..]).await.unwrap_err()));
    let server = Server::start(|seen, _| Say::new(403, format!("<Error>{}</Error>", seen.target))).await;
    let address = Secret::from(format!("{}/blob?sig={CANARY}", server.origin));
    let error = client.upload(&address, &b"x"[..]).await.unwrap_err();
    assert_clean(&printed(&error));
    assert_eq!(server.seen()[0].header("authorization"), None);
    assert_eq!(server.seen()[0].query(), format!("sig={CANARY}"), "sent exactly as issued");
    for bad in ["ftp://x", "http://example.com/x", CANARY] {
        assert_clean(&printed(&client.upload(&bad.into(), &b"x"[..]).await.unwrap_err()));
    }
    // The service repeats an address in its message.
    let message = json!(format!("cannot read https://a.blob.core.windows.net/x?sv=1&sig={CANARY}&sp=r")).to_string();
    let server = Server::script(vec![Say::new(400, message)]).await;
    assert_clean(&printed(&server.client().get_product("p").send().await.unwrap_err()));
}

#[test]
fn marked_fields_and_unknown_ones_are_not_printed() {
    let lead = AzureBlobLeadConfiguration::default().set_connection_string(CANARY).set_container_name("leads");
    clean(&lead);
    assert!(format!("{lead:?}").contains("leads"));
    clean(&LeadConfiguration::from(lead));
    clean(&ListingImage::default().set_file_sas_uri(CANARY));
    clean(&HttpsEndpointLeadConfiguration::default().set_https_endpoint_uri(CANARY));
    let unknown = json!({"resourceType": "New", "key": CANARY, "title": "x"});
    let listing: AzureListing = serde_json::from_value(unknown.clone()).unwrap();
    clean(&listing);
    assert!(format!("{listing:?}").contains("\"key\""));
    clean(&serde_json::from_value::<LeadConfiguration>(unknown).unwrap());
}

#[tokio::test]
async fn a_body_with_a_secret_is_not_quoted() {
    let body = format!("{{\"fileSasUri\": 7, \"x\": \"{CANARY}\"}}");
    let server = Server::script(vec![Say::new(200, body.clone()).off_contract(), Say::new(500, body)]).await;
    let client = server.client();
    assert_clean(&printed(&client.get_package("p", "k").send().await.unwrap_err()));
    assert_clean(&printed(&client.get_package("p", "k").send().await.unwrap_err()));
    let text = format!("{{\"order\": \"{CANARY}\"}}");
    let server = Server::script(vec![Say::new(200, text).off_contract()]).await;
    let error = server.client().get_listing_image("p", "l", "i").send().await.unwrap_err();
    assert!(error.to_string().contains("order"), "{error}");
    assert_clean(&printed(&error));
}
