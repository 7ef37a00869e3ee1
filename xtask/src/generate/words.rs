//! How the document's spellings become Rust names.

use heck::{ToSnakeCase, ToUpperCamelCase};

/// A snake_case name: `externalIDs` is `external_ids`, `@odata.etag` is `etag`, `$filter` is `filter`.
pub fn snake(wire: &str) -> String {
    let name = wire.rsplit('.').next().unwrap_or(wire);
    let name = whole_acronyms(name).to_snake_case();
    let name = if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name };
    match name.as_str() {
        "" => "empty".to_owned(),
        // `extra` is where every type keeps unknown fields.
        "extra" => "extra_".to_owned(),
        "self" | "super" | "crate" => format!("{name}_"),
        _ if syn::parse_str::<syn::Ident>(&name).is_err() => format!("{name}_"),
        _ => name,
    }
}

/// A CamelCase name: `solution-template` is `SolutionTemplate`, `1st` is `X1st`, the empty text is `Empty`.
pub fn camel(wire: &str) -> String {
    let name = whole_acronyms(wire).to_upper_camel_case();
    match name.as_str() {
        "" => "Empty".to_owned(),
        "Self" => "Self_".to_owned(),
        _ if name.starts_with(|c: char| c.is_ascii_digit()) => format!("X{name}"),
        _ => name,
    }
}

/// The type name of a schema component that is no dotted .NET name keeps its capitals where it can.
pub fn type_name(part: &str) -> String {
    if syn::parse_str::<syn::Ident>(part).is_ok()
        && part.starts_with(|c: char| c.is_ascii_uppercase())
        && !part.contains('_')
    {
        return part.to_owned();
    }
    camel(part)
}

/// `IDs` is one word, not an `I` and a `Ds`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn property_names_read_like_rust() {
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
            ("requireS2SOutboundAndCrmSecureStoreAccess", "require_s2s_outbound_and_crm_secure_store_access"),
        ];
        for (wire, rust) in table {
            assert_eq!(snake(wire), rust, "{wire}");
        }
    }

    #[test]
    fn values_become_variants() {
        let table = [
            ("solution-template", "SolutionTemplate"),
            ("", "Empty"),
            ("1st", "X1st"),
            ("Self", "Self_"),
            ("USGovSovereign", "UsGovSovereign"),
            ("sharedcore", "Sharedcore"),
            ("iot-and-iiot-platforms", "IotAndIiotPlatforms"),
        ];
        for (wire, rust) in table {
            assert_eq!(camel(wire), rust, "{wire}");
        }
    }
}
