//! Constructors of the most frequent request bodies.

use crate::types::{
    AudienceMember, AzureProduct, AzureSkuVariant, IntoDecimal, MarketSaleState, MarketState, Price, ProductType,
    TypeValuePair, VariantSubType,
};

#[cfg_attr(
    feature = "client",
    doc = "[`Client::ensure_product`](crate::Client::ensure_product) creates an offer, \
           [`Client::product_by_offer_id`](crate::Client::product_by_offer_id) finds one, and \
           [`Client::publish`](crate::Client::publish) publishes it."
)]
impl AzureProduct {
    /// Creates an Azure application offer with modular publishing from its offer id and its name in Partner Center.
    ///
    /// ```
    /// use partner_ingestion_sdk::types::AzureProduct;
    /// use serde_json::json;
    ///
    /// let offer = AzureProduct::application("contoso-app", "Contoso App");
    /// assert_eq!(serde_json::to_value(&offer)?, json!({
    ///     "resourceType": "AzureApplication",
    ///     "name": "Contoso App",
    ///     "externalIDs": [{"type": "AzureOfferId", "value": "contoso-app"}],
    ///     "isModularPublishing": true,
    /// }));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn application(offer_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::default()
            .set_resource_type(ProductType::AzureApplication)
            .set_name(name)
            .set_external_ids([TypeValuePair::new("AzureOfferId", offer_id)])
            .set_is_modular_publishing(true)
    }
}

#[cfg_attr(
    feature = "client",
    doc = "[`Client::ensure_variant`](crate::Client::ensure_variant) creates a plan, \
           [`Client::variant_by_plan_id`](crate::Client::variant_by_plan_id) finds one, and \
           [`Client::modify_variant`](crate::Client::modify_variant) changes it."
)]
impl AzureSkuVariant {
    /// Creates a managed application plan from its plan id and its name.
    pub fn managed_app(plan_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::plan(plan_id, name).set_sub_type(VariantSubType::ManagedApplication)
    }

    /// Creates a solution template plan from its plan id and its name.
    pub fn solution_template(plan_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::plan(plan_id, name).set_sub_type(VariantSubType::SolutionTemplate)
    }

    /// Creates a plan without a subtype from its plan id and its name. The service sets the other fields.
    ///
    /// ```
    /// use partner_ingestion_sdk::types::AzureSkuVariant;
    /// use serde_json::json;
    ///
    /// let plan = AzureSkuVariant::plan("standard", "Standard");
    /// assert_eq!(serde_json::to_value(&plan)?, json!({
    ///     "resourceType": "AzureSkuVariant", "externalID": "standard", "friendlyName": "Standard",
    /// }));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn plan(plan_id: impl Into<String>, name: impl Into<String>) -> Self {
        Self::default().set_external_id(plan_id).set_friendly_name(name)
    }
}

impl TypeValuePair {
    /// Creates a pair of a type and a value.
    ///
    /// ```
    /// use partner_ingestion_sdk::types::TypeValuePair;
    ///
    /// let target = TypeValuePair::new("Scope", "preview");
    /// assert_eq!(serde_json::to_string(&target)?, r#"{"type":"Scope","value":"preview"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn new(kind: impl Into<String>, value: impl Into<String>) -> Self {
        Self::default().set_type(kind).set_value(value)
    }
}

impl AudienceMember {
    /// Creates a member of an audience from a subscription id, tenant id or email address, depending on the list.
    ///
    /// ```
    /// use partner_ingestion_sdk::types::{AudienceMember, FeatureAvailability, Visibility};
    ///
    /// let customer = AudienceMember::new("11111111-2222-3333-4444-555555555555");
    /// let private = FeatureAvailability::default().set_visibility(Visibility::Private).set_subscription_audiences([customer]);
    /// assert_eq!(private.subscription_audiences.map(|audience| audience.len()), Some(1));
    /// ```
    pub fn new(id: impl Into<String>) -> Self {
        Self::default().set_id(id)
    }
}

impl MarketState {
    /// Creates the state of a market from its two-letter code.
    ///
    /// ```
    /// use partner_ingestion_sdk::types::{MarketSaleState, MarketState};
    ///
    /// let sold = MarketState::new("US", MarketSaleState::Enabled);
    /// assert_eq!(serde_json::to_string(&sold)?, r#"{"marketCode":"US","state":"Enabled"}"#);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn new(market_code: impl Into<String>, state: impl Into<MarketSaleState>) -> Self {
        Self::default().set_market_code(market_code).set_state(state)
    }
}

impl Price {
    /// Creates a price from its currency code and amount.
    ///
    /// ```
    /// use partner_ingestion_sdk::types::{Decimal, DecimalError, Price};
    ///
    /// let price = Price::new("USD", "49.00".parse::<Decimal>()?);
    /// assert_eq!(serde_json::to_string(&price).ok().as_deref(), Some(r#"{"currencyCode":"USD","openPrice":49.00}"#));
    /// # Ok::<(), DecimalError>(())
    /// ```
    pub fn new(currency_code: impl Into<String>, amount: impl IntoDecimal) -> Self {
        Self::default().set_currency_code(currency_code).set_open_price(amount)
    }
}
