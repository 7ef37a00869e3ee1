//! Applies several manifests, a few at a time, with one report.

use super::Apply;
use crate::client::Client;
use crate::error::Error;
use crate::error::ingestion::Applied;
use crate::workflows::manifest::fault::Pointer;
use crate::workflows::manifest::folder::LoadedOffer;
use crate::workflows::manifest::offer::OfferManifest;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many offers are applied at a time by default.
const CONCURRENT_OFFERS: usize = 4;

type Configure = Arc<dyn Fn(&OfferManifest, Apply) -> Apply + Send + Sync>;
type OnOffer = Arc<dyn Fn(&AppliedOffer) + Send + Sync>;

/// Applies several manifests. Created by [`Client::apply_offers`].
#[must_use = "nothing is sent until it is awaited"]
pub struct ApplyOffers {
    client: Client,
    offers: Vec<LoadedOffer>,
    max_concurrent_offers: usize,
    configure: Configure,
    on_offer: Option<OnOffer>,
}

/// What was done with one of several offers.
#[derive(Debug)]
#[non_exhaustive]
pub struct AppliedOffer {
    /// The folder of the manifest. Empty for a manifest that was not read from a folder.
    pub folder: PathBuf,
    /// The offer id. `None` if the manifest could not be read.
    pub offer_id: Option<String>,
    /// What was done, or the error. [`Error::applied`] has what was done before an error.
    pub result: Result<Applied, Error>,
}

/// What was done with several offers, in the order in which they were passed. `Display` prints a line for each.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct AppliedOffers {
    /// A report for each offer.
    pub offers: Vec<AppliedOffer>,
}

impl fmt::Debug for ApplyOffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folders: Vec<&Path> = self.offers.iter().map(|offer| offer.folder.as_path()).collect();
        f.debug_struct("ApplyOffers").field("folders", &folders).finish_non_exhaustive()
    }
}

impl ApplyOffers {
    /// Creates the builder of [`Client::apply_offers`].
    pub(in crate::workflows::manifest) fn new(client: &Client, offers: Vec<LoadedOffer>) -> Self {
        Self {
            client: client.clone(),
            offers,
            max_concurrent_offers: CONCURRENT_OFFERS,
            configure: Arc::new(|_, apply| apply),
            on_offer: None,
        }
    }

    /// Sets how many offers are applied at a time. Default: 4. Zero counts as 1. Each offer transfers up to four files at a time.
    pub fn max_concurrent_offers(mut self, max: usize) -> Self {
        self.max_concurrent_offers = max.max(1);
        self
    }

    /// Sets a function that is called when an offer begins, and sets its options, such as [`Apply::prune`], [`Apply::publish`] and
    /// [`Apply::on_step`].
    pub fn configure(mut self, f: impl Fn(&OfferManifest, Apply) -> Apply + Send + Sync + 'static) -> Self {
        self.configure = Arc::new(f);
        self
    }

    /// Sets a callback that is called when an offer is done or has failed.
    pub fn on_offer(mut self, f: impl Fn(&AppliedOffer) + Send + Sync + 'static) -> Self {
        self.on_offer = Some(Arc::new(f));
        self
    }

    /// Sends the requests. Awaiting the builder is the same.
    pub async fn send(self) -> AppliedOffers {
        let Self { client, offers, max_concurrent_offers, configure, on_offer } = self;
        let ids: Vec<Option<String>> =
            offers.iter().map(|offer| Some(offer.manifest.as_ref().ok()?.offer_id.clone())).collect();
        let offers = refuse_twins(offers).into_iter().zip(ids).enumerate();
        let one = |(number, (offer, offer_id)): (usize, (LoadedOffer, Option<String>))| {
            let (client, configure, on_offer) = (&client, &configure, &on_offer);
            async move {
                let LoadedOffer { folder, manifest } = offer;
                let result = match manifest {
                    Ok(manifest) => configure(&manifest, client.apply_offer(&manifest)).await,
                    Err(error) => Err(error),
                };
                let applied = AppliedOffer { folder, offer_id, result };
                if let Some(on_offer) = on_offer {
                    on_offer(&applied);
                }
                (number, applied)
            }
        };
        // In the order in which they end: one that takes long holds up no other.
        let running = stream::iter(offers).map(one).buffer_unordered(max_concurrent_offers);
        let mut done: Vec<(usize, AppliedOffer)> = running.collect().await;
        done.sort_by_key(|(number, _)| *number);
        AppliedOffers { offers: done.into_iter().map(|(_, offer)| offer).collect() }
    }
}

impl IntoFuture for ApplyOffers {
    type Output = AppliedOffers;
    type IntoFuture = BoxFuture<'static, AppliedOffers>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// Replaces manifests with the same offer id by errors: which of them is right is not known. The service compares ids without case.
fn refuse_twins(mut offers: Vec<LoadedOffer>) -> Vec<LoadedOffer> {
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, offer) in offers.iter().enumerate() {
        if let Ok(manifest) = &offer.manifest {
            places.entry(manifest.offer_id.to_lowercase()).or_default().push(number);
        }
    }
    for twins in places.values().filter(|numbers| numbers.len() > 1) {
        let folders: Vec<PathBuf> = twins.iter().map(|number| offers[*number].folder.clone()).collect();
        for (number, own) in twins.iter().zip(0..) {
            let offer = &mut offers[*number];
            let Ok(manifest) = &offer.manifest else { continue };
            let other = folders[usize::from(own == 0)].display();
            let message = format!("is {:?}, which is also the offer id of {other}", manifest.offer_id);
            offer.manifest = Err(manifest.fault(&Pointer::default().join("offerId"), message));
        }
    }
    offers
}

impl AppliedOffer {
    /// Returns what was done, also before an error.
    pub fn applied(&self) -> Option<&Applied> {
        match &self.result {
            Ok(applied) => Some(applied),
            Err(error) => error.applied(),
        }
    }
}

impl AppliedOffers {
    /// Returns the offers that failed, with their errors.
    pub fn failures(&self) -> impl Iterator<Item = (&AppliedOffer, &Error)> {
        self.offers.iter().filter_map(|offer| Some((offer, offer.result.as_ref().err()?)))
    }
}

/// Offer id or folder, and the number of changes or the error.
impl fmt::Display for AppliedOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.offer_id {
            Some(id) => f.write_str(id)?,
            None => write!(f, "{}", self.folder.display())?,
        }
        match (&self.result, self.applied().map_or(0, |applied| applied.steps.len())) {
            (Ok(_), 0) => f.write_str(": no changes"),
            (Ok(_), 1) => f.write_str(": 1 change"),
            (Ok(_), changes) => write!(f, ": {changes} changes"),
            (Err(error), 0) => write!(f, ": failed: {error}"),
            (Err(error), 1) => write!(f, ": failed after 1 change: {error}"),
            (Err(error), changes) => write!(f, ": failed after {changes} changes: {error}"),
        }
    }
}

/// One line for each offer.
impl fmt::Display for AppliedOffers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.offers.iter().try_for_each(|offer| writeln!(f, "{offer}"))
    }
}
