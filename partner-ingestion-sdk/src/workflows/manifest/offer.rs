//! The parts of a manifest.

use super::fault::{Fault, Keys, Pointer, list, map, text};
use super::json::{Fields, Json};
use super::part::{ManifestPart, Part};
use crate::error::{Error, ErrorKind};
use crate::types::*;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
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
}

/// Two manifests are equal if their files would be, wherever they are.
impl PartialEq for OfferManifest {
    fn eq(&self, other: &Self) -> bool {
        self.write() == other.write()
    }
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
        }
    }

    /// The listing in a language. The service compares languages without case.
    pub(crate) fn listing(&self, code: &str) -> Option<&ListingManifest> {
        self.listings.iter().find(|(own, _)| own.eq_ignore_ascii_case(code)).map(|(_, listing)| listing)
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

/// A part of a manifest that is read from and written to one JSON value.
pub(crate) trait Layout: Sized {
    fn read(json: Json, at: Pointer) -> Result<Self, Fault>;
    fn write(&self) -> Fields;
}

impl Layout for OfferManifest {
    fn read(json: Json, at: Pointer) -> Result<Self, Fault> {
        let mut keys = Keys::of(json, at)?;
        // Editors find the JSON Schema through this key.
        keys.optional("$schema", text)?;
        let mut manifest = Self::new(
            keys.required("offerId", name)?,
            ProductType::from(&*keys.required("type", name)?),
            keys.required("name", text)?,
        );
        manifest.setup = keys.optional("setup", Part::read)?;
        manifest.property = keys.optional("property", Part::read)?;
        manifest.listings = keys.optional("listings", map(ListingManifest::read))?.unwrap_or_default();
        manifest.preview_audience = keys.optional("previewAudience", Part::read)?;
        manifest.reseller = keys.optional("reseller", Part::read)?;
        manifest.leads = keys.optional("leads", Part::read)?;
        manifest.cosell = keys.optional("cosell", CosellManifest::read)?;
        manifest.supplemental_content = keys.optional("supplementalContent", SupplementalContentManifest::read)?;
        manifest.configuration = keys.optional("configuration", Part::read)?;
        manifest.package = keys.optional("package", FileManifest::read)?;
        manifest.plans = keys.optional("plans", map(PlanManifest::read))?.unwrap_or_default();
        let plans = keys.at.join("plans");
        same_keys(&manifest.plans, &plans, "plan id")?;
        keys.finish()?;
        Ok(manifest)
    }

    fn write(&self) -> Fields {
        let mut fields = Fields::new();
        let mut put = |key: &str, value: Option<Fields>| {
            if let Some(value) = value {
                fields.insert(key.to_owned(), Json::Object(value));
            }
        };
        put("setup", part(self.setup.as_ref()));
        put("property", part(self.property.as_ref()));
        put("listings", objects(&self.listings, Layout::write));
        put("previewAudience", part(self.preview_audience.as_ref()));
        put("reseller", part(self.reseller.as_ref()));
        put("leads", part(self.leads.as_ref()));
        put("cosell", self.cosell.as_ref().map(Layout::write));
        put("supplementalContent", self.supplemental_content.as_ref().map(Layout::write));
        put("configuration", part(self.configuration.as_ref()));
        put("package", self.package.as_ref().map(Layout::write));
        put("plans", objects(&self.plans, Layout::write));
        for (key, text) in [("offerId", &*self.offer_id), ("type", self.offer_type.as_str()), ("name", &*self.name)] {
            fields.insert(key.to_owned(), Json::Text(text.to_owned()));
        }
        fields
    }
}

impl Layout for ListingManifest {
    fn read(json: Json, at: Pointer) -> Result<Self, Fault> {
        let mut keys = Keys::of(json, at)?;
        Ok(Self {
            images: keys.optional("images", list(FileManifest::read))?,
            videos: keys.optional("videos", list(VideoManifest::read))?,
            documents: keys.optional("documents", list(FileManifest::read))?,
            listing: rest(keys)?,
        })
    }

    fn write(&self) -> Fields {
        let mut fields = self.listing.fields().clone();
        put_list(&mut fields, "images", self.images.as_deref());
        put_list(&mut fields, "videos", self.videos.as_deref());
        put_list(&mut fields, "documents", self.documents.as_deref());
        fields
    }
}

impl Layout for PlanManifest {
    fn read(json: Json, at: Pointer) -> Result<Self, Fault> {
        let mut keys = Keys::of(json, at)?;
        Ok(Self {
            listings: keys.optional("listings", map(Part::read))?.unwrap_or_default(),
            availability: keys.optional("availability", Part::read)?,
            configuration: keys.optional("configuration", Part::read)?,
            package: keys.optional("package", FileManifest::read)?,
            plan: rest(keys)?,
        })
    }

    fn write(&self) -> Fields {
        let mut fields = self.plan.fields().clone();
        let listings = objects(&self.listings, |listing| listing.fields().clone());
        let others = [
            ("listings", listings),
            ("availability", part(self.availability.as_ref())),
            ("configuration", part(self.configuration.as_ref())),
            ("package", self.package.as_ref().map(Layout::write)),
        ];
        for (key, value) in others {
            fields.extend(value.map(|value| (key.to_owned(), Json::Object(value))));
        }
        fields
    }
}

impl Layout for CosellManifest {
    fn read(json: Json, at: Pointer) -> Result<Self, Fault> {
        let mut keys = Keys::of(json, at)?;
        Ok(Self { documents: keys.optional("documents", list(FileManifest::read))?, listing: rest(keys)? })
    }

    fn write(&self) -> Fields {
        let mut fields = self.listing.fields().clone();
        put_list(&mut fields, "documents", self.documents.as_deref());
        fields
    }
}

impl Layout for SupplementalContentManifest {
    fn read(json: Json, at: Pointer) -> Result<Self, Fault> {
        let mut keys = Keys::of(json, at)?;
        Ok(Self { documents: keys.optional("documents", list(FileManifest::read))?, content: rest(keys)? })
    }

    fn write(&self) -> Fields {
        let mut fields = self.content.fields().clone();
        put_list(&mut fields, "documents", self.documents.as_deref());
        fields
    }
}

impl Layout for VideoManifest {
    fn read(json: Json, at: Pointer) -> Result<Self, Fault> {
        let mut keys = Keys::of(json, at)?;
        Ok(Self {
            file: keys.optional("file", path)?,
            thumbnail: keys.optional("thumbnail", FileManifest::read)?,
            video: rest(keys)?,
        })
    }

    fn write(&self) -> Fields {
        let mut fields = self.video.fields().clone();
        fields.extend(self.file.clone().map(|file| ("file".to_owned(), Json::Text(file))));
        fields.extend(self.thumbnail.as_ref().map(|file| ("thumbnail".to_owned(), Json::Object(file.write()))));
        fields
    }
}

impl<T: ManifestPart> Layout for FileManifest<T> {
    fn read(json: Json, at: Pointer) -> Result<Self, Fault> {
        let mut keys = Keys::of(json, at)?;
        Ok(Self { file: keys.required("file", path)?, properties: rest(keys)? })
    }

    fn write(&self) -> Fields {
        let mut fields = self.properties.fields().clone();
        fields.insert("file".to_owned(), Json::Text(self.file.clone()));
        fields
    }
}

/// The keys that were not read are the resource itself.
fn rest<T: ManifestPart>(keys: Keys) -> Result<Part<T>, Fault> {
    let at = keys.at.clone();
    Part::read(keys.rest(), at)
}

fn part<T: ManifestPart>(part: Option<&Part<T>>) -> Option<Fields> {
    part.map(|part| part.fields().clone())
}

/// An empty map is left out: it says the same.
fn objects<T>(values: &BTreeMap<String, T>, write: impl Fn(&T) -> Fields) -> Option<Fields> {
    let fields = values.iter().map(|(key, value)| (key.clone(), Json::Object(write(value))));
    (!values.is_empty()).then(|| fields.collect())
}

fn put_list(fields: &mut Fields, key: &str, items: Option<&[impl Layout]>) {
    let items = items.map(|items| Json::List(items.iter().map(|item| Json::Object(item.write())).collect()));
    fields.extend(items.map(|items| (key.to_owned(), items)));
}

/// Decodes a text that is not empty.
fn name(json: Json, at: Pointer) -> Result<String, Fault> {
    let name = text(json, at.clone())?;
    if name.trim().is_empty() { Err(Fault::new(&at, "is empty")) } else { Ok(name) }
}

/// Decodes the path of a file: relative, inside the folder of the manifest, the same on every system.
fn path(json: Json, at: Pointer) -> Result<String, Fault> {
    let path = name(json, at.clone())?;
    let stays = path.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if !stays || path.contains(['\\', ':', '\0']) {
        let message = format!("is {path:?}, expected a path relative to the manifest such as \"files/logo.png\"");
        return Err(Fault::new(&at, message));
    }
    Ok(path)
}

/// The service compares ids without case.
fn same_keys<T>(values: &BTreeMap<String, T>, at: &Pointer, what: &str) -> Result<(), Fault> {
    let mut seen = BTreeMap::new();
    for key in values.keys() {
        if let Some(other) = seen.insert(key.to_lowercase(), key) {
            return Err(Fault::new(&at.join(key), format!("is the same {what} as `{other}`")));
        }
    }
    Ok(())
}

macro_rules! serde_by_layout {
    ($($type:ident $(<$of:ident>)?)*) => {$(
        impl $(<$of: ManifestPart>)? Serialize for $type $(<$of>)? {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.write())
            }
        }

        impl<'de $(, $of: ManifestPart)?> Deserialize<'de> for $type $(<$of>)? {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::read(Json::deserialize(deserializer)?, Pointer::default()).map_err(de::Error::custom)
            }
        }
    )*};
}

serde_by_layout! { OfferManifest ListingManifest PlanManifest CosellManifest SupplementalContentManifest VideoManifest FileManifest<T> }
