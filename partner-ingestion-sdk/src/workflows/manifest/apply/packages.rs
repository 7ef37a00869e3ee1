//! The packages of an offer: found by name and content, and uploaded if they are missing.

use super::context::Run;
use super::write::same;
use crate::error::Error;
use crate::types::*;
use crate::workflows::manifest::names::{base_name, local};
use crate::workflows::manifest::offer::FileManifest;
use crate::workflows::manifest::state::OfferState;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use tokio::sync::OnceCell;

/// The packages of an offer. Each file is uploaded once, also if several plans use it.
pub(super) struct Packages<'a> {
    run: &'a Run<'a>,
    existing: &'a [AzurePackage],
    files: BTreeMap<&'a str, OnceCell<AzurePackage>>,
    /// Records without a file that an upload continues with.
    resumed: Mutex<Vec<PackageId>>,
}

impl<'a> Packages<'a> {
    pub(super) fn new(run: &'a Run<'_>, state: &'a OfferState) -> Self {
        let of_plans = run.manifest.plans.values().filter_map(|plan| plan.package.as_ref());
        let files = of_plans.chain(&run.manifest.package).map(|package| (package.file.as_str(), OnceCell::new()));
        Self { run, existing: &state.packages, files: files.collect(), resumed: Mutex::default() }
    }

    /// Returns the package with this file.
    pub(super) async fn ensure(&self, place: &str, file: &FileManifest<AzurePackage>) -> Result<AzurePackage, Error> {
        match self.files.get(file.file.as_str()) {
            Some(package) => package.get_or_try_init(|| self.find_or_upload(place, file)).await.cloned(),
            None => self.find_or_upload(place, file).await,
        }
    }

    async fn find_or_upload(&self, place: &str, file: &FileManifest<AzurePackage>) -> Result<AzurePackage, Error> {
        let _permit = self.run.transfer().await?;
        let mut unfinished = None;
        for existing in
            self.existing.iter().filter(|package| package.file_name.as_deref() == Some(base_name(&file.file)))
        {
            match &existing.state {
                Some(UploadState::ProcessFailed) => {}
                None | Some(UploadState::PendingUpload) => {
                    unfinished = unfinished.or_else(|| self.claim(PackageId::from(existing)));
                }
                Some(state) => {
                    if !self.has_file(existing, &file.file).await? {
                        continue;
                    }
                    if *state == UploadState::Processed {
                        return self.changed(place, existing, file).await;
                    }
                    // It is still being processed. The upload only waits.
                    unfinished = Some(PackageId::from(existing));
                    break;
                }
            }
        }
        self.run.proceed()?;
        let (client, product) = (&self.run.client, &self.run.product);
        let package = file.properties.resolve(&self.run.secrets)?;
        let path = local(self.run.manifest.folder(), &file.file);
        let mut upload = client.upload_package(product, path).map_resource(|_| package);
        if let Some((initial, max)) = self.run.apply.poll_interval {
            upload = upload.poll_interval(initial, max);
        }
        let upload = match unfinished {
            Some(record) => upload.resume(record),
            None => upload,
        };
        let package = upload.send().await?.into_inner();
        self.run.done(place, format!("uploaded {}", file.file));
        Ok(package)
    }

    /// Returns the record unless another file continues with it.
    fn claim(&self, record: PackageId) -> Option<PackageId> {
        let mut resumed = self.resumed.lock().unwrap_or_else(PoisonError::into_inner);
        if resumed.contains(&record) {
            return None;
        }
        resumed.push(record.clone());
        Some(record)
    }

    /// Returns true if a package has the content of a local file. One that cannot be read is another one.
    async fn has_file(&self, package: &AzurePackage, file: &str) -> Result<bool, Error> {
        if package.file_sas_uri.is_some() {
            return Ok(self.run.is_same_file(package.file_sas_uri.as_ref(), file).await?.unwrap_or(false));
        }
        // A list may leave out the address.
        let read = match self.run.client.get_package(&self.run.product, package).send().await {
            Ok(read) => read,
            Err(error) if error.is_not_found() || error.duplicate_of().is_some() => return Ok(false),
            Err(error) => return Err(error),
        };
        Ok(self.run.is_same_file(read.file_sas_uri.as_ref(), file).await?.unwrap_or(false))
    }

    /// Changes the properties of a package that differ.
    async fn changed(
        &self,
        place: &str,
        existing: &AzurePackage,
        file: &FileManifest<AzurePackage>,
    ) -> Result<AzurePackage, Error> {
        let change = |package: AzurePackage| file.properties.merge_into(&package, &self.run.secrets);
        if same(existing, &change(existing.clone())?) {
            return Ok(existing.clone());
        }
        let changed = self.run.client.try_modify_package(&self.run.product, existing, change).await?;
        self.run.done(place, format!("changed {}", file.file));
        Ok(changed.into_inner())
    }
}
