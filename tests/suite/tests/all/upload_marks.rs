//! The PUT that marks a file as uploaded, when its response is lost: the mark is recognized, and the file is processed once.

use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, Error, FileSource, FileUpload, Resource, RetryPolicy};
use partner_sandbox::{Calls, Fault};
use partner_tests::test_env::{TestEnv, client_builder, items, token_source};
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(5);
const ARCHIVE: &[u8] = b"PK\x03\x04 mainTemplate.json";
const PACKAGE: &str = "/products/{productID}/packages/{packageID}";
const IMAGE: &str = "/products/{productID}/listings/{listingID}/images/{imageID}";

/// Faults of a PUT that is processed, but whose response does not arrive.
fn lost_responses() -> [Fault; 4] {
    [
        Fault::drop_response(),
        Fault::truncate_body(),
        Fault::status(500).after_processing(),
        Fault::status(200).after_processing(),
    ]
}

/// A client with retries, which sends the PUT again, and one without.
fn clients(env: &TestEnv) -> [Client; 2] {
    [RetryPolicy::default(), RetryPolicy::none()].map(|policy| {
        let builder = client_builder().base_url(env.sandbox.url()).token_provider(token_source(&env.sandbox));
        builder.retry(policy).build().unwrap()
    })
}

fn package(client: &Client, product: &ProductId) -> FileUpload<AzurePackage> {
    client.upload_package(product, FileSource::bytes("app.zip", ARCHIVE)).poll_interval(MOMENT, MOMENT)
}

/// The number of PUTs that changed the resource, whatever response arrived. Others were rejected because of the entity tag.
fn marks(env: &TestEnv, route: &str) -> usize {
    let operation = format!("PUT {route}");
    let calls = env.sandbox.calls();
    calls.iter().filter(|call| call.operation.as_deref() == Some(&*operation) && call.status != 412).count()
}

#[tokio::test]
async fn a_mark_of_a_package_whose_response_was_lost_is_recognized() -> Result<(), Error> {
    for fault in lost_responses() {
        for number in 0..2 {
            let env = TestEnv::start_unchecked().await;
            let product = env.product("app").await;
            env.sandbox.fail(Calls::of("PUT", PACKAGE), fault.clone(), 1);
            let uploaded = package(&clients(&env)[number], &product).await?;
            assert_eq!(uploaded.state, Some(UploadState::Processed), "{fault:?}");
            assert_eq!(marks(&env, PACKAGE), 1, "{fault:?}: {:?}", env.sandbox.calls());
            assert_eq!(items(env.client.list_packages(&product).send()).await.len(), 1);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_mark_of_an_image_whose_response_was_lost_is_recognized() -> Result<(), Error> {
    for fault in lost_responses() {
        for number in 0..2 {
            let env = TestEnv::start_unchecked().await;
            let product = env.product("app").await;
            let listing = env.client.listing_draft(&product).get().await?;
            env.sandbox.fail(Calls::of("PUT", IMAGE), fault.clone(), 1);
            let client = &clients(&env)[number];
            let uploaded =
                client.upload_image(&product, &*listing, "Image", FileSource::bytes("s.png", &b"PNG"[..])).await?;
            assert_eq!(uploaded.state, Some(UploadState::Uploaded), "{fault:?}");
            assert_eq!(marks(&env, IMAGE), 1, "{fault:?}");
        }
    }
    Ok(())
}

/// The mark was set, its response was lost, and the service recognizes a duplicate before the package is read again.
#[tokio::test]
async fn a_duplicate_is_replaced_by_the_first_package() -> Result<(), Error> {
    for number in 0..2 {
        let env = TestEnv::with_processing_delay(Duration::ZERO).await;
        let product = env.product("app").await;
        let first = package(&env.client, &product).await?;
        env.sandbox.fail(Calls::of("PUT", PACKAGE), Fault::drop_response(), 1);
        let second = package(&clients(&env)[number], &product).await?;
        assert_eq!(second.id(), first.id());
        // Continuing with its record gives the first package, too.
        let all = items(env.client.list_packages(&product).send()).await;
        let duplicate = all.iter().find(|package| package.id != first.id).and_then(|package| package.id.clone());
        let resumed = package(&env.client, &product).resume(duplicate.unwrap()).await?;
        assert_eq!(resumed.id(), first.id());
    }
    Ok(())
}
