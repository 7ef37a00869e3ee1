//! Uploads from a path, bytes or a stream, to both hosts, with faults and processing errors.

use crate::sandbox_program::Running;
use futures_util::stream;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{ErrorKind, FileSource, Progress};
use partner_sandbox::{Calls, Fault, Incident, Sandbox};
use partner_tests::test_env::{TestEnv, checked, items, token_source};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const POLL_INTERVAL: Duration = Duration::from_millis(20);
const ARCHIVE: &[u8] = b"PK\x03\x04 mainTemplate.json";

#[tokio::test]
async fn uploads_from_a_path_bytes_and_a_stream() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
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
            env.sandbox.start_incident(Incident::FrontDoorUploads).unwrap();
        }
        let name = source.name().unwrap().to_owned();
        let seen: Arc<Mutex<Vec<Progress>>> = Arc::default();
        let log = seen.clone();
        let upload = env.client.upload_package(&product, source).poll_interval(POLL_INTERVAL, POLL_INTERVAL);
        let package = upload.on_progress(move |p| log.lock().unwrap().push(p)).send().await.unwrap().into_inner();
        assert_eq!((package.state, package.file_name), (Some(UploadState::Processed), Some(name)));
        let seen = seen.lock().unwrap();
        assert!(seen.len() >= 4 && seen.windows(2).all(|pair| pair[0].sent < pair[1].sent), "{seen:?}");
        let last = seen.last().unwrap();
        assert_eq!((last.sent, last.total), (content.len() as u64, content.len() as u64));
    }
    std::fs::remove_dir_all(&folder).unwrap();
    // The blob store received no token and the complete files.
    let uploads = env.sandbox.calls();
    let uploads: Vec<_> = uploads.iter().filter(|call| call.path.starts_with("/file/")).collect();
    assert_eq!(uploads.iter().map(|call| call.status).collect::<Vec<_>>(), [201; 3]);
}

#[tokio::test]
async fn retries_transient_upload_failures() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let upload = |name: &str| {
        let file = FileSource::bytes(name, ARCHIVE);
        env.client
            .upload_package(&product, file)
            .poll_interval(POLL_INTERVAL, POLL_INTERVAL)
            .stall_timeout(Duration::from_secs(1))
    };
    let faults = [Fault::reset(), Fault::drop_response(), Fault::status(503), Fault::delay(Duration::from_secs(60))];
    for (number, fault) in faults.into_iter().enumerate() {
        env.sandbox.fail(Calls::uploads(), fault, 1);
        let package = upload(&format!("{number}.zip")).send().await.unwrap();
        assert_eq!(package.state, Some(UploadState::Processed), "{number}");
    }
    env.sandbox.fail(Calls::uploads(), Fault::status(403), 1);
    let expired = upload("expired.zip").send().await.unwrap_err();
    assert_eq!((expired.status().unwrap().as_u16(), expired.operation()), (403, Some("upload")));
    assert!(expired.hint().unwrap_or_default().contains("expired"), "{}", expired.hint().unwrap_or_default());
    // An hour exceeds the time limit, so the error is returned at once.
    env.sandbox.fail(Calls::uploads(), Fault::status(503).header("retry-after", "3600"), 1);
    let busy = upload("busy.zip").send().await.unwrap_err();
    assert_eq!((busy.retry_after(), busy.attempts()), (Some(Duration::from_secs(3600)), 1));
    // A stream can be sent only once.
    env.sandbox.fail(Calls::uploads(), Fault::reset(), 1);
    let once = FileSource::stream("once.zip", 4, stream::iter([Ok(b"PK..".to_vec().into())]));
    let error = env.client.upload_package(&product, once).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    // A stream that is shorter than announced is an error, and the package is not marked as uploaded.
    let short = FileSource::stream("short.zip", 400, stream::iter([Ok(b"PK..".to_vec().into())]));
    assert!(env.client.upload_package(&product, short).send().await.is_err());
}

#[tokio::test]
async fn reports_processing_errors_duplicates_and_timeouts() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let upload =
        |file: FileSource| env.client.upload_package(&product, file).poll_interval(POLL_INTERVAL, POLL_INTERVAL).send();
    let error = upload(FileSource::bytes("no.zip", &b"no archive"[..])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert_eq!(error.validations()[0].error_code.as_deref(), Some("PackageNotAnArchive"));
    assert!(error.to_string().contains("The package is not a zip archive"), "{error}");
    let first = upload(FileSource::bytes("app.zip", ARCHIVE)).await.unwrap();
    let again = upload(FileSource::bytes("app.zip", ARCHIVE)).await.unwrap();
    assert_eq!(
        first.id, again.id,
        "the service returns 301 for the duplicate, and the upload returns the first package"
    );
    let all = items(env.client.list_packages(&product).send()).await;
    let copy = all.iter().filter_map(|package| package.id.clone()).find(|id| {
        let named = all.iter().find(|package| package.id.as_ref() == Some(id)).unwrap();
        named.file_name.as_deref() == Some("app.zip") && Some(id) != first.id.as_ref()
    });
    let moved = env.client.get_package(&product, copy.unwrap()).send().await.unwrap_err();
    assert_eq!((moved.status().unwrap().as_u16(), moved.duplicate_of()), (301, first.id.clone()));
    assert!(moved.hint().unwrap_or_default().contains("another file name"), "{}", moved.hint().unwrap_or_default());
    // The wait for processing is limited.
    let slow = checked(Sandbox::builder()).processing_delay(Duration::from_secs(3600));
    let slow = slow.start().await.unwrap();
    let client = partner_ingestion_sdk::Client::builder().base_url(slow.url());
    let client = client.token_provider(token_source(&slow)).build().unwrap();
    let offer = client.ensure_product(AzureProduct::application("app", "App")).await.unwrap();
    let upload = client
        .upload_package(&offer, FileSource::bytes("app.zip", ARCHIVE))
        .poll_interval(POLL_INTERVAL, POLL_INTERVAL);
    let late = upload.max_wait(Duration::from_millis(100)).send().await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout);
    assert!(late.to_string().contains("is still Uploaded"), "{late}");
}

#[tokio::test]
async fn uploads_listing_and_cosell_files() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let client = &env.client;
    let listing = client.listing_draft(&product).get().await.unwrap().into_inner();
    let file = |name: &str| FileSource::bytes(name, &b"content"[..]);
    let image = client
        .upload_image(&product, &listing, "AzureLogoLarge", file("large.png"))
        .map_resource(|image| image.set_order(3));
    let image = image.send().await.unwrap().into_inner();
    let found = (image.state, image.order, image.type_.as_deref(), image.file_name.as_deref());
    assert_eq!(found, (Some(UploadState::Uploaded), Some(3), Some("AzureLogoLarge"), Some("large.png")));
    let video = client.upload_video(&product, &listing, file("tour.mp4")).send().await.unwrap().into_inner();
    let asset =
        client.upload_asset(&product, &listing, file("guide.pdf")).map_resource(|a| a.set_friendly_name("Guide"));
    let asset = asset.send().await.unwrap();
    assert_eq!((video.state, asset.friendly_name.as_deref()), (Some(UploadState::Uploaded), Some("Guide")));
    let deck = client.upload_cosell_asset(&product, file("deck.pptx")).send().await.unwrap();
    assert_eq!(deck.state.as_deref(), Some("Uploaded"));
}

#[tokio::test]
async fn unreadable_files_are_errors() {
    let env = TestEnv::start().await;
    let product = env.product("app").await;
    let missing = env.client.upload_package(&product, "no/such/app.zip").send().await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert!(missing.to_string().contains("no/such/app.zip cannot be read"), "{missing}");
    let nameless = env.client.upload_package(&product, b"PK".to_vec()).send().await.unwrap_err();
    assert_eq!(nameless.kind(), ErrorKind::InvalidArgument);
    let named = FileSource::from(b"PK".to_vec()).named("a.zip");
    env.client.upload_package(&product, named).poll_interval(POLL_INTERVAL, POLL_INTERVAL).send().await.unwrap();
}

/// Size of the file in bytes. Default: 300 MiB, which exceeds the limit of a single request; the soak test sets
/// `PARTNER_UPLOAD_BYTES`.
fn file_size() -> u64 {
    let bytes = std::env::var("PARTNER_UPLOAD_BYTES").ok();
    bytes.map_or(300 << 20, |bytes| bytes.parse().unwrap())
}

/// Uploads blocks to both hosts, with two broken connections, in less than 64 MiB of additional memory.
#[test]
fn uploads_a_large_file_in_bounded_memory() {
    for incident in [None, Some("front-door-uploads")] {
        let args = ["--control", "--processing-delay", "0"].into_iter();
        let args: Vec<&str> = args.chain(incident.into_iter().flat_map(|name| ["--incident", name])).collect();
        let sandbox = Running::start(&args);
        let program = Command::new(env!("CARGO_BIN_EXE_large_upload"))
            .arg(file_size().to_string())
            .envs(sandbox.exports.clone())
            .output()
            .unwrap();
        assert!(program.status.success(), "{}", String::from_utf8_lossy(&program.stderr));
        let grew: u64 = String::from_utf8(program.stdout).unwrap().trim().parse().unwrap();
        println!("{} MiB to {incident:?}: the memory grew by {} MiB", file_size() >> 20, grew >> 10);
        assert!(grew < 64 << 10, "{grew} KiB");
    }
}
