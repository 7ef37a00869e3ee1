//! Supplemental content with its documents: a PUT announces new ones, their content is uploaded, and a commit ends the upload.
//!
//! The document does not say how the files are sent. It has an address for each, and an operation that commits them.

use super::context::Run;
use crate::client::Client;
use crate::error::Error;
use crate::types::*;
use crate::workflows::manifest::fault::Pointer;
use crate::workflows::manifest::names::{base_name, local};
use crate::workflows::manifest::offer::{FileManifest, SupplementalContentManifest};
use crate::workflows::upload::store_url;
use futures_util::FutureExt;
use futures_util::future::try_join_all;

const PLACE: &str = "offer, SupplementalContent";

type Document = FileManifest<SupplementalContentAsset>;

/// What a document needs.
#[derive(Clone, Copy, PartialEq)]
enum Need {
    Nothing,
    /// Its content is there, and a commit is missing: an earlier run ended before it.
    Commit,
    /// It was announced, and its content is missing or another one.
    Upload,
    /// It is missing.
    Announce,
    /// The committed content is another one.
    Replace,
}

impl Run<'_> {
    pub(super) async fn supplemental_content(
        &self,
        current: Option<&SupplementalContent>,
        instance: Option<&InstanceId>,
    ) -> Result<(), Error> {
        let Some(wanted) = &self.manifest.supplemental_content else { return Ok(()) };
        if wanted.content.is_empty() && wanted.documents.is_none() {
            return Ok(());
        }
        self.whole(PLACE, self.supplement(wanted, current, instance)).await
    }

    async fn supplement(
        &self,
        wanted: &SupplementalContentManifest,
        current: Option<&SupplementalContent>,
        instance: Option<&InstanceId>,
    ) -> Result<(), Error> {
        let existing = current.and_then(|content| content.assets.as_deref()).unwrap_or_default();
        let documents = wanted.documents.as_deref().unwrap_or_default();
        let own = matches(existing, documents);
        let needs = documents.iter().zip(&own).map(|(document, own)| self.need(*own, document));
        let needs = try_join_all(needs).await?;
        let replaced: Vec<&SupplementalContentAsset> =
            own.iter().zip(&needs).filter(|(_, need)| **need == Need::Replace).filter_map(|(own, _)| *own).collect();
        let change = |current: SupplementalContent| {
            let content = wanted.content.merge_into(&current, &self.secrets)?;
            let Some(documents) = &wanted.documents else { return Ok(content) };
            let before = current.assets.unwrap_or_default();
            let after = self.announced(before.clone(), documents, &replaced)?;
            Ok(if before == after { content } else { content.set_assets(after) })
        };
        self.changed_draft(PLACE, instance, current, &change).await?;
        if needs.iter().all(|need| *need == Need::Nothing) {
            return Ok(());
        }
        let instance = instance.ok_or_else(|| self.absent(PLACE))?;
        let content = self.client.get_supplemental_content(&self.product, instance).send().await?.into_inner();
        let announced = content.assets.unwrap_or_default();
        let own = matches(&announced, documents);
        let uploads = documents.iter().zip(own).zip(&needs).enumerate();
        let uploads = uploads.filter(|(_, (_, need))| !matches!(need, Need::Commit | Need::Nothing));
        let uploads = uploads.map(|(number, ((document, own), _))| self.send_document(own, number, document).boxed());
        self.all(uploads.collect()).await?;
        self.proceed()?;
        self.client.commit_supplemental_content(&self.product, instance).send().await?;
        self.done(PLACE, "committed");
        Ok(())
    }

    async fn need(&self, own: Option<&SupplementalContentAsset>, document: &Document) -> Result<Need, Error> {
        let Some(own) = own else { return Ok(Need::Announce) };
        let _permit = self.transfer().await?;
        let address = own.file_sas_uri.as_ref();
        let is_same = self.is_same_file(address, &document.file).await?.unwrap_or(true);
        Ok(match (is_same, address.is_some_and(|address| allows_writing(&self.client, address))) {
            (true, true) => Need::Commit,
            (true, false) => Need::Nothing,
            (false, true) => Need::Upload,
            (false, false) => Need::Replace,
        })
    }

    /// Returns the assets of a draft with new ones for documents that are missing, and in place of those that are replaced. With
    /// `prune`, assets without a document are removed.
    fn announced(
        &self,
        mut assets: Vec<SupplementalContentAsset>,
        documents: &[Document],
        replaced: &[&SupplementalContentAsset],
    ) -> Result<Vec<SupplementalContentAsset>, Error> {
        let is_replaced = |own: &SupplementalContentAsset| replaced.iter().any(|old| old.asset_id == own.asset_id);
        let wanted = |(own, document): (Option<&SupplementalContentAsset>, &Document)| {
            let asset = match own.filter(|own| !is_replaced(own)) {
                Some(own) => document.properties.merge_into(own, &self.secrets)?,
                None => document.properties.resolve(&self.secrets)?.set_file_name(base_name(&document.file)),
            };
            Ok((own.cloned(), asset))
        };
        let mut rest: Vec<_> =
            matches(&assets, documents).into_iter().zip(documents).map(wanted).collect::<Result<_, Error>>()?;
        assets.retain_mut(|asset| match rest.iter().position(|(own, _)| own.as_ref() == Some(&*asset)) {
            Some(at) => {
                *asset = rest.remove(at).1;
                true
            }
            None => !self.prune,
        });
        assets.extend(rest.into_iter().map(|(_, new)| new));
        Ok(assets)
    }

    async fn send_document(
        &self,
        announced: Option<&SupplementalContentAsset>,
        number: usize,
        document: &Document,
    ) -> Result<(), Error> {
        let Some(address) = announced.and_then(|asset| asset.file_sas_uri.as_ref()) else {
            let at = Pointer::default().join("supplementalContent").join("documents").join(number).join("file");
            let message = format!("the service issued no upload address for {:?}", base_name(&document.file));
            let hint = "Upload the document in the portal, and apply the manifest again.";
            return Err(self.manifest.fault(&at, message).with_hint(hint));
        };
        let _permit = self.transfer().await?;
        self.client.upload(address, local(self.manifest.folder(), &document.file)).await?;
        self.done(PLACE, format!("uploaded {}", document.file));
        Ok(())
    }
}

/// Returns the asset of each document, by name. Each asset belongs to one document at most.
fn matches<'a>(
    assets: &'a [SupplementalContentAsset],
    documents: &[Document],
) -> Vec<Option<&'a SupplementalContentAsset>> {
    let mut rest: Vec<&SupplementalContentAsset> = assets.iter().collect();
    let own = documents.iter().map(|document| {
        let at = rest.iter().position(|asset| asset.file_name.as_deref() == Some(base_name(&document.file)))?;
        Some(rest.remove(at))
    });
    own.collect()
}

/// Returns true if an address allows writing: the files were not committed since it was issued.
fn allows_writing(client: &Client, address: &Secret) -> bool {
    let Some(url) = store_url(client, address) else { return false };
    url.query_pairs().any(|(key, permissions)| key == "sp" && permissions.contains('w'))
}
