//! What an application proves itself with.

mod assertion;
#[cfg(feature = "certificate")]
mod certificate;
mod federated;
mod github;
mod pipelines;
#[cfg(test)]
mod tests;
mod token_service;

pub use assertion::{Assertion, AssertionRequest, AssertionSource};
#[cfg(feature = "certificate")]
pub use certificate::{Certificate, SigningAlgorithm};
pub use federated::FederatedTokenFile;
pub use github::GitHubActions;
pub use pipelines::AzurePipelines;

use crate::{Error, ErrorKind};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

/// What an application proves itself with: a client secret, or assertions from a certificate, from another identity
/// provider, or from your own code. Never printed.
///
/// ```
/// use partner_auth::{Assertion, AssertionRequest, Credential};
///
/// let secret = Credential::from("the secret");
/// // A key that never leaves a vault: sign there.
/// let vault = Credential::signed_by(|request: AssertionRequest| async move {
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
    /// A client secret; its Value, not its Secret ID.
    pub fn secret(secret: impl Into<String>) -> Self {
        Self(Kind::Secret(Arc::new(Zeroizing::new(secret.into()))))
    }

    /// Assertions of a source, a fresh one for every token request.
    pub fn assertion(source: impl AssertionSource + 'static) -> Self {
        Self(Kind::Assertion(Arc::new(source)))
    }

    /// Assertions of a function, a fresh one for every token request.
    pub fn signed_by<F, Signed>(sign: F) -> Self
    where
        F: Fn(AssertionRequest) -> Signed + Send + Sync + 'static,
        Signed: Future<Output = Result<Assertion, Error>> + Send + 'static,
    {
        Self::assertion(assertion::FromFn(sign))
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.0 {
            Kind::Secret(secret) if secret.is_empty() => {
                Err(Error::new(ErrorKind::Config, "the client secret is empty"))
            }
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

/// The credential that is used now; the sources of one application share it.
pub(crate) struct Keyring {
    credential: Mutex<Credential>,
    replaced: AtomicU64,
}

/// What goes into a token request.
pub(crate) enum Proof {
    Secret(Arc<Zeroizing<String>>),
    Assertion(Assertion),
}

impl Keyring {
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

    /// Changes when the credential is replaced, or changes by itself.
    pub(crate) fn version(&self) -> u64 {
        let own = match self.current() {
            Kind::Secret(_) => 0,
            Kind::Assertion(source) => source.version(),
        };
        self.replaced.load(Ordering::Acquire).rotate_left(48) ^ own
    }

    /// Whether a new assertion can be in time where the last one was not.
    pub(crate) fn signs(&self) -> bool {
        matches!(self.current(), Kind::Assertion(_))
    }

    pub(crate) async fn prove(&self, request: &AssertionRequest) -> Result<Proof, Error> {
        match self.current() {
            Kind::Secret(secret) => Ok(Proof::Secret(secret)),
            Kind::Assertion(source) => {
                let assertion = source.assertion(request).await?;
                if assertion.as_str().is_empty() {
                    return Err(Error::new(ErrorKind::Credential, "the assertion is empty"));
                }
                Ok(Proof::Assertion(assertion))
            }
        }
    }
}
