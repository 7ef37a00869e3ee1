//! Assertions from GitHub Actions.

use super::{Assertion, AssertionRequest, AssertionSource, Credential, oidc_endpoint};
use crate::{BoxFuture, Error, ErrorKind, env};
use reqwest::Url;
use std::fmt;
use zeroize::Zeroizing;

/// The default audience of a federated credential in Entra ID.
const AUDIENCE: &str = "api://AzureADTokenExchange";
const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
/// The field of the response that has the assertion.
pub(crate) const FIELD: &str = "value";
const TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

/// Assertions from a GitHub Actions job with the permission `id-token: write`. The repository needs no secret.
///
/// The application must have a federated credential for the repository (App registrations > Certificates & secrets).
///
/// ```no_run
/// use partner_auth::{GitHubActions, TokenSource};
///
/// let source = TokenSource::builder("contoso.com", "9b0e6f0a-8d57-4e1e-93f6-f2a7a8d8f0c1", GitHubActions::from_env()?).build()?;
/// # Ok::<(), partner_auth::Error>(())
/// ```
#[derive(Clone)]
pub struct GitHubActions {
    url: Url,
    token: Zeroizing<String>,
    audience: String,
}

impl GitHubActions {
    /// Creates an assertion source from `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, which GitHub sets in
    /// such a job.
    ///
    /// # Errors
    ///
    /// Returns an error of kind [`ErrorKind::Config`] if a variable is missing or invalid.
    pub fn from_env() -> Result<Self, Error> {
        Self::read(env::lookup)
    }

    pub(crate) fn read(lookup: impl Fn(&str) -> Option<Zeroizing<String>>) -> Result<Self, Error> {
        let (Some(url), Some(token)) = (lookup(URL), lookup(TOKEN)) else {
            return Err(Error::new(
                ErrorKind::Config,
                format!("{URL} or {TOKEN} is not set: the job needs `permissions: id-token: write`"),
            ));
        };
        Ok(Self { url: oidc_endpoint::parse_url(URL, &url)?, token, audience: AUDIENCE.to_owned() })
    }

    /// Sets the audience of the federated credential. Default: `api://AzureADTokenExchange`.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }
}

impl AssertionSource for GitHubActions {
    fn assertion<'a>(&'a self, request: &'a AssertionRequest) -> BoxFuture<'a, Result<Assertion, Error>> {
        Box::pin(async {
            let mut url = self.url.clone();
            url.query_pairs_mut().append_pair("audience", &self.audience);
            let http = request.http_client();
            oidc_endpoint::request("GitHub token service", http, http.get(url), &self.token, FIELD).await
        })
    }
}

impl fmt::Debug for GitHubActions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHubActions").field("audience", &self.audience).finish_non_exhaustive()
    }
}

impl From<GitHubActions> for Credential {
    fn from(source: GitHubActions) -> Self {
        Self::assertion(source)
    }
}
