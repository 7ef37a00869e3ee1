//! Errors of single responses.

use super::{Row, row};
use futures_util::TryStreamExt;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, Error};
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::client_builder;
use serde_json::json;

const ID: &str = "1f0c-7d";

/// The error of a call that gets this response.
async fn error(response: CannedResponse, call: impl AsyncFnOnce(Client) -> Result<(), Error>) -> Error {
    let server = MockServer::with_responses(vec![response.header("request-id", ID).violates_contract()]).await;
    call(server.client()).await.unwrap_err()
}

async fn of_get(response: CannedResponse) -> Error {
    error(response, async |client| client.get_product("p").send().await.map(drop)).await
}

fn text(status: u16, message: &str) -> CannedResponse {
    CannedResponse::new(status, json!(message).to_string())
}

fn coded(data: serde_json::Value) -> CannedResponse {
    let detail = json!({"faultCode": 50_400, "data": data});
    text(400, &format!("ICH50400-The request is not valid. {detail}"))
}

async fn conflict(message: &str, call: impl AsyncFnOnce(Client) -> Result<(), Error>) -> Error {
    error(text(409, message), call).await
}

async fn put(client: Client) -> Result<(), Error> {
    client.replace_listing("p", "l", AzureListing::default()).if_match("\"1\"").send().await.map(drop)
}

async fn list(client: Client) -> Result<(), Error> {
    client.list_products().send().await.map(drop)
}

/// A list whose second page leads to the second page.
async fn repeated_link() -> Error {
    let page = json!({"value": [], "nextLink": "v1.0/ingestion/products?$skipToken=a"}).to_string();
    let server = MockServer::with_responses(vec![CannedResponse::new(200, page)]).await;
    server.client().list_products().stream().try_collect::<Vec<_>>().await.unwrap_err()
}

async fn too_large() -> Error {
    let server = MockServer::with_responses(vec![CannedResponse::new(200, "x".repeat(5000)).violates_contract()]).await;
    let tokens = partner_ingestion_sdk::partner_auth::StaticToken::new("t").unwrap();
    let client = client_builder().base_url(&server.origin).token_provider(tokens).max_response_bytes(4096);
    client.build().unwrap().list_products().send().await.unwrap_err()
}

pub(super) async fn rows() -> Vec<Row> {
    let product = || AzureProduct::application("contoso-app", "Contoso");
    let plan = || AzureSkuVariant::plan("standard", "Standard");
    let submission = || {
        let draft = TypeValuePair::new("Property", "1");
        SubmissionCreationRequest::default()
            .set_targets([TypeValuePair::new("Scope", "preview")])
            .set_resources([draft])
    };
    let page = json!({"value": [{"id": "1"}, {"id": "2", "name": {"en": "x"}}]}).to_string();
    let duplicate = text(301, "ICH50301-The package was sent before. {\"toId\": \"7\"}");
    let get_package = async |client: Client| client.get_package("p", "k").send().await.map(drop);
    let throttled =
        || CannedResponse::new(429, json!({"statusCode": 429, "message": "Rate limit is exceeded."}).to_string());
    vec![
        row("an empty 401", of_get(CannedResponse::new(401, "")).await),
        row("403", of_get(text(403, "Not applicable for this product")).await),
        row("404", of_get(text(404, "The product does not exist.")).await),
        row("400 with the names of fields", error(coded(json!({"title": ["is too long"]})), put).await),
        row("400 without the name of a field", error(coded(json!({})), put).await),
        row("400 for the list of all offers", error(coded(json!({})), list).await),
        row("412, because another program was faster", error(text(412, "The etag does not match."), put).await),
        row(
            "409, an offer id that is taken",
            conflict("An offer with the id contoso-app exists already.", async |client| {
                client.create_product(product()).send().await.map(drop)
            })
            .await,
        ),
        row(
            "409, a plan id that is taken",
            conflict("A plan with the id standard exists already.", async |client| {
                client.create_variant("p", plan()).send().await.map(drop)
            })
            .await,
        ),
        row(
            "409, a second submission",
            conflict("A submission is in progress already.", async |client| {
                client.create_submission("p", submission()).send().await.map(drop)
            })
            .await,
        ),
        row(
            "409, promoted too early",
            conflict("The submission is not in preview.", async |client| {
                client.promote_submission("p", "s").send().await.map(drop)
            })
            .await,
        ),
        row(
            "409, cancelled too late",
            conflict("The submission is going live and cannot be cancelled.", async |client| {
                client.cancel_submission("p", "s").send().await.map(drop)
            })
            .await,
        ),
        row(
            "409 for a DELETE",
            conflict("The offer is live.", async |client| client.delete_product("p").send().await.map(drop)).await,
        ),
        row("301, a package that was uploaded before", error(duplicate, get_package).await),
        row("302", of_get(CannedResponse::new(302, "").header("location", "https://example.com/")).await),
        row("405", of_get(CannedResponse::new(405, "")).await),
        row("429 with Retry-After", of_get(throttled().header("retry-after", "7")).await),
        row("429 without Retry-After", of_get(throttled()).await),
        row("500", of_get(text(500, "An error occurred.")).await),
        row(
            "500 for a POST",
            error(text(500, "An error occurred."), async |client| {
                client.create_product(product()).send().await.map(drop)
            })
            .await,
        ),
        row("a page of a proxy", of_get(CannedResponse::new(502, "<html><h1>Bad gateway</h1></html>")).await),
        row("503 with Retry-After", of_get(CannedResponse::new(503, "").header("retry-after", "120")).await),
        row("a response of another type", error(CannedResponse::new(200, page), list).await),
        row("a page of a proxy with status 200", error(CannedResponse::new(200, "<html>Sign in</html>"), list).await),
        row("a response without a body", error(CannedResponse::new(200, ""), list).await),
        row("a large response", too_large().await),
        row(
            "a link to another origin",
            error(CannedResponse::new(200, "{}"), async |client| {
                client.follow("https://example.com/x").send::<()>().await.map(drop)
            })
            .await,
        ),
        row("a list that repeats a page", repeated_link().await),
    ]
}

#[tokio::test]
async fn a_token_in_a_challenge_is_not_printed() {
    let server = MockServer::start(|seen, _| {
        let token = seen.header("authorization").unwrap();
        let challenge =
            format!("Bearer error=\"invalid_token\", error_description=\"{token} is expired\", claims=\"{token}\"");
        CannedResponse::new(403, "").header("www-authenticate", challenge)
    })
    .await;
    let error = server.client().get_product("p").send().await.unwrap_err();
    let printed = format!("{error} {error:?} {error:#?}");
    assert!(!printed.contains("a-token") && printed.contains("invalid_token"), "{printed}");
}
