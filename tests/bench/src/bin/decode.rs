//! Decoding: compares the SDK's types with hand-written structs for the same pages, and with `serde_json::Value`.

use partner_bench::{contender, measure, print};
use partner_ingestion_sdk::types::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Hand-written structs: one keeps unknown fields, the other drops them.
macro_rules! by_hand {
    ($keeps:ident, $drops:ident, $page_keeps:ident, $page_drops:ident { $($field:ident: $wire:literal: $ty:ty,)* }) => {
        #[derive(Serialize, Deserialize)]
        struct $keeps {
            $(#[serde(rename = $wire, skip_serializing_if = "Option::is_none")] $field: Option<$ty>,)*
            #[serde(flatten)]
            extra: Map<String, Value>,
        }

        #[derive(Serialize, Deserialize)]
        struct $drops {
            $(#[serde(rename = $wire, skip_serializing_if = "Option::is_none")] $field: Option<$ty>,)*
        }

        #[derive(Serialize, Deserialize)]
        struct $page_keeps {
            value: Vec<$keeps>,
            #[serde(flatten)]
            extra: Map<String, Value>,
        }

        #[derive(Serialize, Deserialize)]
        struct $page_drops {
            value: Vec<$drops>,
        }
    };
}

#[derive(Serialize, Deserialize)]
struct Pair {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Link {
    #[serde(rename = "type")]
    kind: Option<String>,
    subtype: Option<String>,
    #[serde(rename = "displayText")]
    text: Option<String>,
    uri: Option<String>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Contact {
    #[serde(rename = "type")]
    kind: Option<String>,
    email: Option<String>,
    name: Option<String>,
    phone: Option<String>,
    uri: Option<String>,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

by_hand!(Product, ProductDrops, Products, ProductsDrop {
    resource_type: "resourceType": String,
    name: "name": String,
    external_ids: "externalIDs": Vec<Pair>,
    modular: "isModularPublishing": bool,
    marketing: "offerMarketingUrlIDentifier": String,
    id: "id": String,
});

by_hand!(Listing, ListingDrops, Listings, ListingsDrop {
    resource_type: "resourceType": String,
    product_display_name: "productDisplayName": String,
    summary: "summary": String,
    uris: "listingUris": Vec<Link>,
    contacts: "listingContacts": Vec<Contact>,
    access: "accessInformation": String,
    instructions: "gettingStartedInstructions": String,
    managed: "allowOnlyManagedDiskDeployments": bool,
    compatible: "compatibleProducts": Vec<String>,
    language: "languageCode": String,
    title: "title": String,
    description: "description": String,
    short: "shortDescription": String,
    publisher: "publisherName": String,
    keywords: "keywords": Vec<String>,
    etag: "@odata.etag": String,
    id: "id": String,
});

/// Returns a page as the service sends it: the tag first, absent fields omitted. As text, because `serde_json` would sort the keys.
fn page(item: impl Fn(usize) -> String) -> String {
    let items: Vec<String> = (0..1000).map(item).collect();
    format!("{{\"value\":[{}],\"nextLink\":\"v1.0/ingestion/products?$skipToken=abc\"}}", items.join(","))
}

fn product(i: usize) -> String {
    format!(
        r#"{{"resourceType":"AzureApplication","name":"Contoso application {i}","externalIDs":[{{"type":"AzureOfferId","value":"contoso-{i}"}}],"isModularPublishing":true,"id":"4f1d4c2e-0000-4000-8000-{i:012}"}}"#
    )
}

fn listing(i: usize) -> String {
    let text = "An application that shows how to publish one, with a text as long as one usually is. ".repeat(4);
    format!(
        r#"{{"resourceType":"AzureListing","summary":"Summary {i}","listingUris":[{{"type":"PrivacyUri","uri":"https://contoso.example/{i}"}},{{"type":"PublicCloudSupport","subtype":"x","displayText":"y","uri":"https://contoso.example"}}],"listingContacts":[{{"type":"CustomerSupport","email":"a@contoso.example","name":"A","phone":"1","uri":"https://contoso.example"}},{{"type":"Engineering","email":"b@contoso.example","name":"B","phone":"2"}}],"gettingStartedInstructions":"{text}","languageCode":"en-us","title":"Contoso {i}","description":"<p>{text}</p>","shortDescription":"Short","keywords":["a","b","c"],"@odata.etag":"\"{i}\"","id":"4f1d4c2e-0000-4000-8000-{i:012}"}}"#
    )
}

fn main() {
    let products = page(product);
    let (text, keeps) = (products.as_str(), "hand-written, keeps unknown fields");
    let figures = measure(&[
        contender("ours", || serde_json::from_str::<ProductPage>(text).unwrap()),
        contender(keeps, || serde_json::from_str::<Products>(text).unwrap()),
        contender("by hand, drops them", || serde_json::from_str::<ProductsDrop>(text).unwrap()),
        contender("serde_json::Value", || serde_json::from_str::<Value>(text).unwrap()),
    ]);
    print("Decode a page of 1,000 products", &figures, keeps);

    let listings = page(listing);
    let text = listings.as_str();
    let figures = measure(&[
        contender("ours", || serde_json::from_str::<ListingPage>(text).unwrap()),
        contender(keeps, || serde_json::from_str::<Listings>(text).unwrap()),
        contender("by hand, drops them", || serde_json::from_str::<ListingsDrop>(text).unwrap()),
        contender("serde_json::Value", || serde_json::from_str::<Value>(text).unwrap()),
    ]);
    print("Decode a page of 1,000 listings", &figures, keeps);

    unions();
}

fn unions() {
    let fields = r#""serverID":"s-1","munchkinAccountID":"m-1","formID":"f-1","contactEmail":"a@contoso.example","dailyDigestEmailContacts":["b@contoso.example","c@contoso.example"]"#;
    let tag = r#""resourceType":"MarketoLeadConfiguration""#;
    let (first, last) = (format!("{{{tag},{fields}}}"), format!("{{{fields},{tag}}}"));
    let many = |one: &str| format!("[{}]", vec![one; 1000].join(","));
    let (first, last) = (many(&first), many(&last));
    let (first, last) = (first.as_str(), last.as_str());
    let figures = measure(&[
        contender("the member itself, tag first", || {
            serde_json::from_str::<Vec<MarketoLeadConfiguration>>(first).unwrap()
        }),
        contender("the union, tag first", || serde_json::from_str::<Vec<LeadConfiguration>>(first).unwrap()),
        contender("the member itself, tag last", || {
            serde_json::from_str::<Vec<MarketoLeadConfiguration>>(last).unwrap()
        }),
        contender("the union, tag last", || serde_json::from_str::<Vec<LeadConfiguration>>(last).unwrap()),
    ]);
    print("Decode 1,000 lead configurations", &figures, "the member itself, tag first");

    let variant = r#"{"resourceType":"AzureSkuVariant","state":"Active","conversionPaths":"*","externalID":"standard","cloudAvailabilities":["public-azure"],"certificationsAzureGovernment":[],"subType":"solution-template","friendlyName":"Standard","extendedProperties":[],"id":"4f1d4c2e-0000-4000-8000-000000000001","@odata.etag":"\"1\""}"#;
    let variants = many(variant);
    let moved = variant.replacen(r#""resourceType":"AzureSkuVariant","#, "", 1);
    let moved = many(&moved.replacen('}', r#","resourceType":"AzureSkuVariant"}"#, 1));
    assert_eq!(
        serde_json::from_str::<Vec<Variant>>(&moved).unwrap()[0],
        serde_json::from_value(json!(serde_json::from_str::<Value>(variant).unwrap())).unwrap()
    );
    let (first, last) = (variants.as_str(), moved.as_str());
    let figures = measure(&[
        contender("the member itself, tag first", || serde_json::from_str::<Vec<AzureSkuVariant>>(first).unwrap()),
        contender("the union, tag first", || serde_json::from_str::<Vec<Variant>>(first).unwrap()),
        contender("the member itself, tag last", || serde_json::from_str::<Vec<AzureSkuVariant>>(last).unwrap()),
        contender("the union, tag last", || serde_json::from_str::<Vec<Variant>>(last).unwrap()),
    ]);
    print("Decode 1,000 variants", &figures, "the member itself, tag first");
}
