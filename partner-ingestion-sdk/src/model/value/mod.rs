//! Values that keep the received text.

mod decimal;
mod extra;
mod into_decimal;
mod resource_type;
mod secret;
mod timestamp;

pub use decimal::{Decimal, DecimalError};
pub use extra::Extra;
pub(crate) use into_decimal::Convert;
pub use into_decimal::IntoDecimal;
pub use resource_type::ResourceType;
pub use secret::Secret;
pub use timestamp::Timestamp;
