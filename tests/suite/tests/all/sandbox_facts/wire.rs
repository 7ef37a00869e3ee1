//! Headers, error texts and addresses.

use super::{Http, text};
use partner_ingestion_sdk::reqwest::{Method, Url};
use partner_sandbox::Incident;
use serde_json::{Value, json};

#[tokio::test]
async fn deletion_returns_204_with_the_length_zero() {
    let http = Http::start().await;
    let offer = http.offer("AzureApplication", "app").await;
    let plan = http.plan(&offer, "plan", "solution-template").await;
    let listing = http.resource(&offer, "Listing", "listings", None).await;
    let images = format!("{offer}/listings/{}/images", text(&listing, "id"));
    let image = http.post(&images, json!({"resourceType": "ListingImage", "fileName": "a.png"})).await;
    for path in [format!("{images}/{}", text(&image, "id")), format!("{offer}/variants/{plan}"), offer.clone()] {
        let reply = http.send(Method::DELETE, &path, Value::Null).await;
        assert_eq!((reply.status, reply.text.as_str()), (204, ""), "{path}");
        assert_eq!(reply.headers["content-length"], "0", "{path}");
        assert!(!reply.headers.contains_key("transfer-encoding") && !reply.headers.contains_key("content-type"));
    }
    assert_eq!(http.get("products").await.status, 200, "the connection can be used again");
}

/// Replaces the ids in an error's text, which differ in every run.
fn without_ids(text: &str) -> String {
    let mut parts = text.split('"').map(str::to_owned).collect::<Vec<_>>();
    for at in 0..parts.len() {
        let length = match parts[at].as_str() {
            "correlationId" => 36,
            "operationId" => 32,
            _ => continue,
        };
        assert_eq!(parts[at + 2].len(), length, "{text}");
        parts[at + 2] = "*".to_owned();
    }
    parts.join("\"")
}

#[tokio::test]
async fn the_400_of_post_setup_has_the_recorded_text() {
    let http = Http::start().await;
    let offer = http.offer("AzureThirdPartyVirtualMachine", "vm").await;
    let body = json!({"resourceType": "AzureProductSetup", "enableTestDrive": true});
    let reply = http.send(Method::POST, &format!("{offer}/setup"), body).await;
    assert_eq!(reply.status, 400);
    let text = without_ids(reply.json().as_str().unwrap());
    let (start, end) = text.split_once(r#""data":"#).unwrap();
    let expected = r#"ICH50400 - Unable to complete request. {"faultCode":50400,"reasonPhrase":"Request validation failed.","correlationId":"*","operationId":"*","#;
    assert_eq!(start, expected);
    assert!(end.starts_with(r#"{"FeatureName":[""#) && end.ends_with(r#""]}}"#), "{end}");
}

#[tokio::test]
async fn refused_list_has_the_reported_body() {
    let http = Http::start().await;
    http.offer("AzureApplication", "app").await;
    http.sandbox.start_incident(Incident::ListRefused).unwrap();
    let reply = http.get("products").await;
    assert_eq!(reply.status, 400);
    let expected = concat!(
        r#"ICH50400 - Unable to complete request. {"faultCode":50400,"reasonPhrase":"Request validation failed.","#,
        r#""correlationId":"*","operationId":"*","data":{"#,
        r#""ProductTypeFilter[0]":["The field is invalid (value 'Application')."],"#,
        r#""ProductTypeFilter[1]":["The field is invalid (value 'Bundle')."],"#,
        r#""ProductTypeFilter[2]":["The field is invalid (value 'AvatarItem')."],"#,
        r#""ProductTypeFilter[3]":["The field is invalid (value 'InternetOfThings')."]}}"#,
    );
    assert_eq!(without_ids(reply.json().as_str().unwrap()), expected);
    assert_eq!(http.get("products?$filter=resourceType%20eq%20'AzureApplication'").await.status, 200);
}

#[tokio::test]
async fn demanded_publisher_id_has_the_reported_body() {
    let http = Http::start().await;
    let offer = http.offer("AzureApplication", "app").await;
    http.sandbox.start_incident(Incident::PublisherIdDemanded).unwrap();
    let reply = http.get(&offer).await;
    assert_eq!(reply.status, 400);
    let error = reply.json();
    let (text, trace) = error.as_str().unwrap().split_once(r#""traceId":""#).unwrap();
    let expected = concat!(
        "Microsoft.Ingestion.Shared.WebApi.Client.ErrorHandler.RestClientException: Product request failed, ",
        "API=GetProduct, HttpStatusCode=BadRequest, ResponseContent={",
        r#""errors":{"x-ms-publisherId":["PublisherId is a required header, and must be a positive number."]},"#,
        r#""type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","#,
        r#""title":"One or more validation errors occurred.","status":400,"#,
    );
    assert_eq!(text, expected);
    assert!(trace.starts_with("00-") && trace.ends_with(r#"-00"}"#) && trace.len() == 57, "{trace}");
}

#[tokio::test]
async fn properties_are_not_applicable_with_the_reported_body() {
    let http = Http::start().await;
    let offer = http.offer("AzureDynamics365BusinessCentral", "bc").await;
    let draft = http.draft(&offer, "Property", None).await;
    http.sandbox.start_incident(Incident::PropertiesNotApplicable).unwrap();
    for path in [format!("{offer}/properties?branchId={draft}"), format!("{offer}/properties")] {
        let reply = http.get(&path).await;
        assert_eq!(reply.status, 403);
        assert_eq!(reply.json(), "The API you have called is not applicable for this product");
    }
    // Other routes are not affected.
    http.resource(&offer, "Property", "properties", None).await;
    http.sandbox.stop_incident(Incident::PropertiesNotApplicable);
    assert_eq!(http.get(&format!("{offer}/properties")).await.status, 200);
}

/// A storage SDK takes the first path segment of a loopback address as the account, the second as the container.
#[tokio::test]
async fn upload_address_has_account_container_and_blob() {
    let http = Http::start().await;
    let offer = http.offer("AzureApplication", "app").await;
    for incident in [None, Some(Incident::FrontDoorUploads)] {
        if let Some(incident) = incident {
            http.sandbox.start_incident(incident).unwrap();
        }
        let package = json!({"resourceType": "AzureApplicationPackage", "fileName": "app.zip"});
        let package = http.post(&format!("{offer}/packages"), package).await;
        let address = Url::parse(text(&package, "fileSasUri")).unwrap();
        assert_eq!((address.scheme(), address.host_str()), ("http", Some("127.0.0.1")));
        let segments: Vec<&str> = address.path_segments().unwrap().collect();
        assert!(segments.len() == 3 && segments.iter().all(|segment| !segment.is_empty()), "{segments:?}");
        let names: Vec<String> = address.query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert!(["sv", "sr", "sig", "se", "sp"].iter().all(|name| names.iter().any(|n| n == name)), "{names:?}");
        let put = http.http.put(address.clone()).header("x-ms-blob-type", "BlockBlob").body("PK");
        assert_eq!(put.send().await.unwrap().status().as_u16(), 201);
        assert_eq!(http.http.get(address).send().await.unwrap().text().await.unwrap(), "PK");
    }
}

/// Storage SDKs read files in ranges, and know only the header `x-ms-range`.
#[tokio::test]
async fn files_can_be_read_in_ranges() {
    let http = Http::start().await;
    let offer = http.offer("AzureApplication", "app").await;
    let package = json!({"resourceType": "AzureApplicationPackage", "fileName": "app.zip"});
    let package = http.post(&format!("{offer}/packages"), package).await;
    let address = text(&package, "fileSasUri");
    let put = http.http.put(address).header("x-ms-blob-type", "BlockBlob").body("0123456789").send().await.unwrap();
    for (range, status, content, content_range) in [
        ("bytes=2-4", 206, "234", Some("bytes 2-4/10")),
        ("bytes=8-99", 206, "89", Some("bytes 8-9/10")),
        ("bytes=0-", 206, "0123456789", Some("bytes 0-9/10")),
        ("lines=1", 200, "0123456789", None),
    ] {
        let read = http.http.get(address).header("x-ms-range", range).send().await.unwrap();
        assert_eq!(read.status().as_u16(), status, "{range}");
        assert_eq!(read.headers()["etag"], put.headers()["etag"], "{range}");
        let found = read.headers().get("content-range").map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(found.as_deref(), content_range, "{range}");
        assert_eq!(read.text().await.unwrap(), content, "{range}");
    }
    let beyond = http.http.get(address).header("range", "bytes=10-").send().await.unwrap();
    assert_eq!(beyond.status().as_u16(), 416);
}
