//! Decoding and encoding samples of every schema changes nothing.

use partner_ingestion_sdk::Resource;
use partner_ingestion_sdk::types::*;
use partner_tests::document::{CORRECTED, resolve};
use partner_tests::generated::bridge::TYPES;
use partner_tests::sample::Sampler;
use serde_json::{Value, json};

#[test]
fn samples_of_every_type_round_trip() {
    for (name, pointer, round_trip) in TYPES {
        let schema = CORRECTED.pointer(pointer).unwrap_or_else(|| panic!("{name}: {pointer}"));
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
            body = "an unknown value".into();
        } else if let Some(object) = body.as_object_mut() {
            object.insert("unknownField".to_owned(), json!({"a": [1, 1.5, null, {"b": "c"}]}));
            object.insert("resourceType".to_owned(), "UnknownType".into());
        }
        assert_eq!(round_trip(&body.to_string()).unwrap(), body, "{name}");
        if let Some(object) = body.as_object_mut() {
            object.remove("resourceType");
            assert_eq!(round_trip(&body.to_string()).unwrap(), body, "{name} without a tag");
        }
    }
}

#[test]
fn absent_and_empty_lists_differ_and_null_is_absent() {
    let listing: AzureListing = serde_json::from_value(json!({"keywords": [], "listingUris": null})).unwrap();
    assert_eq!((listing.keywords.as_deref(), listing.listing_uris.as_deref()), (Some(&[][..]), None));
    assert_eq!(serde_json::to_value(&listing).unwrap(), json!({"keywords": []}));
}

#[test]
fn default_sets_the_tag_and_decoding_adds_none() {
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
        (serde_json::to_value(SubmissionCreationRequest::default()).unwrap(), "SubmissionCreationRequest"),
        (serde_json::to_value(MarketoLeadConfiguration::default()).unwrap(), "MarketoLeadConfiguration"),
        (serde_json::to_value(AzureSkuVariant::default()).unwrap(), "AzureSkuVariant"),
    ];
    for (body, tag) in tagged {
        assert_eq!(body, json!({"resourceType": tag}));
    }
    assert_eq!(
        serde_json::to_value(AzureProduct::default()).unwrap(),
        json!({}),
        "a product has several types, so there is no default"
    );
}

#[test]
fn only_the_tag_selects_the_union_member() {
    for union in ["LeadConfiguration", "PackageConfiguration", "Variant"] {
        let (_, pointer, round_trip) = TYPES.iter().find(|(name, _, _)| *name == union).unwrap();
        let members = CORRECTED.pointer(pointer).unwrap()["oneOf"].as_array().unwrap();
        let samples: Vec<Value> =
            members.iter().map(|m| Sampler::new(&CORRECTED, 5).instance(resolve(&CORRECTED, m))).collect();
        for own in &samples {
            let tag = own["resourceType"].clone();
            // All fields of all other members in addition to its own.
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

#[test]
fn numbers_and_dates_keep_their_text() {
    let precise = "0.1234567890123456789012345678";
    let text = format!(
        r#"{{"priceSchedules":[{{"schedules":[{{"dateTimeRange":{{"startAt":{{"dateTimeInUtc":"2022-08-04T10:37:37.4038218"}}}},"retailPrice":{{"openPrice":{precise}}}}}]}}]}}"#
    );
    let availability: FeatureAvailability = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_string(&availability).unwrap(), text);
    // Through a union, before and after the tag.
    for text in [r#"{"fileSize":9007199254740993,"isCertified":true}"#, r#"{"fileSize":-1,"isCertified":false}"#] {
        let package: AzurePackage = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&package).unwrap(), text);
    }
}

/// The two documented limits of losslessness.
#[test]
fn numbers_in_unknown_fields_keep_their_value_and_null_is_absent() {
    let text = r#"{"new": [18446744073709551615, -9223372036854775808, 1.7976931348623157e308, 0.1], "title": null}"#;
    let listing: AzureListing = serde_json::from_str(text).unwrap();
    let expected = json!({"new": [u64::MAX, i64::MIN, f64::MAX, 0.1]});
    assert_eq!(serde_json::to_value(&listing).unwrap(), expected);
    let more: AzureListing = serde_json::from_str(r#"{"new": 0.1234567890123456789012345678}"#).unwrap();
    assert_eq!(more.extra["new"], 0.123_456_789_012_345_68);
}

#[test]
fn earlier_field_names_are_read_kept_and_replaced() {
    let old = json!({"ID": "p-1", "externalIds": [{"type": "AzureOfferId", "value": "app"}]});
    let product: AzureProduct = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(serde_json::to_value(&product).unwrap(), old, "decoding keeps the earlier names");
    assert_eq!(Resource::id(&product), Some("p-1"));
    assert_eq!(product.external_ids().unwrap()[0].value.as_deref(), Some("app"));
    let new = product.set_id("p-2").set_external_ids([TypeValuePair::new("AzureOfferId", "other")]);
    assert_eq!(
        serde_json::to_value(&new).unwrap(),
        json!({"id": "p-2", "externalIDs": [{"type": "AzureOfferId", "value": "other"}]})
    );
    assert_eq!((Resource::id(&new), new.external_ids().unwrap().len()), (Some("p-2"), 1));
    // The current name takes precedence, and a value of another type under the earlier name is ignored.
    let both: AzureProduct = serde_json::from_value(json!({"id": "new", "ID": "old", "externalIds": 7})).unwrap();
    assert_eq!((Resource::id(&both), both.external_ids()), (Some("new"), None));
    // In some types the current name is in capitals.
    let member: AudienceMember = serde_json::from_value(json!({"id": "s-1"})).unwrap();
    assert_eq!(member.id().unwrap().as_str(), "s-1");
    assert_eq!(serde_json::to_value(member.set_id("s-2")).unwrap(), json!({"ID": "s-2"}));
}

#[test]
fn unions_return_id_etag_and_type_of_their_member() {
    for tag in ["AzureSkuVariant", "AzureTestDriveVariant", "UnknownType"] {
        let body = json!({"id": "v", "@odata.etag": "\"e\"", "resourceType": tag});
        let variant: Variant = serde_json::from_value(body).unwrap();
        assert_eq!((variant.id(), variant.etag(), variant.resource_type()), (Some("v"), Some("\"e\""), Some(tag)));
    }
    let old: Variant = serde_json::from_value(json!({"ID": "v", "resourceType": "AzureSkuVariant"})).unwrap();
    assert_eq!(old.id(), Some("v"));
}

#[test]
fn fields_can_be_cleared_and_lists_emptied() {
    let mut listing = AzureListing::default().set_title("a").set_keywords(["k"]);
    listing.title = None;
    let listing = listing.set_keywords::<[&str; 0]>([]);
    assert_eq!(serde_json::to_value(&listing).unwrap(), json!({"keywords": [], "resourceType": "AzureListing"}));
}

#[test]
fn unions_decode_equally_from_every_source() {
    // The tag follows a decimal, an escaped key and a nested value.
    let text = r#"{"n\u00e9w": 1.50, "formID": "f\n", "list": [{"a": 1}], "resourceType": "MarketoLeadConfiguration", "x": 2}"#;
    let value: Value = serde_json::from_str(text).unwrap();
    let sources: [LeadConfiguration; 5] = [
        serde_json::from_str(text).unwrap(),
        serde_json::from_slice(text.as_bytes()).unwrap(),
        serde_json::from_reader(text.as_bytes()).unwrap(),
        serde_json::from_value(value.clone()).unwrap(),
        serde::Deserialize::deserialize(&value).unwrap(),
    ];
    for source in sources {
        assert_eq!(source.as_marketo().unwrap().form_id.as_deref(), Some("f\n"));
        assert_eq!(serde_json::to_value(&source).unwrap(), value);
    }
}

/// Counts lines without comments and blank lines. More would be slow to review and to compile.
#[test]
fn generated_code_stays_below_its_line_limit() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../partner-ingestion-sdk/src/generated");
    let lines = |name: &str| {
        let text = std::fs::read_to_string(format!("{folder}/{name}.rs")).unwrap();
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
    };
    let core: usize = ["requests", "enums", "ids", "mod", "resources", "table", "types", "unions"]
        .iter()
        .map(|name| lines(name))
        .sum();
    assert!(core > 1_000 && core <= 10_000, "{core} lines for requests and types");
    let around = lines("operations") + lines("setters");
    assert!(around <= 10_000, "{around} lines for builders and setters");
}
