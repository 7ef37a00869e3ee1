//! A call that is neither sent nor awaited.
//! > unused `GetProduct` that must be used
//! > a call does nothing until it is awaited

#![deny(unused_must_use)]

use partner_ingestion_sdk::Client;

pub async fn read(client: &Client) {
    client.get_product("a-product");
}
