//! A folder with a folder for each offer.

use super::file::find;
use super::offer::OfferManifest;
use crate::error::{Error, ErrorKind};
use std::io;
use std::path::{Path, PathBuf};

/// A manifest with the folder that it was read from. Returned by [`OfferManifest::load_all`].
#[derive(Debug)]
#[non_exhaustive]
pub struct LoadedOffer {
    /// The folder of the offer, or the path of its file.
    pub folder: PathBuf,
    /// The manifest, or why it cannot be read.
    pub manifest: Result<OfferManifest, Error>,
}

impl From<OfferManifest> for LoadedOffer {
    fn from(manifest: OfferManifest) -> Self {
        Self { folder: manifest.folder().to_owned(), manifest: Ok(manifest) }
    }
}

impl OfferManifest {
    /// Reads every manifest in the subfolders of a folder, in the order of their names. Subfolders without a manifest are skipped. A
    /// folder that has a manifest itself, or a path of a file, is read as one offer.
    ///
    /// A manifest that cannot be read does not stop the others: its [`LoadedOffer::manifest`] is the error. If the folder has no
    /// manifest at all, that error is the only item.
    ///
    /// ```
    /// # use partner_ingestion_sdk::OfferManifest;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/offer-sample");
    /// for offer in OfferManifest::load_all(folder).await {
    ///     match offer.manifest {
    ///         Ok(manifest) => println!("{}: {} plans", manifest.offer_id, manifest.plans.len()),
    ///         Err(error) => println!("{}: {error}", offer.folder.display()),
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn load_all(folder: impl Into<PathBuf>) -> Vec<LoadedOffer> {
        let folder = folder.into();
        let folders = match find(folder.clone()).await {
            Ok(_) => vec![folder],
            Err(_) => match subfolders(&folder).await {
                Ok(folders) if folders.is_empty() => vec![folder],
                Ok(folders) => folders,
                Err(error) => return vec![LoadedOffer { folder, manifest: Err(error) }],
            },
        };
        let mut offers = Vec::new();
        for folder in folders {
            let manifest = Self::load(&folder).await;
            offers.push(LoadedOffer { folder, manifest });
        }
        offers
    }
}

/// Returns the subfolders that have a manifest.
async fn subfolders(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |error: io::Error| {
        Error::new(ErrorKind::Io, format!("{} cannot be read: {error}", folder.display())).with_source(error)
    };
    let mut entries = tokio::fs::read_dir(folder).await.map_err(unreadable)?;
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(unreadable)? {
        let path = entry.path();
        let is_folder = tokio::fs::metadata(&path).await.is_ok_and(|metadata| metadata.is_dir());
        if is_folder && find(path.clone()).await.is_ok() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
