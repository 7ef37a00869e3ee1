//! A struct literal: new versions of the document add fields.
//! > cannot create non-exhaustive struct using struct expression

use partner_ingestion_sdk::types::AzureProduct;

pub fn offer() -> AzureProduct {
    AzureProduct { name: Some("Contoso".to_owned()), ..AzureProduct::default() }
}
