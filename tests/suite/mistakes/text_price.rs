//! A price that is a text.
//! > `&str` is not an exact decimal number
//! > a text with `"9.99".parse::<Decimal>()?`

use partner_ingestion_sdk::types::Price;

pub fn price() -> Price {
    Price::new("USD", "9.99")
}
