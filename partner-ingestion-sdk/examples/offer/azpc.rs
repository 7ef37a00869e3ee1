//! `offer import-azpc`: reads `manifest.yml` and the listing configuration of az-partner-center-cli.

use crate::common::Outcome;
use crate::copy::{copy, require_empty};
use console::style;
use partner_ingestion_sdk::OfferManifest;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

type Fields = Map<String, Value>;

/// Properties that only have another name: (azpc, manifest).
const LISTING: &[(&str, &str)] = &[
    ("title", "title"),
    ("publisher_name", "publisherName"),
    ("summary", "summary"),
    ("short_description", "shortDescription"),
    ("description", "description"),
    ("keywords", "keywords"),
    ("listing_contacts", "listingContacts"),
    ("listing_uris", "listingUris"),
];
const CONFIGURATION: &[(&str, &str)] = &[
    ("version", "version"),
    ("allow_jit_access", "allowJitAccess"),
    ("policy_settings", "policies"),
    ("allowedCustomerActions", "allowedCustomerActions"),
    ("allowedDataActions", "allowedDataActions"),
    ("deploymentMode", "deploymentMode"),
    ("tenant_id", "publicAzureTenantID"),
];
const LOGOS: &[(&str, &str)] = &[
    ("logo_large", "AzureLogoLarge"),
    ("logo_medium", "AzureLogoMedium"),
    ("logo_small", "AzureLogoSmall"),
    ("logo_wide", "AzureLogoWide"),
];

/// The language of every listing of azpc.
const LANGUAGE: &str = "en-us";
/// The roles that azpc's samples name, with the ids that the service requires.
const ROLES: &[(&str, &str)] =
    &[("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"), ("Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c")];

pub(crate) async fn import(path: &Path, folder: &Path) -> Outcome<ExitCode> {
    require_empty(folder)?;
    let path = if path.is_dir() { path.join("manifest.yml") } else { path.to_owned() };
    let names: BTreeMap<String, Value> =
        serde_saphyr::from_str(&read(&path)?).map_err(|error| format!("{}: {error}", path.display()))?;
    let name = |key: &str| match names.get(key) {
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(format!("{}: `{key}` must be a text", path.display())),
        None => Err(format!("{}: `{key}` is missing", path.display())),
    };
    let app = path.parent().unwrap_or(Path::new("")).join(names.get("app_path").map_or(Ok("."), |_| name("app_path"))?);
    let configuration = app.join(name("json_listing_config")?);
    let json: Fields = serde_json::from_str(&read(&configuration)?)
        .map_err(|error| format!("{}: {error}", configuration.display()))?;
    let mut import = Import { left: Vec::new(), files: Vec::new() };
    let plan = names.contains_key("plan_name").then(|| name("plan_name")).transpose()?;
    let manifest = import.offer(json, name("name")?, plan, name("app")?)?;
    let manifest = OfferManifest::from_json(&configuration.display().to_string(), &manifest.to_string())?;
    for (from, to) in &import.files {
        copy(&app.join(from), &folder.join(to)).await?;
    }
    let written = manifest.save(folder).await?;
    for place in &import.left {
        eprintln!("{} {place} has no place in the manifest", style("not imported:").for_stderr().yellow());
    }
    println!("{}: written to {}", manifest.offer_id, written.display());
    println!("Check the type of each plan, and add markets and prices: azpc has none in its files.");
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))
}

/// What an import leaves, and the files that it copies.
struct Import {
    /// Properties that have no place in a manifest, as JSON pointers.
    left: Vec<String>,
    /// Pairs of a path below the folder of the application and one below the new folder.
    files: Vec<(String, String)>,
}

impl Import {
    fn offer(&mut self, mut json: Fields, name: &str, plan: Option<&str>, app: &str) -> Outcome<Value> {
        let mut listing = object(json.remove("offer_listing"), "/offer_listing")?;
        let mut texts = renamed(&mut listing, LISTING);
        let images = self.logos(object(listing.remove("listing_logos"), "/offer_listing/listing_logos")?)?;
        if !images.is_empty() {
            texts.insert("images".to_owned(), images.into());
        }
        let mut offer = json!({
            "offerId": name, "type": "AzureApplication", "name": name, "listings": {LANGUAGE: texts}
        });
        if let Some(state) = listing.remove("reseller_channel") {
            offer["reseller"] = json!({"resellerChannelState": state});
        }
        self.leave("/offer_listing", listing);

        let mut properties = object(json.remove("property_settings"), "/property_settings")?;
        let mut property = renamed(&mut properties, &[("leveledCategories", "leveledCategories")]);
        self.leave("/property_settings", properties);
        // azpc sets it for every offer.
        property.insert("useEnterpriseContract".to_owned(), true.into());

        let mut preview = object(json.remove("preview_audience"), "/preview_audience")?;
        if let Some(subscriptions) = preview.remove("subscriptions") {
            let ids = list(subscriptions, "/preview_audience/subscriptions")?;
            let members: Vec<_> = ids.into_iter().map(|id| json!({"ID": id})).collect();
            offer["previewAudience"] = json!({"subscriptionAudiences": members});
        }
        self.leave("/preview_audience", preview);

        let mut plans = Fields::new();
        for (id, place, fields) in planned(json.remove("plan_overview"), plan)? {
            let plan = self.plan(&place, &id, object(Some(fields), &place)?, app)?;
            // azpc takes the version of the offer from its first plan.
            if let (false, Some(version)) = (property.contains_key("appVersion"), plan["configuration"].get("version"))
            {
                property.insert("appVersion".to_owned(), version.clone());
            }
            plans.insert(id, plan);
        }
        if !plans.is_empty() {
            self.files.push((app.to_owned(), package(app)));
        }
        offer["property"] = property.into();
        offer["plans"] = plans.into();
        json.remove("$schema");
        self.leave("", json);
        Ok(offer)
    }

    fn plan(&mut self, at: &str, id: &str, mut fields: Fields, app: &str) -> Outcome<Value> {
        let mut listing = object(fields.remove("plan_listing"), &format!("{at}/plan_listing"))?;
        listing.remove("resourceType");
        let place = format!("{at}/pricing_and_availability");
        let mut pricing = object(fields.remove("pricing_and_availability"), &place)?;
        let mut availability = Fields::new();
        let visibility = pricing.remove("visibility");
        if let Some(Value::String(text)) = &visibility {
            let visibility = if text.eq_ignore_ascii_case("private") { "Private" } else { "Public" };
            availability.insert("visibility".to_owned(), visibility.into());
        }
        availability.extend(renamed(&mut pricing, &[("azure_private_subscriptions", "subscriptionAudiences")]));
        self.leave(&place, pricing);
        let place = format!("{at}/technical_configuration");
        let mut technical = object(fields.remove("technical_configuration"), &place)?;
        let mut configuration = renamed(&mut technical, CONFIGURATION);
        let is_managed = technical.contains_key("authorizations");
        if let Some(authorizations) = technical.remove("authorizations") {
            let authorizations = list(authorizations, &format!("{place}/authorizations"))?;
            let authorizations: Vec<_> = authorizations.iter().map(authorization).collect();
            configuration.insert("publicAzureAuthorizations".to_owned(), authorizations.into());
        }
        self.leave(&place, technical);
        self.leave(at, fields);
        Ok(json!({
            "subType": if is_managed { "managed-application" } else { "solution-template" },
            "friendlyName": id.replace('-', " "),
            "cloudAvailabilities": ["public-azure"],
            "listings": {LANGUAGE: listing},
            "availability": availability,
            "configuration": configuration,
            "package": {"file": package(app)},
        }))
    }

    fn logos(&mut self, mut logos: Fields) -> Outcome<Vec<Value>> {
        let mut images = Vec::new();
        for (key, kind) in LOGOS {
            let Some(logo) = logos.remove(*key) else { continue };
            let file = logo.as_str().ok_or_else(|| format!("/offer_listing/listing_logos/{key} must be a text"))?;
            let target = format!("{LANGUAGE}/{}", file_name(file));
            images.push(json!({"file": target, "type": kind}));
            self.files.push((file.to_owned(), target));
        }
        self.leave("/offer_listing/listing_logos", logos);
        Ok(images)
    }

    /// Notes what was not imported. Empty values say nothing.
    fn leave(&mut self, at: &str, fields: Fields) {
        let is_empty = |value: &Value| match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Object(fields) => fields.is_empty(),
            _ => false,
        };
        self.left.extend(fields.iter().filter(|(_, value)| !is_empty(value)).map(|(key, _)| format!("{at}/{key}")));
    }
}

/// Returns plan ids with places and configurations: an object by plan id, or a list whose first entry is the plan in `manifest.yml`.
fn planned(overview: Option<Value>, plan: Option<&str>) -> Outcome<Vec<(String, String, Value)>> {
    match overview {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(plans)) => {
            Ok(plans.into_iter().map(|(id, value)| (id.clone(), format!("/plan_overview/{id}"), value)).collect())
        }
        Some(Value::Array(plans)) if plans.len() > 1 => {
            Err("/plan_overview is a list of several plans: write an object with plan ids as keys".into())
        }
        Some(Value::Array(plans)) => {
            let id = plan.ok_or("manifest.yml: `plan_name` is missing")?;
            Ok(plans.into_iter().map(|value| (id.to_owned(), "/plan_overview/0".to_owned(), value)).collect())
        }
        Some(_) => Err("/plan_overview must be an object".into()),
    }
}

fn authorization(value: &Value) -> Value {
    let role = value["role"].as_str().unwrap_or_default();
    let id = ROLES.iter().find(|(name, _)| *name == role).map_or(role, |(_, id)| id);
    json!({"principalID": value["id"], "roleDefinitionID": id})
}

/// Moves properties that have a place in a manifest.
fn renamed(from: &mut Fields, names: &[(&str, &str)]) -> Fields {
    let moved = names.iter().filter_map(|(old, new)| Some(((*new).to_owned(), from.remove(*old)?)));
    moved.filter(|(_, value)| !value.is_null()).collect()
}

fn object(value: Option<Value>, at: &str) -> Outcome<Fields> {
    match value {
        None | Some(Value::Null) => Ok(Fields::new()),
        Some(Value::Object(fields)) => Ok(fields),
        Some(_) => Err(format!("{at} must be an object").into()),
    }
}

fn list(value: Value, at: &str) -> Outcome<Vec<Value>> {
    match value {
        Value::Array(items) => Ok(items),
        _ => Err(format!("{at} must be a list").into()),
    }
}

fn package(app: &str) -> String {
    format!("packages/{}", file_name(app))
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
