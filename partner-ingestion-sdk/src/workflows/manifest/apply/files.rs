//! Files of an offer: compared by name, type and content, and uploaded if they differ.

use super::context::Run;
use crate::error::Error;
use crate::types::*;
use crate::workflows::manifest::json::Json;
use crate::workflows::manifest::names::{base_name, local};
use crate::workflows::manifest::offer::FileManifest;
use crate::workflows::manifest::part::{ManifestPart, Part};
use crate::workflows::upload::{FileResource, FileSource, FileUpload, is_same_file};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

type Sent<'a> = BoxFuture<'a, Result<(), Error>>;

/// The calls for one kind of file.
struct Calls<'a, T: FileResource> {
    upload: &'a (dyn Fn(T, FileSource) -> FileUpload<T> + Send + Sync),
    change: &'a (dyn Fn(&T, &Part<T>) -> Sent<'a> + Send + Sync),
    delete: &'a (dyn Fn(&T) -> Sent<'a> + Send + Sync),
}

impl Run<'_> {
    pub(super) async fn images(
        &self,
        place: &str,
        listing: &ListingId,
        existing: &[ListingImage],
        wanted: Option<&[FileManifest<ListingImage>]>,
    ) -> Result<(), Error> {
        let (client, product) = (&self.client, &self.product);
        let calls = Calls {
            upload: &|image: ListingImage, file| {
                let kind = image.type_.clone().unwrap_or_default();
                client
                    .upload_image(product, listing, kind, file)
                    .map_resource(|_| image.set_state(UploadState::PendingUpload))
            },
            change: &|image, part| {
                let (part, image) = (part.clone(), ImageId::from(image));
                async move {
                    let change = |image| part.merge_into(&image, &self.secrets);
                    client.try_modify_listing_image(product, listing, image, change).await.map(drop)
                }
                .boxed()
            },
            delete: &|image| {
                let call = client.delete_listing_image(product, listing, image);
                async move { call.send().await.map(drop) }.boxed()
            },
        };
        self.files(place, existing, wanted, &calls).await
    }

    pub(super) async fn documents(
        &self,
        place: &str,
        listing: &ListingId,
        existing: &[ListingAsset],
        wanted: Option<&[FileManifest<ListingAsset>]>,
    ) -> Result<(), Error> {
        let (client, product) = (&self.client, &self.product);
        let calls = Calls {
            upload: &|asset: ListingAsset, file| {
                client
                    .upload_asset(product, listing, file)
                    .map_resource(|_| asset.set_state(UploadState::PendingUpload))
            },
            change: &|asset, part| {
                let (part, asset) = (part.clone(), AssetId::from(asset));
                async move {
                    let change = |asset| part.merge_into(&asset, &self.secrets);
                    client.try_modify_listing_asset(product, listing, asset, change).await.map(drop)
                }
                .boxed()
            },
            delete: &|asset| {
                let call = client.delete_listing_asset(product, listing, asset);
                async move { call.send().await.map(drop) }.boxed()
            },
        };
        self.files(place, existing, wanted, &calls).await
    }

    pub(super) async fn cosell_documents(
        &self,
        place: &str,
        existing: &[CosellAsset],
        wanted: Option<&[FileManifest<CosellAsset>]>,
    ) -> Result<(), Error> {
        let (client, product) = (&self.client, &self.product);
        let calls = Calls {
            upload: &|asset: CosellAsset, file| client.upload_cosell_asset(product, file).map_resource(|_| asset),
            change: &|asset, part| {
                let (part, asset) = (part.clone(), CosellAssetId::from(asset));
                async move {
                    let change = |asset| part.merge_into(&asset, &self.secrets);
                    client.try_modify_cosell_asset(product, asset, change).await.map(drop)
                }
                .boxed()
            },
            delete: &|asset| {
                let call = client.delete_cosell_asset(product, asset);
                async move { call.send().await.map(drop) }.boxed()
            },
        };
        self.files(place, existing, wanted, &calls).await
    }

    /// Uploads the files that are missing or have another content, several at a time, changes the properties that differ, and deletes what is
    /// replaced. Other files are deleted only with `prune`.
    async fn files<T: FileResource + ManifestPart>(
        &self,
        place: &str,
        existing: &[T],
        wanted: Option<&[FileManifest<T>]>,
        calls: &Calls<'_, T>,
    ) -> Result<(), Error> {
        let Some(wanted) = wanted else { return Ok(()) };
        let mut rest: Vec<&T> = existing.iter().collect();
        let mut matched: Vec<&T> = Vec::new();
        let mut tasks = Vec::new();
        for file in wanted {
            let kind = file.properties.fields().get("type").and_then(Json::as_text);
            let own = rest.iter().position(|existing| is_the_file(*existing, &file.file, kind));
            let own = own.map(|at| rest.remove(at));
            matched.extend(own);
            tasks.push(self.file(place, own, file, calls).boxed());
        }
        self.all(tasks).await?;
        for removed in rest {
            // A run that ended before it deleted a replaced file left two.
            if self.prune || matched.iter().any(|own| is_same_entry(*own, removed)) {
                self.proceed()?;
                (calls.delete)(removed).await?;
                self.done(place, format!("deleted {}", removed.name().unwrap_or("a file")));
            }
        }
        Ok(())
    }

    /// Uploads a file unless the service has it, and changes the properties that differ.
    async fn file<T: FileResource + ManifestPart>(
        &self,
        place: &str,
        own: Option<&T>,
        file: &FileManifest<T>,
        calls: &Calls<'_, T>,
    ) -> Result<(), Error> {
        let _permit = self.transfer().await?;
        if let Some(own) = own
            && self.has_content(own, &file.file).await?
        {
            let changed = file.properties.merge_into(own, &self.secrets)?;
            if !super::write::same(own, &changed) {
                self.proceed()?;
                (calls.change)(own, &file.properties).await?;
                self.done(place, format!("changed {}", file.file));
            }
            return Ok(());
        }
        self.proceed()?;
        let path = local(self.manifest.folder(), &file.file);
        let resource = file.properties.resolve(&self.secrets)?;
        (calls.upload)(resource, FileSource::from(path)).send().await?;
        self.done(place, format!("uploaded {}", file.file));
        if let Some(replaced) = own {
            (calls.delete)(replaced).await?;
        }
        Ok(())
    }

    /// Returns true if a file of the service has the name and the content of a local one. Without an address, the name decides.
    async fn has_content<T: FileResource>(&self, existing: &T, file: &str) -> Result<bool, Error> {
        if existing.name() != Some(base_name(file)) || existing.state().eq_ignore_ascii_case("PendingUpload") {
            return Ok(false);
        }
        Ok(self.is_same_file(existing.address(), file).await?.unwrap_or(true))
    }

    /// Compares a local file with the one at an address. `None` if it cannot be read there.
    pub(super) async fn is_same_file(&self, address: Option<&Secret>, file: &str) -> Result<Option<bool>, Error> {
        let Some(address) = address else { return Ok(None) };
        is_same_file(&self.client, address, local(self.manifest.folder(), file).into()).await
    }
}

/// Returns true if two files of the service are the same entry: logos of one type, or other files with one name and type.
fn is_same_entry<T: FileResource + ManifestPart>(left: &T, right: &T) -> bool {
    let (own, other) = (kind_of(left), kind_of(right));
    let is_logo = own.as_deref().is_some_and(|kind| kind.starts_with("AzureLogo"));
    own == other && (is_logo || left.name() == right.name())
}

fn kind_of<T: ManifestPart>(file: &T) -> Option<String> {
    let json = Json::of(file).ok()?;
    json.as_object()?.get("type")?.as_text().map(str::to_owned)
}

/// Returns true if a file of the service is the one that an entry describes: a logo by its type, other files by name and type.
fn is_the_file<T: FileResource + ManifestPart>(existing: &T, file: &str, kind: Option<&str>) -> bool {
    let own = kind_of(existing);
    let same_kind = match (own.as_deref(), kind) {
        (Some(own), Some(kind)) => own.eq_ignore_ascii_case(kind),
        (own, kind) => own.is_none() && kind.is_none() || kind.is_none(),
    };
    let is_logo = kind.is_some_and(|kind| kind.starts_with("AzureLogo"));
    same_kind && (is_logo || existing.name() == Some(base_name(file)))
}
