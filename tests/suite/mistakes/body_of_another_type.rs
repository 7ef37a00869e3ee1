//! A body of another type.
//! > the trait bound `Variant: From<AzureProduct>` is not satisfied
//! > `Variant` implements `From<AzureSkuVariant>`

use partner_ingestion_sdk::{Client, Error, types::AzureProduct};

pub async fn create(client: &Client) -> Result<(), Error> {
    client.create_variant("a-product", AzureProduct::application("contoso-app", "Contoso")).await?;
    Ok(())
}
