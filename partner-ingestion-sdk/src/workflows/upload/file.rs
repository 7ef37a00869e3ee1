//! Uploads of files of an offer.

use super::blob::BlobUpload;
use super::file_upload::FileUpload;
use super::source::FileSource;
use super::target::UploadTarget;
use crate::client::Client;
use crate::types::*;

/// # Uploads
///
/// These methods create a resource, upload its file, and mark it as uploaded; [`Client::upload`] only sends a file to an address
/// that the service issued. Files are paths, bytes or streams: [`FileSource`].
impl Client {
    /// Uploads a package of an offer and waits until it is processed.
    ///
    /// ```
    /// # use partner_ingestion_sdk::types::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/sandbox.rs"));
    /// # use partner_ingestion_sdk::FileSource;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = partner_sandbox::Sandbox::builder().processing_delay(std::time::Duration::ZERO).start().await?;
    /// # let client = client_of(&sandbox)?;
    /// # let offer = client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
    /// let file = FileSource::bytes("app.zip", &b"PK mainTemplate.json"[..]); // or a path: "app.zip"
    /// let package = client.upload_package(&offer, file).on_progress(|p| println!("{} of {}", p.sent, p.total)).send().await?;
    /// assert_eq!(package.state, Some(UploadState::Processed));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Each call creates a package. If the service reports the file as a duplicate (same content and name), returns the existing
    /// package. [`ensure_package`](Client::ensure_package) uploads no file twice.
    pub fn upload_package(
        &self,
        product_id: impl Into<ProductId>,
        file: impl Into<FileSource>,
    ) -> FileUpload<AzurePackage> {
        let package = AzurePackage::default().set_resource_type(PackageType::AzureApplicationPackage);
        self.file(product_id.into(), None, package, file.into())
    }

    /// Returns the package with this file, uploading it if it does not exist.
    ///
    /// The service keeps no digest of a file, so the file is compared with those that are there. A package has this file if
    ///
    /// 1. it has the same file name and, where the service returns them, the same type and size,
    /// 2. its file was uploaded and not rejected: its state is neither `PendingUpload` nor `ProcessFailed`, and
    /// 3. its file can be downloaded from its `fileSasUri` and has the same content.
    ///
    /// A record of the same name and type that is still `PendingUpload` is continued with if nothing, or this file, was sent to its
    /// `fileSasUri`: an earlier upload failed, or the response of its creation was lost. Do not upload different files of one name at the
    /// same time.
    ///
    /// A list may leave out a new record for a moment. The service accepts several files of one name, so a second record is created if the
    /// program does not know the id of the first: its future was dropped, or it ended without reading
    /// [`Error::unfinished_upload`](crate::Error::unfinished_upload). After an error with that id, call
    /// [`resume`](FileUpload::resume) with it. The first record is not deleted, because another program may be uploading to it, and does not
    /// stop a submission.
    ///
    /// Otherwise the file is uploaded as by [`upload_package`](Client::upload_package); the service then recognizes a duplicate
    /// that could not be compared. A package that is still being processed is waited for. A stream cannot be compared and is an
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) error.
    ///
    /// ```
    /// # use partner_ingestion_sdk::types::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/docs/sandbox.rs"));
    /// # use partner_ingestion_sdk::FileSource;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = partner_sandbox::Sandbox::builder().processing_delay(std::time::Duration::ZERO).start().await?;
    /// # let client = client_of(&sandbox)?;
    /// # let offer = client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
    /// # let file = || FileSource::bytes("app.zip", &b"PK mainTemplate.json"[..]);
    /// let first = client.ensure_package(&offer, file()).await?;
    /// let again = client.ensure_package(&offer, file()).await?;
    /// assert_eq!(first.id, again.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn ensure_package(
        &self,
        product_id: impl Into<ProductId>,
        file: impl Into<FileSource>,
    ) -> FileUpload<AzurePackage> {
        self.upload_package(product_id, file).unless_uploaded()
    }

    /// Uploads an image of a listing. `kind` is `AzureLogoSmall`, `AzureLogoMedium`, `AzureLogoLarge`, `AzureLogoWide`, `Image`
    /// for a screenshot, or another type of the service. See [`ListingImage`] for the sizes.
    ///
    /// Each call adds an image. [`ensure_image`](Client::ensure_image) uploads no file twice.
    pub fn upload_image(
        &self,
        product_id: impl Into<ProductId>,
        listing_id: impl Into<ListingId>,
        kind: impl Into<String>,
        file: impl Into<FileSource>,
    ) -> FileUpload<ListingImage> {
        let image = ListingImage::default().set_type(kind).set_state(UploadState::PendingUpload);
        self.file(product_id.into(), Some(listing_id.into()), image, file.into())
    }

    /// Returns the image of a listing with this file, uploading it if it does not exist. Use it for logos, so that a program that
    /// runs again does not add a second one.
    ///
    /// The service keeps no digest of a file, so the file is compared with those that are there. An image has this file if
    ///
    /// 1. it has the same file name and the same type (`kind`, without case),
    /// 2. its file was uploaded: its state is `Uploaded`, not `PendingUpload`, and
    /// 3. its file has the same content, if it can be downloaded from its `fileSasUri`. If the service returns no address, or the
    ///    address is rejected, the name and the type decide.
    ///
    /// A record of the same name and type that is still `PendingUpload` is continued with if nothing, or this file, was sent to its
    /// `fileSasUri`: an earlier upload failed, or the response of its creation was lost. Do not upload different files of one name at the
    /// same time.
    ///
    /// A list may leave out a new record for a moment. The service accepts several files of one name, so a second record is created if the
    /// program does not know the id of the first: its future was dropped, or it ended without reading
    /// [`Error::unfinished_upload`](crate::Error::unfinished_upload). After an error with that id, call
    /// [`resume`](FileUpload::resume) with it. The first record is not deleted, because another program may be uploading to it, and does not
    /// stop a submission.
    ///
    /// Otherwise the file is uploaded as by [`upload_image`](Client::upload_image). An image of the same name with another content
    /// remains; delete it with [`delete_listing_image`](Client::delete_listing_image). A stream cannot be compared and is an
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) error.
    pub fn ensure_image(
        &self,
        product_id: impl Into<ProductId>,
        listing_id: impl Into<ListingId>,
        kind: impl Into<String>,
        file: impl Into<FileSource>,
    ) -> FileUpload<ListingImage> {
        self.upload_image(product_id, listing_id, kind, file).unless_uploaded()
    }

    /// Uploads a video of a listing. Its thumbnail has a separate upload URL in `thumbnail`; upload it with
    /// [`upload`](Client::upload).
    pub fn upload_video(
        &self,
        product_id: impl Into<ProductId>,
        listing_id: impl Into<ListingId>,
        file: impl Into<FileSource>,
    ) -> FileUpload<ListingVideo> {
        let video = ListingVideo::default().set_state(UploadState::PendingUpload);
        self.file(product_id.into(), Some(listing_id.into()), video, file.into())
    }

    /// Uploads a document of a listing.
    pub fn upload_asset(
        &self,
        product_id: impl Into<ProductId>,
        listing_id: impl Into<ListingId>,
        file: impl Into<FileSource>,
    ) -> FileUpload<ListingAsset> {
        let asset = ListingAsset::default().set_state(UploadState::PendingUpload);
        self.file(product_id.into(), Some(listing_id.into()), asset, file.into())
    }

    /// Uploads a document for co-selling.
    pub fn upload_cosell_asset(
        &self,
        product_id: impl Into<ProductId>,
        file: impl Into<FileSource>,
    ) -> FileUpload<CosellAsset> {
        self.file(product_id.into(), None, CosellAsset::default(), file.into())
    }

    /// Uploads a file to an address that the service issued (`fileSasUri`), whatever its host: in one Put Blob up to 256 MiB, in
    /// blocks above that. Await the returned builder.
    ///
    /// The address is a secret. The token is not sent to it, and neither appears in an error. Memory use is bounded. A failed
    /// block is retried on its own, a failed Put Blob from its beginning.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument) if the address does not use https (except for loopback addresses),
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if the file cannot be read, [`ErrorKind::Status`](crate::ErrorKind::Status) if the store rejects the request (403 if the address
    /// has expired), [`ErrorKind::Connection`](crate::ErrorKind::Connection) if the connection is lost, and [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) without progress.
    ///
    /// ```no_run
    /// # async fn example(client: partner_ingestion_sdk::Client, package: partner_ingestion_sdk::types::AzurePackage)
    /// # -> Result<(), Box<dyn std::error::Error>> {
    /// let address = package.file_sas_uri.ok_or("no address")?;
    /// client.upload(&address, "app.zip").on_progress(|p| println!("{} of {}", p.sent, p.total)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, address: &Secret, file: impl Into<FileSource>) -> BlobUpload {
        BlobUpload::new(self, address, file.into())
    }

    fn file<T>(&self, product: ProductId, listing: Option<ListingId>, resource: T, file: FileSource) -> FileUpload<T> {
        FileUpload::new(self, UploadTarget { product, listing }, resource, file)
    }
}
