//! Decoding an invalid body returns an error with its path and reason.

use partner_tests::generated::bridge::TYPES;

#[test]
fn wrong_types_of_known_fields_are_errors() {
    let table = [
        ("AzureListing", r#"{"title": 7}"#, "title: invalid type: integer `7`, expected a string"),
        ("AzureListing", r#"{"keywords": "a"}"#, "keywords: invalid type: string \"a\", expected a sequence"),
        ("AzureListing", r#"{"keywords": ["a", 1]}"#, "keywords[1]: invalid type"),
        ("AzureListing", r#"{"listingUris": [{"uri": {}}]}"#, "listingUris[0].uri: invalid type: map"),
        (
            "AzureListing",
            r#"{"allowOnlyManagedDiskDeployments": "true"}"#,
            "allowOnlyManagedDiskDeployments: invalid type",
        ),
        ("AzureListing", r#"{"resourceType": 1}"#, "resourceType: invalid type"),
        ("AzureListing", "[]", "invalid"),
        ("AzureListing", "\"\"", "invalid type: string"),
        ("AzureProduct", r#"{"resourceType": []}"#, "resourceType: invalid type: sequence, expected a string"),
        ("ListingImage", r#"{"order": 1.5}"#, "order: invalid type: floating point"),
        ("ListingImage", r#"{"order": 99999999999999999999}"#, "order: invalid type"),
        ("ListingImage", r#"{"fileSasUri": 1}"#, "fileSasUri: invalid type"),
        ("Price", r#"{"openPrice": "9.99"}"#, "openPrice: invalid type: a string, expected a number"),
        ("Price", r#"{"openPrice": 1e}"#, "openPrice"),
        ("Submission", r#"{"publishedTimeInUtc": 0}"#, "publishedTimeInUtc: invalid type"),
        ("ProductPage", r#"{"value": {}}"#, "value: invalid type: map, expected a sequence"),
        ("ProductPage", r#"{"value": [null]}"#, "value[0]"),
        (
            "LeadConfiguration",
            r#"{"resourceType": "MarketoLeadConfiguration", "formID": 1}"#,
            "MarketoLeadConfiguration: formID: invalid type",
        ),
        (
            "LeadConfiguration",
            r#"{"formID": 1, "resourceType": "MarketoLeadConfiguration"}"#,
            "MarketoLeadConfiguration: formID: invalid type",
        ),
        ("LeadConfiguration", r#"{"resourceType": {}}"#, "resourceType: invalid type"),
        (
            "LeadConfiguration",
            r#"{"resourceType": "A", "resourceType": "MarketoLeadConfiguration"}"#,
            "duplicate field `resourceType`",
        ),
        (
            "LeadConfiguration",
            r#"{"resourceType": null, "resourceType": "MarketoLeadConfiguration"}"#,
            "duplicate field `resourceType`",
        ),
        ("LeadConfiguration", "[]", "expected an object with `resourceType`"),
        (
            "VariantPage",
            r#"{"value": [{"resourceType": "AzureSkuVariant", "state": 1}]}"#,
            "AzureSkuVariant: state: invalid type",
        ),
        ("PreviewMarketplaceGroup", "7", "expected one of: List Object"),
        ("PreviewMarketplaceGroup", "[7]", "expected a string"),
        ("UploadState", "7", "expected a string"),
        ("UploadState", "null", "expected a string"),
        ("AzureListing", r#"{"title": "a""#, "EOF"),
        ("AzureListing", "", "EOF"),
    ];
    for (name, body, expected) in table {
        let (_, _, round_trip) = TYPES.iter().find(|(known, _, _)| *known == name).unwrap();
        let error = round_trip(body).expect_err(body);
        assert!(error.contains(expected), "{name} {body}\n  expected {expected}\n  found    {error}");
    }
}

#[test]
fn deep_nesting_is_an_error() {
    let deep = format!("{{\"x\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for (name, _, round_trip) in
        TYPES.iter().filter(|(name, _, _)| name.ends_with("Page") || name.ends_with("Configuration"))
    {
        let error = round_trip(&deep).expect_err(name);
        assert!(error.contains("recursion limit"), "{name}: {error}");
    }
}
