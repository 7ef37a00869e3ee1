//! The check of a manifest: the publishing rules, what only files show, and names that are probably misspelled.

mod archive;
mod files;
mod names;
#[cfg(test)]
mod tests;

use super::fault::Pointer;
use super::json::{Fields, Json};
use super::layout::Layout;
use super::offer::{OfferManifest, PlanManifest};
use super::source::Source;
use crate::error::Error;
use crate::generated::rules::RULES;
use crate::model::ingestion::display::{COLUMN, FILE, LINE, POINTER};
use crate::types::{Extra, ProductType, ValidationItem, ValidationSeverity};
use crate::workflows::check::evaluate::{PlanOf, Subject, evaluate};
use crate::workflows::check::rule::{Check, Rule, Scope};
use serde_json::{Map, Value};

/// The types whose rules hold for each language of the offer.
const LISTING: [&str; 3] = ["AzureListing", "ListingImage", "ListingVideo"];

/// # Check
impl OfferManifest {
    /// Checks the manifest and its files without sending anything.
    ///
    /// * The rules in the portal's documentation, as [`Publish::check`](crate::Publish::check) evaluates them. Only Azure applications
    ///   have rules.
    /// * Files: missing ones, the format and size of images, and for packages of Azure applications the size, the templates at the
    ///   root, their JSON, folders that do not belong there, and damaged archives.
    /// * Market codes and currency codes.
    /// * Unknown properties whose names resemble a known one, as warnings.
    ///
    /// Each message starts with a JSON pointer into the manifest. If the manifest was read from a file or a text, `extra` has `file`,
    /// `line`, `column` and the exact `pointer`, and `Display` starts with them. A manifest that was changed after it was read gets the
    /// places of the text. Codes start with `check/`. A part that the manifest leaves alone is
    /// not checked: without `images`, a missing logo is not reported. A property that is missing in a part is reported, because the
    /// manifest cannot show whether the offer has it.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Io`](crate::ErrorKind::Io) if reading the files was interrupted. A file that cannot be read is a finding.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example() -> Result<(), partner_ingestion_sdk::Error> {
    /// use partner_ingestion_sdk::OfferManifest;
    ///
    /// let manifest = OfferManifest::load("offers/contoso").await?;
    /// for finding in manifest.check().await? {
    ///     println!("{finding}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn check(&self) -> Result<Vec<ValidationItem>, Error> {
        let mut items = Vec::new();
        if self.offer_type == ProductType::AzureApplication {
            items.extend(self.rules());
        }
        names::check(self, &mut items);
        items.extend(files::check(self).await?);
        if let Some(source) = &self.source {
            locate(source, &mut items);
        }
        Ok(items)
    }

    fn rules(&self) -> Vec<ValidationItem> {
        let mut of_offer =
            vec![Subject::new("AzureProduct", None, &id_of("AzureOfferId", &self.offer_id)).at("/offerId")];
        if let Some(property) = &self.property {
            of_offer.push(Subject::new("AzureProperty", None, property).at("/property"));
        }
        if let Some(audience) = &self.preview_audience {
            of_offer.push(Subject::new("ProductAvailability", None, audience).at("/previewAudience"));
        }
        let has = |rule: &Rule| match rule.type_name {
            "AzureProperty" => self.property.is_some(),
            "ProductAvailability" => self.preview_audience.is_some(),
            _ => true,
        };
        let of_listing = |rule: &&Rule| LISTING.contains(&rule.type_name) && rule.of == Scope::Offer;
        let mut items =
            evaluate(RULES.iter().filter(|rule| rule.of == Scope::Offer && !of_listing(rule) && has(rule)), &of_offer);
        for (language, listing) in &self.listings {
            let at = Pointer::default().join("listings").join(language);
            let mut subjects = Vec::new();
            if !listing.listing.is_empty() {
                subjects.push(Subject::new("AzureListing", None, &listing.listing).at(at.as_str()));
            }
            for (number, image) in listing.images.iter().flatten().enumerate() {
                let at = at.join("images").join(number);
                subjects.push(Subject::new("ListingImage", None, &image.properties).at(at.as_str()));
            }
            for (number, video) in listing.videos.iter().flatten().enumerate() {
                let at = at.join("videos").join(number);
                subjects.push(Subject::new("ListingVideo", None, &video.video).at(at.as_str()));
            }
            let is_left_alone = |rule: &Rule| match rule.type_name {
                "ListingImage" => listing.images.is_none(),
                "ListingVideo" => listing.videos.is_none(),
                _ => listing.listing.is_empty(),
            };
            items.extend(evaluate(RULES.iter().filter(|rule| of_listing(rule) && !is_left_alone(rule)), &subjects));
        }
        if !self.plans.is_empty() {
            let mut all = Vec::new();
            for (id, plan) in &self.plans {
                let subjects = subjects(id, plan);
                let is_left_alone = |rule: &Rule| {
                    plan.plan.is_empty() && rule.type_name == "AzureSkuVariant" && matches!(rule.check, Check::Required)
                };
                let rules = RULES.iter().filter(|rule| rule.of == Scope::Plan && !is_left_alone(rule));
                items.extend(evaluate(rules, &subjects));
                all.extend(subjects);
            }
            items.extend(evaluate(RULES.iter().filter(|rule| rule.of == Scope::Plans), &all));
        }
        items
    }
}

/// The resources of a plan, with ids and packages where the rules look for them.
fn subjects(id: &str, plan: &PlanManifest) -> Vec<Subject> {
    let at = Pointer::default().join("plans").join(id);
    let plan_of = Some(PlanOf { id, number: 0 });
    let mut variant = plan.plan.fields().clone();
    variant.insert("externalID".to_owned(), Json::Text(id.to_owned()));
    let sub_type = variant.get("subType").and_then(Json::as_text).map(str::to_owned);
    let mut subjects = vec![Subject::new("AzureSkuVariant", plan_of, &Json::Object(variant)).at(at.as_str())];
    for (language, listing) in &plan.listings {
        let at = at.join("listings").join(language);
        subjects.push(Subject::new("AzureListing", plan_of, listing).at(at.as_str()));
    }
    if let Some(availability) = &plan.availability {
        let at = at.join("availability");
        subjects.push(Subject::new("FeatureAvailability", plan_of, availability).at(at.as_str()));
    }
    let type_name = match sub_type.as_deref() {
        Some("managed-application") => "AzureManagedApplicationPackageConfiguration",
        Some("solution-template") => "AzureSolutionTemplatePackageConfiguration",
        _ => return subjects,
    };
    if let Some(configuration) = &plan.configuration {
        let mut fields = configuration.fields().clone();
        // Without a package, the manifest leaves that of the service alone.
        let package = plan.package.as_ref().map_or("unchanged", |package| &package.file);
        fields.insert("packageReferences".to_owned(), Json::List(vec![pair("AzureApplicationPackage", package)]));
        subjects.push(Subject::new(type_name, plan_of, &Json::Object(fields)).at(at.join("configuration").as_str()));
    }
    subjects
}

fn id_of(kind: &str, value: &str) -> Json {
    Json::Object(Fields::from([("externalIDs".to_owned(), Json::List(vec![pair(kind, value)]))]))
}

fn pair(kind: &str, value: &str) -> Json {
    let text = |text: &str| Json::Text(text.to_owned());
    Json::Object(Fields::from([("type".to_owned(), text(kind)), ("value".to_owned(), text(value))]))
}

/// Adds file, line and column to findings that have a pointer.
fn locate(source: &Source, items: &mut [ValidationItem]) {
    let pointer = |item: &ValidationItem| item.extra.get(POINTER).and_then(Value::as_str).map(Pointer::parse);
    let pointers: Vec<Pointer> = items.iter().map(|item| pointer(item).unwrap_or_default()).collect();
    for (item, (line, column)) in items.iter_mut().zip(source.places(&pointers)) {
        item.extra.insert(FILE.to_owned(), source.name().into());
        item.extra.insert(LINE.to_owned(), line.into());
        item.extra.insert(COLUMN.to_owned(), column.into());
    }
}

/// A finding of this check about a place of the manifest.
fn item(code: &str, severity: ValidationSeverity, resource: &str, at: &Pointer, message: &str) -> ValidationItem {
    ValidationItem {
        error_code: Some(format!("check/{code}")),
        message: Some(format!("{at}: {message}")),
        resource: Some(resource.to_owned()),
        severity: Some(severity),
        extra: Extra::from(Map::from_iter([(POINTER.to_owned(), at.as_str().into())])),
        ..ValidationItem::default()
    }
}

/// The resource of a finding: `offer, Listing` or `plan standard, Availability`.
fn resource(at: &Pointer) -> String {
    let segments: Vec<String> = at.segments().collect();
    let (owner, key) = match segments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["plans", id, key, ..] => (format!("plan {id}"), key),
        ["plans", id] => (format!("plan {id}"), ""),
        [key, ..] => ("offer".to_owned(), key),
        [] => ("offer".to_owned(), ""),
    };
    let module = match key {
        "listings" => "Listing",
        "availability" | "previewAudience" => "Availability",
        "configuration" | "package" => "Package",
        "property" => "Property",
        "setup" => "Setup",
        "reseller" => "Reseller",
        "leads" => "Leads",
        "cosell" => "Cosell",
        "supplementalContent" => "SupplementalContent",
        _ if owner == "offer" => "Product",
        _ => "Plan",
    };
    format!("{owner}, {module}")
}

/// The manifest as it is written.
fn written(manifest: &OfferManifest) -> Json {
    Json::Object(manifest.write())
}
