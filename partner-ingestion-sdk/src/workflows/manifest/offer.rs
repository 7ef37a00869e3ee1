//! The parts of a manifest.

use super::fault::{Fault, Pointer, path};
use super::json::Json;
use super::part::Part;
use super::source::Source;
use crate::error::{Error, ErrorKind};
use crate::types::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// An offer as a file: everything that a publisher writes, and nothing that the service assigns.
///
/// It reads and writes any self-describing serde format, and loses nothing. A key that is absent leaves that part of the offer alone
/// when the manifest is applied; `[]` and `""` are values. See [`offers_as_files`](crate::offers_as_files) for a complete file.
///
/// ```
/// use partner_ingestion_sdk::OfferManifest;
///
/// let manifest: OfferManifest = serde_json::from_str(r#"{
///     "offerId": "contoso-app", "type": "AzureApplication", "name": "Contoso",
///     "listings": {"en-us": {"title": "Contoso", "images": [{"file": "logo.png", "type": "AzureLogoLarge"}]}},
///     "plans": {"standard": {"subType": "managed-application", "friendlyName": "Standard"}}
/// }"#)?;
/// assert_eq!(manifest.listings["en-us"].images.as_ref().map(Vec::len), Some(1));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OfferManifest {
    /// The offer id, which the portal shows and which never changes.
    pub offer_id: String,
    /// The type of the offer, for example `AzureApplication`.
    pub offer_type: ProductType,
    /// The name of the offer in the portal. It cannot be changed.
    pub name: String,
    /// The setup: how the offer is sold.
    pub setup: Option<Part<AzureProductSetup>>,
    /// Categories, terms and legal texts.
    pub property: Option<Part<AzureProperty>>,
    /// The listing of the offer by language, for example `en-us`.
    pub listings: BTreeMap<String, ListingManifest>,
    /// Who sees the preview.
    pub preview_audience: Option<Part<ProductAvailability>>,
    /// Which cloud solution providers may resell the offer.
    pub reseller: Option<Part<ResellerConfiguration>>,
    /// Where leads are sent. Credentials are references.
    pub leads: Option<Part<LeadConfiguration>>,
    /// The co-sell listing and its documents.
    pub cosell: Option<CosellManifest>,
    /// The supplemental content for certification.
    pub supplemental_content: Option<SupplementalContentManifest>,
    /// The technical configuration of an offer without plans, such as Dynamics 365.
    pub configuration: Option<Part<PackageConfiguration>>,
    /// The package of an offer without plans.
    pub package: Option<FileManifest<AzurePackage>>,
    /// The plans by plan id.
    pub plans: BTreeMap<String, PlanManifest>,
    /// The folder that the paths of files are relative to.
    pub(crate) folder: PathBuf,
    /// The text that it was read from.
    pub(crate) source: Option<Source>,
}

/// A listing in an [`OfferManifest`]: texts, contacts and links, with the files of the listing beside them.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ListingManifest {
    /// Texts, contacts and links.
    pub listing: Part<AzureListing>,
    /// Logos and screenshots, in the order of the file.
    pub images: Option<Vec<FileManifest<ListingImage>>>,
    /// Videos.
    pub videos: Option<Vec<VideoManifest>>,
    /// Documents.
    pub documents: Option<Vec<FileManifest<ListingAsset>>>,
}

/// A plan in an [`OfferManifest`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PlanManifest {
    /// Type, name, state and clouds of the plan.
    pub plan: Part<Variant>,
    /// The listing of the plan by language.
    pub listings: BTreeMap<String, Part<AzureListing>>,
    /// Markets, prices and audiences.
    pub availability: Option<Part<FeatureAvailability>>,
    /// The technical configuration.
    pub configuration: Option<Part<PackageConfiguration>>,
    /// The package of the technical configuration.
    pub package: Option<FileManifest<AzurePackage>>,
}

/// The co-sell part of an [`OfferManifest`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CosellManifest {
    /// The co-sell listing.
    pub listing: Part<CosellListing>,
    /// The documents of the co-sell listing.
    pub documents: Option<Vec<FileManifest<CosellAsset>>>,
}

/// The supplemental content of an [`OfferManifest`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct SupplementalContentManifest {
    /// The supplemental content.
    pub content: Part<SupplementalContent>,
    /// The documents of the supplemental content.
    pub documents: Option<Vec<FileManifest<SupplementalContentAsset>>>,
}

/// A video of a listing: a link, or a file, with a thumbnail.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct VideoManifest {
    /// The path of the video, relative to the manifest. `None` for a video that is a link.
    pub file: Option<String>,
    /// The thumbnail.
    pub thumbnail: Option<FileManifest<ListingVideoThumbnail>>,
    /// The other properties, such as the link.
    pub video: Part<ListingVideo>,
}

/// A file in an [`OfferManifest`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FileManifest<T> {
    /// The path, relative to the manifest, with `/` between its parts.
    pub file: String,
    /// The other properties, such as type, order and description.
    pub properties: Part<T>,
}

impl OfferManifest {
    /// Creates a manifest that only names the offer.
    ///
    /// ```
    /// use partner_ingestion_sdk::OfferManifest;
    /// use partner_ingestion_sdk::types::ProductType;
    ///
    /// let manifest = OfferManifest::new("contoso-app", ProductType::AzureApplication, "Contoso");
    /// assert_eq!(
    ///     serde_json::to_string(&manifest)?,
    ///     r#"{"name":"Contoso","offerId":"contoso-app","type":"AzureApplication"}"#
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn new(offer_id: impl Into<String>, offer_type: ProductType, name: impl Into<String>) -> Self {
        Self {
            offer_id: offer_id.into(),
            offer_type,
            name: name.into(),
            setup: None,
            property: None,
            listings: BTreeMap::new(),
            preview_audience: None,
            reseller: None,
            leads: None,
            cosell: None,
            supplemental_content: None,
            configuration: None,
            package: None,
            plans: BTreeMap::new(),
            folder: PathBuf::new(),
            source: None,
        }
    }

    /// The listing in a language. The service compares languages without case.
    pub(crate) fn listing(&self, code: &str) -> Option<&ListingManifest> {
        self.listings.iter().find(|(own, _)| own.eq_ignore_ascii_case(code)).map(|(_, listing)| listing)
    }

    /// The error for a fault at a place of the manifest. It has file, line and column if the manifest was read from a text.
    pub(crate) fn fault(&self, at: &Pointer, message: impl Into<String>) -> Error {
        let fault = Fault::new(at, message);
        match &self.source {
            Some(source) => source.error(&fault),
            None => Error::new(ErrorKind::Manifest, fault.to_string()),
        }
    }

    /// Returns the folder that the paths of files are relative to. [`load`](OfferManifest::load) sets it to that of the file.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Sets the folder that the paths of files are relative to. Default: the current one.
    #[must_use]
    pub fn with_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = folder.into();
        self
    }
}

impl<T> FileManifest<T> {
    /// Creates an entry for a file without other properties.
    ///
    /// # Errors
    ///
    /// Returns [`ErrorKind::InvalidArgument`] if the path is not relative or leaves the folder of the manifest.
    pub fn new(file: impl Into<String>) -> Result<Self, Error> {
        let file = path(Json::Text(file.into()), Pointer::default()).map_err(|fault| {
            Error::new(ErrorKind::InvalidArgument, format!("the path of the file {}", fault.message))
        })?;
        Ok(Self { file, properties: Part::default() })
    }
}
