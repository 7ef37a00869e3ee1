//! The rules of publishing: what the sandbox refuses by default, what the offline check finds, and that both agree.

mod published;
mod samples;
mod table;

use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Error, FileSource, IfPending, Publish};
use partner_sandbox::{Sandbox, SandboxBuilder};
use partner_tests::offer::{CompleteOffer, archive, complete, image, png, zip};
use partner_tests::test_env::{TestEnv, checked};
use std::collections::BTreeSet;
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(1);

async fn start(change: impl FnOnce(SandboxBuilder) -> SandboxBuilder) -> TestEnv {
    TestEnv::with_builder(change(checked(Sandbox::builder()).processing_delay(Duration::ZERO))).await
}

fn publish(env: &TestEnv, product: &ProductId) -> Publish {
    env.client.publish(product).poll_interval(MOMENT, MOMENT).if_pending(IfPending::Cancel)
}

/// The rules that findings are about; the prefix says who found them.
fn codes(findings: &[ValidationItem], prefix: &str) -> BTreeSet<String> {
    let codes = findings.iter().filter_map(|finding| finding.error_code.as_deref());
    codes
        .map(|code| code.strip_prefix(prefix).unwrap_or_else(|| panic!("{code} is not of {prefix}")).to_owned())
        .collect()
}

/// The rules that a submission violates.
async fn refused(env: &TestEnv, product: &ProductId) -> BTreeSet<String> {
    match publish(env, product).send().await {
        Ok(_) => BTreeSet::new(),
        Err(error) => codes(error.validations(), "sandbox/"),
    }
}

/// The rules that the offline check finds violated.
async fn found(env: &TestEnv, product: &ProductId) -> BTreeSet<String> {
    codes(&publish(env, product).check().await.unwrap(), "check/")
}

fn set(rules: &[&str]) -> BTreeSet<String> {
    rules.iter().map(|rule| (*rule).to_owned()).collect()
}

async fn replace_logo(env: &TestEnv, offer: &CompleteOffer, kind: &str, file: Vec<u8>) {
    for image in
        env.client.list_listing_images(&offer.product, &offer.listing).send().await.unwrap().value.iter().flatten()
    {
        let id = image.id.clone().unwrap();
        env.client.delete_listing_image(&offer.product, &offer.listing, id).send().await.unwrap();
    }
    image(&env.client, &offer.product, &offer.listing, kind, file).await;
}

#[tokio::test]
async fn a_complete_offer_is_published() {
    let env = start(|sandbox| sandbox).await;
    let offer = complete(&env, "app").await;
    assert_eq!(publish(&env, &offer.product).check().await.unwrap(), []);
    let live = publish(&env, &offer.product).to_live().send().await.unwrap();
    assert_eq!(live.substate, Some(SubmissionSubstate::InStore));
}

#[tokio::test]
async fn an_offer_without_category_logos_contacts_privacy_link_and_authorizations_fails_in_validation() {
    let env = start(|sandbox| sandbox).await;
    let product = env.product("app").await;
    let plan = env.client.ensure_variant(&product, AzureSkuVariant::managed_app("standard", "Standard")).await;
    plan.unwrap();
    let error = publish(&env, &product).send().await.unwrap_err();
    let rules = codes(error.validations(), "sandbox/");
    for rule in [
        "category-required",
        "terms-required",
        "large-logo-required",
        "support-contact-required",
        "engineering-contact-required",
        "privacy-link-required",
        "authorization-count",
        "price-required",
        "managed-package-required",
    ] {
        assert!(rules.contains(rule), "{rule}: {rules:?}");
    }
    let place = |rule: &str| {
        let code = format!("sandbox/{rule}");
        let item = error.validations().iter().find(|item| item.error_code.as_deref() == Some(&code)).unwrap();
        (item.resource.clone().unwrap(), item.message.clone().unwrap())
    };
    let (resource, message) = place("plan-description-required");
    assert_eq!(
        (&*resource, &*message),
        (
            "plan standard, Listing",
            "description is missing, see https://learn.microsoft.com/partner-center/marketplace-offers/azure-app-plans"
        )
    );
    let (resource, message) = place("privacy-link-required");
    assert_eq!(resource, "offer, Listing");
    let page = "https://learn.microsoft.com/partner-center/marketplace-offers/azure-app-offer-listing";
    assert_eq!(message, format!("listingUris with type PrivacyUri is missing, see {page}"));
    // The offline check finds the same, but for what is in files.
    assert_eq!(found(&env, &product).await, rules);
}

#[tokio::test]
async fn a_48_pixel_file_is_not_a_large_logo() {
    let env = start(|sandbox| sandbox).await;
    let offer = complete(&env, "app").await;
    replace_logo(&env, &offer, "AzureLogoLarge", png(48, 48)).await;
    let error = publish(&env, &offer.product).send().await.unwrap_err();
    assert_eq!(codes(error.validations(), "sandbox/"), set(&["large-logo-size"]));
    assert!(
        error.to_string().contains("AzureLogoLarge.png has 48x48 pixels, expected 216 to 350 by 216 to 350"),
        "{error}"
    );
    for (width, height, fits) in [(215, 215, false), (216, 300, false), (350, 350, true), (351, 351, false)] {
        replace_logo(&env, &offer, "AzureLogoLarge", png(width, height)).await;
        assert_eq!(refused(&env, &offer.product).await.is_empty(), fits, "{width}x{height}");
    }
    replace_logo(&env, &offer, "AzureLogoLarge", b"a text".to_vec()).await;
    assert_eq!(refused(&env, &offer.product).await, set(&["large-logo-size"]));
}

#[tokio::test]
async fn every_kind_of_image_has_its_size() {
    let env = start(|sandbox| sandbox).await;
    let offer = complete(&env, "app").await;
    for (kind, good, bad, rule) in [
        ("AzureLogoMedium", (90, 90), (91, 90), "medium-logo-size"),
        ("AzureLogoSmall", (48, 48), (48, 47), "small-logo-size"),
        ("Image", (1280, 720), (720, 1280), "screenshot-size"),
    ] {
        for ((width, height), expected) in [(good, vec![]), (bad, vec![rule])] {
            replace_logo(&env, &offer, "AzureLogoLarge", png(216, 216)).await;
            let file = FileSource::bytes("image.png", png(width, height));
            let upload = env.client.upload_image(&offer.product, &offer.listing, kind, file);
            upload.map_resource(|image| image.set_description("What it shows")).send().await.unwrap();
            assert_eq!(refused(&env, &offer.product).await, set(&expected), "{kind} {width}x{height}");
        }
    }
}

#[tokio::test]
async fn an_unknown_image_type_is_refused() {
    let env = start(|sandbox| sandbox).await;
    let offer = complete(&env, "app").await;
    image(&env.client, &offer.product, &offer.listing, "Nonsense", png(216, 216)).await;
    assert_eq!(refused(&env, &offer.product).await, set(&["image-type"]));
    assert_eq!(found(&env, &offer.product).await, set(&["image-type"]));
}

#[tokio::test]
async fn screenshots_are_five_at_most_and_have_captions() {
    let env = start(|sandbox| sandbox).await;
    let offer = complete(&env, "app").await;
    for number in 1..=6 {
        let file = FileSource::bytes(format!("{number}.png"), png(1280, 720));
        let upload = env.client.upload_image(&offer.product, &offer.listing, "Image", file);
        upload.map_resource(|image| image.set_description("What it shows")).send().await.unwrap();
        let expected = if number > 5 { set(&["screenshot-count"]) } else { set(&[]) };
        assert_eq!(refused(&env, &offer.product).await, expected, "{number}");
        assert_eq!(found(&env, &offer.product).await, expected, "{number}");
    }
    replace_logo(&env, &offer, "AzureLogoLarge", png(216, 216)).await;
    image(&env.client, &offer.product, &offer.listing, "Image", png(1280, 720)).await;
    assert_eq!(refused(&env, &offer.product).await, set(&["screenshot-caption"]));
    assert_eq!(found(&env, &offer.product).await, set(&["screenshot-caption"]));
}

#[tokio::test]
async fn a_text_file_is_not_a_package() {
    let env = start(|sandbox| sandbox).await;
    let offer = complete(&env, "app").await;
    // It is not processed, whatever type the package has.
    let untyped = env.client.upload_package(&offer.product, FileSource::bytes("a.zip", &b"a text"[..]));
    let error = untyped.map_resource(|p| p.set_resource_type("")).poll_interval(MOMENT, MOMENT).send().await;
    assert!(error.unwrap_err().to_string().contains("not a zip archive"));
    let mut huge = archive();
    let entry = huge.windows(4).position(|bytes| bytes == b"PK\x01\x02").unwrap();
    huge[entry + 24..entry + 28].copy_from_slice(&((1_u32 << 30) + 1).to_le_bytes());
    for (file, message) in [
        (b"PK mainTemplate.json createUiDefinition.json".to_vec(), "is not a zip archive"),
        (zip(&["mainTemplate.json"]), "has no createUiDefinition.json at its root"),
        (huge, "has mainTemplate.json with 1073741825 bytes, expected at most 1073741824"),
        (
            zip(&["app/mainTemplate.json", "createuidefinition.json"]),
            "has no mainTemplate.json and no createUiDefinition",
        ),
    ] {
        let error = with_package(&env, &offer, file).await.unwrap_err();
        assert_eq!(codes(error.validations(), "sandbox/"), set(&["package-archive"]));
        assert_eq!(error.validations()[0].resource.as_deref(), Some("plan managed, Package"));
        assert!(error.to_string().contains(message), "{error}");
    }
    with_package(&env, &offer, archive()).await.unwrap();
}

async fn with_package(env: &TestEnv, offer: &CompleteOffer, file: Vec<u8>) -> Result<Submission, Error> {
    let upload = env.client.upload_package(&offer.product, FileSource::bytes("b.zip", file));
    let package = upload.poll_interval(MOMENT, MOMENT).send().await.unwrap();
    let draft = env.client.package_configuration_draft(&offer.product, &offer.managed);
    draft.modify(|c| c.set_package(&package)).await.unwrap();
    publish(env, &offer.product).send().await
}

#[tokio::test]
async fn an_offer_and_a_plan_that_went_live_cannot_be_deleted() {
    for strict in [true, false] {
        let off = ["delete-published-offer", "delete-published-plan"];
        let env =
            start(|sandbox| if strict { sandbox } else { off.into_iter().fold(sandbox, SandboxBuilder::without_rule) });
        let env = env.await;
        let offer = complete(&env, "app").await;
        let publish = publish(&env, &offer.product);
        publish.clone().send().await.unwrap();
        let unpublished = env.client.ensure_variant(&offer.product, AzureSkuVariant::managed_app("later", "Later"));
        let unpublished = unpublished.await.unwrap().id.clone().unwrap();
        let pending = env.client.pending_submission(&offer.product).await.unwrap().unwrap().id.unwrap();
        env.client.resume(&offer.product, pending).poll_interval(MOMENT, MOMENT).to_live().send().await.unwrap();
        env.client.delete_variant(&offer.product, &unpublished).send().await.unwrap();
        let plan = env.client.delete_variant(&offer.product, &offer.managed).send().await;
        let product = env.client.delete_product(&offer.product).send().await;
        for deleted in [plan.map(drop), product.map(drop)] {
            assert_eq!(deleted.is_err(), strict);
            let message = deleted.err().and_then(|error| error.service_message().map(str::to_owned));
            assert!(message.is_none_or(|message| message.contains("published cannot be deleted")));
        }
    }
}

#[tokio::test]
async fn plans_are_counted_and_have_unique_names() {
    let env = start(|sandbox| sandbox).await;
    let offer = complete(&env, "app").await;
    let same = AzureSkuVariant::managed_app("again", "managed");
    let again = env.client.ensure_variant(&offer.product, same).await.unwrap().id.clone().unwrap();
    assert!(refused(&env, &offer.product).await.contains("plan-name-unique"));
    assert!(found(&env, &offer.product).await.contains("plan-name-unique"));
    for plan in [&again, &offer.managed, &offer.template] {
        env.client.delete_variant(&offer.product, plan).send().await.unwrap();
    }
    assert_eq!(refused(&env, &offer.product).await, set(&["plan-count"]));
    assert_eq!(found(&env, &offer.product).await, set(&["plan-count"]));
    for number in 1..=46 {
        let plan = AzureSkuVariant::managed_app(format!("plan-{number}"), format!("Plan {number}"));
        let plan = env.client.ensure_variant(&offer.product, plan).await.unwrap().id.clone().unwrap();
        let draft = env.client.feature_availability_draft(&offer.product, plan);
        draft.modify(|a| a.set_visibility(Visibility::Private)).await.unwrap();
    }
    assert!(refused(&env, &offer.product).await.contains("private-plan-count"));
    assert!(found(&env, &offer.product).await.contains("private-plan-count"));
}

#[tokio::test]
async fn offer_ids_have_their_format() {
    let env = start(|sandbox| sandbox).await;
    let long = "a".repeat(51);
    for (id, rule) in [("Contoso App", "offer-id-characters"), (&long, "offer-id-length")] {
        let offer = complete(&env, id).await;
        assert_eq!(refused(&env, &offer.product).await, set(&[rule]));
        assert_eq!(found(&env, &offer.product).await, set(&[rule]));
    }
}

#[tokio::test]
async fn each_rule_can_be_turned_off_by_its_id() {
    let strict = start(|sandbox| sandbox).await;
    let product = strict.product("app").await;
    let rules = refused(&strict, &product).await;
    assert!(rules.len() > 8, "{rules:?}");
    for rule in &rules {
        let env = start(|sandbox| sandbox.without_rule(rule)).await;
        let product = env.product("app").await;
        let mut rest = rules.clone();
        rest.remove(rule);
        assert_eq!(refused(&env, &product).await, rest, "without {rule}");
    }
    let lenient = start(SandboxBuilder::without_rules).await;
    let product = lenient.product("app").await;
    assert!(refused(&lenient, &product).await.is_empty());
    let unknown = checked(Sandbox::builder()).without_rule("logo").start().await.unwrap_err();
    assert_eq!(unknown.kind(), std::io::ErrorKind::InvalidInput);
    assert!(unknown.to_string().starts_with("unknown rule \"logo\"; expected one of: offer-id-length, "), "{unknown}");
}

/// They are rules of Azure applications.
#[tokio::test]
async fn other_offers_have_no_rules() {
    let env = start(|sandbox| sandbox).await;
    let offer = AzureProduct::application("bc", "BC").set_resource_type(ProductType::AzureDynamics365BusinessCentral);
    let product = env.client.create_product(offer).send().await.unwrap().id.clone().unwrap();
    assert!(found(&env, &product).await.is_empty() && refused(&env, &product).await.is_empty());
}
