//! An offer that follows every rule of publishing, and the files that it needs.

use crate::test_env::TestEnv;
use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, FileSource, Resource};

pub const GUID: &str = "11111111-2222-3333-4444-555555555555";
const CONTRIBUTOR: &str = "b24988ac-6180-42a0-ab88-20f7382dd24c";

/// A complete offer with a managed application plan and a solution template plan.
pub struct CompleteOffer {
    pub product: ProductId,
    pub managed: VariantId,
    pub template: VariantId,
    pub listing: ListingId,
    pub package: PackageId,
}

/// Creates the offer.
pub async fn complete(env: &TestEnv, name: &str) -> CompleteOffer {
    let client = &env.client;
    let product = env.product(name).await;
    let categories = LeveledCategories::default().set_compute_azure_apps([ComputeCategory::ApplicationInfrastructure]);
    let property = client.property_draft(&product);
    let property =
        property.modify(|p| p.set_leveled_categories(categories.clone()).set_use_enterprise_contract(true)).await;
    property.unwrap();
    let contact = |kind: ContactType| {
        let contact = ListingContact::default().set_type(kind).set_name("Ada").set_email("ada@contoso.example");
        contact.set_phone("+1 555 0100").set_uri("https://contoso.example/support")
    };
    let privacy = ListingUri::default().set_type("PrivacyUri").set_uri("https://contoso.example/privacy");
    let draft = client.listing_draft(&product);
    let listing = draft.modify(|l| {
        texts(l)
            .set_listing_contacts([contact(ContactType::CustomerSupport), contact(ContactType::Engineering)])
            .set_listing_uris([privacy.clone().set_display_text("Privacy")])
    });
    let listing = listing.await.unwrap().id.clone().unwrap();
    image(client, &product, &listing, "AzureLogoLarge", png(216, 216)).await;
    let preview = AudienceMember::default().set_id(GUID);
    let availability = client.product_availability_draft(&product);
    availability.modify(|a| a.set_subscription_audiences([preview.clone()])).await.unwrap();

    let package = client.upload_package(&product, FileSource::bytes("app.zip", archive())).send().await.unwrap();
    let managed = plan(client, &product, AzureSkuVariant::managed_app("managed", "Managed"), &package).await;
    let template = plan(client, &product, AzureSkuVariant::solution_template("template", "Template"), &package).await;
    CompleteOffer { product, managed, template, listing, package: package.id.clone().unwrap() }
}

fn texts(listing: AzureListing) -> AzureListing {
    listing.set_title("App").set_summary("An app").set_short_description("An app").set_description("<p>An app</p>")
}

async fn plan(client: &Client, product: &ProductId, plan: AzureSkuVariant, package: &AzurePackage) -> VariantId {
    let created = client.ensure_variant(product, plan).await.unwrap();
    let id = created.id.clone().unwrap();
    client.listing_draft(product).plan(&id).modify(texts).await.unwrap();
    let is_managed = created.sub_type == Some(VariantSubType::ManagedApplication);
    let market = MarketState::default().set_market_code("US").set_state(MarketSaleState::Enabled);
    let price = Price::default().set_currency_code("USD").set_open_price("9.5".parse::<Decimal>().unwrap());
    let prices = PriceScheduleInfo::default().set_schedules([PriceSchedule::default().set_retail_price(price)]);
    let draft = client.feature_availability_draft(product, &id);
    let availability = draft.modify(|a| {
        let a = a.set_visibility(Visibility::Public).set_market_states([market.clone()]);
        if is_managed { a.set_price_schedules([prices.clone()]) } else { a }
    });
    availability.await.unwrap();
    let role = RoleAuthorization::default().set_principal_id(GUID).set_role_definition_id(CONTRIBUTOR);
    let draft = client.package_configuration_draft(product, &id);
    let configuration = draft.modify(|c| match c.set_package(package) {
        PackageConfiguration::AzureManagedApplication(c) => {
            let c = c.set_version("1.0.0").set_public_azure_tenant_id(GUID);
            c.set_public_azure_authorizations([role.clone()]).into()
        }
        PackageConfiguration::AzureSolutionTemplate(c) => c.set_version("1.0.0").into(),
        other => other,
    });
    configuration.await.unwrap();
    id
}

/// Uploads an image of a listing.
pub async fn image(client: &Client, product: &ProductId, listing: &ListingId, kind: &str, file: Vec<u8>) -> String {
    let file = FileSource::bytes(format!("{kind}.png"), file);
    let image = client.upload_image(product, listing, kind, file).send().await.unwrap();
    image.id().unwrap().to_owned()
}

/// A grey PNG file of this size.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut rows = Vec::new();
    for _ in 0..height {
        rows.push(0); // No filter.
        rows.extend(std::iter::repeat_n(0x80, width as usize));
    }
    // Zlib: blocks without compression, and Adler-32 at the end.
    let mut data = vec![0x78, 0x01];
    let blocks = rows.chunks(0xffff).count();
    for (i, block) in rows.chunks(0xffff).enumerate() {
        let length = u16::try_from(block.len()).unwrap();
        data.push(u8::from(i + 1 == blocks));
        data.extend(length.to_le_bytes());
        data.extend((!length).to_le_bytes());
        data.extend(block);
    }
    let (a, b) = rows.iter().fold((1u32, 0u32), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % 65_521;
        (a, (a + b) % 65_521)
    });
    data.extend(((b << 16) | a).to_be_bytes());
    // Eight bits of grey.
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, content) in [(b"IHDR", header), (b"IDAT", data), (b"IEND", Vec::new())] {
        file.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
        let chunk = [&kind[..], &content].concat();
        file.extend(&chunk);
        file.extend(crc32(&chunk).to_be_bytes());
    }
    file
}

/// A zip archive with what an Azure application needs.
pub fn archive() -> Vec<u8> {
    zip(&["mainTemplate.json", "createUiDefinition.json"])
}

/// A zip archive with these members, each an empty JSON object.
pub fn zip(members: &[&str]) -> Vec<u8> {
    const CONTENT: &[u8] = b"{}";
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for name in members {
        let offset = u32::try_from(file.len()).unwrap();
        let mut common = [20u16, 0, 0, 0, 0x21].map(u16::to_le_bytes).concat();
        common.extend(crc32(CONTENT).to_le_bytes());
        common.extend([u32::try_from(CONTENT.len()).unwrap().to_le_bytes(); 2].concat());
        common.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        common.extend([0; 2]);
        file.extend([b"PK\x03\x04", &common[..], name.as_bytes(), CONTENT].concat());
        directory.extend([b"PK\x01\x02\x14\0", &common[..], &[0; 10], &offset.to_le_bytes(), name.as_bytes()].concat());
    }
    let count = u16::try_from(members.len()).unwrap().to_le_bytes();
    let start = u32::try_from(file.len()).unwrap().to_le_bytes();
    let length = u32::try_from(directory.len()).unwrap().to_le_bytes();
    [&file[..], &directory, b"PK\x05\x06\0\0\0\0", &count, &count, &length, &start, &[0; 2]].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ ((crc & 1) * 0xedb8_8320)))
}
