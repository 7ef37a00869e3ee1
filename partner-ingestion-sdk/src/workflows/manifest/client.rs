//! The calls of a client for offers as files.

use super::apply::{Apply, ApplyOffers};
use super::convert;
use super::export::Export;
use super::folder::LoadedOffer;
use super::offer::OfferManifest;
use super::state::{self, MODULES, OfferState, Scope};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::types::*;
use crate::workflows::submitted::Instances;
use futures_util::future::try_join;

/// # Offers as files
///
/// See [`offers_as_files`](crate::offers_as_files).
impl Client {
    /// Exports an offer as an [`OfferManifest`]. Reads the drafts by default.
    ///
    /// ```
    /// # use partner_ingestion_sdk::types::AzureProduct;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/sandbox.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (client, sandbox) = sandbox().await?;
    /// let offer = client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
    /// let exported = client.export_offer(&offer).await?;
    /// assert_eq!(exported.manifest.offer_id, "contoso-app");
    /// println!("{}", exported.manifest.to_json());
    /// # drop(sandbox);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of the GETs, [`ErrorKind::NotFound`] if the offer has no preview or is not live, and [`ErrorKind::Io`] if
    /// a file cannot be written. A part that the type of the offer does not have is left out.
    pub fn export_offer(&self, product_id: impl Into<ProductId>) -> Export {
        Export::new(self, product_id.into())
    }

    /// Creates or changes an offer so that it matches a manifest: creates the offer, plans, languages and files that are missing, and
    /// changes what differs. What does not differ is not written, and what the manifest does not mention is left alone.
    ///
    /// Nothing is deleted without [`prune`](Apply::prune), except that a logo of the same type or a file of the same name is replaced.
    /// Only drafts change, unless [`Apply::publish`] is set.
    ///
    /// ```
    /// # use partner_ingestion_sdk::OfferManifest;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/sandbox.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (client, sandbox) = sandbox().await?;
    /// let manifest = OfferManifest::from_json("offer.json", r#"{
    ///     "offerId": "contoso-app", "type": "AzureApplication", "name": "Contoso",
    ///     "listings": {"en-us": {"summary": "Now faster"}},
    ///     "plans": {"standard": {"subType": "managed-application", "friendlyName": "Standard"}}
    /// }"#)?;
    /// let applied = client.apply_offer(&manifest).await?;
    /// assert_eq!(applied.steps.len(), 3);
    /// assert!(client.apply_offer(&manifest).await?.steps.is_empty());
    /// # drop(sandbox);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::Manifest`](crate::ErrorKind::Manifest) if a secret or a file cannot be read or the offer has another type
    /// or name, before anything is written, and the errors of the calls. Parts and files are written several at a time. After the first
    /// error, no write begins, and those in progress are completed; [`Error::applied`] says what was done and what was not. Apply the
    /// manifest again to continue.
    pub fn apply_offer(&self, manifest: &OfferManifest) -> Apply {
        Apply::new(self, manifest)
    }

    /// Applies several manifests as [`apply_offer`](Client::apply_offer) does, four at a time. Takes the folders of
    /// [`OfferManifest::load_all`], or manifests.
    ///
    /// An offer that fails does not stop the others. An offer id that several manifests have is an error of each of them, and
    /// nothing of them is sent. Dropping the future stops all offers; apply them again to continue.
    ///
    /// ```
    /// # use partner_ingestion_sdk::OfferManifest;
    /// # use partner_ingestion_sdk::types::ProductType;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/sandbox.rs"));
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (client, sandbox) = sandbox().await?;
    /// let offers = OfferManifest::load_all("offers").await;
    /// # let offers = ["a", "b"].map(|id| OfferManifest::new(id, ProductType::AzureApplication, id));
    /// let report = client
    ///     .apply_offers(offers)
    ///     .configure(|manifest, apply| {
    ///         let offer = manifest.offer_id.clone();
    ///         apply.on_step(move |step| println!("{offer}: {step}"))
    ///     })
    ///     .await;
    /// print!("{report}");
    /// assert_eq!(report.failures().count(), 0);
    /// # drop(sandbox);
    /// # Ok(())
    /// # }
    /// ```
    pub fn apply_offers(&self, offers: impl IntoIterator<Item = impl Into<LoadedOffer>>) -> ApplyOffers {
        ApplyOffers::new(self, offers.into_iter().map(Into::into).collect())
    }

    /// Returns true if a draft of the offer differs from what is live, or if the offer is not live. Files are compared by name, and
    /// packages by id.
    ///
    /// Setup, leads, reseller configuration, supplemental content and the plans themselves have only one state and are not compared.
    ///
    /// # Errors
    ///
    /// Returns the errors of the GETs.
    pub async fn has_unpublished_changes(&self, product_id: impl Into<ProductId> + Send) -> Result<bool, Error> {
        let id = product_id.into();
        let mut live = match self.export_offer(id.clone()).live().instances().await {
            Ok(live) => live,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(error),
        };
        let mut drafts = state::drafts(self, &id, MODULES).await?;
        // An instance has one state: a module with the same one has no changes.
        let same: Vec<_> =
            drafts.iter().filter(|(key, own)| live.get(*key) == Some(own)).map(|(key, _)| key.clone()).collect();
        for key in same {
            drafts.remove(&key);
            live.remove(&key);
        }
        if drafts.is_empty() && live.is_empty() {
            return Ok(false);
        }
        let product = async { Ok(self.get_product(&id).send().await?.into_inner()) };
        let (product, variants) = try_join(product, state::variants(self, &id)).await?;
        let read = async |instances: &Instances| {
            let state = OfferState::read(self, product.clone(), variants.clone(), instances, Scope::Modules).await?;
            Ok::<_, Error>(convert::manifest(&state)?.manifest)
        };
        let (live, drafts) = try_join(read(&live), read(&drafts)).await?;
        Ok(drafts != live)
    }
}
