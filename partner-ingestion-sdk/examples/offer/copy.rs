//! `offer clone`: the manifest and its files with another offer id.

use crate::args;
use crate::common::Outcome;
use partner_ingestion_sdk::OfferManifest;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

pub(crate) async fn clone(args: args::Clone) -> Outcome<ExitCode> {
    let mut manifest = OfferManifest::load(&args.folder).await?;
    if args.id == manifest.offer_id {
        return Err(format!("{} has the offer id {:?} already", args.folder.display(), args.id).into());
    }
    if args.id.is_empty() || !args.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c))
    {
        let message = "an offer id has only lower case letters, digits, hyphens and underscores";
        return Err(format!("invalid offer id {:?}: {message}", args.id).into());
    }
    let beside = || args.folder.canonicalize().ok()?.parent().map(|parent| parent.join(&args.id));
    let target = args.to.clone().or_else(beside).unwrap_or_else(|| (&args.id).into());
    require_empty(&target)?;
    let source = manifest.folder().to_owned();
    manifest.offer_id = args.id;
    manifest.name = args.name.unwrap_or(manifest.name);
    for file in files(&manifest) {
        copy(&source.join(file), &target.join(file)).await?;
    }
    let path = manifest.save(&target).await?;
    println!("{}: written to {}", manifest.offer_id, path.display());
    println!("Files with secrets are not copied. Apply it to create the offer.");
    Ok(ExitCode::SUCCESS)
}

/// Fails if a folder has files, so that nothing is overwritten.
pub(crate) fn require_empty(folder: &Path) -> Outcome<()> {
    let mut entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("{} cannot be read: {error}", folder.display()).into()),
    };
    match entries.next() {
        Some(_) => Err(format!("{} is not empty", folder.display()).into()),
        None => Ok(()),
    }
}

/// Copies a file and creates its folder.
pub(crate) async fn copy(from: &Path, to: &Path) -> Outcome<()> {
    let failed = |error| format!("{} cannot be copied to {}: {error}", from.display(), to.display());
    if let Some(folder) = to.parent() {
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    }
    tokio::fs::copy(from, to).await.map_err(failed)?;
    Ok(())
}

/// Returns the paths of all files that a manifest names.
fn files(manifest: &OfferManifest) -> BTreeSet<&str> {
    let mut files = BTreeSet::new();
    for listing in manifest.listings.values() {
        files.extend(listing.images.iter().flatten().map(|image| &*image.file));
        files.extend(listing.documents.iter().flatten().map(|document| &*document.file));
        for video in listing.videos.iter().flatten() {
            files.extend(video.file.as_deref());
            files.extend(video.thumbnail.as_ref().map(|thumbnail| &*thumbnail.file));
        }
    }
    let cosell = manifest.cosell.iter().flat_map(|cosell| cosell.documents.iter().flatten());
    files.extend(cosell.map(|document| &*document.file));
    let content = manifest.supplemental_content.iter().flat_map(|content| content.documents.iter().flatten());
    files.extend(content.map(|document| &*document.file));
    let plans = manifest.plans.values().filter_map(|plan| plan.package.as_ref());
    files.extend(plans.chain(&manifest.package).map(|package| &*package.file));
    files
}
