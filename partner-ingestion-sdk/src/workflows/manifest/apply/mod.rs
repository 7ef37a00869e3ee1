//! Applies a manifest: creates what is missing and changes what differs.

mod context;
mod files;
mod many;
mod modules;
mod needed;
mod packages;
mod plans;
mod publish;
mod run;
mod supplement;
mod videos;
mod write;

pub use many::{AppliedOffer, AppliedOffers, ApplyOffers};

use super::offer::OfferManifest;
use super::secrets::Secrets;
use crate::client::Client;
use crate::error::Error;
use crate::error::ingestion::{Applied, AppliedStep};
use crate::http::call::awaitable;
use crate::workflows::publish::Publish;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The default time to wait for the branches of a new offer or plan.
const BRANCH_WAIT: Duration = Duration::from_secs(60);

type OnStep = Arc<dyn Fn(&AppliedStep) + Send + Sync>;

/// Applies a manifest. Created by [`Client::apply_offer`].
#[must_use = "nothing is sent until it is awaited"]
pub struct Apply {
    client: Client,
    manifest: OfferManifest,
    prune: bool,
    check: bool,
    values: BTreeMap<String, String>,
    branch_wait: Duration,
    poll_interval: Option<(Duration, Duration)>,
    on_step: Option<OnStep>,
    publish: Option<publish::Configure>,
}

impl fmt::Debug for Apply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Apply")
            .field("offer", &self.manifest.offer_id)
            .field("prune", &self.prune)
            .finish_non_exhaustive()
    }
}

impl Apply {
    /// Creates the builder of [`Client::apply_offer`].
    pub(super) fn new(client: &Client, manifest: &OfferManifest) -> Self {
        Self {
            client: client.clone(),
            manifest: manifest.clone(),
            prune: false,
            check: false,
            values: BTreeMap::new(),
            branch_wait: BRANCH_WAIT,
            poll_interval: None,
            on_step: None,
            publish: None,
        }
    }

    /// Deletes plans, languages and files that the manifest does not have. Default: false. A plan that was published cannot be deleted:
    /// the call returns the error of the service.
    pub fn prune(mut self, prune: bool) -> Self {
        self.prune = prune;
        self
    }

    /// Checks the manifest first, as [`OfferManifest::check`] does. A finding that is not a warning is an error of kind
    /// [`ErrorKind::Manifest`](crate::ErrorKind::Manifest), and nothing is sent. Default: false, so that an offer can be applied before
    /// it is complete.
    pub fn check(mut self, check: bool) -> Self {
        self.check = check;
        self
    }

    /// Sets the value of a secret that the manifest takes from the environment variable `name`.
    pub fn secret(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.values.insert(name.into(), value.into());
        self
    }

    /// Sets how long to wait for the branches of a new offer or plan. Default: 60 seconds.
    pub fn branch_wait(mut self, branch_wait: Duration) -> Self {
        self.branch_wait = branch_wait;
        self
    }

    /// Sets the delay between polls for branches and for packages that are processed, which grows from `initial` to `max`. Default:
    /// 0.1 to 5 seconds for branches, 0.5 to 30 seconds for packages.
    pub fn poll_interval(mut self, initial: Duration, max: Duration) -> Self {
        self.poll_interval = Some((initial, max));
        self
    }

    /// Sets a callback that is called after each change.
    pub fn on_step(mut self, f: impl Fn(&AppliedStep) + Send + Sync + 'static) -> Self {
        self.on_step = Some(Arc::new(f));
        self
    }

    /// Publishes the offer after the manifest was applied, with the options that `f` sets. [`Applied::submission`] is `None` if no draft
    /// differs from what is live. Default: nothing is published.
    ///
    /// ```no_run
    /// # use partner_ingestion_sdk::{Client, IfPending, OfferManifest};
    /// # async fn example(client: &Client, manifest: &OfferManifest) -> Result<(), partner_ingestion_sdk::Error> {
    /// let apply = client.apply_offer(manifest).check(true);
    /// let applied = apply.publish(|publish| publish.to_live().if_pending(IfPending::Adopt)).await?;
    /// println!("{}", if applied.submission.is_some() { "live" } else { "nothing to publish" });
    /// # Ok(())
    /// # }
    /// ```
    pub fn publish(mut self, f: impl FnOnce(Publish) -> Publish + Send + Sync + 'static) -> Self {
        self.publish = Some(Box::new(f));
        self
    }

    /// Sends the requests. Awaiting the builder is the same.
    ///
    /// # Errors
    ///
    /// See [`Client::apply_offer`].
    pub async fn send(mut self) -> Result<Applied, Error> {
        let secrets = Secrets { values: self.values.clone(), folder: self.manifest.folder().to_owned() };
        let applied = context::Run::start(&self, secrets).await?;
        match self.publish.take() {
            Some(configure) => publish::publish(&self.client, applied, configure).await,
            None => Ok(applied),
        }
    }
}

awaitable!(Apply => Applied);
