//! The plans of an offer, as far as publishing needs them.

use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::types::*;
use futures_util::TryStreamExt;

/// The variant of the test drive, which is not a plan and is not submitted.
const TEST_DRIVE: &str = "testdrive";

/// A plan of an offer, whatever its type.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    pub(super) id: VariantId,
    /// The plan id, or the name of the plan, or its id.
    pub(super) name: String,
    pub(super) is_active: bool,
}

impl Plan {
    /// Returns all plans of an offer, without the test drive.
    pub(super) async fn list(client: &Client, product: &ProductId) -> Result<Vec<Self>, Error> {
        let variants: Vec<Variant> = client.list_variants(product).stream().try_collect().await?;
        variants.iter().filter_map(|variant| Self::of(variant).transpose()).collect()
    }

    /// Returns the plan, or `None` for the test drive. Plans of unknown types are plans, too. A plan without an id is an error:
    /// it must not be left out.
    pub(super) fn of(variant: &Variant) -> Result<Option<Self>, Error> {
        // A variant that was just decoded can be encoded.
        let fields = serde_json::to_value(variant).unwrap_or_default();
        let text = |key: &str| {
            let mut fields = fields.as_object().into_iter().flatten();
            let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case(key))?;
            value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let name = text("externalID").or_else(|| text("friendlyName"));
        // Older versions of the document have `ID`.
        match text("id") {
            Some(id) if is_test_drive(&id) || variant.as_azure_test_drive().is_some() => Ok(None),
            None if variant.as_azure_test_drive().is_some() => Ok(None),
            None => {
                let name = name.unwrap_or_else(|| "without a name".to_owned());
                Err(Error::new(ErrorKind::Decode, format!("plan {name} has no id")))
            }
            Some(id) => Ok(Some(Self {
                name: name.unwrap_or_else(|| id.clone()),
                id: VariantId::from(id),
                is_active: text("state").is_none_or(|state| !state.eq_ignore_ascii_case("Inactive")),
            })),
        }
    }
}

/// Returns true if a branch with this variant belongs to the test drive.
pub(super) fn is_test_drive(variant: &str) -> bool {
    variant.eq_ignore_ascii_case(TEST_DRIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn plan(fields: Value) -> Result<Option<Plan>, Error> {
        Plan::of(&serde_json::from_value(fields).unwrap())
    }

    #[test]
    fn a_plan_of_an_unknown_type_or_with_an_id_under_another_name_is_a_plan() {
        let named = |fields| plan(fields).unwrap().map(|plan| (plan.id.to_string(), plan.name, plan.is_active));
        let expected = |active| Some(("7".to_owned(), "standard".to_owned(), active));
        let sku = json!({"resourceType": "AzureSkuVariant", "id": "7", "externalID": "standard", "friendlyName": "S"});
        assert_eq!(named(sku), expected(true));
        let older =
            json!({"resourceType": "AzureSkuVariant", "ID": "7", "externalID": "standard", "state": "InActive"});
        assert_eq!(named(older), expected(false));
        let unknown = json!({"resourceType": "AzureContainerVariant", "id": "7", "externalID": "standard"});
        assert_eq!(named(unknown), expected(true));
        assert_eq!(named(json!({"ID": "7", "friendlyName": "standard", "state": "Inactive"})), expected(false));
        assert_eq!(named(json!({"id": "7"})), Some(("7".to_owned(), "7".to_owned(), true)));
    }

    #[test]
    fn a_test_drive_is_no_plan_and_a_plan_without_id_is_an_error() {
        assert_eq!(plan(json!({"resourceType": "AzureTestDriveVariant", "id": "testdrive"})).unwrap(), None);
        assert_eq!(plan(json!({"resourceType": "AzureSkuVariant", "id": "testdrive"})).unwrap(), None);
        for fields in [json!({"externalID": "pro"}), json!({"resourceType": "AzureSkuVariant", "id": ""})] {
            assert_eq!(plan(fields).unwrap_err().kind(), ErrorKind::Decode);
        }
    }
}
