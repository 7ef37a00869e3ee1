//! The layout of a manifest: which keys each part has, how they are read, and how they are written.

use super::fault::{Fault, Keys, Pointer, list, map, name, path, text};
use super::json::{Fields, Json};
use super::offer::*;
use super::part::{ManifestPart, Part};
use crate::types::ProductType;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::BTreeMap;

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

/// Two manifests are equal if their files would be, wherever they are.
impl PartialEq for OfferManifest {
    fn eq(&self, other: &Self) -> bool {
        self.write() == other.write()
    }
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
