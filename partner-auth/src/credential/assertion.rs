//! Client assertions: signed JWTs that replace a client secret (RFC 7523).

use crate::{BoxFuture, Error};
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;
use zeroize::Zeroizing;

/// A client assertion: a signed JWT. `Debug` redacts it, and its memory is zeroed when it is dropped.
pub struct Assertion(Zeroizing<String>);

impl Assertion {
    /// Creates an assertion from a JWT in its compact form.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the assertion as text. Do not print it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Assertion(redacted)")
    }
}

/// The context in which an assertion is requested. Cheap to clone.
#[derive(Clone)]
pub struct AssertionRequest(Arc<Inner>);

struct Inner {
    client_id: String,
    token_endpoint: String,
    now: SystemTime,
    http: reqwest::Client,
}

impl AssertionRequest {
    pub(crate) fn new(client_id: &str, endpoint: &reqwest::Url, now: SystemTime, http: &reqwest::Client) -> Self {
        Self(Arc::new(Inner {
            client_id: client_id.to_owned(),
            token_endpoint: endpoint.to_string(),
            now,
            http: http.clone(),
        }))
    }

    /// Returns the client id, for the claims `iss` and `sub`.
    pub fn client_id(&self) -> &str {
        &self.0.client_id
    }

    /// Returns the URL of the token endpoint, for the claim `aud`.
    pub fn token_endpoint(&self) -> &str {
        &self.0.token_endpoint
    }

    /// Returns the current time corrected by the known clock skew of Entra ID, for the claims `nbf`, `iat` and `exp`.
    pub fn now(&self) -> SystemTime {
        self.0.now
    }

    /// Returns the HTTP client of the token source, for assertions that another service issues. It does not follow redirects.
    pub fn http_client(&self) -> &reqwest::Client {
        &self.0.http
    }
}

impl fmt::Debug for AssertionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AssertionRequest")
            .field("client_id", &self.0.client_id)
            .field("token_endpoint", &self.0.token_endpoint)
            .field("now", &self.0.now)
            .finish_non_exhaustive()
    }
}

/// A source of client assertions. It is called before every token request, including retries.
///
/// ```
/// use partner_auth::{Assertion, AssertionRequest, AssertionSource, BoxFuture, Credential, Error};
///
/// struct Vault;
///
/// impl AssertionSource for Vault {
///     fn assertion<'a>(&'a self, request: &'a AssertionRequest) -> BoxFuture<'a, Result<Assertion, Error>> {
///         Box::pin(async { Ok(Assertion::new("signed in the vault")) })
///     }
/// }
///
/// let credential = Credential::assertion(Vault);
/// ```
pub trait AssertionSource: Send + Sync {
    /// Returns a new assertion for this request.
    ///
    /// # Errors
    ///
    /// Returns an error if no assertion could be created. The token request fails with this error.
    fn assertion<'a>(&'a self, request: &'a AssertionRequest) -> BoxFuture<'a, Result<Assertion, Error>>;

    /// Returns a number that changes when the underlying key or file changes. A cached error is dropped then. Default: 0.
    fn version(&self) -> u64 {
        0
    }
}

pub(super) struct FromFn<F>(pub(super) F);

impl<F, Fut> AssertionSource for FromFn<F>
where
    F: Fn(AssertionRequest) -> Fut + Send + Sync,
    Fut: Future<Output = Result<Assertion, Error>> + Send + 'static,
{
    fn assertion<'a>(&'a self, request: &'a AssertionRequest) -> BoxFuture<'a, Result<Assertion, Error>> {
        Box::pin((self.0)(request.clone()))
    }
}
