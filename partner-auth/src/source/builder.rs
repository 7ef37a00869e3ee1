//! Configures a token source.

use super::{PARTNER_CENTER, TokenSource};
use crate::cache::RenewalPolicy;
use crate::clock::Clock;
use crate::credential::Keyring;
use crate::entra::exchange::{Exchange, Limits};
use crate::{Authority, Credential, Endpoint, Error, ErrorKind};
use reqwest::Url;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

type Shape = Box<dyn FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send>;

/// Configures a [`TokenSource`].
#[must_use = "the source is made by `build`"]
pub struct TokenSourceBuilder {
    tenant: String,
    client_id: String,
    any_client_id: bool,
    credential: Credential,
    authority: Authority,
    audience: String,
    endpoint: Endpoint,
    limits: Limits,
    policy: RenewalPolicy,
    clock: Clock,
    http: Option<Shape>,
}

/// What the sources of one application share.
pub(crate) struct Application {
    pub(super) keyring: Arc<Keyring>,
    client_id: String,
    url: Url,
    endpoint: Endpoint,
    http: reqwest::Client,
    limits: Limits,
    policy: RenewalPolicy,
    clock: Clock,
}

impl TokenSourceBuilder {
    pub(super) fn new(tenant: String, client_id: String, credential: Credential) -> Self {
        Self {
            tenant,
            client_id,
            any_client_id: false,
            credential,
            authority: Authority::public(),
            audience: PARTNER_CENTER.to_owned(),
            endpoint: Endpoint::default(),
            limits: Limits::default(),
            policy: RenewalPolicy::default(),
            clock: Clock::default(),
            http: None,
        }
    }

    /// Where the tenant lives; [`Authority::public`] if not set.
    pub fn authority(mut self, authority: Authority) -> Self {
        self.authority = authority;
        self
    }

    /// The audience; [`PARTNER_CENTER`] if not set.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = audience.into();
        self
    }

    /// Which token endpoint to use; [`Endpoint::V1`] if not set.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Takes a client id that is no GUID. Entra ID has none; other servers may.
    pub fn any_client_id(mut self) -> Self {
        self.any_client_id = true;
        self
    }

    /// When tokens are renewed.
    pub fn renewal(mut self, policy: RenewalPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// How often a request is sent before its failure is told; 3 if not set, at least 1. Only failures that may pass are
    /// tried again: no connection, 408, 429, 5xx, `temporarily_unavailable`.
    pub fn attempts(mut self, attempts: usize) -> Self {
        self.limits.attempts = attempts.max(1);
        self
    }

    /// How long one attempt may take; 15 seconds if not set.
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.limits.attempt = limit;
        self
    }

    /// How long all attempts and the pauses between them may take; 30 seconds if not set. A `Retry-After` that does not fit
    /// ends the acquisition at once; the error says how long to wait.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.limits.deadline = limit;
        self
    }

    /// Shapes the transport (proxies, roots, pools) before redirects are turned off and the connect timeout of 5 seconds is
    /// set.
    pub fn http(
        mut self,
        shape: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + 'static,
    ) -> Self {
        self.http = Some(Box::new(shape));
        self
    }

    /// Runs on a clock that the test moves.
    #[cfg(any(test, feature = "testing"))]
    pub fn clock(mut self, clock: &crate::testing::ManualClock) -> Self {
        self.clock = Clock::Manual(clock.clone());
        self
    }

    /// Makes the source. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] when tenant, client id or audience cannot be right, the secret is empty, or the transport
    /// cannot be made.
    pub fn build(self) -> Result<TokenSource, Error> {
        self.credential.check()?;
        check_client_id(&self.client_id, self.any_client_id)?;
        let url = self.authority.token_url(&self.tenant, self.endpoint)?;
        let builder = reqwest::Client::builder();
        let builder = match self.http {
            Some(shape) => shape(builder),
            None => builder,
        };
        let http = builder
            // A redirect would carry the secret elsewhere.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(5))
            .build()
            .map_err(|error| Error::other(ErrorKind::Config, "the transport cannot be made", error))?;
        let application = Application {
            keyring: Arc::new(Keyring::new(self.credential)),
            client_id: self.client_id,
            url,
            endpoint: self.endpoint,
            http,
            limits: self.limits,
            policy: self.policy,
            clock: self.clock,
        };
        Application::source(&Arc::new(application), self.audience)
    }
}

impl Application {
    pub(super) fn source(this: &Arc<Self>, audience: String) -> Result<TokenSource, Error> {
        if audience.is_empty() || audience.ends_with("/.default") || audience.contains(char::is_whitespace) {
            return Err(config(
                "the audience must be one address without /.default, such as https://api.partner.microsoft.com",
            ));
        }
        let host = this.url.host_str().unwrap_or_default();
        let label = format!("client {} for {audience} at {host}", this.client_id);
        let exchange = Exchange::new(
            (this.http.clone(), this.url.clone()),
            this.client_id.clone(),
            (audience, this.endpoint),
            this.keyring.clone(),
            this.limits,
            this.clock.clone(),
        );
        let time = (this.clock.clone(), this.policy.clone());
        Ok(TokenSource::new(label, Arc::new(exchange), time, Some(this.clone())))
    }
}

fn check_client_id(id: &str, any: bool) -> Result<(), Error> {
    match id.trim() {
        "" => Err(config("the client id is empty")),
        trimmed if trimmed != id => Err(config("the client id has spaces around it")),
        _ if any || uuid::Uuid::parse_str(id).is_ok() => Ok(()),
        _ => Err(config("the client id is no GUID, as the application's (client) id is; `any_client_id` takes others")),
    }
}

fn config(message: &str) -> Error {
    Error::new(ErrorKind::Config, message)
}

impl fmt::Debug for TokenSourceBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSourceBuilder")
            .field("tenant", &self.tenant)
            .field("client_id", &self.client_id)
            .field("credential", &self.credential)
            .field("authority", &self.authority.host())
            .field("audience", &self.audience)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
