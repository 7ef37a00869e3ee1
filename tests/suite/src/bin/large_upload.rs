//! Uploads a sparse file to the sandbox in the environment, with two broken connections, and prints the growth of its memory in KiB.
//! It is a separate process, so that nothing else is measured.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs, reason = "used by a test")]

use partner_ingestion_sdk::types::{AzurePackage, AzureProduct, PackageType, UploadState};
use partner_ingestion_sdk::{Client, reqwest};
use partner_tests::memory::peak_memory;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

#[tokio::main]
async fn main() {
    let size: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let path = std::env::temp_dir().join(format!("partner-large-{}.zip", std::process::id()));
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(b"PK mainTemplate.json").unwrap();
    file.set_len(size).unwrap();
    file.seek(SeekFrom::End(-3)).unwrap();
    file.write_all(b"end").unwrap();
    drop(file);

    let client = Client::from_env().unwrap();
    let name = format!("large-{}", std::process::id());
    let offer = client.ensure_product(AzureProduct::application(&name, &name)).await.unwrap();
    let package = AzurePackage::default().set_resource_type(PackageType::AzureApplicationPackage).set_file_name(&name);
    let package = client.create_package(&offer, package).send().await.unwrap().into_inner();
    let address = package.file_sas_uri.clone().unwrap();

    // Breaks two connections in the middle of the upload.
    let (half, furthest) = (Arc::new(Notify::new()), Arc::new(AtomicU64::new(0)));
    let injector = tokio::spawn({
        let half = half.clone();
        async move {
            half.notified().await;
            let control = format!("{}/sandbox/faults", std::env::var("AZURE_AUTHORITY_HOST").unwrap());
            let fault = r#"{"calls": "uploads", "times": 2, "connection": "reset"}"#;
            let response = reqwest::Client::new().post(control).body(fault).send().await.unwrap();
            assert!(response.status().is_success());
        }
    });
    let before = peak_memory();
    let progress = {
        let furthest = furthest.clone();
        move |p: partner_ingestion_sdk::Progress| {
            furthest.fetch_max(p.sent, Ordering::Relaxed);
            if p.sent > p.total / 2 {
                half.notify_one();
            }
        }
    };
    client.upload(&address, path.as_path()).on_progress(progress).await.unwrap();
    let grew = peak_memory() - before;
    injector.await.unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(furthest.load(Ordering::Relaxed), size);
    let marked = client.modify_package(&offer, &package, |package| package.set_state(UploadState::Uploaded));
    marked.await.unwrap();
    println!("{grew}");
}
