//! Exports an offer: its manifest, and its files beside it.

use super::convert::{self, RemoteFile};
use super::names::local;
use super::offer::OfferManifest;
use super::state::{self, MODULES, OfferState, Scope};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::call::awaitable;
use crate::model::ingestion::stage::Stage;
use crate::types::*;
use crate::workflows::download;
use crate::workflows::submitted::{self, Instances};
use futures_util::future::try_join;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many files are downloaded at a time.
const CONCURRENT_FILES: usize = 4;

type OnFile = Arc<dyn Fn(&str) + Send + Sync>;

/// Exports an offer. Created by [`Client::export_offer`].
#[must_use = "nothing is read until it is awaited"]
pub struct Export {
    client: Client,
    product: ProductId,
    source: Source,
    folder: Option<PathBuf>,
    on_file: Option<OnFile>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Draft,
    Preview,
    Live,
}

/// An exported offer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExportedOffer {
    /// The manifest.
    pub manifest: OfferManifest,
    /// The paths of files that the manifest names and that could not be downloaded: the service issued no address, or nothing was
    /// uploaded to it.
    pub missing: Vec<String>,
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").field("product", &self.product).field("source", &self.source).finish_non_exhaustive()
    }
}

impl Export {
    /// Creates the builder of [`Client::export_offer`].
    pub(super) fn new(client: &Client, product: ProductId) -> Self {
        Self { client: client.clone(), product, source: Source::Draft, folder: None, on_file: None }
    }

    /// Exports what the preview has instead of the drafts.
    pub fn preview(mut self) -> Self {
        self.source = Source::Preview;
        self
    }

    /// Exports what is live instead of the drafts. Setup, leads, reseller configuration,
    /// supplemental content and the plans themselves have only one state.
    pub fn live(mut self) -> Self {
        self.source = Source::Live;
        self
    }

    /// Writes the manifest and its files into a folder: `offer.yaml` with the feature `yaml`, otherwise `offer.json`. Files with the
    /// same content are left as they are. Default: nothing is written and no file is downloaded.
    pub fn to(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Sets a callback that is called with the path of each file that was downloaded.
    pub fn on_file(mut self, f: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.on_file = Some(Arc::new(f));
        self
    }

    /// Sends the requests. Awaiting the builder is the same.
    ///
    /// # Errors
    ///
    /// See [`Client::export_offer`].
    pub async fn send(self) -> Result<ExportedOffer, Error> {
        let product = self.client.get_product(&self.product).send().await?.into_inner();
        let (instances, variants) = try_join(self.instances(), state::variants(&self.client, &self.product)).await?;
        let state = OfferState::read(&self.client, product, variants, &instances, Scope::All).await?;
        let converted = convert::manifest(&state)?;
        let Some(folder) = &self.folder else {
            let without_address = converted.files.into_iter().filter(|file| file.address.is_none());
            let missing = without_address.map(|file| file.path).collect();
            return Ok(ExportedOffer { manifest: converted.manifest, missing });
        };
        let manifest = converted.manifest.with_folder(folder);
        let missing = self.download(folder, &converted.files).await?;
        manifest.save(folder).await?;
        Ok(ExportedOffer { manifest, missing })
    }

    pub(super) async fn instances(&self) -> Result<Instances, Error> {
        let wanted = match self.source {
            Source::Draft => return state::drafts(&self.client, &self.product, MODULES).await,
            Source::Preview => Stage::Preview,
            Source::Live => Stage::Live,
        };
        let Some(mut instances) = submitted::newest_at(&self.client, &self.product, wanted).await? else {
            let message = format!("product {} has no submission that is {wanted}", self.product);
            return Err(
                Error::new(ErrorKind::NotFound, message).with_hint("Export the drafts, or publish the offer first.")
            );
        };
        // It is not part of a submission.
        instances.extend(state::drafts_of(&self.client, &self.product, Module::SupplementalContent).await?);
        Ok(instances)
    }

    /// Downloads files. Returns the paths of those that the service does not have.
    async fn download(&self, folder: &Path, files: &[RemoteFile]) -> Result<Vec<String>, Error> {
        let one = async |file: &RemoteFile| {
            let Some(address) = &file.address else { return Ok(Some(file.path.clone())) };
            match download::to_file(&self.client, address, &local(folder, &file.path)).await {
                Ok(()) => self.on_file.iter().for_each(|on_file| on_file(&file.path)),
                Err(error) if error.is_not_found() => return Ok(Some(file.path.clone())),
                Err(error) => return Err(error),
            }
            Ok(None)
        };
        let files = stream::iter(files).map(one).buffer_unordered(CONCURRENT_FILES);
        let mut missing: Vec<String> = files.try_filter_map(async |missing| Ok(missing)).try_collect().await?;
        missing.sort();
        Ok(missing)
    }
}

awaitable!(Export => ExportedOffer);
