//! Finds products and plans by offer id and plan id, and creates them if they do not exist.

use super::wait::{Limit, PollInterval, poll_until};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::model::filter::Filter;
use crate::types::{AzureProduct, AzureSkuVariant, ProductId, Variant};
use futures_util::TryStreamExt;
use std::time::Duration;

/// The searches after a creation whose response was lost: the resource may appear late, at most 10 seconds.
const SEARCHES: Limit = Limit::Polls(4);
/// The delays between these searches: 1, 3 and 6 seconds.
const SEARCH_INTERVAL: PollInterval = PollInterval::new(Duration::from_secs(1), Duration::from_secs(6), 3.0);

/// # Lookups
///
/// These methods find offers and plans by the ids that the portal shows, and create them if necessary. The results can be
/// passed wherever a [`ProductId`] or [`VariantId`](crate::types::VariantId) is expected.
impl Client {
    /// Returns the product with this offer id, which the portal shows.
    ///
    /// If you know the GUID of the product, pass the GUID to the calls: no lookup is needed.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::NotFound`] if no product has the offer id, [`ErrorKind::Ambiguous`] if several have, and the errors
    /// of [`list_products`](Client::list_products).
    ///
    /// ```no_run
    /// # async fn example(client: partner_ingestion_sdk::Client) -> Result<(), partner_ingestion_sdk::Error> {
    /// let offer = client.product_by_offer_id("contoso-app").await?;
    /// let setup = client.get_product_setup(&offer).send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn product_by_offer_id(&self, offer_id: impl AsRef<str> + Send) -> Result<AzureProduct, Error> {
        let offer_id = offer_id.as_ref();
        let found = self.products_with(offer_id).await?;
        one(found, "product", "offer", offer_id)
    }

    /// Returns the plan with this plan id.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::NotFound`] if no plan has the plan id, [`ErrorKind::Ambiguous`] if several have, and the errors of
    /// [`list_variants`](Client::list_variants).
    pub async fn variant_by_plan_id(
        &self,
        product_id: impl Into<ProductId> + Send,
        plan_id: impl AsRef<str> + Send,
    ) -> Result<AzureSkuVariant, Error> {
        let plan_id = plan_id.as_ref();
        let found = self.plans_with(&product_id.into(), plan_id).await?;
        one(found, "plan", "plan", plan_id)
    }

    /// Returns the product with this offer id, creating it if it does not exist. An existing product is left unchanged.
    ///
    /// If the response of the creation is lost, searches again instead of creating a second one.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidArgument`] if the product has no offer id, and the errors of
    /// [`product_by_offer_id`](Client::product_by_offer_id) and [`create_product`](Client::create_product).
    pub async fn ensure_product(&self, product: impl Into<AzureProduct> + Send) -> Result<AzureProduct, Error> {
        let product = product.into();
        let Some(offer_id) = product.offer_id().map(str::to_owned) else {
            let hint =
                "Create the product with AzureProduct::application, or set an external id of the type AzureOfferId.";
            let message = "product has no external id of the type AzureOfferId";
            return Err(Error::new(ErrorKind::InvalidArgument, message).with_hint(hint));
        };
        let found = self.products_with(&offer_id).await?;
        if !found.is_empty() {
            return one(found, "product", "offer", &offer_id);
        }
        let error = match self.create_product(product).send().await {
            Ok(created) => return Ok(created.into_inner()),
            Err(error) => error,
        };
        search_after(error, || self.product_by_offer_id(&offer_id)).await
    }

    /// Returns the plan with this plan id, creating it if it does not exist. An existing plan is left unchanged.
    ///
    /// If the response of the creation is lost, searches again instead of creating a second one.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidArgument`] if the plan has no plan id, and the errors of
    /// [`variant_by_plan_id`](Client::variant_by_plan_id) and [`create_variant`](Client::create_variant).
    pub async fn ensure_variant(
        &self,
        product_id: impl Into<ProductId> + Send,
        variant: impl Into<AzureSkuVariant> + Send,
    ) -> Result<AzureSkuVariant, Error> {
        let (product, variant) = (product_id.into(), variant.into());
        let Some(plan_id) = variant.external_id.clone() else {
            let hint = "Create the plan with AzureSkuVariant::plan, or set its plan id with set_external_id.";
            return Err(Error::new(ErrorKind::InvalidArgument, "plan has no external id").with_hint(hint));
        };
        let found = self.plans_with(&product, &plan_id).await?;
        if !found.is_empty() {
            return one(found, "plan", "plan", &plan_id);
        }
        let error = match self.create_variant(&product, variant).send().await {
            Ok(created) => match created.into_inner() {
                Variant::AzureSku(plan) => return Ok(plan),
                _ => Error::new(ErrorKind::Decode, "created resource is not a plan").with_operation("create_variant"),
            },
            Err(error) => error,
        };
        search_after(error, || self.variant_by_plan_id(&product, &plan_id)).await
    }

    async fn products_with(&self, offer_id: &str) -> Result<Vec<AzureProduct>, Error> {
        let products = self.list_products().filter(Filter::offer_id(offer_id)).stream();
        // The service ignores case; the portal's ids are in lower case.
        let same = |product: &AzureProduct| product.offer_id().is_some_and(|id| id.eq_ignore_ascii_case(offer_id));
        products.try_filter(|product| std::future::ready(same(product))).try_collect().await
    }

    async fn plans_with(&self, product: &ProductId, plan_id: &str) -> Result<Vec<AzureSkuVariant>, Error> {
        let variants = self.list_variants(product).stream();
        let plans = variants.try_filter_map(|variant| {
            let plan = match variant {
                Variant::AzureSku(plan) if plan.external_id.as_deref() == Some(plan_id) => Some(plan),
                _ => None,
            };
            std::future::ready(Ok(plan))
        });
        plans.try_collect().await
    }
}

/// Searches for the resource after a failed creation if it may have been processed, or another caller was faster. Returns the
/// error of the creation if the search finds nothing.
async fn search_after<T, F>(creation: Error, search: impl Fn() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    if !creation.may_have_been_processed() && !creation.is_conflict() {
        return Err(creation);
    }
    let found = poll_until(SEARCH_INTERVAL, SEARCHES, || async { Ok(search().await) }).await;
    found.map_err(|_| creation)
}

/// Returns the only match; none and several are errors.
fn one<T>(mut found: Vec<T>, what: &str, kind: &str, id: &str) -> Result<T, Error> {
    match (found.pop(), found.len()) {
        (Some(only), 0) => Ok(only),
        (None, _) => Err(Error::new(ErrorKind::NotFound, format!("no {what} has the {kind} id {id:?}"))),
        (Some(_), others) => {
            let message = format!("{} {what}s have the {kind} id {id:?}", others + 1);
            Err(Error::new(ErrorKind::Ambiguous, message))
        }
    }
}
