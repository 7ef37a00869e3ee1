//! Lists that come in pages.

use futures_util::{StreamExt, TryStreamExt};
use partner_ingestion_sdk::ErrorKind;
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
    let names: Vec<_> = stage
        .client
        .list_products()
        .stream()
        .map_ok(|p| p.name.unwrap())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names, ["a", "b", "c", "d", "e"]);
    let pages: Vec<_> = stage.client.list_products().pages().try_collect().await.unwrap();
    assert_eq!(
        pages
            .iter()
            .map(|page| page.value.as_ref().unwrap().len())
            .collect::<Vec<_>>(),
        [2, 2, 1]
    );
    let filter = "resourceType eq 'AzureApplication'";
    assert_eq!(stage.client.list_products().filter(filter).stream().count().await, 5);
}

#[tokio::test]
async fn an_empty_page_does_not_end_a_list() {
    let answers = vec![page(&["a"], Some("x?1")), page(&[], Some("/x?2")), page(&["b"], None)];
    let server = Server::script(answers).await;
    let names: Vec<_> = server
        .client()
        .list_products()
        .stream()
        .map_ok(|p| p.name.unwrap())
        .try_collect()
        .await
        .unwrap();
    assert_eq!(names, ["a", "b"]);
    let targets: Vec<_> = server.seen().iter().map(|seen| seen.target.clone()).collect();
    assert_eq!(
        targets,
        ["/v1.0/ingestion/products", "/x?1", "/x?2"],
        "relative to the host"
    );
}

#[tokio::test]
async fn a_link_to_another_origin_gets_no_token() {
    let other = Server::script(vec![page(&["stolen"], None)]).await;
    let link = format!("{}/v1.0/ingestion/products", other.origin);
    let server = Server::script(vec![page(&["a"], Some(&link))]).await;
    let items: Vec<_> = server.client().list_products().stream().collect().await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].as_ref().unwrap_err().kind(), ErrorKind::ForeignOrigin);
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_repeated_link_ends_the_list_with_an_error() {
    let server = Server::script(vec![
        page(&["a"], Some("x?1")),
        page(&["b"], Some("x?2")),
        page(&["c"], Some("x?1")),
    ])
    .await;
    let items: Vec<_> = server.client().list_products().stream().collect().await;
    let names: Vec<_> = items
        .iter()
        .filter_map(|item| item.as_ref().ok()?.name.clone())
        .collect();
    assert_eq!(
        items.last().unwrap().as_ref().unwrap_err().kind(),
        ErrorKind::RepeatedLink
    );
    assert_eq!((names.len(), server.seen().len()), (2, 3));
}

#[tokio::test]
async fn call_options_hold_for_every_page() {
    let server = Server::script(vec![page(&["a"], Some("x?1")), page(&["b"], None)]).await;
    let list = server.client().list_products().header("x-trace", "7");
    assert_eq!(list.stream().count().await, 2);
    assert!(server.seen().iter().all(|seen| seen.header("x-trace") == Some("7")));
    assert!(
        server
            .seen()
            .iter()
            .all(|seen| seen.header("authorization") == Some("Bearer a-token"))
    );
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
    assert_eq!(
        (error.operation(), error.request_id()),
        (Some("list_products"), Some("r-2"))
    );
    assert!(error.to_string().contains("value[0].name"), "{error}");
    assert!(error.body_excerpt().unwrap().contains("name"));
}
