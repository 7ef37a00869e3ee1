//! Changes of a complete offer that violate one rule, and changes that follow it.

use partner_tests::offer::GUID;
use serde_json::{Value, json};

/// A resource of the complete offer.
#[derive(Clone, Copy, Debug)]
pub(super) enum At {
    Property,
    Listing,
    Preview,
    Video,
    Plan,
    PlanListing,
    Managed,
    Template,
    ManagedPackage,
    TemplatePackage,
}

/// The rule, the resource, a change that violates the rule, and one that follows it. `null` if the offer as it is is enough.
pub(super) fn samples() -> Vec<(&'static str, At, Value, Value)> {
    let text = |length: usize| "a".repeat(length);
    let many = |count: usize, item: Value| Value::Array(vec![item; count]);
    let contact = |kind: &str, lacks: &str| {
        let mut contacts: Vec<Value> = ["CustomerSupport", "Engineering"]
            .map(|kind| json!({"type": kind, "name": "A", "email": "a@b.example", "phone": "1", "uri": "https://b.example"}))
            .to_vec();
        let at = contacts.iter().position(|contact| contact["type"] == kind).unwrap();
        match lacks {
            "" => drop(contacts.remove(at)),
            field => contacts[at][field] = json!(" "),
        }
        json!({"listingContacts": contacts})
    };
    let link = |more: Value| {
        let mut link = json!({"type": "PrivacyUri", "uri": "https://b.example", "displayText": "P"});
        link.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"listingUris": [link]})
    };
    let role = |role: &str| json!({"principalID": GUID, "roleDefinitionID": role});
    let owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
    let policies = |count: usize| -> Value {
        (0..count).map(|i| json!({"policyDefinitionID": i.to_string(), "policyName": "p"})).collect()
    };
    let meter = |lacks: &str| {
        let mut meter = json!({"ID": "m", "displayName": "M", "unitOfMeasure": "one", "priceInUsd": 0});
        meter.as_object_mut().unwrap().remove(lacks);
        json!({"customMeters": [meter]})
    };
    let market = |i: usize| json!({"marketCode": format!("M{i}"), "state": "Enabled"});
    let markets = |count: usize| -> Value { (0..count).map(market).collect() };
    let price = |currency: &str| json!({"priceSchedules": [{"schedules": [{"retailPrice": {"currencyCode": currency, "openPrice": 0}}]}]});
    let subscriptions = |count: usize| many(count, json!({"ID": GUID}));
    let certificate = |lacks: &str| {
        let mut certificate = json!({"title": "t", "uri": "https://b.example"});
        certificate.as_object_mut().unwrap().remove(lacks);
        json!({"certificationsAzureGovernment": [certificate]})
    };
    let categories = |names: &[&str]| -> Value {
        let categories = names.iter().map(|name| ((*name).to_owned(), json!(["other"])));
        json!({"leveledCategories": categories.collect::<serde_json::Map<_, _>>()})
    };
    let none = || Value::Null;
    vec![
        ("category-required", At::Property, json!({"leveledCategories": {}}), none()),
        (
            "category-count",
            At::Property,
            categories(&["devops", "containers", "blockchain"]),
            categories(&["devops", "containers"]),
        ),
        (
            "subcategory-count",
            At::Property,
            json!({"leveledCategories": {"containers": ["container-apps", "container-images", "other"]}}),
            json!({"leveledCategories": {"containers": ["container-apps", "other"]}}),
        ),
        (
            "terms-required",
            At::Property,
            json!({"useEnterpriseContract": false}),
            json!({"useEnterpriseContract": false, "termsOfUse": "x"}),
        ),
        (
            "amendment-count",
            At::Property,
            json!({"customAmendments": many(11, json!({"name": "n"}))}),
            json!({"customAmendments": many(10, json!({"name": "n"}))}),
        ),
        ("listing-name-required", At::Listing, json!({"title": "  "}), none()),
        ("listing-name-length", At::Listing, json!({"title": text(201)}), json!({"title": text(200)})),
        ("listing-name-emoji", At::Listing, json!({"title": "App \u{1f680}"}), json!({"title": "\u{dc}ber-App"})),
        ("summary-required", At::Listing, json!({"summary": null}), none()),
        ("summary-length", At::Listing, json!({"summary": text(101)}), json!({"summary": text(100)})),
        ("summary-one-line", At::Listing, json!({"summary": "a\nb"}), none()),
        ("short-description-required", At::Listing, json!({"shortDescription": ""}), none()),
        (
            "short-description-length",
            At::Listing,
            json!({"shortDescription": text(257)}),
            json!({"shortDescription": text(256)}),
        ),
        (
            "short-description-plain",
            At::Listing,
            json!({"shortDescription": "<b>x</b>"}),
            json!({"shortDescription": "1 < 2"}),
        ),
        ("description-required", At::Listing, json!({"description": ""}), none()),
        ("description-length", At::Listing, json!({"description": text(5001)}), json!({"description": text(5000)})),
        ("keyword-count", At::Listing, json!({"keywords": ["a", "b", "c", "d"]}), json!({"keywords": ["a", "b", "c"]})),
        (
            "privacy-link-required",
            At::Listing,
            json!({"listingUris": [{"type": "Other", "uri": "https://b.example"}]}),
            none(),
        ),
        ("link-address-required", At::Listing, link(json!({"uri": ""})), none()),
        ("link-address-https", At::Listing, link(json!({"uri": "http://b.example"})), none()),
        (
            "link-title-length",
            At::Listing,
            link(json!({"displayText": text(256)})),
            link(json!({"displayText": text(255)})),
        ),
        ("support-contact-required", At::Listing, contact("CustomerSupport", ""), none()),
        ("support-contact-name", At::Listing, contact("CustomerSupport", "name"), none()),
        ("support-contact-email", At::Listing, contact("CustomerSupport", "email"), none()),
        ("support-contact-phone", At::Listing, contact("CustomerSupport", "phone"), none()),
        ("support-contact-url", At::Listing, contact("CustomerSupport", "uri"), none()),
        ("engineering-contact-required", At::Listing, contact("Engineering", ""), contact("Engineering", "uri")),
        ("engineering-contact-name", At::Listing, contact("Engineering", "name"), none()),
        ("engineering-contact-email", At::Listing, contact("Engineering", "email"), none()),
        ("engineering-contact-phone", At::Listing, contact("Engineering", "phone"), none()),
        (
            "video-address",
            At::Video,
            json!({"streamingUri": "https://b.example/1"}),
            json!({"streamingUri": "https://youtu.be/1"}),
        ),
        ("video-count", At::Video, json!({"count": 6}), json!({"count": 5})),
        (
            "preview-audience",
            At::Preview,
            json!({"subscriptionAudiences": [{"ID": "mine"}]}),
            json!({"subscriptionAudiences": []}),
        ),
        ("plan-id-length", At::Plan, json!({"externalID": text(51)}), json!({"externalID": text(50)})),
        ("plan-id-characters", At::Plan, json!({"externalID": "Plan 1"}), json!({"externalID": "plan_1-a"})),
        ("plan-id-unique", At::Plan, json!({"externalID": "template"}), none()),
        ("plan-name-length", At::Plan, json!({"friendlyName": text(51)}), json!({"friendlyName": text(50)})),
        ("plan-cloud-required", At::Plan, json!({"cloudAvailabilities": []}), none()),
        (
            "government-certification-count",
            At::Plan,
            json!({"certificationsAzureGovernment": many(101, certificate("")["certificationsAzureGovernment"][0].clone())}),
            none(),
        ),
        ("government-certification-title", At::Plan, certificate("title"), certificate("")),
        ("government-certification-link", At::Plan, certificate("uri"), none()),
        ("plan-title-required", At::PlanListing, json!({"title": ""}), none()),
        ("plan-title-length", At::PlanListing, json!({"title": text(101)}), json!({"title": text(100)})),
        ("plan-summary-required", At::PlanListing, json!({"summary": ""}), none()),
        ("plan-summary-length", At::PlanListing, json!({"summary": text(101)}), json!({"summary": text(100)})),
        ("plan-description-required", At::PlanListing, json!({"description": ""}), none()),
        (
            "plan-description-length",
            At::PlanListing,
            json!({"description": text(2001)}),
            json!({"description": text(2000)}),
        ),
        (
            "private-audience-count",
            At::Managed,
            json!({"visibility": "Private", "subscriptionAudiences": subscriptions(10001)}),
            json!({"visibility": "Private", "subscriptionAudiences": subscriptions(10000)}),
        ),
        ("private-audience-count", At::Managed, json!({"visibility": "Private"}), none()),
        ("private-audience-id", At::Managed, json!({"subscriptionAudiences": [{"ID": "1"}]}), none()),
        ("market-count", At::Managed, json!({"marketStates": markets(142)}), json!({"marketStates": markets(141)})),
        ("market-count", At::Managed, json!({"marketStates": [{"marketCode": "US", "state": "Disabled"}]}), none()),
        ("price-required", At::Managed, price("EUR"), price("USD")),
        ("price-required", At::Managed, json!({"priceSchedules": []}), none()),
        ("template-price", At::Template, price("USD"), json!({"priceSchedules": []})),
        (
            "custom-meter-count",
            At::Managed,
            json!({"customMeters": many(19, meter("")["customMeters"][0].clone())}),
            json!({"customMeters": many(18, meter("")["customMeters"][0].clone())}),
        ),
        ("custom-meter-id", At::Managed, meter("ID"), none()),
        ("custom-meter-name", At::Managed, meter("displayName"), none()),
        ("custom-meter-unit", At::Managed, meter("unitOfMeasure"), none()),
        ("custom-meter-price", At::Managed, meter("priceInUsd"), none()),
        ("managed-version-required", At::ManagedPackage, json!({"version": null}), none()),
        ("managed-version-format", At::ManagedPackage, json!({"version": "1.0"}), json!({"version": "10.2.33"})),
        ("managed-package-required", At::ManagedPackage, json!({"packageReferences": []}), none()),
        ("tenant-required", At::ManagedPackage, json!({"publicAzureTenantID": ""}), none()),
        ("authorization-count", At::ManagedPackage, json!({"publicAzureAuthorizations": []}), none()),
        (
            "authorization-count",
            At::ManagedPackage,
            json!({"publicAzureAuthorizations": many(101, role(owner))}),
            json!({"publicAzureAuthorizations": many(100, role(owner))}),
        ),
        (
            "authorization-principal",
            At::ManagedPackage,
            json!({"publicAzureAuthorizations": [{"roleDefinitionID": owner}]}),
            none(),
        ),
        ("authorization-role", At::ManagedPackage, json!({"publicAzureAuthorizations": [role("reader")]}), none()),
        (
            "government-authorization-count",
            At::ManagedPackage,
            json!({"azureGovernmentAuthorizations": many(101, role(owner))}),
            none(),
        ),
        (
            "government-authorization-principal",
            At::ManagedPackage,
            json!({"azureGovernmentAuthorizations": [{"roleDefinitionID": owner}]}),
            json!({"azureGovernmentAuthorizations": [role(owner)]}),
        ),
        (
            "government-authorization-role",
            At::ManagedPackage,
            json!({"azureGovernmentAuthorizations": [role("reader")]}),
            none(),
        ),
        ("policy-count", At::ManagedPackage, json!({"policies": policies(6)}), json!({"policies": policies(5)})),
        ("policy-unique", At::ManagedPackage, json!({"policies": many(2, policies(1)[0].clone())}), none()),
        (
            "policy-name-length",
            At::ManagedPackage,
            json!({"policies": [{"policyName": text(51)}]}),
            json!({"policies": [{"policyName": text(50)}]}),
        ),
        ("template-version-required", At::TemplatePackage, json!({"version": ""}), none()),
        ("template-version-format", At::TemplatePackage, json!({"version": "one"}), none()),
        ("template-package-required", At::TemplatePackage, json!({"packageReferences": null}), none()),
    ]
}
