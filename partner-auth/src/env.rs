//! The configuration that the Azure SDKs read from the environment.

use crate::{Error, ErrorKind};
use zeroize::Zeroizing;

pub(crate) struct Environment {
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) secret: Zeroizing<String>,
    pub(crate) authority: Option<String>,
}

/// Reads the variables; an empty one counts as unset. One error names everything that is missing.
pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Environment, Error> {
    let lookup = |name: &str| {
        lookup(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    };
    let mut missing = Vec::new();
    let mut required = |name: &'static str| {
        lookup(name).unwrap_or_else(|| {
            missing.push(name);
            String::new()
        })
    };
    let tenant = required("AZURE_TENANT_ID");
    let client_id = required("AZURE_CLIENT_ID");
    let secret = Zeroizing::new(required("AZURE_CLIENT_SECRET"));
    if !missing.is_empty() {
        let message = format!(
            "no credential in the environment: set {} (tenant id, client id and secret of the application that is \
             associated in Partner Center)",
            missing.join(", ")
        );
        return Err(Error::new(ErrorKind::Config, message));
    }
    Ok(Environment {
        tenant,
        client_id,
        secret,
        authority: lookup("AZURE_AUTHORITY_HOST"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_error_names_everything_that_is_missing() {
        let error = read(|name| (name == "AZURE_CLIENT_ID").then(|| " ".to_owned()))
            .err()
            .unwrap()
            .to_string();
        for name in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"] {
            assert!(error.contains(name), "{error}");
        }
        let error = read(|name| (name != "AZURE_CLIENT_SECRET").then(|| "x".to_owned()))
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("set AZURE_CLIENT_SECRET ("), "{error}");
    }

    #[test]
    fn values_are_trimmed() {
        let found = read(|name| Some(format!(" {name}\n"))).ok().unwrap();
        assert_eq!(found.tenant, "AZURE_TENANT_ID");
        assert_eq!(found.secret.as_str(), "AZURE_CLIENT_SECRET");
        assert_eq!(found.authority.as_deref(), Some("AZURE_AUTHORITY_HOST"));
    }
}
