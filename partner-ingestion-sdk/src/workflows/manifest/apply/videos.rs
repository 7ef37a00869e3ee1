//! Videos of a listing: links, or files, with thumbnails.

use super::context::Run;
use super::write::same;
use crate::error::Error;
use crate::types::*;
use crate::workflows::manifest::json::Json;
use crate::workflows::manifest::names::{base_name, local};
use crate::workflows::manifest::offer::{FileManifest, VideoManifest};
use futures_util::FutureExt;

impl Run<'_> {
    /// Adds the videos that are missing, replaces those with another file or thumbnail, and changes the properties that differ. Other
    /// videos are deleted only with `prune`.
    pub(super) async fn videos(
        &self,
        place: &str,
        listing: &ListingId,
        existing: &[ListingVideo],
        wanted: Option<&[VideoManifest]>,
    ) -> Result<(), Error> {
        let Some(wanted) = wanted else { return Ok(()) };
        let mut rest: Vec<&ListingVideo> = existing.iter().collect();
        let mut matched: Vec<&ListingVideo> = Vec::new();
        let mut tasks = Vec::new();
        for video in wanted {
            let own = rest.iter().position(|existing| match &video.file {
                Some(file) => existing.file_name.as_deref() == Some(base_name(file)),
                None => existing.streaming_uri.as_deref() == link(video),
            });
            let own = own.map(|at| rest.remove(at));
            matched.extend(own);
            tasks.push(self.video(place, listing, own, video).boxed());
        }
        self.all(tasks).await?;
        let (client, product) = (&self.client, &self.product);
        // A run that ended before it deleted a replaced video left two.
        let is_same = |own: &ListingVideo, other: &ListingVideo| {
            (&own.file_name, &own.streaming_uri) == (&other.file_name, &other.streaming_uri)
        };
        for removed in rest {
            if self.prune || matched.iter().any(|own| is_same(own, removed)) {
                self.proceed()?;
                client.delete_listing_video(product, listing, removed).send().await?;
                self.done(place, "deleted a video");
            }
        }
        Ok(())
    }

    /// Adds a video unless the service has it, and changes the properties that differ.
    async fn video(
        &self,
        place: &str,
        listing: &ListingId,
        own: Option<&ListingVideo>,
        video: &VideoManifest,
    ) -> Result<(), Error> {
        let (client, product) = (&self.client, &self.product);
        let name = video.file.as_deref().or(link(video)).unwrap_or_default();
        let _permit = self.transfer().await?;
        if let Some(own) = own
            && self.has_files(own, video).await?
        {
            let change = |current| self.changed_video(current, video);
            if !same(own, &change(own.clone())?) {
                self.proceed()?;
                client.try_modify_listing_video(product, listing, own, change).await?;
                self.done(place, format!("changed video {name}"));
            }
            return Ok(());
        }
        self.proceed()?;
        self.add_video(listing, video).await?;
        self.done(place, format!("added video {name}"));
        if let Some(replaced) = own {
            client.delete_listing_video(product, listing, replaced).send().await?;
        }
        Ok(())
    }

    /// Returns true if a video has the file and the thumbnail of an entry.
    async fn has_files(&self, own: &ListingVideo, video: &VideoManifest) -> Result<bool, Error> {
        if let Some(file) = &video.file
            && (own.state == Some(UploadState::PendingUpload)
                || !self.is_same_file(own.file_sas_uri.as_ref(), file).await?.unwrap_or(true))
        {
            return Ok(false);
        }
        let Some(wanted) = &video.thumbnail else { return Ok(true) };
        let thumbnail = own.thumbnail.as_ref();
        let Some(thumbnail) = thumbnail.filter(|own| own.file_name.as_deref() == Some(base_name(&wanted.file))) else {
            return Ok(false);
        };
        Ok(self.is_same_file(thumbnail.file_sas_uri.as_ref(), &wanted.file).await?.unwrap_or(true))
    }

    fn changed_video(&self, current: ListingVideo, video: &VideoManifest) -> Result<ListingVideo, Error> {
        let changed = video.video.merge_into(&current, &self.secrets)?;
        Ok(match (&video.thumbnail, &current.thumbnail) {
            (Some(wanted), Some(own)) => changed.set_thumbnail(wanted.properties.merge_into(own, &self.secrets)?),
            _ => changed,
        })
    }

    /// Creates a video, and uploads its file and its thumbnail.
    async fn add_video(&self, listing: &ListingId, video: &VideoManifest) -> Result<(), Error> {
        let (client, product) = (&self.client, &self.product);
        let mut new = video.video.resolve(&self.secrets)?;
        if let Some(thumbnail) = &video.thumbnail {
            let picture = thumbnail.properties.resolve(&self.secrets)?;
            new = new.set_thumbnail(picture.set_file_name(base_name(&thumbnail.file)));
        }
        let created = match &video.file {
            Some(file) => {
                let upload = client.upload_video(product, listing, local(self.manifest.folder(), file));
                upload.map_resource(|_| new.set_state(UploadState::PendingUpload)).send().await?
            }
            None => client.create_listing_video(product, listing, new).send().await?,
        };
        self.upload_thumbnail(&created, video.thumbnail.as_ref()).await
    }

    async fn upload_thumbnail(
        &self,
        created: &ListingVideo,
        thumbnail: Option<&FileManifest<ListingVideoThumbnail>>,
    ) -> Result<(), Error> {
        let address = created.thumbnail.as_ref().and_then(|thumbnail| thumbnail.file_sas_uri.as_ref());
        if let (Some(thumbnail), Some(address)) = (thumbnail, address) {
            self.client.upload(address, local(self.manifest.folder(), &thumbnail.file)).await?;
        }
        Ok(())
    }
}

fn link(video: &VideoManifest) -> Option<&str> {
    video.video.fields().get("streamingUri").and_then(Json::as_text)
}
