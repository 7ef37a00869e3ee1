//! The credentials of an application.

mod assertion;
pub(crate) mod azure_pipelines;
#[cfg(feature = "certificate")]
mod certificate;
pub(crate) mod github_actions;
pub(crate) mod oidc_endpoint;
#[cfg(test)]
mod tests;
mod token_file;

pub use assertion::{Assertion, AssertionRequest, AssertionSource};
pub use azure_pipelines::AzurePipelines;
#[cfg(feature = "certificate")]
pub use certificate::{Certificate, SigningAlgorithm};
pub use github_actions::GitHubActions;
pub use token_file::FederatedTokenFile;

use crate::{Error, ErrorKind};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// The credential of an application: a client secret, or assertions from a certificate, another identity provider or your own
/// code. `Debug` redacts it.
///
/// ```
/// use partner_auth::{Assertion, AssertionRequest, Credential};
///
/// let secret = Credential::from("the secret");
/// // The key stays in a vault, which signs the assertions.
/// let vault = Credential::assertion_fn(|request: AssertionRequest| async move {
///     Ok(Assertion::new(format!("signed for {}", request.token_endpoint())))
/// });
/// assert_eq!(format!("{secret:?} {vault:?}"), "Credential(secret) Credential(assertion)");
/// ```
#[derive(Clone)]
pub struct Credential(Kind);

#[derive(Clone)]
enum Kind {
    Secret(Arc<Zeroizing<String>>),
    Assertion(Arc<dyn AssertionSource>),
}

impl Credential {
    /// Creates a credential from a client secret: its Value, not its Secret ID.
    pub fn secret(secret: impl Into<String>) -> Self {
        Self::zeroed(Zeroizing::new(secret.into()))
    }

    pub(crate) fn zeroed(secret: Zeroizing<String>) -> Self {
        Self(Kind::Secret(Arc::new(secret)))
    }

    /// Creates a credential from an assertion source, which is called for every token request.
    pub fn assertion(source: impl AssertionSource + 'static) -> Self {
        Self(Kind::Assertion(Arc::new(source)))
    }

    /// Creates a credential from a function that returns assertions. It is called for every token request.
    pub fn assertion_fn<F, Fut>(f: F) -> Self
    where
        F: Fn(AssertionRequest) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Assertion, Error>> + Send + 'static,
    {
        Self::assertion(assertion::FromFn(f))
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.0 {
            Kind::Secret(secret) if secret.is_empty() => Err(Error::new(ErrorKind::Config, "client secret is empty")),
            _ => Ok(()),
        }
    }
}

impl From<&str> for Credential {
    fn from(secret: &str) -> Self {
        Self::secret(secret)
    }
}

impl From<String> for Credential {
    fn from(secret: String) -> Self {
        Self::secret(secret)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Secret(_) => "Credential(secret)",
            Kind::Assertion(_) => "Credential(assertion)",
        })
    }
}

/// The current credential, shared by all sources of one application.
pub(crate) struct CredentialStore {
    credential: Mutex<Credential>,
    replaced: AtomicU64,
}

/// The client authentication of one token request (RFC 6749 section 2.3, RFC 7523 section 2.2).
pub(crate) enum ClientAuth {
    Secret(Arc<Zeroizing<String>>),
    Assertion(Assertion),
}

impl CredentialStore {
    pub(crate) fn new(credential: Credential) -> Self {
        Self { credential: Mutex::new(credential), replaced: AtomicU64::new(0) }
    }

    fn current(&self) -> Kind {
        self.credential.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    pub(crate) fn replace(&self, credential: Credential) {
        *self.credential.lock().unwrap_or_else(PoisonError::into_inner) = credential;
        self.replaced.fetch_add(1, Ordering::Release);
    }

    /// Changes when the credential is replaced, or when its assertion source reports a new version.
    pub(crate) fn version(&self) -> u64 {
        let own = match self.current() {
            Kind::Secret(_) => 0,
            Kind::Assertion(source) => source.version(),
        };
        self.replaced.load(Ordering::Acquire).rotate_left(48) ^ own
    }

    /// Returns true if the credential creates assertions, which depend on the time.
    pub(crate) fn uses_assertions(&self) -> bool {
        matches!(self.current(), Kind::Assertion(_))
    }

    pub(crate) async fn client_auth(&self, request: &AssertionRequest) -> Result<ClientAuth, Error> {
        match self.current() {
            Kind::Secret(secret) => Ok(ClientAuth::Secret(secret)),
            Kind::Assertion(source) => {
                let assertion = source.assertion(request).await?;
                if assertion.as_str().is_empty() {
                    return Err(Error::new(ErrorKind::Credential, "assertion is empty"));
                }
                Ok(ClientAuth::Assertion(assertion))
            }
        }
    }
}
