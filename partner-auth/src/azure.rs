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
        let issuer = AzureIssuer { credential, scope: format!("{audience}/.default"), clock: clock.clone() };
        Self::new(label, Arc::new(issuer), (clock, RenewalPolicy::default()), None)
    }
}

impl AzureIssuer {
    async fn acquire(&self) -> Result<Grant, Error> {
        let issued = self.clock.now();
        let wall = self.clock.wall();
        let token = self.clock.within(PATIENCE, self.credential.get_token(&[&self.scope], None)).await;
        let token = match token {
            Some(Ok(token)) => token,
            Some(Err(error)) => return Err(failed(error)),
            None => {
                return Err(Error::new(ErrorKind::Network, "the Azure credential gave no token in time"));
            }
        };
        let lifetime = Duration::try_from(token.expires_on - OffsetDateTime::from(wall)).unwrap_or_default();
        if lifetime.is_zero() {
            return Err(Error::new(ErrorKind::Protocol, "the Azure credential gave a token that has expired already"));
        }
        let token = AccessToken::with_lifetime(token.token.secret(), issued, lifetime)?;
        Ok(Grant { token, issued, lifetime, refresh_in: None })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ManualClock;
    use crate::{PARTNER_CENTER, TokenProvider};
    use azure_core::credentials::{AccessToken as AzureToken, TokenRequestOptions};
    use std::sync::Mutex;

    /// As the credentials of the Azure SDK do, it hands out the same token until a while before its end.
    #[derive(Debug)]
    struct Login {
        clock: ManualClock,
        failures: Mutex<Vec<azure_core::error::ErrorKind>>,
        scopes: Mutex<Vec<String>>,
    }

    #[async_trait::async_trait]
    impl TokenCredential for Login {
        async fn get_token(
            &self,
            scopes: &[&str],
            _: Option<TokenRequestOptions<'_>>,
        ) -> azure_core::Result<AzureToken> {
            let mut asked = self.scopes.lock().unwrap();
            asked.push(scopes.join(" "));
            if let Some(kind) = self.failures.lock().unwrap().pop() {
                return Err(azure_core::Error::with_message(kind, "not signed in"));
            }
            let expires_on = OffsetDateTime::from(self.clock.wall() + Duration::from_secs(3600));
            Ok(AzureToken::new(format!("azure-{}", asked.len()), expires_on))
        }
    }

    fn stage(failures: Vec<azure_core::error::ErrorKind>) -> (Arc<Login>, TokenSource, ManualClock) {
        let clock = ManualClock::new();
        let login = Login { clock: clock.clone(), failures: Mutex::new(failures), scopes: Mutex::default() };
        let login = Arc::new(login);
        let source = TokenSource::azure(login.clone(), PARTNER_CENTER, Clock::Manual(clock.clone()));
        (login, source, clock)
    }

    #[tokio::test]
    async fn any_credential_fills_the_cache() {
        let (login, source, clock) = stage(Vec::new());
        for _ in 0..100 {
            assert_eq!(source.token().await.unwrap().secret(), "azure-1");
        }
        assert_eq!(*login.scopes.lock().unwrap(), ["https://api.partner.microsoft.com/.default"]);
        let left = source.status().expires_in.unwrap();
        assert!((3599..=3600).contains(&left.as_secs()), "{left:?}");
        clock.advance(Duration::from_secs(3600));
        assert_eq!(source.token().await.unwrap().secret(), "azure-2");
        assert!(source.set_credential("x").is_err() && source.for_audience("https://graph.microsoft.com").is_err());
    }

    #[tokio::test]
    async fn its_errors_are_remembered_or_not() {
        use azure_core::error::ErrorKind as Azure;
        let throttled = Azure::HttpResponse {
            status: azure_core::http::StatusCode::TooManyRequests,
            error_code: None,
            raw_response: None,
        };
        for (kind, expected) in [
            (Azure::Credential, ErrorKind::Credential),
            (Azure::Io, ErrorKind::Network),
            (throttled, ErrorKind::Throttled),
        ] {
            let (login, source, clock) = stage(vec![kind]);
            let error = source.token().await.unwrap_err();
            assert_eq!(error.kind(), expected);
            assert!(std::error::Error::source(&error).unwrap().to_string().contains("not signed in"));
            assert!(source.token().await.unwrap_err().same(&error));
            clock.advance(Duration::from_secs(60));
            assert_eq!(source.token().await.unwrap().secret(), "azure-2");
            assert_eq!(login.scopes.lock().unwrap().len(), 2);
        }
    }
}
