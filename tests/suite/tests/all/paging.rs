//! Lists that come in pages.

use futures_util::{StreamExt, TryStreamExt};
use partner_ingestion_sdk::types::ProductPage;
use partner_ingestion_sdk::{ErrorKind, Page};
use partner_tests::server::{Say, Server};
use partner_tests::stage::Stage;
use serde_json::json;

fn page(names: &[&str], next: Option<&str>) -> Say {
    let items: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
    let mut body = json!({"value": items});
    if let Some(next) = next {
        body["nextLink"] = next.into();
    }
    Say::new(200, body.to_string())
}

#[tokio::test]
async fn the_sandboxs_pages() {
    let stage = Stage::open().await;
    for offer in ["a", "b", "c", "d", "e"] {
        stage.product(offer).await;
    }
    let names: Vec<_> = stage.client.list_products().stream().map_ok(|p| p.name.unwrap()).try_collect().await.unwrap();
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    let pages: Vec<_> = stage.client.list_products().pages().try_collect().await.unwrap();
    assert_eq!(pages.iter().map(|page| page.value.as_ref().unwrap().len()).collect::<Vec<_>>(), [2, 2, 1]);
    let filter = "resourceType eq 'AzureApplication'";
    assert_eq!(stage.client.list_products().filter(filter).stream().count().await, 5);
}

#[tokio::test]
async fn an_empty_page_does_not_end_a_list() {
    let answers = vec![page(&["a"], Some("x?1")), page(&[], Some("/x?2")), page(&["b"], None)];
    let server = Server::script(answers).await;
    let names: Vec<_> =
        server.client().list_products().stream().map_ok(|p| p.name.unwrap()).try_collect().await.unwrap();
    assert_eq!(names, ["a", "b"]);
    let targets: Vec<_> = server.seen().iter().map(|seen| seen.target.clone()).collect();
    assert_eq!(targets, ["/v1.0/ingestion/products", "/x?1", "/x?2"], "relative to the host");
}

#[tokio::test]
async fn a_link_to_another_origin_gets_no_token() {
    let other = Server::script(vec![page(&["stolen"], None)]).await;
    let link = format!("{}/v1.0/ingestion/products", other.origin);
    let server = Server::script(vec![page(&["a"], Some(&link))]).await;
    let items: Vec<_> = server.client().list_products().stream().collect().await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].as_ref().unwrap_err().kind(), ErrorKind::CrossOrigin);
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_repeated_link_ends_the_list_with_an_error() {
    let server =
        Server::script(vec![page(&["a"], Some("x?1")), page(&["b"], Some("x?2")), page(&["c"], Some("x?1"))]).await;
    let items: Vec<_> = server.client().list_products().stream().collect().await;
    let names: Vec<_> = items.iter().filter_map(|item| item.as_ref().ok()?.name.clone()).collect();
    assert_eq!(items.last().unwrap().as_ref().unwrap_err().kind(), ErrorKind::PaginationLoop);
    assert_eq!(names, ["a", "b", "c"], "what came is given out before the error");
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn call_options_hold_for_every_page() {
    let server = Server::script(vec![page(&["a"], Some("x?1")), page(&["b"], None)]).await;
    let list = server.client().list_products().header("x-trace", "7");
    assert_eq!(list.stream().count().await, 2);
    assert!(server.seen().iter().all(|seen| seen.header("x-trace") == Some("7")));
    assert!(server.seen().iter().all(|seen| seen.header("authorization") == Some("Bearer a-token")));
}

#[tokio::test]
async fn the_older_spelling_is_read() {
    let old = Say::new(200, json!({"value": [{}], "@odata.nextLink": "x?1"}).to_string());
    let server = Server::script(vec![old, page(&["b"], None)]).await;
    assert_eq!(server.client().list_products().stream().count().await, 2);
}

#[tokio::test]
async fn an_unreadable_later_page_is_told_like_the_first() {
    let broken = Say::new(200, r#"{"value": [{"name": 7}]}"#).with("request-id", "r-2");
    let server = Server::script(vec![page(&["a"], Some("x?1")), broken]).await;
    let items: Vec<_> = server.client().list_products().stream().collect().await;
    let error = items[1].as_ref().unwrap_err();
    assert_eq!((error.operation(), error.request_id()), (Some("list_products"), Some("r-2")));
    assert!(error.to_string().contains("value[0].name"), "{error}");
    assert!(error.body_excerpt().unwrap().contains("name"));
}

/// How a walk over a list ends.
#[derive(Debug, PartialEq)]
enum End {
    Whole,
    Error(ErrorKind, Option<u16>),
}

/// Twelve walks: what the pages say, which names come, how it ends, how many requests it takes.
#[tokio::test]
async fn walks() {
    use End::{Error, Whole};
    let gone = || Say::new(404, "");
    let fails = |status| Say::new(status, "");
    let link = |name: &str, next: &str| page(&[name], Some(next));
    let status = |status| Error(ErrorKind::Status, Some(status));
    type Walk = (&'static str, Vec<Say>, &'static [&'static str], End, usize);
    let table: [Walk; 16] = [
        ("one page", vec![page(&["a", "b"], None)], &["a", "b"], Whole, 1),
        ("no item", vec![page(&[], None)], &[], Whole, 1),
        ("no value", vec![Say::new(200, "{}")], &[], Whole, 1),
        (
            "relative to the host",
            vec![link("a", "v1.0/ingestion/products?$skipToken=x"), page(&["b"], None)],
            &["a", "b"],
            Whole,
            2,
        ),
        (
            "with a slash",
            vec![link("a", "/v1.0/ingestion/products?$skipToken=x"), page(&["b"], None)],
            &["a", "b"],
            Whole,
            2,
        ),
        (
            "absolute",
            vec![link("a", "HERE/v1.0/ingestion/products?$skipToken=x"), page(&["b"], None)],
            &["a", "b"],
            Whole,
            2,
        ),
        ("an empty link is none", vec![link("a", "")], &["a"], Whole, 1),
        ("empty first", vec![page(&[], Some("x")), page(&["b"], None)], &["b"], Whole, 2),
        ("empty in the middle", vec![link("a", "x"), page(&[], Some("y")), page(&["b"], None)], &["a", "b"], Whole, 3),
        ("empty at the end", vec![link("a", "x"), page(&[], None)], &["a"], Whole, 2),
        ("itself again", vec![link("a", "x"), link("b", "x")], &["a", "b"], Error(ErrorKind::PaginationLoop, None), 2),
        ("another origin", vec![link("a", "https://evil.example/x")], &["a"], Error(ErrorKind::CrossOrigin, None), 1),
        ("gone in the middle", vec![link("a", "x"), gone()], &["a"], status(404), 2),
        ("gone at once", vec![gone()], &[], status(404), 1),
        ("refused in the middle", vec![link("a", "x"), fails(403)], &["a"], status(403), 2),
        ("broken in the middle", vec![link("a", "x"), fails(500)], &["a"], status(500), 2),
    ];
    for (what, pages, names, end, requests) in table {
        let server = Server::here(pages).await;
        let items: Vec<_> = server.client().list_products().stream().collect().await;
        let found: Vec<_> = items.iter().filter_map(|item| item.as_ref().ok()?.name.as_deref()).collect();
        assert_eq!(found, names, "{what}");
        let ended = match items.last() {
            Some(Err(error)) => Error(error.kind(), error.status().map(|status| status.as_u16())),
            _ => Whole,
        };
        assert_eq!((ended, server.seen().len()), (end, requests), "{what}");
        if what == "gone in the middle" {
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
async fn a_list_is_taken_up_from_a_pages_link() {
    let stage = Stage::open().await;
    for offer in ["a", "b", "c", "d", "e"] {
        stage.product(offer).await;
    }
    let first = stage.client.list_products().send().await.unwrap().into_inner();
    let link = first.next_link().unwrap().to_owned();
    let rest = stage.client.pages_from::<ProductPage>(&link).items();
    let names: Vec<_> = rest.map_ok(|product| product.name.unwrap()).try_collect().await.unwrap();
    assert_eq!(names, ["c", "d", "e"]);
    let elsewhere = stage.client.pages_from::<ProductPage>("https://evil.example/x");
    let error = elsewhere.items().try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CrossOrigin);
}

/// A hundred thousand items take no more memory than one page: what was given out is gone.
#[tokio::test]
async fn a_long_list_is_not_held() {
    const PAGES: usize = 1_000;
    let server = Server::start(|_, count| {
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
