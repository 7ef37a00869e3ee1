//! A float in a setter.
//! > `{float}` is not an exact decimal number
//! > convert a float with `Decimal::try_from(9.99)?`

use partner_ingestion_sdk::types::Price;

pub fn price() -> Price {
    Price::default().set_open_price(9.99)
}
