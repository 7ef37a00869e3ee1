//! Assertions: signed statements that stand for a secret (RFC 7523).

use crate::{BoxFuture, Error};
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;
use zeroize::Zeroizing;

/// A signed statement. Never printed; wiped from memory when it is dropped.
pub struct Assertion(Zeroizing<String>);

impl Assertion {
    /// The compact form of a JWT.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text. Do not print it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Assertion(redacted)")
    }
}

/// What an assertion is asked for. Cheap to clone.
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

    /// The application: `iss` and `sub` of an assertion that it signs itself.
    pub fn client_id(&self) -> &str {
        &self.0.client_id
    }

    /// The address that the assertion is sent to: its `aud`.
    pub fn token_endpoint(&self) -> &str {
        &self.0.token_endpoint
    }

    /// The time by Entra ID's clock, as far as it is known: for `nbf`, `iat` and `exp`.
    pub fn now(&self) -> SystemTime {
        self.0.now
    }

    /// The transport of the token source, for assertions that another service makes. It follows no redirects.
    pub fn http(&self) -> &reqwest::Client {
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

/// Makes assertions. It is asked for a fresh one before every token request, retries included.
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
    /// A fresh assertion for this request.
    fn assertion<'a>(&'a self, request: &'a AssertionRequest) -> BoxFuture<'a, Result<Assertion, Error>>;

    /// Another number when the key or the file behind the source has changed: a refusal that is remembered for the old one
    /// is then forgotten.
    fn version(&self) -> u64 {
        0
    }
}

pub(super) struct FromFn<F>(pub(super) F);

impl<F, Signed> AssertionSource for FromFn<F>
where
    F: Fn(AssertionRequest) -> Signed + Send + Sync,
    Signed: Future<Output = Result<Assertion, Error>> + Send + 'static,
{
    fn assertion<'a>(&'a self, request: &'a AssertionRequest) -> BoxFuture<'a, Result<Assertion, Error>> {
        Box::pin((self.0)(request.clone()))
    }
}
