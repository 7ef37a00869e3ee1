//! A price that is a float.
//! > `{float}` is not an exact decimal number
//! > expected a `Decimal` or an integer
//! > convert a float with `Decimal::try_from(9.99)?` and a text with `"9.99".parse::<Decimal>()?`

use partner_ingestion_sdk::types::Price;

pub fn price() -> Price {
    Price::new("USD", 9.99)
}
