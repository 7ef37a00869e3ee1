//! Every type from samples of its schema: what is decoded and encoded again is the same.

use partner_ingestion_sdk::types::*;
use partner_tests::document::{CORRECTED, resolve};
use partner_tests::generated::bridge::TYPES;
use partner_tests::sample::Sampler;
use serde_json::{Value, json};

#[test]
fn every_type_keeps_every_sample() {
    for (name, pointer, round_trip) in TYPES {
        let schema = CORRECTED
            .pointer(pointer)
            .unwrap_or_else(|| panic!("{name}: {pointer}"));
        for seed in 0..40 {
            let mut sampler = Sampler::new(&CORRECTED, seed);
            let body = sampler.instance(schema);
            let again =
                round_trip(&body.to_string()).unwrap_or_else(|error| panic!("{name} (seed {seed}): {error}\n{body}"));
            assert_eq!(again, body, "{name} (seed {seed})");
        }
    }
}

#[test]
fn unknown_fields_and_values_are_kept() {
    for (name, pointer, round_trip) in TYPES {
        let schema = CORRECTED.pointer(pointer).unwrap();
        let mut body = Sampler::new(&CORRECTED, 3).instance(schema);
        if body.is_string() {
            body = "a value of tomorrow".into();
        } else if let Some(object) = body.as_object_mut() {
            object.insert("aFieldOfTomorrow".to_owned(), json!({"a": [1, 1.5, null, {"b": "c"}]}));
            object.insert("resourceType".to_owned(), "ATypeOfTomorrow".into());
        }
        assert_eq!(round_trip(&body.to_string()).unwrap(), body, "{name}");
        if let Some(object) = body.as_object_mut() {
            object.remove("resourceType");
            assert_eq!(round_trip(&body.to_string()).unwrap(), body, "{name} without a tag");
        }
    }
}

#[test]
fn absent_empty_and_null() {
    let listing: AzureListing = serde_json::from_value(json!({"keywords": [], "listingUris": null})).unwrap();
    assert_eq!(
        (listing.keywords.as_deref(), listing.listing_uris.as_deref()),
        (Some(&[][..]), None)
    );
    assert_eq!(serde_json::to_value(&listing).unwrap(), json!({"keywords": []}));
}

#[test]
fn defaults_carry_their_tag_and_decoding_makes_none_up() {
    for (name, pointer, round_trip) in TYPES {
        let schema = CORRECTED.pointer(pointer).unwrap();
        let mut properties = Vec::new();
        Sampler::new(&CORRECTED, 1).properties(schema, &mut properties);
        if !properties.is_empty() {
            assert_eq!(round_trip("{}").unwrap(), json!({}), "{name}");
        }
    }
    let tagged = [
        (serde_json::to_value(AzureListing::default()).unwrap(), "AzureListing"),
        (
            serde_json::to_value(SubmissionCreationRequest::default()).unwrap(),
            "SubmissionCreationRequest",
        ),
        (
            serde_json::to_value(MarketoLeadConfiguration::default()).unwrap(),
            "MarketoLeadConfiguration",
        ),
        (
            serde_json::to_value(AzureSkuVariant::default()).unwrap(),
            "AzureSkuVariant",
        ),
    ];
    for (body, tag) in tagged {
        assert_eq!(body, json!({"resourceType": tag}));
    }
    assert_eq!(
        serde_json::to_value(AzureProduct::default()).unwrap(),
        json!({}),
        "no one type is the default"
    );
}

#[test]
fn marketo_stays_marketo() {
    for union in ["LeadConfiguration", "PackageConfiguration", "Variant"] {
        let (_, pointer, round_trip) = TYPES.iter().find(|(name, _, _)| *name == union).unwrap();
        let members = CORRECTED.pointer(pointer).unwrap()["oneOf"].as_array().unwrap();
        let samples: Vec<Value> = members
            .iter()
            .map(|m| Sampler::new(&CORRECTED, 5).instance(resolve(&CORRECTED, m)))
            .collect();
        for own in &samples {
            let tag = own["resourceType"].clone();
            // Every field of every other member beside its own.
            let mut body = json!({});
            for other in samples.iter().chain([own]) {
                for (key, value) in other.as_object().unwrap() {
                    body[key] = value.clone();
                }
            }
            body["resourceType"] = tag.clone();
            assert_eq!(round_trip(&body.to_string()).unwrap(), body, "{union}: {tag}");
        }
    }
}
