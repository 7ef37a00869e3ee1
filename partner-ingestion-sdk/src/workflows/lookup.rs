//! Finds products and plans by offer id and plan id, and creates them if they do not exist.

use super::search::{first_item, guids_in, items_of, one, search_after, wait_until_listed};
use super::wait::tolerate_late;
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::pager::Pages;
use crate::http::response::Response;
use crate::model::ingestion::filter::Filter;
use crate::types::{AzureProduct, AzureSkuVariant, ProductId, ProductPage, Variant};

/// The hint for an offer id that is taken by an offer that no list has.
const NOT_LISTED: &str = "Pass the GUID of the offer, which the portal shows in its address, to the calls, or choose another offer id: this one is \
                          taken, but no list has the offer. Since April 2026 lists may omit migrated products.";

/// # Lookups
///
/// These methods find offers and plans by the ids that the portal shows, and create them if necessary. They compare the ids
/// without case, as the service does. The results can be passed wherever a [`ProductId`] or
/// [`VariantId`](crate::types::VariantId) is expected.
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
    pub async fn product_by_offer_id(&self, offer_id: impl AsRef<str> + Send) -> Result<Response<AzureProduct>, Error> {
        let offer_id = offer_id.as_ref();
        let found = self.products_with(Filter::offer_id(offer_id), offer_id).await?;
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
    ) -> Result<Response<AzureSkuVariant>, Error> {
        let plan_id = plan_id.as_ref();
        let found = self.plans_with(&product_id.into(), plan_id).await?;
        one(found, "plan", "plan", plan_id)
    }

    /// Returns the product with this offer id, creating it if it does not exist. An existing product is left unchanged.
    ///
    /// If the response of the creation is lost or cannot be decoded, searches for the product several times instead of creating a
    /// second one. If the offer id is taken, returns the product that has it, also if only the error of the creation names it.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidArgument`] if the product has no offer id, [`ErrorKind::IncompleteList`] if the list of all
    /// products is empty although there are products, and the errors of [`product_by_offer_id`](Client::product_by_offer_id) and
    /// [`create_product`](Client::create_product).
    pub async fn ensure_product(
        &self,
        product: impl Into<AzureProduct> + Send,
    ) -> Result<Response<AzureProduct>, Error> {
        let product = product.into();
        let Some(offer_id) = product.offer_id().map(str::to_owned) else {
            let hint =
                "Create the product with AzureProduct::application, or set an external id of the type AzureOfferId.";
            let message = "product has no external id of the type AzureOfferId";
            return Err(Error::new(ErrorKind::InvalidArgument, message).with_hint(hint));
        };
        if let Some(found) = self.existing_product(&product, &offer_id).await? {
            return Ok(found);
        }
        let error = match self.create_product(product).send().await {
            Ok(created) => return Ok(created),
            Err(error) => error,
        };
        let named = guids_in(&error);
        let error = if error.is_conflict() { error.with_hint(NOT_LISTED) } else { error };
        search_after(error, || self.created_product(&offer_id, &named)).await
    }

    /// Returns the plan with this plan id, creating it if it does not exist. An existing plan is left unchanged.
    ///
    /// If the response of the creation is lost or cannot be decoded, searches for the plan several times instead of creating a
    /// second one. After a creation, waits until the list of plans shows the plan, at most 10 seconds: otherwise
    /// [`publish`](Client::publish), which submits the plans of that list, could leave it out.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidArgument`] if the plan has no plan id, and the errors of
    /// [`variant_by_plan_id`](Client::variant_by_plan_id) and [`create_variant`](Client::create_variant).
    pub async fn ensure_variant(
        &self,
        product_id: impl Into<ProductId> + Send,
        variant: impl Into<AzureSkuVariant> + Send,
    ) -> Result<Response<AzureSkuVariant>, Error> {
        let (product, variant) = (product_id.into(), variant.into());
        let Some(plan_id) = variant.external_id.clone() else {
            let hint = "Create the plan with AzureSkuVariant::plan, or set its plan id with set_external_id.";
            return Err(Error::new(ErrorKind::InvalidArgument, "plan has no external id").with_hint(hint));
        };
        let found = tolerate_late(|| self.plans_with(&product, &plan_id)).await?;
        if !found.is_empty() {
            return one(found, "plan", "plan", &plan_id);
        }
        let create = || self.create_variant(&product, variant.clone()).send();
        let search = || self.variant_by_plan_id(&product, &plan_id);
        let error = match tolerate_late(create).await {
            Ok(created) => match created.as_azure_sku().cloned() {
                Some(plan) => {
                    wait_until_listed(search).await;
                    return Ok(created.map(|_| plan));
                }
                None => Error::new(ErrorKind::Decode, "created resource is not a plan")
                    .with_operation(created.operation())
                    .with_maybe_processed(true),
            },
            Err(error) => error,
        };
        search_after(error, search).await
    }

    /// Returns the product with this offer id if a list has it. An error if the lists cannot be trusted to have it.
    ///
    /// Since April 2026 the list of all products may be empty although there are products. A list by type shows the contradiction.
    /// If both are empty, the account is new, or the service rejects the creation because the offer id is taken.
    async fn existing_product(
        &self,
        product: &AzureProduct,
        offer_id: &str,
    ) -> Result<Option<Response<AzureProduct>>, Error> {
        let found = self.products_with(Filter::offer_id(offer_id), offer_id).await?;
        if !found.is_empty() {
            return one(found, "product", "offer", offer_id).map(Some);
        }
        let is_empty = || async {
            match first_item(self.list_products().pages()).await {
                Ok(first) => Ok(first.is_none()),
                // The same incident. Lists with a filter are complete then.
                Err(error) if error.status().is_some_and(|status| status.as_u16() == 400) => Ok(false),
                Err(error) => Err(error),
            }
        };
        if !is_empty().await? {
            return Ok(None);
        }
        let Some(kind) = &product.resource_type else { return Ok(None) };
        let of_kind = || Filter::resource_type(kind.as_str());
        let found = self.products_with(of_kind(), offer_id).await?;
        if !found.is_empty() {
            return one(found, "product", "offer", offer_id).map(Some);
        }
        let of_kind = first_item(self.list_products().filter(of_kind()).pages()).await?;
        // Another caller may just have created the first product of the account.
        if of_kind.is_none() || !is_empty().await? {
            return Ok(None);
        }
        let message = format!(
            "no list has the offer id {offer_id:?}, but the lists contradict each other: that of all products is empty, that of the type \
             {kind} is not"
        );
        Err(Error::new(ErrorKind::IncompleteList, message))
    }

    /// Searches for a product by its offer id, then among the GUIDs that the error of its creation names.
    async fn created_product(&self, offer_id: &str, named: &[ProductId]) -> Result<Response<AzureProduct>, Error> {
        let not_listed = match self.product_by_offer_id(offer_id).await {
            Err(error) if error.is_not_found() => error,
            outcome => return outcome,
        };
        for id in named {
            // It may be the id of something else.
            let product = self.get_product(id).send().await.ok();
            if let Some(product) = product.filter(|product| has_offer_id(product, offer_id)) {
                return Ok(product);
            }
        }
        Err(not_listed)
    }

    async fn products_with(&self, filter: Filter, offer_id: &str) -> Result<Vec<Response<AzureProduct>>, Error> {
        let pages: Pages<ProductPage> = self.list_products().filter(filter).pages();
        items_of(pages, |product| Some(product).filter(|product| has_offer_id(product, offer_id))).await
    }

    async fn plans_with(&self, product: &ProductId, plan_id: &str) -> Result<Vec<Response<AzureSkuVariant>>, Error> {
        let has_plan_id =
            |plan: &AzureSkuVariant| plan.external_id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(plan_id));
        items_of(self.list_variants(product).pages(), |variant| match variant {
            Variant::AzureSku(plan) if has_plan_id(&plan) => Some(plan),
            _ => None,
        })
        .await
    }
}

fn has_offer_id(product: &AzureProduct, offer_id: &str) -> bool {
    product.offer_id().is_some_and(|id| id.eq_ignore_ascii_case(offer_id))
}
