//! Compressed responses.

use flate2::{Compress, Compression, FlushCompress};
use http::Response;
use http_body_util::Full;
use hyper::body::Bytes;
use partner_ingestion_sdk::{ErrorKind, RetryPolicy};
use partner_tests::memory::peak_memory;
use partner_tests::tls_server::{TlsOptions, TlsServer};
use std::process::Command;

const PRODUCT: &str = r#"{"resourceType":"AzureApplication","name":"Contoso","id":"p"}"#;
/// The size of [`bomb`] after decompression.
const BOMB: usize = 512 << 20;

/// Compresses blocks of a text, each independent of the ones before.
fn blocks(text: &[u8], flush: FlushCompress) -> Vec<u8> {
    let mut compressed = Vec::with_capacity(text.len() + 64);
    Compress::new(Compression::fast(), false).compress_vec(text, &mut compressed, flush).unwrap();
    compressed
}

fn header() -> Vec<u8> {
    vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
}

fn gzip(text: &str) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(text.as_bytes());
    [
        header(),
        blocks(text.as_bytes(), FlushCompress::Finish),
        crc.sum().to_le_bytes().into(),
        crc.amount().to_le_bytes().into(),
    ]
    .concat()
}

/// Half a megabyte that becomes half a gigabyte.
fn bomb() -> Vec<u8> {
    [header(), blocks(&vec![b' '; 1 << 20], FlushCompress::Full).repeat(BOMB >> 20)].concat()
}

async fn server(body: Vec<u8>) -> TlsServer {
    let body = Bytes::from(body);
    TlsServer::http(TlsOptions::default(), move |request| {
        let builder = Response::builder();
        // The rest of a response that is not read is of no interest.
        match request.headers().get("accept-encoding") {
            Some(accepted) if accepted == "gzip" => {
                builder.header("content-encoding", "gzip").body(Full::new(body.clone())).unwrap()
            }
            _ => builder.body(Full::new(Bytes::from_static(PRODUCT.as_bytes()))).unwrap(),
        }
    })
    .await
}

#[tokio::test]
async fn compressed_responses_are_accepted() {
    let server = server(gzip(&PRODUCT.replace("Contoso", "Compressed"))).await;
    let product = server.client(true).get_product("p").await.unwrap();
    assert_eq!(product.name.as_deref(), Some("Compressed"));
    let builder = server.client_builder(false).root_certificates(partner_tests::tls_server::authority_file());
    let client = builder.configure_http(|http| http.no_gzip().no_proxy()).build().unwrap();
    assert_eq!(client.get_product("p").await.unwrap().name.as_deref(), Some("Contoso"));
}

#[tokio::test]
async fn a_truncated_compressed_response_is_an_error() {
    let mut body = gzip(PRODUCT);
    body.truncate(body.len() - 12);
    let server = server(body).await;
    let client = server.client_builder(true).retry(RetryPolicy::none()).build().unwrap();
    let error = client.get_product("p").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection);
    assert!(error.to_string().contains("cannot be decompressed"), "{error}");
}

/// Runs in the child process of the next test, so that nothing else is measured.
#[tokio::test]
#[ignore = "started by another test"]
#[allow(clippy::print_stdout, reason = "read by the other test")]
async fn reads_a_bomb() {
    let server = server(bomb()).await;
    let client = server.client_builder(true).max_response_bytes(1 << 20).build().unwrap();
    let before = peak_memory();
    let error = client.get_product("p").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ResponseTooLarge, "{error}");
    println!("[[{}]]", peak_memory() - before);
}

/// The limit of a response counts decompressed bytes, and bounds the memory.
#[test]
fn the_limit_of_a_response_counts_decompressed_bytes() {
    let mut child = Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", "compression::reads_a_bomb", "--ignored", "--nocapture"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let grew = text.split("[[").nth(1).and_then(|text| text.split("]]").next()).unwrap_or_else(|| panic!("{text}"));
    let grew: u64 = grew.parse().unwrap();
    assert!(grew < 16 << 10, "the memory grew by {grew} KiB");
}
