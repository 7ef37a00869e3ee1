//! Lists with several pages.

use futures_util::{StreamExt, TryStreamExt};
use partner_ingestion_sdk::types::ProductPage;
use partner_ingestion_sdk::{ErrorKind, Page};
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::TestEnv;
use serde_json::json;

fn page(names: &[&str], next: Option<&str>) -> CannedResponse {
    let items: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
    let mut body = json!({"value": items});
    if let Some(next) = next {
        body["nextLink"] = next.into();
    }
    CannedResponse::new(200, body.to_string())
}

#[tokio::test]
async fn lists_all_pages_of_the_sandbox() {
    let env = TestEnv::start().await;
    for offer in ["a", "b", "c", "d", "e"] {
        env.product(offer).await;
    }
    let names: Vec<_> = env.client.list_products().stream().map_ok(|p| p.name.unwrap()).try_collect().await.unwrap();
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    let pages: Vec<_> = env.client.list_products().pages().try_collect().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.value.as_ref().unwrap().len()).collect::<Vec<_>>(), [2, 2, 1]);
    let filter = "resourceType eq 'AzureApplication'";
    assert_eq!(env.client.list_products().filter(filter).stream().count().await, 5);
}

#[tokio::test]
async fn empty_page_does_not_end_a_list() {
    let responses = vec![page(&["a"], Some("x?1")), page(&[], Some("/x?2")), page(&["b"], None)];
    let server = MockServer::with_responses(responses).await;
    let names: Vec<_> =
        server.client().list_products().stream().map_ok(|p| p.name.unwrap()).try_collect().await.unwrap();
    assert_eq!(names, ["a", "b"]);
    let targets: Vec<_> = server.requests().iter().map(|request| request.target.clone()).collect();
    assert_eq!(targets, ["/v1.0/ingestion/products", "/x?1", "/x?2"], "relative to the host");
}

#[tokio::test]
async fn does_not_follow_links_to_another_origin() {
    let other = MockServer::with_responses(vec![page(&["other"], None)]).await;
    let link = format!("{}/v1.0/ingestion/products", other.origin);
    let server = MockServer::with_responses(vec![page(&["a"], Some(&link))]).await;
    let items: Vec<_> = server.client().list_products().stream().collect().await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].as_ref().unwrap_err().kind(), ErrorKind::CrossOrigin);
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn repeated_link_is_an_error() {
    let server = MockServer::with_responses(vec![
        page(&["a"], Some("x?1")),
        page(&["b"], Some("x?2")),
        page(&["c"], Some("x?1")),
    ])
    .await;
    let items: Vec<_> = server.client().list_products().stream().collect().await;
    let names: Vec<_> = items.iter().filter_map(|item| item.as_ref().ok()?.name.clone()).collect();
    assert_eq!(items.last().unwrap().as_ref().unwrap_err().kind(), ErrorKind::PaginationLoop);
    assert_eq!(names, ["a", "b", "c"], "the items of all pages are returned before the error");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn call_options_apply_to_every_page() {
    let server = MockServer::with_responses(vec![page(&["a"], Some("x?1")), page(&["b"], None)]).await;
    let list = server.client().list_products().header("x-trace", "7");
    assert_eq!(list.stream().count().await, 2);
    assert!(server.requests().iter().all(|request| request.header("x-trace") == Some("7")));
    assert!(server.requests().iter().all(|request| request.header("authorization") == Some("Bearer a-token")));
}

#[tokio::test]
async fn reads_odata_next_link() {
    let old = CannedResponse::new(200, json!({"value": [{}], "@odata.nextLink": "x?1"}).to_string());
    let server = MockServer::with_responses(vec![old, page(&["b"], None)]).await;
    assert_eq!(server.client().list_products().stream().count().await, 2);
}

#[tokio::test]
async fn decode_error_of_a_later_page_has_all_details() {
    let broken = CannedResponse::new(200, r#"{"value": [{"name": 7}]}"#).header("request-id", "r-2");
    let server = MockServer::with_responses(vec![page(&["a"], Some("x?1")), broken]).await;
    let items: Vec<_> = server.client().list_products().stream().collect().await;
    let error = items[1].as_ref().unwrap_err();
    assert_eq!((error.operation(), error.request_id()), (Some("list_products"), Some("r-2")));
    assert!(error.to_string().contains("value[0].name"), "{error}");
    assert!(error.body_excerpt().unwrap().contains("name"));
}

/// How a list ends.
#[derive(Debug, PartialEq)]
enum End {
    Complete,
    Error(ErrorKind, Option<u16>),
}

/// Responses, expected names, how the list ends, and the number of requests.
#[tokio::test]
async fn lists_return_the_expected_items_and_errors() {
    use End::{Complete, Error};
    let not_found = || CannedResponse::new(404, "");
    let fails = |status| CannedResponse::new(status, "");
    let link = |name: &str, next: &str| page(&[name], Some(next));
    let status = |status| Error(ErrorKind::Status, Some(status));
    type Case = (&'static str, Vec<CannedResponse>, &'static [&'static str], End, usize);
    let table: [Case; 16] = [
        ("one page", vec![page(&["a", "b"], None)], &["a", "b"], Complete, 1),
        ("no item", vec![page(&[], None)], &[], Complete, 1),
        ("no value", vec![CannedResponse::new(200, "{}")], &[], Complete, 1),
        (
            "relative to the host",
            vec![link("a", "v1.0/ingestion/products?$skipToken=x"), page(&["b"], None)],
            &["a", "b"],
            Complete,
            2,
        ),
        (
            "with a slash",
            vec![link("a", "/v1.0/ingestion/products?$skipToken=x"), page(&["b"], None)],
            &["a", "b"],
            Complete,
            2,
        ),
        (
            "absolute",
            vec![link("a", "ORIGIN/v1.0/ingestion/products?$skipToken=x"), page(&["b"], None)],
            &["a", "b"],
            Complete,
            2,
        ),
        ("an empty link ends the list", vec![link("a", "")], &["a"], Complete, 1),
        ("empty first", vec![page(&[], Some("x")), page(&["b"], None)], &["b"], Complete, 2),
        (
            "empty in the middle",
            vec![link("a", "x"), page(&[], Some("y")), page(&["b"], None)],
            &["a", "b"],
            Complete,
            3,
        ),
        ("empty at the end", vec![link("a", "x"), page(&[], None)], &["a"], Complete, 2),
        (
            "link to the same page",
            vec![link("a", "x"), link("b", "x")],
            &["a", "b"],
            Error(ErrorKind::PaginationLoop, None),
            2,
        ),
        ("another origin", vec![link("a", "https://evil.example/x")], &["a"], Error(ErrorKind::CrossOrigin, None), 1),
        ("404 on the second page", vec![link("a", "x"), not_found()], &["a"], status(404), 2),
        ("404 on the first page", vec![not_found()], &[], status(404), 1),
        ("403 on the second page", vec![link("a", "x"), fails(403)], &["a"], status(403), 2),
        ("500 on the second page", vec![link("a", "x"), fails(500)], &["a"], status(500), 2),
    ];
    for (what, pages, names, end, requests) in table {
        let server = MockServer::with_own_origin(pages).await;
        let items: Vec<_> = server.client().list_products().stream().collect().await;
        let found: Vec<_> = items.iter().filter_map(|item| item.as_ref().ok()?.name.as_deref()).collect();
        assert_eq!(found, names, "{what}");
        let ended = match items.last() {
            Some(Err(error)) => Error(error.kind(), error.status().map(|status| status.as_u16())),
            _ => Complete,
        };
        assert_eq!((ended, server.requests().len()), (end, requests), "{what}");
        if what == "404 on the second page" {
            let error = items.last().unwrap().as_ref().unwrap_err();
            assert!(
                error.hint().unwrap_or_default().contains("not the whole list"),
                "{}",
                error.hint().unwrap_or_default()
            );
        }
    }
}

#[tokio::test]
async fn resumes_a_list_from_a_next_link() {
    let env = TestEnv::start().await;
    for offer in ["a", "b", "c", "d", "e"] {
        env.product(offer).await;
    }
    let first = env.client.list_products().send().await.unwrap().into_inner();
    let link = first.next_link().unwrap().to_owned();
    let rest = env.client.pages_from::<ProductPage>(&link).items();
    let names: Vec<_> = rest.map_ok(|product| product.name.unwrap()).try_collect().await.unwrap();
    assert_eq!(names, ["c", "d", "e"]);
    let elsewhere = env.client.pages_from::<ProductPage>("https://evil.example/x");
    let error = elsewhere.items().try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CrossOrigin);
}

#[tokio::test]
async fn streams_a_list_of_a_thousand_pages() {
    const PAGES: usize = 1_000;
    let server = MockServer::start(|_, count| {
        let names: Vec<String> = (0..100).map(|i| format!("{count}-{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        page(&names, (count + 1 < PAGES).then(|| format!("x?{count}")).as_deref())
    })
    .await;
    let mut items = server.client().list_products().stream();
    let (mut count, mut last) = (0_usize, None);
    while let Some(item) = items.try_next().await.unwrap() {
        count += 1;
        last = item.name;
    }
    assert_eq!((count, last.as_deref()), (100 * PAGES, Some("999-99")));
}
