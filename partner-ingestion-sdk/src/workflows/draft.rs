//! Reads and modifies the draft of a module by product, plan and module.
//!
//! The service keeps the draft of every module behind a branch. The branches of a new resource appear after a few seconds, and a new
//! resource may be missing for a moment.

use super::branch::current_drafts;
use super::modify::{Version, modify, refused};
use super::search::first_item;
use super::wait::{BRANCHES, Limit, poll_until, tolerate_late};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::call::check_id;
use crate::http::response::Response;
use crate::model::resource::Resource;
use crate::types::*;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::future::ready;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The hint for a draft that does not exist.
pub(super) const NO_BRANCH: &str = "Check that the offer or plan has this module, and wait longer with `branch_wait`: the branches of a \
new resource appear after a few seconds.";
/// The default time to wait for a branch.
const BRANCH_WAIT: Duration = Duration::from_secs(60);

/// The draft of one module of an offer or of a plan.
///
/// ```
/// # use partner_ingestion_sdk::types::AzureProduct;
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/sandbox.rs"));
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = partner_sandbox::Sandbox::start().await?;
/// # let client = client_of(&sandbox)?;
/// let offer = client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
/// let changed = client.listing_draft(&offer).modify(|listing| listing.set_summary("Now faster")).await?;
/// assert_eq!(changed.summary.as_deref(), Some("Now faster"));
/// # Ok(())
/// # }
/// ```
#[must_use = "does nothing until `get`, `modify` or `instance_id` is awaited"]
pub struct Draft<T> {
    client: Client,
    product: ProductId,
    plan: Option<VariantId>,
    branch_wait: Duration,
    resource: PhantomData<fn() -> T>,
}

impl<T> Clone for Draft<T> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), product: self.product.clone(), plan: self.plan.clone(), ..*self }
    }
}

impl<T> fmt::Debug for Draft<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("product", &self.product).field("plan", &self.plan).finish_non_exhaustive()
    }
}

type Outcome<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// A resource whose draft a branch points to. This trait is sealed and cannot be implemented outside this crate.
#[allow(private_bounds, reason = "the private supertrait seals the trait and hides how drafts are read and written")]
pub trait DraftResource: DraftAccess {}

/// How the draft of a resource is read and written.
pub(crate) trait DraftAccess: Resource + Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The module of the branch.
    const MODULE: Module;

    fn find<'a>(
        client: &'a Client,
        product: &'a ProductId,
        instance: &'a InstanceId,
    ) -> Outcome<'a, Option<Response<Self>>>;

    fn replace<'a>(
        client: &'a Client,
        product: &'a ProductId,
        instance: &InstanceId,
        resource: Self,
        version: &Version,
    ) -> Outcome<'a, Response<Self>>;
}

// `inline`: the boxed futures are compiled in the calling crate, and only for the drafts that it uses.
macro_rules! drafted {
    ($($(#[$doc:meta])* $type:ident of $module:ident: $find:ident $(.$expand:ident($what:literal))?, $replace:ident by $key:expr;)*) => {
        $(
            $(#[$doc])*
            impl DraftResource for $type {}

            impl DraftAccess for $type {
                const MODULE: Module = Module::$module;

                #[inline]
                fn find<'a>(client: &'a Client, product: &'a ProductId, instance: &'a InstanceId) -> Outcome<'a, Option<Response<Self>>> {
                    first_item(client.$find(product, instance)$(.$expand($what))?.pages()).boxed()
                }

                #[inline]
                fn replace<'a>(
                    client: &'a Client,
                    product: &'a ProductId,
                    instance: &InstanceId,
                    resource: Self,
                    version: &Version,
                ) -> Outcome<'a, Response<Self>> {
                    let call = client.$replace(product, ($key)(version, instance), resource)$(.$expand($what))?;
                    call.if_match(version.etag.as_str()).send().boxed()
                }
            }
        )*
    };
}

/// Most resources are written by the id that was read, two by the instance id of the draft.
fn own_id<I: for<'t> From<&'t str>>(version: &Version, _: &InstanceId) -> I {
    I::from(version.id.as_str())
}

drafted! {
    /// [`Client::listing_draft`] finds the listing of an offer or plan, [`Draft::modify`] changes it. To change one by its id, use
    /// [`Client::modify_listing`].
    AzureListing of Listing: find_listings, replace_listing by own_id::<ListingId>;
    /// [`Client::property_draft`] finds the properties of an offer, [`Draft::modify`] changes them. To change them by id, use
    /// [`Client::modify_property`].
    AzureProperty of Property: find_properties, replace_property by own_id::<PropertyId>;
    /// [`Client::product_availability_draft`] finds the preview audience of an offer, [`Draft::modify`] changes it. To change one by
    /// its id, use [`Client::modify_product_availability`].
    ProductAvailability of Availability: find_product_availabilities, replace_product_availability by own_id::<ProductAvailabilityId>;
    /// [`Client::feature_availability_draft`] finds the pricing and availability of a plan, [`Draft::modify`] changes them. To change
    /// them by id, use [`Client::modify_feature_availability`].
    FeatureAvailability of Availability: find_feature_availabilities.expand("MarketStates,Trial,PriceSchedules"),
        replace_feature_availability by own_id::<FeatureAvailabilityId>;
    /// [`Client::package_configuration_draft`] finds the technical configuration of a plan, and
    /// [`Client::offer_package_configuration_draft`] that of an offer; [`Draft::modify`] changes it. To change one by its id, use
    /// [`Client::modify_package_configuration`].
    PackageConfiguration of Package: find_package_configurations, replace_package_configuration by own_id::<PackageConfigurationId>;
    /// [`Client::cosell_listing_draft`] finds the co-sell listing of an offer, [`Draft::modify`] changes it. To change one by its
    /// instance id, use [`Client::modify_cosell_listing`].
    CosellListing of Cosell: find_cosell_listings, replace_cosell_listing by |_: &Version, instance: &InstanceId| instance.clone();
    /// [`Client::supplemental_content_draft`] finds the supplemental content of an offer, [`Draft::modify`] changes it. To change one
    /// by its instance id, use [`Client::modify_supplemental_content`].
    SupplementalContent of SupplementalContent: find_supplemental_contents, replace_supplemental_content by |_: &Version, instance: &InstanceId| instance.clone();
}

/// # Drafts
///
/// Each method returns a [`Draft`], which finds the draft of a module through its branch and reads it with [`Draft::get`] or
/// changes it with [`Draft::modify`]. Nothing is sent until one of them is awaited.
impl Client {
    /// Returns the draft of an offer's listing, or of a plan's with [`plan`](Draft::plan). If there are several languages, the
    /// first one.
    pub fn listing_draft(&self, product_id: impl Into<ProductId>) -> Draft<AzureListing> {
        self.draft(product_id.into(), None)
    }

    /// Returns the draft of an offer's properties.
    pub fn property_draft(&self, product_id: impl Into<ProductId>) -> Draft<AzureProperty> {
        self.draft(product_id.into(), None)
    }

    /// Returns the draft of an offer's preview audience.
    pub fn product_availability_draft(&self, product_id: impl Into<ProductId>) -> Draft<ProductAvailability> {
        self.draft(product_id.into(), None)
    }

    /// Returns the draft of a plan's pricing and availability.
    pub fn feature_availability_draft(
        &self,
        product_id: impl Into<ProductId>,
        variant_id: impl Into<VariantId>,
    ) -> Draft<FeatureAvailability> {
        self.draft(product_id.into(), Some(variant_id.into()))
    }

    /// Returns the draft of a plan's technical configuration.
    pub fn package_configuration_draft(
        &self,
        product_id: impl Into<ProductId>,
        variant_id: impl Into<VariantId>,
    ) -> Draft<PackageConfiguration> {
        self.draft(product_id.into(), Some(variant_id.into()))
    }

    /// Returns the draft of an offer's technical configuration, for offers without one by plan, such as Dynamics 365.
    pub fn offer_package_configuration_draft(&self, product_id: impl Into<ProductId>) -> Draft<PackageConfiguration> {
        self.draft(product_id.into(), None)
    }

    /// Returns the draft of an offer's co-sell listing.
    pub fn cosell_listing_draft(&self, product_id: impl Into<ProductId>) -> Draft<CosellListing> {
        self.draft(product_id.into(), None)
    }

    /// Returns the draft of an offer's supplemental content.
    pub fn supplemental_content_draft(&self, product_id: impl Into<ProductId>) -> Draft<SupplementalContent> {
        self.draft(product_id.into(), None)
    }

    fn draft<T>(&self, product: ProductId, plan: Option<VariantId>) -> Draft<T> {
        Draft { client: self.clone(), product, plan, branch_wait: BRANCH_WAIT, resource: PhantomData }
    }
}

impl Draft<AzureListing> {
    /// Selects the listing of a plan instead of the offer's.
    pub fn plan(mut self, variant_id: impl Into<VariantId>) -> Self {
        self.plan = Some(variant_id.into());
        self
    }
}

impl<T: DraftResource> Draft<T> {
    /// Sets how long to wait for a branch that does not exist yet. Default: 60 seconds.
    pub fn branch_wait(mut self, branch_wait: Duration) -> Self {
        self.branch_wait = branch_wait;
        self
    }

    /// Returns the instance id of the draft, which a submission names.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidArgument`] if the id of the offer or plan is empty, [`ErrorKind::NotFound`] if the branch does
    /// not appear in time, and the errors of [`list_branches`](Client::list_branches).
    pub async fn instance_id(&self) -> Result<InstanceId, Error> {
        tolerate_late(|| self.current_instance()).await
    }

    async fn current_instance(&self) -> Result<InstanceId, Error> {
        // No branch has an empty id, and waiting for one would only delay the error.
        self.plan.iter().try_for_each(|plan| check_id("variantID", plan.as_str()))?;
        poll_until(BRANCHES, Limit::Time(self.branch_wait), || async {
            let mut drafts = current_drafts(&self.client, &self.product, &T::MODULE).await?;
            Ok(drafts.remove(&self.plan).ok_or_else(|| self.missing()))
        })
        .await
    }

    /// Reads the draft.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`instance_id`](Draft::instance_id) and of the GET.
    pub async fn get(&self) -> Result<Response<T>, Error> {
        let read = || async { self.read(&self.current_instance().await?).await };
        tolerate_late(read).await
    }

    /// Reads the draft, applies `change` and writes it back with its entity tag. If `change` changes nothing, nothing is written and
    /// the response is that of the GET. On a conflict (409, 412) it starts again, up to 100 times. Everything that `change` does not
    /// touch is preserved, including fields that the type does not know. `change` may be called more than once. If the response of
    /// the PUT is lost, the change is not made twice: the draft is read, and only what `change` changed is compared. If that does not show
    /// whether the change was made, the error of the PUT is returned.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`get`](Draft::get) and of the PUT; a conflict only after 100 conflicts, or after 5 if no other program
    /// changed the draft.
    pub async fn modify(&self, change: impl Fn(T) -> T + Send + Sync) -> Result<Response<T>, Error> {
        self.try_modify(|current| Ok::<_, Error>(change(current))).await
    }

    /// Does what [`modify`](Draft::modify) does, with a closure that may fail.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`modify`](Draft::modify), and [`ErrorKind::Closure`] with the closure's error as the source; an
    /// [`Error`] of this crate is returned unchanged. Then nothing is written.
    pub async fn try_modify<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        &self,
        change: impl Fn(T) -> Result<T, E> + Send + Sync,
    ) -> Result<Response<T>, Error> {
        let instance = Mutex::new(None);
        let known = || instance.lock().unwrap_or_else(PoisonError::into_inner);
        let read = || {
            async {
                // After a submission, a draft that changes has a new instance: it is looked up again for each reading.
                let current = self.current_instance().await?;
                *known() = Some(current.clone());
                self.read(&current).await
            }
            .boxed()
        };
        let write = |resource: T, version: &Version| match known().clone() {
            Some(instance) => T::replace(&self.client, &self.product, &instance, resource, version),
            None => ready(Err(self.missing())).boxed(),
        };
        modify(&read, &write, &|current| change(current).map_err(refused)).await
    }

    async fn read(&self, instance: &InstanceId) -> Result<Response<T>, Error> {
        let found = T::find(&self.client, &self.product, instance).await?;
        let empty = || Error::new(ErrorKind::NotFound, format!("{} is empty", self.description())).with_hint(NO_BRANCH);
        found.ok_or_else(empty)
    }

    fn missing(&self) -> Error {
        Error::new(ErrorKind::NotFound, format!("{} has no branch", self.description())).with_hint(NO_BRANCH)
    }

    /// Module, product and plan.
    fn description(&self) -> String {
        let plan = self.plan.as_ref().map(|plan| format!(", plan {plan}")).unwrap_or_default();
        format!("module {} of product {}{plan}", T::MODULE, self.product)
    }
}
