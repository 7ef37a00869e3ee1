//! Converts names of the document to Rust names.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// Returns a snake_case name: `externalIDs` is `external_ids`, `@odata.etag` is `etag`, `$filter` is `filter`.
pub fn snake(wire: &str) -> String {
    let name = wire.rsplit('.').next().unwrap_or(wire);
    let name = whole_acronyms(&letters(name)).to_snake_case();
    let name = if name.starts_with(begins_no_name) { format!("_{name}") } else { name };
    match name.as_str() {
        "" => "empty".to_owned(),
        // `extra` is reserved for the unknown fields of every type.
        "extra" => "extra_".to_owned(),
        "self" | "super" | "crate" => format!("{name}_"),
        _ if !is_name(&name) => format!("{name}_"),
        _ => name,
    }
}

pub fn is_name(text: &str) -> bool {
    syn::parse_str::<syn::Ident>(text).is_ok()
}

/// Replaces characters that are invalid in Rust names with spaces. `²` is one of them, although it is a Unicode digit.
fn letters(text: &str) -> String {
    let stays = |c: char| c.is_ascii() || is_name(&format!("a{c}"));
    text.chars().map(|c| if stays(c) { c } else { ' ' }).collect()
}

/// Returns true for a digit of any script.
fn begins_no_name(c: char) -> bool {
    c != '_' && !is_name(&format!("{c}a"))
}

/// Returns a CamelCase name: `solution-template` is `SolutionTemplate`, `1st` is `X1st`, the empty text is `Empty`.
pub fn camel(wire: &str) -> String {
    let name = whole_acronyms(&letters(wire)).to_upper_camel_case();
    match name.as_str() {
        "" => "Empty".to_owned(),
        "Self" => "Self_".to_owned(),
        _ if name.starts_with(begins_no_name) => format!("X{name}"),
        _ => name,
    }
}

/// Returns a type name that progenitor keeps. It would generate a separate type for any other name. Keeps capitals where possible.
pub fn type_name(wire: &str) -> String {
    let mut name = wire.to_owned();
    // `aB` becomes `AB`, which becomes `Ab`.
    for _ in 0..3 {
        if !is_type_name(&name) {
            name = camel(&name);
        }
    }
    name
}

/// Returns true if progenitor keeps this type name. typify converts names to UpperCamelCase (typify-impl 0.8, `sanitize`).
pub fn is_type_name(name: &str) -> bool {
    name == "Self_" || is_name(name) && name.to_upper_camel_case() == name
}

/// `IDs` is one word, not `I` and `Ds`.
fn whole_acronyms(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let chars: Vec<char> = name.chars().collect();
    let mut at = 0;
    while at < chars.len() {
        let start = at;
        while at < chars.len() && chars[at].is_ascii_uppercase() {
            at += 1;
        }
        let plural = at - start >= 2
            && chars.get(at) == Some(&'s')
            && !chars.get(at + 1).is_some_and(|c| c.is_ascii_lowercase());
        if plural {
            out.push(chars[start]);
            out.extend(chars[start + 1..at].iter().map(char::to_ascii_lowercase));
            out.push('s');
            at += 1;
        } else if at > start {
            out.extend(&chars[start..at]);
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// Whether rustdoc takes the text as a search term for an item.
pub fn is_search_term(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_. ".contains(c);
    !text.is_empty() && text.trim() == text && text.chars().all(allowed)
}

/// A heading: `supplementalContents` is `Supplemental contents`.
pub fn heading(wire: &str) -> String {
    let words = letters(wire).to_snake_case().replace('_', " ");
    let mut chars = words.chars();
    chars.next().map_or("Others".to_owned(), |first| first.to_uppercase().chain(chars).collect())
}

/// Returns true if two names differ only in case and punctuation.
pub fn same_letters(left: &str, right: &str) -> bool {
    let letters =
        |name: &str| -> String { name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    letters(left) == letters(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_property_names_to_snake_case() {
        let table = [
            ("externalIDs", "external_ids"),
            ("tenantIds", "tenant_ids"),
            ("@odata.etag", "etag"),
            ("@odata.nextLink", "next_link"),
            ("$skipToken", "skip_token"),
            ("ID", "id"),
            ("uniqueID", "unique_id"),
            ("azureActiveDirectoryTenantID", "azure_active_directory_tenant_id"),
            ("type", "type_"),
            ("extra", "extra_"),
            ("analytics-azure-apps", "analytics_azure_apps"),
            ("1st", "_1st"),
            ("a²b", "a_b"),
            ("²", "empty"),
            ("٣a", "_٣a"),
            ("größe", "größe"),
            ("requireS2SOutboundAndCrmSecureStoreAccess", "require_s2s_outbound_and_crm_secure_store_access"),
        ];
        for (wire, rust) in table {
            assert_eq!(snake(wire), rust, "{wire}");
        }
    }

    #[test]
    fn type_names_match_progenitor() {
        let table = [
            ("AzureListing", "AzureListing"),
            ("Dynamics365Package", "Dynamics365Package"),
            ("IOTHub", "IotHub"),
            ("NestedAA", "NestedAa"),
            ("aB", "Ab"),
            ("a_b", "Ab"),
            ("plan IDs", "PlanIds"),
            ("Self", "Self_"),
            ("1st", "X1st"),
            ("", "Empty"),
        ];
        for (wire, rust) in table {
            assert_eq!(type_name(wire), rust, "{wire}");
        }
    }

    #[test]
    fn converts_values_to_variant_names() {
        let table = [
            ("solution-template", "SolutionTemplate"),
            ("", "Empty"),
            ("1st", "X1st"),
            ("Self", "Self_"),
            ("²", "Empty"),
            ("٣a", "X٣a"),
            ("a\u{202e}b", "AB"),
            ("USGovSovereign", "UsGovSovereign"),
            ("sharedcore", "Sharedcore"),
            ("iot-and-iiot-platforms", "IotAndIiotPlatforms"),
        ];
        for (wire, rust) in table {
            assert_eq!(camel(wire), rust, "{wire}");
        }
    }
}
