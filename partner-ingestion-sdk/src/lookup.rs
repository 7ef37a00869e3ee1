//! Products and plans by the names that people know, and their creation where they are not there yet.

use crate::types::{AzureProduct, AzureSkuVariant, ProductId, Variant};
use crate::{Client, Error, ErrorKind, Filter};
use futures_util::TryStreamExt;
use std::time::Duration;

/// What was created with an answer that was lost may take a moment to be found.
const LOOKS: [Duration; 4] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(6)];

impl Client {
    /// The product with this offer id: the id that the portal shows.
    ///
    /// A product whose GUID is known needs no lookup: every call takes the GUID.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Lookup`] when no product or more than one has the id; otherwise as for
    /// [`list_products`](Client::list_products).
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

    /// The plan of a product with this plan id.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Lookup`] when no plan or more than one has the id; otherwise as for
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

    /// The product with this one's offer id, which is created when it is not there. One that is there stays as it is.
    ///
    /// When the answer of the creation is lost, it is looked for again instead of being created twice.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Argument`] when the product has no offer id; otherwise as for
    /// [`product_by_offer_id`](Client::product_by_offer_id) and [`create_product`](Client::create_product).
    pub async fn ensure_product(&self, product: impl Into<AzureProduct> + Send) -> Result<AzureProduct, Error> {
        let product = product.into();
        let Some(offer_id) = product.offer_id().map(str::to_owned) else {
            return Err(Error::new(ErrorKind::Argument, "the product has no external id of the type AzureOfferId"));
        };
        let found = self.products_with(&offer_id).await?;
        if !found.is_empty() {
            return one(found, "product", "offer", &offer_id);
        }
        let error = match self.create_product(product).send().await {
            Ok(created) => return Ok(created.into_inner()),
            Err(error) => error,
        };
        for pause in looks(&error) {
            tokio::time::sleep(pause).await;
            if let Ok(found) = self.product_by_offer_id(&offer_id).await {
                return Ok(found);
            }
        }
        Err(error)
    }

    /// The plan with this one's plan id, which is created when it is not there. One that is there stays as it is.
    ///
    /// When the answer of the creation is lost, it is looked for again instead of being created twice.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Argument`] when the plan has no plan id; otherwise as for
    /// [`variant_by_plan_id`](Client::variant_by_plan_id) and [`create_variant`](Client::create_variant).
    pub async fn ensure_variant(
        &self,
        product_id: impl Into<ProductId> + Send,
        variant: impl Into<AzureSkuVariant> + Send,
    ) -> Result<AzureSkuVariant, Error> {
        let (product, variant) = (product_id.into(), variant.into());
        let Some(plan_id) = variant.external_id.clone() else {
            return Err(Error::new(ErrorKind::Argument, "the plan has no external id"));
        };
        let found = self.plans_with(&product, &plan_id).await?;
        if !found.is_empty() {
            return one(found, "plan", "plan", &plan_id);
        }
        let error = match self.create_variant(&product, variant).send().await {
            Ok(created) => match created.into_inner() {
                Variant::AzureSku(plan) => return Ok(plan),
                _ => Error::new(ErrorKind::Decode, "the service created something that is no plan"),
            },
            Err(error) => error,
        };
        for pause in looks(&error) {
            tokio::time::sleep(pause).await;
            if let Ok(found) = self.variant_by_plan_id(&product, &plan_id).await {
                return Ok(found);
            }
        }
        Err(error)
    }

    async fn products_with(&self, offer_id: &str) -> Result<Vec<AzureProduct>, Error> {
        let products = self.list_products().filter(Filter::offer_id(offer_id)).stream();
        // The service compares without case; the portal's ids are in lower case.
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

/// When to look again after a creation that failed: only if it may have been carried out, or somebody else was faster.
fn looks(error: &Error) -> impl Iterator<Item = Duration> + use<> {
    let again = error.may_have_been_processed() || error.is_conflict();
    LOOKS.into_iter().take(if again { LOOKS.len() } else { 0 })
}

/// The only one that was found by a name; none and several are errors.
fn one<T>(mut found: Vec<T>, what: &str, kind: &str, id: &str) -> Result<T, Error> {
    let message = match (found.pop(), found.len()) {
        (Some(only), 0) => return Ok(only),
        (None, _) => format!("no {what} has the {kind} id {id:?}"),
        (Some(_), others) => format!("{} {what}s have the {kind} id {id:?}; address one by its GUID", others + 1),
    };
    Err(Error::new(ErrorKind::Lookup, message))
}
