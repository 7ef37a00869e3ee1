//! Uploads of files of an offer.

use super::blob::BlobUpload;
use super::progress::{OnProgress, Progress};
use super::resource::FileResource;
use super::source::FileSource;
use super::target::{PollOptions, UploadTarget};
use crate::client::Client;
use crate::error::{Error, ErrorKind};
use crate::http::call::awaitable;
use crate::types::*;
use crate::workflows::wait::{PollInterval, deadline};
use std::time::Duration;

/// The default time to wait for processing.
const MAX_WAIT: Duration = Duration::from_secs(30 * 60);
/// The default poll interval.
const POLL_INTERVAL: PollInterval = PollInterval::new(Duration::from_millis(500), Duration::from_secs(30), 1.5);

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
    /// If the service reports the file as a duplicate (same content and name), returns the existing package.
    pub fn upload_package(
        &self,
        product_id: impl Into<ProductId>,
        file: impl Into<FileSource>,
    ) -> FileUpload<AzurePackage> {
        let package = AzurePackage::default().set_resource_type(PackageType::AzureApplicationPackage);
        self.file(product_id.into(), None, package, file.into())
    }

    /// Uploads an image of a listing. `kind` is `AzureLogoSmall`, `AzureLogoMedium`, `AzureLogoLarge`, `AzureLogoWide`, `Image`
    /// for a screenshot, or another type of the service. See [`ListingImage`] for the sizes.
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
    /// Returns [`ErrorKind::InvalidArgument`] if the address does not use https (except for loopback addresses),
    /// [`ErrorKind::Io`] if the file cannot be read, [`ErrorKind::Status`] if the store rejects the request (403 if the address
    /// has expired), [`ErrorKind::Connection`] if the connection is lost, and [`ErrorKind::Timeout`] without progress.
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
        FileUpload {
            client: self.clone(),
            target: UploadTarget { product, listing },
            resource,
            file,
            on_progress: None,
            stall: None,
            max_wait: MAX_WAIT,
            poll_interval: POLL_INTERVAL,
        }
    }
}

/// An upload of a file of an offer. Created by [`Client::upload_package`] and similar methods.
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct FileUpload<T> {
    client: Client,
    target: UploadTarget,
    resource: T,
    file: FileSource,
    on_progress: Option<OnProgress>,
    stall: Option<Duration>,
    max_wait: Duration,
    poll_interval: PollInterval,
}

impl<T: FileResource> FileUpload<T> {
    /// Changes the resource before it is created, for example its type, order or display name.
    ///
    /// ```no_run
    /// # async fn example(client: partner_ingestion_sdk::Client) -> Result<(), partner_ingestion_sdk::Error> {
    /// let image = client.upload_image("product", "listing", "AzureLogoLarge", "large.png").map_resource(|image| image.set_order(1));
    /// image.send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn map_resource(mut self, f: impl FnOnce(T) -> T) -> Self {
        self.resource = f(self.resource);
        self
    }

    /// Sets a callback that is called as bytes are sent. A retry starts again at the offset of the repeated part.
    pub fn on_progress(mut self, f: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(OnProgress::new(f));
        self
    }

    /// Sets the timeout without progress, after which an attempt fails. Default: 60 seconds.
    pub fn stall_timeout(mut self, stall: Duration) -> Self {
        self.stall = Some(stall);
        self
    }

    /// Sets the maximum wait for processing after the upload. Default: 30 minutes.
    pub fn max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self
    }

    /// Sets the delay between polls, which grows from `initial` to `max`. Default: 0.5 to 30 seconds.
    pub fn poll_interval(mut self, initial: Duration, max: Duration) -> Self {
        self.poll_interval = self.poll_interval.with_range(initial, max);
        self
    }

    /// Creates the resource, uploads the file, marks it as uploaded and waits until it is processed.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidArgument`] if the file has no name, [`ErrorKind::Io`] if it cannot be read,
    /// [`ErrorKind::Failed`] with [`Error::validations`] if processing fails, [`ErrorKind::Timeout`] if
    /// [`max_wait`](FileUpload::max_wait) elapses, and the errors of the underlying calls and of [`Client::upload`].
    pub async fn send(self) -> Result<T, Error> {
        let Some(name) = self.file.name().map(str::to_owned) else {
            let hint = "Set the name of the file with FileSource::named.";
            return Err(Error::new(ErrorKind::InvalidArgument, "file has no name").with_hint(hint));
        };
        self.file.check().await?;
        let response = self.resource.named(&name).create(&self.client, &self.target).await?;
        let operation = response.operation();
        let created = response.into_inner();
        let (Some(address), Some(_)) = (created.address(), created.id()) else {
            let message = "response has no upload address or no id";
            return Err(Error::new(ErrorKind::Decode, message).with_operation(operation));
        };
        let mut upload = self.client.upload(address, self.file);
        upload.on_progress = self.on_progress;
        upload.stall = self.stall.unwrap_or(upload.stall);
        upload.await?;
        let marked = created.mark(&self.client, &self.target).await?.into_inner();
        let options = PollOptions { deadline: deadline(self.max_wait), interval: self.poll_interval };
        marked.wait_until_processed(&self.client, &self.target, options).await
    }
}

awaitable!(FileUpload<T: FileResource> => T);
