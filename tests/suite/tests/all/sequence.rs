//! Publishing an Azure application, step by step against the sandbox: each step succeeds, and is refused with a wrong body,
//! a stale entity tag and a branch that is not there. The whole of it is the example `publish_offer`.

use partner_ingestion_sdk::reqwest::Method;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Error, IfMatch, Resource};
use partner_tests::stage::{Stage, spoiled};
use serde_json::{Value, json};

const ARCHIVE: &[u8] = b"PK\x03\x04 mainTemplate.json";

/// The service's 400: its code, and the field that it names.
fn assert_refused(error: &Error, field: &str) {
    assert_eq!(error.status().map(|s| s.as_u16()), Some(400), "{error}");
    assert_eq!(error.service_code(), Some("ICH50400"), "{error}");
    assert!(
        error.field_errors().keys().any(|key| key.eq_ignore_ascii_case(field)),
        "{field}: {error}"
    );
    assert!(error.request_id().is_some() && error.correlation_id().is_some() && error.operation_id().is_some());
    assert!(error.service_message().is_some() && !error.is_retryable());
}

/// What holds of every module: a wrong body and a stale tag are refused, a fresh tag and `*` are not, and PUT replaces.
async fn module(
    stage: &Stage,
    product: &ProductId,
    module: &str,
    plan: Option<&VariantId>,
    collection: &str,
    text: &str,
) {
    let draft = stage.draft(product, module, plan).await;
    let resource = stage.resource(product, collection, &draft).await;
    let path = format!("products/{product}/{collection}/{}", resource["id"].as_str().unwrap());
    let tag = resource["@odata.etag"].as_str().unwrap();

    let error = stage
        .raw(Method::PUT, &path, spoiled(&resource, text), Some(tag))
        .await
        .unwrap_err();
    assert_refused(&error, text);
    let error = stage
        .raw(Method::PUT, &path, resource.clone(), Some("\"stale\""))
        .await
        .unwrap_err();
    assert!(
        error.is_conflict() && error.hint().unwrap().contains("read it again"),
        "{error}"
    );
    if !matches!(collection, "packages") {
        let mut untagged = resource.clone();
        untagged.as_object_mut().unwrap().remove("@odata.etag");
        let error = stage.raw(Method::PUT, &path, untagged, None).await.unwrap_err();
        assert_refused(&error, "If-Match");
    }

    // The tag in the body does what the header does.
    let changed = stage.raw(Method::PUT, &path, resource.clone(), None).await.unwrap();
    let error = stage.raw(Method::PUT, &path, resource.clone(), None).await.unwrap_err();
    assert!(error.is_conflict(), "{error}");
    let (resource, tag) = (&changed, changed["@odata.etag"].as_str().unwrap());
    let changed = stage
        .raw(Method::PUT, &path, resource.clone(), Some(tag))
        .await
        .unwrap();
    assert_ne!(changed["@odata.etag"], resource["@odata.etag"]);
    let error = stage
        .raw(Method::PUT, &path, resource.clone(), Some(tag))
        .await
        .unwrap_err();
    assert!(error.is_conflict(), "{error}");
    let mut more = changed.clone();
    more["unknownField"] = json!([1]);
    let more = stage.raw(Method::PUT, &path, more, Some("*")).await.unwrap();
    assert_eq!(more["unknownField"], json!([1]), "unknown fields are kept");
    let less = json!({"resourceType": resource["resourceType"]});
    let less = stage.raw(Method::PUT, &path, less, Some("*")).await.unwrap();
    assert_eq!(less.get("unknownField"), None, "what is left out is deleted");

    let missing = format!("products/{product}/{collection}/getByInstanceID(instanceID=none)");
    let error = stage.raw(Method::GET, &missing, Value::Null, None).await.unwrap_err();
    assert!(error.is_not_found() && error.service_message().is_some(), "{error}");
    let missing = format!("products/none/branches/getByModule(module={module})");
    assert!(
        stage
            .raw(Method::GET, &missing, Value::Null, None)
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn step_01_lookup() {
    let stage = Stage::open().await;
    let filter = "externalIDs/Any(i:i/type eq 'AzureOfferId' and i/value eq 'app')";
    assert!(
        stage
            .client
            .list_products()
            .filter(filter)
            .send()
            .await
            .unwrap()
            .value
            .as_ref()
            .unwrap()
            .is_empty()
    );
    let product = stage.product("app").await;
    stage.product("other").await;
    let found = stage
        .client
        .list_products()
        .filter(filter)
        .send()
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.value.unwrap()[0].id, Some(product));
    let error = stage
        .client
        .list_products()
        .filter("name eq 1")
        .send()
        .await
        .unwrap_err();
    assert_refused(&error, "$filter");
}

#[tokio::test]
async fn step_02_product() {
    let stage = Stage::open().await;
    let nameless = AzureProduct::default().set_resource_type(ProductType::AzureApplication);
    assert_refused(&stage.client.create_product(nameless).send().await.unwrap_err(), "Name");
    let unknown = AzureProduct::default().set_resource_type("Teapot").set_name("x");
    assert_refused(
        &stage.client.create_product(unknown).send().await.unwrap_err(),
        "resourceType",
    );
    let error = stage
        .raw(Method::POST, "products", json!({"name": 1}), None)
        .await
        .unwrap_err();
    assert_refused(&error, "name");

    let product = AzureProduct::default()
        .set_resource_type(ProductType::AzureApplication)
        .set_name("App");
    let product = product.set_external_ids([TypeValuePair::new("AzureOfferID", "app")]);
    let created = stage.client.create_product(&product).send().await.unwrap();
    assert_eq!(created.status().as_u16(), 201);
    assert!(created.location().unwrap().contains("/v1.0/ingestion/products/") && created.etag().is_none());
    assert_eq!(
        created.external_ids.as_ref().unwrap()[0].type_.as_deref(),
        Some("AzureOfferId")
    );
    let again = stage.client.create_product(product).send().await.unwrap_err();
    assert!(again.is_conflict() && again.service_message().is_some(), "{again}");
    let read = stage
        .client
        .get_product(created.id.clone().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(*read, *created);
    stage
        .client
        .delete_product(created.id.clone().unwrap())
        .send()
        .await
        .unwrap();
    assert!(
        stage
            .client
            .get_product(created.id.clone().unwrap())
            .send()
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn step_03_setup() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let setup = AzureProductSetup::default().set_selling_option(SellingOption::ListAndSell);
    let set = stage.client.set_product_setup(&product, &setup).send().await.unwrap();
    assert_eq!((set.status().as_u16(), set.trial_uri.as_deref()), (200, Some("")));
    assert_eq!(*stage.client.get_product_setup(&product).send().await.unwrap(), *set);
    let wrong = AzureProductSetup::default().set_selling_option("Barter");
    assert_refused(
        &stage
            .client
            .set_product_setup(&product, wrong)
            .send()
            .await
            .unwrap_err(),
        "sellingOption",
    );
    assert!(
        stage
            .client
            .set_product_setup("none", setup)
            .send()
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn step_03_setup_of_a_virtual_machine_has_no_test_drive() {
    let stage = Stage::open().await;
    let machine = AzureProduct::default()
        .set_resource_type(ProductType::AzureThirdPartyVirtualMachine)
        .set_name("vm");
    let machine = stage
        .client
        .create_product(machine.set_external_ids([TypeValuePair::new("AzureOfferId", "vm")]))
        .send()
        .await
        .unwrap();
    let setup = AzureProductSetup::default().set_enable_test_drive(true);
    let error = stage
        .client
        .set_product_setup(machine.id.clone().unwrap(), setup)
        .send()
        .await
        .unwrap_err();
    assert_refused(&error, "FeatureName");
}

#[tokio::test]
async fn step_04_property() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    module(&stage, &product, "Property", None, "properties", "appVersion").await;
}

#[tokio::test]
async fn step_05_listing() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    module(&stage, &product, "Listing", None, "listings", "title").await;
    // Typed: the body's etag is sent without being asked for, and the language survives.
    let draft = stage.draft(&product, "listing", None).await;
    let found = stage
        .client
        .find_listings(&product, &draft)
        .send()
        .await
        .unwrap()
        .into_inner();
    let mut listing = found
        .value
        .unwrap()
        .remove(0)
        .set_title("App")
        .set_keywords::<[&str; 0]>([]);
    listing.language_code = None;
    let id = listing.id.clone().unwrap();
    let changed = stage
        .client
        .replace_listing(&product, &id, &listing)
        .send()
        .await
        .unwrap();
    assert_eq!(changed.etag(), Resource::etag(&*changed));
    assert_eq!(changed.language_code.as_deref(), Some("en-us"));
    assert_eq!(changed.keywords.as_deref(), Some(&[][..]));
    assert!(
        stage
            .client
            .replace_listing(&product, &id, &listing)
            .send()
            .await
            .unwrap_err()
            .is_conflict()
    );
    stage
        .client
        .replace_listing(&product, &id, &listing)
        .if_match(IfMatch::Any)
        .send()
        .await
        .unwrap();
    // Without any tag nothing is sent.
    let calls = stage.sandbox.calls().len();
    let error = stage
        .client
        .replace_listing(&product, &id, AzureListing::default())
        .send()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("IfMatch::Any"), "{error}");
    assert_eq!(stage.sandbox.calls().len(), calls);
}

#[tokio::test]
async fn step_06_logos() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let draft = stage.draft(&product, "Listing", None).await;
    let listing = stage.resource(&product, "listings", &draft).await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let nameless = ListingImage::default().set_type("AzureLogoSmall");
    assert_refused(
        &stage
            .client
            .create_listing_image(&product, &listing, nameless)
            .send()
            .await
            .unwrap_err(),
        "FileName",
    );
    let image = ListingImage::default()
        .set_type("AzureLogoSmall")
        .set_file_name("s.png");
    assert!(
        stage
            .client
            .create_listing_image(&product, "none", &image)
            .send()
            .await
            .unwrap_err()
            .is_not_found()
    );

    let created = stage
        .client
        .create_listing_image(&product, &listing, image)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (created.status().as_u16(), created.etag()),
        (201, Resource::etag(&*created))
    );
    assert_eq!(created.state, Some(UploadState::PendingUpload));
    let (id, address) = (created.id.clone().unwrap(), created.file_sas_uri.clone().unwrap());
    let uploaded = created.into_inner().set_state(UploadState::Uploaded);
    let early = stage
        .client
        .replace_listing_image(&product, &listing, &id, &uploaded)
        .send()
        .await
        .unwrap_err();
    assert_refused(&early, "FileSasUri");
    let forged = Secret::from(address.expose().replace("sig=", "sig=x"));
    let error = stage.client.upload(&forged, "png").await.unwrap_err();
    assert_eq!(error.status().map(|s| s.as_u16()), Some(403));
    assert!(!format!("{error} {error:?}").contains("sig="));
    stage.client.upload(&address, "png").await.unwrap();
    let replace = || stage.client.replace_listing_image(&product, &listing, &id, &uploaded);
    assert!(replace().if_match("\"stale\"").send().await.unwrap_err().is_conflict());
    assert_eq!(replace().send().await.unwrap().state, Some(UploadState::Uploaded));
    let all = stage
        .client
        .list_listing_images(&product, &listing)
        .send()
        .await
        .unwrap()
        .into_inner();
    assert_eq!(all.value.unwrap().len(), 1);
    let deleted = stage
        .client
        .delete_listing_image(&product, &listing, &id)
        .send()
        .await
        .unwrap();
    assert_eq!(deleted.status().as_u16(), 204);
}

#[tokio::test]
async fn step_07_availability() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    module(
        &stage,
        &product,
        "Availability",
        None,
        "productavailabilities",
        "visibility",
    )
    .await;
}

#[tokio::test]
async fn step_08_reseller() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let none = stage
        .client
        .list_branches(&product, Module::ResellerConfiguration)
        .send()
        .await
        .unwrap()
        .into_inner();
    assert_eq!(none.value, Some(Vec::new()), "no branch before the first configuration");
    let empty = ResellerConfiguration::default();
    assert_refused(
        &stage
            .client
            .set_reseller_configuration(&product, empty)
            .send()
            .await
            .unwrap_err(),
        "ResellerChannelState",
    );
    let enabled = ResellerConfiguration::default().set_reseller_channel_state(ResellerChannelState::Enabled);
    stage
        .client
        .set_reseller_configuration(&product, enabled)
        .send()
        .await
        .unwrap();
    let draft = stage.draft(&product, "ResellerConfiguration", None).await;
    assert_eq!(draft.as_str(), format!("{product}-ResellerInstance"));
}

#[tokio::test]
async fn step_09_plan() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let nameless = AzureSkuVariant::default().set_friendly_name("Standard");
    assert_refused(
        &stage
            .client
            .create_variant(&product, nameless)
            .send()
            .await
            .unwrap_err(),
        "ExternalID",
    );
    let error = stage
        .raw(
            Method::POST,
            &format!("products/{product}/variants"),
            json!({"resourceType": "Teapot"}),
            None,
        )
        .await;
    assert_refused(&error.unwrap_err(), "resourceType");

    // The service reads names without case and fills in the rest.
    let body = json!({"resourceType": "AzureSkuVariant", "FriendlyName": "A", "ExternalID": "a", "SubType": "managed-application"});
    let plan = stage
        .raw(
            Method::POST,
            &format!("products/{product}/variants"),
            body.clone(),
            None,
        )
        .await
        .unwrap();
    assert_eq!(
        (plan["subType"].as_str(), plan["conversionPaths"].as_str()),
        (Some("managed-application"), Some("*"))
    );
    assert_eq!(
        (&plan["extendedProperties"], &plan["state"]),
        (&json!([]), &json!("Active"))
    );
    let again = stage
        .raw(Method::POST, &format!("products/{product}/variants"), body, None)
        .await
        .unwrap_err();
    assert!(again.is_conflict());

    let variant = stage.variant(&product).await;
    let read = stage
        .client
        .get_variant(&product, &variant)
        .send()
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        read.as_azure_sku().unwrap().sub_type,
        Some(VariantSubType::SolutionTemplate)
    );
    let replace = || stage.client.replace_variant(&product, &variant, &read);
    assert!(replace().if_match("\"stale\"").send().await.unwrap_err().is_conflict());
    replace().send().await.unwrap();
    let branches = stage
        .client
        .list_branches(&product, "Listing")
        .send()
        .await
        .unwrap()
        .into_inner();
    let at_once = branches
        .value
        .unwrap()
        .iter()
        .any(|branch| branch.variant_id.as_ref() == Some(&variant));
    stage.draft(&product, "Listing", Some(&variant)).await;
    assert!(!at_once, "branches of a new plan appear after a moment");
}

#[tokio::test]
async fn step_10_plan_listing() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let plan = stage.variant(&product).await;
    module(&stage, &product, "Listing", Some(&plan), "listings", "description").await;
}

#[tokio::test]
async fn step_11_plan_availability() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let plan = stage.variant(&product).await;
    module(
        &stage,
        &product,
        "Availability",
        Some(&plan),
        "featureavailabilities",
        "marketStates",
    )
    .await;
    let draft = stage.draft(&product, "Availability", Some(&plan)).await;
    let found = stage
        .client
        .find_feature_availabilities(&product, &draft)
        .expand("MarketStates")
        .send()
        .await
        .unwrap();
    let availability = found.value.as_ref().unwrap()[0].clone();
    let id = availability.id.clone().unwrap();
    let price = Price::default()
        .set_open_price("9.990".parse::<Decimal>().unwrap())
        .set_currency_code("USD");
    let prices = PriceScheduleInfo::default().set_schedules([PriceSchedule::default().set_retail_price(price)]);
    let changed = availability.set_price_schedules([prices]);
    let changed = stage
        .client
        .replace_feature_availability(&product, &id, changed)
        .send()
        .await
        .unwrap()
        .into_inner();
    let schedules = changed.price_schedules.unwrap().remove(0).schedules.unwrap();
    assert_eq!(
        schedules[0]
            .retail_price
            .as_ref()
            .unwrap()
            .open_price
            .as_ref()
            .unwrap()
            .to_f64(),
        9.99
    );
}

#[tokio::test]
async fn step_12_package() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let plan = stage.variant(&product).await;
    module(
        &stage,
        &product,
        "Package",
        Some(&plan),
        "packageconfigurations",
        "version",
    )
    .await;
    assert_eq!(
        stage.package(&product, b"not an archive").await.1,
        UploadState::ProcessFailed
    );
    let (package, state) = stage.package(&product, ARCHIVE).await;
    assert_eq!(state, UploadState::Processed);

    let draft = stage.draft(&product, "Package", Some(&plan)).await;
    let found = stage
        .client
        .find_package_configurations(&product, &draft)
        .send()
        .await
        .unwrap()
        .into_inner();
    let configuration = found
        .value
        .unwrap()
        .remove(0)
        .as_azure_solution_template()
        .unwrap()
        .clone();
    let id = configuration.id.clone().unwrap();
    let with = |package: &str| {
        configuration
            .clone()
            .set_package_references([TypeValuePair::new("AzureApplicationPackage", package)])
    };
    let unknown = stage
        .client
        .replace_package_configuration(&product, &id, with("none"))
        .send()
        .await
        .unwrap_err();
    assert_refused(&unknown, "PackageReferences");
    let managed = AzureManagedApplicationPackageConfiguration::default();
    let mismatch = stage
        .client
        .replace_package_configuration(&product, &id, managed)
        .if_match("*")
        .send()
        .await
        .unwrap_err();
    assert_refused(&mismatch, "ResourceType");
    stage
        .client
        .replace_package_configuration(&product, &id, with(&package))
        .send()
        .await
        .unwrap();
}

/// An offer with everything that a submission needs; the drafts to submit.
async fn complete(stage: &Stage, product: &ProductId, archive: &'static [u8]) -> SubmissionCreationRequest {
    let plan = stage.variant(product).await;
    for plan in [None, Some(&plan)] {
        let draft = stage.draft(product, "Listing", plan).await;
        let found = stage
            .client
            .find_listings(product, draft)
            .send()
            .await
            .unwrap()
            .into_inner();
        let listing = found
            .value
            .unwrap()
            .remove(0)
            .set_title("t")
            .set_summary("s")
            .set_description("d");
        let id = listing.id.clone().unwrap();
        stage.client.replace_listing(product, id, listing).send().await.unwrap();
    }
    let (package, _) = stage.package(product, archive).await;
    let draft = stage.draft(product, "Package", Some(&plan)).await;
    let found = stage
        .client
        .find_package_configurations(product, draft)
        .send()
        .await
        .unwrap()
        .into_inner();
    let configuration = found
        .value
        .unwrap()
        .remove(0)
        .as_azure_solution_template()
        .unwrap()
        .clone();
    let configuration = configuration.set_package_references([TypeValuePair::new("AzureApplicationPackage", &package)]);
    let id = configuration.id.clone().unwrap();
    stage
        .client
        .replace_package_configuration(product, id, configuration)
        .send()
        .await
        .unwrap();

    let mut offer = Vec::new();
    for module in ["Property", "Listing", "Availability"] {
        offer.push(TypeValuePair::new(
            module,
            stage.draft(product, module, None).await.as_str(),
        ));
    }
    let mut of_plan = Vec::new();
    for module in ["Listing", "Availability", "Package"] {
        of_plan.push(TypeValuePair::new(
            module,
            stage.draft(product, module, Some(&plan)).await.as_str(),
        ));
    }
    SubmissionCreationRequest::default()
        .set_targets([TypeValuePair::new("Scope", "preview")])
        .set_resources(offer)
        .set_variant_resources([VariantResource::default().set_variant_id(plan).set_resources(of_plan)])
}

#[tokio::test]
async fn step_13_submission_and_step_14_promotion() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let request = complete(&stage, &product, ARCHIVE).await;
    let create = |request: &SubmissionCreationRequest| stage.client.create_submission(&product, request).send();

    let empty = SubmissionCreationRequest::default();
    assert_refused(&create(&empty).await.unwrap_err(), "targets");
    let unknown = request.clone().set_resources([TypeValuePair::new("Listing", "none")]);
    assert_refused(&create(&unknown).await.unwrap_err(), "Resources");

    let created = create(&request).await.unwrap();
    let id = created.id.clone().unwrap();
    assert_eq!(id.as_str().len(), 19);
    assert!(create(&request).await.unwrap_err().is_conflict(), "one at a time");
    assert!(
        stage
            .client
            .promote_submission(&product, &id)
            .send()
            .await
            .unwrap_err()
            .is_conflict(),
        "not in preview yet"
    );
    let preview = stage.settled(&product, &id).await;
    assert_eq!(
        (preview.state, preview.substate),
        (
            Some(SubmissionState::Published),
            Some(SubmissionSubstate::ReadyToPublish)
        )
    );
    assert!(preview.published_time_in_utc.unwrap().is_unset());

    stage.client.promote_submission(&product, &id).send().await.unwrap();
    assert!(
        stage
            .client
            .cancel_submission(&product, &id)
            .send()
            .await
            .unwrap_err()
            .is_conflict(),
        "going live"
    );
    let live = stage.settled(&product, &id).await;
    assert_eq!(live.substate, Some(SubmissionSubstate::InStore));
    let workflow = stage
        .client
        .list_submission_workflows(&product, &id)
        .send()
        .await
        .unwrap()
        .into_inner();
    assert_eq!(workflow.value.unwrap().len(), 2);
    let reports = stage
        .client
        .list_submission_reports(&product, &id)
        .send()
        .await
        .unwrap()
        .into_inner();
    assert_eq!(reports.value.unwrap()[0].status, Some(CertificationStatus::Passed));
    assert!(
        stage
            .client
            .get_submission(&product, "1")
            .send()
            .await
            .unwrap_err()
            .is_not_found()
    );
}

#[tokio::test]
async fn step_13_a_missing_reseller_fails_in_validation() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let request = complete(&stage, &product, ARCHIVE).await;
    let enabled = ResellerConfiguration::default().set_reseller_channel_state(ResellerChannelState::Enabled);
    stage
        .client
        .set_reseller_configuration(&product, enabled)
        .send()
        .await
        .unwrap();
    let id = stage
        .client
        .create_submission(&product, &request)
        .send()
        .await
        .unwrap()
        .id
        .clone()
        .unwrap();
    let failed = stage.settled(&product, &id).await;
    assert_eq!(failed.pending_update_info.unwrap().status, Some(UpdateStatus::Failed));
    let found = stage
        .client
        .list_submission_validations(&product, &id)
        .send()
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.value.unwrap()[0].error_code.as_deref(), Some("Resell-20007"));
    // A failed submission does not stand in the way, and a pending one can be cancelled.
    let again = stage.client.create_submission(&product, &request).send().await.unwrap();
    stage
        .client
        .cancel_submission(&product, again.id.clone().unwrap())
        .send()
        .await
        .unwrap();
}

#[tokio::test]
async fn step_13_a_package_without_template_fails_in_certification() {
    let stage = Stage::open().await;
    let product = stage.product("app").await;
    let request = complete(&stage, &product, b"PK nothing").await;
    let id = stage
        .client
        .create_submission(&product, &request)
        .send()
        .await
        .unwrap()
        .id
        .clone()
        .unwrap();
    let failed = stage.settled(&product, &id).await;
    assert_eq!(failed.substate, Some(SubmissionSubstate::FailedInCertification));
}
