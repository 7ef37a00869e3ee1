//! Credentials of the Azure SDK as a token source, such as managed identity or the Azure CLI login.

use crate::cache::{IssuedToken, Issuer, RefreshPolicy};
use crate::clock::Clock;
use crate::{AccessToken, BoxFuture, Error, ErrorKind, TokenSource};
use azure_core::credentials::TokenCredential;
use azure_core::time::OffsetDateTime;
use std::sync::Arc;
use std::time::Duration;

/// The timeout of a credential. Credentials that start a process take seconds.
const TIMEOUT: Duration = Duration::from_secs(60);

struct AzureIssuer {
    credential: Arc<dyn TokenCredential>,
    scope: String,
    clock: Clock,
}

impl TokenSource {
    /// Creates a source from any credential of the Azure SDK. Tokens are cached by this crate.
    ///
    /// The credential may also have its own cache, which does not drop rejected tokens: after a 401 it may return the same token
    /// until that token is due for refresh.
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
        let label = format!("Azure SDK credential for {audience}");
        let issuer = AzureIssuer { credential, scope: format!("{audience}/.default"), clock: clock.clone() };
        Self::new(label, Arc::new(issuer), (clock, RefreshPolicy::default()), None)
    }
}

impl AzureIssuer {
    async fn acquire(&self) -> Result<IssuedToken, Error> {
        let requested_at = self.clock.now();
        let wall = self.clock.wall();
        let token = self.clock.within(TIMEOUT, self.credential.get_token(&[&self.scope], None)).await;
        let token = match token {
            Some(Ok(token)) => token,
            Some(Err(error)) => return Err(convert_error(error)),
            None => {
                return Err(Error::new(ErrorKind::Network, "Azure SDK credential timed out"));
            }
        };
        let lifetime = Duration::try_from(token.expires_on - OffsetDateTime::from(wall)).unwrap_or_default();
        if lifetime.is_zero() {
            return Err(Error::new(
                ErrorKind::Protocol,
                "Azure SDK credential returned a token that has already expired",
            ));
        }
        let token = AccessToken::with_lifetime(token.token.secret(), requested_at, lifetime)?;
        Ok(IssuedToken { token, requested_at, lifetime, refresh_in: None })
    }
}

/// Converts an error of the Azure SDK. Its kind decides whether it is retryable.
fn convert_error(error: azure_core::Error) -> Error {
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
    Error::other(kind, "Azure SDK credential returned no token", error)
}

impl Issuer for AzureIssuer {
    fn issue(&self) -> BoxFuture<'_, Result<IssuedToken, Error>> {
        Box::pin(self.acquire())
    }

    fn version(&self) -> u64 {
        0
    }

    fn time_limit(&self) -> Duration {
        TIMEOUT * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::ManualClock;
    use crate::{PARTNER_CENTER, TokenProvider};
    use azure_core::credentials::{AccessToken as AzureToken, TokenRequestOptions};
    use std::sync::Mutex;

    /// A credential that counts its requests and fails as scripted.
    #[derive(Debug)]
    struct CountingCredential {
        clock: ManualClock,
        failures: Mutex<Vec<azure_core::error::ErrorKind>>,
        scopes: Mutex<Vec<String>>,
    }

    #[async_trait::async_trait]
    impl TokenCredential for CountingCredential {
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

    fn start(failures: Vec<azure_core::error::ErrorKind>) -> (Arc<CountingCredential>, TokenSource, ManualClock) {
        let clock = ManualClock::new();
        let credential =
            CountingCredential { clock: clock.clone(), failures: Mutex::new(failures), scopes: Mutex::default() };
        let credential = Arc::new(credential);
        let source = TokenSource::azure(credential.clone(), PARTNER_CENTER, Clock::Manual(clock.clone()));
        (credential, source, clock)
    }

    #[tokio::test]
    async fn caches_tokens_of_an_azure_credential() {
        let (credential, source, clock) = start(Vec::new());
        for _ in 0..100 {
            assert_eq!(source.token().await.unwrap().secret(), "azure-1");
        }
        assert_eq!(*credential.scopes.lock().unwrap(), ["https://api.partner.microsoft.com/.default"]);
        let left = source.status().expires_in.unwrap();
        assert!((3599..=3600).contains(&left.as_secs()), "{left:?}");
        clock.advance(Duration::from_secs(3600));
        assert_eq!(source.token().await.unwrap().secret(), "azure-2");
        assert!(source.set_credential("x").is_err() && source.for_audience("https://graph.microsoft.com").is_err());
    }

    #[tokio::test]
    async fn converts_and_caches_errors_of_an_azure_credential() {
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
            let (credential, source, clock) = start(vec![kind]);
            let error = source.token().await.unwrap_err();
            assert_eq!(error.kind(), expected);
            assert!(std::error::Error::source(&error).unwrap().to_string().contains("not signed in"));
            assert!(source.token().await.unwrap_err().ptr_eq(&error));
            clock.advance(Duration::from_secs(60));
            assert_eq!(source.token().await.unwrap().secret(), "azure-2");
            assert_eq!(credential.scopes.lock().unwrap().len(), 2);
        }
    }
}
