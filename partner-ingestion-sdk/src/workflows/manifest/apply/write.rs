//! Writes what differs.

use super::context::Run;
use crate::client::Client;
use crate::error::Error;
use crate::http::response::Response;
use crate::model::resource::Resource;
use crate::types::*;
use crate::workflows::draft::DraftAccess;
use crate::workflows::manifest::json::Json;
use crate::workflows::manifest::part::{ManifestPart, Part};
use crate::workflows::modify::Version;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

impl Run<'_> {
    /// Writes a draft if the part differs from its current state. The entity tag that was read protects the changes of others; after
    /// a conflict, the draft is read again.
    pub(super) async fn draft<T: ModifyById + ManifestPart>(
        &self,
        place: &str,
        instance: Option<&InstanceId>,
        current: Option<&T>,
        part: Option<&Part<T>>,
    ) -> Result<(), Error> {
        let Some(part) = part.filter(|part| !part.is_empty()) else { return Ok(()) };
        self.changed_draft(place, instance, current, &|current| part.merge_into(&current, &self.secrets)).await
    }

    /// Writes a draft if `change` changes it.
    pub(super) async fn changed_draft<T: ModifyById>(
        &self,
        place: &str,
        instance: Option<&InstanceId>,
        current: Option<&T>,
        change: &(dyn Fn(T) -> Result<T, Error> + Send + Sync),
    ) -> Result<(), Error> {
        let (Some(instance), Some(current)) = (instance, current) else {
            return Err(self.absent(place));
        };
        let changed = change(current.clone())?;
        if same(current, &changed) {
            self.unchanged(place);
            return Ok(());
        }
        self.proceed()?;
        let id = current.id().unwrap_or_default().to_owned();
        if let Some(etag) = Resource::etag(current).map(str::to_owned) {
            let version = Version { id: id.clone(), etag };
            match T::replace(&self.client, &self.product, instance, changed, &version).await {
                Ok(_) => {
                    self.done(place, "changed");
                    return Ok(());
                }
                Err(error) if error.is_conflict() || error.may_have_been_processed() => {}
                Err(error) => return Err(error),
            }
        }
        T::modify(&self.client, &self.product, &id, change).await?;
        self.done(place, "changed");
        Ok(())
    }

    /// Writes a resource that has no entity tag, by POST.
    pub(super) async fn set<'w, T: ManifestPart>(
        &self,
        place: &str,
        current: Option<&T>,
        part: Option<&Part<T>>,
        write: impl FnOnce(T) -> BoxFuture<'w, Result<Response<T>, Error>> + Send,
    ) -> Result<(), Error> {
        let Some(part) = part.filter(|part| !part.is_empty()) else { return Ok(()) };
        let changed = match current {
            Some(current) => part.merge_into(current, &self.secrets)?,
            None => part.resolve(&self.secrets)?,
        };
        if current.is_some_and(|current| same(current, &changed)) {
            self.unchanged(place);
            return Ok(());
        }
        self.proceed()?;
        write(changed).await?;
        self.done(place, "changed");
        Ok(())
    }
}

/// A draft that is changed by its id, after a conflict.
pub(super) trait ModifyById: DraftAccess {
    fn modify<'a>(
        client: &'a Client,
        product: &'a ProductId,
        id: &'a str,
        change: &'a (dyn Fn(Self) -> Result<Self, Error> + Send + Sync),
    ) -> BoxFuture<'a, Result<Response<Self>, Error>>;
}

macro_rules! modify_by_id {
    ($($type:ident: $modify:ident;)*) => {$(
        impl ModifyById for $type {
            fn modify<'a>(
                client: &'a Client,
                product: &'a ProductId,
                id: &'a str,
                change: &'a (dyn Fn(Self) -> Result<Self, Error> + Send + Sync),
            ) -> BoxFuture<'a, Result<Response<Self>, Error>> {
                client.$modify(product, id, change).boxed()
            }
        }
    )*};
}

modify_by_id! {
    AzureListing: try_modify_listing;
    AzureProperty: try_modify_property;
    CosellListing: try_modify_cosell_listing;
    FeatureAvailability: try_modify_feature_availability;
    PackageConfiguration: try_modify_package_configuration;
    ProductAvailability: try_modify_product_availability;
    SupplementalContent: try_modify_supplemental_content;
}

/// Returns true if two states of a resource have the same meaning.
pub(super) fn same<T: serde::Serialize>(left: &T, right: &T) -> bool {
    match (Json::of(left), Json::of(right)) {
        (Ok(left), Ok(right)) => left.is_same(&right),
        _ => false,
    }
}
