//! What can be converted into a decimal number without a check.

use super::Decimal;

/// A number with an exact decimal value: a [`Decimal`] or an integer. This trait is sealed and cannot be implemented outside this crate.
///
/// A float or a text is converted with a check, which may fail.
///
/// # Examples
///
/// ```
/// use partner_ingestion_sdk::types::{Decimal, DecimalError, Price};
///
/// let prices = [
///     Price::new("USD", 49),
///     Price::new("USD", "49.90".parse::<Decimal>()?),
///     Price::new("USD", Decimal::try_from(49.9)?),
/// ];
/// let amounts = prices.map(|price| price.open_price.map(|amount| amount.to_string()));
/// assert_eq!(amounts.map(Option::unwrap_or_default), ["49", "49.90", "49.9"]);
/// # Ok::<(), DecimalError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an exact decimal number",
    label = "expected a `Decimal` or an integer",
    note = "convert a float with `Decimal::try_from(9.99)?` and a text with `\"9.99\".parse::<Decimal>()?`"
)]
#[allow(private_bounds, reason = "the private supertrait seals the trait")]
pub trait IntoDecimal: Convert {}

/// Converts the number.
pub(crate) trait Convert {
    fn into_decimal(self) -> Decimal;
}

macro_rules! into_decimal {
    ($($number:ty)*) => {$(
        impl IntoDecimal for $number {}

        impl Convert for $number {
            fn into_decimal(self) -> Decimal {
                self.into()
            }
        }
    )*};
}

into_decimal!(Decimal i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl IntoDecimal for &Decimal {}

impl Convert for &Decimal {
    fn into_decimal(self) -> Decimal {
        self.clone()
    }
}
