//! Files: from a path, bytes or a stream, to either host, cut on the way, processed and refused.

use crate::program::Running;
use futures_util::stream;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, FileSource, Progress};
use partner_sandbox::{Calls, Fault, Incident, Sandbox};
use partner_tests::stage::{Stage, checked, items, source};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(20);
const ARCHIVE: &[u8] = b"PK\x03\x04 mainTemplate.json";

#[tokio::test]
async fn a_package_from_a_path_bytes_and_a_stream() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let content: Vec<u8> = ARCHIVE.iter().copied().chain((0..1_000_000).map(|i| (i % 251) as u8)).collect();
    let folder = std::env::temp_dir().join(format!("partner-uploads-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("path.zip");
    std::fs::write(&path, &content).unwrap();
    let pieces: Vec<_> = content.chunks(70_000).map(|piece| Ok(piece.to_vec().into())).collect();
    let sources = [
        FileSource::from(&path),
        FileSource::bytes("bytes.zip", content.clone()),
        FileSource::stream("stream.zip", content.len() as u64, stream::iter(pieces)),
    ];
    for (source, door) in sources.into_iter().zip([false, true, true]) {
        if door {
            stage.sandbox.start_incident(Incident::FrontDoorUploads).unwrap();
        }
        let name = source.name().unwrap().to_owned();
        let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
        let log = seen.clone();
        let upload = stage.client.upload_package(&product, source).poll_interval(MOMENT, MOMENT);
        let package = upload.on_progress(move |p| log.lock().unwrap().push(p)).send().await.unwrap();
        assert_eq!((package.state, package.file_name), (Some(UploadState::Processed), Some(name)));
        let seen = seen.lock().unwrap();
        assert!(seen.len() >= 4 && seen.windows(2).all(|pair| pair[0].sent < pair[1].sent), "{seen:?}");
        let last = seen.last().unwrap();
        assert_eq!((last.sent, last.total), (content.len() as u64, content.len() as u64));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    // No token went to the store, and every file has its length.
    let uploads = stage.sandbox.calls();
    let uploads: Vec<_> = uploads.iter().filter(|call| call.path.starts_with("/file/")).collect();
    assert_eq!(uploads.iter().map(|call| call.status).collect::<Vec<_>>(), [201; 3]);
}

#[tokio::test]
async fn what_breaks_on_the_way_is_sent_again() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let upload = |name: &str| {
        let file = FileSource::bytes(name, ARCHIVE);
        stage.client.upload_package(&product, file).poll_interval(MOMENT, MOMENT).stall_timeout(Duration::from_secs(1))
    };
    let faults = [Fault::reset(), Fault::drop_response(), Fault::status(503), Fault::delay(Duration::from_secs(60))];
    for (number, fault) in faults.into_iter().enumerate() {
        stage.sandbox.fail(Calls::uploads(), fault, 1);
        let package = upload(&format!("{number}.zip")).send().await.unwrap();
        assert_eq!(package.state, Some(UploadState::Processed), "{number}");
    }
    stage.sandbox.fail(Calls::uploads(), Fault::status(403), 1);
    let expired = upload("expired.zip").send().await.unwrap_err();
    assert_eq!((expired.status().unwrap().as_u16(), expired.operation()), (403, Some("upload")));
    assert!(expired.hint().unwrap_or_default().contains("expired"), "{}", expired.hint().unwrap_or_default());
    // An hour is more than the client waits for: it says so at once.
    stage.sandbox.fail(Calls::uploads(), Fault::status(503).header("retry-after", "3600"), 1);
    let busy = upload("busy.zip").send().await.unwrap_err();
    assert_eq!((busy.retry_after(), busy.attempts()), (Some(Duration::from_secs(3600)), 1));
    // A stream cannot be sent twice.
    stage.sandbox.fail(Calls::uploads(), Fault::reset(), 1);
    let once = FileSource::stream("once.zip", 4, stream::iter([Ok(b"PK..".to_vec().into())]));
    let error = stage.client.upload_package(&product, once).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    // One that is shorter than it said is an error, and no half file is marked.
    let short = FileSource::stream("short.zip", 400, stream::iter([Ok(b"PK..".to_vec().into())]));
    assert!(stage.client.upload_package(&product, short).send().await.is_err());
}

#[tokio::test]
async fn what_processing_finds_and_what_was_there_before() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let upload = |file: FileSource| stage.client.upload_package(&product, file).poll_interval(MOMENT, MOMENT).send();
    let refused = upload(FileSource::bytes("no.zip", &b"no archive"[..])).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Failed);
    assert_eq!(refused.validations()[0].error_code.as_deref(), Some("PackageNotAnArchive"));
    assert!(refused.to_string().contains("The package is not a zip archive"), "{refused}");
    let first = upload(FileSource::bytes("app.zip", ARCHIVE)).await.unwrap();
    let again = upload(FileSource::bytes("app.zip", ARCHIVE)).await.unwrap();
    assert_eq!(first.id, again.id, "the duplicate is answered with 301, and the first package is there");
    let all = items(stage.client.list_packages(&product).send()).await;
    let copy = all.iter().filter_map(|package| package.id.clone()).find(|id| {
        let named = all.iter().find(|package| package.id.as_ref() == Some(id)).unwrap();
        named.file_name.as_deref() == Some("app.zip") && Some(id) != first.id.as_ref()
    });
    let moved = stage.client.get_package(&product, copy.unwrap()).send().await.unwrap_err();
    assert_eq!((moved.status().unwrap().as_u16(), moved.duplicate_of()), (301, first.id));
    assert!(moved.hint().unwrap_or_default().contains("another file name"), "{}", moved.hint().unwrap_or_default());
    // The wait for processing has an end.
    let slow = checked(Sandbox::builder()).processing_delay(Duration::from_secs(3600));
    let slow = slow.start().await.unwrap();
    let client = partner_ingestion_sdk::Client::builder().base_url(slow.url());
    let client = client.token_provider(source(&slow)).build().unwrap();
    let offer = client.ensure_product(AzureProduct::application("app", "App")).await.unwrap();
    let upload = client.upload_package(&offer, FileSource::bytes("app.zip", ARCHIVE)).poll_interval(MOMENT, MOMENT);
    let late = upload.max_wait(Duration::from_millis(100)).send().await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout);
    assert!(late.to_string().contains("is still Uploaded"), "{late}");
}

#[tokio::test]
async fn files_of_a_listing_and_of_co_selling() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let client = &stage.client;
    let listing = client.listing_draft(&product).get().await.unwrap().into_inner();
    let file = |name: &str| FileSource::bytes(name, &b"content"[..]);
    let image = client
        .upload_image(&product, &listing, "AzureLogoLarge", file("large.png"))
        .map_resource(|image| image.set_order(3));
    let image = image.send().await.unwrap();
    let found = (image.state, image.order, image.type_.as_deref(), image.file_name.as_deref());
    assert_eq!(found, (Some(UploadState::Uploaded), Some(3), Some("AzureLogoLarge"), Some("large.png")));
    let video = client.upload_video(&product, &listing, file("tour.mp4")).send().await.unwrap();
    let asset =
        client.upload_asset(&product, &listing, file("guide.pdf")).map_resource(|a| a.set_friendly_name("Guide"));
    let asset = asset.send().await.unwrap();
    assert_eq!((video.state, asset.friendly_name.as_deref()), (Some(UploadState::Uploaded), Some("Guide")));
    let deck = client.upload_cosell_asset(&product, file("deck.pptx")).send().await.unwrap();
    assert_eq!(deck.state.as_deref(), Some("Uploaded"));
}

#[tokio::test]
async fn what_cannot_be_read() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let missing = stage.client.upload_package(&product, "no/such/app.zip").send().await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert!(missing.to_string().contains("no/such/app.zip cannot be read"), "{missing}");
    let nameless = stage.client.upload_package(&product, b"PK".to_vec()).send().await.unwrap_err();
    assert_eq!(nameless.kind(), ErrorKind::InvalidArgument);
    let named = FileSource::from(b"PK".to_vec()).named("a.zip");
    stage.client.upload_package(&product, named).poll_interval(MOMENT, MOMENT).send().await.unwrap();
}

/// How large the large file is: 300 MiB, which is above the limit of a single request, or as many bytes as the soak says.
fn large() -> u64 {
    let bytes = std::env::var("PARTNER_UPLOAD_BYTES").ok();
    bytes.map_or(300 << 20, |bytes| bytes.parse().unwrap())
}

/// Blocks to either host, two of them cut, within 64 MiB.
#[test]
fn a_large_file_in_bounded_memory() {
    for incident in [None, Some("front-door-uploads")] {
        let args = ["--control", "--processing-delay", "0"].into_iter();
        let args: Vec<&str> = args.chain(incident.into_iter().flat_map(|name| ["--incident", name])).collect();
        let sandbox = Running::start(&args);
        let program = Command::new(env!("CARGO_BIN_EXE_large_upload"))
            .arg(large().to_string())
            .envs(sandbox.exports.clone())
            .output()
            .unwrap();
        assert!(program.status.success(), "{}", String::from_utf8_lossy(&program.stderr));
        let grew: u64 = String::from_utf8(program.stdout).unwrap().trim().parse().unwrap();
        println!("{} MiB to {incident:?}: the memory grew by {} MiB", large() >> 20, grew >> 10);
        assert!(grew < 64 << 10, "{grew} KiB");
    }
}
