//! Every property of the document that can be a signed address or a key is secret, or named here with the reason why not.

use partner_tests::document::CORRECTED;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Properties that are not secret: the schema, the property and the reason.
const PUBLIC: [(&str, &str, &str); 19] = [
    ("PagedCollection", "nextLink", "needs the token of the client"),
    ("PendingUpdateInfo", "href", "relative, needs the token of the client"),
    (
        "DynamicsCustomerRelationshipManagementLeadConfiguration",
        "uri",
        "the host of an environment, which needs a sign-in",
    ),
    ("AzureListing", "listingUris", "links of the public listing"),
    ("ListingUri", "uri", "a link of the public listing"),
    ("ListingContact", "uri", "a public website"),
    ("ListingVideo", "streamingUri", "the address of a video on YouTube or Vimeo in the public listing"),
    ("Dynamics365BusinessCentralPackageConfiguration", "applicationInstallationUri", "a public page"),
    ("Dynamics365BusinessCentralTestDrivePackageConfiguration", "instanceUri", "an environment, which needs a sign-in"),
    ("Dynamics365CustomerEngagementPackageConfiguration", "applicationConfigurationUri", "a page for customers"),
    ("PackageRegionAvailability", "applicationConfigurationUri", "a page for customers"),
    (
        "Dynamics365CustomerEngagementTestDrivePackageConfiguration",
        "instanceUri",
        "an environment, which needs a sign-in",
    ),
    (
        "Dynamics365CustomerEngagementTestDrivePackageConfiguration",
        "instanceWebApiUri",
        "an API, which needs a sign-in",
    ),
    ("Dynamics365OperationsTestDrivePackageConfiguration", "instanceUri", "an environment, which needs a sign-in"),
    ("AzureProduct", "offerMarketingUrlIDentifier", "a part of a public address"),
    ("AzureProductSetup", "trialUri", "a public page"),
    ("ProductStoreLink", "storeProtocolLink", "a public link"),
    ("ProductStoreLink", "storeUri", "a public page"),
    ("AzureGovernmentCertification", "uri", "a public page"),
];

/// Parts of names of addresses and of credentials. Words are split at capitals.
const WORDS: [&str; 18] = [
    "uri",
    "uris",
    "url",
    "urls",
    "link",
    "links",
    "href",
    "address",
    "location",
    "sas",
    "endpoint",
    "key",
    "keys",
    "password",
    "secret",
    "token",
    "credential",
    "connection",
];

fn words(name: &str) -> Vec<String> {
    let mut found: Vec<String> = vec![String::new()];
    for letter in name.chars() {
        if letter.is_uppercase() && found.last().is_some_and(|word| !word.is_empty()) {
            found.push(String::new());
        }
        found.last_mut().unwrap().extend(letter.to_lowercase());
    }
    found
}

/// Returns the secret properties of a document, and the others that can be an address or a credential, as schema and property.
fn properties(document: &Value) -> [BTreeSet<(String, String)>; 2] {
    let mut found = [BTreeSet::new(), BTreeSet::new()];
    for (schema, definition) in document["components"]["schemas"].as_object().unwrap() {
        collect(schema.rsplit('.').next().unwrap(), definition, &mut found);
    }
    found
}

fn collect(schema: &str, value: &Value, found: &mut [BTreeSet<(String, String)>; 2]) {
    let Some(object) = value.as_object() else {
        return value.as_array().into_iter().flatten().for_each(|value| collect(schema, value, found));
    };
    for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let place = (schema.to_owned(), name.clone());
        let text = property.get("type").is_none_or(|ty| ty == "string" || ty == "array");
        if property["format"] == "password" || property["items"]["format"] == "password" {
            found[0].insert(place);
        } else if text && (property["format"] == "uri" || words(name).iter().any(|word| WORDS.contains(&word.as_str())))
        {
            found[1].insert(place);
        }
    }
    object.values().for_each(|value| collect(schema, value, found));
}

#[test]
fn addresses_and_keys_are_secret_or_listed_with_a_reason() {
    let [secret, others] = properties(&CORRECTED);
    let listed: BTreeSet<_> = PUBLIC.iter().map(|(schema, name, _)| (schema.to_string(), name.to_string())).collect();
    assert_eq!(
        others, listed,
        "mark it `format: password` in openapi/overlays/40-secrets.overlay.yaml, or add a reason"
    );
    for place in [
        ("Dynamics365CustomerEngagementPackageConfiguration", "packageLocationUri"),
        ("CertificationReport", "fileUri"),
        ("ListingVideoThumbnail", "fileSasUri"),
        ("AzurePackage", "fileSasUri"),
        ("AzureProperty", "hideKeys"),
    ] {
        assert!(secret.contains(&(place.0.to_owned(), place.1.to_owned())), "{place:?}");
    }
}

#[test]
fn a_new_address_is_found() {
    let mut document = CORRECTED.clone();
    let schema = json!({"allOf": [{"type": "object", "properties": {
        "downloadUrl": {"type": "string"}, "accessToken": {"type": "string"}, "homepage": {"type": "string", "format": "uri"},
        "keywords": {"type": "string"}, "isLinked": {"type": "boolean"}, "hasUri": {"type": "boolean"},
        "sasUri": {"type": "string", "format": "password"},
    }}]});
    document["components"]["schemas"]["A.Planted"] = schema;
    let [secret, others] = properties(&document).map(|found| {
        let planted = found.into_iter().filter(|(schema, _)| schema == "Planted");
        planted.map(|(_, name)| name).collect::<Vec<_>>()
    });
    assert_eq!(
        (secret, others),
        (vec!["sasUri".to_owned()], ["accessToken", "downloadUrl", "homepage"].map(str::to_owned).into())
    );
}
