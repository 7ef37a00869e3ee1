//! Products, their setup and their reseller configuration.

use super::{object, product};
use crate::contract::Allowed;
use crate::http::{Reply, Request, guid};
use crate::schema::field;
use crate::service::drafts;
use crate::world::{Object, Product, World};
use axum::http::StatusCode;
use serde_json::{Value, json};

pub(super) fn list(world: &mut World, request: &Request) -> Reply {
    let filter = request.query("$filter").map(str::to_owned);
    let mut found: Vec<&Object> = Vec::new();
    for id in &world.order {
        let Some(product) = world.products.get(id) else {
            continue;
        };
        match filter
            .as_deref()
            .map_or(Some(true), |filter| matches(&product.body, filter))
        {
            Some(true) => found.push(&product.body),
            Some(false) => {}
            None => return Reply::bad_request("$filter", "the filter is not understood"),
        }
    }
    let start: usize = match request.query("$skipToken") {
        None | Some("") => 0,
        Some(token) => match token.strip_prefix("sandbox-").and_then(|at| at.parse().ok()) {
            Some(at) => at,
            None => return Reply::bad_request("$skipToken", "the token is not one of this service"),
        },
    };
    let end = (start + world.page_size).min(found.len());
    let items: Vec<Value> = found
        .get(start..end)
        .unwrap_or_default()
        .iter()
        .map(|body| Value::Object((*body).clone()))
        .collect();
    let mut page = json!({"value": items});
    if end < found.len() {
        // Relative to the host and without a leading slash, as the service writes it.
        let filter = filter
            .map(|filter| format!("$filter={}&", encode(&filter)))
            .unwrap_or_default();
        page["nextLink"] = format!("v1.0/ingestion/products?{filter}$skipToken=sandbox-{end}").into();
    }
    Reply::ok(page)
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

/// The two filters that clients send: by external id, and by type. `None` when it is neither.
fn matches(body: &Object, filter: &str) -> Option<bool> {
    let quoted: Vec<String> = quoted(filter);
    let lower = filter.to_ascii_lowercase();
    if lower.starts_with("externalids/any(") {
        let [kind, value] = quoted.as_slice() else { return None };
        let ids = body.get("externalIDs").and_then(Value::as_array);
        let is = |id: &Value, key: &str, wanted: &str| {
            id.get(key)
                .and_then(Value::as_str)
                .is_some_and(|text| text.eq_ignore_ascii_case(wanted))
        };
        return Some(ids.is_some_and(|ids| ids.iter().any(|id| is(id, "type", kind) && is(id, "value", value))));
    }
    let [kind] = quoted.as_slice() else { return None };
    let by_type = lower.strip_prefix("resourcetype")?.trim_start().starts_with("eq");
    by_type.then(|| {
        body.get("resourceType")
            .and_then(Value::as_str)
            .is_some_and(|t| t.eq_ignore_ascii_case(kind))
    })
}

/// OData texts: a quote inside is doubled.
fn quoted(filter: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut chars = filter.chars().peekable();
    while chars.by_ref().any(|c| c == '\'') {
        let mut text = String::new();
        while let Some(c) = chars.next() {
            if c != '\'' {
                text.push(c);
            } else if chars.peek() == Some(&'\'') {
                chars.next();
                text.push('\'');
            } else {
                break;
            }
        }
        texts.push(text);
    }
    texts
}

pub(super) fn create(world: &mut World, call: &Allowed) -> Reply {
    let mut body = object(&call.body);
    if body.get("name").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Reply::bad_request("Name", "The Name field is required.");
    }
    let Some(kind) = body.get("resourceType").and_then(Value::as_str) else {
        return Reply::bad_request("ResourceType", "The ResourceType field is required.");
    };
    let kind = kind.to_owned();
    let Some(offer) = offer_id(&mut body) else {
        return Reply::bad_request("ExternalIDs", "An external id of type AzureOfferId is required.");
    };
    let taken = world
        .products
        .values()
        .any(|p| offer_id(&mut p.body.clone()).as_deref() == Some(&offer));
    if taken {
        return Reply::refused(
            StatusCode::CONFLICT,
            &format!("An offer with the id {offer} exists already."),
        );
    }
    // The service gives the id; one that was sent is ignored.
    let id = guid();
    body.insert("id".to_owned(), id.as_str().into());
    let mut new = Product {
        body: body.clone(),
        ..Product::default()
    };
    drafts::of_offer(&mut new, &kind);
    world.products.insert(id.clone(), new);
    world.order.push(id.clone());
    super::created(world, call, &format!("products/{id}"), &body)
}

/// The offer id, with its type in the service's spelling.
fn offer_id(body: &mut Object) -> Option<String> {
    let ids = body.get_mut("externalIDs")?.as_array_mut()?;
    let is_offer = |id: &Value| {
        id.get("type")
            .and_then(Value::as_str)
            .is_some_and(|t| t.eq_ignore_ascii_case("AzureOfferId"))
    };
    let id = ids.iter_mut().find(|id| is_offer(id))?;
    id["type"] = "AzureOfferId".into();
    id.get("value")
        .and_then(Value::as_str)
        .filter(|value| !value.is_empty())
        .map(str::to_owned)
}

pub(super) fn get(world: &mut World, id: &str) -> Reply {
    Reply::ok(Value::Object(product(world, id).body.clone()))
}

pub(super) fn delete(world: &mut World, id: &str) -> Reply {
    world.products.remove(id);
    world.order.retain(|other| other != id);
    Reply::empty(StatusCode::NO_CONTENT)
}

pub(super) fn get_setup(world: &mut World, id: &str) -> Reply {
    match &product(world, id).setup {
        Some(setup) => Reply::ok(Value::Object(setup.clone())),
        None => Reply::not_found("setup"),
    }
}

pub(super) fn set_setup(world: &mut World, id: &str, call: &Allowed) -> Reply {
    let product = product(world, id);
    let mut setup = object(&call.body);
    let drive = field(&setup, "enableTestDrive")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let machine = product.body.get("resourceType").and_then(Value::as_str) == Some("AzureThirdPartyVirtualMachine");
    if drive && machine {
        return Reply::bad_request("FeatureName", "Test drive is not available for this type of offer.");
    }
    setup
        .entry("resourceType")
        .or_insert_with(|| "AzureProductSetup".into());
    setup.entry("trialUri").or_insert_with(|| "".into());
    product.setup = Some(setup.clone());
    // 200 where the document says 201.
    Reply::ok(Value::Object(setup))
}

pub(super) fn get_reseller(world: &mut World, id: &str) -> Reply {
    match &product(world, id).reseller {
        Some(reseller) => Reply::ok(Value::Object(reseller.clone())),
        None => Reply::not_found("reseller configuration"),
    }
}

pub(super) fn set_reseller(world: &mut World, id: &str, call: &Allowed) -> Reply {
    let product = product(world, id);
    let mut reseller = object(&call.body);
    if !reseller.contains_key("resellerChannelState") {
        return Reply::bad_request("ResellerChannelState", "The ResellerChannelState field is required.");
    }
    reseller
        .entry("resourceType")
        .or_insert_with(|| "ResellerConfiguration".into());
    product.reseller = Some(reseller.clone());
    drafts::of_reseller(product, id);
    Reply::ok(Value::Object(reseller))
}

pub(super) fn get_lead(world: &mut World, id: &str) -> Reply {
    match &product(world, id).lead {
        Some(lead) => Reply::ok(Value::Object(lead.clone())),
        None => Reply::not_found("lead configuration"),
    }
}

pub(super) fn set_lead(world: &mut World, id: &str, call: &Allowed) -> Reply {
    let lead = object(&call.body);
    if !lead.contains_key("resourceType") {
        return Reply::bad_request("ResourceType", "The ResourceType field is required.");
    }
    product(world, id).lead = Some(lead.clone());
    Reply::ok(Value::Object(lead))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_that_clients_send() {
        let body = object(&json!({
            "resourceType": "AzureApplication",
            "externalIDs": [{"type": "AzureOfferId", "value": "o'neil"}],
        }));
        let table = [
            (
                "externalIDs/Any(i:i/type eq 'AzureOfferId' and i/value eq 'o''neil')",
                Some(true),
            ),
            (
                "ExternalIDs/Any(i:i/Type eq 'AzureOfferId' and i/Value eq 'other')",
                Some(false),
            ),
            ("ResourceType eq 'AzureApplication'", Some(true)),
            ("resourceType eq 'AzureContainer'", Some(false)),
            ("name eq 'x'", None),
            ("", None),
        ];
        for (filter, expected) in table {
            assert_eq!(matches(&body, filter), expected, "{filter}");
        }
    }
}
