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
        let needs = try_join_all(documents.iter().map(|document| self.need(existing, document))).await?;
        let replaced: Vec<&SupplementalContentAsset> = (documents.iter().zip(&needs))
            .filter(|(_, need)| **need == Need::Replace)
            .filter_map(|(document, _)| find(existing, document))
            .collect();
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
        let uploads = documents.iter().zip(&needs).enumerate().filter(|(_, (_, need))| **need != Need::Commit);
        let uploads = uploads.filter(|(_, (_, need))| **need != Need::Nothing);
        self.all(uploads.map(|(number, (own, _))| self.send_document(&announced, number, own).boxed()).collect())
            .await?;
        self.proceed()?;
        self.client.commit_supplemental_content(&self.product, instance).send().await?;
        self.done(PLACE, "committed");
        Ok(())
    }

    async fn need(&self, existing: &[SupplementalContentAsset], document: &Document) -> Result<Need, Error> {
        let Some(own) = find(existing, document) else { return Ok(Need::Announce) };
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

    /// Returns the assets with those that are missing, and without those that are replaced. With `prune`, others are removed, too.
    fn announced(
        &self,
        mut assets: Vec<SupplementalContentAsset>,
        documents: &[Document],
        replaced: &[&SupplementalContentAsset],
    ) -> Result<Vec<SupplementalContentAsset>, Error> {
        assets.retain(|asset| !replaced.iter().any(|old| old.asset_id == asset.asset_id));
        for document in documents {
            match assets.iter_mut().find(|asset| is_the_document(asset, document)) {
                Some(own) => *own = document.properties.merge_into(own, &self.secrets)?,
                None => {
                    let new = document.properties.resolve(&self.secrets)?;
                    assets.push(new.set_file_name(base_name(&document.file)));
                }
            }
        }
        if self.prune {
            assets.retain(|asset| documents.iter().any(|document| is_the_document(asset, document)));
        }
        Ok(assets)
    }

    async fn send_document(
        &self,
        announced: &[SupplementalContentAsset],
        number: usize,
        document: &Document,
    ) -> Result<(), Error> {
        let address = find(announced, document).and_then(|asset| asset.file_sas_uri.as_ref());
        let Some(address) = address else {
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

fn find<'a>(assets: &'a [SupplementalContentAsset], document: &Document) -> Option<&'a SupplementalContentAsset> {
    assets.iter().find(|asset| is_the_document(asset, document))
}

/// Documents are matched by name.
fn is_the_document(asset: &SupplementalContentAsset, document: &Document) -> bool {
    asset.file_name.as_deref() == Some(base_name(&document.file))
}

/// Returns true if an address allows writing: the files were not committed since it was issued.
fn allows_writing(client: &Client, address: &Secret) -> bool {
    let Some(url) = store_url(client, address) else { return false };
    url.query_pairs().any(|(key, permissions)| key == "sp" && permissions.contains('w'))
}
