//! Products, their setup and their reseller configuration.

use super::{object, product};
use crate::contract::ValidRequest;
use crate::incident::Incident;
use crate::message::{Reply, Request, guid};
use crate::model::{Model, Object, Product, is_offer_id, offer_id};
use crate::schema::field;
use crate::service::filter::Filter;
use crate::service::{drafts, fresh, late, submissions};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

/// The properties that a filter of products may use.
const FILTERABLE: [&str; 3] = ["resourceType", "externalIDs", "isModularPublishing"];

/// The exact fields of the incident `list-refused`: types of the Store that are not in the request.
const REFUSED_TYPES: [(&str, &str); 4] = [
    ("ProductTypeFilter[0]", "The field is invalid (value 'Application')."),
    ("ProductTypeFilter[1]", "The field is invalid (value 'Bundle')."),
    ("ProductTypeFilter[2]", "The field is invalid (value 'AvatarItem')."),
    ("ProductTypeFilter[3]", "The field is invalid (value 'InternetOfThings')."),
];

pub(super) fn list(model: &mut Model, request: &Request) -> Reply {
    let asked = request.query("$filter").filter(|text| !text.is_empty());
    let filter = match asked.map(|text| Filter::parse(text, &FILTERABLE)) {
        Some(None) => return Reply::bad_request("$filter", "the filter is invalid or not supported"),
        Some(filter) => filter,
        None if model.incidents.contains(&Incident::ListRefused) => {
            return Reply::invalid(&REFUSED_TYPES).noted("incident list-refused");
        }
        None => None,
    };
    let start = match request.query("$skipToken").filter(|token| !token.is_empty()) {
        None => 0,
        Some(_) if model.incidents.contains(&Incident::NextLinkNotFound) => {
            return Reply::empty(StatusCode::NOT_FOUND).noted("incident next-link-not-found");
        }
        Some(token) => match after(model, token) {
            Some(start) => start,
            None => return Reply::bad_request("$skipToken", "the token was not issued by this service"),
        },
    };
    let hidden = filter.is_none() && model.incidents.contains(&Incident::ListEmpty);
    let products = model.order[start..].iter().filter_map(|id| model.products.get(id));
    let bodies = products.map(|product| Value::Object(product.body.clone()));
    let mut found = bodies.filter(|body| !hidden && filter.as_ref().is_none_or(|filter| filter.matches(body)));
    let items: Vec<Value> = found.by_ref().take(model.page_size).collect();
    let more = found.next().is_some();
    let mut page = json!({"value": items});
    if more {
        let last = items.last().and_then(|item| item["id"].as_str()).unwrap_or_default();
        // Relative to the host, without a leading slash, as the service returns it.
        let filter = asked.map(|filter| format!("$filter={}&", encode(filter))).unwrap_or_default();
        page["nextLink"] = format!("v1.0/ingestion/products?{filter}$skipToken={}", encode(&token(last))).into();
    }
    Reply::ok(page)
}

/// Returns an opaque page token: base64 of JSON with the last product of the page.
fn token(last: &str) -> String {
    STANDARD.encode(json!({"LastId": last, "Source": "DocDB"}).to_string())
}

/// Returns the position after the product in a page token. The product may have been deleted.
fn after(model: &Model, token: &str) -> Option<usize> {
    // If a client does not encode the token, a plus arrives as a space.
    let json = STANDARD.decode(token.replace(' ', "+")).ok()?;
    let token: Value = serde_json::from_slice(&json).ok()?;
    let last = token.get("LastId")?.as_str()?;
    let at = model.order.iter().position(|id| id == last)?;
    Some(at + 1)
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub(super) fn create(model: &mut Model, call: &ValidRequest) -> Reply {
    let mut body = object(&call.body);
    if body.get("name").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Reply::bad_request("Name", "The Name field is required.");
    }
    if !body.contains_key("resourceType") {
        return Reply::bad_request("ResourceType", "The ResourceType field is required.");
    }
    normalize_offer_type(&mut body);
    let Some(offer) = offer_id(&body) else {
        return Reply::bad_request("ExternalIDs", "An external id of type AzureOfferId is required.");
    };
    if model.offer_ids.contains(offer) {
        return Reply::error(StatusCode::CONFLICT, &format!("An offer with the id {offer} exists already."));
    }
    // The service assigns the id and ignores an id in the request.
    let id = guid();
    body.insert("id".to_owned(), id.as_str().into());
    let mut new = Product { body: body.clone(), ..Product::default() };
    new.setup = fresh::setup(new.kind());
    drafts::of_offer(&mut new, &id, model.clock.now() + 2 * late::additional_delay(model));
    model.offer_ids.extend(offer_id(&body).map(str::to_owned));
    model.products.insert(id.clone(), new);
    model.order.push(id.clone());
    super::created(model, call, &format!("products/{id}"), &body)
}

/// Normalizes `AzureOfferID` to `AzureOfferId`.
fn normalize_offer_type(body: &mut Object) {
    let ids = body.get_mut("externalIDs").and_then(Value::as_array_mut);
    for id in ids.into_iter().flatten().filter(|id| is_offer_id(id)) {
        id["type"] = "AzureOfferId".into();
    }
}

/// Returns true if the offer is published in modules. Older offers are not.
pub(super) fn is_modular(model: &Model, id: &str) -> bool {
    let product = model.products.get(id);
    let modular = product.and_then(|product| product.body.get("isModularPublishing"));
    modular.and_then(Value::as_bool).unwrap_or(true)
}

pub(super) fn get(model: &mut Model, id: &str) -> Reply {
    Reply::ok(Value::Object(product(model, id).body.clone()))
}

pub(super) fn delete(model: &mut Model, id: &str) -> Reply {
    let published = model.products.get(id).is_some_and(|product| submissions::is_published(model, product, None));
    if published && model.rules_off.keeps_published("AzureProduct") {
        return Reply::error(StatusCode::CONFLICT, "An offer that was published cannot be deleted.")
            .noted("rule delete-published-offer");
    }
    let removed = model.products.remove(id);
    if let Some(offer) = removed.as_ref().and_then(|product| offer_id(&product.body)) {
        model.offer_ids.remove(offer);
    }
    Reply::empty(StatusCode::NO_CONTENT)
}

pub(super) fn get_setup(model: &mut Model, id: &str) -> Reply {
    Reply::ok(Value::Object(product(model, id).setup.clone()))
}

pub(super) fn set_setup(model: &mut Model, id: &str, call: &ValidRequest) -> Reply {
    let product = product(model, id);
    let mut setup = object(&call.body);
    let drive = field(&setup, "enableTestDrive").and_then(Value::as_bool).unwrap_or(false);
    if drive && product.kind() == "AzureThirdPartyVirtualMachine" {
        return Reply::bad_request("FeatureName", "Test drive is not available for this type of offer.");
    }
    setup.entry("resourceType").or_insert_with(|| "AzureProductSetup".into());
    setup.entry("trialUri").or_insert_with(|| "".into());
    product.setup = setup.clone();
    // 200, although the document says 201.
    Reply::ok(Value::Object(setup))
}

pub(super) fn get_reseller(model: &mut Model, id: &str) -> Reply {
    match &product(model, id).reseller {
        Some(reseller) => Reply::ok(Value::Object(reseller.clone())),
        None => Reply::not_found("reseller configuration"),
    }
}

pub(super) fn set_reseller(model: &mut Model, id: &str, call: &ValidRequest) -> Reply {
    let product = product(model, id);
    let mut reseller = object(&call.body);
    if !reseller.contains_key("resellerChannelState") {
        return Reply::bad_request("ResellerChannelState", "The ResellerChannelState field is required.");
    }
    reseller.entry("resourceType").or_insert_with(|| "ResellerConfiguration".into());
    product.reseller = Some(reseller.clone());
    Reply::ok(Value::Object(reseller))
}

pub(super) fn get_lead(model: &mut Model, id: &str) -> Reply {
    match &product(model, id).lead {
        Some(lead) => Reply::ok(Value::Object(lead.clone())),
        None => Reply::not_found("lead configuration"),
    }
}

pub(super) fn set_lead(model: &mut Model, id: &str, call: &ValidRequest) -> Reply {
    let lead = object(&call.body);
    if !lead.contains_key("resourceType") {
        return Reply::bad_request("ResourceType", "The ResourceType field is required.");
    }
    product(model, id).lead = Some(lead.clone());
    Reply::ok(Value::Object(lead))
}
