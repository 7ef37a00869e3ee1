//! The resources that have a file.

use super::package::wait_until_processed;
use super::target::{PollOptions, UploadTarget};
use crate::client::Client;
use crate::error::Error;
use crate::http::response::Response;
use crate::model::resource::Resource;
use crate::types::*;
use crate::workflows::search::items_of;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::future::ready;

type Outcome<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// A resource that has a file. This trait is sealed and cannot be implemented outside this crate.
#[allow(private_bounds, reason = "the private supertrait seals the trait and hides the steps of an upload")]
pub trait FileResource: UploadSteps {
    /// The type of the resource's id.
    type Id: AsRef<str>;
}

/// The steps of an upload.
pub(crate) trait UploadSteps: Resource + Clone + Send + Sync + 'static {
    /// True if two files of the same name and type are the same where their contents cannot be compared.
    const SAME_BY_NAME: bool = false;

    fn create<'a>(self, client: &'a Client, target: &'a UploadTarget) -> Outcome<'a, Response<Self>>;

    /// Reads the resource with its address.
    fn read<'a>(client: &'a Client, target: &'a UploadTarget, id: &'a str) -> Outcome<'a, Response<Self>>;

    /// Returns the resources that may have the same file.
    fn list<'a>(_: &'a Client, _: &'a UploadTarget) -> Outcome<'a, Vec<Response<Self>>> {
        ready(Ok(Vec::new())).boxed()
    }

    /// Marks the file as uploaded. A resource without a type gets that of `requested`.
    fn mark<'a>(
        id: &'a str,
        requested: &'a Self,
        client: &'a Client,
        target: &'a UploadTarget,
    ) -> Outcome<'a, Response<Self>>;

    fn named(self, name: &str) -> Self;

    fn name(&self) -> Option<&str>;

    fn state(&self) -> &str;

    fn address(&self) -> Option<&Secret>;

    /// Returns true if both are of the same type, such as that of a logo.
    fn is_of_same_type(&self, other: &Self) -> bool {
        // The type of a package may be empty in a response.
        let kind = |resource: &Self| resource.resource_type().filter(|kind| !kind.is_empty()).map(str::to_owned);
        kind(self).zip(kind(other)).is_none_or(|(one, other)| one == other)
    }

    /// The size of the file, if the service knows it.
    fn size(&self) -> Option<i64> {
        None
    }

    /// Waits for processing, if the service processes the file.
    fn wait_until_processed<'a>(
        response: Response<Self>,
        _: &'a Client,
        _: &'a UploadTarget,
        _: PollOptions,
    ) -> Outcome<'a, Response<Self>> {
        ready(Ok(response)).boxed()
    }
}

/// Returns true if the file of a resource was not uploaded yet. Other states than those of the document count as complete.
pub(super) fn is_pending(state: &str) -> bool {
    state.is_empty() || state.eq_ignore_ascii_case("PendingUpload")
}

// `inline`: the boxed futures are compiled in the calling crate.
macro_rules! files {
    ($($(#[$doc:meta])* $type:ident: $create:ident, $get:ident $(.$expand:ident($what:literal))?, $modify:ident, ($($listing:ident,)?) $id:ident, $state:expr;
        { $($own:tt)* })*) => {
        $(
            $(#[$doc])*
            impl FileResource for $type {
                type Id = $id;
            }

            impl UploadSteps for $type {
                #[inline]
                fn create<'a>(self, client: &'a Client, target: &'a UploadTarget) -> Outcome<'a, Response<Self>> {
                    client.$create(&target.product, $(target.$listing(),)? self).send().boxed()
                }

                #[inline]
                fn read<'a>(client: &'a Client, target: &'a UploadTarget, id: &'a str) -> Outcome<'a, Response<Self>> {
                    client.$get(&target.product, $(target.$listing(),)? $id::from(id))$(.$expand($what))?.send().boxed()
                }

                #[inline]
                fn mark<'a>(id: &'a str, requested: &'a Self, client: &'a Client, target: &'a UploadTarget) -> Outcome<'a, Response<Self>> {
                    let change = |mut file: Self| {
                        if file.resource_type().is_none_or(str::is_empty) {
                            file.resource_type.clone_from(&requested.resource_type);
                        }
                        // Another upload of the same file may have marked it: its processing must not begin again.
                        if is_pending(file.state()) { file.set_state($state) } else { file }
                    };
                    client.$modify(&target.product, $(target.$listing(),)? $id::from(id), change).boxed()
                }

                fn named(self, name: &str) -> Self {
                    if self.file_name.is_some() { self } else { self.set_file_name(name) }
                }

                fn name(&self) -> Option<&str> {
                    self.file_name.as_deref()
                }

                fn state(&self) -> &str {
                    self.state.as_ref().map_or("", |state| state.as_str())
                }

                fn address(&self) -> Option<&Secret> {
                    self.file_sas_uri.as_ref()
                }

                $($own)*
            }
        )*
    };
}

files! {
    /// [`Client::ensure_package`] and [`Client::upload_package`] upload one, [`PackageConfiguration::set_package`] puts it into a plan, and
    /// [`Client::modify_package`] changes it by its id.
    AzurePackage: create_package, get_package, modify_package, () PackageId, UploadState::Uploaded; {
        #[inline]
        fn list<'a>(client: &'a Client, target: &'a UploadTarget) -> Outcome<'a, Vec<Response<Self>>> {
            items_of(client.list_packages(&target.product).pages(), Some).boxed()
        }

        fn size(&self) -> Option<i64> {
            self.file_size
        }

        #[inline]
        fn wait_until_processed<'a>(response: Response<Self>, client: &'a Client, target: &'a UploadTarget, options: PollOptions) -> Outcome<'a, Response<Self>> {
            wait_until_processed(response, client, target, options).boxed()
        }
    }
    /// [`Client::ensure_image`] and [`Client::upload_image`] upload one, [`Client::modify_listing_image`] changes it by its id.
    ListingImage: create_listing_image, get_listing_image.expand("FileSasUri"), modify_listing_image, (listing,) ImageId, UploadState::Uploaded; {
        const SAME_BY_NAME: bool = true;

        #[inline]
        fn list<'a>(client: &'a Client, target: &'a UploadTarget) -> Outcome<'a, Vec<Response<Self>>> {
            let images = client.list_listing_images(&target.product, target.listing()).expand("FileSasUri");
            items_of(images.pages(), Some).boxed()
        }

        fn is_of_same_type(&self, other: &Self) -> bool {
            self.type_.as_deref().unwrap_or_default().eq_ignore_ascii_case(other.type_.as_deref().unwrap_or_default())
        }
    }
    /// [`Client::upload_video`] uploads one, [`Client::modify_listing_video`] changes it by its id.
    ListingVideo: create_listing_video, get_listing_video.expand("FileSasUri"), modify_listing_video, (listing,) VideoId, UploadState::Uploaded; {}
    /// [`Client::upload_asset`] uploads one, [`Client::modify_listing_asset`] changes it by its id.
    ListingAsset: create_listing_asset, get_listing_asset.expand("FileSasUri"), modify_listing_asset, (listing,) AssetId, UploadState::Uploaded; {}
    /// [`Client::upload_cosell_asset`] uploads one, [`Client::modify_cosell_asset`] changes it by its id.
    CosellAsset: create_cosell_asset, get_cosell_asset, modify_cosell_asset, () CosellAssetId, "Uploaded"; {}
}
