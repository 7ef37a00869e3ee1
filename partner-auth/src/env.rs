//! The environment variables of the Azure SDKs and of CI systems.

#[cfg(feature = "certificate")]
use crate::Certificate;
use crate::{Authority, AzurePipelines, Credential, Error, ErrorKind, FederatedTokenFile, GitHubActions};
use zeroize::Zeroizing;

pub(crate) struct Environment {
    pub(crate) tenant: String,
    pub(crate) client_id: String,
    pub(crate) credential: Credential,
    pub(crate) authority: Authority,
    /// The variables that hold the tenant and the client id.
    pub(crate) variables: [&'static str; 2],
}

const SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const AUTHORITY: &str = "AZURE_AUTHORITY_HOST";
const CUSTOM_AUTHORITY: &str = "PARTNER_AUTH_ALLOW_CUSTOM_AUTHORITY";
/// The host that may be reached by plain HTTP.
const PLAIN_HTTP: &str = "PARTNER_AUTH_ALLOW_PLAIN_HTTP";

/// Returns the value of a variable of this process. It may be a secret.
pub(crate) fn lookup(name: &str) -> Option<Zeroizing<String>> {
    std::env::var(name).ok().map(Zeroizing::new)
}

/// Reads the variables. An empty variable counts as unset. The error names all missing variables.
pub(crate) fn read(lookup: impl Fn(&str) -> Option<Zeroizing<String>>) -> Result<Environment, Error> {
    let trimmed = |value: Zeroizing<String>| Zeroizing::new(value.trim().to_owned());
    let lookup = |name: &str| lookup(name).map(trimmed).filter(|value| !value.is_empty());
    let credential = credential(&lookup)?;
    // The Azure tasks of a pipeline set the ids of their service connection.
    let first = |names: [&'static str; 2]| names.into_iter().find_map(|name| Some((name, lookup(name)?)));
    let tenant = first(["AZURE_TENANT_ID", "AZURESUBSCRIPTION_TENANT_ID"]);
    let client_id = first(["AZURE_CLIENT_ID", "AZURESUBSCRIPTION_CLIENT_ID"]);
    let (Some(tenant), Some(client_id), Some(credential)) = (&tenant, &client_id, &credential) else {
        let mut missing = Vec::new();
        missing.extend(tenant.is_none().then_some("AZURE_TENANT_ID"));
        missing.extend(client_id.is_none().then_some("AZURE_CLIENT_ID"));
        missing.extend(
            credential
                .is_none()
                .then_some("AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH, or AZURE_FEDERATED_TOKEN_FILE)"),
        );
        let message = format!("environment variables are not set: {}", missing.join(", "));
        let hint = "Set them to the tenant id, the client id and a credential of the application that is associated in \
                    Partner Center (Account settings > User management > Microsoft Entra applications).";
        return Err(Error::new(ErrorKind::Config, message).with_hint(hint));
    };
    let authority = match lookup(AUTHORITY) {
        Some(host) if lookup(PLAIN_HTTP).is_some_and(|plain| is_plain_http(&host, &plain)) => {
            Authority::plain_http(&host)
        }
        Some(host) if lookup(CUSTOM_AUTHORITY).is_some_and(|flag| is_true(&flag)) => {
            Authority::loopback(&host).or_else(|_| Authority::custom(&host))
        }
        Some(host) => host.parse(),
        None => Ok(Authority::public()),
    };
    Ok(Environment {
        tenant: tenant.1.to_string(),
        client_id: client_id.1.to_string(),
        credential: credential.clone(),
        authority: authority.map_err(|error| error.in_variable(AUTHORITY))?,
        variables: [tenant.0, client_id.0],
    })
}

/// Returns true if the address uses plain HTTP and has this host.
fn is_plain_http(address: &str, host: &str) -> bool {
    let url = reqwest::Url::parse(address).ok().filter(|url| url.scheme() == "http");
    url.is_some_and(|url| url.host_str().is_some_and(|own| own.eq_ignore_ascii_case(host)))
}

/// Returns the first configured credential: those of the Azure SDKs in their order, then those of CI systems.
fn credential(lookup: &impl Fn(&str) -> Option<Zeroizing<String>>) -> Result<Option<Credential>, Error> {
    if let Some(secret) = lookup(SECRET) {
        return Ok(Some(Credential::zeroed(secret)));
    }
    if let Some(path) = lookup(CERTIFICATE) {
        return certificate(&path, lookup(PASSWORD).is_some()).map(Some);
    }
    if let Some(path) = lookup(TOKEN_FILE) {
        return Ok(Some(FederatedTokenFile::new(path.as_str()).into()));
    }
    if lookup("ACTIONS_ID_TOKEN_REQUEST_URL").is_some() {
        return GitHubActions::read(lookup).map(|source| Some(source.into()));
    }
    if lookup("SYSTEM_OIDCREQUESTURI").is_some() {
        return AzurePipelines::read(lookup).map(|source| Some(source.into()));
    }
    Ok(None)
}

#[cfg(feature = "certificate")]
fn certificate(path: &str, has_password: bool) -> Result<Credential, Error> {
    if has_password {
        let message = format!(
            "{PASSWORD} is set, but encrypted keys are not supported: convert the file with `openssl pkcs12 -in {path} -out \
             application.pem -nodes` (or `openssl pkey` for PEM), and unset the variable"
        );
        return Err(Error::new(ErrorKind::Config, message));
    }
    Certificate::from_file(path).map(Credential::from).map_err(|error| error.in_variable(CERTIFICATE))
}

#[cfg(not(feature = "certificate"))]
fn certificate(_: &str, _: bool) -> Result<Credential, Error> {
    let message = format!("{CERTIFICATE} is set, but partner-auth was built without the feature `certificate`");
    Err(Error::new(ErrorKind::Config, message))
}

fn is_true(flag: &str) -> bool {
    flag == "1" || flag.eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'v>(values: &'v [(&'v str, &'v str)]) -> impl Fn(&str) -> Option<Zeroizing<String>> + 'v {
        move |name| values.iter().find(|(found, _)| *found == name).map(|(_, value)| value.to_string().into())
    }

    fn fails(values: &[(&str, &str)]) -> String {
        read(with(values)).err().unwrap().to_string()
    }

    const APPLICATION: [(&str, &str); 2] = [("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", " c\n")];

    fn found(more: &[(&str, &str)]) -> Environment {
        read(with(&[&APPLICATION, more].concat())).ok().unwrap()
    }

    #[test]
    fn error_names_all_missing_variables() {
        let error = fails(&[("AZURE_CLIENT_ID", " ")]);
        for name in ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", SECRET, CERTIFICATE, TOKEN_FILE] {
            assert!(error.contains(name), "{error}");
        }
        let error = fails(&APPLICATION);
        assert!(error.contains("not set: AZURE_CLIENT_SECRET (or"), "{error}");
    }

    #[test]
    fn errors_name_the_variable_with_the_invalid_value() {
        let with_secret = |values: &[(&str, &str)]| {
            let found = found(&[values, &[(SECRET, "s")]].concat());
            crate::TokenSource::builder(found.tenant, found.client_id, found.credential).variables(found.variables)
        };
        let read_as = |values: &[(&str, &str)]| with_secret(values).build().unwrap_err().to_string();
        assert!(read_as(&[]).starts_with("AZURE_CLIENT_ID: client id must be a GUID"), "{}", read_as(&[]));
        let id = ("AZURESUBSCRIPTION_CLIENT_ID", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1");
        let environment = read(with(&[("AZURE_TENANT_ID", "a/b"), id, (SECRET, "s")])).ok().unwrap();
        assert_eq!(environment.variables, ["AZURE_TENANT_ID", "AZURESUBSCRIPTION_CLIENT_ID"]);
        let builder = crate::TokenSource::builder(environment.tenant, environment.client_id, environment.credential);
        let error = builder.variables(environment.variables).build().unwrap_err().to_string();
        assert!(error.starts_with("AZURE_TENANT_ID: tenant must be"), "{error}");
        let error = fails(&[&APPLICATION[..], &[(SECRET, "s"), (AUTHORITY, "https://")]].concat());
        assert!(error.contains(AUTHORITY), "{error}");
    }

    #[test]
    fn uses_the_first_configured_credential() {
        let secret = found(&[(SECRET, "s "), (CERTIFICATE, "/nowhere"), (TOKEN_FILE, "f")]);
        assert_eq!((secret.tenant.as_str(), secret.client_id.as_str()), ("t", "c"));
        assert_eq!(format!("{:?}", secret.credential), "Credential(secret)");
        let file = found(&[(SECRET, ""), (TOKEN_FILE, "f"), ("ACTIONS_ID_TOKEN_REQUEST_URL", "no url")]);
        assert_eq!(format!("{:?}", file.credential), "Credential(assertion)");
        let error = fails(&[&APPLICATION[..], &[("ACTIONS_ID_TOKEN_REQUEST_URL", "https://a")]].concat());
        assert!(error.contains("id-token: write"), "{error}");
        let error = fails(&[&APPLICATION[..], &[("SYSTEM_OIDCREQUESTURI", "https://a")]].concat());
        assert!(error.contains("SYSTEM_ACCESSTOKEN, AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"), "{error}");
        let pipeline = [
            ("AZURESUBSCRIPTION_TENANT_ID", "t"),
            ("AZURESUBSCRIPTION_CLIENT_ID", "c"),
            ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "s"),
            ("SYSTEM_ACCESSTOKEN", "x"),
            ("SYSTEM_OIDCREQUESTURI", "https://a/b"),
        ];
        assert!(read(with(&pipeline)).is_ok());
    }

    #[cfg(feature = "certificate")]
    #[test]
    fn certificate_errors_name_the_path_and_the_conversion() {
        let error = fails(&[&APPLICATION[..], &[(CERTIFICATE, "/nowhere/a.pem")]].concat());
        assert!(error.starts_with(CERTIFICATE) && error.contains("/nowhere/a.pem"), "{error}");
        let error = fails(&[&APPLICATION[..], &[(CERTIFICATE, "a.pfx"), (PASSWORD, "canary")]].concat());
        assert!(error.contains("openssl pkcs12") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn custom_authority_must_be_allowed() {
        let secret = (SECRET, "s");
        assert_eq!(found(&[secret]).authority, Authority::public());
        let government = found(&[secret, (AUTHORITY, "https://login.microsoftonline.us/")]);
        assert_eq!(government.authority, Authority::us_government());
        for host in ["https://login.example.com", "http://127.0.0.1:8080"] {
            let error = read(with(&[&APPLICATION[..], &[secret, (AUTHORITY, host)]].concat())).err().unwrap();
            assert!(error.to_string().starts_with(AUTHORITY), "{error}");
            assert!(error.hint().unwrap().contains(CUSTOM_AUTHORITY), "{error:?}");
            assert_eq!(
                found(&[secret, (AUTHORITY, host), (CUSTOM_AUTHORITY, "1")]).authority.host(),
                host.split("://").nth(1).unwrap().split(':').next().unwrap()
            );
        }
        let error = fails(&[&APPLICATION[..], &[secret, (AUTHORITY, "http://a"), (CUSTOM_AUTHORITY, "true")]].concat());
        assert!(error.contains("https"), "{error}");
        let plain = [secret, (AUTHORITY, "http://sandbox:8080"), (PLAIN_HTTP, "Sandbox")];
        assert_eq!(found(&plain).authority, Authority::plain_http("http://sandbox:8080").unwrap());
        let other = [secret, (AUTHORITY, "http://other:8080"), (PLAIN_HTTP, "sandbox")];
        assert!(fails(&[&APPLICATION[..], &other[..]].concat()).starts_with(AUTHORITY));
    }
}
