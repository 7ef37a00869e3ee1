//! Assertions from Azure Pipelines.

use super::{Assertion, AssertionRequest, AssertionSource, Credential, oidc_endpoint};
use crate::{BoxFuture, Error, ErrorKind, env};
use reqwest::Url;
use std::fmt;
use zeroize::Zeroizing;

const URL: &str = "SYSTEM_OIDCREQUESTURI";
const TOKEN: &str = "SYSTEM_ACCESSTOKEN";
/// The field of the response that has the assertion.
pub(crate) const FIELD: &str = "oidcToken";
const CONNECTION: &str = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";
/// The API version of the token request for a service connection.
const API_VERSION: &str = "7.1";

/// Assertions from an Azure Pipelines job with a service connection that uses workload identity federation.
///
/// ```no_run
/// use partner_auth::{AzurePipelines, TokenSource};
///
/// let source = TokenSource::builder("contoso.com", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", AzurePipelines::from_env()?).build()?;
/// # Ok::<(), partner_auth::Error>(())
/// ```
#[derive(Clone)]
pub struct AzurePipelines {
    url: Url,
    token: Zeroizing<String>,
}

impl AzurePipelines {
    /// Creates an assertion source from environment variables: `SYSTEM_OIDCREQUESTURI` and
    /// `AZURESUBSCRIPTION_SERVICE_CONNECTION_ID`, which the Azure tasks set, and `SYSTEM_ACCESSTOKEN`, which the step must map.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if a variable is invalid or missing. The message names all missing
    /// variables.
    pub fn from_env() -> Result<Self, Error> {
        Self::read(env::lookup)
    }

    pub(crate) fn read(lookup: impl Fn(&str) -> Option<Zeroizing<String>>) -> Result<Self, Error> {
        let missing: Vec<_> = [URL, TOKEN, CONNECTION].into_iter().filter(|name| lookup(name).is_none()).collect();
        let (Some(url), Some(token), Some(connection)) = (lookup(URL), lookup(TOKEN), lookup(CONNECTION)) else {
            return Err(Error::new(
                ErrorKind::Config,
                format!(
                    "{} not set: run inside an Azure task with a service connection, and map `SYSTEM_ACCESSTOKEN: \
                     $(System.AccessToken)` into its environment",
                    missing.join(", ")
                ),
            ));
        };
        Ok(Self { url: Self::request_url(&url, &connection)?, token })
    }

    fn request_url(url: &str, connection: &str) -> Result<Url, Error> {
        let mut url = oidc_endpoint::parse_url(URL, url)?;
        url.query_pairs_mut().append_pair("api-version", API_VERSION).append_pair("serviceConnectionId", connection);
        Ok(url)
    }

    /// Sets the id of the service connection. Default: the value of `AZURESUBSCRIPTION_SERVICE_CONNECTION_ID`.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if the id is empty.
    pub fn service_connection(mut self, id: &str) -> Result<Self, Error> {
        if id.trim().is_empty() {
            return Err(Error::new(ErrorKind::Config, "service connection id is empty"));
        }
        self.url.set_query(None);
        self.url = Self::request_url(self.url.as_str(), id)?;
        Ok(self)
    }
}

impl AssertionSource for AzurePipelines {
    fn assertion<'a>(&'a self, request: &'a AssertionRequest) -> BoxFuture<'a, Result<Assertion, Error>> {
        Box::pin(async {
            let http = request.http_client();
            // Without this header a job without permission is redirected to a sign-in page.
            let post =
                http.post(self.url.clone()).header("X-TFS-FedAuthRedirect", "Suppress").json(&serde_json::json!({}));
            oidc_endpoint::request("Azure Pipelines token service", http, post, &self.token, FIELD).await
        })
    }
}

impl fmt::Debug for AzurePipelines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzurePipelines").finish_non_exhaustive()
    }
}

impl From<AzurePipelines> for Credential {
    fn from(source: AzurePipelines) -> Self {
        Self::assertion(source)
    }
}
