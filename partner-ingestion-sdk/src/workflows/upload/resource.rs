//! The resources that have a file.

use super::package::wait_until_processed;
use super::target::{PollOptions, UploadTarget};
use crate::client::Client;
use crate::error::Error;
use crate::http::response::Response;
use crate::model::resource::Resource;
use crate::types::*;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

type Outcome<'a, T> = BoxFuture<'a, Result<Response<T>, Error>>;

/// A resource that has a file. This trait is sealed and cannot be implemented outside this crate.
#[allow(private_bounds, reason = "the private supertrait seals the trait and hides the steps of an upload")]
pub trait FileResource: UploadSteps {}

/// The steps of an upload.
pub(crate) trait UploadSteps: Resource + Clone + Send + Sync + 'static {
    fn create<'a>(self, client: &'a Client, target: &'a UploadTarget) -> Outcome<'a, Self>;

    fn mark<'a>(self, client: &'a Client, target: &'a UploadTarget) -> Outcome<'a, Self>;

    fn named(self, name: &str) -> Self;

    fn address(&self) -> Option<&Secret>;

    /// Waits for processing, if the service processes the file.
    fn wait_until_processed<'a>(
        self,
        _: &'a Client,
        _: &'a UploadTarget,
        _: PollOptions,
    ) -> BoxFuture<'a, Result<Self, Error>> {
        std::future::ready(Ok(self)).boxed()
    }
}

// `inline`: the boxed futures are compiled in the calling crate.
macro_rules! files {
    ($($(#[$doc:meta])* $type:ident: $create:ident, $modify:ident, ($($listing:ident,)?) $id:ident, $state:expr $(, $settle:ident)?;)*) => {
        $(
            $(#[$doc])*
            impl FileResource for $type {}

            impl UploadSteps for $type {
                #[inline]
                fn create<'a>(self, client: &'a Client, target: &'a UploadTarget) -> Outcome<'a, Self> {
                    client.$create(&target.product, $(target.$listing(),)? self).send().boxed()
                }

                #[inline]
                fn mark<'a>(self, client: &'a Client, target: &'a UploadTarget) -> Outcome<'a, Self> {
                    let id = $id::from(self.id().unwrap_or_default());
                    client.$modify(&target.product, $(target.$listing(),)? id, |file| file.set_state($state)).boxed()
                }

                fn named(self, name: &str) -> Self {
                    if self.file_name.is_some() { self } else { self.set_file_name(name) }
                }

                fn address(&self) -> Option<&Secret> {
                    self.file_sas_uri.as_ref()
                }

                $(#[inline]
                fn wait_until_processed<'a>(self, client: &'a Client, target: &'a UploadTarget, options: PollOptions) -> BoxFuture<'a, Result<Self, Error>> {
                    $settle(self, client, target, options).boxed()
                })?
            }
        )*
    };
}

files! {
    /// [`Client::upload_package`] uploads one, [`PackageConfiguration::set_package`] puts it into a plan, and
    /// [`Client::modify_package`] changes it by its id.
    AzurePackage: create_package, modify_package, () PackageId, UploadState::Uploaded, wait_until_processed;
    /// [`Client::upload_image`] uploads one, [`Client::modify_listing_image`] changes it by its id.
    ListingImage: create_listing_image, modify_listing_image, (listing,) ImageId, UploadState::Uploaded;
    /// [`Client::upload_video`] uploads one, [`Client::modify_listing_video`] changes it by its id.
    ListingVideo: create_listing_video, modify_listing_video, (listing,) VideoId, UploadState::Uploaded;
    /// [`Client::upload_asset`] uploads one, [`Client::modify_listing_asset`] changes it by its id.
    ListingAsset: create_listing_asset, modify_listing_asset, (listing,) AssetId, UploadState::Uploaded;
    /// [`Client::upload_cosell_asset`] uploads one, [`Client::modify_cosell_asset`] changes it by its id.
    CosellAsset: create_cosell_asset, modify_cosell_asset, () CosellAssetId, "Uploaded";
}
