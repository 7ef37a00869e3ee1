mod service;

use metering_sdk::partner_auth::StaticToken;
use metering_sdk::types::{Decimal, ReconStatus, UsageEvent, UsageStatus};
use metering_sdk::Client;
use service::{block_on, serve};

fn main() {
    let (address, requests) = serve(&[
        ("200 OK", r#"{"usageEventId": "7", "status": "Accepted", "quantity": 5.10, "messageTime": "2026-11-30T10:00:00Z"}"#),
        ("409 Conflict", r#"{"code": "Conflict", "message": "The hour has a report."}"#),
        ("200 OK", r#"[{"planId": "a b", "processedQuantity": 2.50, "reconStatus": "Held"}]"#),
        ("200 OK", "[]"),
    ]);
    let client = Client::builder().base_url(address).token_provider(StaticToken::new("token").unwrap()).build().unwrap();
    block_on(async {
        let event = UsageEvent::default().set_plan_id("gold").set_quantity("5.10".parse::<Decimal>().unwrap());
        let report = client.post_usage_event("2018-08-31", event).x_ms_requestid("request 1");
        let accepted = report.clone().send().await.unwrap().into_inner();
        assert_eq!(accepted.status, Some(UsageStatus::Accepted));
        assert_eq!(accepted.quantity.unwrap().to_string(), "5.10");
        let error = report.send().await.unwrap_err();
        assert_eq!((error.service_code(), error.is_conflict()), (Some("Conflict"), true));
        assert!(error.hint().is_some());

        let list = client.list_usage_events("2018-08-31", "2026-11-30");
        let usage = list.clone()
            .plan_id(vec!["a b".to_owned(), "c&d".to_owned()])
            .dimension(vec!["x".to_owned(), "y".to_owned()])
            .recon_status(ReconStatus::Accepted)
            .x_ms_correlationid("c-1")
            .send().await.unwrap().into_inner();
        assert_eq!(usage[0].recon_status.as_ref().unwrap().as_str(), "Held");
        assert!(list.plan_id(Vec::<String>::new()).send().await.unwrap().into_inner().is_empty());
    });
    let requests = requests.join().unwrap();
    let [report, again, list, bare] = requests.as_slice() else { panic!("{} requests", requests.len()) };
    assert_eq!(report.line, "POST /usageEvent?api-version=2018-08-31");
    assert_eq!(report.header("x-ms-requestid"), Some("request 1"));
    assert_eq!(report.header("x-ms-correlationid"), None, "an option that is not set is not sent");
    assert_eq!(report.header("authorization"), Some("Bearer token"));
    assert_eq!(report.body, r#"{"planId":"gold","quantity":5.10}"#);
    assert_eq!((&again.line, &again.body), (&report.line, &report.body));
    let query = list.line.strip_prefix("GET /usageEvents?").unwrap();
    let mut pairs: Vec<&str> = query.split('&').collect();
    pairs.sort_unstable();
    let wanted = ["api-version=2018-08-31", "dimension=x%2Cy", "planId=a+b", "planId=c%26d", "reconStatus=Accepted", "usageStartDate=2026-11-30"];
    assert_eq!(pairs, wanted);
    assert_eq!(list.header("x-ms-correlationid"), Some("c-1"));
    assert_eq!(bare.line, "GET /usageEvents?api-version=2018-08-31&usageStartDate=2026-11-30");
}
