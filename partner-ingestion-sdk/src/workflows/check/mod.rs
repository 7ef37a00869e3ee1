//! The offline check of an offer: the portal's documented rules, evaluated without a submission.

pub(crate) mod evaluate;
mod format;
mod published;
pub(crate) mod rule;
mod select;
#[cfg(test)]
mod tests;

use crate::client::Client;
use crate::error::Error;
use crate::generated::rules::RULES;
use crate::model::ingestion::stage::Stage;
use crate::types::*;
use crate::workflows::publish::DryRun;
use crate::workflows::submitted::{self, Instances};
use evaluate::{PlanOf, Subject, evaluate};
use futures_util::{Stream, TryStreamExt};
use serde::Serialize;

/// Reads the drafts and evaluates every rule. Offers of other types have no rules.
pub(crate) async fn check(client: &Client, product: &ProductId, drafts: &DryRun) -> Result<Vec<ValidationItem>, Error> {
    let offer = client.get_product(product).send().await?.into_inner();
    if offer.resource_type != Some(ProductType::AzureApplication) {
        return Ok(Vec::new());
    }
    let live = submitted::newest_at(client, product, Stage::Live).await?.unwrap_or_default();
    let mut subjects = vec![Subject::new("AzureProduct", None, &offer)];
    for (module, instance) in &drafts.offer {
        let published = other(&live, module, None, instance);
        match module {
            Module::Property => {
                let read = |instance: &InstanceId| client.find_properties(product, instance).stream();
                subjects.extend(versions(|_| Some("AzureProperty"), None, instance, published, read).await?);
            }
            Module::Availability => {
                let read = |instance: &InstanceId| client.find_product_availabilities(product, instance).stream();
                subjects.extend(versions(|_| Some("ProductAvailability"), None, instance, published, read).await?);
            }
            Module::Listing => listing(client, product, instance, &mut subjects).await?,
            _ => {}
        }
    }
    for (number, plan) in drafts.variants.iter().enumerate() {
        let plan_of = PlanOf { id: &plan.name, number };
        let variant = client.get_variant(product, &plan.variant).send().await?.into_inner();
        subjects.push(Subject::new("AzureSkuVariant", Some(plan_of), &variant));
        for (module, instance) in &plan.drafts {
            let published = other(&live, module, Some(&plan.variant), instance);
            of_plan(client, product, plan_of, (module, instance, published), &mut subjects).await?;
        }
    }
    Ok(evaluate(RULES, &subjects))
}

/// Returns what is published of a module, if it is not the draft itself.
fn other<'l>(
    live: &'l Instances,
    module: &Module,
    plan: Option<&VariantId>,
    draft: &InstanceId,
) -> Option<&'l InstanceId> {
    live.get(&(module.as_str().to_owned(), plan.cloned())).filter(|instance| *instance != draft)
}

/// Reads the resources of a draft, each with its published version. Those without a type name are left out.
async fn versions<T, S>(
    type_name: impl Fn(&T) -> Option<&'static str>,
    plan: Option<PlanOf<'_>>,
    draft: &InstanceId,
    published: Option<&InstanceId>,
    read: impl Fn(&InstanceId) -> S,
) -> Result<Vec<Subject>, Error>
where
    T: Serialize,
    S: Stream<Item = Result<T, Error>>,
{
    let drafts: Vec<T> = read(draft).try_collect().await?;
    let published: Vec<T> = match published {
        Some(published) => read(published).try_collect().await?,
        None => Vec::new(),
    };
    let subject = |(n, draft)| Some(Subject::new(type_name(draft)?, plan, draft).published(published.get(n)));
    Ok(drafts.iter().enumerate().filter_map(subject).collect())
}

/// Reads the listing of the offer, with its images and videos.
async fn listing(
    client: &Client,
    product: &ProductId,
    instance: &InstanceId,
    subjects: &mut Vec<Subject>,
) -> Result<(), Error> {
    let is_sent = |state: Option<&UploadState>| state != Some(&UploadState::PendingUpload);
    let listings: Vec<AzureListing> = client.find_listings(product, instance).stream().try_collect().await?;
    for listing in &listings {
        subjects.push(Subject::new("AzureListing", None, listing));
    }
    // The images belong to the first listing; listings in other languages may have none.
    let Some(id) = listings.first().and_then(|listing| listing.id.clone()) else { return Ok(()) };
    let images: Vec<ListingImage> = client.list_listing_images(product, &id).stream().try_collect().await?;
    let sent = images.iter().filter(|image| is_sent(image.state.as_ref()));
    subjects.extend(sent.map(|image| Subject::new("ListingImage", None, image)));
    let videos: Vec<ListingVideo> = client.list_listing_videos(product, &id).stream().try_collect().await?;
    let sent = videos.iter().filter(|video| is_sent(video.state.as_ref()));
    subjects.extend(sent.map(|video| Subject::new("ListingVideo", None, video)));
    Ok(())
}

async fn of_plan(
    client: &Client,
    product: &ProductId,
    plan: PlanOf<'_>,
    (module, instance, published): (&Module, &InstanceId, Option<&InstanceId>),
    subjects: &mut Vec<Subject>,
) -> Result<(), Error> {
    match module {
        Module::Listing => {
            let read = |instance: &InstanceId| client.find_listings(product, instance).stream();
            subjects.extend(versions(|_| Some("AzureListing"), Some(plan), instance, None, read).await?);
        }
        Module::Availability => {
            let read = |instance: &InstanceId| {
                let find = client.find_feature_availabilities(product, instance);
                find.expand("MarketStates,Trial,PriceSchedules").stream()
            };
            subjects.extend(versions(|_| Some("FeatureAvailability"), Some(plan), instance, published, read).await?);
        }
        Module::Package => {
            let read = |instance: &InstanceId| client.find_package_configurations(product, instance).stream();
            subjects.extend(versions(configuration, Some(plan), instance, published, read).await?);
        }
        _ => {}
    }
    Ok(())
}

/// The type of a technical configuration that has rules.
fn configuration(configuration: &PackageConfiguration) -> Option<&'static str> {
    match configuration {
        PackageConfiguration::AzureManagedApplication(_) => Some("AzureManagedApplicationPackageConfiguration"),
        PackageConfiguration::AzureSolutionTemplate(_) => Some("AzureSolutionTemplatePackageConfiguration"),
        _ => None,
    }
}
