//! What a publisher writes once: categories, terms, texts, contacts, links, logos, audiences and markets.

use partner_ingestion_sdk::types::*;
use partner_ingestion_sdk::{Client, Error, FileSource};

const LOGOS: [(&str, &[u8]); 3] = [
    ("AzureLogoLarge", include_bytes!("assets/logo-large.png")),
    ("AzureLogoMedium", include_bytes!("assets/logo-medium.png")),
    ("AzureLogoSmall", include_bytes!("assets/logo-small.png")),
];

/// Describes an offer with one plan, as far as the portal's documentation requires it.
pub(crate) async fn describe(client: &Client, offer: &AzureProduct, plan: &AzureSkuVariant) -> Result<(), Error> {
    let categories = LeveledCategories::default().set_compute_azure_apps([ComputeCategory::ApplicationInfrastructure]);
    let property = |p: AzureProperty| {
        p.set_leveled_categories(categories.clone()).set_app_version("1.0.0").set_use_enterprise_contract(true)
    };
    client.property_draft(offer).modify(property).await?;
    let listing = client.listing_draft(offer).modify(|l| contacts(texts(l))).await?.into_inner();
    client.listing_draft(offer).plan(plan).modify(texts).await?;
    for (kind, logo) in LOGOS {
        let file = FileSource::bytes(format!("{kind}.png"), logo);
        client.ensure_image(offer, &listing, kind, file).send().await?;
    }
    let preview = AudienceMember::new("11111111-2222-3333-4444-555555555555");
    client.product_availability_draft(offer).modify(|a| a.set_subscription_audiences([preview.clone()])).await?;
    let market = MarketState::new("US", MarketSaleState::Enabled);
    let sale = |a: FeatureAvailability| a.set_visibility(Visibility::Public).set_market_states([market.clone()]);
    client.feature_availability_draft(offer, plan).modify(sale).await?;
    Ok(())
}

fn texts(listing: AzureListing) -> AzureListing {
    let listing = listing.set_title("Contoso").set_summary("An app");
    listing.set_short_description("An app").set_description("<p>An app</p>")
}

fn contacts(listing: AzureListing) -> AzureListing {
    let contact = |kind: ContactType| {
        let contact = ListingContact::default().set_type(kind).set_name("Ada").set_email("ada@contoso.example");
        contact.set_phone("+1 555 0100").set_uri("https://contoso.example/support")
    };
    let privacy = ListingUri::default().set_type("PrivacyUri").set_uri("https://contoso.example/privacy");
    listing
        .set_listing_contacts([contact(ContactType::CustomerSupport), contact(ContactType::Engineering)])
        .set_listing_uris([privacy])
}
