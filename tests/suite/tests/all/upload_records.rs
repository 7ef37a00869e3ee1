//! The records of uploaded files: none before the file can be read, one for one file, and continued after a failure.

use futures_util::stream::{self, StreamExt};
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Error, ErrorKind, FileSource, FileUpload, Resource};
use partner_sandbox::{Calls, Fault};
use partner_tests::mock_server::{CannedResponse, MockServer};
use partner_tests::test_env::{TestEnv, items};
use serde_json::{Value, json};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(5);
const ARCHIVE: &[u8] = b"PK\x03\x04 mainTemplate.json";
const PACKAGE: &str = "/products/{productID}/packages/{packageID}";
const IMAGE: &str = "/products/{productID}/listings/{listingID}/images/{imageID}";

fn archive() -> FileSource {
    FileSource::bytes("app.zip", ARCHIVE)
}

fn upload(env: &TestEnv, product: &ProductId, file: FileSource) -> FileUpload<AzurePackage> {
    env.client.upload_package(product, file).poll_interval(MOMENT, MOMENT)
}

async fn packages(env: &TestEnv, product: &ProductId) -> Vec<AzurePackage> {
    items(env.client.list_packages(product).send()).await
}

fn pieces(pieces: &[&'static [u8]]) -> impl stream::Stream<Item = std::io::Result<bytes::Bytes>> + Send + use<> {
    stream::iter(pieces.iter().map(|piece| Ok(bytes::Bytes::from_static(piece))).collect::<Vec<_>>())
}

#[tokio::test]
async fn a_stream_of_another_length_is_not_uploaded() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    for (length, text) in
        [(4, "is longer than 4 bytes"), (9, "ends 1 bytes before its length of 9 bytes"), (0, "is longer than 0")]
    {
        let file = FileSource::stream("app.zip", length, pieces(&[b"PK..", b"more"]));
        let error = upload(&env, &product, file).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert!(error.to_string().contains(text), "{error}");
    }
    let failing = stream::iter([Ok(bytes::Bytes::from_static(b"PK")), Err(std::io::Error::other("disk failure"))]);
    let error = upload(&env, &product, FileSource::stream("app.zip", 4, failing)).send().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Io && error.to_string().contains("disk failure"), "{error}");
    let states: Vec<_> = packages(&env, &product).await.into_iter().filter_map(|package| package.state).collect();
    assert_eq!(states, vec![UploadState::PendingUpload; 4]);
    assert!(env.sandbox.calls().iter().all(|call| !call.path.starts_with("/file/") || call.status != 201));
}

/// The blocks of a large file are read ahead of the requests, so that no request can notice the stall.
#[tokio::test]
async fn a_source_that_stalls_above_the_limit_of_a_request_ends_the_upload() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let stalled = pieces(&[b"PK"]).chain(stream::pending());
    let file = FileSource::stream("app.zip", 300 << 20, stalled);
    let error = upload(&env, &product, file).stall_timeout(Duration::from_millis(50)).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.to_string().contains("no data from stream for 0.05 s"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_directory_or_a_pipe_is_refused_before_a_record_is_created() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let folder = std::env::temp_dir().join(format!("partner-pipes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let pipe = folder.join("pipe.zip");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&folder, &pipe] {
        let error = upload(&env, &product, FileSource::from(path)).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert_eq!(error.to_string(), format!("{} is not a regular file", path.display()));
        assert!(error.hint().unwrap().contains("FileSource::stream"), "{:?}", error.hint());
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(packages(&env, &product).await.is_empty());
}

/// A service in which every request for a package fails once with 404 and whose responses have no type of the package.
async fn forgetful_service() -> MockServer {
    let (absent, marked) = (Mutex::new(vec!["GET", "PUT", "poll"]), AtomicBool::new(false));
    MockServer::start(move |request, _| {
        let address = format!("http://{}/blob", request.header("host").unwrap_or_default());
        let package = |kind: &str, state: &str| {
            json!({"resourceType": kind, "id": "7", "fileName": "app.zip", "fileSasUri": address, "state": state, "@odata.etag": "\"1\""})
                .to_string()
        };
        let is_marked = marked.load(Ordering::Relaxed);
        let step = if is_marked { "poll" } else { &request.method };
        let mut absent = absent.lock().unwrap();
        if request.path() != "/blob" && absent.contains(&step) {
            absent.retain(|other| *other != step);
            return CannedResponse::new(404, "\"not found\"");
        }
        marked.fetch_or(request.path() != "/blob" && request.method == "PUT", Ordering::Relaxed);
        match (request.method.as_str(), request.path()) {
            ("PUT", "/blob") => CannedResponse::new(201, ""),
            ("POST", _) => CannedResponse::new(201, package("AzureApplicationPackage", "PendingUpload")).header("etag", "\"1\""),
            ("PUT", _) => CannedResponse::new(200, package("", "Uploaded")).header("etag", "\"2\""),
            _ => CannedResponse::new(200, package("", if is_marked { "Processed" } else { "PendingUpload" })),
        }
    })
    .await
}

#[tokio::test]
async fn single_404_responses_do_not_fail_an_upload() {
    let server = forgetful_service().await;
    let package = server.client().upload_package("p", archive()).poll_interval(MOMENT, MOMENT).send().await.unwrap();
    assert_eq!(package.state, Some(UploadState::Processed));
    let requests = server.requests();
    let of_package: Vec<&str> =
        requests.iter().filter(|r| r.path().ends_with("/packages/7")).map(|r| r.method.as_str()).collect();
    assert_eq!(of_package, ["GET", "GET", "PUT", "PUT", "GET", "GET"], "read and write the mark, poll: twice each");
}

#[tokio::test]
async fn a_record_that_remains_missing_is_an_error() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    env.sandbox.fail(Calls::of("GET", PACKAGE), Fault::status(404), 9);
    let error = upload(&env, &product, archive()).send().await.unwrap_err();
    assert!(error.is_not_found() && error.unfinished_upload().is_some(), "{error}");
}

/// The type of a package may be empty in a response, and is not sent back empty.
#[tokio::test]
async fn a_package_is_marked_with_its_type() {
    let server = forgetful_service().await;
    server.client().upload_package("p", archive()).poll_interval(MOMENT, MOMENT).send().await.unwrap();
    let requests = server.requests();
    let mark = requests.iter().rfind(|request| request.method == "PUT").unwrap();
    let body: Value = serde_json::from_slice(&mark.body).unwrap();
    assert_eq!((&body["resourceType"], &body["state"]), (&json!("AzureApplicationPackage"), &json!("Uploaded")));
}

/// Returns the id of the record that the failed upload left behind.
fn left_behind(error: &Error) -> PackageId {
    let id = error.unfinished_upload().unwrap();
    assert!(error.to_string().contains(id), "{error}");
    PackageId::from(id)
}

#[tokio::test]
async fn a_failed_upload_names_its_record_and_is_continued_with_it() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    // Before the file was sent.
    env.sandbox.fail(Calls::uploads(), Fault::status(403), 1);
    let error = upload(&env, &product, archive()).send().await.unwrap_err();
    let id = left_behind(&error);
    let resumed = upload(&env, &product, archive()).resume(&id).send().await.unwrap();
    assert_eq!((resumed.id.as_ref(), resumed.state.as_ref()), (Some(&id), Some(&UploadState::Processed)));
    // While it is processed.
    let other = || FileSource::bytes("other.zip", ARCHIVE);
    let late = upload(&env, &product, other()).max_wait(Duration::ZERO).send().await.unwrap_err();
    assert!(late.hint().unwrap().contains("FileUpload::resume"), "{:?}", late.hint());
    let uploads = |env: &TestEnv| env.sandbox.calls().iter().filter(|call| call.path.starts_with("/file/")).count();
    let before = uploads(&env);
    let resumed = upload(&env, &product, other()).resume(left_behind(&late)).send().await.unwrap();
    assert_eq!((resumed.state.as_ref(), uploads(&env)), (Some(&UploadState::Processed), before));
    assert_eq!(packages(&env, &product).await.len(), 2);
    // Nothing was created.
    let nameless = env.client.upload_package(&product, ARCHIVE).send().await.unwrap_err();
    assert_eq!(nameless.unfinished_upload(), None);
    // An error that can be continued after has a hint that says so.
    env.sandbox.fail(Calls::of("PUT", PACKAGE), Fault::status(500), 4);
    let client = partner_tests::test_env::client_builder()
        .base_url(env.sandbox.url())
        .retry(partner_ingestion_sdk::RetryPolicy::none());
    let client = client.token_provider(partner_tests::test_env::token_source(&env.sandbox)).build().unwrap();
    let error =
        client.upload_package(&product, FileSource::bytes("third.zip", ARCHIVE)).max_wait(Duration::ZERO).send().await;
    let error = error.unwrap_err();
    assert!(error.hint().unwrap().contains("FileUpload::resume"), "{error:?}");
    env.sandbox.clear_faults();
}

#[tokio::test]
async fn an_image_is_uploaded_once() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let listing = env.client.listing_draft(&product).get().await.unwrap();
    let ensure = async |kind: &'static str, name: &'static str, content: &'static [u8]| {
        let file = FileSource::bytes(name, content);
        env.client.ensure_image(&product, &listing, kind, file).await.unwrap().id.clone().unwrap()
    };
    let first = ensure("AzureLogoLarge", "logo.png", b"PNG").await;
    for kind in ["AzureLogoLarge", "azurelogolarge"] {
        assert_eq!(ensure(kind, "logo.png", b"PNG").await, first);
    }
    let others = [
        ensure("AzureLogoSmall", "logo.png", b"PNG").await,
        ensure("AzureLogoLarge", "other.png", b"PNG").await,
        ensure("AzureLogoLarge", "logo.png", b"GIF").await,
        ensure("AzureLogoLarge", "logo.png", b"PNGPNG").await,
    ];
    assert!(!others.contains(&first));
    let images = env.client.list_listing_images(&product, &*listing);
    assert_eq!(items(images.send()).await.len(), 5);
    // After eight hours, the address for downloads has expired: name and type decide.
    env.sandbox.advance(Duration::from_secs(9 * 3600));
    assert_eq!(ensure("AzureLogoSmall", "logo.png", b"changed").await, others[0]);
    let stream = FileSource::stream("logo.png", 3, pieces(&[b"PNG"]));
    let error = env.client.ensure_image(&product, &listing, "Image", stream).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[tokio::test]
async fn a_package_is_uploaded_once() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let ensure = |file: FileSource| env.client.ensure_package(&product, file).poll_interval(MOMENT, MOMENT);
    let first = ensure(archive()).await.unwrap();
    let again = ensure(archive()).await.unwrap();
    assert_eq!((again.id(), again.state.as_ref()), (first.id(), Some(&UploadState::Processed)));
    assert_eq!(packages(&env, &product).await.len(), 1);
    let changed = ensure(FileSource::bytes("app.zip", &b"PK\x03\x04 mainTemplate.jsoN"[..])).await.unwrap();
    assert_ne!(changed.id(), first.id());
    // The address has expired: the file is sent again, and the service recognizes the duplicate.
    env.sandbox.advance(Duration::from_secs(9 * 3600));
    assert_eq!(ensure(archive()).await.unwrap().id(), first.id());
    // A package that is still being processed is waited for.
    let late = ensure(FileSource::bytes("late.zip", ARCHIVE)).max_wait(Duration::ZERO).await.unwrap_err();
    let package = ensure(FileSource::bytes("late.zip", ARCHIVE)).await.unwrap();
    assert_eq!((package.id(), package.state.as_ref()), (late.unfinished_upload(), Some(&UploadState::Processed)));
}

/// Faults of the first upload, with its error's id of the record: none if the creation failed.
fn interruptions() -> [(&'static str, Calls, Fault); 4] {
    let images = "/products/{productID}/listings/{listingID}/images";
    [
        ("response of the creation lost", Calls::of("POST", images), Fault::drop_response()),
        ("file not sent", Calls::uploads(), Fault::status(403)),
        ("file sent, response lost", Calls::uploads(), Fault::status(403).after_processing()),
        ("not marked", Calls::of("PUT", IMAGE), Fault::status(403)),
    ]
}

/// An earlier run failed: its record is continued with, also by a program that does not know its id.
#[tokio::test]
async fn an_unfinished_record_of_the_same_file_is_continued_with() {
    for (name, calls, fault) in interruptions() {
        let env = TestEnv::start().await;
        let product = env.product("app").await;
        let listing = env.client.listing_draft(&product).get().await.unwrap();
        let ensure = || env.client.ensure_image(&product, &listing, "Image", FileSource::bytes("s.png", &b"PNG"[..]));
        env.sandbox.fail(calls, fault, 1);
        let first = ensure().await;
        assert_eq!(first.is_ok(), name.contains("creation"), "{name}: a creation is searched for");
        let image = ensure().await.unwrap();
        assert_eq!(image.state, Some(UploadState::Uploaded), "{name}");
        let images = items(env.client.list_listing_images(&product, &*listing).send()).await;
        assert_eq!(images.len(), 1, "{name}: {images:?}");
    }
}

#[tokio::test]
async fn an_unfinished_package_is_continued_with() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let ensure = |file: FileSource| env.client.ensure_package(&product, file).poll_interval(MOMENT, MOMENT);
    env.sandbox.fail(Calls::uploads(), Fault::status(403), 1);
    let unfinished = left_behind(&ensure(archive()).await.unwrap_err());
    assert_eq!(ensure(archive()).await.unwrap().id, Some(unfinished));
    assert_eq!(packages(&env, &product).await.len(), 1);
}

/// Another program is uploading another file of the same name, or nothing can be sent to the record any more.
#[tokio::test]
async fn a_record_of_another_file_is_left_alone() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let ensure = |name, content: &'static [u8]| {
        let file = FileSource::bytes(name, content);
        env.client.ensure_package(&product, file).poll_interval(MOMENT, MOMENT)
    };
    env.sandbox.fail(Calls::of("PUT", PACKAGE), Fault::status(403), 1);
    let other = left_behind(&ensure("app.zip", b"PK\x03\x04 other mainTemplate.json").await.unwrap_err());
    assert_ne!(ensure("app.zip", ARCHIVE).await.unwrap().id, Some(other));
    env.sandbox.fail(Calls::uploads(), Fault::status(403), 1);
    let expired = left_behind(&ensure("late.zip", ARCHIVE).await.unwrap_err());
    env.sandbox.advance(Duration::from_secs(25 * 3600));
    assert_ne!(ensure("late.zip", ARCHIVE).await.unwrap().id, Some(expired));
}

/// The service changes the address of an image in every PUT, which is not what `change` changes.
#[tokio::test]
async fn a_change_of_an_image_whose_response_was_lost_is_made_once() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let listing = env.client.listing_draft(&product).get().await.unwrap();
    let file = FileSource::bytes("logo.png", b"PNG".to_vec());
    let image = env
        .client
        .upload_image(&product, &listing, "Image", file)
        .map_resource(|image| image.set_order(1))
        .await
        .unwrap();
    env.sandbox.fail(Calls::of("PUT", IMAGE), Fault::drop_response(), 1);
    let next = |image: ListingImage| {
        let order = image.order.unwrap_or_default();
        image.set_order(order + 1)
    };
    let changed = env.client.modify_listing_image(&product, &listing, &image, next).await.unwrap();
    assert_eq!(changed.order, Some(2));
}
