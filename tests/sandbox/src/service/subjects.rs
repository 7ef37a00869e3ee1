//! The resources of an offer, as the rules of publishing see them.

use crate::model::{Draft, Model, Object, Product, Upload};
use crate::rules::{File, Subject, module};
use crate::service::submissions;
use serde_json::Value;

/// Returns the resources of the offer and its plans.
pub(super) fn of<'m>(model: &'m Model, product: &'m Product) -> Vec<Subject<'m>> {
    let live = submissions::live_instances(model, product);
    let mut all = vec![subject("AzureProduct", None, &product.body, None)];
    for draft in product.drafts.iter().filter(|draft| !draft.module.is_empty()) {
        let plan = draft.variant.as_deref().map(|id| plan(product, id));
        // The configurations of the offer itself are not those of an Azure application.
        if let Some(type_name) = text(&draft.resource, "resourceType") {
            let published = product.submitted.iter().find(|old| {
                live.contains(&old.instance) && old.collection == draft.collection && old.variant == draft.variant
            });
            let published = published.map(|old| Value::Object(old.resource.clone()));
            all.push(Subject { published, ..subject(type_name, plan, &draft.resource, None) });
        }
        match draft.collection {
            "listings" if plan.is_none() => all.extend(media(model, product, draft)),
            "packageconfigurations" => all.extend(packages(model, product, draft, plan)),
            _ => {}
        }
    }
    let plans = product.variants.iter().filter(|(_, body)| text(body, "resourceType") != Some("AzureTestDriveVariant"));
    all.extend(plans.map(|(id, body)| subject("AzureSkuVariant", Some((id.as_str(), name(id, body))), body, None)));
    all
}

/// Returns id and name of a plan.
pub(super) fn plan<'m>(product: &'m Product, id: &'m str) -> (&'m str, &'m str) {
    (id, product.variants.get(id).map_or(id, |body| name(id, body)))
}

/// Returns the plan id, or the id of a plan without one.
fn name<'m>(id: &'m str, body: &'m Object) -> &'m str {
    text(body, "externalID").unwrap_or(id)
}

fn text<'m>(body: &'m Object, key: &str) -> Option<&'m str> {
    body.get(key).and_then(Value::as_str)
}

fn subject<'m>(
    type_name: &'m str,
    plan: Option<(&'m str, &'m str)>,
    body: &Object,
    file: Option<File<'m>>,
) -> Subject<'m> {
    Subject { type_name, module: module(type_name), plan, value: Value::Object(body.clone()), published: None, file }
}

/// Returns the uploaded images and videos of a listing.
fn media<'m>(model: &'m Model, product: &'m Product, listing: &'m Draft) -> Vec<Subject<'m>> {
    let own = [text(&listing.resource, "id").unwrap_or_default(), &listing.instance];
    let uploads = product.uploads.iter().filter(|upload| upload.uploaded_at.is_some());
    let media = uploads.filter_map(|upload| {
        let mut parts = upload.collection.split('/');
        let (Some("listings"), Some(of), Some(kind)) = (parts.next(), parts.next(), parts.next()) else { return None };
        let type_name = match kind {
            "images" => "ListingImage",
            "videos" => "ListingVideo",
            _ => return None,
        };
        own.contains(&of).then(|| subject(type_name, None, &upload.resource, file(model, upload)))
    });
    media.collect()
}

/// Returns the packages that a configuration refers to.
fn packages<'m>(
    model: &'m Model,
    product: &'m Product,
    configuration: &'m Draft,
    plan: Option<(&'m str, &'m str)>,
) -> Vec<Subject<'m>> {
    let references = configuration.resource.get("packageReferences").and_then(Value::as_array).into_iter().flatten();
    let ids: Vec<&str> = references.filter_map(|reference| reference.get("value")?.as_str()).collect();
    let packages = product.uploads.iter().filter(|upload| upload.collection == "packages");
    let referenced = packages.filter(|upload| ids.contains(&upload.id.as_str()));
    referenced.map(|upload| subject("AzurePackage", plan, &upload.resource, file(model, upload))).collect()
}

fn file<'m>(model: &'m Model, upload: &Upload) -> Option<File<'m>> {
    let blob = model.blobs.get(&upload.blob)?;
    Some(File { beginning: blob.beginning()?, length: blob.length() })
}
