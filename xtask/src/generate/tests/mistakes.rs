//! What the compiler says to users about frequent mistakes: the message names the types and the next step.

use super::compiler;

/// The start of each sample.
const USE: &str = "#![deny(warnings)]\n//! A user's crate.\nuse partner_ingestion_sdk::{Client, Error, types::*};\n";

#[test]
fn messages_about_frequent_mistakes_lead_on() {
    let table: [(&str, &[&str]); 4] = [
        (
            "/// An id of another type.\npub async fn f(client: &Client, offer: ProductId) -> Result<(), Error> {
                 client.get_listing(&offer, &offer).await.map(drop)\n}",
            &["From<&partner_ingestion_sdk::types::ProductId>` is not implemented for `ListingId`"],
        ),
        (
            "/// A call that is never sent.\npub async fn f(client: &Client) {\nclient.delete_product(\"p\");\n}",
            &["unused `DeleteProduct` that must be used", "a call does nothing until it is awaited"],
        ),
        (
            "/// A literal.\npub fn f() -> AzureListing {\nAzureListing { title: None, ..Default::default() }\n}",
            &["cannot create non-exhaustive struct using struct expression"],
        ),
        (
            "/// A price as a float.\npub fn f() -> Price {\nPrice::default().set_open_price(9.99)\n}",
            &["expected a `Decimal` or an integer", "convert a float with `Decimal::try_from(9.99)?`"],
        ),
    ];
    for (code, expected) in table {
        let error = compiler::check_user(compiler::sdk(), &format!("{USE}{code}\n")).unwrap_err();
        for text in expected {
            assert!(error.contains(text), "{text}: {error}");
        }
    }
    // What these samples start with is not the mistake.
    compiler::check_user(compiler::sdk(), "//! Fine.\nuse partner_ingestion_sdk as _;\n").unwrap();
}
