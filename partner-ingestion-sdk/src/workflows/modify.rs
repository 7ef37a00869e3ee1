//! Changes without lost updates: read, change, write with the entity tag, and repeat on a conflict.

use super::wait::{Limit, PollInterval, poll_until};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::response::Response;
use crate::model::resource::Resource;
use crate::types::*;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use std::time::Duration;

/// The maximum number of attempts after conflicts: enough for a hundred concurrent writers of one resource.
const ROUNDS: u32 = 100;
/// The random delays after conflicts.
const CONFLICTS: PollInterval = PollInterval::random(Duration::from_millis(200));

type Reading<'a, T> = BoxFuture<'a, Result<Response<T>, Error>>;

/// Reads, changes and writes a resource. `change` may be called several times, each time with the current state.
pub(crate) async fn modify<'a, T: Resource + Clone + Serialize>(
    read: &(dyn Fn() -> Reading<'a, T> + Send + Sync),
    write: &(dyn Fn(T, &str) -> Reading<'a, T> + Send + Sync),
    change: &(dyn Fn(T) -> T + Send + Sync),
) -> Result<Response<T>, Error> {
    poll_until(CONFLICTS, Limit::Polls(ROUNDS), || async {
        let current = read().await?.into_inner();
        let Some(etag) = current.etag().map(str::to_owned) else {
            return Err(Error::new(ErrorKind::Decode, "resource has no entity tag"));
        };
        let changed = change(current);
        let conflict = match write(changed.clone(), &etag).await {
            Err(error) if error.is_conflict() => error,
            outcome => return outcome.map(Ok),
        };
        if conflict.may_conflict_with_own_retry() {
            let there = read().await?;
            if same(&*there, &changed) {
                return Ok(Ok(there));
            }
        }
        Ok(Err(conflict))
    })
    .await
}

/// Returns true if two states of a resource differ at most in their entity tags.
fn same<T: Serialize>(left: &T, right: &T) -> bool {
    let without_tag = |resource: &T| {
        let mut value = serde_json::to_value(resource).unwrap_or_default();
        if let Value::Object(object) = &mut value {
            object.remove("@odata.etag");
        }
        value
    };
    without_tag(left) == without_tag(right)
}

/// Generates `modify_x` for each resource with a GET, a PUT and an entity tag.
macro_rules! modifiers {
    ($($(#[$doc:meta])* $name:ident: $type:ident = $get:ident $([$expand:literal])?, $put:ident, ($($arg:ident: $id:ident),*);)*) => {
        /// # Changes
        ///
        /// These methods change a resource without losing concurrent changes. To change the draft of a module without knowing its
        /// id, use [`Draft::modify`](crate::Draft::modify).
        impl Client {
            $(
                $(#[$doc])*
                ///
                /// Reads the resource, applies `change` and writes it back with its entity tag. On a conflict (409, 412) it
                /// starts again, up to 100 times. Everything that `change` does not touch is preserved, including fields
                /// that the type does not know. `change` may be called more than once.
                ///
                /// # Errors
                ///
                /// Returns the errors of the GET and the PUT; a conflict only after 100 conflicts.
                pub async fn $name(
                    &self,
                    $($arg: impl Into<$id> + Send,)*
                    change: impl Fn($type) -> $type + Send + Sync,
                ) -> Result<Response<$type>, Error> {
                    $(let $arg = $arg.into();)*
                    let read = || self.$get($(&$arg),*)$(.expand($expand))?.send().boxed();
                    let write = |resource: $type, etag: &str| {
                        self.$put($(&$arg,)* resource).if_match(etag).send().boxed()
                    };
                    modify(&read, &write, &change).await
                }
            )*
        }
    };
}

modifiers! {
    /// Changes a listing.
    modify_listing: AzureListing = get_listing, replace_listing, (product_id: ProductId, listing_id: ListingId);
    /// Changes a document of a listing.
    modify_listing_asset: ListingAsset = get_listing_asset ["FileSasUri"], replace_listing_asset,
        (product_id: ProductId, listing_id: ListingId, asset_id: AssetId);
    /// Changes an image of a listing.
    modify_listing_image: ListingImage = get_listing_image ["FileSasUri"], replace_listing_image,
        (product_id: ProductId, listing_id: ListingId, image_id: ImageId);
    /// Changes a video of a listing.
    modify_listing_video: ListingVideo = get_listing_video ["FileSasUri"], replace_listing_video,
        (product_id: ProductId, listing_id: ListingId, video_id: VideoId);
    /// Changes the property of an offer.
    modify_property: AzureProperty = get_property, replace_property, (product_id: ProductId, property_id: PropertyId);
    /// Changes the preview audience of an offer.
    modify_product_availability: ProductAvailability = get_product_availability, replace_product_availability,
        (product_id: ProductId, product_availability_id: ProductAvailabilityId);
    /// Changes the pricing and availability of a plan.
    modify_feature_availability: FeatureAvailability = get_feature_availability ["MarketStates,Trial,PriceSchedules"],
        replace_feature_availability, (product_id: ProductId, feature_availability_id: FeatureAvailabilityId);
    /// Changes a package.
    modify_package: AzurePackage = get_package, replace_package, (product_id: ProductId, package_id: PackageId);
    /// Changes the technical configuration of a plan.
    modify_package_configuration: PackageConfiguration = get_package_configuration, replace_package_configuration,
        (product_id: ProductId, package_configuration_id: PackageConfigurationId);
    /// Changes a plan.
    modify_variant: Variant = get_variant, replace_variant, (product_id: ProductId, variant_id: VariantId);
    /// Changes the co-sell listing of an offer.
    modify_cosell_listing: CosellListing = get_cosell_listing, replace_cosell_listing,
        (product_id: ProductId, instance_id: InstanceId);
    /// Changes a document for co-selling.
    modify_cosell_asset: CosellAsset = get_cosell_asset, replace_cosell_asset,
        (product_id: ProductId, cosell_asset_id: CosellAssetId);
    /// Changes the supplemental content of an offer.
    modify_supplemental_content: SupplementalContent = get_supplemental_content, replace_supplemental_content,
        (product_id: ProductId, instance_id: InstanceId);
}
