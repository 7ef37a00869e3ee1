//! Converts the state of an offer to a manifest.

use super::names::{language, package_id, plan_id};
use super::offer::*;
use super::part::{ManifestPart, Part};
use super::state::{ListingState, OfferState, PlanState};
use crate::error::Error;
use crate::types::*;
use std::collections::{BTreeMap, BTreeSet};

/// A file of the service and its place beside the manifest.
pub(crate) struct RemoteFile {
    pub(crate) path: String,
    /// `None` if the service issued no address.
    pub(crate) address: Option<Secret>,
}

/// A manifest with the files that it names.
pub(crate) struct Converted {
    pub(crate) manifest: OfferManifest,
    pub(crate) files: Vec<RemoteFile>,
}

/// Converts an offer. The same offer gives the same manifest, whatever the order of the service.
pub(crate) fn manifest(state: &OfferState) -> Result<Converted, Error> {
    let mut files = Files::default();
    let product = &state.product;
    let offer_type = product.resource_type.clone().unwrap_or(ProductType::AzureApplication);
    let offer_id = product.offer_id().or(product.id.as_ref().map(ProductId::as_str)).unwrap_or_default();
    let mut manifest = OfferManifest::new(offer_id, offer_type, product.name.as_deref().unwrap_or_default());
    manifest.setup = part(state.setup.as_ref())?;
    manifest.property = part(state.property.as_ref())?;
    for listing in &state.listings {
        manifest.listings.insert(language(&listing.listing), listing_manifest(listing, &mut files)?);
    }
    manifest.preview_audience = part(state.preview_audience.as_ref())?;
    manifest.reseller = part(state.reseller.as_ref())?;
    manifest.leads = part(state.leads.as_ref())?;
    manifest.cosell = cosell(state, &mut files)?;
    manifest.supplemental_content = supplemental_content(state, &mut files)?;
    manifest.configuration = part(state.configuration.as_ref())?;
    manifest.package = package(state.configuration.as_ref(), &state.packages, &mut files)?;
    for plan in &state.plans {
        manifest.plans.insert(plan_id(&plan.variant), plan_manifest(plan, &state.packages, &mut files)?);
    }
    Ok(Converted { manifest, files: files.files })
}

fn part<T: ManifestPart>(resource: Option<&T>) -> Result<Option<Part<T>>, Error> {
    resource.map(Part::new).transpose()
}

fn listing_manifest(state: &ListingState, files: &mut Files) -> Result<ListingManifest, Error> {
    let folder = language(&state.listing);
    let mut images: Vec<&ListingImage> = state.images.iter().filter(|image| is_sent(image.state.as_ref())).collect();
    images.sort_by_key(|image| (image.order, image.type_.clone(), image.file_name.clone()));
    let images = images.into_iter().map(|image| {
        let name = image.file_name.as_deref().or(image.type_.as_deref());
        files.entry(&folder, name, image.file_sas_uri.as_ref(), image)
    });
    let images: Vec<_> = images.collect::<Result<_, _>>()?;
    let mut videos = state.videos.iter().collect::<Vec<_>>();
    videos.sort_by_key(|video| (video.streaming_uri.clone(), video.file_name.clone()));
    let videos: Vec<_> =
        videos.into_iter().map(|video| video_manifest(video, &folder, files)).collect::<Result<_, _>>()?;
    let mut documents: Vec<&ListingAsset> =
        state.documents.iter().filter(|document| is_sent(document.state.as_ref())).collect();
    documents.sort_by_key(|document| (document.type_.clone(), document.file_name.clone()));
    let documents = documents
        .into_iter()
        .map(|document| files.entry(&folder, document.file_name.as_deref(), document.file_sas_uri.as_ref(), document));
    let documents: Vec<_> = documents.collect::<Result<_, _>>()?;
    Ok(ListingManifest {
        listing: Part::new(&state.listing)?,
        images: some(images),
        videos: some(videos),
        documents: some(documents),
    })
}

fn video_manifest(video: &ListingVideo, folder: &str, files: &mut Files) -> Result<VideoManifest, Error> {
    let name = video.file_name.as_deref().filter(|name| !name.is_empty());
    let thumbnail = video.thumbnail.as_ref().filter(|thumbnail| thumbnail.file_name.is_some());
    let thumbnail = thumbnail.map(|thumbnail| {
        files.entry(folder, thumbnail.file_name.as_deref(), thumbnail.file_sas_uri.as_ref(), thumbnail)
    });
    Ok(VideoManifest {
        file: name.map(|name| files.add(folder, Some(name), video.file_sas_uri.as_ref())),
        thumbnail: thumbnail.transpose()?,
        video: Part::new(video)?,
    })
}

fn cosell(state: &OfferState, files: &mut Files) -> Result<Option<CosellManifest>, Error> {
    let Some(listing) = &state.cosell else { return Ok(None) };
    let mut assets: Vec<&CosellAsset> = state.cosell_assets.iter().collect();
    assets.sort_by_key(|asset| (asset.type_.clone(), asset.file_name.clone()));
    let documents = assets
        .into_iter()
        .map(|asset| files.entry("cosell", asset.file_name.as_deref(), asset.file_sas_uri.as_ref(), asset));
    let documents: Vec<_> = documents.collect::<Result<_, _>>()?;
    Ok(Some(CosellManifest { listing: Part::new(listing)?, documents: some(documents) }))
}

fn supplemental_content(state: &OfferState, files: &mut Files) -> Result<Option<SupplementalContentManifest>, Error> {
    let Some(content) = &state.supplemental_content else { return Ok(None) };
    let mut assets: Vec<&SupplementalContentAsset> = content.assets.iter().flatten().collect();
    assets.sort_by_key(|asset| (asset.type_.clone(), asset.file_name.clone()));
    let documents = assets
        .into_iter()
        .map(|asset| files.entry("certification", asset.file_name.as_deref(), asset.file_sas_uri.as_ref(), asset));
    let documents: Vec<_> = documents.collect::<Result<_, _>>()?;
    Ok(Some(SupplementalContentManifest { content: Part::new(content)?, documents: some(documents) }))
}

fn plan_manifest(plan: &PlanState, packages: &[AzurePackage], files: &mut Files) -> Result<PlanManifest, Error> {
    let listings = plan.listings.iter().map(|listing| Ok((language(listing), Part::new(listing)?)));
    Ok(PlanManifest {
        plan: Part::new(&plan.variant)?,
        listings: listings.collect::<Result<_, Error>>()?,
        availability: part(plan.availability.as_ref())?,
        configuration: part(plan.configuration.as_ref())?,
        package: package(plan.configuration.as_ref(), packages, files)?,
    })
}

/// The package that a technical configuration refers to. Two plans may share one.
fn package(
    configuration: Option<&PackageConfiguration>,
    packages: &[AzurePackage],
    files: &mut Files,
) -> Result<Option<FileManifest<AzurePackage>>, Error> {
    let Some(id) = configuration.and_then(package_id) else { return Ok(None) };
    let Some(package) = packages.iter().find(|package| package.id.as_ref().map(PackageId::as_str) == Some(&*id)) else {
        return Ok(None);
    };
    let file = match files.packages.get(&id) {
        Some(path) => path.clone(),
        None => {
            let path = files.add("packages", package.file_name.as_deref(), package.file_sas_uri.as_ref());
            files.packages.insert(id, path.clone());
            path
        }
    };
    Ok(Some(FileManifest { file, properties: Part::new(package)? }))
}

/// A file that was announced and never sent is not part of the offer.
fn is_sent(state: Option<&UploadState>) -> bool {
    state != Some(&UploadState::PendingUpload)
}

/// An empty list says the same as none for files of the service.
fn some<T>(items: Vec<T>) -> Option<Vec<T>> {
    if items.is_empty() { None } else { Some(items) }
}

/// The files of a manifest. No two have the same path, also where case does not matter.
#[derive(Default)]
struct Files {
    files: Vec<RemoteFile>,
    taken: BTreeSet<String>,
    /// The paths of packages by id.
    packages: BTreeMap<String, String>,
}

impl Files {
    fn entry<T: ManifestPart>(
        &mut self,
        folder: &str,
        name: Option<&str>,
        address: Option<&Secret>,
        resource: &T,
    ) -> Result<FileManifest<T>, Error> {
        Ok(FileManifest { file: self.add(folder, name, address), properties: Part::new(resource)? })
    }

    fn add(&mut self, folder: &str, name: Option<&str>, address: Option<&Secret>) -> String {
        let (folder, name) = (portable(folder), portable(name.unwrap_or("file")));
        let mut path = format!("{folder}/{name}");
        let mut number = 1;
        while !self.taken.insert(path.to_lowercase()) {
            number += 1;
            path = format!("{folder}/{number}/{name}");
        }
        self.files.push(RemoteFile { path: path.clone(), address: address.cloned() });
        path
    }
}

/// Replaces what a name must not have on some system: a name of the service decides nothing about folders.
fn portable(name: &str) -> String {
    let replaced = name.chars().map(|c| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '_',
        c if c.is_control() => '_',
        c => c,
    });
    let name: String = replaced.collect();
    let name = name.trim_end_matches(['.', ' ']);
    if name.is_empty() { "_".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_of_the_service_stay_in_their_folder_and_apart() {
        let mut files = Files::default();
        let paths: Vec<String> = ["logo.png", "LOGO.png", "../../etc/passwd", "..", "a:b\u{0}", ""]
            .iter()
            .map(|name| files.add("en-us", Some(name), None))
            .collect();
        assert_eq!(
            paths,
            ["en-us/logo.png", "en-us/2/LOGO.png", "en-us/.._.._etc_passwd", "en-us/_", "en-us/a_b_", "en-us/2/_"]
        );
    }
}
