//! Names in a manifest that are probably misspelled: properties, markets and currencies.

use super::{item, resource, written};
use crate::generated::manifest::OBJECTS;
use crate::types::{ValidationItem, ValidationSeverity};
use crate::workflows::manifest::fault::{Pointer, closest};
use crate::workflows::manifest::json::Json;
use crate::workflows::manifest::offer::OfferManifest;

/// Where a manifest has parts: the keys to them, the type, and keys beside its properties. `*` is every key or item.
const PARTS: &[(&[&str], &str, &[&str])] = &[
    (&["setup"], "AzureProductSetup", &[]),
    (&["property"], "AzureProperty", &[]),
    (&["listings", "*"], "AzureListing", &["images", "videos", "documents"]),
    (&["listings", "*", "images", "*"], "ListingImage", &["file"]),
    (&["listings", "*", "videos", "*"], "ListingVideo", &["file", "thumbnail"]),
    (&["listings", "*", "videos", "*", "thumbnail"], "ListingVideoThumbnail", &["file"]),
    (&["listings", "*", "documents", "*"], "ListingAsset", &["file"]),
    (&["previewAudience"], "ProductAvailability", &[]),
    (&["reseller"], "ResellerConfiguration", &[]),
    (&["leads"], "LeadConfiguration", &[]),
    (&["cosell"], "CosellListing", &["documents"]),
    (&["cosell", "documents", "*"], "CosellAsset", &["file"]),
    (&["supplementalContent"], "SupplementalContent", &["documents"]),
    (&["supplementalContent", "documents", "*"], "SupplementalContentAsset", &["file"]),
    (&["configuration"], "PackageConfiguration", &[]),
    (&["package"], "AzurePackage", &["file"]),
    (&["plans", "*"], "Variant", &["listings", "availability", "configuration", "package"]),
    (&["plans", "*", "listings", "*"], "AzureListing", &[]),
    (&["plans", "*", "availability"], "FeatureAvailability", &[]),
    (&["plans", "*", "configuration"], "PackageConfiguration", &[]),
    (&["plans", "*", "package"], "AzurePackage", &["file"]),
];

pub(super) fn check(manifest: &OfferManifest, items: &mut Vec<ValidationItem>) {
    let json = written(manifest);
    for (path, type_name, keys) in PARTS {
        each(&json, path, &Pointer::default(), &mut |part, at| object(part, type_name, keys, at, items));
    }
}

/// Calls a function for every value at a path.
fn each(json: &Json, path: &[&str], at: &Pointer, visit: &mut impl FnMut(&Json, &Pointer)) {
    let Some((first, rest)) = path.split_first() else { return visit(json, at) };
    match json {
        Json::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| *first == "*" || key == first) {
                each(value, rest, &at.join(key), visit);
            }
        }
        Json::List(items) if *first == "*" => {
            for (number, value) in items.iter().enumerate() {
                each(value, rest, &at.join(number), visit);
            }
        }
        _ => {}
    }
}

fn object(json: &Json, type_name: &str, keys: &[&str], at: &Pointer, items: &mut Vec<ValidationItem>) {
    let Some((_, properties)) = OBJECTS.iter().find(|(name, _)| *name == type_name) else { return };
    match json {
        Json::List(values) => {
            for (number, value) in values.iter().enumerate() {
                object(value, type_name, keys, &at.join(number), items);
            }
        }
        Json::Object(fields) => {
            for (name, value) in fields.iter().filter(|(name, _)| !keys.contains(&name.as_str())) {
                let at = at.join(name);
                code(name, value, &at, items);
                match properties.iter().find(|(known, _)| known == name) {
                    Some((_, Some(inside))) => object(value, inside, &[], &at, items),
                    Some((_, None)) => {}
                    None => {
                        let known: Vec<&str> =
                            properties.iter().map(|(known, _)| *known).chain(keys.iter().copied()).collect();
                        if let Some(known) = closest(name, &known) {
                            let message = format!("`{name}` is unknown, did you mean `{known}`?");
                            items.push(item(
                                "unknown-property",
                                ValidationSeverity::Warning,
                                &resource(&at),
                                &at,
                                &message,
                            ));
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

/// Checks market codes (ISO 3166, two letters) and currency codes (ISO 4217, three letters).
fn code(name: &str, value: &Json, at: &Pointer, items: &mut Vec<ValidationItem>) {
    let (id, letters, example) = match name {
        "marketCode" | "marketCodes" => ("market-code", 2, "US"),
        "currencyCode" => ("currency-code", 3, "USD"),
        _ => return,
    };
    let mut check = |value: &Json, at: &Pointer| {
        if let Some(text) = value.as_text()
            && !(text.len() == letters && text.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            let message = format!("is {text:?}, expected {letters} uppercase letters such as {example}");
            items.push(item(id, ValidationSeverity::Error, &resource(at), at, &message));
        }
    };
    match value {
        Json::List(values) => values.iter().enumerate().for_each(|(number, value)| check(value, &at.join(number))),
        value => check(value, at),
    }
}
