//! A call whose response is used before it is awaited.
//! > the `?` operator can only be applied to values that implement `Try`
//! > the `?` operator cannot be applied to type `GetProduct`

use partner_ingestion_sdk::{Client, Error};

pub async fn read(client: &Client) -> Result<(), Error> {
    client.get_product("a-product")?;
    Ok(())
}
