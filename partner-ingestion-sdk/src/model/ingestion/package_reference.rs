//! The package of a technical configuration.

use crate::model::id::empty;
use crate::model::resource::Resource;
use crate::types::*;

impl PackageConfiguration {
    /// Replaces the package references with a reference to this package and preserves all other fields. A configuration whose type
    /// has no field for them, such as that of a Dynamics 365 offer or of an unknown type, gets an additional one.
    ///
    /// A configuration of a test drive has no package, and a package without an id cannot be referenced: in both cases the
    /// configuration cannot be sent, and calls with it return an `InvalidArgument` error.
    ///
    /// ```
    /// use partner_ingestion_sdk::types::{AzurePackage, PackageConfiguration};
    /// use serde_json::json;
    ///
    /// let configuration: PackageConfiguration = serde_json::from_value(json!({
    ///     "resourceType": "AzureSolutionTemplatePackageConfiguration", "version": "1.0.0",
    /// }))?;
    /// let package: AzurePackage = serde_json::from_value(json!({"id": "7"}))?;
    /// assert_eq!(serde_json::to_value(configuration.set_package(&package))?, json!({
    ///     "resourceType": "AzureSolutionTemplatePackageConfiguration", "version": "1.0.0",
    ///     "packageReferences": [{"type": "AzureApplicationPackage", "value": "7"}],
    /// }));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn set_package(mut self, package: &AzurePackage) -> Self {
        let id = PackageId::from(package);
        let problem = if id.as_str().is_empty() {
            Some(empty("PackageId"))
        } else if self.is_of_a_test_drive() {
            let kind = self.resource_type().unwrap_or_default();
            Some(format!("{kind} has no package; use the configuration of a plan"))
        } else {
            None
        };
        if let Some(problem) = problem {
            *self.extra_mut() = Extra::invalid(problem);
            return self;
        }
        // The type of a package may be empty in a response.
        let kind = package.resource_type.as_ref().map(PackageType::as_str);
        let kind = kind.filter(|kind| !kind.is_empty()).unwrap_or("AzureApplicationPackage");
        self.set_package_references([TypeValuePair::new(kind, id.as_str())])
    }

    fn is_of_a_test_drive(&self) -> bool {
        matches!(
            self,
            Self::AzureResourceManagerTestDrive(_)
                | Self::Dynamics365BusinessCentralTestDrive(_)
                | Self::Dynamics365CustomerEngagementTestDrive(_)
                | Self::Dynamics365OperationsTestDrive(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const WITHOUT_PACKAGE: [&str; 4] = [
        "AzureResourceManagerTestDrivePackageConfiguration",
        "Dynamics365BusinessCentralTestDrivePackageConfiguration",
        "Dynamics365CustomerEngagementTestDrivePackageConfiguration",
        "Dynamics365OperationsTestDrivePackageConfiguration",
    ];

    fn configuration(kind: &str) -> PackageConfiguration {
        serde_json::from_value(json!({"resourceType": kind, "packageReferences": [{"type": "x", "value": "old"}]}))
            .unwrap()
    }

    fn package(body: serde_json::Value) -> AzurePackage {
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn every_kind_with_a_package_gets_the_reference() {
        let kinds = [
            "AzureApplicationPackageConfiguration",
            "AzureManagedApplicationPackageConfiguration",
            "AzureSolutionTemplatePackageConfiguration",
            "Dynamics365BusinessCentralPackageConfiguration",
            "Dynamics365CustomerEngagementPackageConfiguration",
            "Dynamics365OperationsPackageConfiguration",
            "UnknownPackageConfiguration",
        ];
        for kind in kinds {
            let set = configuration(kind).set_package(&package(json!({"id": "7", "resourceType": ""})));
            let expected = json!([{"type": "AzureApplicationPackage", "value": "7"}]);
            assert_eq!(serde_json::to_value(&set).unwrap()["packageReferences"], expected, "{kind}");
        }
    }

    #[test]
    fn a_test_drive_or_a_package_without_an_id_is_an_error() {
        for kind in WITHOUT_PACKAGE {
            let set = configuration(kind).set_package(&package(json!({"id": "7"})));
            let error = serde_json::to_string(&set).unwrap_err().to_string();
            assert_eq!(error, format!("{kind} has no package; use the configuration of a plan"));
        }
        for kind in ["AzureSolutionTemplatePackageConfiguration", "UnknownPackageConfiguration"] {
            let set = configuration(kind).set_package(&package(json!({})));
            let error = serde_json::to_string(&set).unwrap_err().to_string();
            assert_eq!(error, "PackageId is empty; a resource passed as an id must have one", "{kind}");
        }
    }
}
