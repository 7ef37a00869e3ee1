//! The JSON Schema of a manifest agrees with what the SDK reads.

use jsonschema::Validator;
use partner_ingestion_sdk::OfferManifest;
use serde_json::{Value, json};

fn schema() -> Value {
    serde_json::from_str(include_str!("../../../../../partner-ingestion-sdk/offer-manifest.schema.json")).unwrap()
}

pub(super) fn validator() -> Validator {
    let schema = schema();
    jsonschema::meta::validate(&schema).expect("a valid schema");
    jsonschema::validator_for(&schema).expect("a schema that can be used")
}

fn offer(rest: Value) -> Value {
    let mut offer = json!({"offerId": "contoso-app", "type": "AzureApplication", "name": "Contoso"});
    offer.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    offer
}

fn is_read(offer: &Value) -> bool {
    OfferManifest::from_json("offer.json", &offer.to_string()).is_ok()
}

#[test]
fn the_schema_and_the_sdk_accept_the_same_manifests() {
    let validator = validator();
    for rest in [
        json!({}),
        json!({"$schema": "offer-manifest.schema.json", "type": "NewType"}),
        json!({"setup": {"newField": [1]}, "property": {"hideKeys": [{"env": "KEY"}], "useEnterpriseContract": true}}),
        json!({"leads": {"resourceType": "AzureTableLeadConfiguration", "connectionString": {"file": "secret.txt"}}}),
        json!({"listings": {"en-us": {"title": "A", "keywords": [], "images": [{"file": "a/b.png", "type": "AzureLogoLarge", "order": 0}],
            "videos": [{"streamingUri": "https://vimeo.com/1", "thumbnail": {"file": "v.png"}}], "documents": []}}}),
        json!({"cosell": {"documents": [{"file": "deck.pdf"}]}, "supplementalContent": {"documents": [{"file": "s.pdf"}]}}),
        json!({"plans": {"a": {"subType": "managed-application", "friendlyName": "A", "listings": {"en-us": {"title": "A"}},
            "availability": {"visibility": "Public", "customMeters": [{"ID": "seats", "priceInUsd": 0.1}]},
            "configuration": {"version": "1.0.0"}, "package": {"file": "app..zip"}}}}),
    ] {
        let offer = offer(rest);
        let errors: Vec<String> =
            validator.iter_errors(&offer).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty() && is_read(&offer), "{offer}\n{errors:#?}");
    }
}

#[test]
fn the_schema_and_the_sdk_refuse_the_same_manifests() {
    let validator = validator();
    for rest in [
        json!({"plan": {}}),
        json!({"offerId": " "}),
        json!({"name": 1}),
        json!({"plans": []}),
        json!({"plans": {"": {}}}),
        json!({"plans": {"a": {"id": "7"}}}),
        json!({"plans": {"a": {"externalID": "a"}}}),
        json!({"plans": {"a": {"friendlyName": 1}}}),
        json!({"plans": {"a": {"package": {}}}}),
        json!({"plans": {"a": {"configuration": {"packageReferences": []}}}}),
        json!({"plans": {"a": {"package": {"file": "/etc/passwd"}}}}),
        json!({"plans": {"a": {"package": {"file": "../app.zip"}}}}),
        json!({"plans": {"a": {"package": {"file": "a/../app.zip"}}}}),
        json!({"plans": {"a": {"package": {"file": "C:app.zip"}}}}),
        json!({"plans": {"a": {"package": {"file": "a//b.zip"}}}}),
        json!({"listings": {"en": {"languageCode": "en"}}}),
        json!({"listings": {"en": {"images": {}}}}),
        json!({"listings": {"en": {"keywords": "a"}}}),
        json!({"listings": {"en": {"images": [{"file": "a.png", "fileSasUri": {"env": "A"}}]}}}),
        json!({"setup": {"@odata.etag": "1"}}),
        json!({"property": {"hideKeys": ["key"]}}),
        json!({"leads": {"resourceType": "AzureTableLeadConfiguration", "connectionString": "AccountKey=1"}}),
        json!({"leads": {"resourceType": "AzureTableLeadConfiguration", "connectionString": {"env": "A", "file": "b"}}}),
        json!({"leads": {"resourceType": "AzureTableLeadConfiguration", "connectionString": {"env": ""}}}),
    ] {
        let offer = offer(rest);
        assert!(!validator.is_valid(&offer), "the schema accepts {offer}");
        assert!(!is_read(&offer), "the SDK accepts {offer}");
    }
    assert!(!validator.is_valid(&json!({"offerId": "a", "type": "AzureApplication"})));
}

/// The SDK reads a null as absent. The schema is stricter.
#[test]
fn only_the_schema_sees_these_faults() {
    let validator = validator();
    for rest in
        [json!({"listings": {"en": {"title": null}}}), json!({"plans": {"a": {"availability": {"visibility": null}}}})]
    {
        let offer = offer(rest);
        assert!(!validator.is_valid(&offer) && is_read(&offer), "{offer}");
    }
}

/// The keys of the manifest itself are those that the SDK's message lists.
#[test]
fn the_schema_has_the_keys_that_the_sdk_reads() {
    let error =
        OfferManifest::from_json("offer.json", &offer(json!({"price": 1})).to_string()).unwrap_err().to_string();
    let listed = error.split("expected one of ").nth(1).unwrap();
    let mut listed: Vec<&str> = listed.trim_end().split(", ").collect();
    listed.sort_unstable();
    let schema = schema();
    let mut known: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    known.sort_unstable();
    assert_eq!(listed, known);
}
