mod service;

use futures_util::StreamExt;
use fulfilment_sdk::partner_auth::StaticToken;
use fulfilment_sdk::types::Activation;
use fulfilment_sdk::{Client, Page};
use service::{block_on, serve};

fn main() {
    let (address, requests) = serve(&[
        ("200 OK", r#"{"id": "s 1", "subscription": {"id": "s 1", "saasSubscriptionStatus": "PendingFulfillmentStart"}}"#),
        ("200 OK", ""),
        ("200 OK", r#"{"subscriptions": [{"id": "s 1"}], "@nextLink": "/api/saas/subscriptions?continuationToken=7"}"#),
        ("200 OK", r#"{"subscriptions": [{"id": "s 2"}]}"#),
        ("202 Accepted\r\nOperation-Location: https://example.com/operations/9", ""),
        ("204 No Content", ""),
    ]);
    let base = format!("{address}/api/saas");
    let client = Client::builder().base_url(base).token_provider(StaticToken::new("token").unwrap()).build().unwrap();
    const VERSION: &str = "2018-08-31";
    block_on(async {
        let resolved = client.subscriptions_resolve(VERSION, "a+token==").x_ms_requestid("r").send().await.unwrap();
        let subscription = resolved.into_inner().subscription.unwrap();
        assert_eq!(subscription.saas_subscription_status.unwrap().as_str(), "PendingFulfillmentStart");
        let plan = Activation::default().set_plan_id("gold").set_quantity(3);
        client.subscriptions_activate("s 1", VERSION, plan).send().await.unwrap();
        let mut pages = client.subscriptions_list(VERSION).continuation_token("next+1").pages();
        for id in ["s 1", "s 2"] {
            let page = pages.next().await.unwrap().unwrap();
            assert_eq!(page.items()[0].id.as_ref().unwrap().as_str(), id);
        }
        assert!(pages.next().await.is_none());
        let change = Activation::default().set_quantity(4);
        let accepted = client.subscriptions_update("s", VERSION, change).send().await.unwrap();
        assert_eq!(accepted.status().as_u16(), 202);
        assert_eq!(accepted.headers()["operation-location"], "https://example.com/operations/9");
        let cancelled = client.subscriptions_cancel("s", VERSION).send().await.unwrap();
        assert_eq!(cancelled.status().as_u16(), 204);
        // A header's value that would add another header is not sent.
        let refused = client.subscriptions_resolve(VERSION, "a\r\nx-other: b").send().await.unwrap_err();
        assert_eq!(refused.kind(), fulfilment_sdk::ErrorKind::InvalidArgument);
    });
    let requests = requests.join().unwrap();
    let lines: Vec<&str> = requests.iter().map(|request| request.line.as_str()).collect();
    assert_eq!(lines, [
        "POST /api/saas/subscriptions/resolve?api-version=2018-08-31",
        "POST /api/saas/subscriptions/s%201/activate?api-version=2018-08-31",
        "GET /api/saas/subscriptions?api-version=2018-08-31&continuationToken=next%2B1",
        "GET /api/saas/subscriptions?continuationToken=7",
        "PATCH /api/saas/subscriptions/s?api-version=2018-08-31",
        "DELETE /api/saas/subscriptions/s?api-version=2018-08-31",
    ]);
    assert_eq!(requests[0].header("x-ms-marketplace-token"), Some("a+token=="));
    assert_eq!(requests[0].header("x-ms-requestid"), Some("r"));
    assert_eq!((requests[1].header("x-ms-requestid"), requests[2].header("x-ms-correlationid")), (None, None));
    assert_eq!(requests[1].body, r#"{"planId":"gold","quantity":3}"#);
    assert_eq!(requests[4].body, r#"{"quantity":4}"#);
}
