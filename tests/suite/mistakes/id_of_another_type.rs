//! An id of another type.
//! > the trait bound `ProductId: From<VariantId>` is not satisfied
//! > `ProductId` implements `From<&AzureProduct>`
//! > `ProductId` implements `From<&str>`

use partner_ingestion_sdk::{Client, Error, types::VariantId};

pub async fn read(client: &Client, plan: VariantId) -> Result<(), Error> {
    client.get_product(plan).await?;
    Ok(())
}
