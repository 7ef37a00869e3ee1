//! The offline check of an offer: the portal's documented rules, evaluated without a submission.

pub(crate) mod evaluate;
mod format;
pub(crate) mod rule;
mod select;
#[cfg(test)]
mod tests;

use crate::client::Client;
use crate::error::Error;
use crate::generated::rules::RULES;
use crate::types::*;
use crate::workflows::publish::DryRun;
use evaluate::{Subject, evaluate};
use futures_util::TryStreamExt;

/// Reads the drafts and evaluates every rule. Offers of other types have no rules.
pub(crate) async fn check(client: &Client, product: &ProductId, drafts: &DryRun) -> Result<Vec<ValidationItem>, Error> {
    let offer = client.get_product(product).send().await?.into_inner();
    if offer.resource_type != Some(ProductType::AzureApplication) {
        return Ok(Vec::new());
    }
    let mut subjects = vec![Subject::new("AzureProduct", None, &offer)];
    for (module, instance) in &drafts.offer {
        match module {
            Module::Property => {
                let found: Vec<AzureProperty> =
                    client.find_properties(product, instance).stream().try_collect().await?;
                subjects.extend(found.iter().map(|property| Subject::new("AzureProperty", None, property)));
            }
            Module::Availability => {
                let found: Vec<ProductAvailability> =
                    client.find_product_availabilities(product, instance).stream().try_collect().await?;
                subjects.extend(found.iter().map(|a| Subject::new("ProductAvailability", None, a)));
            }
            Module::Listing => listing(client, product, instance, &mut subjects).await?,
            _ => {}
        }
    }
    for (number, plan) in drafts.variants.iter().enumerate() {
        let first = subjects.len();
        let variant = client.get_variant(product, &plan.variant).send().await?.into_inner();
        subjects.push(Subject::new("AzureSkuVariant", Some(&plan.name), &variant));
        for (module, instance) in &plan.drafts {
            of_plan(client, product, (&plan.name, module, instance), &mut subjects).await?;
        }
        subjects.iter_mut().skip(first).for_each(|subject| subject.number = number);
    }
    Ok(evaluate(RULES, &subjects))
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
    (plan, module, instance): (&str, &Module, &InstanceId),
    subjects: &mut Vec<Subject>,
) -> Result<(), Error> {
    match module {
        Module::Listing => {
            let found: Vec<AzureListing> = client.find_listings(product, instance).stream().try_collect().await?;
            subjects.extend(found.iter().map(|listing| Subject::new("AzureListing", Some(plan), listing)));
        }
        Module::Availability => {
            let find = client.find_feature_availabilities(product, instance);
            let find = find.expand("MarketStates,Trial,PriceSchedules");
            let found: Vec<FeatureAvailability> = find.stream().try_collect().await?;
            subjects.extend(found.iter().map(|a| Subject::new("FeatureAvailability", Some(plan), a)));
        }
        Module::Package => {
            let find = client.find_package_configurations(product, instance);
            let found: Vec<PackageConfiguration> = find.stream().try_collect().await?;
            subjects.extend(found.iter().filter_map(|configuration| {
                let type_name = match configuration {
                    PackageConfiguration::AzureManagedApplication(_) => "AzureManagedApplicationPackageConfiguration",
                    PackageConfiguration::AzureSolutionTemplate(_) => "AzureSolutionTemplatePackageConfiguration",
                    _ => return None,
                };
                Some(Subject::new(type_name, Some(plan), configuration))
            }));
        }
        _ => {}
    }
    Ok(())
}
