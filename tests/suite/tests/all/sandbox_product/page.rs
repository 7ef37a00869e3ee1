//! The content of the page, by plain HTTP.

use super::{page_sandbox, send};
use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, reqwest};
use partner_sandbox::{Calls, Fault, Sandbox, SubmissionOutcome};
use partner_tests::test_env::{TestEnv, checked};
use serde_json::json;
use std::time::Duration;

async fn get(sandbox: &Sandbox, path: &str) -> String {
    let reply = send(sandbox, "GET", path, &[], "").await;
    assert_eq!(reply.status, 200, "{path}");
    reply.body
}

async fn create(client: &Client, offer: &str) -> ProductId {
    client.create_product(AzureProduct::application(offer, offer)).await.unwrap().id.clone().unwrap()
}

#[tokio::test]
async fn calls_are_listed_with_their_violations() {
    let env = TestEnv::with_builder(checked(Sandbox::builder()).page(true)).await;
    assert!(get(&env.sandbox, "/").await.contains("No calls yet."));
    create(&env.client, "contoso").await;
    let wrong = json!({"resourceType": "AzureApplication", "name": 7});
    env.client.request(Method::POST, "products").json(&wrong).send::<serde_json::Value>().await.unwrap_err();
    let list = get(&env.sandbox, "/page/calls").await;
    assert_eq!(list.matches("<details").count(), 3, "a token and two calls: {list}");
    assert_eq!(list.matches("violates the document").count(), 1);
    let newest = list.find("call-3").unwrap();
    assert!(newest < list.find("call-2").unwrap(), "the newest call comes first");
    for (query, found) in [
        ("q=POST+/products+400", 1),
        ("q=oauth2", 1),
        ("problems=1", 1),
        ("q=nothing", 0),
        ("after=2", 1),
        ("after=3", 0),
        ("q=<b>", 0),
    ] {
        let list = get(&env.sandbox, &format!("/page/calls?{query}")).await;
        assert_eq!(list.matches("<details").count(), found, "{query}: {list}");
    }
    let filtered = get(&env.sandbox, "/?q=%22%3E%3Cscript%3E&problems=1").await;
    assert!(filtered.contains("No calls match the filter") && filtered.contains("checked"));
    assert!(!filtered.contains("\"><script>"), "the filter is escaped");
}

#[tokio::test]
async fn a_call_is_shown_without_secrets() {
    let env = TestEnv::with_builder(checked(Sandbox::builder()).page(true)).await;
    let product = create(&env.client, "it's <b>contoso</b>").await;
    let (token, created) = (get(&env.sandbox, "/page/calls/1").await, get(&env.sandbox, "/page/calls/2").await);
    assert!(token.contains("client_secret") && !token.contains(&env.sandbox.client_secret()), "{token}");
    assert!(token.contains("<!doctype html>"), "a page for browsers without a script");
    assert!(created.contains("Bearer ***") && created.contains(product.as_str()), "{created}");
    assert!(!created.contains("<b>contoso</b>"), "values are escaped");
    let fragment = get(&env.sandbox, "/page/calls/2?fragment=1").await;
    assert!(!fragment.contains("<html") && fragment.contains("Copy as curl"));
    let curl = fragment.split("class=\"curl\"").nth(1).unwrap();
    for part in ["curl -X POST", "$PARTNER_INGESTION_URL", "/products", "Authorization: Bearer $TOKEN", "content-type"]
    {
        assert!(curl.contains(part), "{part}: {curl}");
    }
    assert_eq!(send(&env.sandbox, "GET", "/page/calls/99", &[], "").await.status, 404);
}

/// The copied command works in a shell, whatever the body contains.
#[cfg(unix)]
#[tokio::test]
async fn the_copied_command_sends_the_same_request() {
    let env = TestEnv::with_builder(checked(Sandbox::builder()).page(true)).await;
    create(&env.client, "it's \"$(contoso)\" <b>").await;
    let fragment = get(&env.sandbox, "/page/calls/2?fragment=1").await;
    let command = fragment.split("class=\"curl\"").nth(1).unwrap().split_once('>').unwrap().1;
    let mut command = command.split("</pre>").next().unwrap().to_owned();
    for (entity, text) in [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")] {
        command = command.replace(entity, text);
    }
    // Prints the arguments instead of sending them.
    let script = format!("curl() {{ printf '%s\\n' \"$@\"; }}\n{command}");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).env("TOKEN", "t").env("PARTNER_INGESTION_URL", "u");
    let output = String::from_utf8(shell.output().unwrap().stdout).unwrap();
    let arguments: Vec<&str> = output.lines().collect();
    assert_eq!(arguments[..3], ["-X", "POST", "u/products"]);
    assert!(arguments.contains(&"Authorization: Bearer t"), "{arguments:?}");
    let body: serde_json::Value = serde_json::from_str(arguments.last().unwrap()).unwrap();
    assert_eq!(body["name"], "it's \"$(contoso)\" <b>");
}

#[tokio::test]
async fn an_offer_is_shown_with_what_differs() {
    let builder = checked(Sandbox::builder()).page(true).without_rules().processing_delay(Duration::ZERO);
    let env = TestEnv::with_builder(builder).await;
    let product = env.product("contoso").await;
    env.variant(&product).await;
    env.package(&product, b"PK").await;
    assert!(get(&env.sandbox, "/page/offers").await.contains("not published"));
    env.client.publish(&product).to_live().await.unwrap();
    let listing = env.client.listing_draft(&product);
    listing.modify(|listing| listing.set_summary("Published <summary>")).await.unwrap();
    env.client.publish(&product).to_live().await.unwrap();
    listing.modify(|listing| listing.set_summary("New summary")).await.unwrap();
    let offers = get(&env.sandbox, "/page/offers").await;
    for part in ["contoso", "standard", "a.zip", "Processed", "class=\"track\"", ">changed<", "New summary"] {
        assert!(offers.contains(part), "{part}: {offers}");
    }
    let row = offers.split("<tr").find(|row| row.contains("New summary")).unwrap();
    assert!(row.starts_with(" class=\"differs\"") && row.contains("Published &#60;summary&#62;"), "{row}");
    let unchanged = offers.split("<tr").find(|row| row.contains(">title<")).unwrap();
    assert!(!unchanged.starts_with(" class"), "{unchanged}");
}

#[tokio::test]
async fn failed_submissions_and_pending_settings_are_shown() {
    let builder = checked(Sandbox::builder()).page(true).without_rules().processing_delay(Duration::ZERO);
    let env = TestEnv::with_builder(builder).await;
    let product = env.product("contoso").await;
    env.sandbox.set_next_outcome(SubmissionOutcome::FailCreation);
    env.sandbox.fail(Calls::of("GET", "/products"), Fault::status(503), 2);
    let settings = get(&env.sandbox, "/page/settings").await;
    assert!(
        settings.contains("fail-creation") && settings.contains("GET /products: status 503, 2 times"),
        "{settings}"
    );
    env.client.publish(&product).await.unwrap_err();
    let offers = get(&env.sandbox, "/page/offers").await;
    assert!(offers.contains("<li class=\"failed\">Creation") && offers.contains("Sandbox-00001"), "{offers}");
}

#[tokio::test]
async fn events_tell_that_something_changed() {
    let env = TestEnv::with_builder(checked(Sandbox::builder()).page(true)).await;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut stream = http.get(format!("{}/page/events", env.sandbox.authority())).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut next = async || {
        let chunk = stream.chunk().await.unwrap().unwrap();
        let text = String::from_utf8(chunk.to_vec()).unwrap();
        serde_json::from_str::<serde_json::Value>(text.strip_prefix("data: ").unwrap()).unwrap()
    };
    assert_eq!(next().await["calls"], 0);
    create(&env.client, "contoso").await;
    while next().await["calls"] != 2 {}
    env.sandbox.reset();
    while next().await["resets"] != 1 {}
    // The stream ends when the sandbox stops, so that stopping does not wait for it.
    env.sandbox.stop().await.unwrap();
    while let Some(chunk) = stream.chunk().await.unwrap_or_default() {
        assert!(chunk.starts_with(b"data: "));
    }
}

#[tokio::test]
async fn the_page_is_small() {
    let sandbox = page_sandbox().await;
    let mut total = 0;
    for path in ["/", "/page/style.css", "/page/script.js", "/page/icon.svg"] {
        total += get(&sandbox, path).await.len();
    }
    assert!(total < 100_000, "{total} bytes");
    // Without the option, the sandbox is like the service.
    let plain = checked(Sandbox::builder()).start().await.unwrap();
    assert_eq!(plain.page_url(), None);
    for path in ["/", "/page/style.css", "/healthz", "/sandbox/calls"] {
        assert_eq!(send(&plain, "GET", path, &[], "").await.status, 404, "{path}");
    }
}
