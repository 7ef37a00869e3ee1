//! Files of an offer: create the resource, send the file to its address, mark it, wait until it is processed.

mod blob;
mod source;

pub use blob::BlobUpload;
pub use source::FileSource;

use crate::publish::FailedSubmission;
use crate::types::*;
use crate::{Client, Error, ErrorKind, Resource, Response};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long processing is waited for, if the caller does not say.
const DEADLINE: Duration = Duration::from_secs(30 * 60);
/// Pauses between two looks grow from the first to the second.
const LOOK: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Bytes that were sent.
    pub sent: u64,
    /// Bytes in all.
    pub total: u64,
}

/// Who wants to know how far it is.
#[derive(Clone)]
pub(crate) struct OnProgress(Arc<dyn Fn(Progress) + Send + Sync>);

impl OnProgress {
    fn new(f: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self(Arc::new(f))
    }

    fn tell(&self, sent: u64, total: u64) {
        (self.0)(Progress { sent, total });
    }
}

impl fmt::Debug for OnProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnProgress")
    }
}

/// Where a file belongs.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Place {
    product: ProductId,
    listing: Option<ListingId>,
}

impl Place {
    fn listing(&self) -> ListingId {
        self.listing.clone().unwrap_or_else(|| ListingId::from(""))
    }
}

mod sealed {
    pub trait Sealed {}
}

type Outcome<'a, T> = BoxFuture<'a, Result<Response<T>, Error>>;

/// A resource with a file behind it. Not to be implemented elsewhere.
pub trait FileResource: sealed::Sealed + Resource + Clone + Send + Sync + 'static {
    #[doc(hidden)]
    fn create<'a>(self, client: &'a Client, place: &'a Place) -> Outcome<'a, Self>;

    #[doc(hidden)]
    fn mark<'a>(self, client: &'a Client, place: &'a Place) -> Outcome<'a, Self>;

    #[doc(hidden)]
    fn named(self, name: &str) -> Self;

    #[doc(hidden)]
    fn address(&self) -> Option<&Secret>;

    /// What became of it, when it is processed after it was sent.
    #[doc(hidden)]
    fn settled<'a>(self, _: &'a Client, _: &'a Place, _: Pace) -> BoxFuture<'a, Result<Self, Error>> {
        std::future::ready(Ok(self)).boxed()
    }
}

// `inline`: what is put in a box is compiled by who calls it.
macro_rules! files {
    ($($type:ident: $create:ident, $modify:ident, ($($listing:ident,)?) $id:ident, $state:expr $(, $settle:ident)?;)*) => {
        $(
            impl sealed::Sealed for $type {}

            impl FileResource for $type {
                #[inline]
                fn create<'a>(self, client: &'a Client, place: &'a Place) -> Outcome<'a, Self> {
                    client.$create(&place.product, $(place.$listing(),)? self).send().boxed()
                }

                #[inline]
                fn mark<'a>(self, client: &'a Client, place: &'a Place) -> Outcome<'a, Self> {
                    let id = $id::from(self.id().unwrap_or_default());
                    client.$modify(&place.product, $(place.$listing(),)? id, |file| file.set_state($state)).boxed()
                }

                fn named(self, name: &str) -> Self {
                    if self.file_name.is_some() { self } else { self.set_file_name(name) }
                }

                fn address(&self) -> Option<&Secret> {
                    self.file_sas_uri.as_ref()
                }

                $(#[inline]
                fn settled<'a>(self, client: &'a Client, place: &'a Place, pace: Pace) -> BoxFuture<'a, Result<Self, Error>> {
                    $settle(self, client, place, pace).boxed()
                })?
            }
        )*
    };
}

files! {
    AzurePackage: create_package, modify_package, () PackageId, UploadState::Uploaded, processed;
    ListingImage: create_listing_image, modify_listing_image, (listing,) ImageId, UploadState::Uploaded;
    ListingVideo: create_listing_video, modify_listing_video, (listing,) VideoId, UploadState::Uploaded;
    ListingAsset: create_listing_asset, modify_listing_asset, (listing,) AssetId, UploadState::Uploaded;
    CosellAsset: create_cosell_asset, modify_cosell_asset, () CosellAssetId, "Uploaded";
}

impl Client {
    /// Uploads a package of an offer, and waits until it is processed.
    ///
    /// ```
    /// # use partner_ingestion_sdk::types::*;
    /// # use partner_ingestion_sdk::{Client, FileSource, partner_auth::{Authority, TokenSource}};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = partner_sandbox::Sandbox::builder().processing_delay(std::time::Duration::ZERO).start().await?;
    /// # let tokens = TokenSource::builder(sandbox.tenant(), sandbox.client_id(), sandbox.client_secret());
    /// # let tokens = tokens.authority(Authority::loopback(&sandbox.authority())?).build()?;
    /// # let client = Client::builder().base_url(sandbox.url()).token_provider(tokens).build()?;
    /// # let offer = client.ensure_product(AzureProduct::application("contoso-app", "Contoso")).await?;
    /// let file = FileSource::bytes("app.zip", &b"PK mainTemplate.json"[..]); // or a path: "app.zip"
    /// let package = client.upload_package(&offer, file).progress(|p| println!("{} of {}", p.sent, p.total)).send().await?;
    /// assert_eq!(package.state, Some(UploadState::Processed));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The same file under the same name is taken for a duplicate by the service; the package that was there before is the
    /// result then.
    pub fn upload_package(
        &self,
        product_id: impl Into<ProductId>,
        file: impl Into<FileSource>,
    ) -> FileUpload<AzurePackage> {
        let package = AzurePackage::default().set_resource_type(PackageType::AzureApplicationPackage);
        self.file(product_id.into(), None, package, file.into())
    }

    /// Uploads an image of a listing; its type is `AzureLogoSmall` (48x48), `AzureLogoMedium` (90x90), `AzureLogoLarge`
    /// (216x216), `AzureLogoWide` (255x115) or another one that the service knows.
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

    /// Uploads a video of a listing. Its picture has an address of its own, in `thumbnail`: send it with
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

    fn file<T>(&self, product: ProductId, listing: Option<ListingId>, resource: T, file: FileSource) -> FileUpload<T> {
        FileUpload {
            client: self.clone(),
            place: Place { product, listing },
            resource,
            file,
            on_progress: None,
            stall: None,
            deadline: DEADLINE,
            poll: LOOK,
        }
    }
}

/// A file of an offer on its way. Made by [`Client::upload_package`] and its siblings.
#[derive(Debug)]
#[must_use = "nothing is sent until `send` is awaited"]
pub struct FileUpload<T> {
    client: Client,
    place: Place,
    resource: T,
    file: FileSource,
    on_progress: Option<OnProgress>,
    stall: Option<Duration>,
    deadline: Duration,
    poll: (Duration, Duration),
}

/// How to wait for what happens to a file after it was sent.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    until: Instant,
    poll: (Duration, Duration),
}

impl<T: FileResource> FileUpload<T> {
    /// Shapes the resource before it is created: its type, its order, its name for people.
    ///
    /// ```no_run
    /// # async fn example(client: partner_ingestion_sdk::Client) -> Result<(), partner_ingestion_sdk::Error> {
    /// let image = client.upload_image("product", "listing", "AzureLogoLarge", "large.png").with(|image| image.set_order(1));
    /// image.send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn with(mut self, shape: impl FnOnce(T) -> T) -> Self {
        self.resource = shape(self.resource);
        self
    }

    /// Is called as bytes are sent. What is sent again counts again from where it begins.
    pub fn progress(mut self, f: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        self.on_progress = Some(OnProgress::new(f));
        self
    }

    /// How long the file may go without any progress; a minute if not set.
    pub fn stall_timeout(mut self, stall: Duration) -> Self {
        self.stall = Some(stall);
        self
    }

    /// How long to wait for processing after the file was sent; half an hour if not set.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// The pauses between two looks grow from `first` to `most`; from half a second to 30 seconds if not set.
    pub fn poll(mut self, first: Duration, most: Duration) -> Self {
        self.poll = (first, most.max(first));
        self
    }

    /// Creates the resource, sends the file, marks it as uploaded, and waits until it is processed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Argument`] when the file has no name; [`ErrorKind::File`] when it cannot be read; [`ErrorKind::Failed`]
    /// when it was processed and refused, with what was found in [`Error::validations`]; [`ErrorKind::Timeout`] when the
    /// deadline ran out; otherwise as for the calls that it makes and for [`Client::upload`].
    pub async fn send(self) -> Result<T, Error> {
        let Some(name) = self.file.name().map(str::to_owned) else {
            return Err(Error::new(ErrorKind::Argument, "the file has no name: give it one with FileSource::named"));
        };
        self.file.check().await?;
        let created = self.resource.named(&name).create(&self.client, &self.place).await?.into_inner();
        let Some(address) = created.address() else {
            return Err(Error::new(ErrorKind::Decode, "the service gave no upload address"));
        };
        let mut upload = self.client.upload(address, self.file);
        upload.on_progress = self.on_progress;
        upload.stall = self.stall.unwrap_or(upload.stall);
        upload.await?;
        let marked = created.mark(&self.client, &self.place).await?.into_inner();
        let pace = Pace { until: Instant::now() + self.deadline, poll: self.poll };
        marked.settled(&self.client, &self.place, pace).await
    }
}

/// Waits until a package is processed. What may pass by itself does not end the wait.
async fn processed(package: AzurePackage, client: &Client, place: &Place, pace: Pace) -> Result<AzurePackage, Error> {
    let id = PackageId::from(&package);
    let mut package = package;
    let mut pause = pace.poll.0;
    loop {
        match package.state {
            Some(UploadState::Processed) => return Ok(package),
            Some(UploadState::ProcessFailed) => return Err(refused(&id, package)),
            _ => {}
        }
        if Instant::now() + pause > pace.until {
            let state = package.state.as_ref().map_or("not processed", UploadState::as_str);
            let message = format!("the package {id} is still {state}");
            return Err(Error::new(ErrorKind::Timeout, message));
        }
        tokio::time::sleep(pause).await;
        pause = pause.mul_f64(1.5).min(pace.poll.1);
        match client.get_package(&place.product, &id).send().await {
            Ok(answer) => package = answer.into_inner(),
            Err(error) => match error.duplicate_of() {
                Some(earlier) => return Ok(client.get_package(&place.product, earlier).send().await?.into_inner()),
                None if error.is_retryable() => pause = pause.max(error.retry_after().unwrap_or_default()),
                None => return Err(error),
            },
        }
    }
}

fn refused(id: &PackageId, package: AzurePackage) -> Error {
    let validations = package.validation_items.unwrap_or_default();
    let found: String = validations.iter().map(|item| format!("; {item}")).collect();
    let error = Error::new(ErrorKind::Failed, format!("the package {id} was processed and refused{found}"));
    error.about(FailedSubmission { validations, ..FailedSubmission::default() })
}
