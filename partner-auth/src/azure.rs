//! Credentials of the Azure SDK as a token source: managed identity, the Azure CLI's login, developer tools.

use crate::cache::{Grant, Issuer, RenewalPolicy};
use crate::clock::Clock;
use crate::{AccessToken, BoxFuture, Error, ErrorKind, TokenSource};
use azure_core::credentials::TokenCredential;
use azure_core::time::OffsetDateTime;
use std::sync::Arc;
use std::time::Duration;

/// How long a credential may take. Those that start a program need seconds.
const PATIENCE: Duration = Duration::from_secs(60);

struct AzureIssuer {
    credential: Arc<dyn TokenCredential>,
    scope: String,
    clock: Clock,
}

impl TokenSource {
    /// Tokens of any credential of the Azure SDK, with the cache of this crate before it.
    ///
    /// The credential may have a cache of its own, which knows nothing of a rejected token: it hands the same one out
    /// again until it is due.
    ///
    /// ```no_run
    /// use azure_core::credentials::TokenCredential;
    /// use std::sync::Arc;
    ///
    /// # fn example(credential: Arc<dyn TokenCredential>) {
    /// // For example `azure_identity::ManagedIdentityCredential::new(None)?`.
    /// let source = partner_auth::TokenSource::from_azure(credential, partner_auth::PARTNER_CENTER);
    /// # }
    /// ```
    pub fn from_azure(credential: Arc<dyn TokenCredential>, audience: &str) -> Self {
        Self::azure(credential, audience, Clock::default())
    }

    fn azure(credential: Arc<dyn TokenCredential>, audience: &str, clock: Clock) -> Self {
        let label = format!("a credential of the Azure SDK for {audience}");
        let issuer = AzureIssuer {
            credential,
            scope: format!("{audience}/.default"),
            clock: clock.clone(),
        };
        Self::new(label, Arc::new(issuer), (clock, RenewalPolicy::default()), None)
    }
}

impl AzureIssuer {
    async fn acquire(&self) -> Result<Grant, Error> {
        let issued = self.clock.now();
        let wall = self.clock.wall();
        let token = self
            .clock
            .within(PATIENCE, self.credential.get_token(&[&self.scope], None))
            .await;
        let token = match token {
            Some(Ok(token)) => token,
            Some(Err(error)) => return Err(failed(error)),
            None => {
                return Err(Error::new(
                    ErrorKind::Network,
                    "the Azure credential gave no token in time",
                ));
            }
        };
        let lifetime = Duration::try_from(token.expires_on - OffsetDateTime::from(wall)).unwrap_or_default();
        if lifetime.is_zero() {
            return Err(Error::new(
                ErrorKind::Protocol,
                "the Azure credential gave a token that has expired already",
            ));
        }
        let token = AccessToken::with_lifetime(token.token.secret(), issued, lifetime)?;
        Ok(Grant {
            token,
            issued,
            lifetime,
            refresh_in: None,
        })
    }
}

/// Whether it may pass is not told; by the kind of the error, as far as it has one.
fn failed(error: azure_core::Error) -> Error {
    use azure_core::error::ErrorKind as Azure;
    let kind = match error.kind() {
        Azure::HttpResponse { status, .. } => match u16::from(*status) {
            429 => ErrorKind::Throttled,
            408 | 500.. => ErrorKind::Transient,
            _ => ErrorKind::Credential,
        },
        Azure::Io => ErrorKind::Network,
        _ => ErrorKind::Credential,
    };
    Error::other(kind, "the Azure credential gave no token", error)
}

impl Issuer for AzureIssuer {
    fn grant(&self) -> BoxFuture<'_, Result<Grant, Error>> {
        Box::pin(self.acquire())
    }

    fn version(&self) -> u64 {
        0
    }

    fn patience(&self) -> Duration {
        PATIENCE * 2
    }
}
